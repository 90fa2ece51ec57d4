/*
 * From CRL files to the table. Lists are kept by issuer key and distribution point: of two for the
 * same, the later wins; those of different points (a CA that shards its lists) are united.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/sha.h>
#include "x509/crl.h"
#include "x509/pem.h"
#include "x509/revocation_builder.h"

struct revocation_builder *revocation_builder_new(void)
{
	return memory_new(sizeof(struct revocation_builder));
}

void revocation_builder_set_made(struct revocation_builder *builder, uint64_t made)
{
	builder->made = made;
}

static void list_done(struct revocation_list *list)
{
	if (!list->borrowed)
		free(list->entries);
}

void revocation_builder_free(struct revocation_builder *builder)
{
	size_t i, k;

	if (builder == NULL)
		return;
	for (i = 0; i < builder->count; i++) {
		for (k = 0; k < builder->issuers[i].list_count; k++)
			list_done(&builder->issuers[i].lists[k]);
		free(builder->issuers[i].lists);
	}
	for (i = 0; i < builder->suspects_count; i++)
		free(builder->suspects[i].keys);
	free(builder->suspects);
	free(builder->issuers);
	free(builder);
}

struct revocation_issuer_lists *revocation_issuer_find(struct revocation_builder *builder,
						       const uint8_t *key)
{
	size_t i;

	for (i = 0; i < builder->count; i++)
		if (memcmp(builder->issuers[i].key, key, REVOCATION_KEY_SIZE) == 0)
			return &builder->issuers[i];
	return NULL;
}

struct revocation_issuer_lists *revocation_issuer_new(struct revocation_builder *builder,
						      const uint8_t *key)
{
	struct revocation_issuer_lists *issuer;

	builder->issuers =
		memory_resize(builder->issuers, (builder->count + 1) * sizeof(*builder->issuers));
	issuer = &builder->issuers[builder->count++];
	*issuer = (struct revocation_issuer_lists){ 0 };
	memcpy(issuer->key, key, sizeof(issuer->key));
	return issuer;
}

static struct revocation_issuer_lists *issuer_for(struct revocation_builder *builder,
						  const struct certificate *ca)
{
	struct revocation_issuer_lists *issuer = revocation_issuer_find(builder, ca->key_hash);

	if (issuer == NULL) {
		issuer = revocation_issuer_new(builder, ca->key_hash);
		certificate_subject_text(ca, issuer->name, sizeof(issuer->name));
	}
	return issuer;
}

/* --- one list --- */

bool revocation_entry_make(struct bytes serial, int64_t when, struct revocation_entry *ret_entry)
{
	if (serial.len == 0 || serial.len > REVOCATION_SERIAL_SIZE)
		return false;
	*ret_entry = (struct revocation_entry){ .len = (uint8_t)serial.len, .when = when };
	memcpy(ret_entry->serial, serial.data, serial.len);
	return true;
}

/* len and serial lie side by side: one comparison. */
int revocation_entry_compare(const void *a, const void *b)
{
	return memcmp(a, b, 1 + REVOCATION_SERIAL_SIZE);
}

static void keep_entry(void *arg, struct bytes serial, int64_t when)
{
	struct revocation_list *list = arg;
	struct revocation_entry entry;

	if (!revocation_entry_make(serial, when, &entry))
		return;
	if (list->count == list->capacity) {
		list->capacity = list->capacity == 0 ? 64 : 2 * list->capacity;
		list->entries =
			memory_resize(list->entries, list->capacity * sizeof(*list->entries));
	}
	list->entries[list->count++] = entry;
}

static uint32_t covers_of(enum crl_scope scope)
{
	return scope == CRL_SCOPE_USERS ? REVOCATION_COVERS_USERS
	       : scope == CRL_SCOPE_CAS ? REVOCATION_COVERS_CAS
					: REVOCATION_COVERS_USERS | REVOCATION_COVERS_CAS;
}

static void list_from(const struct crl *crl, struct revocation_list *list)
{
	size_t len = crl->number.len <= REVOCATION_SERIAL_SIZE ? crl->number.len : 0;

	*list = (struct revocation_list){ .this_update = crl->this_update,
					  .next_update = crl->next_update,
					  .covers = covers_of(crl->scope) };
	SHA256(crl->distribution_point.data, crl->distribution_point.len, list->point);
	list->number[0] = (uint8_t)len;
	if (len > 0)
		memcpy(list->number + 1, crl->number.data, len);
	list->capacity = crl->entries.len / 32;
	if (list->capacity > 0)
		list->entries = memory_new(list->capacity * sizeof(*list->entries));
}

/* Two lists of the same second happen to those who script their CA: then the number decides. */
static bool is_later(const struct revocation_list *list, const struct revocation_list *other)
{
	if (list->this_update != other->this_update)
		return list->this_update > other->this_update;
	return memcmp(list->number, other->number, sizeof(list->number)) >= 0;
}

void revocation_issuer_append_list(struct revocation_issuer_lists *issuer,
				   const struct revocation_list *list)
{
	issuer->lists =
		memory_resize(issuer->lists, (issuer->list_count + 1) * sizeof(*issuer->lists));
	issuer->lists[issuer->list_count++] = *list;
}

static void issuer_take_list(struct revocation_issuer_lists *issuer, struct revocation_list *list)
{
	size_t i;

	for (i = 0; i < issuer->list_count; i++) {
		struct revocation_list *other = &issuer->lists[i];

		if (memcmp(other->point, list->point, sizeof(list->point)) != 0)
			continue;
		if (!is_later(list, other)) {
			list_done(list);
			return;
		}
		list_done(other);
		*other = *list;
		return;
	}
	revocation_issuer_append_list(issuer, list);
}

/* --- one file --- */

struct adding {
	struct revocation_builder *builder;
	const char *path;
	struct certificate **cas; /* of the entry */
	size_t ca_count;
	struct error first; /* what was wrong first */
	size_t lists;
};

static bool break_named(struct adding *adding, const struct crl *crl, bool by_key_id)
{
	bool found = false;
	size_t i;

	for (i = 0; i < adding->ca_count; i++) {
		if (!crl_names(crl, adding->cas[i]) ||
		    (by_key_id && !crl_key_id_agrees(crl, adding->cas[i])))
			continue;
		issuer_for(adding->builder, adding->cas[i])->broken = true;
		found = true;
	}
	return found;
}

static void suspect_all(const struct adding *adding)
{
	struct revocation_builder *builder = adding->builder;
	struct revocation_suspects *suspects;
	size_t i;

	builder->suspects = memory_resize(builder->suspects, (builder->suspects_count + 1) *
								     sizeof(*builder->suspects));
	suspects = &builder->suspects[builder->suspects_count++];
	suspects->count = adding->ca_count;
	suspects->keys = memory_new(adding->ca_count * sizeof(*suspects->keys));
	for (i = 0; i < adding->ca_count; i++)
		memcpy(suspects->keys[i], issuer_for(builder, adding->cas[i])->key,
		       REVOCATION_KEY_SIZE);
}

/* The CA that name and key id tell, else those of the name, else one of the entry: which, is
 * decided when all files have been read. */
static void break_issuers(struct adding *adding, const struct crl *crl)
{
	if (crl == NULL || (!break_named(adding, crl, true) && !break_named(adding, crl, false)))
		suspect_all(adding);
}

static void note(struct adding *adding, const struct crl *crl, const struct error *why)
{
	break_issuers(adding, crl);
	if (adding->first.code == ERROR_NONE) {
		adding->first = *why;
		error_set(&adding->first, why->code, "could not use revocation list \"%s\": %.160s",
			  adding->path, why->message);
	}
}

static void describe_stranger(const struct crl *crl, struct error *err)
{
	const uint8_t *at = crl->issuer.data;
	X509_NAME *issuer = d2i_X509_NAME(NULL, &at, (long)crl->issuer.len);
	char name[96] = "?";

	if (issuer != NULL)
		name_text(issuer, name, sizeof(name));
	X509_NAME_free(issuer);
	error_set(err, ERROR_INVALID,
		  "its issuer \"%s\" is not among the CA certificates of this entry", name);
}

/* Same name and no key ids: the signature tells which CA it was. */
static const struct certificate *find_signer(const struct adding *adding, const struct crl *crl,
					     struct error *err)
{
	size_t i;

	describe_stranger(crl, err);
	for (i = 0; i < adding->ca_count; i++)
		if (crl_names(crl, adding->cas[i]) &&
		    crl_check_signature(crl, adding->cas[i], err) == 0)
			return adding->cas[i];
	return NULL;
}

static void add_list(struct adding *adding, struct bytes der)
{
	const struct certificate *signer;
	struct revocation_list list;
	struct error why = { 0 };
	struct crl crl;

	adding->lists++;
	if (crl_parse(der, &crl, &why) < 0) {
		note(adding, &crl, &why);
		return;
	}
	signer = find_signer(adding, &crl, &why);
	if (signer == NULL) {
		note(adding, &crl, &why);
		return;
	}
	list_from(&crl, &list);
	if (crl_each_entry(&crl, keep_entry, &list, &why) < 0) {
		free(list.entries);
		note(adding, &crl, &why);
		return;
	}
	issuer_take_list(issuer_for(adding->builder, signer), &list);
}

static int add_block(void *arg, const struct pem_block *block, struct error *err)
{
	(void)err;
	if (pem_label_is(block, "X509 CRL") || pem_label_is(block, "CRL"))
		add_list(arg, block->der);
	return 0;
}

static void add_content(struct adding *adding, struct bytes content)
{
	struct error why = { 0 };
	size_t blocks = 0;

	if (pem_each(content, "the file", add_block, adding, &blocks, &why) < 0)
		note(adding, NULL, &why);
	else if (blocks == 0 && content.len > 0 && content.data[0] == 0x30)
		add_list(adding, content);
	else if (adding->lists == 0) {
		error_set(&why, ERROR_INVALID,
			  content.len == 0 ? "it is empty" : "it holds no revocation list");
		note(adding, NULL, &why);
	}
}

static void parse_cas(struct adding *adding, const struct bytes *ca_ders, size_t ca_count)
{
	size_t i;

	adding->cas = memory_new(ca_count * sizeof(void *));
	for (i = 0; i < ca_count; i++) {
		struct certificate *ca = certificate_parse(ca_ders[i], NULL);

		if (ca != NULL)
			adding->cas[adding->ca_count++] = ca;
	}
}

static void adding_done(struct adding *adding)
{
	while (adding->ca_count > 0)
		certificate_free(adding->cas[--adding->ca_count]);
	free(adding->cas);
}

int revocation_builder_add(struct revocation_builder *builder, const char *path,
			   struct bytes content, const struct bytes *ca_ders, size_t ca_count,
			   struct error *err)
{
	struct adding adding = { .builder = builder, .path = path };

	parse_cas(&adding, ca_ders, ca_count);
	add_content(&adding, content);
	adding_done(&adding);
	if (adding.first.code == ERROR_NONE)
		return 0;
	error_set(err, adding.first.code, "%s", adding.first.message);
	return error_hint(err, "Clients of its issuer are refused until a good list is there.");
}

void revocation_builder_add_unreadable(struct revocation_builder *builder,
				       const struct bytes *ca_ders, size_t ca_count)
{
	struct adding adding = { .builder = builder };

	parse_cas(&adding, ca_ders, ca_count);
	break_issuers(&adding, NULL);
	adding_done(&adding);
}
