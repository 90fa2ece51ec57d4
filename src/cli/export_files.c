#include "cli/export_files.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "cli/base64.h"
#include "cli/output_file.h"
#include "cli/secret_input.h"

struct format {
	const char *name;
	bool needs_password;
	bool one_file; /* may go into one file that --out names */
	const char *endings[3];
};

static const struct format formats[] = {
	{ "PEM", false, true, { ".pem", ".key", NULL } },
	{ "CRT", false, false, { "_public.crt", "_chain.crt", ".key" } },
	{ "PFX", true, true, { ".pfx", NULL, NULL } },
	{ "JKS", true, true, { ".jks", NULL, NULL } },
	{ "PKCS8", false, true, { ".pem", ".key", NULL } },
};

static const struct format *format_of(const struct export_wish *wish)
{
	const char *name = wish->format != NULL ? wish->format : "pem";
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcasecmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

/* --- where to --- */

static bool is_folder(const char *path)
{
	struct stat info;

	return (path[0] != '\0' && path[strlen(path) - 1] == '/') ||
	       (stat(path, &info) == 0 && S_ISDIR(info.st_mode));
}

static bool goes_into_one(const struct export_wish *wish)
{
	return wish->out != NULL && format_of(wish)->one_file && !is_folder(wish->out);
}

static int path_in_folder(const struct export_wish *wish, const char *name, const char *ending,
			  char ret_path[PATH_MAX], struct error *err)
{
	const char *folder = wish->out != NULL ? wish->out : ".";
	const char *slash = folder[strlen(folder) - 1] == '/' ? "" : "/";
	int length =
		snprintf(ret_path, PATH_MAX, "%s%s%s%s", strcmp(folder, ".") == 0 ? "" : folder,
			 strcmp(folder, ".") == 0 ? "" : slash, name, ending);

	if (length < PATH_MAX)
		return 0;
	errno = ENAMETOOLONG;
	return error_set_errno(err, "could not use the folder \"%s\"", folder);
}

/* A name of a client may be anything; one of a file is letters, digits and a few more, as in the names
 * that the service gives. */
static void file_name(const char *name, char *ret_name, size_t size)
{
	size_t used = 0;

	for (; *name != '\0' && used + 1 < size; name++) {
		bool plain = isalnum((unsigned char)*name) || strchr("._-", *name) != NULL;

		ret_name[used] = plain && !(used == 0 && *name == '.') ? *name : '_';
		used++;
	}
	ret_name[used] = '\0';
}

static int check_files(const struct export_wish *wish, const char *name, struct error *err)
{
	const struct format *format = format_of(wish);
	char plain[200], path[PATH_MAX];
	size_t i;

	if (goes_into_one(wish))
		return output_file_check(wish->out, wish->force, err);
	file_name(name, plain, sizeof(plain));
	for (i = 0; i < 3 && format->endings[i] != NULL; i++) {
		if (path_in_folder(wish, plain, format->endings[i], path, err) < 0 ||
		    output_file_check(path, wish->force, err) < 0)
			return -1;
	}
	return 0;
}

static int make_folder(const struct export_wish *wish, struct error *err)
{
	if (wish->out == NULL || goes_into_one(wish) || mkdir(wish->out, 0700) == 0 ||
	    errno == EEXIST)
		return 0;
	return error_set_errno(err, "could not make the folder \"%s\"", wish->out);
}

int export_prepare(struct export_wish *wish, const char *name, struct error *err)
{
	const struct format *format = format_of(wish);

	if (format == NULL) {
		error_set(err, ERROR_INVALID, "there is no format \"%s\"", wish->format);
		return error_hint(err, "Choose one of pfx, crt, pem, jks, pkcs8.");
	}
	if (check_files(wish, name, err) < 0)
		return -1;
	if (!format->needs_password && wish->password_file == NULL)
		return 0;
	wish->password = secret_read(wish->password_file, "password of the files", "password-file",
				     true, err);
	return wish->password == NULL ? -1 : 0;
}

void export_done(struct export_wish *wish)
{
	secret_free(wish->password);
	wish->password = NULL;
}

/* --- writing --- */

static int append_content(const json_t *file, struct buffer *content, struct error *err)
{
	if (base64_decode(session_text(file, "Content"), content))
		return 0;
	return error_set(err, ERROR_PEER, "could not read the file \"%s\" in the answer",
			 session_text(file, "Name"));
}

static int write_one(const struct export_wish *wish, const json_t *files, json_t *paths,
		     struct error *err)
{
	struct buffer content = { 0 };
	int status = 0;
	size_t i;
	json_t *file;

	json_array_foreach(files, i, file)
	{
		if (status == 0)
			status = append_content(file, &content, err);
	}
	if (status == 0)
		status = output_file_write(wish->out, buffer_bytes(&content), wish->force, err);
	buffer_done(&content);
	json_array_append_new(paths, json_string(wish->out));
	return status;
}

/* The service puts an identifier in front of the name. */
static const char *short_name(const char *name, const char *identifier)
{
	size_t length = strlen(identifier);
	bool has = strncmp(name, identifier, length) == 0 && name[length] == '_';

	return has && name[length + 1] != '\0' ? name + length + 1 : name;
}

static int write_file(const struct export_wish *wish, const json_t *file, const char *identifier,
		      json_t *paths, struct error *err)
{
	struct buffer content = { 0 };
	char name[200], path[PATH_MAX];
	int status = append_content(file, &content, err);

	file_name(short_name(session_text(file, "Name"), identifier), name, sizeof(name));
	if (status == 0)
		status = path_in_folder(wish, name, "", path, err);
	if (status == 0)
		status = output_file_write(path, buffer_bytes(&content), wish->force, err);
	if (status == 0)
		json_array_append_new(paths, json_string(path));
	buffer_done(&content);
	return status;
}

static int write_all(const struct export_wish *wish, const json_t *files, const char *identifier,
		     json_t *paths, struct error *err)
{
	size_t i;
	json_t *file;

	if (goes_into_one(wish))
		return write_one(wish, files, paths, err);
	json_array_foreach(files, i, file)
	{
		if (write_file(wish, file, identifier, paths, err) < 0)
			return -1;
	}
	return 0;
}

static json_t *fetch(const struct session *session, const struct export_wish *wish,
		     const char *identifier, struct error *err)
{
	json_t *parameters =
		json_pack("{s:s, s:s}", "Identifier", identifier, "Format", format_of(wish)->name);

	if (wish->password != NULL)
		json_object_set_new(parameters, "Password", json_string(wish->password));
	if (wish->compatible)
		json_object_set_new(parameters, "PfxProfile", json_string("compatible"));
	return session_try(session, "sallyport", "ExportPrivateCertificate", parameters, err);
}

/* json_decref() wipes nothing: what holds a key is wiped first. */
static void wipe_files(json_t *reply)
{
	size_t i;
	json_t *file;

	json_array_foreach(json_object_get(reply, "Files"), i, file)
	{
		json_t *content = json_object_get(file, "Content");

		if (json_is_string(content))
			memory_wipe((char *)json_string_value(content),
				    json_string_length(content));
	}
	json_decref(reply);
}

int export_write(const struct session *session, const struct export_wish *wish,
		 const char *identifier, json_t **ret_paths, struct error *err)
{
	json_t *reply = fetch(session, wish, identifier, err), *paths;
	int status;

	if (reply == NULL)
		return -1;
	paths = json_array();
	status = make_folder(wish, err);
	if (status == 0)
		status = write_all(wish, json_object_get(reply, "Files"), identifier, paths, err);
	wipe_files(reply);
	if (status == 0)
		*ret_paths = paths;
	else
		json_decref(paths);
	return status;
}
