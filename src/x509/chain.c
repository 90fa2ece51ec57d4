/*
 * The path builder. From the leaf up, every certificate of the trust set and of those sent that
 * bears the right name and key id is tried as the issuer, depth first; a path that ends at an anchor
 * is handed to chain_checks. What an attacker can make it do is bounded: issuers per step, steps and
 * signature checks per handshake.
 */
#include "x509/chain.h"

#include <stdio.h>
#include <string.h>
#include <openssl/err.h>
#include "x509/chain_checks.h"
#include "x509/text.h"

#define MAX_SENT_ISSUERS 4     /* of one certificate, among those sent */
#define MAX_ISSUERS 16         /* of one certificate, with those of the trust set */
#define MAX_SIGNATURE_CHECKS 64
#define MAX_STEPS 256

struct candidate {
	const struct certificate *certificate;
	const struct trust_member *anchor; /* NULL: an intermediate */
};

/* A signature checked while there was a choice between issuers. */
struct edge {
	const struct certificate *child, *issuer;
	bool holds;
};

struct search {
	const struct trust *trust;
	unsigned int max_depth;
	int64_t now;
	struct certificate *sent[CHAIN_MAX_SENT]; /* owned; NULL when the trust set has the same one */
	size_t sent_count;
	struct chain_path path;
	unsigned int steps;
	unsigned int signature_checks;
	bool is_over;          /* a limit was reached: not all paths were seen */
	struct edge edges[MAX_SIGNATURE_CHECKS];
	size_t edge_count;
	/* The path that got furthest, and why it ended. */
	struct chain_path best;
	struct chain_outcome outcome;
};

static void keep_outcome(struct search *search, const struct chain_outcome *outcome)
{
	bool is_further = outcome->stage > search->outcome.stage ||
			  (outcome->stage == search->outcome.stage &&
			   outcome->stage == CHAIN_STAGE_ISSUER &&
			   outcome->depth > search->outcome.depth);

	if (search->best.count > 0 && !is_further)
		return;
	search->best = search->path;
	search->outcome = *outcome;
}

static bool is_in_path(const struct search *search, const struct certificate *certificate)
{
	unsigned int i;

	for (i = 0; i < search->path.count; i++) {
		const struct certificate *other = search->path.certificates[i];

		if (other == certificate ||
		    (memcmp(other->key_hash, certificate->key_hash, 32) == 0 &&
		     bytes_equal(other->subject, certificate->subject)))
			return true;
	}
	return false;
}

static bool is_current(const struct certificate *certificate, int64_t now)
{
	return certificate->not_before <= now && now <= certificate->not_after;
}

static bool could_be_next(const struct search *search, const struct certificate *certificate,
			  bool want_current)
{
	const struct certificate *child = search->path.certificates[search->path.count - 1];

	return is_current(certificate, search->now) == want_current &&
	       certificate_could_issue(certificate, child) && !is_in_path(search, certificate);
}

static size_t collect_pass(struct search *search, bool want_current, struct candidate *found,
			   size_t count)
{
	size_t from_sent = 0;
	size_t i;

	for (i = 0; i < search->trust->count; i++) {
		const struct trust_member *member = &search->trust->members[i];

		if (!could_be_next(search, member->certificate, want_current))
			continue;
		if (count == MAX_ISSUERS) {
			search->is_over = true;
			return count;
		}
		found[count++] = (struct candidate){ member->certificate,
						     member->anchor ? member : NULL };
	}
	for (i = 1; i < search->sent_count; i++) {
		if (search->sent[i] == NULL ||
		    !could_be_next(search, search->sent[i], want_current))
			continue;
		if (count == MAX_ISSUERS || from_sent++ == MAX_SENT_ISSUERS) {
			search->is_over = true;
			return count;
		}
		found[count++] = (struct candidate){ search->sent[i], NULL };
	}
	return count;
}

/* Those valid now come first: where an expired certificate has a twin, the twin decides. */
static size_t collect_issuers(struct search *search, struct candidate found[MAX_ISSUERS])
{
	size_t count = collect_pass(search, true, found, 0);

	return collect_pass(search, false, found, count);
}

/* A check with a large RSA key takes several times as long as any other; the limit is on time. */
static unsigned int cost_of(const struct certificate *issuer)
{
	if (issuer->key_kind != CERTIFICATE_KEY_RSA || issuer->key_bits <= 3072)
		return 1;
	return issuer->key_bits <= 4096 ? 2 : 6;
}

static bool spend_checks(struct search *search, unsigned int cost)
{
	if (search->signature_checks + cost > MAX_SIGNATURE_CHECKS) {
		search->is_over = true;
		return false;
	}
	search->signature_checks += cost;
	return true;
}

static bool edge_holds(struct search *search, const struct certificate *child,
		       const struct certificate *issuer)
{
	struct edge *edge;
	size_t i;

	for (i = 0; i < search->edge_count; i++)
		if (search->edges[i].child == child && search->edges[i].issuer == issuer)
			return search->edges[i].holds;
	if (!spend_checks(search, cost_of(issuer)))
		return false;
	edge = &search->edges[search->edge_count++];
	*edge = (struct edge){ child, issuer, false };
	/* A weak hash or an odd key is named by the checks of the whole path; here it must not hide
	 * who the issuer is. */
	edge->holds = issuer->key_kind == CERTIFICATE_KEY_OTHER || issuer->key_bits > 8192 ||
		      child->signature.weak || certificate_signed_by(child, issuer);
	return edge->holds;
}

/* Leaves only issuers that really signed the last certificate of the path. */
static size_t keep_true_issuers(struct search *search, struct candidate *candidates, size_t count)
{
	const struct certificate *child = search->path.certificates[search->path.count - 1];
	size_t kept = 0;
	size_t i;

	for (i = 0; i < count; i++)
		if (edge_holds(search, child, candidates[i].certificate))
			candidates[kept++] = candidates[i];
	return kept;
}

static void note_failure(struct search *search, enum chain_stage stage, enum reason reason,
			 const char *detail)
{
	struct chain_outcome outcome = { .stage = stage, .reason = reason,
					 .depth = search->path.count - 1 };

	snprintf(outcome.detail, sizeof(outcome.detail), "%s", detail);
	keep_outcome(search, &outcome);
}

static void note_unknown_issuer(struct search *search)
{
	const struct certificate *last = search->path.certificates[search->path.count - 1];
	const ASN1_OCTET_STRING *key_id = X509_get0_authority_key_id(last->x509);
	char issuer[100];
	char detail[160];
	struct text text;

	certificate_issuer_text(last, issuer, sizeof(issuer));
	text_init(&text, detail, sizeof(detail));
	text_append(&text, "issuer \"");
	text_append(&text, issuer);
	text_append(&text, "\"");
	if (key_id != NULL) {
		text_append(&text, ", key id ");
		text_append_hex(&text, (struct bytes){ ASN1_STRING_get0_data(key_id),
						       (size_t)ASN1_STRING_length(key_id) });
	}
	note_failure(search, CHAIN_STAGE_ISSUER, REASON_UNKNOWN_CA, detail);
}

static bool try_path(struct search *search, const struct trust_member *anchor)
{
	struct chain_outcome outcome;
	unsigned int cost = 0;
	unsigned int i;

	for (i = 1; i < search->path.count; i++)
		cost += cost_of(search->path.certificates[i]);
	if (!spend_checks(search, cost))
		return false;
	search->path.anchor = anchor;
	chain_check_path(search->trust, &search->path, search->max_depth, search->now, &outcome);
	keep_outcome(search, &outcome);
	return outcome.reason == REASON_ADMITTED;
}

static bool search_from_last(struct search *search);

static bool try_candidate(struct search *search, const struct candidate *candidate)
{
	bool found;

	if (search->path.count == CHAIN_MAX_DEPTH) {
		note_failure(search, CHAIN_STAGE_LENGTH, REASON_CHAIN_TOO_LONG, "");
		return false;
	}
	search->path.certificates[search->path.count++] = candidate->certificate;
	found = candidate->anchor != NULL ? try_path(search, candidate->anchor) :
					    search_from_last(search);
	search->path.count--;
	return found;
}

/* A stranger's root ends the way, also when a CA of the trust set bears the same name. */
static bool is_strange_root(struct search *search)
{
	const struct certificate *last = search->path.certificates[search->path.count - 1];

	return certificate_is_self_issued(last) && last->key_kind != CERTIFICATE_KEY_OTHER &&
	       last->key_bits <= 8192 && spend_checks(search, cost_of(last)) &&
	       certificate_signed_by(last, last);
}

static bool search_from_last(struct search *search)
{
	struct candidate candidates[MAX_ISSUERS];
	size_t count, kept, i;

	if (++search->steps > MAX_STEPS) {
		search->is_over = true;
		return false;
	}
	count = kept = is_strange_root(search) ? 0 : collect_issuers(search, candidates);
	if (count > 1)
		kept = keep_true_issuers(search, candidates, count);
	if (count == 0)
		note_unknown_issuer(search);
	else if (kept == 0)
		note_failure(search, CHAIN_STAGE_SIGNATURE, REASON_BAD_SIGNATURE,
			     "no CA certificate with the issuer's name signed it");
	for (i = 0; i < kept; i++)
		if (try_candidate(search, &candidates[i]))
			return true;
	return false;
}

static const struct trust_member *find_same(const struct trust *trust, struct bytes der)
{
	size_t i;

	for (i = 0; i < trust->count; i++)
		if (bytes_equal(trust->members[i].certificate->der, der))
			return &trust->members[i];
	return NULL;
}

static bool check_sizes(const struct bytes *sent, size_t count, struct chain_result *result)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (sent[i].len <= CERTIFICATE_MAX_SIZE)
			continue;
		result->reason = REASON_CERTIFICATE_TOO_LARGE;
		result->depth = (unsigned int)i;
		snprintf(result->detail, sizeof(result->detail), "%zu bytes", sent[i].len);
		return false;
	}
	return true;
}

/* The leaf is always parsed; others only when the trust set does not hold the very same one. */
static bool parse_sent(struct search *search, const struct bytes *sent, size_t count,
		       struct chain_result *result)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (i > 0 && find_same(search->trust, sent[i]) != NULL)
			continue;
		search->sent[i] = certificate_parse(sent[i], NULL);
		if (search->sent[i] == NULL) {
			result->reason = REASON_MALFORMED;
			result->depth = (unsigned int)i;
			snprintf(result->detail, sizeof(result->detail),
				 "certificate %zu of %zu cannot be read", i + 1, count);
			return false;
		}
		search->sent_count = i + 1;
	}
	search->sent_count = count;
	return true;
}

/* Also when a limit refuses the rest, the log should say who it was. */
static bool take_in(struct search *search, const struct bytes *sent, size_t count,
		    struct chain_result *result)
{
	if (count == 0) {
		result->reason = REASON_CERTIFICATE_REQUIRED;
		return false;
	}
	if (count > CHAIN_MAX_SENT) {
		result->reason = REASON_CHAIN_TOO_LONG;
		result->depth = CHAIN_MAX_SENT;
		snprintf(result->detail, sizeof(result->detail),
			 "%zu certificates were sent; at most %d", count, CHAIN_MAX_SENT);
	} else if (check_sizes(sent, count, result)) {
		return parse_sent(search, sent, count, result);
	}
	search->sent[0] = certificate_parse(sent[0], NULL);
	search->sent_count = 1;
	return false;
}

static void take_outcome(const struct search *search, struct chain_result *result)
{
	memcpy(result->path, search->best.certificates, sizeof(result->path));
	result->path_count = search->best.count;
	result->reason = search->outcome.reason;
	result->depth = search->outcome.depth;
	memcpy(result->detail, search->outcome.detail, sizeof(result->detail));
	if (search->is_over && search->outcome.stage < CHAIN_STAGE_STRENGTH) {
		result->reason = REASON_CHAIN_TOO_COMPLEX;
		snprintf(result->detail, sizeof(result->detail),
			 "gave up after %u steps and signature checks worth %u", search->steps,
			 search->signature_checks);
	}
}

/* A CA certificate of the set itself, presented as a client's. */
static bool is_ca_as_leaf(struct search *search, struct chain_result *result)
{
	if (find_same(search->trust, search->sent[0]->der) == NULL)
		return false;
	result->reason = REASON_BAD_PROFILE;
	snprintf(result->detail, sizeof(result->detail),
		 "a CA certificate used as a client certificate");
	return true;
}

static void find_path(struct search *search, struct chain_result *result)
{
	search->path.certificates[0] = search->sent[0];
	search->path.count = 1;
	search_from_last(search);
	take_outcome(search, result);
}

void chain_check(const struct trust *trust, const struct bytes *sent, size_t count,
		 unsigned int max_depth, int64_t now,
		 void (*done)(void *arg, const struct chain_result *result), void *arg)
{
	struct search search = { .trust = trust, .max_depth = max_depth, .now = now };
	struct chain_result result = { .reason = REASON_INTERNAL };
	bool is_ready = take_in(&search, sent, count, &result);
	size_t i;

	if (search.sent[0] != NULL) {
		result.path[0] = search.sent[0];
		result.path_count = 1;
		if (is_ready && !is_ca_as_leaf(&search, &result))
			find_path(&search, &result);
	}
	/* What AWS-LC left in its error queue would look like an error of the TLS session. */
	ERR_clear_error();
	done(arg, &result);
	for (i = 0; i < CHAIN_MAX_SENT; i++)
		certificate_free(search.sent[i]);
}
