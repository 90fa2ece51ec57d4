#include "pki/download.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "pki/jks.h"
#include "pki/mobileconfig.h"
#include "pki/pem_write.h"
#include "pki/pkcs12.h"
#include "pki/pkcs8.h"
#include "pki/zip.h"

bool download_needs_password(enum download_format format)
{
	return format == DOWNLOAD_PFX || format == DOWNLOAD_JKS || format == DOWNLOAD_MOBILECONFIG;
}

static int refuse_password(struct error *err, const char *symbol)
{
	error_place(err, "Password");
	return error_symbol(err, symbol);
}

int download_check_password(enum download_format format, bool has_key, const char *password,
			    struct error *err)
{
	size_t least = format == DOWNLOAD_JKS ? DOWNLOAD_JKS_PASSWORD_MIN : DOWNLOAD_PASSWORD_MIN;
	const char *at;

	if (password == NULL) {
		if (!download_needs_password(format) ||
		    (!has_key && format == DOWNLOAD_MOBILECONFIG))
			return 0;
		error_set(err, ERROR_INVALID, "files of this format need a password");
		return refuse_password(err, "MissingParam.Password");
	}
	for (at = password; *at != '\0' && *at >= ' ' && *at <= '~'; at++)
		;
	if (*at != '\0') {
		error_set(err, ERROR_INVALID, "the password may only have printable ASCII characters");
		error_hint(err, "Java refuses others, and devices disagree about their encoding.");
		return refuse_password(err, "IllegalParam.Password");
	}
	if (strlen(password) >= least && strlen(password) <= DOWNLOAD_PASSWORD_MAX)
		return 0;
	error_set(err, ERROR_INVALID, "the password must have %zu to %d characters%s", least,
		  DOWNLOAD_PASSWORD_MAX,
		  format == DOWNLOAD_JKS ? ", because key stores of Java protect little" : "");
	return refuse_password(err, "IllegalParam.Password");
}

/* "<id>_<name>": both made of letters, digits, dot, underscore and hyphen. */
static void write_base_name(const struct download_source *source, char *ret_name, size_t size)
{
	char *at;

	snprintf(ret_name, size, "%.80s_%.80s", source->id,
		 source->common_name == NULL || source->common_name[0] == '\0' ?
		 "certificate" : source->common_name);
	for (at = ret_name; *at != '\0'; at++)
		if (!isalnum((unsigned char)*at) && *at != '.' && *at != '-')
			*at = '_';
}

static struct buffer *add_file(struct download *download, const char *ending)
{
	struct download_file *file = &download->files[download->count++];

	snprintf(file->name, sizeof(file->name), "%.170s%s", download->base_name, ending);
	return &file->content;
}

/* old_form: PKCS#1 or SEC1, as the CRT format of the cloud has it. */
static int add_key(struct download *download, const struct download_source *source,
		   const char *password, bool old_form, struct error *err)
{
	struct buffer encrypted = { 0 };
	struct buffer *out;

	if (source->pkcs8.len == 0)
		return 0;
	out = add_file(download, ".key");
	if (password != NULL) {
		if (pkcs8_encrypt(source->pkcs8, password, &encrypted, err) < 0)
			return -1;
		pem_write(out, "ENCRYPTED PRIVATE KEY", buffer_bytes(&encrypted));
		buffer_done(&encrypted);
		return 0;
	}
	if (old_form)
		return pkcs8_write_old_pem(source->pkcs8, out, err);
	pem_write(out, "PRIVATE KEY", source->pkcs8);
	return 0;
}

static int make_crt(struct download *download, const struct download_source *source,
		    const struct download_options *options, struct error *err)
{
	pem_write(add_file(download, "_public.crt"), "CERTIFICATE", source->leaf);
	if (options->include_chain && source->chain.len > 0)
		pem_write_chain(add_file(download, "_chain.crt"), source->chain);
	return add_key(download, source, options->password, true, err);
}

static int make_pem(struct download *download, const struct download_source *source,
		    const struct download_options *options, struct error *err)
{
	struct buffer *out = add_file(download, ".pem");

	pem_write(out, "CERTIFICATE", source->leaf);
	if (options->include_chain)
		pem_write_chain(out, source->chain);
	return add_key(download, source, options->password, false, err);
}

static int make_pfx(struct download *download, const struct download_source *source,
		    const struct download_options *options, struct error *err)
{
	struct pkcs12_contents contents = { .name = source->common_name, .leaf = source->leaf,
					    .pkcs8 = source->pkcs8 };

	if (options->include_chain)
		contents.chain = source->chain;
	if (contents.name == NULL || contents.name[0] == '\0')
		contents.name = source->id;
	return pkcs12_write(&contents, options->compatible ? PKCS12_COMPATIBLE : PKCS12_MODERN,
			    options->password, add_file(download, ".pfx"), err);
}

static int make_jks(struct download *download, const struct download_source *source,
		    const struct download_options *options, struct error *err)
{
	struct jks_contents contents = { .alias = download->base_name + strlen(source->id) + 1,
					 .time_s = source->now, .leaf = source->leaf,
					 .pkcs8 = source->pkcs8 };

	if (strlen(source->id) > 80)
		contents.alias = download->base_name;
	if (options->include_chain)
		contents.chain = source->chain;
	return jks_write(&contents, options->password, add_file(download, ".jks"), err);
}

static int make_mobileconfig(struct download *download, const struct download_source *source,
			     const struct download_options *options, struct error *err)
{
	struct download_source given = *source;

	if (!options->include_chain)
		given.chain = (struct bytes){ NULL, 0 };
	return mobileconfig_write(&given, options->password, add_file(download, ".mobileconfig"),
				  err);
}

int download_make(const struct download_source *source, const struct download_options *options,
		  struct download *ret_download, struct error *err)
{
	static int (*const makers[DOWNLOAD_FORMAT_COUNT])(struct download *,
							  const struct download_source *,
							  const struct download_options *,
							  struct error *) = {
		[DOWNLOAD_CRT] = make_crt,     [DOWNLOAD_PEM] = make_pem,
		[DOWNLOAD_PFX] = make_pfx,     [DOWNLOAD_JKS] = make_jks,
		[DOWNLOAD_PKCS8] = make_pem,   [DOWNLOAD_MOBILECONFIG] = make_mobileconfig,
	};
	struct download download = { .count = 0 };

	write_base_name(source, download.base_name, sizeof(download.base_name));
	if (makers[options->format](&download, source, options, err) < 0) {
		download_done(&download);
		return -1;
	}
	*ret_download = download;
	return 0;
}

void download_done(struct download *download)
{
	size_t i;

	for (i = 0; i < download->count; i++)
		buffer_done(&download->files[i].content);
	download->count = 0;
}

void download_zip(const struct download *download, int64_t now, struct buffer *ret_zip)
{
	struct zip_file files[DOWNLOAD_FILES_MAX];
	size_t i;

	for (i = 0; i < download->count; i++)
		files[i] = (struct zip_file){ download->files[i].name,
					      buffer_bytes(&download->files[i].content) };
	zip_write(files, download->count, now, ret_zip);
}
