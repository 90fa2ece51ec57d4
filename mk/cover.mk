# make cover: which lines of the sources unit tests and corpora reach, build/cover.html and a summary.
cover:
	$(Q)$(again) COVER=1 cover-build
	$(Q)$(MAKE) --no-print-directory COVER=1 unit replay >/dev/null
	$(Q)gcovr --root . --filter 'src/' --object-directory build/variant-cover \
		--html-details build/cover.html --print-summary build/variant-cover

.PHONY: cover-build
cover-build: $(unit_tests) $(replays)
