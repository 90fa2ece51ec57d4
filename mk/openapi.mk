# make soak-openapi: schemathesis against /api/openapi.json of a whole system, for SOAK_TIME seconds.
schemathesis_version := 4.32.5
schemathesis := build/schemathesis-$(schemathesis_version)/bin/schemathesis

$(schemathesis): | $(deps_stamp)
	$(call say,PIP,schemathesis)
	$(Q)$(python) -m venv build/schemathesis-$(schemathesis_version)
	$(Q)build/schemathesis-$(schemathesis_version)/bin/pip install -q schemathesis==$(schemathesis_version)

.PHONY: soak-openapi
soak: soak-openapi
soak-openapi: $(programs) $(schemathesis)
	$(call say,SOAK,openapi)
	$(Q)SALLYPORT_BUILD=$(B) $(python) tests/soak/openapi.py $(schemathesis) $(SOAK_TIME)
