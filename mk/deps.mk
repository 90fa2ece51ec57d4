# make deps: Debian packages (tools/deps.sh) and AWS-LC. Every target that compiles needs AWS-LC, and
# AWS-LC needs the packages, so any make on a bare machine sets the machine up first. A stamp keyed by
# the script's contents makes the second time cheap.
deps_stamp := build/deps-$(firstword $(shell cksum < tools/deps.sh)).stamp

$(deps_stamp): tools/deps.sh
	$(call say,DEPS,packages)
	$(Q)tools/deps.sh
	@mkdir -p $(@D)
	@touch $@

$(AWSLC): | $(deps_stamp)

deps: $(deps_stamp) $(AWSLC)
