# make soak: what takes too long for every change. The fuzzers for ten minutes each (SOAK_TIME), the
# scenarios ten times over in the sanitizers' build, the store at every point of a crash, and the benchmark.
SOAK_TIME ?= 600
SOAK_ROUNDS ?= 10
.PHONY: soak-scenarios soak-crash
soak:
	$(Q)$(MAKE) --no-print-directory fuzz TIME=$(SOAK_TIME)
	$(Q)$(again) SAN=address,undefined sanitized-build
	$(Q)$(MAKE) --no-print-directory SAN=address,undefined soak-scenarios
	$(Q)$(MAKE) --no-print-directory soak-crash soak-kills
	$(Q)$(MAKE) --no-print-directory bench

soak-scenarios: $(programs)
	$(Q)for round in $$(seq $(SOAK_ROUNDS)); do $(pytest) || exit 1; done

# Every call of the store that changes a file, with every fault (tests/unit/test_store_crash.c).
soak-crash: $(B)/unit/test_store_crash
	$(call say,TEST,crash points)
	$(Q)SALLYPORT_CRASH=all $<

# Any role killed at any moment, under work (tests/scenario/test_crashes.py); the seed is in the failure.
SOAK_KILLS ?= 1000
.PHONY: soak-kills
soak-kills: $(programs)
	$(call say,TEST,kills)
	$(Q)SALLYPORT_CRASH_ROUNDS=$(SOAK_KILLS) SALLYPORT_CRASH_SEED=$$(date +%s) \
		$(MAKE) --no-print-directory scenarios K='whoever_is_killed'

# make bench: our figures beside nginx and HAProxy, in docs/benchmarks.md. ARGS: see tests/bench/bench.py
bench: $(programs) | $(deps_stamp)
	$(Q)$(python) tests/bench/bench.py $(ARGS)
	$(Q)$(again) bench-keys

# make bench-keys: what the private CA, a revocation and a change cost, in docs/benchmarks-keys.md.
# KEYS_ARGS: see tests/bench/keys.py
.PHONY: bench-keys
bench-keys: $(programs) $(B)/revocation_lookup
	$(Q)SALLYPORT_BUILD=$(B) PYTHONDONTWRITEBYTECODE=1 $(python) tests/bench/keys.py \
		--lookup $(B)/revocation_lookup $(KEYS_ARGS)

$(B)/revocation_lookup: tests/bench/revocation_lookup.c $(B)/libtestable.a
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Wno-missing-prototypes -MMD -MP -o $@ $< $(B)/libtestable.a \
		$(LDFLAGS) $(TLSLIBS) $(CONTROLLIBS) $(CLILIBS) -lseccomp
