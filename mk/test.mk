# make test: lint, unit tests, corpus replay and scenarios; then units, replay and the core of the
# scenarios again in the sanitizers' build. Each part has a target of its own:
#
#   make lint | unit | replay | scenarios [K=words] | sanitized
.PHONY: scenarios sanitized run
# Debian's interpreter has Debian's pytest; another python3 may come first on the PATH.
python := /usr/bin/python3
jobs := $(shell nproc)
again = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(jobs))
pytest = SALLYPORT_BUILD=$(B) PYTHONDONTWRITEBYTECODE=1 $(python) -m pytest -c tests/pytest.ini \
	tests/scenario $(if $(K),-k '$(K)',-n $(jobs) --dist loadgroup)

test: | $(deps_stamp) $(AWSLC)
	$(Q)$(again) lint
	$(Q)$(again) all $(unit_tests) $(replays)
	$(Q)$(MAKE) --no-print-directory unit replay scenarios
	$(Q)$(MAKE) --no-print-directory sanitized

scenarios: $(programs)
	$(call say,TEST,scenarios)
	$(Q)$(pytest)

sanitized:
	$(Q)$(again) SAN=address,undefined sanitized-build
	$(Q)$(MAKE) --no-print-directory SAN=address,undefined unit replay
	$(Q)$(MAKE) --no-print-directory SAN=address,undefined core-scenarios

.PHONY: sanitized-build core-scenarios
sanitized-build: $(programs) $(unit_tests) $(replays)
core-scenarios: $(programs)
	$(call say,TEST,core scenarios)
	$(Q)$(pytest) -m core

run: all
	$(Q)tools/demo.sh $(ARGS)
