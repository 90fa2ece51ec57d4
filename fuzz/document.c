/* Any bytes as a document: an error, or a document whose every part can be read. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "document/document.h"
#include "document/slots.h"
#include "stats/stats.h"

static volatile size_t sum; /* what was read must not be optimised away */

static void read_bytes(struct bytes bytes)
{
	size_t i;

	for (i = 0; i < bytes.len; i++)
		sum += bytes.data[i];
}

static void read_objects(const struct document *document)
{
	uint32_t i, j;

	for (i = 0; i < document->certificate_count; i++) {
		read_bytes(document->certificates[i].key);
		for (j = 0; j < document->certificates[i].chain_count; j++)
			read_bytes(document->certificates[i].chain[j]);
	}
	for (i = 0; i < document->trust_count; i++) {
		for (j = 0; j < document->trusts[i].ca_count; j++)
			read_bytes(document->trusts[i].cas[j].der);
	}
	for (i = 0; i < document->policy_count; i++) {
		for (j = 0; j < document->policies[i].cipher_count; j++)
			read_bytes(document->policies[i].ciphers[j]);
	}
	for (i = 0; i < document->group_count; i++) {
		for (j = 0; j < document->groups[i].server_count; j++)
			assert(document->groups[i].servers[j].slot < STATS_SERVERS);
	}
}

static void read_listener(const struct document *document, const struct document_listener *listener)
{
	uint32_t i;

	assert(listener->slot < STATS_LISTENERS);
	assert(listener->group < document->group_count);
	assert(listener->policy == DOCUMENT_NONE || listener->policy < document->policy_count);
	assert(listener->trust == DOCUMENT_NONE || listener->trust < document->trust_count);
	for (i = 0; i < listener->address_count; i++)
		assert(listener->addresses[i].family == 4 || listener->addresses[i].family == 6);
	for (i = 0; i < listener->default_certificate_count; i++)
		assert(listener->default_certificates[i] < document->certificate_count);
	for (i = 0; i < listener->sni_count; i++) {
		read_bytes(listener->sni[i].name);
		assert(listener->sni[i].certificate < document->certificate_count);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	struct document *document = document_decode((struct bytes){ data, size }, &err);
	struct slots *slots;
	uint32_t i;

	if (document == NULL) {
		assert(err.code != ERROR_NONE && err.message[0] != '\0');
		return 0;
	}
	read_objects(document);
	for (i = 0; i < document->listener_count; i++)
		read_listener(document, &document->listeners[i]);
	slots = slots_new(STATS_LISTENERS, STATS_SERVERS);
	slots_recover(slots, document);
	slots_free(slots);
	document_free(document);
	return 0;
}
