# The real service's own clients, for the scenarios that call the API with them: as locked in
# tests/sdk/package-lock.json, without running their install scripts.
sdk_stamp := build/sdk/installed-$(firstword $(shell cat tests/sdk/package*.json | cksum)).stamp

.PHONY: sdk
sdk: $(sdk_stamp)
$(sdk_stamp): tests/sdk/package.json tests/sdk/package-lock.json | $(deps_stamp)
	$(call say,NPM,tests/sdk)
	@mkdir -p build/sdk
	$(Q)cp tests/sdk/package.json tests/sdk/package-lock.json build/sdk/
	$(Q)cd build/sdk && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

scenarios core-scenarios soak-scenarios: $(sdk_stamp)
