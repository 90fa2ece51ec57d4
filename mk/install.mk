# make install: programs, man pages, the systemd unit, the logrotate file and an example.
# make deb: the same as a Debian package, build/sallyport_VERSION_ARCH.deb.
.PHONY: install-files
BINDIR ?= $(PREFIX)/bin
SBINDIR ?= $(PREFIX)/sbin
LIBEXECDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/sallyport
UNITDIR ?= $(if $(filter /usr,$(PREFIX)),/lib,$(PREFIX)/lib)/systemd/system
LOGROTATEDIR ?= /etc/logrotate.d
INSTALL ?= install

install: $(programs)
	$(Q)$(INSTALL) -d $(addprefix $(DESTDIR),$(BINDIR) $(SBINDIR) $(UNITDIR) $(DOCDIR) \
		$(LOGROTATEDIR) $(MANDIR)/man1 $(MANDIR)/man5 $(MANDIR)/man8)
	$(Q)$(INSTALL) -m 755 $(B)/sallyport $(DESTDIR)$(BINDIR)
	$(Q)$(INSTALL) -m 755 $(B)/sallyportd $(B)/sallyport-worker $(DESTDIR)$(SBINDIR)
	$(Q)for page in docs/man/*.[158]; do \
		$(INSTALL) -m 644 $$page $(DESTDIR)$(MANDIR)/man$${page##*.}/ || exit 1; done
	$(Q)sed 's,/usr/s\?bin/\(sallyport[a-z-]*\),@DIR@\1,; s,@DIR@sallyport\b\($$\| \),$(BINDIR)/sallyport\1,; s,@DIR@,$(SBINDIR)/,' \
		packaging/sallyport.service > $(DESTDIR)$(UNITDIR)/sallyport.service
	$(Q)chmod 644 $(DESTDIR)$(UNITDIR)/sallyport.service
	$(Q)$(INSTALL) -m 644 packaging/logrotate $(DESTDIR)$(LOGROTATEDIR)/sallyport
	$(Q)$(INSTALL) -m 644 README.md examples/sallyport.yaml $(DESTDIR)$(DOCDIR)

deb: $(programs)
	$(call say,DEB,$(VERSION))
	$(Q)packaging/make-deb.sh "$(VERSION)" "$(MAKE)" build
