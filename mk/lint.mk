# make lint: shell scripts, layers, sizes of lines, man pages.
# make tidy: clang-tidy over all of src/ (minutes). make format: clang-format over the whole tree.
.PHONY: lint-shell lint-layers lint-lines tidy
shell_scripts := $(wildcard tools/*.sh deps/aws-lc/*.sh packaging/*.sh packaging/deb/* .ci/run tests/bench/*.sh)
c_files := $(wildcard src/*/*.[ch] tests/unit/*.[ch] fuzz/*.[ch] tools/*.c)

lint: lint-shell lint-layers lint-lines $(if $(wildcard mk/manual.mk),check-manual)

lint-shell: | $(deps_stamp)
	$(call say,LINT,shell)
	$(Q)shellcheck $(shell_scripts)

lint-layers:
	$(call say,LINT,layers)
	$(Q)tools/lint-layers.sh

# What no compiler says: width, comments of the other kind, white space at the end, and markers of
# unfinished work. Addresses in strings are not comments.
lint-lines:
	$(call say,LINT,lines)
	$(Q)tools/lint-lines.sh $(c_files)

tidy: | $(deps_stamp) $(AWSLC)
	$(Q)clang-tidy --quiet $(wildcard src/*/*.c) -- $(CPPFLAGS) -std=c11

format: | $(deps_stamp)
	$(Q)clang-format -i $(c_files)
