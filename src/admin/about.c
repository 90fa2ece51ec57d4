/* GetAbout: what this is, and Backup. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "admin/admin_internal.h"
#include "admin/background.h"
#include "admin/password.h"
#include "base/bytes.h"
#include "control/serving.h"
#include "store/backup.h"
#include "store/master_key.h"

/* --- GetAbout --- */

static json_t *licences(void)
{
	static const char *const parts[][3] = {
		{ "AWS-LC", "Apache-2.0, ISC, OpenSSL", "TLS, cryptography" },
		{ "SQLite", "public domain", "the store" },
		{ "libmicrohttpd", "LGPL-2.1-or-later", "HTTP" },
		{ "jansson", "MIT", "JSON" },
		{ "libyaml", "MIT", "manifests" },
		{ "libcurl", "curl", "the command line" },
		{ "libseccomp", "LGPL-2.1-only", "the sandbox of workers" },
	};
	json_t *rows = json_array();
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		json_array_append_new(rows, json_pack("{s:s, s:s, s:s}", "Name", parts[i][0],
						      "Licence", parts[i][1], "Use", parts[i][2]));
	return rows;
}

static int64_t count_workers(const json_t *status)
{
	int64_t count = 0;
	json_t *role;
	size_t i;

	json_array_foreach(json_object_get(status, "roles"), i, role) {
		const char *name = json_string_value(json_object_get(role, "role"));

		if (strncmp(name, "worker-", strlen("worker-")) == 0)
			count++;
	}
	return count;
}

int get_about_run(struct call *call, struct error *err)
{
	json_t *status = serving_status(call->control);

	(void)err;
	reply_text(call->reply, "Product", "Sallyport");
	reply_text(call->reply, "Version", SALLYPORT_VERSION);
	reply_text(call->reply, "StoreId", store_id(call->store));
	reply_number(call->reply, "Workers", count_workers(status));
	reply_text(call->reply, "StartedTime",
		   json_string_value(json_object_get(status, "started")));
	json_object_set_new(call->reply, "Licences", licences());
	json_decref(status);
	return 0;
}

/* --- Backup --- */

#define FOLDER "backups"

struct backup {
	struct store *reader;
	char *passphrase;
	uint8_t master_key[STORE_MASTER_KEY_SIZE];
	char path[4096];
	int64_t size;
	int status;
	struct error error;
};

static void backup_free(void *arg)
{
	struct backup *backup = arg;

	store_close(backup->reader);
	free_secret(backup->passphrase);
	memory_wipe(backup->master_key, sizeof(backup->master_key));
	free(backup);
}

static void backup_work(void *arg)
{
	struct backup *backup = arg;
	struct stat file;

	backup->status = backup_write(backup->reader, backup->master_key, backup->passphrase,
				      backup->path, &backup->error);
	if (backup->status == 0 && stat(backup->path, &file) == 0)
		backup->size = file.st_size;
}

static int make_folder(const char *folder, struct error *err)
{
	if (mkdir(folder, 0700) == 0 || errno == EEXIST)
		return 0;
	return error_set_errno(err, "could not make the folder %s", folder);
}

static int prepare(struct call *call, struct backup *backup, struct error *err)
{
	time_t now = (time_t)call->now;
	char when[32], ignored[4096];
	struct tm parts;
	size_t used;

	backup->passphrase = memory_copy_string(call_text(call, "Passphrase"));
	used = (size_t)snprintf(backup->path, sizeof(backup->path), "%s/" FOLDER,
				store_folder(call->store));
	if (make_folder(backup->path, err) < 0 ||
	    master_key_load(serving_master_key_file(call->control), false, backup->master_key,
			    ignored, sizeof(ignored), err) < 0)
		return -1;
	gmtime_r(&now, &parts);
	strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &parts);
	snprintf(backup->path + used, sizeof(backup->path) - used, "/sallyport-%s-%.8s.backup",
		 when, call->request_id);
	backup->reader = store_open_reader(call->store, err);
	return backup->reader != NULL ? 0 : -1;
}

static int begin(struct call *call, struct error *err)
{
	const char *problem = password_problem(call_text(call, "Passphrase"), NULL);
	struct backup *backup;
	int waiting;

	if (problem != NULL)
		return call_refuse(err, ERROR_INVALID, "IllegalParam.Passphrase", "Passphrase",
				   "the passphrase %s", problem);
	if (call->dry_run)
		return 0;
	waiting = background_wait(call, BACKGROUND_READING, err);
	if (waiting != 0)
		return waiting < 0 ? -1 : 0;
	backup = memory_new(sizeof(*backup));
	if (prepare(call, backup, err) < 0) {
		backup_free(backup);
		return -1;
	}
	background_start(call, BACKGROUND_READING, backup_work, backup_free, backup);
	return 0;
}

static int end(struct call *call, struct error *err)
{
	const struct backup *backup = background_finished(call, err);
	const char *name;

	if (backup == NULL)
		return -1;
	if (backup->status < 0) {
		*err = backup->error;
		return -1;
	}
	name = strrchr(backup->path, '/') + 1;
	reply_text(call->reply, "File", backup->path);
	reply_number(call->reply, "SizeBytes", backup->size);
	return call_audit(call, "backup", name, err);
}

int backup_run(struct call *call, struct error *err)
{
	return background_is_begun(call) ? end(call, err) : begin(call, err);
}
