# sallyport.yaml(5) is made from its template, the field tables and an example:
#
#   make manual        writes docs/man/sallyport.yaml.5, which is kept in the tree
#   make check-manual  fails when the page in the tree is not what the tables say
manual_page := docs/man/sallyport.yaml.5
manual_obj = $(call obj,$(call sources,model) src/base/bytes.c src/base/error.c src/base/name_index.c)

$(B)/manual: tools/manual.c $(manual_obj)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ $^ $(LDFLAGS) -lyaml

.PHONY: manual check-manual
manual: $(B)/manual
	$(call say,MAN,$(manual_page))
	$(Q)$(B)/manual < $(manual_page).in > $(B)/manual.5 && mv $(B)/manual.5 $(manual_page)

check-manual: $(B)/manual
	$(call say,LINT,$(manual_page))
	$(Q)$(B)/manual < $(manual_page).in | cmp -s - $(manual_page) || \
		{ echo "$(manual_page) is out of date: run make manual" >&2; exit 1; }
