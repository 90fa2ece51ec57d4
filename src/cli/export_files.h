/* cli/export_files.h - a certificate of the private CA with its key, put where its user wants it. */
#ifndef SALLYPORT_CLI_EXPORT_FILES_H
#define SALLYPORT_CLI_EXPORT_FILES_H

#include "cli/session.h"

struct export_wish {
	const char *format;        /* "pfx", "crt", "pem", "jks", "pkcs8"; NULL: pem */
	const char *out;           /* file or folder; NULL: the current folder */
	const char *password_file;
	bool compatible;           /* PFX for old devices */
	bool force;
	char *password;            /* owned; of export_prepare() */
};

/* Before anything is made: is the format known, is there a password, are the files free? name: what the
 * files will be called. */
int must_check export_prepare(struct export_wish *wish, const char *name, struct error *err);
/* Fetches and writes; ret_paths: an array of the names of the files. */
int must_check export_write(const struct session *session, const struct export_wish *wish,
			    const char *identifier, json_t **ret_paths, struct error *err);
void export_done(struct export_wish *wish); /* wipes */

#endif
