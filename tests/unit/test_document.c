/* What a model says arrives in the data plane; what is no document is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/sha256.h"
#include "document/document.h"
#include "document/slots.h"
#include "model/manifest.h"

static const char manifest[] =
	"Settings: {LogFormat: Json, ShutdownTimeout: 7}\n"
	"LoadBalancers:\n"
	"  - LoadBalancerName: edge\n"
	"    ZoneMappings: [{ZoneId: a, PrivateIPv4Address: 127.0.0.1, Ipv6Address: \"::1\"}]\n"
	"Certificates:\n"
	"  - {Name: www, CertFile: a, KeyFile: b}\n"
	"  - {Name: rsa, CertFile: a, KeyFile: b}\n"
	"  - {Name: unused, CertFile: a, KeyFile: b}\n"
	"CaCertificates:\n"
	"  - {Name: clients, CertFile: ca, ChainProfile: Strict}\n"
	"  - {Name: partners, CertFile: ca}\n"
	"ServerGroups:\n"
	"  - ServerGroupName: web\n"
	"    Scheduler: Rr\n"
	"    HealthCheckConfig: {HealthCheckType: HTTP, HealthCheckUrl: /alive,\n"
	"                        HealthCheckHttpCode: [http_2xx, http_3xx]}\n"
	"    Servers:\n"
	"      - {ServerIp: 10.0.0.1, Port: 80, Description: ECS01}\n"
	"      - {ServerIp: \"fd00::2\", Port: 81, Weight: 5}\n"
	"  - ServerGroupName: any\n"
	"    AnyPortEnabled: true\n"
	"    HealthCheckConfig: {HealthCheckEnabled: false}\n"
	"    Servers: [{ServerIp: 10.0.0.3}]\n"
	"  - {ServerGroupName: unused}\n"
	"Listeners:\n"
	"  - LoadBalancer: edge\n"
	"    ListenerProtocol: TCPSSL\n"
	"    ListenerPort: 443\n"
	"    CertificateIds: [www]\n"
	"    AdditionalCertificateIds: [rsa]\n"
	"    CaEnabled: true\n"
	"    CaCertificateIds: [clients, partners]\n"
	"    CaDepth: 2\n"
	"    ServerGroupId: web\n"
	"    ProxyProtocolEnabled: true\n"
	"    ProxyProtocolFrom: [10.0.0.0/8, \"fd00::/16\"]\n"
	"    MaxHandshakesPerSource: {Open: 3, PerSecond: 9}\n"
	"  - LoadBalancer: edge\n"
	"    ListenerProtocol: TCP\n"
	"    ListenerPort: 0\n"
	"    StartPort: 1000\n"
	"    EndPort: 1999\n"
	"    ServerGroupId: any\n"
	"  - LoadBalancer: edge\n"
	"    ListenerProtocol: TCPSSL\n"
	"    ListenerPort: 444\n"
	"    ListenerStatus: Stopped\n"
	"    RevocationCutsConnections: false\n"
	"    CertificateIds: [www]\n"
	"    CaEnabled: true\n"
	"    CaCertificateIds: [clients, partners]\n"
	"    ServerGroupId: web\n";

static void set_bytes(struct buffer *buffer, const char *text)
{
	buffer_done(buffer);
	buffer_append(buffer, text, strlen(text));
}

static void add_name(struct model_strings *names, const char *name)
{
	names->items = memory_resize(names->items, (names->count + 1) * sizeof(char *));
	names->items[names->count++] = memory_copy_string(name);
}

static void add_blob(struct model_blobs *blobs, const char *text)
{
	blobs->items = memory_resize(blobs->items, (blobs->count + 1) * sizeof(struct buffer));
	blobs->items[blobs->count] = (struct buffer){ 0 };
	set_bytes(&blobs->items[blobs->count++], text);
}

static void resolve(struct model_certificate *certificate, enum model_key_kind kind,
		    const char *chain)
{
	certificate->key_kind = kind;
	certificate->not_before = -5;
	certificate->not_after = 4102444800;
	add_blob(&certificate->chain_der, chain);
	add_blob(&certificate->chain_der, "intermediate");
	set_bytes(&certificate->key_der, "key");
	add_name(&certificate->names, "www.example.com");
	add_name(&certificate->names, "*.Example.com");
}

/* A model as control would hand it over. */
static struct model *read_model(const char *text)
{
	struct error err = { 0 };
	struct model *model = manifest_read_text(
		(struct bytes){ (const uint8_t *)text, strlen(text) }, "test.yaml", false, NULL, &err);

	if (model == NULL)
		fail_msg("%s: %s", err.place, err.message);
	if (model_check(model, NULL, &err) < 0)
		fail_msg("%s: %s", err.place, err.message);
	resolve(model_find_certificate(model, "www"), MODEL_KEY_ECDSA, "leaf-ecdsa");
	resolve(model_find_certificate(model, "rsa"), MODEL_KEY_RSA, "leaf-rsa");
	add_name(&model_find_certificate(model, "rsa")->names, "a.example.com");
	add_blob(&model_find_ca_certificate(model, "clients")->certs_der, "ca-1");
	add_blob(&model_find_ca_certificate(model, "clients")->certs_der, "ca-2");
	add_blob(&model_find_ca_certificate(model, "partners")->certs_der, "ca-3");
	return model;
}

struct fixture {
	struct model *model;
	struct slots *slots;
	struct buffer bytes;
	struct document *document;
};

static void encode(struct fixture *fixture, uint64_t version)
{
	struct error err = { 0 };

	document_free(fixture->document);
	fixture->document = NULL;
	if (document_encode(fixture->model, version, fixture->slots, &fixture->bytes, &err) < 0)
		fail_msg("%s", err.message);
	fixture->document = document_decode(buffer_bytes(&fixture->bytes), &err);
	if (fixture->document == NULL)
		fail_msg("%s", err.message);
}

static int set_up(void **state)
{
	struct fixture *fixture = memory_new(sizeof(*fixture));

	fixture->model = read_model(manifest);
	fixture->slots = slots_new(16, 16);
	encode(fixture, 7);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	document_free(fixture->document);
	buffer_done(&fixture->bytes);
	slots_free(fixture->slots);
	model_free(fixture->model);
	free(fixture);
	return 0;
}

static void assert_bytes(struct bytes bytes, const char *text)
{
	assert_int_equal(bytes.len, strlen(text));
	assert_memory_equal(bytes.data, text, bytes.len);
}

static void what_listeners_refer_to_is_there_once_and_nothing_else(void **state)
{
	const struct document *document = ((struct fixture *)*state)->document;

	assert_int_equal(document->version, 7);
	assert_int_equal(document->log_format, MODEL_LOG_JSON);
	assert_int_equal(document->listener_count, 3);
	assert_int_equal(document->certificate_count, 2);
	assert_int_equal(document->group_count, 2);
	assert_int_equal(document->policy_count, 1);
	assert_int_equal(document->trust_count, 1);
	assert_int_equal(document->listeners[0].trust, document->listeners[2].trust);
	assert_int_equal(document->trusts[0].ca_count, 3);
	assert_int_equal(document->trusts[0].cas[0].profile, MODEL_PROFILE_STRICT);
	assert_int_equal(document->trusts[0].cas[2].profile, MODEL_PROFILE_COMPATIBLE);
	assert_string_equal(document->trusts[0].cas[2].name, "partners");
	assert_bytes(document->trusts[0].cas[1].der, "ca-2");
}

static void a_listener_keeps_its_fields(void **state)
{
	const struct document *document = ((struct fixture *)*state)->document;
	const struct document_listener *first = &document->listeners[0];

	assert_string_equal(first->name, "edge:443");
	assert_int_equal(first->protocol, MODEL_TCPSSL);
	assert_int_equal(first->start_port, 443);
	assert_int_equal(first->end_port, 443);
	assert_int_equal(first->address_count, 2);
	assert_int_equal(first->addresses[1].family, 6);
	assert_false(first->stopped);
	assert_int_equal(first->idle_timeout_s, 900);
	assert_int_equal(first->handshake_timeout_s, 10);
	assert_int_equal(first->connect_timeout_s, 3);
	assert_int_equal(first->connect_budget_s, 10);
	assert_int_equal(first->half_close_timeout_s, 60);
	assert_int_equal(first->max_handshakes_per_source, 3);
	assert_int_equal(first->max_handshake_rate_per_source, 9);
	assert_int_equal(first->proxy_protocol_from_count, 2);
	assert_int_equal(first->proxy_protocol_from[1].prefix_bits, 16);
	assert_true(first->ca_enabled);
	assert_int_equal(first->ca_depth, 2);
	assert_true(first->ca_names_advertised);
	assert_true(first->revocation_cuts);
	assert_false(document->listeners[2].revocation_cuts);
	assert_string_equal(document->listeners[1].name, "edge:1000-1999");
	assert_int_equal(document->listeners[1].policy, DOCUMENT_NONE);
	assert_int_equal(document->listeners[1].trust, DOCUMENT_NONE);
	assert_true(document->listeners[2].stopped);
}

static void a_group_keeps_its_fields(void **state)
{
	const struct document *document = ((struct fixture *)*state)->document;
	const struct document_group *web = &document->groups[document->listeners[0].group];

	assert_string_equal(web->name, "web");
	assert_int_equal(web->scheduler, MODEL_RR);
	assert_int_equal(web->server_count, 2);
	assert_string_equal(web->servers[0].name, "ECS01");
	assert_string_equal(web->servers[1].name, "[fd00::2]:81");
	assert_int_equal(web->servers[1].weight, 5);
	assert_int_equal(web->servers[0].weight, 100);
	assert_true(web->check.enabled);
	assert_true(web->check.proxy_protocol);
	assert_int_equal(web->check.http_codes, MODEL_HTTP_2XX | MODEL_HTTP_3XX);
	assert_string_equal(web->check.domain, "");
	assert_string_equal(web->check.url, "/alive");
	assert_false(document->groups[document->listeners[1].group].check.proxy_protocol);
}

static void set_server(struct fixture *fixture, const char *group, const char *ip)
{
	struct model_server *server = &model_find_server_group(fixture->model, group)->servers[0];

	free(server->server_ip);
	server->server_ip = memory_copy_string(ip);
}

/* Where the address of this server stands in the bytes. */
static uint8_t *address_in(struct fixture *fixture, const char *name)
{
	size_t len = strlen(name), i;

	for (i = 0; i + len <= fixture->bytes.len; i++)
		if (memcmp(fixture->bytes.data + i, name, len) == 0)
			return fixture->bytes.data + i - 3;
	fail();
	return NULL;
}

static void assert_refused(struct fixture *fixture)
{
	struct error err = { 0 };
	struct document *document = document_decode(buffer_bytes(&fixture->bytes), &err);

	assert_null(document);
}

static void a_server_may_be_a_unix_socket_and_is_not_checked(void **state)
{
	struct fixture *fixture = *state;
	const struct document_group *group;
	struct error err = { 0 };
	uint8_t *address;

	set_server(fixture, "web", "unix:@console");
	encode(fixture, 8);
	group = &fixture->document->groups[fixture->document->listeners[0].group];
	assert_int_equal(group->servers[0].address.family, ADDRESS_UNIX);
	assert_int_equal(group->servers[0].address.port, 0);
	assert_int_equal(group->servers[0].owner, geteuid());
	assert_int_equal(group->servers[1].address.family, 6);
	assert_false(group->check.enabled);
	assert_string_equal(group->servers[0].name, "ECS01");
	address = address_in(fixture, "console");
	address[1] = 80; /* a port */
	assert_refused(fixture);
	address[1] = 0;
	address[3 + 9] = 'x'; /* behind the end of the name */
	assert_refused(fixture);
	address[3 + 9] = 0;
	memset(address + 3, 0, 16);
	assert_refused(fixture);
	set_server(fixture, "web", "unix:@a-name-that-is-too-long");
	assert_int_equal(document_encode(fixture->model, 9, fixture->slots, &fixture->bytes, &err),
			 -1);
}

static void server_names_are_lower_case_sorted_and_side_by_side(void **state)
{
	const struct document *document = ((struct fixture *)*state)->document;
	const struct document_listener *listener = &document->listeners[0];
	static const struct { const char *name; enum model_key_kind kind; } expected[] = {
		{ "*.example.com", MODEL_KEY_RSA }, { "*.example.com", MODEL_KEY_ECDSA },
		{ "a.example.com", MODEL_KEY_RSA }, { "www.example.com", MODEL_KEY_RSA },
		{ "www.example.com", MODEL_KEY_ECDSA } };
	uint32_t i;

	assert_int_equal(listener->sni_count, 5);
	for (i = 0; i < 5; i++) {
		assert_bytes(listener->sni[i].name, expected[i].name);
		assert_int_equal(document->certificates[listener->sni[i].certificate].key_kind,
				 expected[i].kind);
	}
	assert_int_equal(document->certificates[listener->default_certificates[0]].key_kind,
			 MODEL_KEY_ECDSA);
	assert_int_equal(document->certificates[0].not_before, -5);
	assert_int_equal(document->certificates[0].chain_count, 2);
	assert_bytes(document->certificates[0].key, "key");
}

static void nothing_changed_means_the_same_hashes(void **state)
{
	struct fixture *fixture = *state;
	uint8_t before[DOCUMENT_HASH_SIZE];

	memcpy(before, fixture->document->listeners[0].hash, sizeof(before));
	encode(fixture, 8);
	assert_memory_equal(before, fixture->document->listeners[0].hash, sizeof(before));
	assert_memory_not_equal(before, fixture->document->listeners[2].hash, sizeof(before));
}

static void a_change_shows_in_every_hash_above_it(void **state)
{
	struct fixture *fixture = *state;
	struct document_listener before[3];
	uint8_t certificate[DOCUMENT_HASH_SIZE];

	memcpy(before, fixture->document->listeners, sizeof(before));
	memcpy(certificate, fixture->document->certificates[0].hash, sizeof(certificate));
	/* of the additional certificate of the first listener */
	set_bytes(&model_find_certificate(fixture->model, "rsa")->key_der, "another key");
	encode(fixture, 8);
	assert_memory_not_equal(before[0].hash, fixture->document->listeners[0].hash, 32);
	assert_memory_equal(before[1].hash, fixture->document->listeners[1].hash, 32);
	assert_memory_equal(before[2].hash, fixture->document->listeners[2].hash, 32);
	assert_memory_equal(certificate, fixture->document->certificates[0].hash, 32);
	/* of a server of the group of the first and third */
	model_find_server_group(fixture->model, "web")->servers[0].weight = 1;
	encode(fixture, 9);
	assert_memory_not_equal(before[2].hash, fixture->document->listeners[2].hash, 32);
	assert_memory_equal(before[1].hash, fixture->document->listeners[1].hash, 32);
}

static void slots_stay_when_others_come_and_go(void **state)
{
	struct fixture *fixture = *state;
	uint32_t slot = fixture->document->listeners[2].slot;
	uint32_t server = fixture->document->groups[1].servers[0].slot;

	fixture->model->listener_count = 2;
	encode(fixture, 8);
	assert_int_equal(fixture->document->groups[1].servers[0].slot, server);
	fixture->model->listener_count = 3;
	encode(fixture, 9);
	assert_int_not_equal(fixture->document->listeners[2].slot, slot); /* not reused at once */
	assert_int_equal(fixture->document->groups[1].servers[0].slot, server);
}

static void an_unresolved_certificate_is_refused_and_takes_no_slot(void **state)
{
	struct fixture *fixture = *state;
	struct error err = { 0 };
	struct buffer bytes = { 0 };
	uint32_t slot;

	buffer_done(&model_find_certificate(fixture->model, "www")->key_der);
	fixture->model->listeners[0].port = 4433;
	assert_int_equal(document_encode(fixture->model, 8, fixture->slots, &bytes, &err), -1);
	assert_string_equal(err.message, "certificate \"www\" has no chain or no key");
	assert_int_equal(bytes.len, 0);
	set_bytes(&model_find_certificate(fixture->model, "www")->key_der, "key");
	slot = fixture->document->listeners[0].slot;
	fixture->model->listeners[0].port = 443;
	encode(fixture, 8);
	assert_int_equal(fixture->document->listeners[0].slot, slot);
}

static void every_cut_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct error err;
	size_t len;

	for (len = 0; len < fixture->bytes.len; len++) {
		struct bytes cut = { fixture->bytes.data, len };

		assert_null(document_decode(cut, &err));
		assert_int_equal(err.code, ERROR_INVALID);
	}
}

static void bytes_behind_the_end_are_refused(void **state)
{
	struct fixture *fixture = *state;
	struct error err = { 0 };

	buffer_append(&fixture->bytes, "x", 1);
	assert_null(document_decode(buffer_bytes(&fixture->bytes), &err));
	assert_string_equal(err.message,
			    "could not read the document: there are bytes behind its end");
}

/* Whatever one byte is changed to: an error or a document, and no sanitizer speaks up. */
static void every_changed_byte_is_survived(void **state)
{
	struct fixture *fixture = *state;
	size_t at;

	for (at = 0; at < fixture->bytes.len; at++) {
		static const uint8_t masks[] = { 0x01, 0x80, 0xff };
		size_t i;

		for (i = 0; i < sizeof(masks); i++) {
			struct document *document;

			fixture->bytes.data[at] ^= masks[i];
			document = document_decode(buffer_bytes(&fixture->bytes), NULL);
			document_free(document);
			fixture->bytes.data[at] ^= masks[i];
		}
	}
}

static void sha256_gives_the_values_of_fips_180(void **state)
{
	static const struct { const char *text, *digest; } table[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
		{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopq"
		  "klmnopqrlmnopqrsmnopqrstnopqrstu",
		  "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" } };
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct sha256 hash;
		uint8_t digest[SHA256_SIZE];
		char text[2 * SHA256_SIZE + 1];

		sha256_init(&hash);
		for (j = 0; table[i].text[j] != '\0'; j++) /* a byte at a time */
			sha256_update(&hash, &table[i].text[j], 1);
		sha256_final(&hash, digest);
		hex_encode((struct bytes){ digest, sizeof(digest) }, text);
		assert_string_equal(text, table[i].digest);
	}
}

static void sha256_of_a_million_letters(void **state)
{
	char letters[1000], text[2 * SHA256_SIZE + 1];
	uint8_t digest[SHA256_SIZE];
	struct sha256 hash;
	size_t i;

	(void)state;
	memset(letters, 'a', sizeof(letters));
	sha256_init(&hash);
	for (i = 0; i < 1000; i++)
		sha256_update(&hash, letters, sizeof(letters));
	sha256_final(&hash, digest);
	hex_encode((struct bytes){ digest, sizeof(digest) }, text);
	assert_string_equal(text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

#define WITH_DOCUMENT(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DOCUMENT(what_listeners_refer_to_is_there_once_and_nothing_else),
		WITH_DOCUMENT(a_listener_keeps_its_fields),
		WITH_DOCUMENT(a_group_keeps_its_fields),
		WITH_DOCUMENT(a_server_may_be_a_unix_socket_and_is_not_checked),
		WITH_DOCUMENT(server_names_are_lower_case_sorted_and_side_by_side),
		WITH_DOCUMENT(nothing_changed_means_the_same_hashes),
		WITH_DOCUMENT(a_change_shows_in_every_hash_above_it),
		WITH_DOCUMENT(slots_stay_when_others_come_and_go),
		WITH_DOCUMENT(an_unresolved_certificate_is_refused_and_takes_no_slot),
		WITH_DOCUMENT(every_cut_is_refused),
		WITH_DOCUMENT(bytes_behind_the_end_are_refused),
		WITH_DOCUMENT(every_changed_byte_is_survived),
		cmocka_unit_test(sha256_gives_the_values_of_fips_180),
		cmocka_unit_test(sha256_of_a_million_letters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
