# make fuzz: real fuzzers (clang, libFuzzer), each linked with the instrumented sources.
fuzz_build := build/fuzz
fuzz_obj := $(patsubst src/%.c,$(fuzz_build)/obj/%.o,$(filter-out $(mains),$(sort $(worker_src) $(daemon_src) $(cli_src))))
fuzz_flags := -std=c11 -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined

$(fuzz_build)/obj/%.o: src/%.c | $(AWSLC)
	@mkdir -p $(@D)
	$(Q)clang $(CPPFLAGS) $(fuzz_flags) -MMD -MP -c -o $@ $<

$(fuzz_build)/libtestable.a: $(fuzz_obj)
	$(Q)rm -f $@ && ar rcs $@ $^

$(fuzz_build)/%: fuzz/%.c $(fuzz_build)/libtestable.a
	$(Q)clang $(CPPFLAGS) $(subst fuzzer-no-link,fuzzer,$(fuzz_flags)) -o $@ $^ $(TLSLIBS) $(CONTROLLIBS) -lseccomp

# Kept between runs, one instrumented object a source.
.SECONDARY: $(fuzz_obj)

TIME ?= 60
fuzz: $(addprefix $(fuzz_build)/,$(if $(T),$(T),$(fuzz_names)))
	$(Q)for t in $(if $(T),$(T),$(fuzz_names)); do \
		mkdir -p build/fuzz-corpus/$$t; \
		$(fuzz_build)/$$t -max_total_time=$(TIME) -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
			-artifact_prefix=build/fuzz-corpus/ build/fuzz-corpus/$$t fuzz/corpus/$$t || exit 1; done
