# docs/api.md is made from its template and the action tables:
#
#   make reference        writes docs/api.md, which is kept in the tree
#   make check-reference  fails when the page in the tree is not what the tables say; a part of make lint
api_page := docs/api.md
reference_obj = $(call obj,$(call sources,model action base))

$(B)/api_reference: tools/api_reference.c $(reference_obj)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ $^ $(LDFLAGS) -lyaml -ljansson

.PHONY: reference check-reference
reference: $(B)/api_reference
	$(call say,DOC,$(api_page))
	$(Q)$(B)/api_reference < $(api_page).in > $(B)/api.md && mv $(B)/api.md $(api_page)

check-reference: $(B)/api_reference
	$(call say,LINT,$(api_page))
	$(Q)$(B)/api_reference < $(api_page).in | cmp -s - $(api_page) || \
		{ echo "$(api_page) is out of date: run make reference" >&2; exit 1; }

lint: check-reference
