# Sallyport. One non-recursive GNU Makefile; the targets people use:
#
#   make deps      Debian packages, and AWS-LC from its crate (once)
#   make           build/sallyportd, build/sallyport-worker, build/sallyport
#   make test      everything: lint, unit tests, corpus replay, scenarios
#   make run       a working demonstration; ARGS=--once ends after the proof
#   make bench     our figures against nginx and HAProxy -> docs/benchmarks.md
#   make fuzz      T=target TIME=seconds; all targets for 60 s without T
#   make soak      the long checks that CI leaves out
#   make lint format cover install deb clean
#
# Variables: CC=gcc|clang  SAN=address,undefined  PREFIX=/usr/local  DESTDIR=  V=1  WERROR=1

CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
PREFIX ?= /usr/local
SAN ?=
VERSION := $(shell cat VERSION)

# Each compiler and sanitizer has a folder of its own, so that they can live side by side; the
# ordinary build is build/ itself.
variant := $(if $(filter-out gcc,$(notdir $(CC))),-$(notdir $(CC)))$(if $(SAN),-san)$(if $(COVER),-cover)
B := build$(if $(variant),/variant$(variant))

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))

# --- AWS-LC: where its headers and libraries are, written by deps/aws-lc/build.rs
AWSLC := build/aws-lc/aws-lc.mk
ifneq ($(MAKECMDGOALS),clean)
-include $(AWSLC)
endif

WARN := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wno-sign-conversion $(if $(WERROR),-Werror)
HARDEN := -fstack-protector-strong -fPIE -fno-strict-aliasing $(if $(SAN),,-D_FORTIFY_SOURCE=2)
OPT := -O2 -g
SANFLAGS := $(if $(COVER),--coverage) $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
override CFLAGS += -std=c11 $(OPT) $(WARN) $(HARDEN) $(SANFLAGS)
override CPPFLAGS += -D_GNU_SOURCE -DSALLYPORT_VERSION='"$(VERSION)"' -Isrc \
	$(if $(AWSLC_INCLUDE),-isystem $(AWSLC_INCLUDE)) $(if $(SAN),-DSALLYPORT_SANITIZED)
override LDFLAGS += -pie -Wl,-z,relro,-z,now $(SANFLAGS)
TLSLIBS = $(AWSLC_LIBS) -lpthread -ldl
CONTROLLIBS := -lyaml -ljansson -lmicrohttpd -lsqlite3
CLILIBS := -lcurl

# --- sources by folder: a program is a list of folders, and the linker proves the barrier
sources = $(sort $(wildcard $(addsuffix /*.c,$(addprefix src/,$(1)))))
shared_src := $(call sources,base net stats document x509 admission)
worker_src := $(shared_src) $(call sources,tls proxy health) $(wildcard src/daemon/worker_*.c)
control_src := $(shared_src) $(call sources,model action store pki control)
daemon_src := $(control_src) $(call sources,nlb certs admin api) $(filter-out src/daemon/worker_%.c,$(call sources,daemon))
cli_src := $(control_src) $(call sources,cli)

obj = $(patsubst src/%.c,$(B)/obj/%.o,$(1))
programs := $(B)/sallyportd $(B)/sallyport-worker $(B)/sallyport

.DEFAULT_GOAL := all
.PHONY: all deps test run bench fuzz soak lint format cover install deb clean
all: $(programs)

$(AWSLC): deps/aws-lc/Cargo.toml deps/aws-lc/Cargo.lock deps/aws-lc/build.rs
	$(call say,CARGO,aws-lc)
	$(Q)deps/aws-lc/build.sh $@

$(B)/obj/%.o: src/%.c | $(AWSLC)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/sallyportd: $(call obj,$(daemon_src))
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(TLSLIBS) $(CONTROLLIBS)

$(B)/sallyport-worker: $(call obj,$(worker_src))
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(TLSLIBS) -lseccomp

$(B)/sallyport: $(call obj,$(cli_src))
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(TLSLIBS) $(CONTROLLIBS) $(CLILIBS)

# --- unit tests: tests/unit/test_X.c, linked with everything but the mains
unit_tests := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))
mains := src/daemon/main.c src/daemon/worker_main.c src/cli/main.c
testable_obj = $(call obj,$(filter-out $(mains),$(sort $(worker_src) $(daemon_src) $(cli_src))))

$(B)/libtestable.a: $(testable_obj)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/unit/%: tests/unit/%.c $(B)/libtestable.a
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Wno-missing-prototypes -MMD -MP -o $@ $< $(B)/libtestable.a \
		$(LDFLAGS) -lcmocka $(TLSLIBS) $(CONTROLLIBS) $(CLILIBS) -lseccomp

.PHONY: unit
unit: $(unit_tests)
	$(Q)for t in $^; do $$t || exit 1; done

# --- fuzz targets: fuzz/X.c; with clang a fuzzer, with any compiler a plain replay of the corpus
fuzz_names := $(patsubst fuzz/%.c,%,$(filter-out fuzz/replay.c,$(wildcard fuzz/*.c)))
replays := $(addprefix $(B)/replay/,$(fuzz_names))

$(B)/replay/%: fuzz/%.c fuzz/replay.c $(B)/libtestable.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Wno-missing-prototypes -MMD -MP -o $@ $< fuzz/replay.c \
		$(B)/libtestable.a $(LDFLAGS) $(TLSLIBS) $(CONTROLLIBS) $(CLILIBS) -lseccomp

.PHONY: replay
replay: $(replays)
	$(Q)for t in $(fuzz_names); do $(B)/replay/$$t fuzz/corpus/$$t || exit 1; done

include $(sort $(wildcard mk/*.mk))

clean:
	rm -rf build

-include $(patsubst %.o,%.d,$(call obj,$(sort $(worker_src) $(daemon_src) $(cli_src))))
-include $(addsuffix .d,$(unit_tests) $(replays))
