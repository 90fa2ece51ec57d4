/*
 * ExportPrivateCertificate: a certificate, its chain and its key as files.
 *
 * run takes all that is needed out of the store and writes the audit row; the files, which take their
 * time, are made in a job thread after the commit. What was not audited never leaves.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <openssl/base64.h>
#include "certs/cas.h"
#include "certs/facts.h"
#include "control/certificate_ids.h"
#include "pki/download.h"
#include "store/audit.h"
#include "store/resource.h"

#define LEVELS_MAX 10 /* of CAs above one another */
#define EXPORTED (STORE_OWN_CAS | STORE_PRIVATE | STORE_UPLOADED | STORE_UPLOADED_CA)

struct export_work {
	struct store_certificate row;
	struct buffer chain, pkcs8;
	struct download_options options;
};

static void free_work(void *arg)
{
	struct export_work *work = arg;

	if (work == NULL)
		return;
	store_certificate_done(&work->row);
	buffer_done(&work->chain);
	buffer_done(&work->pkcs8);
	free(work);
}

/* --- what is asked for --- */

static enum download_format parse_format(const char *word)
{
	static const char *const words[DOWNLOAD_FORMAT_COUNT] = {
		[DOWNLOAD_CRT] = "CRT",	    [DOWNLOAD_PEM] = "PEM",
		[DOWNLOAD_PFX] = "PFX",	    [DOWNLOAD_JKS] = "JKS",
		[DOWNLOAD_PKCS8] = "PKCS8", [DOWNLOAD_MOBILECONFIG] = "MOBILECONFIG",
	};
	int format = 0;

	while (format < DOWNLOAD_FORMAT_COUNT - 1 && strcasecmp(word, words[format]) != 0)
		format++;
	return (enum download_format)format;
}

static struct download_options options_of(const struct call *call)
{
	const char *profile = call_text(call, "PfxProfile");
	const char *password = call_text(call, "Password");

	return (struct download_options){
		.format = parse_format(call_text(call, "Format")),
		.password = password != NULL && password[0] != '\0' ? password : NULL,
		.include_chain = call_boolean(call, "IncludeChain", true),
		.compatible = profile != NULL && strcasecmp(profile, "compatible") == 0,
	};
}

/* --- what the store has --- */

/* Up to the root, for what was kept without its chain. */
static int add_parents(struct store *store, const char *parent, struct buffer *chain,
		       struct error *err)
{
	char *id = memory_copy_string(parent);
	int level, found = 1;

	for (level = 0; level < LEVELS_MAX && id != NULL && found == 1; level++) {
		struct store_certificate ca = { 0 };

		found = store_certificate_get(store, id, &ca, err);
		free(id);
		id = NULL;
		if (found != 1)
			break;
		buffer_append(chain, ca.der.data, ca.der.len);
		id = memory_copy_string(ca.parent);
		store_certificate_done(&ca);
	}
	free(id);
	return found < 0 ? -1 : 0;
}

static int find_row(struct call *call, struct store_certificate *ret_row, struct error *err)
{
	if (cas_get_id(call, "Identifier", EXPORTED, ret_row, err) < 0)
		return -1;
	if ((ret_row->role & STORE_OWN_CAS) != 0 && ret_row->parent == NULL)
		return call_check_issuer(call, ret_row->id, err);
	return call_check_issuer(call, ret_row->parent == NULL ? "" : ret_row->parent, err);
}

static int refuse_export(const struct store_certificate *row, struct error *err)
{
	call_refuse(err, ERROR_DENIED, "OperationDenied.KeyNotExportable", "Identifier",
		    "the key of certificate \"%s\" (%s) is not exportable", row->id, row->common_name);
	return error_hint(err, (row->role & STORE_OWN_CAS) != 0 ?
			  "Keys of CAs never leave. WithoutKey=true gives the certificate." :
			  "WithoutKey=true gives the certificate; issue another one for the device.");
}

/* A CA certificate without its key is a file all the same: to be trusted. */
static bool wants_key(const struct call *call, const struct store_certificate *row)
{
	return !call_boolean(call, "WithoutKey", false) && (row->role & STORE_UPLOADED_CA) == 0;
}

static int take_key(struct call *call, struct export_work *work, struct error *err)
{
	const struct store_certificate *row = &work->row;
	bool exportable = false;
	int found;

	if (!wants_key(call, row))
		return 0;
	if (!row->has_key) {
		call_refuse(err, ERROR_NOT_FOUND, "NotFound", "Identifier",
			    "the key of certificate \"%s\" (%s) is not here: it was issued for a request",
			    row->id, row->common_name);
		return error_hint(err, "WithoutKey=true gives the certificate; the key is where the "
				  "request was made.");
	}
	if (!row->exportable)
		return refuse_export(row, err);
	/* Whoever has it makes certificates that nobody here knows of. */
	if ((row->role & STORE_OWN_CAS) != 0 && call->caller.role != CALLER_ADMINISTRATOR) {
		call_refuse(err, ERROR_DENIED, "Forbidden.NoPermission", NULL,
			    "keys of CAs are exported by administrators");
		return error_hint(err, "WithoutKey=true gives the certificate.");
	}
	found = store_key_get(call->store, row->id, &work->pkcs8, &exportable, err);
	if (found == 1 && exportable)
		return 0;
	return found < 0 ? -1 : refuse_export(row, err);
}

/* Stores without a key are for CA certificates; a leaf alone in one is of no use to anybody. */
static int check_format(const struct export_work *work, struct error *err)
{
	enum download_format format = work->options.format;
	bool is_ca = (work->row.role & (STORE_OWN_CAS | STORE_UPLOADED_CA)) != 0;

	if (work->pkcs8.len > 0 || is_ca || (format != DOWNLOAD_PFX && format != DOWNLOAD_JKS))
		return download_check_password(format, work->pkcs8.len > 0, work->options.password,
					       err);
	return call_refuse(err, ERROR_INVALID, "IllegalParam.Format", "Format",
			   "files of this format hold a key: without it take CRT or PEM");
}

/* What left, and how: call_audit() with the details. */
static int audit(struct call *call, const struct export_work *work, struct error *err)
{
	bool has_key = work->pkcs8.len > 0;
	json_t *details = json_pack("{s:s, s:b, s:b}", "Format", call_text(call, "Format"), "WithKey",
				    has_key, "Encrypted", has_key && work->options.password != NULL);
	struct store_change change = {
		.kind = STORE_CERTIFICATE, .id = work->row.id, .action = call->action->name,
		.product = call->product->name, .actor = call->caller.user,
		.from = call->caller.from, .request_id = call->request_id, .now = call->now,
		.after = details,
	};
	int status = store_audit(call->store, &change, NULL, err);

	json_decref(details);
	return status;
}

static int load(struct call *call, struct export_work *work, struct error *err)
{
	const struct store_certificate *row = &work->row;

	if (find_row(call, &work->row, err) < 0 || take_key(call, work, err) < 0 ||
	    check_format(work, err) < 0)
		return -1;
	if (row->chain.len > 0)
		buffer_append(&work->chain, row->chain.data, row->chain.len);
	else if (add_parents(call->store, row->parent, &work->chain, err) < 0)
		return -1;
	return audit(call, work, err);
}

int export_run(struct call *call, struct error *err)
{
	struct export_work *work = memory_new(sizeof(*work));

	call->work = work;
	call->work_free = free_work;
	call->keeps_secret = true;
	work->options = options_of(call);
	return load(call, work, err);
}

/* --- the files --- */

static json_t *base64_text(struct bytes content)
{
	size_t size = content.len / 3 * 4 + 5;
	char *text = memory_new(size);
	size_t len = EVP_EncodeBlock((uint8_t *)text, content.data, content.len);
	json_t *value = json_stringn(text, len);

	memory_wipe(text, size);
	free(text);
	return value;
}

static void add_file(json_t *files, const char *name, struct bytes content)
{
	json_t *file = json_object();

	json_object_set_new(file, "Name", json_string(name));
	json_object_set_new(file, "Content", base64_text(content));
	json_object_set_new(file, "Size", json_integer((json_int_t)content.len));
	json_array_append_new(files, file);
}

static const char *content_type(const struct download *download, enum download_format format,
				bool is_zip)
{
	if (is_zip)
		return "application/zip";
	if (download->count > 1)
		return "";
	switch (format) {
	case DOWNLOAD_PFX:
		return "application/x-pkcs12";
	case DOWNLOAD_JKS:
		return "application/x-java-keystore";
	case DOWNLOAD_MOBILECONFIG:
		return "application/x-apple-aspen-config";
	default:
		return "application/x-pem-file";
	}
}

static void set_reply(struct call *call, const struct export_work *work,
		      const struct download *download)
{
	bool is_zip = call_boolean(call, "Zip", false) && download->count > 1;
	json_t *files = json_array();
	struct buffer zip = { 0 };
	char name[DOWNLOAD_NAME_SIZE + 4];
	size_t i;

	if (is_zip) {
		download_zip(download, call->now, &zip);
		snprintf(name, sizeof(name), "%s.zip", download->base_name);
		add_file(files, name, buffer_bytes(&zip));
		buffer_done(&zip);
	}
	for (i = 0; !is_zip && i < download->count; i++)
		add_file(files, download->files[i].name, buffer_bytes(&download->files[i].content));
	json_object_set_new(call->reply, "Identifier", json_string(work->row.id));
	json_object_set_new(call->reply, "ContentType",
			    json_string(content_type(download, work->options.format, is_zip)));
	json_object_set_new(call->reply, "Files", files);
}

int export_finish(struct call *call, struct error *err)
{
	const struct export_work *work = call->work;
	struct download_source source = {
		.id = work->row.id, .common_name = work->row.common_name,
		.leaf = buffer_bytes(&work->row.der), .chain = buffer_bytes(&work->chain),
		.pkcs8 = buffer_bytes(&work->pkcs8), .now = call->now,
	};
	struct download download = { 0 };

	if (download_make(&source, &work->options, &download, err) < 0)
		return -1;
	set_reply(call, work, &download);
	download_done(&download);
	return 0;
}
