/* Who is let in by a chain, and for which reason everybody else is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include <openssl/bytestring.h>
#include "support_certificates.h"
#include "x509/chain.h"

struct seen {
	enum reason reason;
	unsigned int depth, path_count, calls;
	char detail[160];
};

static void keep_result(void *arg, const struct chain_result *result)
{
	struct seen *seen = arg;

	seen->calls++;
	seen->reason = result->reason;
	seen->depth = result->depth;
	seen->path_count = result->path_count;
	memcpy(seen->detail, result->detail, sizeof(seen->detail));
}

#define LIST_MAX (CHAIN_MAX_SENT + 1)

/* A trust set and what a client sends; made with LIST(). */
struct list {
	struct made items[LIST_MAX];
	size_t count;
};

#define LIST(...) ((struct list){ { __VA_ARGS__ }, \
				  sizeof((struct made[]){ __VA_ARGS__ }) / sizeof(struct made) })

static struct trust *trust_of(struct list cas, bool strict)
{
	struct trust_ca given[LIST_MAX];
	struct error err = { 0 };
	struct trust *trust;
	size_t i;

	for (i = 0; i < cas.count; i++)
		given[i] = (struct trust_ca){ cas.items[i].der, strict, "clients" };
	trust = trust_new(given, cas.count, &err);
	if (trust == NULL)
		fail_msg("%s", err.message);
	return trust;
}

static struct seen seen_with(struct list cas, bool strict, struct list sent, unsigned int depth,
			     int64_t now)
{
	struct trust *trust = trust_of(cas, strict);
	struct bytes ders[LIST_MAX];
	struct seen seen = { .reason = REASON_COUNT };
	size_t i;

	for (i = 0; i < sent.count; i++)
		ders[i] = sent.items[i].der;
	chain_check(trust, ders, sent.count, depth, now, keep_result, &seen);
	assert_int_equal(seen.calls, 1);
	trust_free(trust);
	return seen;
}

static void assert_reason(struct seen seen, enum reason wanted, int line)
{
	if (seen.reason != wanted)
		fail_msg("line %d: %s (depth %u, %s) instead of %s", line, reason_word(seen.reason),
			 seen.depth, seen.detail, reason_word(wanted));
}

#define CHECK(cas, sent, wanted) \
	assert_reason(seen_with(cas, false, sent, 4, NOW), REASON_##wanted, __LINE__)
#define CHECK_STRICT(cas, sent, wanted) \
	assert_reason(seen_with(cas, true, sent, 4, NOW), REASON_##wanted, __LINE__)
#define CHECK_AT(cas, sent, now, wanted) \
	assert_reason(seen_with(cas, false, sent, 4, now), REASON_##wanted, __LINE__)
#define CHECK_DEPTH(cas, sent, depth, wanted) \
	assert_reason(seen_with(cas, false, sent, depth, NOW), REASON_##wanted, __LINE__)
#define CHECK_BOTH(cas, sent, compatible, strict) \
	do { \
		CHECK(cas, sent, compatible); \
		CHECK_STRICT(cas, sent, strict); \
	} while (0)

/* Made once for all tests. */
static struct made root, sub, leaf, sub_leaf, stranger, stranger_leaf;

static int make_family(void **state)
{
	(void)state;
	root = make_root("CN=Root");
	sub = make_sub("CN=Sub", &root);
	leaf = make_leaf("CN=leaf", &root);
	sub_leaf = make_leaf("CN=sub leaf", &sub);
	stranger = make_root("CN=Stranger");
	stranger_leaf = make_leaf("CN=stranger leaf", &stranger);
	return 0;
}

static struct made leaf_with(struct order order)
{
	if (order.issuer == NULL)
		order.issuer = &root;
	if (order.subject == NULL)
		order.subject = "CN=client";
	return make(order);
}

static struct made ca_with(struct order order)
{
	if (order.constraints == NULL)
		order.constraints = "critical,CA:TRUE";
	return make(order);
}

/* --- trust --- */

static void a_client_of_a_known_ca_is_admitted(void **state)
{
	(void)state;
	CHECK_BOTH(LIST(root), LIST(leaf), ADMITTED, ADMITTED);
	CHECK_BOTH(LIST(root), LIST(sub_leaf, sub), ADMITTED, ADMITTED);
	CHECK_BOTH(LIST(stranger, root), LIST(sub_leaf, sub, root), ADMITTED, ADMITTED);
	CHECK(LIST(root), LIST(sub_leaf, stranger, root, sub), ADMITTED);
}

static void a_client_of_an_unknown_ca_is_refused(void **state)
{
	struct seen seen;

	(void)state;
	CHECK(LIST(root), LIST(stranger_leaf), UNKNOWN_CA);
	CHECK(LIST(root), LIST(stranger_leaf, stranger), UNKNOWN_CA);
	CHECK(LIST(root), LIST(sub_leaf), UNKNOWN_CA);
	seen = seen_with(LIST(root), false, LIST(stranger_leaf), 4, NOW);
	assert_non_null(strstr(seen.detail, "CN=Stranger"));
	assert_int_equal(seen.path_count, 1);
}

static void no_certificate_is_its_own_reason(void **state)
{
	(void)state;
	assert_reason(seen_with(LIST(root), false, (struct list){ .count = 0 }, 4, NOW),
		      REASON_CERTIFICATE_REQUIRED, __LINE__);
}

static void a_subordinate_ca_works_as_anchor(void **state)
{
	struct seen seen;

	(void)state;
	CHECK(LIST(sub), LIST(sub_leaf), ADMITTED);
	CHECK(LIST(sub), LIST(sub_leaf, sub, root), ADMITTED);
	CHECK(LIST(sub), LIST(leaf), UNKNOWN_CA);
	CHECK(LIST(sub), LIST(leaf, root), UNKNOWN_CA);
	seen = seen_with(LIST(sub), false, LIST(sub_leaf, sub, root), 4, NOW);
	assert_int_equal(seen.path_count, 2);
}

static void known_intermediates_complete_the_chain(void **state)
{
	struct made deeper = make_sub("CN=Deeper", &sub);
	struct made client = make_leaf("CN=c", &deeper);

	(void)state;
	CHECK(LIST(root, sub), LIST(sub_leaf), ADMITTED);
	assert_int_equal(seen_with(LIST(sub, root), false, LIST(sub_leaf), 4, NOW).path_count, 3);
	CHECK(LIST(deeper, sub, root), LIST(client), ADMITTED);
	CHECK(LIST(deeper, root), LIST(client, sub), ADMITTED);
	/* deeper is an anchor now: its issuer is not in the set */
	CHECK(LIST(deeper, root), LIST(client), ADMITTED);
	CHECK(LIST(root), LIST(client, deeper), UNKNOWN_CA);
}

static void a_ca_certificate_is_no_client_certificate(void **state)
{
	struct made signing_leaf = leaf_with((struct order){
		.key_usage = "digitalSignature,keyCertSign" });
	struct made ca_leaf = make_sub("CN=ca leaf", &root);

	(void)state;
	CHECK(LIST(root), LIST(root), BAD_PROFILE);
	CHECK(LIST(root, sub), LIST(sub), BAD_PROFILE);
	CHECK(LIST(root), LIST(ca_leaf), BAD_PROFILE);
	CHECK(LIST(root), LIST(signing_leaf), BAD_PROFILE);
	CHECK(LIST(root), LIST(stranger), UNKNOWN_CA);
}

static void only_a_ca_can_be_trusted(void **state)
{
	struct made v1 = make((struct order){ .subject = "CN=v1", .version = 1 });
	struct made no_sign = ca_with((struct order){ .subject = "CN=n", .key_usage = "cRLSign" });
	struct made no_usage = ca_with((struct order){ .subject = "CN=n", .key_usage = NONE });
	const struct made *refused[] = { &leaf, &v1, &no_sign };
	struct error err = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct trust_ca ca = { refused[i]->der, false, "mine" };

		assert_null(trust_new(&ca, 1, &err));
		assert_non_null(strstr(err.message, "\"mine\""));
	}
	CHECK(LIST(no_usage), LIST(leaf_with((struct order){ .issuer = &no_usage })), ADMITTED);
}

static void subjects_are_listed_once(void **state)
{
	struct trust *trust = trust_of(LIST(root, sub, root, stranger), false);

	(void)state;
	assert_int_equal(trust_subject_count(trust), 3);
	assert_int_equal(trust_subject(trust, 0).data[0], 0x30);
	trust_free(trust);
}

static void two_cas_that_certify_only_each_other_are_still_trusted(void **state)
{
	struct made a = make_root("CN=A"), b = make_root("CN=B");
	struct made a_by_b = ca_with((struct order){ .subject = "CN=A", .issuer = &b, .key = a.key });
	struct made b_by_a = ca_with((struct order){ .subject = "CN=B", .issuer = &a, .key = b.key });

	(void)state;
	CHECK(LIST(a_by_b, b_by_a), LIST(make_leaf("CN=x", &a)), ADMITTED);
	CHECK(LIST(a_by_b, b_by_a), LIST(make_leaf("CN=x", &b)), ADMITTED);
	CHECK(LIST(a_by_b, b_by_a), LIST(leaf), UNKNOWN_CA);
}

/* --- several ways --- */

static void cas_of_one_name_are_told_apart(void **state)
{
	struct order bare = { .subject = "CN=Same", .key_id = NONE };
	struct made first = ca_with(bare), second = ca_with(bare), third = ca_with(bare);
	struct made client = leaf_with((struct order){ .issuer = &second, .authority_key_id = NONE });
	struct made with_id = make_root("CN=Same"), other_id = make_root("CN=Same");
	struct made id_client = make_leaf("CN=x", &with_id);

	(void)state;
	CHECK(LIST(first, second), LIST(client), ADMITTED);
	CHECK(LIST(second, first), LIST(client), ADMITTED);
	CHECK(LIST(root), LIST(client, first, second), UNKNOWN_CA);
	CHECK(LIST(first, third), LIST(client), BAD_SIGNATURE);
	CHECK(LIST(first), LIST(client), BAD_SIGNATURE);
	CHECK(LIST(first), LIST(client, second), UNKNOWN_CA);
	CHECK(LIST(with_id, other_id), LIST(id_client), ADMITTED);
	CHECK(LIST(other_id, with_id), LIST(id_client), ADMITTED);
	CHECK(LIST(other_id), LIST(id_client), UNKNOWN_CA);
}

static void same_named_intermediates_are_told_apart(void **state)
{
	struct order bare = { .subject = "CN=Twin", .issuer = &root, .key_id = NONE };
	struct made first = ca_with(bare), second = ca_with(bare);
	struct made client = leaf_with((struct order){ .issuer = &second, .authority_key_id = NONE });

	(void)state;
	CHECK(LIST(root), LIST(client, first, second), ADMITTED);
	CHECK(LIST(root), LIST(client, second, first), ADMITTED);
	CHECK(LIST(root, first), LIST(client, second), ADMITTED);
	CHECK(LIST(root), LIST(client, first), BAD_SIGNATURE);
}

static void cross_signed_cas_work_from_either_root(void **state)
{
	struct made old_root = make_root("CN=Old"), new_root = make_root("CN=New");
	struct made cross = ca_with((struct order){ .subject = "CN=New", .issuer = &old_root,
						    .key = new_root.key });
	struct made gone = ca_with((struct order){ .subject = "CN=New", .issuer = &old_root,
						   .key = new_root.key, .not_after = NOW - 1 });
	struct made client = make_leaf("CN=x", &new_root);

	(void)state;
	CHECK(LIST(old_root), LIST(client, cross), ADMITTED);
	CHECK(LIST(new_root), LIST(client, cross), ADMITTED);
	CHECK(LIST(new_root, old_root), LIST(client, cross), ADMITTED);
	CHECK(LIST(new_root), LIST(client, gone), ADMITTED);
	CHECK(LIST(old_root), LIST(client, gone), CA_EXPIRED);
	CHECK(LIST(old_root), LIST(client, gone, cross), ADMITTED);
	CHECK(LIST(old_root), LIST(client), UNKNOWN_CA);
}

static void an_expired_intermediate_beside_a_valid_twin_does_no_harm(void **state)
{
	struct made expired = ca_with((struct order){ .subject = "CN=Sub", .issuer = &root,
						      .key = sub.key, .not_after = NOW - 1 });

	(void)state;
	CHECK(LIST(root), LIST(sub_leaf, expired, sub), ADMITTED);
	CHECK(LIST(root), LIST(sub_leaf, sub, expired), ADMITTED);
	CHECK(LIST(root, sub), LIST(sub_leaf, expired), ADMITTED);
	CHECK(LIST(root), LIST(sub_leaf, expired), CA_EXPIRED);
}

static void a_rekeyed_root_is_reached_through_its_link(void **state)
{
	struct made next = make_root("CN=Root");
	struct made link = ca_with((struct order){ .subject = "CN=Root", .issuer = &root,
						   .key = next.key });
	struct made client = make_leaf("CN=x", &next);

	(void)state;
	CHECK(LIST(root), LIST(client, link), ADMITTED);
	CHECK(LIST(root), LIST(client), UNKNOWN_CA);
	CHECK(LIST(root, next), LIST(client), ADMITTED);
	CHECK(LIST(next, root), LIST(leaf), ADMITTED);
}

/* Everybody who presses Enter at every question of `openssl req` has one. */
static void a_client_may_bear_the_name_of_its_ca(void **state)
{
	struct order same = { .subject = "CN=Root", .issuer = &root, .authority_key_id = NONE };
	struct made bound = ca_with((struct order){ .subject = "CN=Bound",
		.name_constraints = "critical,permitted;DNS:example.com" });
	struct made selfmade = make((struct order){ .subject = "CN=Root" });

	(void)state;
	same.key_usage = NONE; /* or AWS-LC would see that it is not self-signed */
	CHECK(LIST(root), LIST(make(same)), ADMITTED);
	CHECK(LIST(root, sub), LIST(make(same), root), ADMITTED);
	CHECK(LIST(root), LIST(selfmade), UNKNOWN_CA);
	same.not_after = NOW - 1;
	CHECK(LIST(root), LIST(make(same)), EXPIRED);
	same.forged = true;
	CHECK(LIST(root), LIST(make(same)), BAD_SIGNATURE);
	same.forged = false;
	same.not_after = 0;
	same.unknown = "critical";
	CHECK(LIST(root), LIST(make(same)), UNSUPPORTED_EXTENSION);
	same.unknown = NULL;
	same.extended_key_usage = "serverAuth";
	CHECK(LIST(root), LIST(make(same)), WRONG_PURPOSE);
	same = (struct order){ .subject = "CN=Bound", .issuer = &bound, .authority_key_id = NONE,
			       .key_usage = NONE, .names = NONE };
	CHECK(LIST(bound), LIST(make(same)), NAME_CONSTRAINT);
	same.version = 1;
	same.subject = "CN=Root";
	same.issuer = &root;
	CHECK(LIST(root), LIST(make(same)), ADMITTED);
}

static void a_link_certificate_needs_no_key_ids(void **state)
{
	struct order bare = { .subject = "CN=Renewed", .key_id = NONE, .authority_key_id = NONE };
	struct made old = ca_with(bare), next = ca_with(bare), link;
	struct made client = leaf_with((struct order){ .issuer = &next, .authority_key_id = NONE });

	(void)state;
	bare.issuer = &old;
	bare.key = next.key;
	link = ca_with(bare);
	CHECK(LIST(old), LIST(client, link), ADMITTED);
	CHECK(LIST(old), LIST(client), BAD_SIGNATURE);
	CHECK(LIST(root), LIST(client, link), UNKNOWN_CA);
}

static void a_maze_of_issuers_is_given_up(void **state)
{
	struct order order = { .subject = "CN=Maze", .key_id = NONE, .authority_key_id = NONE };
	struct list sent = { .count = 1 };
	struct made first = ca_with(order);
	EVP_PKEY *keys[9];
	size_t i;

	(void)state;
	for (i = 0; i < 9; i++)
		keys[i] = key_make(KEY_P256);
	order.issuer = &first;
	for (i = 0; i < 9; i++) {
		struct made signer = { first.x509, keys[(i + 1) % 9], { NULL, 0 } };

		order.issuer = &signer;
		order.key = keys[i];
		sent.items[sent.count++] = ca_with(order);
	}
	order = (struct order){ .subject = "CN=x", .authority_key_id = NONE };
	order.issuer = &(struct made){ first.x509, keys[8], { NULL, 0 } };
	sent.items[0] = make(order);
	CHECK(LIST(root), sent, CHAIN_TOO_COMPLEX);
}

/* --- signatures, keys, hashes --- */

static void a_forged_signature_is_named_whatever_else_is_wrong(void **state)
{
	struct order forged = { .forged = true };

	(void)state;
	CHECK(LIST(root), LIST(leaf_with(forged)), BAD_SIGNATURE);
	forged.not_after = NOW - DAY;
	CHECK(LIST(root), LIST(leaf_with(forged)), BAD_SIGNATURE);
	forged.extended_key_usage = "serverAuth";
	CHECK(LIST(root), LIST(leaf_with(forged)), BAD_SIGNATURE);
	forged.unknown = "critical";
	CHECK(LIST(root), LIST(leaf_with(forged)), BAD_SIGNATURE);
	forged.key_type = KEY_RSA_1024;
	CHECK(LIST(root), LIST(leaf_with(forged)), BAD_SIGNATURE);
	forged = (struct order){ .subject = "CN=Sub", .issuer = &root, .key = sub.key, .forged = true };
	CHECK(LIST(root), LIST(sub_leaf, ca_with(forged)), BAD_SIGNATURE);
	CHECK(LIST(root), LIST(sub_leaf, ca_with(forged), sub), ADMITTED);
}

static void weak_keys_are_refused_and_good_ones_are_not(void **state)
{
	static const enum key_type good[] = { KEY_P256, KEY_P384, KEY_P521, KEY_ED25519, KEY_RSA_2048 };
	static const enum key_type weak[] = { KEY_RSA_1024, KEY_RSA_E3, KEY_P224 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct made ca = ca_with((struct order){ .subject = "CN=K", .key_type = good[i] });

		CHECK(LIST(root), LIST(leaf_with((struct order){ .key_type = good[i] })), ADMITTED);
		CHECK(LIST(ca), LIST(make_leaf("CN=x", &ca)), ADMITTED);
	}
	for (i = 0; i < sizeof(weak) / sizeof(weak[0]); i++) {
		struct made ca = ca_with((struct order){ .subject = "CN=K", .key_type = weak[i] });

		CHECK(LIST(root), LIST(leaf_with((struct order){ .key_type = weak[i] })), WEAK_KEY);
		CHECK(LIST(ca), LIST(make_leaf("CN=x", &ca)), WEAK_KEY);
	}
}

/* AWS-LC signs nothing with MD5: the certificate only says so. */
static struct made with_md5(struct made made)
{
	static const uint8_t sha256_with_rsa[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b };
	uint8_t *at = (uint8_t *)made.der.data;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		at = memmem(at, made.der.len - (size_t)(at - made.der.data), sha256_with_rsa,
			    sizeof(sha256_with_rsa));
		assert_non_null(at);
		at += sizeof(sha256_with_rsa);
		at[-1] = 4;
	}
	return made;
}

static void weak_hashes_are_refused_but_for_the_anchors_own(void **state)
{
	struct made old_root = ca_with((struct order){ .subject = "CN=Old", .hash = EVP_sha1(),
						       .key_type = KEY_RSA_2048 });
	struct made old_sub = ca_with((struct order){ .subject = "CN=Old sub", .issuer = &old_root,
						      .hash = EVP_sha1() });

	(void)state;
	CHECK(LIST(root), LIST(leaf_with((struct order){ .hash = EVP_sha1() })), WEAK_SIGNATURE);
	CHECK(LIST(root), LIST(leaf_with((struct order){ .hash = EVP_sha384() })), ADMITTED);
	CHECK(LIST(old_root), LIST(with_md5(leaf_with((struct order){ .issuer = &old_root }))),
	      WEAK_SIGNATURE);
	CHECK(LIST(old_root), LIST(leaf_with((struct order){ .issuer = &old_root,
							     .pss = EVP_sha256() })), ADMITTED);
	CHECK(LIST(old_root), LIST(leaf_with((struct order){ .issuer = &old_root,
							     .pss = EVP_sha1() })), WEAK_SIGNATURE);
	CHECK(LIST(old_root), LIST(make_leaf("CN=x", &old_root)), ADMITTED);
	CHECK(LIST(old_root), LIST(make_leaf("CN=x", &old_sub), old_sub), WEAK_SIGNATURE);
	CHECK(LIST(old_sub), LIST(make_leaf("CN=x", &old_sub)), ADMITTED);
}

/* --- dates --- */

static void dates_count_to_the_second_at_both_ends(void **state)
{
	struct made client = leaf_with((struct order){ .not_before = NOW, .not_after = NOW + 10 });
	struct made ca = ca_with((struct order){ .subject = "CN=Short", .not_before = NOW,
						 .not_after = NOW + 10 });
	struct made ca_client = leaf_with((struct order){ .issuer = &ca });
	struct made mid = ca_with((struct order){ .subject = "CN=Mid", .issuer = &root,
						  .not_before = NOW, .not_after = NOW + 10 });
	struct made mid_client = leaf_with((struct order){ .issuer = &mid });

	(void)state;
	CHECK_AT(LIST(root), LIST(client), NOW - 1, NOT_YET_VALID);
	CHECK_AT(LIST(root), LIST(client), NOW, ADMITTED);
	CHECK_AT(LIST(root), LIST(client), NOW + 10, ADMITTED);
	CHECK_AT(LIST(root), LIST(client), NOW + 11, EXPIRED);
	CHECK_AT(LIST(ca), LIST(ca_client), NOW - 1, CA_NOT_YET_VALID);
	CHECK_AT(LIST(ca), LIST(ca_client), NOW, ADMITTED);
	CHECK_AT(LIST(ca), LIST(ca_client), NOW + 10, ADMITTED);
	CHECK_AT(LIST(ca), LIST(ca_client), NOW + 11, CA_EXPIRED);
	CHECK_AT(LIST(root), LIST(mid_client, mid), NOW + 10, ADMITTED);
	CHECK_AT(LIST(root), LIST(mid_client, mid), NOW + 11, CA_EXPIRED);
}

static void the_end_of_time_is_a_date(void **state)
{
	struct made forever = ca_with((struct order){ .subject = "CN=Forever",
						      .not_after = INT64_C(253402300799) });

	(void)state;
	CHECK_AT(LIST(forever), LIST(leaf_with((struct order){ .issuer = &forever,
		.not_after = INT64_C(253402300799) })), INT64_C(4102444800), ADMITTED);
}

/* --- limits --- */

static void depth_counts_intermediates(void **state)
{
	struct made chain[12];
	struct list sent = { .count = 0 };
	size_t i;

	(void)state;
	chain[0] = make_sub("CN=I0", &root);
	for (i = 1; i < 11; i++) {
		char name[16];

		snprintf(name, sizeof(name), "CN=I%zu", i);
		chain[i] = make_sub(name, &chain[i - 1]);
	}
	CHECK_DEPTH(LIST(root), LIST(sub_leaf, sub), 1, ADMITTED);
	CHECK_DEPTH(LIST(root), LIST(make_leaf("CN=x", &chain[1]), chain[1], chain[0]), 1,
		    CHAIN_TOO_LONG);
	CHECK_DEPTH(LIST(root), LIST(make_leaf("CN=x", &chain[1]), chain[1], chain[0], root), 2,
		    ADMITTED);
	CHECK_DEPTH(LIST(root, chain[0]), LIST(make_leaf("CN=x", &chain[1]), chain[1]), 1,
		    CHAIN_TOO_LONG);
	sent.items[sent.count++] = make_leaf("CN=x", &chain[8]);
	for (i = 9; i-- > 0;)
		sent.items[sent.count++] = chain[i];
	assert_int_equal(sent.count, 10);
	CHECK_DEPTH(LIST(root), sent, 9, ADMITTED);
	CHECK_DEPTH(LIST(root), sent, 8, CHAIN_TOO_LONG);
	sent.items[0] = make_leaf("CN=x", &chain[9]);
	sent.items[9] = chain[9];
	CHECK_DEPTH(LIST(root, chain[0]), sent, 10, ADMITTED);
	sent.items[0] = make_leaf("CN=x", &chain[10]);
	sent.items[8] = chain[10];
	CHECK_DEPTH(LIST(root, chain[0], chain[1]), sent, 10, CHAIN_TOO_LONG);
}

static void thirteen_certificates_are_too_many(void **state)
{
	struct list sent = LIST(leaf, root, root, root, root, root, root, root, root, root, root,
				root);

	(void)state;
	CHECK(LIST(root), sent, ADMITTED);
	sent.items[sent.count++] = root;
	CHECK(LIST(root), sent, CHAIN_TOO_LONG);
	assert_int_equal(seen_with(LIST(root), false, sent, 4, NOW).path_count, 1);
}

static void a_large_certificate_is_refused_before_it_is_parsed(void **state)
{
	static uint8_t large[CERTIFICATE_MAX_SIZE + 1];
	struct made fake = { NULL, NULL, { large, sizeof(large) } };

	(void)state;
	CHECK(LIST(root), LIST(fake), CERTIFICATE_TOO_LARGE);
	CHECK(LIST(root), LIST(leaf, fake), CERTIFICATE_TOO_LARGE);
	fake.der.len--;
	CHECK(LIST(root), LIST(fake), MALFORMED);
}

static void what_is_no_certificate_is_malformed(void **state)
{
	uint8_t bytes[4096];
	struct made tail = { NULL, NULL, { bytes, leaf.der.len + 1 } };
	struct made cut = { NULL, NULL, { bytes, leaf.der.len - 1 } };
	struct made empty = { NULL, NULL, { bytes, 0 } };

	(void)state;
	memcpy(bytes, leaf.der.data, leaf.der.len);
	bytes[leaf.der.len] = 0;
	CHECK(LIST(root), LIST(tail), MALFORMED);
	CHECK(LIST(root), LIST(cut), MALFORMED);
	CHECK(LIST(root), LIST(empty), MALFORMED);
	CHECK(LIST(root), LIST(leaf, tail), MALFORMED);
	CHECK(LIST(root), LIST(leaf_with((struct order){ .doubled = true })), MALFORMED);
}

/* Whatever octet is another one, in the leaf or in the intermediate. */
static void no_damaged_chain_is_admitted(void **state)
{
	const struct made *originals[] = { &sub_leaf, &sub };
	uint8_t damaged[2048];
	size_t which, i;

	(void)state;
	for (which = 0; which < 2; which++) {
		for (i = 0; i < originals[which]->der.len; i++) {
			struct list sent = LIST(sub_leaf, sub);
			struct seen seen;

			memcpy(damaged, originals[which]->der.data, originals[which]->der.len);
			damaged[i] ^= (uint8_t)(1u << (i % 8));
			sent.items[which].der.data = damaged;
			seen = seen_with(LIST(root), false, sent, 4, NOW);
			if (seen.reason == REASON_ADMITTED || seen.reason == REASON_INTERNAL)
				fail_msg("certificate %zu, octet %zu: %s", which, i,
					 reason_word(seen.reason));
		}
	}
}

/* --- RFC 5280 --- */

#define POLICY "DER:3007300506032a0304" /* 1.2.3.4 */

static void an_issuer_must_be_a_ca(void **state)
{
	struct made by_leaf = leaf_with((struct order){ .issuer = &leaf });
	struct made no_sign = ca_with((struct order){ .subject = "CN=N", .issuer = &root,
						      .key_usage = "cRLSign" });
	struct made v1 = make((struct order){ .subject = "CN=V1", .issuer = &root, .version = 1 });

	(void)state;
	CHECK(LIST(root), LIST(by_leaf, leaf), BAD_ISSUER);
	CHECK(LIST(root), LIST(make_leaf("CN=x", &no_sign), no_sign), BAD_ISSUER);
	CHECK(LIST(root), LIST(leaf_with((struct order){ .issuer = &v1, .authority_key_id = NONE }),
			       v1), BAD_ISSUER);
}

static void path_lengths_are_kept(void **state)
{
	struct made end = ca_with((struct order){ .subject = "CN=End", .issuer = &root,
						  .constraints = "critical,CA:TRUE,pathlen:0" });
	struct made beyond = make_sub("CN=Beyond", &end);
	struct made root_zero = ca_with((struct order){ .subject = "CN=R0",
						       .constraints = "critical,CA:TRUE,pathlen:0" });
	struct made under = make_sub("CN=Under", &root_zero);

	(void)state;
	CHECK(LIST(root), LIST(make_leaf("CN=x", &end), end), ADMITTED);
	CHECK(LIST(root), LIST(make_leaf("CN=x", &beyond), beyond, end), BAD_ISSUER);
	CHECK(LIST(root_zero), LIST(make_leaf("CN=x", &root_zero)), ADMITTED);
	CHECK(LIST(root_zero), LIST(make_leaf("CN=x", &under), under), BAD_ISSUER);
	/* what stands above the anchor binds nobody */
	CHECK(LIST(under), LIST(make_leaf("CN=x", &under)), ADMITTED);
}

static void names_stay_inside_the_constraints(void **state)
{
	static const struct {
		const char *constraint, *inside, *outside;
	} rows[] = {
		{ "critical,permitted;DNS:example.com", "DNS:a.example.com", "DNS:a.example.org" },
		{ "critical,excluded;DNS:example.com", "DNS:a.example.org", "DNS:a.example.com" },
		{ "critical,permitted;email:example.com", "email:a@example.com", "email:a@example.org" },
		{ "critical,permitted;URI:example.com", "URI:https://example.com/x",
		  "URI:https://example.org/x" },
		{ "critical,permitted;IP:10.0.0.0/255.0.0.0", "IP:10.1.2.3", "IP:11.1.2.3" },
		{ "critical,excluded;IP:10.0.0.0/255.0.0.0", "IP:11.1.2.3", "IP:10.1.2.3" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct order order = { .subject = "CN=Bound", .issuer = &root,
				       .name_constraints = rows[i].constraint };
		struct made bound = ca_with(order);
		struct order client = { .issuer = &bound, .subject = "O=client", .names = rows[i].inside };
		struct made bound_root;

		CHECK_BOTH(LIST(root), LIST(leaf_with(client), bound), ADMITTED, ADMITTED);
		client.names = rows[i].outside;
		CHECK(LIST(root), LIST(leaf_with(client), bound), NAME_CONSTRAINT);
		order.issuer = NULL;
		bound_root = ca_with(order);
		client.issuer = &bound_root;
		CHECK(LIST(bound_root), LIST(leaf_with(client)), NAME_CONSTRAINT);
	}
}

static void constraints_that_mean_nothing_are_refused(void **state)
{
	struct order dotted = { .subject = "CN=D", .issuer = &root,
				.name_constraints = "critical,permitted;DNS:.example.com" };
	struct order loose = { .subject = "CN=L", .issuer = &root,
			       .name_constraints = "permitted;DNS:example.com" };
	struct made dotted_ca = ca_with(dotted), loose_ca = ca_with(loose);
	struct order client = { .subject = "O=x", .names = "DNS:a.example.com" };

	(void)state;
	client.issuer = &dotted_ca;
	CHECK_BOTH(LIST(root), LIST(leaf_with(client), dotted_ca), ADMITTED, BAD_PROFILE);
	client.issuer = &loose_ca;
	CHECK_BOTH(LIST(root), LIST(leaf_with(client), loose_ca), ADMITTED, BAD_PROFILE);
	CHECK(LIST(root), LIST(leaf_with((struct order){
		.name_constraints = "critical,permitted;DNS:example.com" })), BAD_PROFILE);
}

static void critical_extensions_must_be_known(void **state)
{
	struct made odd = ca_with((struct order){ .subject = "CN=Odd", .issuer = &root,
						  .unknown = "critical" });

	(void)state;
	CHECK(LIST(root), LIST(leaf_with((struct order){ .unknown = "plain" })), ADMITTED);
	CHECK(LIST(root), LIST(leaf_with((struct order){ .unknown = "critical" })),
	      UNSUPPORTED_EXTENSION);
	CHECK(LIST(root), LIST(make_leaf("CN=x", &odd), odd), UNSUPPORTED_EXTENSION);
}

static void policies_are_obeyed_where_they_are_required(void **state)
{
	struct made needs = ca_with((struct order){ .subject = "CN=P", .issuer = &root,
		.policies = POLICY, .policy_constraints = "critical,requireExplicitPolicy:0" });
	struct made loose = ca_with((struct order){ .subject = "CN=Q", .issuer = &root,
		.policies = POLICY, .policy_constraints = "requireExplicitPolicy:0" });

	(void)state;
	CHECK(LIST(root), LIST(leaf_with((struct order){ .issuer = &needs, .policies = POLICY }),
			       needs), ADMITTED);
	CHECK(LIST(root), LIST(leaf_with((struct order){ .issuer = &needs }), needs), BAD_PROFILE);
	CHECK(LIST(root), LIST(leaf_with((struct order){ .issuer = &loose, .policies = POLICY }),
			       loose), BAD_PROFILE);
}

static void purposes_are_kept(void **state)
{
	static const struct {
		const char *usage, *extended;
		enum reason compatible, strict;
	} rows[] = {
		{ NULL, "clientAuth", REASON_ADMITTED, REASON_ADMITTED },
		{ NULL, "clientAuth,serverAuth", REASON_ADMITTED, REASON_ADMITTED },
		{ NULL, NONE, REASON_ADMITTED, REASON_BAD_PROFILE },
		{ NONE, "clientAuth", REASON_ADMITTED, REASON_BAD_PROFILE },
		{ NONE, NONE, REASON_ADMITTED, REASON_BAD_PROFILE },
		{ NULL, "serverAuth", REASON_WRONG_PURPOSE, REASON_WRONG_PURPOSE },
		{ NULL, "anyExtendedKeyUsage", REASON_WRONG_PURPOSE, REASON_WRONG_PURPOSE },
		{ NULL, "anyExtendedKeyUsage,clientAuth", REASON_ADMITTED, REASON_BAD_PROFILE },
		{ "critical,keyAgreement", "clientAuth", REASON_WRONG_PURPOSE, REASON_WRONG_PURPOSE },
		{ "critical,keyEncipherment", "clientAuth", REASON_WRONG_PURPOSE, REASON_WRONG_PURPOSE },
		{ "digitalSignature,keyEncipherment", "clientAuth", REASON_ADMITTED, REASON_ADMITTED },
	};
	struct made server_ca = ca_with((struct order){ .subject = "CN=S", .issuer = &root,
							.extended_key_usage = "serverAuth" });
	struct made client_ca = ca_with((struct order){ .subject = "CN=C", .issuer = &root,
							.extended_key_usage = "clientAuth" });
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct list sent = LIST(leaf_with((struct order){ .key_usage = rows[i].usage,
			.extended_key_usage = rows[i].extended }));

		assert_reason(seen_with(LIST(root), false, sent, 4, NOW), rows[i].compatible, (int)i);
		assert_reason(seen_with(LIST(root), true, sent, 4, NOW), rows[i].strict, (int)i);
	}
	CHECK(LIST(root), LIST(make_leaf("CN=x", &server_ca), server_ca), WRONG_PURPOSE);
	CHECK(LIST(root), LIST(make_leaf("CN=x", &client_ca), client_ca), ADMITTED);
}

/* --- profiles --- */

static void plain_openssl_certificates_pass_compatible_only(void **state)
{
	struct made v1 = leaf_with((struct order){ .version = 1 });
	struct made bare = leaf_with((struct order){ .key_usage = NONE, .extended_key_usage = NONE,
		.names = NONE, .key_id = NONE, .authority_key_id = NONE, .constraints = NONE });
	struct made nameless = leaf_with((struct order){ .names = NONE });
	struct made plain_root = ca_with((struct order){ .subject = "CN=Plain",
		.constraints = "CA:TRUE", .key_usage = NONE, .key_id = NONE });

	(void)state;
	CHECK_BOTH(LIST(root), LIST(v1), ADMITTED, BAD_PROFILE);
	CHECK_BOTH(LIST(root), LIST(bare), ADMITTED, BAD_PROFILE);
	CHECK_BOTH(LIST(root), LIST(nameless), ADMITTED, BAD_PROFILE);
	CHECK_BOTH(LIST(plain_root), LIST(leaf_with((struct order){ .issuer = &plain_root,
		.authority_key_id = NONE })), ADMITTED, BAD_PROFILE);
}

static void the_strict_profile_wants_key_ids(void **state)
{
	struct made no_ski = ca_with((struct order){ .subject = "CN=N", .issuer = &root,
						     .key_id = NONE });
	struct made nameless = ca_with((struct order){ .subject = "", .issuer = &root });
	struct made soft = ca_with((struct order){ .subject = "CN=Soft", .issuer = &root,
						   .constraints = "CA:TRUE" });

	(void)state;
	CHECK_BOTH(LIST(root), LIST(leaf_with((struct order){ .authority_key_id = NONE })), ADMITTED,
		   BAD_PROFILE);
	CHECK_BOTH(LIST(root), LIST(leaf_with((struct order){ .issuer = &no_ski,
		.authority_key_id = NONE }), no_ski), ADMITTED, BAD_PROFILE);
	CHECK_BOTH(LIST(root), LIST(make_leaf("CN=x", &soft), soft), ADMITTED, BAD_PROFILE);
	CHECK(LIST(root), LIST(make_leaf("CN=x", &nameless), nameless), BAD_PROFILE);
}

static void serial_numbers_are_sane(void **state)
{
	static const struct {
		const char *serial;
		enum reason reason;
	} rows[] = {
		{ "01", REASON_ADMITTED },
		{ "00ff", REASON_ADMITTED },
		{ "7f01020304050607080910111213141516171819", REASON_ADMITTED },
		{ "00", REASON_BAD_PROFILE },
		{ "ff", REASON_BAD_PROFILE },
		{ "7f0102030405060708091011121314151617181920", REASON_MALFORMED },
	};
	struct made zero_root = ca_with((struct order){ .subject = "CN=Z", .serial = "00" });
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_reason(seen_with(LIST(root), false, LIST(leaf_with((struct order){
			.serial = rows[i].serial })), 4, NOW), rows[i].reason, (int)i);
	CHECK_BOTH(LIST(zero_root), LIST(make_leaf("CN=x", &zero_root)), ADMITTED, BAD_PROFILE);
}

static void alternative_names_are_sane(void **state)
{
	static const struct {
		const char *subject, *names;
		enum reason compatible, strict;
	} rows[] = {
		{ "CN=x", "DNS:a.example.com", REASON_ADMITTED, REASON_ADMITTED },
		{ "CN=x", "DNS:.example.com", REASON_BAD_PROFILE, REASON_BAD_PROFILE },
		{ "CN=x", "DNS:a_b.example.com", REASON_BAD_PROFILE, REASON_BAD_PROFILE },
		{ "CN=x", "critical,DNS:a.example.com", REASON_ADMITTED, REASON_BAD_PROFILE },
		{ "", "critical,DNS:a.example.com", REASON_ADMITTED, REASON_ADMITTED },
		{ "", "DNS:a.example.com", REASON_BAD_PROFILE, REASON_BAD_PROFILE },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct list sent = LIST(leaf_with((struct order){ .subject = rows[i].subject,
								  .names = rows[i].names }));

		assert_reason(seen_with(LIST(root), false, sent, 4, NOW), rows[i].compatible, (int)i);
		assert_reason(seen_with(LIST(root), true, sent, 4, NOW), rows[i].strict, (int)i);
	}
}

static void the_profile_is_that_of_the_anchor(void **state)
{
	struct trust_ca cas[] = { { root.der, true, "strict" }, { stranger.der, false, "compatible" } };
	struct error err = { 0 };
	struct trust *trust = trust_new(cas, 2, &err);
	struct made mine = leaf_with((struct order){ .names = NONE });
	struct made theirs = leaf_with((struct order){ .names = NONE, .issuer = &stranger });
	struct seen seen = { 0 };

	(void)state;
	chain_check(trust, &mine.der, 1, 4, NOW, keep_result, &seen);
	assert_int_equal(seen.reason, REASON_BAD_PROFILE);
	chain_check(trust, &theirs.der, 1, 4, NOW, keep_result, &seen);
	assert_int_equal(seen.reason, REASON_ADMITTED);
	trust_free(trust);
}

/* --- the table of reasons --- */

static void every_reason_stands_in_the_documentation(void **state)
{
	struct buffer page = { 0 };
	struct error err = { 0 };
	char row[64];
	int i;

	(void)state;
	if (buffer_read_file("docs/reasons.md", 65536, &page, &err) < 0)
		fail_msg("%s", err.message);
	buffer_append(&page, "", 1);
	for (i = REASON_ADMITTED + 1; i < REASON_COUNT; i++) {
		snprintf(row, sizeof(row), "\n| `%s` | %u ", reason_word((enum reason)i),
			 reason_alert((enum reason)i));
		if (strstr((const char *)page.data, row) == NULL)
			fail_msg("docs/reasons.md has no row that begins with \"%s\"", row + 1);
	}
	buffer_done(&page);
	assert_string_equal(reason_word(REASON_COUNT), "internal");
	assert_int_equal(reason_alert(REASON_REVOKED), 44);
	assert_true(strlen(reason_text(REASON_EXPIRED)) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_of_a_known_ca_is_admitted),
		cmocka_unit_test(a_client_of_an_unknown_ca_is_refused),
		cmocka_unit_test(no_certificate_is_its_own_reason),
		cmocka_unit_test(a_subordinate_ca_works_as_anchor),
		cmocka_unit_test(known_intermediates_complete_the_chain),
		cmocka_unit_test(a_ca_certificate_is_no_client_certificate),
		cmocka_unit_test(only_a_ca_can_be_trusted),
		cmocka_unit_test(subjects_are_listed_once),
		cmocka_unit_test(two_cas_that_certify_only_each_other_are_still_trusted),
		cmocka_unit_test(cas_of_one_name_are_told_apart),
		cmocka_unit_test(same_named_intermediates_are_told_apart),
		cmocka_unit_test(cross_signed_cas_work_from_either_root),
		cmocka_unit_test(an_expired_intermediate_beside_a_valid_twin_does_no_harm),
		cmocka_unit_test(a_rekeyed_root_is_reached_through_its_link),
		cmocka_unit_test(a_client_may_bear_the_name_of_its_ca),
		cmocka_unit_test(a_link_certificate_needs_no_key_ids),
		cmocka_unit_test(a_maze_of_issuers_is_given_up),
		cmocka_unit_test(a_forged_signature_is_named_whatever_else_is_wrong),
		cmocka_unit_test(weak_keys_are_refused_and_good_ones_are_not),
		cmocka_unit_test(weak_hashes_are_refused_but_for_the_anchors_own),
		cmocka_unit_test(dates_count_to_the_second_at_both_ends),
		cmocka_unit_test(the_end_of_time_is_a_date),
		cmocka_unit_test(depth_counts_intermediates),
		cmocka_unit_test(thirteen_certificates_are_too_many),
		cmocka_unit_test(a_large_certificate_is_refused_before_it_is_parsed),
		cmocka_unit_test(what_is_no_certificate_is_malformed),
		cmocka_unit_test(no_damaged_chain_is_admitted),
		cmocka_unit_test(an_issuer_must_be_a_ca),
		cmocka_unit_test(path_lengths_are_kept),
		cmocka_unit_test(names_stay_inside_the_constraints),
		cmocka_unit_test(constraints_that_mean_nothing_are_refused),
		cmocka_unit_test(critical_extensions_must_be_known),
		cmocka_unit_test(policies_are_obeyed_where_they_are_required),
		cmocka_unit_test(purposes_are_kept),
		cmocka_unit_test(plain_openssl_certificates_pass_compatible_only),
		cmocka_unit_test(the_strict_profile_wants_key_ids),
		cmocka_unit_test(serial_numbers_are_sane),
		cmocka_unit_test(alternative_names_are_sane),
		cmocka_unit_test(the_profile_is_that_of_the_anchor),
		cmocka_unit_test(every_reason_stands_in_the_documentation),
	};

	return cmocka_run_group_tests(tests, make_family, NULL);
}
