"""What the scenarios stand on: one provider class for each real program they talk to."""
