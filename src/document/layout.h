/*
 * document/layout.h - the bytes of a document. Shared by encode and decode, not for others.
 *
 *   magic, layout version, length of the body
 *   body:  certificates and keys, one after another
 *   head:  document version, settings, one total per kind of array,
 *          certificates, trusts, policies, groups, listeners
 *
 * A reader walks the head and only points into the body, whose pages nobody touches before a
 * certificate is used: decoding 10,000 certificates must not stop a worker.
 *
 * An object is its hash, its own fields, then its references (indexes). The hash covers a tag, the
 * fields as they are written, its part of the body, and the hashes of what is referred to, in place
 * of the indexes.
 */
#ifndef SALLYPORT_DOCUMENT_LAYOUT_H
#define SALLYPORT_DOCUMENT_LAYOUT_H

#include <stdint.h>

#define LAYOUT_MAGIC 0x4f445053u /* "SPDO" */
#define LAYOUT_VERSION 2u
#define LAYOUT_BODY_AT 16u /* behind magic, version and length */

/* Every array of a document: its name in layout_totals, and the least bytes an item takes. */
#define LAYOUT_ARRAYS(X) \
	X(certificates, 62) \
	X(chains, 4) \
	X(trusts, 36) \
	X(cas, 9) \
	X(policies, 44) \
	X(ciphers, 5) \
	X(groups, 80) \
	X(servers, 36) \
	X(listeners, 150) \
	X(addresses, 19) \
	X(blocks, 20) \
	X(defaults, 4) \
	X(sni, 9)

/* How many of each a document holds: written in front, so that a reader can make the arrays. */
struct layout_totals {
#define X(name, size) uint32_t name;
	LAYOUT_ARRAYS(X)
#undef X
};

/* Limits that both sides keep. */
#define LAYOUT_DER_MAX 32768u
#define LAYOUT_KEY_MAX 65536u
#define LAYOUT_CIPHER_MAX 64u
#define LAYOUT_SNI_MAX 253u
#define LAYOUT_SECONDS_MAX 86400u
#define LAYOUT_WEIGHT_MAX 100u
#define LAYOUT_DEPTH_MAX 10u

#endif
