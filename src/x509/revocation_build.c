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
#include "x509/revocation_internal.h"

/* What one list said. */
struct loaded_list {
	uint8_t point[32];                 /* SHA-256 of the issuing distribution point */
	int64_t this_update, next_update;
	uint8_t number[REVOCATION_SERIAL_SIZE + 1]; /* length first, so that they compare */
	uint32_t covers;
	struct revocation_entry *entries;  /* owned */
	size_t count, capacity;
};

struct issuer {
	uint8_t key[REVOCATION_KEY_SIZE];
	char name[192];
	bool broken;
	struct loaded_list *lists;         /* owned */
	size_t list_count;
};

/* A file that does not say whose list it was: one of these issuers'. */
struct suspects {
	uint8_t (*keys)[REVOCATION_KEY_SIZE]; /* owned */
	size_t count;
};

struct revocation_builder {
	struct issuer *issuers;
	size_t count;
	struct suspects *suspects;         /* owned */
	size_t suspects_count;
};

struct revocation_builder *revocation_builder_new(void)
{
	return memory_new(sizeof(struct revocation_builder));
}

void revocation_builder_free(struct revocation_builder *builder)
{
	size_t i, k;

	if (builder == NULL)
		return;
	for (i = 0; i < builder->count; i++) {
		for (k = 0; k < builder->issuers[i].list_count; k++)
			free(builder->issuers[i].lists[k].entries);
		free(builder->issuers[i].lists);
	}
	for (i = 0; i < builder->suspects_count; i++)
		free(builder->suspects[i].keys);
	free(builder->suspects);
	free(builder->issuers);
	free(builder);
}

static struct issuer *issuer_for(struct revocation_builder *builder, const struct certificate *ca)
{
	struct issuer *issuer;
	size_t i;

	for (i = 0; i < builder->count; i++)
		if (memcmp(builder->issuers[i].key, ca->key_hash, REVOCATION_KEY_SIZE) == 0)
			return &builder->issuers[i];
	builder->issuers = memory_resize(builder->issuers,
					 (builder->count + 1) * sizeof(*builder->issuers));
	issuer = &builder->issuers[builder->count++];
	*issuer = (struct issuer){ 0 };
	memcpy(issuer->key, ca->key_hash, sizeof(issuer->key));
	certificate_subject_text(ca, issuer->name, sizeof(issuer->name));
	return issuer;
}

/* --- one list --- */

static void keep_entry(void *arg, struct bytes serial, int64_t when)
{
	struct loaded_list *list = arg;
	struct revocation_entry *entry;

	if (serial.len > REVOCATION_SERIAL_SIZE)
		return;
	if (list->count == list->capacity) {
		list->capacity = list->capacity == 0 ? 64 : 2 * list->capacity;
		list->entries = memory_resize(list->entries, list->capacity * sizeof(*list->entries));
	}
	entry = &list->entries[list->count++];
	*entry = (struct revocation_entry){ .len = (uint8_t)serial.len, .when = when };
	memcpy(entry->serial, serial.data, serial.len);
}

static uint32_t covers_of(enum crl_scope scope)
{
	return scope == CRL_SCOPE_USERS ? REVOCATION_COVERS_USERS :
	       scope == CRL_SCOPE_CAS ? REVOCATION_COVERS_CAS :
	       REVOCATION_COVERS_USERS | REVOCATION_COVERS_CAS;
}

static void list_from(const struct crl *crl, struct loaded_list *list)
{
	size_t len = crl->number.len <= REVOCATION_SERIAL_SIZE ? crl->number.len : 0;

	*list = (struct loaded_list){ .this_update = crl->this_update,
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
static bool is_later(const struct loaded_list *list, const struct loaded_list *other)
{
	if (list->this_update != other->this_update)
		return list->this_update > other->this_update;
	return memcmp(list->number, other->number, sizeof(list->number)) >= 0;
}

static void issuer_take_list(struct issuer *issuer, struct loaded_list *list)
{
	size_t i;

	for (i = 0; i < issuer->list_count; i++) {
		struct loaded_list *other = &issuer->lists[i];

		if (memcmp(other->point, list->point, sizeof(list->point)) != 0)
			continue;
		if (!is_later(list, other)) {
			free(list->entries);
			return;
		}
		free(other->entries);
		*other = *list;
		return;
	}
	issuer->lists = memory_resize(issuer->lists,
				      (issuer->list_count + 1) * sizeof(*issuer->lists));
	issuer->lists[issuer->list_count++] = *list;
}

/* --- one file --- */

struct adding {
	struct revocation_builder *builder;
	const char *path;
	struct certificate **cas;  /* of the entry */
	size_t ca_count;
	struct error first;        /* what was wrong first */
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
	struct suspects *suspects;
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

/* The CA that name and key id tell, else those of the name, else one of the entry: which, is decided
 * when all files have been read. */
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
	error_set(err, ERROR_INVALID, "its issuer \"%s\" is not among the CA certificates of this entry",
		  name);
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
	struct loaded_list list;
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
		error_set(&why, ERROR_INVALID, content.len == 0 ? "it is empty" :
			  "it holds no revocation list");
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

/* --- files that do not say whose they were --- */

static struct issuer *issuer_of_key(const struct revocation_builder *builder, const uint8_t *key)
{
	size_t i = 0;

	while (memcmp(builder->issuers[i].key, key, REVOCATION_KEY_SIZE) != 0)
		i++;
	return &builder->issuers[i];
}

/* Those without a list of their own lack this one. When all have one it may be a second list of any. */
static void judge_suspects(struct revocation_builder *builder, const struct suspects *suspects)
{
	bool somebody_lacks = false;
	size_t i;

	for (i = 0; i < suspects->count; i++)
		somebody_lacks |= issuer_of_key(builder, suspects->keys[i])->list_count == 0;
	for (i = 0; i < suspects->count; i++) {
		struct issuer *issuer = issuer_of_key(builder, suspects->keys[i]);

		issuer->broken |= !somebody_lacks || issuer->list_count == 0;
	}
}

/* --- the table --- */

static int compare_issuers(const void *a, const void *b)
{
	return memcmp(((const struct issuer *)a)->key, ((const struct issuer *)b)->key,
		      REVOCATION_KEY_SIZE);
}

/* len and serial lie side by side: one comparison. */
static int compare_entries(const void *a, const void *b)
{
	return memcmp(a, b, 1 + REVOCATION_SERIAL_SIZE);
}

static size_t issuer_entry_count(const struct issuer *issuer)
{
	size_t count = 0;
	size_t i;

	for (i = 0; i < issuer->list_count; i++)
		count += issuer->lists[i].count;
	return count;
}

static struct revocation_row row_of(const struct issuer *issuer, uint64_t first)
{
	struct revocation_row row = { .broken = issuer->broken, .first = first,
				      .count = issuer_entry_count(issuer) };
	size_t i;

	memcpy(row.key, issuer->key, sizeof(row.key));
	memcpy(row.name, issuer->name, sizeof(row.name));
	for (i = 0; i < issuer->list_count; i++) {
		const struct loaded_list *list = &issuer->lists[i];

		row.covers |= list->covers;
		if (i == 0 || list->this_update > row.this_update)
			row.this_update = list->this_update;
		if (list->next_update != 0 &&
		    (row.next_update == 0 || list->next_update < row.next_update))
			row.next_update = list->next_update;
	}
	return row;
}

static void append_rows(const struct revocation_builder *builder, struct buffer *out)
{
	uint64_t first = 0;
	size_t i;

	for (i = 0; i < builder->count; i++) {
		struct revocation_row row = row_of(&builder->issuers[i], first);

		buffer_append(out, &row, sizeof(row));
		first += row.count;
	}
}

static bool is_sorted(const struct revocation_entry *entries, size_t count)
{
	size_t i;

	for (i = 1; i < count; i++)
		if (compare_entries(&entries[i - 1], &entries[i]) > 0)
			return false;
	return true;
}

static void append_entries(const struct issuer *issuer, struct buffer *out)
{
	size_t count = issuer_entry_count(issuer);
	struct revocation_entry *entries = memory_new(count * sizeof(*entries));
	size_t used = 0;
	size_t i;

	for (i = 0; i < issuer->list_count; i++) {
		const struct loaded_list *list = &issuer->lists[i];

		if (list->count > 0)
			memcpy(entries + used, list->entries, list->count * sizeof(*entries));
		used += list->count;
	}
	if (!is_sorted(entries, count))
		qsort(entries, count, sizeof(*entries), compare_entries);
	buffer_append(out, entries, count * sizeof(*entries));
	free(entries);
}

int revocation_builder_finish(struct revocation_builder *builder, struct buffer *ret_bytes,
			      struct error *err)
{
	struct revocation_header header = { .issuer_count = builder->count };
	struct revocation table;
	size_t i;

	memcpy(header.magic, REVOCATION_MAGIC, sizeof(header.magic));
	for (i = 0; i < builder->suspects_count; i++)
		judge_suspects(builder, &builder->suspects[i]);
	if (builder->count > 0)
		qsort(builder->issuers, builder->count, sizeof(*builder->issuers), compare_issuers);
	for (i = 0; i < builder->count; i++)
		header.entry_count += issuer_entry_count(&builder->issuers[i]);
	buffer_done(ret_bytes);
	buffer_append(ret_bytes, &header, sizeof(header));
	append_rows(builder, ret_bytes);
	for (i = 0; i < builder->count; i++)
		append_entries(&builder->issuers[i], ret_bytes);
	return revocation_open(buffer_bytes(ret_bytes), &table, err);
}
