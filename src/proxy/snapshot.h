/*
 * proxy/snapshot.h - a document made ready to serve, built in slices between event-loop turns.
 *
 * Objects are shared with the snapshot before by content hash: of 10,000 certificates of which one
 * changed, one is built. The old snapshot serves until the new one is whole, and stays on any error.
 */
#ifndef SALLYPORT_PROXY_SNAPSHOT_H
#define SALLYPORT_PROXY_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>
#include "document/document.h"
#include "proxy/listener.h"

struct snapshot {
	uint64_t version;
	bool log_json;
	struct credential **credentials; /* in the order of the document */
	uint8_t (*credential_hashes)[DOCUMENT_HASH_SIZE];
	uint32_t *credential_index; /* open addressing: row of a hash, or DOCUMENT_NONE */
	uint32_t credential_count, credential_index_size;
	struct trust_set **trusts;
	uint32_t trust_count;
	struct group **groups;
	char (*group_names)[DOCUMENT_NAME_SIZE];
	uint8_t (*group_hashes)[DOCUMENT_HASH_SIZE];
	uint32_t group_count;
	struct listener **listeners;
	uint32_t listener_count;
	uint32_t *address_index; /* open addressing: row of a listener with one port, or DOCUMENT_NONE */
	uint32_t address_index_size;
	bool has_ranges; /* some listeners have several ports, and are not in the index */
};

void snapshot_free(struct snapshot *snapshot); /* NULL is fine */
/* The listener that serves this address and port, or NULL. */
struct listener *snapshot_listener(const struct snapshot *snapshot, const struct address *address);

/* This listener, or the newer one in its place; NULL: it is gone. */
const struct listener *snapshot_successor(const struct snapshot *snapshot,
					  const struct listener *listener);
/* Is it still served? Connections of one that is not end. */
bool snapshot_serves(const struct snapshot *snapshot, const struct listener *listener);

/* Do revocations cut connections of a listener now where they did not with old (NULL: none)? */
bool snapshot_cuts_more(const struct snapshot *snapshot, const struct snapshot *old);

enum snapshot_step { SNAPSHOT_AGAIN, SNAPSHOT_READY, SNAPSHOT_FAILED };

struct snapshot_builder;

/* Takes the document (decoded from mapped, which it unmaps at its end). old: what is served now. */
struct snapshot_builder *snapshot_builder_new(struct document *document, struct bytes mapped,
					      const struct snapshot *old,
					      const struct tls_hooks *hooks);
void snapshot_builder_free(struct snapshot_builder *builder);
uint64_t snapshot_builder_version(const struct snapshot_builder *builder);
/* Works until monotime_us() reaches deadline_us. */
enum snapshot_step snapshot_builder_step(struct snapshot_builder *builder, uint64_t deadline_us,
					 struct error *err);
/* After READY: the finished snapshot. Server groups change hands here: servers that left the document
 * are marked gone. Cannot fail. */
struct snapshot *snapshot_builder_finish(struct snapshot_builder *builder, struct snapshot *old,
					 struct balance_env env, uint64_t now_ms);

#endif
