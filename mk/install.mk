# make install: programs, man pages, the systemd unit, the users, the logrotate file, an example.
# make deb: the same as a Debian package, build/sallyport_VERSION_ARCH.deb.
BINDIR ?= $(PREFIX)/bin
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/sallyport
# Where systemd and logrotate look: beside the programs in a package, in /etc for what was built here.
SYSTEMDDIR ?= $(if $(filter /usr,$(PREFIX)),/usr/lib,/etc)
UNITDIR ?= $(SYSTEMDDIR)/systemd/system
SYSUSERSDIR ?= $(SYSTEMDDIR)/sysusers.d
LOGROTATEDIR ?= /etc/logrotate.d
INSTALL ?= install

install: $(programs)
	$(Q)$(INSTALL) -d $(addprefix $(DESTDIR),$(BINDIR) $(SBINDIR) $(UNITDIR) $(SYSUSERSDIR) $(DOCDIR) \
		$(LOGROTATEDIR) $(MANDIR)/man1 $(MANDIR)/man5 $(MANDIR)/man8)
	$(Q)$(INSTALL) -m 755 $(B)/sallyport $(DESTDIR)$(BINDIR)
	$(Q)$(INSTALL) -m 755 $(B)/sallyportd $(B)/sallyport-worker $(DESTDIR)$(SBINDIR)
	$(Q)for page in docs/man/*.[158]; do \
		$(INSTALL) -m 644 $$page $(DESTDIR)$(MANDIR)/man$${page##*.}/ || exit 1; done
	$(Q)sed 's,/usr/sbin/sallyportd,$(SBINDIR)/sallyportd,' packaging/sallyport.service \
		> $(DESTDIR)$(UNITDIR)/sallyport.service
	$(Q)chmod 644 $(DESTDIR)$(UNITDIR)/sallyport.service
	$(Q)$(INSTALL) -m 644 packaging/sysusers.conf $(DESTDIR)$(SYSUSERSDIR)/sallyport.conf
	$(Q)$(INSTALL) -m 644 packaging/logrotate $(DESTDIR)$(LOGROTATEDIR)/sallyport
	$(Q)$(INSTALL) -m 644 README.md CHANGELOG.md LICENSE examples/sallyport.yaml $(DESTDIR)$(DOCDIR)

deb: $(programs)
	$(call say,DEB,$(VERSION))
	$(Q)MAKE='$(MAKE)' packaging/make-deb.sh $(VERSION) $(B)
