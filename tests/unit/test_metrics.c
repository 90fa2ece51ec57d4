/* The metrics are read back by a strict parser of the Prometheus text format 0.0.4. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "control/metrics.h"
#include "control/metrics_text.h"
#include "stats/words.h"
#include "support_certificates.h"
#include "x509/reason.h"
#include "x509/revocation.h"

#define SERIES_MAX 4096
#define FAMILIES_MAX 256

/* --- the parser --- */

struct parsed {
	char *families[FAMILIES_MAX];
	size_t family_count;
	char *series[SERIES_MAX]; /* name and labels as they stand */
	double values[SERIES_MAX];
	size_t count;
	char type[16]; /* of the family at hand */
};

static const char *skip_name(const char *at, bool colon)
{
	if (!isalpha((unsigned char)*at) && *at != '_')
		fail_msg("no name at \"%.40s\"", at);
	while (isalnum((unsigned char)*at) || *at == '_' || (colon && *at == ':'))
		at++;
	return at;
}

/* name="value", with \\, \" and \n as the only escapes. */
static const char *skip_label(const char *at)
{
	at = skip_name(at, false);
	if (at[0] != '=' || at[1] != '"')
		fail_msg("no label value at \"%.40s\"", at);
	for (at += 2; *at != '"'; at++) {
		if (*at == '\\' && strchr("\\\"n", *++at) == NULL)
			fail_msg("a wrong escape at \"%.40s\"", at);
		if (*at == '\0' || *at == '\n')
			fail_msg("a label value without end");
	}
	return at + 1;
}

static const char *skip_labels(const char *at)
{
	if (*at != '{')
		return at;
	at++;
	for (;;) {
		at = skip_label(at);
		if (*at == '}')
			return at + 1;
		if (*at++ != ',')
			fail_msg("no comma between labels");
	}
}

static void parse_help(struct parsed *parsed, const char *line)
{
	const char *end = skip_name(line, true);
	size_t i;

	if (*end != ' ' || end[1] == '\0')
		fail_msg("HELP without a text: %s", line);
	parsed->families[parsed->family_count] = strndup(line, (size_t)(end - line));
	for (i = 0; i < parsed->family_count; i++)
		if (strcmp(parsed->families[i], parsed->families[parsed->family_count]) == 0)
			fail_msg("family %s comes twice", parsed->families[i]);
	parsed->family_count++;
	parsed->type[0] = '\0';
}

static const char *family(const struct parsed *parsed)
{
	assert_true(parsed->family_count > 0);
	return parsed->families[parsed->family_count - 1];
}

static void parse_type(struct parsed *parsed, const char *line)
{
	const char *name = family(parsed);
	size_t length = strlen(name);

	if (strncmp(line, name, length) != 0 || line[length] != ' ' || parsed->type[0] != '\0')
		fail_msg("TYPE of something else: %s", line);
	line += length + 1;
	if (strcmp(line, "counter") != 0 && strcmp(line, "gauge") != 0)
		fail_msg("unknown type: %s", line);
	strcpy(parsed->type, line);
	if ((strcmp(line, "counter") == 0) !=
	    (strlen(name) > 6 && strcmp(name + length - 6, "_total") == 0))
		fail_msg("%s is a %s", name, line);
}

static void parse_sample(struct parsed *parsed, const char *line)
{
	const char *end = skip_name(line, true);
	size_t length = (size_t)(end - line), i;
	char *rest;

	if (strlen(family(parsed)) != length || strncmp(line, family(parsed), length) != 0 ||
	    parsed->type[0] == '\0')
		fail_msg("a sample outside of its family: %s", line);
	end = skip_labels(end);
	if (*end != ' ')
		fail_msg("no value: %s", line);
	assert_true(parsed->count < SERIES_MAX);
	parsed->series[parsed->count] = strndup(line, (size_t)(end - line));
	for (i = 0; i < parsed->count; i++)
		if (strcmp(parsed->series[i], parsed->series[parsed->count]) == 0)
			fail_msg("series %s comes twice", parsed->series[i]);
	parsed->values[parsed->count] = strtod(end + 1, &rest);
	if (rest == end + 1 || *rest != '\0')
		fail_msg("a wrong value: %s", line);
	if (strcmp(parsed->type, "counter") == 0 && parsed->values[parsed->count] < 0)
		fail_msg("a negative counter: %s", line);
	parsed->count++;
}

static void parse_line(struct parsed *parsed, const char *line)
{
	if (strncmp(line, "# HELP ", 7) == 0)
		parse_help(parsed, line + 7);
	else if (strncmp(line, "# TYPE ", 7) == 0)
		parse_type(parsed, line + 7);
	else
		parse_sample(parsed, line);
}

static void parse(struct parsed *parsed, const struct buffer *text)
{
	char *copy = strndup((const char *)text->data, text->len);
	char *line = copy, *end;

	assert_int_equal(text->data[text->len - 1], '\n');
	for (; *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		*end = '\0';
		parse_line(parsed, line);
	}
	free(copy);
}

static void parsed_done(struct parsed *parsed)
{
	while (parsed->family_count > 0)
		free(parsed->families[--parsed->family_count]);
	while (parsed->count > 0)
		free(parsed->series[--parsed->count]);
}

static void assert_value(const struct parsed *parsed, const char *series, double value)
{
	size_t i;

	for (i = 0; i < parsed->count; i++)
		if (strcmp(parsed->series[i], series) == 0) {
			if (parsed->values[i] != value)
				fail_msg("%s is %f, not %f", series, parsed->values[i], value);
			return;
		}
	fail_msg("%s is not there", series);
}

static bool has(const struct parsed *parsed, const char *part)
{
	size_t i;

	for (i = 0; i < parsed->count; i++)
		if (strstr(parsed->series[i], part) != NULL)
			return true;
	return false;
}

/* --- something to show --- */

struct world {
	struct metrics_source source;
	struct stats *stats;
	struct health *health;
	struct document document;
	struct document_listener listeners[2];
	struct document_group group;
	struct document_server server;
	struct document_certificate certificate;
	struct document_trust trusts[2];
	struct document_ca cas[3];
	struct made root, sub;
	struct buffer revocation;
	struct parsed parsed;
};

static void fill_document(struct world *world)
{
	struct document *document = &world->document;

	document->version = 7;
	document->listeners = world->listeners;
	document->listener_count = 2;
	world->listeners[0].protocol = MODEL_TCPSSL;
	world->listeners[0].slot = 3;
	strcpy(world->listeners[0].name, "edge:443");
	world->listeners[1].protocol = MODEL_TCP;
	world->listeners[1].slot = 5;
	strcpy(world->listeners[1].name, "a\"b\\c\nd:80");
	document->groups = &world->group;
	document->group_count = 1;
	strcpy(world->group.name, "web");
	world->group.servers = &world->server;
	world->group.server_count = 1;
	strcpy(world->server.name, "ECS01");
	world->server.slot = 9;
	world->server.address =
		(struct address){ .family = 4, .port = 8081, .ip = { 127, 0, 0, 1 } };
}

static void fill_dates(struct world *world)
{
	struct document *document = &world->document;

	document->certificates = &world->certificate;
	document->certificate_count = 1;
	strcpy(world->certificate.name, "www");
	world->certificate.not_after = NOW - 10;
	/* The same CA in two trusts, and two of one entry. */
	world->root = make_root("CN=root");
	world->sub = make_sub("CN=sub", &world->root);
	world->cas[0].der = world->root.der;
	world->cas[1].der = world->sub.der;
	world->cas[2].der = world->root.der;
	strcpy(world->cas[0].name, "clients");
	strcpy(world->cas[1].name, "clients");
	strcpy(world->cas[2].name, "clients");
	world->trusts[0] = (struct document_trust){ .cas = world->cas, .ca_count = 2 };
	world->trusts[1] = (struct document_trust){ .cas = world->cas + 2, .ca_count = 1 };
	document->trusts = world->trusts;
	document->trust_count = 2;
}

static void fill_list(struct world *world)
{
	struct revocation_builder *builder = revocation_builder_new();
	struct bytes list = make_list(
		(struct list_order){ .issuer = &world->root, .revoked = { &world->sub } });
	struct error err;

	assert_int_equal(revocation_builder_add(builder, "ca.crl", list, &world->root.der, 1, &err),
			 0);
	assert_int_equal(revocation_builder_finish(builder, &world->revocation, &err), 0);
	revocation_builder_free(builder);
	world->source.revocation = buffer_bytes(&world->revocation);
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	world->stats = calloc(1, stats_size(2));
	world->stats->workers = 2;
	world->health = calloc(1, sizeof(*world->health));
	fill_document(world);
	fill_dates(world);
	fill_list(world);
	world->source.stats = world->stats;
	world->source.health = world->health;
	world->source.document = &world->document;
	world->source.now = NOW;
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	parsed_done(&world->parsed);
	buffer_done(&world->revocation);
	free(world->stats);
	free(world->health);
	free(world);
	return 0;
}

static const struct parsed *render(struct world *world)
{
	struct buffer text = { 0 };

	metrics_render(&world->source, &text);
	parse(&world->parsed, &text);
	buffer_done(&text);
	return &world->parsed;
}

/* --- tests --- */

static void workers_are_added_up_by_listener(void **state)
{
	struct world *world = *state;
	struct stats_listener *one = &world->stats->worker[0].listeners[3];
	struct stats_listener *two = &world->stats->worker[1].listeners[3];
	const struct parsed *parsed;

	one->accepted = 5;
	two->accepted = 7;
	two->bytes_in = UINT64_C(1) << 60;
	one->refusals[REASON_REVOKED] = 2;
	two->closes[CLOSE_IDLE_TIMEOUT] = 3;
	one->ciphers[stats_cipher_row(0x1301)] = 4;
	one->groups[stats_group_row(0x11ec)] = 6;
	one->tls13 = 8;
	two->active = 1;
	parsed = render(world);
	assert_value(parsed, "sallyport_connections_total{listener=\"edge:443\"}", 12);
	assert_value(parsed, "sallyport_client_bytes_in_total{listener=\"edge:443\"}",
		     1152921504606846976.0);
	assert_value(parsed, "sallyport_refusals_total{listener=\"edge:443\",reason=\"revoked\"}",
		     2);
	assert_value(parsed,
		     "sallyport_closes_total{listener=\"edge:443\",reason=\"idle_timeout\"}", 3);
	assert_value(parsed,
		     "sallyport_handshakes_by_cipher_total{listener=\"edge:443\","
		     "cipher=\"TLS_AES_128_GCM_SHA256\"}",
		     4);
	assert_value(parsed,
		     "sallyport_handshakes_by_group_total{listener=\"edge:443\","
		     "group=\"X25519MLKEM768\"}",
		     6);
	assert_value(parsed,
		     "sallyport_handshakes_by_version_total{listener=\"edge:443\","
		     "version=\"1.3\"}",
		     8);
	assert_value(parsed, "sallyport_connections_active{listener=\"edge:443\"}", 1);
}

static void every_reason_has_its_series_before_it_happens(void **state)
{
	const struct parsed *parsed = render(*state);
	unsigned int i;
	char series[160];

	for (i = 1; i < REASON_COUNT; i++) {
		snprintf(series, sizeof(series),
			 "sallyport_refusals_total{listener=\"edge:443\",reason=\"%s\"}",
			 reason_word(i));
		assert_value(parsed, series, 0);
	}
	for (i = 0; i < CLOSE_REASON_COUNT; i++) {
		snprintf(series, sizeof(series),
			 "sallyport_closes_total{listener=\"edge:443\",reason=\"%s\"}",
			 stats_close_word(i));
		assert_value(parsed, series, 0);
	}
	assert_false(has(parsed, "reason=\"admitted\""));
}

static void a_plain_listener_has_no_tls_series(void **state)
{
	const struct parsed *parsed = render(*state);

	assert_true(has(parsed, "sallyport_closes_total{listener=\"a\\\"b"));
	assert_false(has(parsed, "sallyport_refusals_total{listener=\"a\\\"b"));
	assert_false(has(parsed, "sallyport_handshakes_by_cipher_total{listener=\"a\\\"b"));
}

static void labels_are_escaped(void **state)
{
	const struct parsed *parsed = render(*state);

	assert_value(parsed, "sallyport_connections_total{listener=\"a\\\"b\\\\c\\nd:80\"}", 0);
}

static void servers_show_state_and_counts(void **state)
{
	struct world *world = *state;
	const struct parsed *parsed;

	atomic_store(&world->health->servers[9].state, HEALTH_HEALTHY);
	atomic_store(&world->health->servers[9].checks, 11);
	world->stats->worker[0].servers[9].connections = 20;
	world->stats->worker[1].servers[9].connections = 1;
	parsed = render(world);
#define SERVER "{group=\"web\",server=\"ECS01\",address=\"127.0.0.1:8081\""
	assert_value(parsed, "sallyport_server_up" SERVER "}", 1);
	assert_value(parsed, "sallyport_server_state" SERVER ",state=\"Healthy\"}", 1);
	assert_value(parsed, "sallyport_server_state" SERVER ",state=\"Unhealthy\"}", 0);
	assert_value(parsed, "sallyport_server_checks_total" SERVER "}", 11);
	assert_value(parsed, "sallyport_server_connections_total" SERVER "}", 21);
}

static void an_unhealthy_server_is_not_up(void **state)
{
	struct world *world = *state;

	atomic_store(&world->health->servers[9].state, HEALTH_UNHEALTHY);
	assert_value(render(world), "sallyport_server_up" SERVER "}", 0);
}

static void expiry_is_seconds_from_now_and_negative_when_it_is_over(void **state)
{
	struct world *world = *state;
	const struct parsed *parsed = render(world);

	assert_value(parsed, "sallyport_certificate_expires_in_seconds{certificate=\"www\"}", -10);
	assert_value(parsed,
		     "sallyport_certificate_not_after_timestamp_seconds{certificate=\"www\"}",
		     (double)NOW - 10);
	assert_true(has(parsed,
			"sallyport_ca_certificate_expires_in_seconds{ca_certificate=\"clients\","
			"subject=\"CN=root\""));
	assert_true(has(parsed, "subject=\"CN=sub\""));
}

static void a_list_shows_its_end_and_whether_it_can_be_used(void **state)
{
	struct world *world = *state;
	const struct parsed *parsed = render(world);
	size_t i, seen = 0;

	for (i = 0; i < parsed->count; i++) {
		if (strncmp(parsed->series[i], "sallyport_crl_usable{issuer=\"CN=root\"", 37) ==
			    0 &&
		    parsed->values[i] == 1)
			seen++;
		if (strncmp(parsed->series[i], "sallyport_crl_expires_in_seconds{", 33) == 0 &&
		    parsed->values[i] == (double)DAY)
			seen++;
	}
	assert_int_equal(seen, 2);
}

static void a_stale_list_cannot_be_used(void **state)
{
	struct world *world = *state;
	const struct parsed *parsed;
	size_t i;

	world->source.now = NOW + DAY + REVOCATION_GRACE_S + 1;
	parsed = render(world);
	for (i = 0; i < parsed->count; i++)
		if (strncmp(parsed->series[i], "sallyport_crl_usable{", 21) == 0)
			assert_true(parsed->values[i] == 0);
	assert_true(has(parsed, "sallyport_crl_usable{"));
}

static void workers_show_their_version_and_longest_turn(void **state)
{
	struct world *world = *state;
	const struct parsed *parsed;

	world->stats->worker[1].version_served = 7;
	world->stats->worker[1].longest_turn_us = 2500;
	parsed = render(world);
	assert_value(parsed, "sallyport_served_version", 7);
	assert_value(parsed, "sallyport_worker_served_version{worker=\"0\"}", 0);
	assert_value(parsed, "sallyport_worker_served_version{worker=\"1\"}", 7);
	assert_value(parsed, "sallyport_worker_longest_turn_seconds{worker=\"1\"}", 0.0025);
}

static void with_nothing_served_the_text_is_still_whole(void **state)
{
	struct world *world = *state;

	world->source = (struct metrics_source){ .now = NOW };
	assert_value(render(world), "sallyport_served_version", 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(workers_are_added_up_by_listener),
		TEST(every_reason_has_its_series_before_it_happens),
		TEST(a_plain_listener_has_no_tls_series),
		TEST(labels_are_escaped),
		TEST(servers_show_state_and_counts),
		TEST(an_unhealthy_server_is_not_up),
		TEST(expiry_is_seconds_from_now_and_negative_when_it_is_over),
		TEST(a_list_shows_its_end_and_whether_it_can_be_used),
		TEST(a_stale_list_cannot_be_used),
		TEST(workers_show_their_version_and_longest_turn),
		TEST(with_nothing_served_the_text_is_still_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
