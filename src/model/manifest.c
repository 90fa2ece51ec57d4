/* From a path to a whole model: the text, the files it names, the system policies. */
#include "model/manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>
#include "model/fields.h"
#include "model/policies.h"
#include "model/reader.h"
#include "model/tree.h"

#define LOG_PATH_MAX 512 /* what a message to the guardian holds */

/* The absolute folder of a file. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct buffer folder = { 0 };
	char *text, *here = NULL;

	if (path[0] != '/') {
		here = getcwd(NULL, 0);
		buffer_printf(&folder, "%s", here != NULL ? here : ".");
	}
	if (slash != NULL)
		buffer_printf(&folder, "%s%.*s", path[0] != '/' ? "/" : "", (int)(slash - path),
			      path);
	text = folder.data == NULL ? memory_copy_string("")
				   : memory_copy_string((char *)folder.data);
	buffer_done(&folder);
	free(here);
	return text;
}

/* Puts the property in front of what buffer_read_file() said. */
static int file_failed(const struct model *model, const char *kind, size_t i, const char *field,
		       char *const *path, int line, struct error *err)
{
	struct error why;

	if (err == NULL)
		return -1;
	why = *err;
	error_set(err, why.code, "%s[%zu].%s: %s", kind, i, field, why.message);
	error_hint(err,
		   "Check the path (relative ones start at the manifest's folder) and its rights.");
	return model_error_place(err, model->source, model_line_of(model, path, line));
}

static int read_pem(const struct model *model, const char *kind, size_t i, const char *field,
		    char *const *path, int line, struct buffer *ret_content, struct error *err)
{
	if (*path == NULL)
		return 0;
	if (buffer_read_file(*path, MANIFEST_PEM_MAX, ret_content, err) < 0)
		return file_failed(model, kind, i, field, path, line, err);
	if (ret_content->len > 0)
		return 0;
	error_set(err, ERROR_INVALID, "\"%s\" is empty", *path);
	return file_failed(model, kind, i, field, path, line, err);
}

static int read_certificate(const struct model *model, size_t i, struct error *err)
{
	struct model_certificate *at = &model->certificates[i];

	if (read_pem(model, "Certificates", i, "CertFile", &at->cert_file, at->line, &at->cert_pem,
		     err) < 0 ||
	    read_pem(model, "Certificates", i, "KeyFile", &at->key_file, at->line, &at->key_pem,
		     err) < 0)
		return -1;
	return read_pem(model, "Certificates", i, "ChainFile", &at->chain_file, at->line,
			&at->chain_pem, err);
}

/* Never fatal: an issuer whose list cannot be read fails closed, all others go on. */
static void read_crl(const struct model *model, size_t i, size_t j, struct model_warnings *warnings)
{
	struct model_ca_certificate *ca = &model->ca_certificates[i];
	struct model_crl_file *crl = &ca->crls[j];

	if (buffer_read_file(crl->path, MANIFEST_CRL_MAX, &crl->content, &crl->why) == 0 &&
	    crl->content.len == 0)
		error_set(&crl->why, ERROR_INVALID, "\"%s\" is empty", crl->path);
	if (crl->why.code == ERROR_NONE)
		return;
	model_warn(warnings, model, model_line_of(model, &crl->path, ca->line),
		   "CaCertificates[%zu].CrlFiles[%zu]: %s", i, j, crl->why.message);
	model_warn_hint(warnings, "Clients of its issuer are refused until the list can be read.");
}

static int read_files(const struct model *model, struct model_warnings *warnings, struct error *err)
{
	size_t i, j;

	for (i = 0; i < model->certificate_count; i++) {
		if (read_certificate(model, i, err) < 0)
			return -1;
	}
	for (i = 0; i < model->ca_certificate_count; i++) {
		struct model_ca_certificate *ca = &model->ca_certificates[i];

		if (read_pem(model, "CaCertificates", i, "CertFile", &ca->cert_file, ca->line,
			     &ca->cert_pem, err) < 0)
			return -1;
		for (j = 0; j < ca->crl_count; j++)
			read_crl(model, i, j, warnings);
	}
	return 0;
}

static void add_system_policies(struct model *model)
{
	if (model->policies == NULL) {
		model->policies = memory_new(POLICY_SYSTEM_COUNT * sizeof(model->policies[0]));
		model->policy_count = POLICY_SYSTEM_COUNT;
	}
	policies_system(model->policies); /* into the places that the table keeps free */
}

/* Makes a relative path behind prefix start at the folder. room: of what will hold the path. */
static int complete_path(struct model *model, char **text, const char *prefix, const char *folder,
			 const char *field, size_t room, struct error *err)
{
	const char *path = *text + strlen(prefix);
	int line = model_line_of(model, text, 0);
	struct buffer whole = { 0 };

	if (path[0] == '/')
		folder = "";
	buffer_printf(&whole, "%s%s%s%s", prefix, folder, folder[0] != '\0' ? "/" : "", path);
	free(*text);
	*text = memory_copy_string((const char *)whole.data);
	buffer_done(&whole);
	if (strlen(*text) - strlen(prefix) < room)
		return 0;
	error_set(err, ERROR_INVALID, "Settings.%s: the path is longer than %zu bytes", field,
		  room - 1);
	error_hint(err, "Choose a shorter one.");
	return model_error_place(err, model->source, line);
}

static int complete_settings(struct model *model, const char *folder, struct error *err)
{
	struct model_settings *settings = &model->settings;

	if (settings->metrics_address != NULL &&
	    strncmp(settings->metrics_address, "unix:", 5) == 0 &&
	    complete_path(model, &settings->metrics_address, "unix:", folder, "MetricsAddress",
			  sizeof(((struct sockaddr_un *)0)->sun_path), err) < 0)
		return -1;
	if (strcmp(settings->log, "stdout") == 0 || strcmp(settings->log, "stderr") == 0)
		return 0;
	return complete_path(model, &settings->log, "", folder, "Log", LOG_PATH_MAX, err);
}

/* In an Ip group the id of a server is its address. */
static void complete_servers(struct model *model)
{
	size_t i, j;

	for (i = 0; i < model->server_group_count; i++) {
		struct model_server_group *group = &model->server_groups[i];

		for (j = 0; j < group->server_count; j++) {
			struct model_server *server = &group->servers[j];

			if (server->server_ip == NULL)
				server->server_ip = memory_copy_string(server->server_id);
		}
	}
}

static int fill(struct model *model, struct bytes text, const char *folder, struct error *err)
{
	struct reader reader = {
		.model = model, .source = model->source, .folder = folder, .err = err
	};
	struct tree_node *root = tree_parse(text, model->source, err);
	int status;

	if (root == NULL)
		return -1;
	if (tree_is_null(root)) {
		error_set(err, ERROR_INVALID, "could not read the manifest: it is empty");
		error_hint(err, "Describe at least one listener in it.");
		status = model_error_place(err, model->source, 0);
	} else {
		status = reader_read(&reader, &manifest_resource, root, model);
	}
	tree_free(root);
	return status;
}

struct model *manifest_read_text(struct bytes text, const char *path, bool with_files,
				 struct model_warnings *warnings, struct error *err)
{
	struct model *model = model_new();
	char *folder = folder_of(path);
	int status;

	model->source = memory_copy_string(path);
	status = fill(model, text, folder, err);
	if (status == 0)
		status = complete_settings(model, folder, err);
	if (status == 0) {
		add_system_policies(model);
		complete_servers(model);
		model_index(model);
	}
	if (status == 0 && with_files)
		status = read_files(model, warnings, err);
	free(folder);
	if (status == 0)
		return model;
	model_free(model);
	return NULL;
}

struct model *manifest_read(const char *path, struct model_warnings *warnings, struct error *err)
{
	struct buffer text = { 0 };
	struct model *model;

	if (buffer_read_file(path, MANIFEST_SIZE_MAX, &text, err) < 0) {
		error_hint(
			err,
			"Name a YAML file of at most 16 MiB; sallyport.yaml(5) says what is in it.");
		model_error_place(err, path, 0);
		return NULL;
	}
	model = manifest_read_text(buffer_bytes(&text), path, true, warnings, err);
	buffer_done(&text);
	return model;
}
