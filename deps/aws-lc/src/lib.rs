// Nothing: this package only exists for its build script.
