/*
 * store/master_key.h - the 32 bytes that all private keys in the store hang on.
 *
 * A file of its own (0600), never beside the database, or a systemd credential of the name
 * "sallyport-master-key" ($CREDENTIALS_DIRECTORY).
 */
#ifndef SALLYPORT_STORE_MASTER_KEY_H
#define SALLYPORT_STORE_MASTER_KEY_H

#include <stdbool.h>
#include "store/store.h"

/* path: what was asked for, or NULL for the usual place: the credential, /etc/sallyport/master.key when
 * running as root, else $XDG_CONFIG_HOME/sallyport/ or ~/.config/sallyport/. Makes the key when
 * may_create and there is none. A file that others can read is refused. ret_path says where it is. */
int must_check master_key_load(const char *path, bool may_create,
			       uint8_t ret_key[STORE_MASTER_KEY_SIZE], char *ret_path, size_t size,
			       struct error *err);
/* Where it is looked for without a path; NULL on error. The caller frees it. */
char *master_key_usual_path(struct error *err);
/* Writes it (0600), in the place of one that is there. */
int must_check master_key_save(const char *path, const uint8_t key[STORE_MASTER_KEY_SIZE],
			       struct error *err);

#endif
