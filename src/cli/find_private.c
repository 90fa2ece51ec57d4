#include "cli/find_private.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define BUILT_IN "Sallyport Issuing CA "

static bool has_text(const json_t *row, const char *member, const char *text)
{
	return strcmp(session_text(row, member), text) == 0;
}

static bool can_issue(const json_t *row)
{
	return has_text(row, "Status", "ISSUE") &&
	       json_is_true(json_object_get(row, "ExistPrivateKey"));
}

/* --- CAs --- */

static bool is_built_in(const json_t *row)
{
	return strncmp(session_text(row, "CommonName"), BUILT_IN, strlen(BUILT_IN)) == 0;
}

/* The built-in one; else the only subordinate one. */
static json_t *standard_authority(const json_t *list, struct error *err)
{
	json_t *only = NULL, *row;
	size_t count = 0, i;

	json_array_foreach(list, i, row)
	{
		if (!has_text(row, "CertificateType", "SUB_ROOT") || !can_issue(row))
			continue;
		if (is_built_in(row))
			return json_incref(row);
		only = row;
		count++;
	}
	if (count == 1)
		return json_incref(only);
	error_set(err, ERROR_CONFLICT, "could not choose a CA: %zu subordinate ones can issue",
		  count);
	error_hint(err, "Say which one with --ca; \"sallyport ca list\" shows them.");
	return NULL;
}

static json_t *named_authority(const json_t *list, const char *name, struct error *err)
{
	json_t *found = NULL, *row;
	size_t i;

	json_array_foreach(list, i, row)
	{
		if (has_text(row, "Identifier", name))
			return json_incref(row);
		if (has_text(row, "CommonName", name) && (found == NULL || can_issue(row)))
			found = row;
	}
	if (found != NULL)
		return json_incref(found);
	error_set(err, ERROR_NOT_FOUND, "there is no CA \"%s\"", name);
	error_hint(err, "\"sallyport ca list\" shows them all.");
	return NULL;
}

json_t *find_authority(const struct session *session, const char *name, struct error *err)
{
	json_t *list = session_list(session, "pca", "DescribeCACertificateList", NULL,
				    "CertificateList", err);
	json_t *found;

	if (list == NULL)
		return NULL;
	found = name != NULL ? named_authority(list, name, err) : standard_authority(list, err);
	json_decref(list);
	return found;
}

/* --- certificates --- */

/* Serial numbers as other programs print them: colons, any case, leading zeros. */
static bool is_serial(const char *given, const char *known)
{
	while (*given == '0' || *given == ':')
		given++;
	while (*known == '0')
		known++;
	while (*given != '\0' && *known != '\0') {
		if (*given == ':') {
			given++;
			continue;
		}
		if (strncasecmp(given++, known++, 1) != 0)
			return false;
	}
	return *given == *known;
}

struct choice {
	json_t *row;
	bool revoked;
	size_t rivals;	 /* of the same kind */
	char names[200]; /* of all */
};

static void consider(struct choice *choice, json_t *row)
{
	bool revoked = !has_text(row, "Status", "ISSUE");
	size_t used = strlen(choice->names);

	if (choice->row != NULL && revoked && !choice->revoked)
		return;
	if (choice->row == NULL || revoked != choice->revoked) {
		choice->rivals = 0;
		choice->names[used = 0] = '\0';
	}
	choice->row = row;
	choice->revoked = revoked;
	choice->rivals++;
	snprintf(choice->names + used, sizeof(choice->names) - used, "%s%s", used > 0 ? ", " : "",
		 session_text(row, "Identifier"));
}

static json_t *choose(const json_t *list, const char *name, struct error *err)
{
	struct choice choice = { 0 };
	json_t *row;
	size_t i;

	json_array_foreach(list, i, row)
	{
		if (has_text(row, "Identifier", name) ||
		    is_serial(name, session_text(row, "SerialNumber")))
			return json_incref(row);
		if (has_text(row, "CommonName", name))
			consider(&choice, row);
	}
	if (choice.rivals == 1)
		return json_incref(choice.row);
	if (choice.row == NULL) {
		error_set(err, ERROR_NOT_FOUND, "there is no certificate \"%s\"", name);
		error_hint(err, "\"sallyport get certificates\" shows those of the private CA.");
		return NULL;
	}
	error_set(err, ERROR_CONFLICT, "could not choose: %zu certificates are called \"%s\": %s",
		  choice.rivals, name, choice.names);
	error_hint(err, "Name one by its Identifier or serial number.");
	return NULL;
}

/* The keyword is looked for as it stands: a serial number goes without its colons. */
static void as_keyword(const char *name, char ret_keyword[129])
{
	bool serial =
		strchr(name, ':') != NULL && name[strspn(name, "0123456789abcdefABCDEF:")] == '\0';
	size_t used = 0;

	for (; *name != '\0' && used < 128; name++)
		if (!serial || *name != ':')
			ret_keyword[used++] = *name;
	ret_keyword[used] = '\0';
}

json_t *find_issued(const struct session *session, const char *name, struct error *err)
{
	char keyword[129];
	json_t *list, *found;

	as_keyword(name, keyword);
	list = session_list(session, "pca", "ListClientCertificate",
			    json_pack("{s:s}", "KeyWord", keyword), "CertificateList", err);
	if (list == NULL)
		return NULL;
	found = choose(list, name, err);
	json_decref(list);
	return found;
}
