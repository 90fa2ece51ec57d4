/*
 * pki/download.h - a certificate, its chain and its key as the files that devices take.
 *
 *   CRT           <id>_<name>_public.crt, _chain.crt, .key   PEM; key PKCS#1 or SEC1
 *   PEM           <id>_<name>.pem (leaf and chain), .key     PEM; key PKCS#8
 *   PFX           <id>_<name>.pfx                            PKCS#12, password needed
 *   JKS           <id>_<name>.jks                            Java KeyStore, password needed
 *   PKCS8         <id>_<name>.pem, .key                      PEM; key PKCS#8
 *   MOBILECONFIG  <id>_<name>.mobileconfig                   for Apple's devices; PKCS#12 inside
 *
 * With a password the .key files hold an ENCRYPTED PRIVATE KEY. Whether a key may leave at all, and
 * unencrypted, is decided by the caller. A source without key gives the certificates only; PFX and JKS
 * are then stores of CA certificates to trust.
 */
#ifndef SALLYPORT_PKI_DOWNLOAD_H
#define SALLYPORT_PKI_DOWNLOAD_H

#include <stdbool.h>
#include <stdint.h>
#include "base/bytes.h"

enum download_format { DOWNLOAD_CRT, DOWNLOAD_PEM, DOWNLOAD_PFX, DOWNLOAD_JKS, DOWNLOAD_PKCS8,
	DOWNLOAD_MOBILECONFIG, DOWNLOAD_FORMAT_COUNT };

struct download_source {
	const char *id;
	const char *common_name;
	struct bytes leaf;       /* DER */
	struct bytes chain;      /* DER certificates one after another, issuers upwards */
	struct bytes pkcs8;      /* empty: no key */
	int64_t now;
};

struct download_options {
	enum download_format format;
	const char *password;    /* NULL: none */
	bool include_chain;
	bool compatible;         /* PFX for old devices; MOBILECONFIG is always so */
};

#define DOWNLOAD_FILES_MAX 3
#define DOWNLOAD_NAME_SIZE 192
#define DOWNLOAD_PASSWORD_MIN 6
#define DOWNLOAD_JKS_PASSWORD_MIN 12
#define DOWNLOAD_PASSWORD_MAX 32

struct download_file {
	char name[DOWNLOAD_NAME_SIZE];
	struct buffer content;
};

struct download {
	struct download_file files[DOWNLOAD_FILES_MAX];
	size_t count;
	char base_name[DOWNLOAD_NAME_SIZE]; /* "<id>_<name>" */
};

bool download_needs_password(enum download_format format);
/* Printable ASCII, 6 to 32 characters, 12 for JKS; given where it is needed. "MissingParam.Password",
 * "IllegalParam.Password". */
int must_check download_check_password(enum download_format format, bool has_key,
				       const char *password, struct error *err);
/* Takes up to some tenths of a second. */
int must_check download_make(const struct download_source *source,
			     const struct download_options *options, struct download *ret_download,
			     struct error *err);
void download_done(struct download *download);
/* All files as one. */
void download_zip(const struct download *download, int64_t now, struct buffer *ret_zip);

#endif
