/* Facts, names and files of certificates and keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include <openssl/bytestring.h>
#include <openssl/pkcs7.h>
#include <openssl/pool.h>
#include "support_certificates.h"
#include "x509/certificate.h"

static struct made root, leaf;

static int make_family(void **state)
{
	(void)state;
	root = make_root("C=CN/O=Shop/CN=Root");
	leaf = make((struct order){ .subject = "O=Shop/CN=cart", .issuer = &root, .serial = "0a0b",
				    .names = NONE });
	return 0;
}

static struct certificate *parse(const struct made *made)
{
	struct error err = { 0 };
	struct certificate *certificate = certificate_parse(made->der, &err);

	if (certificate == NULL)
		fail_msg("%s", err.message);
	return certificate;
}

/* --- facts --- */

static void a_certificate_tells_its_facts(void **state)
{
	struct certificate *ca = parse(&root);
	struct certificate *client = parse(&leaf);

	(void)state;
	assert_true(bytes_equal(certificate_der(client), leaf.der));
	assert_true(bytes_equal(certificate_issuer_der(client), certificate_subject_der(ca)));
	assert_int_equal(certificate_serial(client).len, 2);
	assert_int_equal(certificate_serial(client).data[0], 0x0a);
	assert_int_equal(certificate_not_before(client), NOW - 30 * DAY);
	assert_int_equal(certificate_not_after(client), NOW + 30 * DAY);
	assert_true(certificate_is_ca(ca));
	assert_true(certificate_is_self_issued(ca));
	assert_false(certificate_is_ca(client));
	assert_false(certificate_is_self_issued(client));
	assert_int_equal(certificate_key_kind(client), CERTIFICATE_KEY_ECDSA);
	assert_int_equal(certificate_key_bits(client), 256);
	assert_memory_not_equal(certificate_key_hash(client), certificate_key_hash(ca), 32);
	certificate_free(ca);
	certificate_free(client);
	certificate_free(NULL);
}

static void keys_are_told_apart(void **state)
{
	static const struct {
		enum key_type type;
		enum certificate_key kind;
		unsigned int bits;
	} rows[] = {
		{ KEY_P384, CERTIFICATE_KEY_ECDSA, 384 }, { KEY_P521, CERTIFICATE_KEY_ECDSA, 521 },
		{ KEY_P224, CERTIFICATE_KEY_OTHER, 224 }, { KEY_RSA_2048, CERTIFICATE_KEY_RSA, 2048 },
		{ KEY_RSA_1024, CERTIFICATE_KEY_RSA, 1024 },
		{ KEY_ED25519, CERTIFICATE_KEY_ED25519, 253 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct made made = make((struct order){ .subject = "CN=x", .key_type = rows[i].type });
		struct certificate *certificate = parse(&made);

		assert_int_equal(certificate_key_kind(certificate), rows[i].kind);
		assert_in_range(certificate_key_bits(certificate), rows[i].bits, rows[i].bits + 3);
		certificate_free(certificate);
	}
}

static void bytes_that_are_not_one_certificate_are_refused(void **state)
{
	uint8_t *copy = malloc(CERTIFICATE_MAX_SIZE + 1);
	struct made doubled = make((struct order){ .subject = "CN=x", .doubled = true });
	struct error err = { 0 };
	size_t len;

	(void)state;
	memset(copy, 0, CERTIFICATE_MAX_SIZE + 1);
	memcpy(copy, leaf.der.data, leaf.der.len);
	for (len = 0; len < leaf.der.len; len++)
		assert_null(certificate_parse((struct bytes){ copy, len }, &err));
	assert_null(certificate_parse((struct bytes){ copy, leaf.der.len + 1 }, &err));
	assert_null(certificate_parse(doubled.der, &err));
	assert_null(certificate_parse((struct bytes){ copy, CERTIFICATE_MAX_SIZE + 1 }, &err));
	assert_int_equal(err.code, ERROR_LIMIT);
	free(copy);
}

/* --- names --- */

static void subjects_are_written_as_rfc_4514_says(void **state)
{
	static const struct {
		const char *subject, *text;
	} rows[] = {
		{ "C=CN/O=Shop/CN=cart", "CN=cart,O=Shop,C=CN" },
		{ "CN=Smith, Jane", "CN=Smith\\, Jane" },
		{ "CN= x", "CN=\\ x" },
		{ "CN=x ", "CN=x\\ " },
		{ "CN=#1", "CN=\\#1" },
		{ "CN=a\"b<c>;d+e\\f", "CN=a\\\"b\\<c\\>\\;d\\+e\\\\f" },
		{ "CN=\xe5\x8c\x97\xe4\xba\xac", "CN=\xe5\x8c\x97\xe4\xba\xac" },
		{ "CN=a\nb", "CN=a\\0Ab" },
		{ "CN=\xc2\x85", "CN=\\C2\\85" },
		{ "", "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct made made = make((struct order){ .subject = rows[i].subject, .issuer = &root });
		struct certificate *certificate = parse(&made);
		char text[128];

		certificate_subject_text(certificate, text, sizeof(text));
		assert_string_equal(text, rows[i].text);
		certificate_free(certificate);
	}
}

static void long_texts_are_cut_between_characters(void **state)
{
	struct made made = make((struct order){ .subject = "O=\xe5\x8c\x97\xe4\xba\xac/CN=a\nb" });
	struct certificate *certificate = parse(&made);
	char full[64];
	size_t size;

	(void)state;
	certificate_subject_text(certificate, full, sizeof(full));
	assert_string_equal(full, "CN=a\\0Ab,O=\xe5\x8c\x97\xe4\xba\xac");
	for (size = 1; size <= strlen(full); size++) {
		char *text = malloc(size);
		size_t len;

		certificate_subject_text(certificate, text, size);
		len = strlen(text);
		assert_true(len < size);
		if (size >= 4) {
			assert_string_equal(text + len - 3, "...");
			assert_memory_equal(text, full, len - 3);
			/* neither inside the escape (offsets 4 to 6) nor inside a character (11 to 16) */
			assert_true(len - 3 <= 4 || len - 3 >= 7);
			assert_true(len - 3 <= 11 || len - 3 == 14);
		}
		free(text);
	}
	certificate_free(certificate);
}

static void the_identity_is_the_first_name_that_says_who(void **state)
{
	static const struct {
		const char *subject, *names, *identity;
	} rows[] = {
		{ "CN=cart", "DNS:a.b,email:x@y.z,URI:spiffe://shop/cart", "spiffe://shop/cart" },
		{ "CN=cart", "DNS:a.b,email:x@y.z", "x@y.z" },
		{ "CN=cart", "DNS:a.b", "cart" },
		{ "CN=cart", "URI:urn:sallyport:client:12ab", "cart" },
		{ "CN=cart", "URI:urn:other:client:12ab", "urn:other:client:12ab" },
		{ "O=Shop", "DNS:a.b,DNS:c.d", "a.b" },
		{ "O=Shop", NONE, "O=Shop" },
		{ "CN=first/CN=last, one", NONE, "last, one" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct made made = make((struct order){ .subject = rows[i].subject, .issuer = &root,
							.names = rows[i].names });
		struct certificate *certificate = parse(&made);
		char text[128];

		certificate_identity_text(certificate, text, sizeof(text));
		assert_string_equal(text, rows[i].identity);
		certificate_free(certificate);
	}
}

static void gather(void *arg, const char *name)
{
	strcat(arg, name);
	strcat(arg, ";");
}

static void host_names_for_sni(void **state)
{
	static const struct {
		const char *subject, *names, *wanted;
	} rows[] = {
		{ "CN=www.example.com", "DNS:A.Example.com,DNS:*.b.org", "a.example.com;*.b.org;" },
		{ "CN=www.example.com", "IP:10.0.0.1", "" },
		{ "CN=WWW.example.com", NONE, "www.example.com;" },
		{ "CN=Jane Doe", NONE, "" },
		{ "O=x", NONE, "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct made made = make((struct order){ .subject = rows[i].subject, .issuer = &root,
							.names = rows[i].names });
		struct certificate *certificate = parse(&made);
		char text[128] = "";

		certificate_each_dns_name(certificate, gather, text);
		assert_string_equal(text, rows[i].wanted);
		certificate_free(certificate);
	}
}

/* --- files --- */

struct found {
	struct bytes items[8];
	size_t count;
};

static int count_certificate(void *arg, struct bytes der, struct error *err)
{
	struct found *found = arg;
	uint8_t *copy = memcpy(keep(malloc(der.len)), der.data, der.len);

	(void)err;
	found->items[found->count++] = (struct bytes){ copy, der.len };
	return 0;
}

static int read_certificates(struct bytes content, struct found *found, struct error *err)
{
	*found = (struct found){ .count = 0 };
	return certificate_each_in_file(content, "CertFile", count_certificate, found, err);
}

static void certificates_are_read_from_any_form(void **state)
{
	static const char *const labels[] = { "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE" };
	struct found found;
	struct error err = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct buffer pem = to_pem(labels[i], leaf.der);
		struct buffer more = to_pem("CERTIFICATE", root.der);

		buffer_append(&pem, more.data, more.len);
		assert_int_equal(read_certificates(buffer_bytes(&pem), &found, &err), 0);
		assert_int_equal(found.count, 2);
		assert_true(bytes_equal(found.items[0], leaf.der));
		assert_true(bytes_equal(found.items[1], root.der));
		buffer_done(&pem);
		buffer_done(&more);
	}
	assert_int_equal(read_certificates(leaf.der, &found, &err), 0);
	assert_int_equal(found.count, 1);
}

static void the_tail_of_a_trusted_certificate_is_dropped(void **state)
{
	uint8_t der[2048];
	struct buffer pem;
	struct found found;
	struct error err = { 0 };

	(void)state;
	memcpy(der, leaf.der.data, leaf.der.len);
	memcpy(der + leaf.der.len, "\x30\x03\x0c\x01x", 5);
	pem = to_pem("TRUSTED CERTIFICATE", (struct bytes){ der, leaf.der.len + 5 });
	assert_int_equal(read_certificates(buffer_bytes(&pem), &found, &err), 0);
	assert_true(bytes_equal(found.items[0], leaf.der));
	buffer_done(&pem);
	pem = to_pem("CERTIFICATE", (struct bytes){ der, leaf.der.len + 5 });
	assert_int_equal(read_certificates(buffer_bytes(&pem), &found, &err), -1);
	assert_non_null(strstr(err.message, "block 1 of 1 (CERTIFICATE)"));
	buffer_done(&pem);
}

static void bundles_are_read(void **state)
{
	STACK_OF(X509) *stack = sk_X509_new_null();
	struct found found;
	struct error err = { 0 };
	struct buffer pem;
	uint8_t *der = NULL;
	size_t len = 0;
	CBB cbb;

	(void)state;
	sk_X509_push(stack, leaf.x509);
	sk_X509_push(stack, root.x509);
	assert_true(CBB_init(&cbb, 1024) && PKCS7_bundle_certificates(&cbb, stack) &&
		    CBB_finish(&cbb, &der, &len));
	assert_int_equal(read_certificates((struct bytes){ der, len }, &found, &err), 0);
	assert_int_equal(found.count, 2);
	pem = to_pem("PKCS7", (struct bytes){ der, len });
	assert_int_equal(read_certificates(buffer_bytes(&pem), &found, &err), 0);
	assert_int_equal(found.count, 2);
	buffer_done(&pem);
	OPENSSL_free(der);
	sk_X509_free(stack);
}

static void a_file_without_a_certificate_says_what_it_is(void **state)
{
	static const struct {
		const char *content, *message;
	} rows[] = {
		{ "", "could not read CertFile: it is empty" },
		{ "hello\nworld and more", "it starts with \"hello.world and \"" },
		{ "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", "a private key" },
		{ "-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n", "a revocation list" },
		{ "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n",
		  "a certificate request" },
		{ "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
		  "block 1 of 1 (CERTIFICATE): it is not a well-formed" },
		{ "0\x08\x02\x01\x03\x30\x03\x06\x01\x01", "PKCS#12" },
		{ "0\x82", "not a well-formed" },
	};
	struct found found;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes content = { (const uint8_t *)rows[i].content, strlen(rows[i].content) };
		struct error err = { 0 };

		assert_int_equal(read_certificates(content, &found, &err), -1);
		if (strstr(err.message, rows[i].message) == NULL)
			fail_msg("row %zu: %s", i, err.message);
	}
}

/* --- keys --- */

static struct buffer encode(int (*marshal)(CBB *cbb, EVP_PKEY *key), EVP_PKEY *key)
{
	struct buffer out = { 0 };
	uint8_t *der;
	size_t len;
	CBB cbb;

	if (!CBB_init(&cbb, 1024) || !marshal(&cbb, key) || !CBB_finish(&cbb, &der, &len))
		abort();
	buffer_append(&out, der, len);
	OPENSSL_free(der);
	return out;
}

static int marshal_pkcs8(CBB *cbb, EVP_PKEY *key)
{
	return EVP_marshal_private_key(cbb, key);
}

static int marshal_pkcs1(CBB *cbb, EVP_PKEY *key)
{
	return RSA_marshal_private_key(cbb, EVP_PKEY_get0_RSA(key));
}

static int marshal_sec1(CBB *cbb, EVP_PKEY *key)
{
	return EC_KEY_marshal_private_key(cbb, EVP_PKEY_get0_EC_KEY(key), 0);
}

static int marshal_bare_sec1(CBB *cbb, EVP_PKEY *key)
{
	return EC_KEY_marshal_private_key(cbb, EVP_PKEY_get0_EC_KEY(key), EC_PKEY_NO_PARAMETERS);
}

/* Reads the file and proves that the key in it belongs to made. */
static void assert_key_of(struct bytes file, const struct made *made)
{
	struct certificate *certificate = parse(made);
	struct buffer pkcs8 = { 0 };
	struct error err = { 0 };

	if (certificate_key_from_file(file, "KeyFile", &pkcs8, &err) < 0 ||
	    certificate_check_key(certificate, buffer_bytes(&pkcs8), &err) < 0)
		fail_msg("%s", err.message);
	buffer_done(&pkcs8);
	certificate_free(certificate);
}

static void keys_are_read_from_any_form(void **state)
{
	static const struct {
		enum key_type type;
		const char *label;
		int (*marshal)(CBB *cbb, EVP_PKEY *key);
	} rows[] = {
		{ KEY_P256, "PRIVATE KEY", marshal_pkcs8 },
		{ KEY_P256, "EC PRIVATE KEY", marshal_sec1 },
		{ KEY_P521, "EC PRIVATE KEY", marshal_sec1 },
		{ KEY_RSA_2048, "PRIVATE KEY", marshal_pkcs8 },
		{ KEY_RSA_2048, "RSA PRIVATE KEY", marshal_pkcs1 },
		{ KEY_ED25519, "PRIVATE KEY", marshal_pkcs8 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct made made = make((struct order){ .subject = "CN=x", .key_type = rows[i].type });
		struct buffer der = encode(rows[i].marshal, made.key);
		struct buffer pem = to_pem(rows[i].label, buffer_bytes(&der));
		struct buffer both = to_pem("CERTIFICATE", made.der);

		assert_key_of(buffer_bytes(&der), &made);
		assert_key_of(buffer_bytes(&pem), &made);
		buffer_append(&both, pem.data, pem.len);
		assert_key_of(buffer_bytes(&both), &made);
		buffer_done(&der);
		buffer_done(&pem);
		buffer_done(&both);
	}
}

static void ec_parameters_before_the_key_are_used(void **state)
{
	static const uint8_t p256[] = { 0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
	struct buffer der = encode(marshal_bare_sec1, leaf.key);
	struct buffer key = to_pem("EC PRIVATE KEY", buffer_bytes(&der));
	struct buffer file = to_pem("EC PARAMETERS", (struct bytes){ p256, sizeof(p256) });

	(void)state;
	buffer_append(&file, key.data, key.len);
	assert_key_of(buffer_bytes(&file), &leaf);
	buffer_done(&der);
	buffer_done(&key);
	buffer_done(&file);
}

static void keys_that_cannot_be_used_say_why(void **state)
{
	static const struct {
		const char *content, *message, *hint;
	} rows[] = {
		{ "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n",
		  "the private key is encrypted", "openssl pkey" },
		{ "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n"
		  "MIIB\n-----END RSA PRIVATE KEY-----\n", "the private key is encrypted", "openssl" },
		{ "-----BEGIN OPENSSH PRIVATE KEY-----\nMIIB\n-----END OPENSSH PRIVATE KEY-----\n",
		  "OpenSSH", "ssh-keygen" },
		{ "-----BEGIN DSA PRIVATE KEY-----\nMIIB\n-----END DSA PRIVATE KEY-----\n", "DSA", "" },
		{ "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", "damaged", "PKCS#8" },
		{ "", "no private key found in KeyFile: it is empty", "" },
		{ "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "holds a certificate",
		  "" },
		{ "hello", "no private key found in KeyFile", "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes content = { (const uint8_t *)rows[i].content, strlen(rows[i].content) };
		struct buffer pkcs8 = { 0 };
		struct error err = { 0 };

		assert_int_equal(certificate_key_from_file(content, "KeyFile", &pkcs8, &err), -1);
		if (strstr(err.message, rows[i].message) == NULL ||
		    strstr(err.hint, rows[i].hint) == NULL)
			fail_msg("row %zu: %s (%s)", i, err.message, err.hint);
		assert_null(pkcs8.data);
	}
}

static void two_keys_are_one_too_many(void **state)
{
	struct buffer der = encode(marshal_pkcs8, leaf.key);
	struct buffer file = to_pem("PRIVATE KEY", buffer_bytes(&der));
	struct buffer pkcs8 = { 0 };
	struct error err = { 0 };
	struct buffer twice = { 0 };

	(void)state;
	buffer_append(&twice, file.data, file.len);
	buffer_append(&twice, file.data, file.len);
	assert_int_equal(certificate_key_from_file(buffer_bytes(&twice), "KeyFile", &pkcs8, &err), -1);
	assert_non_null(strstr(err.message, "several private keys"));
	buffer_done(&der);
	buffer_done(&file);
	buffer_done(&twice);
}

static void a_key_must_belong_to_its_certificate_and_be_strong(void **state)
{
	struct made weak = make((struct order){ .subject = "CN=x", .key_type = KEY_RSA_1024 });
	struct certificate *certificate = parse(&leaf);
	struct certificate *weak_certificate = parse(&weak);
	struct buffer own = encode(marshal_pkcs8, leaf.key);
	struct buffer other = encode(marshal_pkcs8, root.key);
	struct buffer weak_key = encode(marshal_pkcs8, weak.key);
	struct error err = { 0 };

	(void)state;
	assert_int_equal(certificate_check_key(certificate, buffer_bytes(&own), &err), 0);
	assert_int_equal(certificate_check_key(certificate, buffer_bytes(&other), &err), -1);
	assert_string_equal(err.message, "the private key does not belong to the certificate");
	assert_int_equal(certificate_check_key(weak_certificate, buffer_bytes(&weak_key), &err), -1);
	assert_non_null(strstr(err.message, "1024 bits"));
	assert_int_equal(certificate_check_key(certificate, (struct bytes){ own.data, 5 }, &err), -1);
	certificate_free(certificate);
	certificate_free(weak_certificate);
	buffer_done(&own);
	buffer_done(&other);
	buffer_done(&weak_key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_tells_its_facts),
		cmocka_unit_test(keys_are_told_apart),
		cmocka_unit_test(bytes_that_are_not_one_certificate_are_refused),
		cmocka_unit_test(subjects_are_written_as_rfc_4514_says),
		cmocka_unit_test(long_texts_are_cut_between_characters),
		cmocka_unit_test(the_identity_is_the_first_name_that_says_who),
		cmocka_unit_test(host_names_for_sni),
		cmocka_unit_test(certificates_are_read_from_any_form),
		cmocka_unit_test(the_tail_of_a_trusted_certificate_is_dropped),
		cmocka_unit_test(bundles_are_read),
		cmocka_unit_test(a_file_without_a_certificate_says_what_it_is),
		cmocka_unit_test(keys_are_read_from_any_form),
		cmocka_unit_test(ec_parameters_before_the_key_are_used),
		cmocka_unit_test(keys_that_cannot_be_used_say_why),
		cmocka_unit_test(two_keys_are_one_too_many),
		cmocka_unit_test(a_key_must_belong_to_its_certificate_and_be_strong),
	};

	return cmocka_run_group_tests(tests, make_family, NULL);
}
