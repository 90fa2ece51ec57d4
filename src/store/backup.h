/*
 * store/backup.h - one file that holds everything: database, revocation journal, master key.
 *
 * Encrypted under a passphrase (scrypt, AES-256-GCM in chunks). Made while the daemon runs, from a
 * consistent snapshot. A restore goes into an empty data folder or replaces one that no daemon uses: it
 * never un-revokes what the old folder's database, journal or published CRLs, or given CRLs, still know,
 * raises revision, certificate and CRL numbers (the kept CRLs become empty: make new ones), ends sessions,
 * names what may be lost, and keeps the old database as sallyport.db.before-restore, and a master key
 * that is replaced under the same ending.
 */
#ifndef SALLYPORT_STORE_BACKUP_H
#define SALLYPORT_STORE_BACKUP_H

#include "store/store.h"

/* Written to a temporary file in the same folder, fsynced, renamed. reader: a connection of its own. */
int must_check backup_write(struct store *reader, const uint8_t master_key[STORE_MASTER_KEY_SIZE],
			    const char *passphrase, const char *path, struct error *err);

struct backup_report {
	int64_t revision, made_s;            /* of the backup */
	int64_t revocations, journal_only;   /* in all; known only from a journal or a CRL */
	char text[512];                      /* for a person: what may be lost */
};
/* crls: files (DER or PEM) whose entries count as revoked too. accept_loss: go on although a journal's
 * chain is broken. master_key_path: where the master key goes (0600); an equal one is left alone, another
 * one is refused unless it belonged to this folder. */
int must_check backup_restore(const char *path, const char *passphrase, const char *folder,
			      const char *master_key_path, const char *const *crls, size_t crl_count,
			      bool accept_loss, struct backup_report *ret_report, struct error *err);

#endif
