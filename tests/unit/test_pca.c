/* The private CA through the API: what its actions make, show, refuse and take away. */
#include "support_pca.h"

#include "certs/builtin.h"
#include "pki/pem_write.h"
#include "pki/pkcs8.h"
#include "x509/certificate.h"
#include "x509/pem.h"

/* --- the table --- */

static void every_action_has_a_handler(void **state)
{
	(void)state;
	for (size_t i = 0; i < product_pca.action_count; i++)
		assert_non_null(handler_of(product_pca.actions[i].name));
}

/* --- CAs --- */

static void a_root_and_a_subordinate_are_made_and_shown(void **state)
{
	const char *root = make_root(*state, "Demo Root", "ECC_256");
	const char *sub = make_sub(*state, root, "Demo Sub", "ECC_384");
	json_t *shown = json_object_get(get(*state, "DescribeCACertificate", id_of(sub)),
					"Certificate");

	assert_string_equal(text_in(shown, "CertificateType"), "SUB_ROOT");
	assert_string_equal(text_in(shown, "Status"), "ISSUE");
	assert_string_equal(text_in(shown, "ParentIdentifier"), root);
	assert_string_equal(text_in(shown, "CountryCode"), "CN");
	assert_string_equal(text_in(shown, "Algorithm"), "ECC");
	assert_string_equal(text_in(shown, "FullAlgorithm"), "ECC_384");
	assert_string_equal(text_in(shown, "SignAlgorithm"), "SHA256WITHECDSA");
	assert_int_equal(number_in(shown, "KeySize"), 384);
	assert_int_equal(number_in(shown, "Years"), 5);
	assert_int_equal(number_in(shown, "CertIssuedCount"), 0);
	assert_int_equal(number_in(shown, "PathLenConstraint"), 0);
	assert_int_equal(number_in(shown, "BeforeDate"), (NOW - 300) * 1000);
	assert_string_equal(text_in(shown, "SubjectDN"),
			    "C=CN,O=Alibaba,OU=test,L=Beijing,ST=Beijing,CN=Demo Sub");
	assert_int_equal(strlen(text_in(shown, "SerialNumber")), 34);
	assert_int_equal(strncmp(text_in(shown, "SerialNumber"), "01", 2), 0);
	assert_non_null(strstr(text_in(shown, "CaCertChain"), "BEGIN CERTIFICATE"));
	shown = get(*state, "DescribeCACertificateCount", json_object());
	assert_int_equal(number_in(shown, "TotalCount"), 2);
}

static void algorithms_that_are_not_made_are_refused(void **state)
{
	struct error err = refused(*state, "CreateRootCACertificate",
				   ca_parameters("R", "RSA_1024", 10), "IllegalParam.Algorithm");

	assert_string_equal(err.place, "Algorithm");
	refused(*state, "CreateRootCACertificate", ca_parameters("R", "SM2_256", 10),
		"IllegalParam.Algorithm");
	refused(*state, "CreateRootCACertificate", ca_parameters("R", "DSA", 10),
		"IllegalParam.Algorithm");
}

static void a_subordinate_is_of_the_family_of_its_root(void **state)
{
	const char *root = make_root(*state, "Demo Root", "ECC_256");
	json_t *parameters = ca_parameters("Demo Sub", "RSA_2048", 5);

	json_object_set_new(parameters, "ParentIdentifier", json_string(root));
	refused(*state, "CreateSubCACertificate", parameters, "IllegalParam.Algorithm");
}

static void a_subordinate_never_outlives_its_root(void **state)
{
	const char *root = make_root(*state, "Demo Root", "ECC_256");
	json_t *parameters = ca_parameters("Demo Sub", "ECC_256", 11);
	struct error err;

	json_object_set_new(parameters, "ParentIdentifier", json_string(root));
	err = refused(*state, "CreateSubCACertificate", parameters, "IllegalParam.Years");
	assert_non_null(strstr(err.message, "2037-01-15"));
	/* as many years, moments later */
	caller.now = NOW + 60;
	parameters = ca_parameters("Demo Sub", "ECC_256", 10);
	json_object_set_new(parameters, "ParentIdentifier", json_string(root));
	get(*state, "CreateSubCACertificate", parameters);
}

static void two_cas_do_not_share_a_name(void **state)
{
	make_root(*state, "Demo Root", "ECC_256");
	refused(*state, "CreateRootCACertificate", ca_parameters("Demo Root", "ECC_256", 10),
		"LintFailed.N03");
}

static void a_ca_with_path_length_0_makes_no_cas(void **state)
{
	const char *root = make_root(*state, "Demo Root", "ECC_256");
	const char *sub = make_sub(*state, root, "Demo Sub", "ECC_256");
	json_t *parameters = ca_parameters("Below", "ECC_256", 1);

	json_object_set_new(parameters, "ParentIdentifier", json_string(sub));
	refused(*state, "CreateSubCACertificate", parameters, "IllegalParam.ParentIdentifier");
}

static void constraints_of_a_ca_hold(void **state)
{
	const char *root = make_root(*state, "Demo Root", "ECC_256");
	json_t *parameters = ca_parameters("Demo Sub", "ECC_256", 5);
	const char *sub;

	json_object_set_new(parameters, "ParentIdentifier", json_string(root));
	json_object_set_new(parameters, "PermittedNames", json_pack("[s]", "DNS:example.com"));
	sub = text_in(get(*state, "CreateSubCACertificate", parameters), "Identifier");
	get(*state, "CreateServerCertificate",
	    json_pack("{s:s, s:s, s:s}", "ParentIdentifier", sub, "CommonName", "www.example.com",
		      "Algorithm", "ECC_256"));
	refused(*state, "CreateServerCertificate",
		json_pack("{s:s, s:s, s:s}", "ParentIdentifier", sub, "CommonName",
			  "www.example.org", "Algorithm", "ECC_256"),
		"LintFailed.X28");
}

static void a_ca_is_revoked_once_and_issues_no_more(void **state)
{
	const char *root = make_root(*state, "Demo Root", "ECC_256");
	const char *sub = make_sub(*state, root, "Demo Sub", "ECC_256");
	struct answer answer;

	refused(*state, "UpdateCACertificateStatus",
		json_pack("{s:s, s:s}", "Identifier", sub, "Status", "ISSUE"),
		"IllegalParam.Status");
	answer = ask(*state, "UpdateCACertificateStatus",
		     json_pack("{s:s, s:s}", "Identifier", sub, "Status", "REVOKE"));
	assert_non_null(answer.reply);
	assert_true(answer.revokes && answer.serves);
	json_decref(answer.reply);
	assert_string_equal(
		text_in(json_object_get(get(*state, "DescribeCACertificate", id_of(sub)),
					"Certificate"),
			"Status"),
		"REVOKE");
	refused(*state, "UpdateCACertificateStatus",
		json_pack("{s:s, s:s}", "Identifier", sub, "Status", "REVOKE"),
		"IncorrectStatus.CaCertificate");
	refused(*state, "CreateClientCertificate",
		json_pack("{s:s, s:s}", "ParentIdentifier", sub, "CommonName", "cart"),
		"IncorrectStatus.CaCertificate");
}

/* --- certificates --- */

struct cas {
	const char *root, *sub;
};

static struct cas make_cas(struct home *home)
{
	struct cas cas;

	cas.root = make_root(home, "Demo Root", "ECC_256");
	cas.sub = make_sub(home, cas.root, "Demo Sub", "ECC_256");
	return cas;
}

static json_t *client_parameters(const char *sub, const char *name)
{
	return json_pack("{s:s, s:s, s:s}", "ParentIdentifier", sub, "CommonName", name,
			 "Algorithm", "ECC_256");
}

static json_t *shown_leaf(struct home *home, const char *id)
{
	return json_object_get(get(home, "DescribeClientCertificate", id_of(id)), "Certificate");
}

static void a_client_certificate_has_the_defaults_of_the_service(void **state)
{
	struct cas cas = make_cas(*state);
	json_t *reply = get(*state, "CreateClientCertificate", client_parameters(cas.sub, "cart"));
	const char *id = text_in(reply, "Identifier");
	json_t *shown = shown_leaf(*state, id);
	char sans[120];

	assert_null(json_object_get(reply, "X509Certificate"));
	assert_string_equal(text_in(reply, "SerialNumber"), text_in(shown, "SerialNumber"));
	assert_string_equal(text_in(shown, "CertificateType"), "CLIENT");
	assert_string_equal(text_in(shown, "Organization"), "Alibaba Inc");
	assert_string_equal(text_in(shown, "OrganizationUnit"), "Aliyun CDN");
	assert_string_equal(text_in(shown, "Locality"), "Beijing");
	assert_int_equal(number_in(shown, "Days"), 30);
	assert_int_equal(number_in(shown, "AfterDate"), (NOW - 300 + 30 * DAY - 1) * 1000);
	assert_int_equal(number_in(shown, "UploadFlag"), 0);
	snprintf(sans, sizeof(sans), "[{\"Type\":6,\"Value\":\"urn:sallyport:client:%s\"}]", id);
	assert_string_equal(text_in(shown, "Sans"), sans);
	assert_true(json_is_true(json_object_get(shown, "ExistPrivateKey")));
	assert_true(json_is_true(json_object_get(shown, "KeyExportable")));
}

static void immediately_answers_certificate_and_chain(void **state)
{
	struct cas cas = make_cas(*state);
	json_t *parameters = client_parameters(cas.sub, "client@example.com");
	json_t *reply;

	json_object_set_new(parameters, "Immediately", json_integer(2));
	reply = get(*state, "CreateClientCertificate", parameters);
	assert_int_equal(
		strncmp(text_in(reply, "X509Certificate"), "-----BEGIN CERTIFICATE-----\n", 28), 0);
	assert_non_null(strstr(text_in(reply, "CertificateChain") + 10, "BEGIN"));
	assert_string_equal(text_in(shown_leaf(*state, text_in(reply, "Identifier")), "Sans"),
			    "[{\"Type\":1,\"Value\":\"client@example.com\"}]");
}

static void names_of_all_kinds_are_taken(void **state)
{
	struct cas cas = make_cas(*state);
	json_t *parameters = client_parameters(cas.sub, "cart");
	const char *sans;

	json_object_set_new(parameters, "SanType", json_integer(1));
	json_object_set_new(parameters, "SanValue", json_string("a@example.com, B@Example.COM"));
	json_object_set_new(parameters, "SubjectAlternativeNames",
			    json_pack("[s, s, s, s]", "DNS:Cart.example.com", "IP:10.0.0.1",
				      "URI:spiffe://shop/cart", "UPN:cart@corp"));
	sans = text_in(
		shown_leaf(*state, text_in(get(*state, "CreateClientCertificate", parameters),
					   "Identifier")),
		"Sans");
	assert_string_equal(sans, "[{\"Type\":1,\"Value\":\"a@example.com\"},"
			    "{\"Type\":1,\"Value\":\"B@example.com\"},"
			    "{\"Type\":2,\"Value\":\"cart.example.com\"},"
			    "{\"Type\":7,\"Value\":\"10.0.0.1\"},"
			    "{\"Type\":6,\"Value\":\"spiffe://shop/cart\"},"
			    "{\"Type\":0,\"Value\":\"cart@corp\"}]");
}

static void names_that_are_none_are_refused(void **state)
{
	struct cas cas = make_cas(*state);
	static const struct {
		int type;
		const char *value, *symbol;
	} cases[] = {
		{ 1, "no address", "IllegalParam.SanValue" },
		{ 1, "a@b@c", "IllegalParam.SanValue" },
		{ 2, "*.example.com", "IllegalParam.SanValue" },
		{ 2, "under_score.example.com", "IllegalParam.SanValue" },
		{ 6, "spiffe:", "IllegalParam.SanValue" },
		{ 7, "10.0.0.256", "IllegalParam.SanValue" },
		{ 7, "224.0.0.1", "IllegalParam.SanValue" },
		{ 4, "CN=x", "IllegalParam.SanType" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *parameters = client_parameters(cas.sub, "cart");

		json_object_set_new(parameters, "SanType", json_integer(cases[i].type));
		json_object_set_new(parameters, "SanValue", json_string(cases[i].value));
		refused(*state, "CreateClientCertificate", parameters, cases[i].symbol);
	}
}

static void a_server_is_called_by_its_names(void **state)
{
	struct cas cas = make_cas(*state);
	json_t *parameters = client_parameters(cas.sub, "WWW.Example.com");
	json_t *shown;

	json_object_set_new(parameters, "Domain",
			    json_string("example.com,10.0.0.1,*.example.com"));
	shown = shown_leaf(*state, text_in(get(*state, "CreateServerCertificate", parameters),
					   "Identifier"));
	assert_string_equal(text_in(shown, "CertificateType"), "SERVER");
	assert_string_equal(text_in(shown, "CommonName"), "www.example.com");
	assert_non_null(strstr(text_in(shown, "Sans"), "\"*.example.com\""));
	assert_non_null(strstr(text_in(shown, "Sans"), "\"www.example.com\""));
	refused(*state, "CreateServerCertificate", client_parameters(cas.sub, "My Server"),
		"IllegalParam.CommonName");
}

static void days_win_and_the_end_is_that_of_the_ca(void **state)
{
	struct cas cas = make_cas(*state);
	json_t *parameters = client_parameters(cas.sub, "cart");
	json_t *shown;

	json_object_set_new(parameters, "Days", json_integer(7));
	json_object_set_new(parameters, "BeforeTime", json_integer(NOW));
	json_object_set_new(parameters, "AfterTime", json_integer(NOW + 100 * DAY));
	shown = shown_leaf(*state, text_in(get(*state, "CreateClientCertificate", parameters),
					   "Identifier"));
	assert_int_equal(number_in(shown, "Days"), 7);

	parameters = client_parameters(cas.sub, "cart");
	json_object_set_new(parameters, "Days", json_integer(2000));
	assert_non_null(strstr(refused(*state, "CreateClientCertificate", parameters,
				       "IllegalParam.Days").message, "2032-01-15"));

	parameters = client_parameters(cas.sub, "cart");
	json_object_set_new(parameters, "BeforeTime", json_integer(NOW));
	refused(*state, "CreateClientCertificate", parameters, "MissingParam.AfterTime");

	parameters = client_parameters(cas.sub, "cart");
	json_object_set_new(parameters, "BeforeTime", json_integer(NOW + DAY));
	json_object_set_new(parameters, "AfterTime", json_integer(NOW + 3 * DAY));
	shown = shown_leaf(*state, text_in(get(*state, "CreateClientCertificate", parameters),
					   "Identifier"));
	assert_int_equal(number_in(shown, "BeforeDate"), (NOW + DAY) * 1000);
	assert_int_equal(number_in(shown, "AfterDate"), (NOW + 3 * DAY) * 1000);

	/* nothing was asked for: it ends with the CA */
	caller.now = NOW + 5 * 365 * DAY;
	shown = shown_leaf(*state, text_in(get(*state, "CreateClientCertificate",
					       client_parameters(cas.sub, "cart")), "Identifier"));
	assert_true(number_in(shown, "Days") < 30);
	assert_string_equal(text_in(json_array_get(json_object_get(shown, "Notes"), 0), "Id"),
			    "P01");
}

static void an_ended_ca_issues_nothing(void **state)
{
	struct cas cas = make_cas(*state);

	caller.now = NOW + 6 * 366 * DAY;
	refused(*state, "CreateClientCertificate", client_parameters(cas.sub, "cart"),
		"IncorrectStatus.CaCertificate");
}

static void the_only_ca_needs_no_name(void **state)
{
	struct cas cas = make_cas(*state);
	json_t *reply =
		get(*state, "CreateClientCertificate", json_pack("{s:s}", "CommonName", "cart"));

	assert_string_equal(text_in(shown_leaf(*state, text_in(reply, "Identifier")),
				    "ParentIdentifier"), cas.sub);
	make_sub(*state, cas.root, "Another", "ECC_256");
	refused(*state, "CreateClientCertificate", json_pack("{s:s}", "CommonName", "cart"),
		"MissingParam.ParentIdentifier");
	refused(*state, "CreateClientCertificate",
		json_pack("{s:s, s:s}", "ParentIdentifier", "nonsense", "CommonName", "cart"),
		"NotFound");
}

static void an_issuer_uses_one_ca_only(void **state)
{
	struct cas cas = make_cas(*state);
	const char *other = make_sub(*state, cas.root, "Another", "ECC_256");
	const char *id = text_in(get(*state, "CreateClientCertificate",
				     client_parameters(other, "cart")), "Identifier");

	caller.role = CALLER_ISSUER;
	caller.ca = cas.sub;
	get(*state, "CreateClientCertificate", client_parameters(cas.sub, "cart"));
	refused(*state, "CreateClientCertificate", client_parameters(other, "cart"),
		"Forbidden.NoPermission");
	refused(*state, "UpdatePcaCertificate",
		json_pack("{s:s, s:s}", "Identifier", id, "AliasName", "x"),
		"Forbidden.NoPermission");
	refused(*state, "DescribeCertificatePrivateKey",
		json_pack("{s:s, s:s}", "Identifier", id, "EncryptedCode", "secret"),
		"Forbidden.NoPermission");
	refused(*state, "UpdatePcaCertificate",
		json_pack("{s:s, s:s}", "Identifier", cas.sub, "AliasName", "x"),
		"Forbidden.NoPermission");
}

static void custom_identifiers_are_unique(void **state)
{
	struct cas cas = make_cas(*state);
	json_t *parameters = client_parameters(cas.sub, "cart");

	json_object_set_new(parameters, "CustomIdentifier", json_string("cart-1"));
	get(*state, "CreateClientCertificate", json_incref(parameters));
	refused(*state, "CreateClientCertificate", parameters, "Conflict.CustomIdentifier");
}

/* --- requests --- */

static char *make_csr(const char *common_name, const char *dns, enum key_algorithm algorithm)
{
	const struct subject_names names = { .organization = "Ignored",
					     .common_name = common_name };
	struct buffer subject = { 0 }, der = { 0 }, pem = { 0 };
	struct san_list list = { 0 };
	EVP_PKEY *key = key_generate(algorithm, NULL);

	must(subject_write(&names, &subject, e));
	if (dns != NULL)
		must(san_list_add(&list, SAN_DNS, dns, true, e));
	must(csr_make(key, buffer_bytes(&subject), &list, &der, e));
	pem_write(&pem, "CERTIFICATE REQUEST", buffer_bytes(&der));
	buffer_append(&pem, "", 1);
	EVP_PKEY_free(key);
	san_list_done(&list);
	buffer_done(&subject);
	buffer_done(&der);
	return (char *)pem.data;
}

static void a_request_gives_key_name_and_names(void **state)
{
	struct cas cas = make_cas(*state);
	char *csr = make_csr("www.example.com", "example.com", KEY_ALGORITHM_ECC_384);
	json_t *reply = get(*state, "CreateServerCertificateWithCsr",
			    json_pack("{s:s, s:s, s:s}", "ParentIdentifier", cas.sub, "Csr", csr,
				      "CommonName", "not.this.one"));
	json_t *shown = shown_leaf(*state, text_in(reply, "Identifier"));

	assert_string_equal(text_in(shown, "CommonName"), "www.example.com");
	assert_string_equal(text_in(shown, "Organization"), "Alibaba Inc");
	assert_string_equal(text_in(shown, "FullAlgorithm"), "ECC_384");
	assert_non_null(strstr(text_in(shown, "Sans"), "\"example.com\""));
	assert_true(json_is_false(json_object_get(shown, "ExistPrivateKey")));
	refused(*state, "DescribeCertificatePrivateKey",
		json_pack("{s:s, s:s}", "Identifier", text_in(reply, "Identifier"), "EncryptedCode",
			  "secret"), "NotFound.PrivateKey");
	csr[60] = csr[60] == 'A' ? 'B' : 'A';
	refused(*state, "CreateServerCertificateWithCsr",
		json_pack("{s:s, s:s}", "ParentIdentifier", cas.sub, "Csr", csr),
		"IllegalParam.Csr");
	free(csr);
	csr = make_csr("cart", NULL, KEY_ALGORITHM_RSA_2048);
	refused(*state, "CreateClientCertificateWithCsr",
		json_pack("{s:s, s:s}", "ParentIdentifier", cas.sub, "Csr", csr), "IllegalParam.Csr");
	free(csr);
}

static void a_custom_certificate_holds_what_was_asked_for(void **state)
{
	struct cas cas = make_cas(*state);
	char *csr = make_csr("cart", NULL, KEY_ALGORITHM_ECC_256);
	json_t *reply = get(*state, "CreateCustomCertificate",
			    json_pack("{s:s, s:s, s:s, s:i, s:{s:{s:s}, s:{s:[s], s:[{s:s, s:s}],"
				      " s:{s:b, s:b}}}}",
				      "ParentIdentifier", cas.sub, "Csr", csr, "Validity", "7d",
				      "Immediately", 1, "ApiPassthrough", "Subject", "CommonName",
				      "web.example.com", "Extensions", "ExtendedKeyUsages",
				      "serverAuth", "SubjectAlternativeNames", "Type", "dNSName",
				      "Value", "www.example.com", "KeyUsage", "DigitalSignature", 1,
				      "KeyAgreement", 1));
	json_t *shown = shown_leaf(*state, text_in(reply, "Identifier"));

	assert_string_equal(text_in(shown, "CertificateType"), "SERVER");
	assert_string_equal(text_in(shown, "CommonName"), "web.example.com");
	assert_int_equal(number_in(shown, "Days"), 7);
	assert_string_equal(text_in(shown, "X509Certificate"), text_in(reply, "Certificate"));
	refused(*state, "CreateCustomCertificate",
		json_pack("{s:s, s:s, s:s, s:{s:{s:[s, s]}}}", "ParentIdentifier", cas.sub, "Csr",
			  csr, "Validity", "7d", "ApiPassthrough", "Extensions",
			  "ExtendedKeyUsages", "serverAuth", "clientAuth"),
		"IllegalParam.ExtendedKeyUsages");
	refused(*state, "CreateCustomCertificate",
		json_pack("{s:s, s:s, s:s, s:{s:s}}", "ParentIdentifier", cas.sub, "Csr", csr,
			  "Validity", "7d", "ApiPassthrough", "SerialNumber", "01"),
		"IllegalParam.SerialNumber");
	refused(*state, "CreateCustomCertificate",
		json_pack("{s:s, s:s, s:s}", "ParentIdentifier", cas.sub, "Csr", csr, "Validity",
			  "7w"),
		"IllegalParam.Validity");
	free(csr);
}

static void a_certificate_of_a_revoked_key_is_refused(void **state)
{
	struct cas cas = make_cas(*state);
	char *csr = make_csr("cart", NULL, KEY_ALGORITHM_ECC_256);
	json_t *parameters = json_pack("{s:s, s:s}", "ParentIdentifier", cas.sub, "Csr", csr);
	const char *id =
		text_in(get(*state, "CreateClientCertificateWithCsr", json_incref(parameters)),
			"Identifier");

	get(*state, "CreateRevokeClientCertificate",
	    json_pack("{s:s, s:s}", "Identifier", id, "Reason", "keyCompromise"));
	refused(*state, "CreateClientCertificateWithCsr", parameters, "LintFailed.K07");
	free(csr);
}

/* --- CAs from elsewhere --- */

static void an_external_ca_is_issued(void **state)
{
	const char *root = make_root(*state, "Demo Root", "ECC_256");
	char *csr = make_csr("Far Away CA", NULL, KEY_ALGORITHM_ECC_256);
	const char *id = text_in(get(*state, "CreateExternalCACertificate",
				     json_pack("{s:s, s:s, s:s}", "InstanceId", root, "Csr", csr,
					       "Validity", "3y")), "Identifier");
	json_t *shown = json_object_get(get(*state, "DescribeCACertificate", id_of(id)),
					"Certificate");

	assert_string_equal(text_in(shown, "IssuerType"), "external");
	refused(*state, "CreateClientCertificate", client_parameters(id, "cart"),
		"IncorrectStatus.CaCertificate");
	free(csr);
}

static void a_ca_is_signed_by_somebody_else_and_completed(void **state)
{
	struct home *home = *state;
	const char *root = make_root(home, "Other Root", "ECC_256");
	json_t *parameters = ca_parameters("Waiting CA", "ECC_256", 5);
	json_t *pending, *signed_ca;
	const char *id;

	json_object_del(parameters, "Years");
	pending = get(home, "CreateCACsr", parameters);
	id = text_in(pending, "Identifier");
	assert_string_equal(text_in(json_object_get(get(home, "DescribeCACertificate", id_of(id)),
						    "Certificate"), "Status"), "PENDING");
	signed_ca = get(home, "CreateExternalCACertificate",
			json_pack("{s:s, s:s, s:s}", "InstanceId", root, "Csr",
				  text_in(pending, "Csr"), "Validity", "3y"));
	refused(home, "CompleteCACertificate",
		json_pack("{s:s, s:s}", "Identifier", id, "Certificate",
			  text_in(get(home, "CreateRootCACertificate",
				      ca_parameters("X", "ECC_256", 9)),
				  "Certificate")),
		"IllegalParam.Certificate");
	/* what was signed here is here already: another installation would not know it */
	refused(home, "CompleteCACertificate",
		json_pack("{s:s, s:s}", "Identifier", id, "Certificate",
			  text_in(signed_ca, "Certificate")), "Conflict.Certificate");
	get(home, "DeleteClientCertificate", id_of(text_in(signed_ca, "Identifier")));
}

/* Another installation. */
static struct home *other_home(void)
{
	void *state = NULL;

	assert_int_equal(home_setup(&state), 0);
	return state;
}

static void other_home_done(struct home *other)
{
	void *state = other;

	home_teardown(&state);
}

/* The private key of a certificate, as PEM; for the caller to free. */
static char *key_of_row(struct home *home, const char *id)
{
	struct buffer pkcs8 = { 0 }, pem = { 0 };

	must(store_key_get(home->store, id, &pkcs8, NULL, e));
	pem_write(&pem, "PRIVATE KEY", buffer_bytes(&pkcs8));
	buffer_append(&pem, "", 1);
	buffer_done(&pkcs8);
	return (char *)pem.data;
}

static const char *chain_of(struct home *home, const char *id)
{
	return text_in(json_object_get(get(home, "DescribeCACertificate", id_of(id)), "Certificate"),
		       "CaCertChain");
}

static void a_ca_is_taken_over_by_another_installation(void **state)
{
	struct cas cas = make_cas(*state);
	struct home *other = other_home();
	char *key = key_of_row(*state, cas.sub), *wrong = key_of_row(*state, cas.root);
	const char *chain = chain_of(*state, cas.sub);
	const char *id = text_in(get(other, "ImportCACertificate",
				     json_pack("{s:s, s:s}", "Certificate", chain, "PrivateKey", key)),
				 "Identifier");
	json_t *shown = json_object_get(get(other, "DescribeCACertificate", id_of(id)),
					"Certificate");

	assert_string_equal(text_in(shown, "CertificateType"), "SUB_ROOT");
	assert_string_equal(text_in(shown, "CaCertChain"), chain);
	get(other, "CreateClientCertificate", client_parameters(id, "cart"));
	refused(other, "ImportCACertificate",
		json_pack("{s:s, s:s}", "Certificate", chain, "PrivateKey", key),
		"Conflict.Certificate");
	/* the root's key picks the root out of the same certificates */
	id = text_in(get(other, "ImportCACertificate",
			 json_pack("{s:s, s:s}", "Certificate", chain, "PrivateKey", wrong)),
		     "Identifier");
	shown = json_object_get(get(other, "DescribeCACertificate", id_of(id)), "Certificate");
	assert_string_equal(text_in(shown, "CertificateType"), "ROOT");
	free(key);
	free(wrong);
	other_home_done(other);
}

static void what_is_no_ca_is_not_taken_over(void **state)
{
	struct cas cas = make_cas(*state);
	struct home *other = other_home();
	json_t *parameters = client_parameters(cas.sub, "cart"), *leaf;
	const char *chain = chain_of(*state, cas.sub);
	char *key;
	struct error err;

	json_object_set_new(parameters, "Immediately", json_integer(1));
	leaf = get(*state, "CreateClientCertificate", parameters);
	key = key_of_row(*state, text_in(leaf, "Identifier"));
	refused(other, "ImportCACertificate",
		json_pack("{s:s, s:s}", "Certificate", text_in(leaf, "X509Certificate"), "PrivateKey",
			  key), "IllegalParam.Certificate");
	err = refused(other, "ImportCACertificate",
		      json_pack("{s:s, s:s}", "Certificate", chain, "PrivateKey", key),
		      "IllegalParam.PrivateKey");
	assert_null(strstr(err.message, "BEGIN"));
	refused(other, "ImportCACertificate",
		json_pack("{s:s, s:s}", "Certificate", "hello", "PrivateKey", key),
		"IllegalParam.Certificate");
	refused(other, "ImportCACertificate",
		json_pack("{s:s, s:s}", "Certificate", chain, "PrivateKey", chain),
		"IllegalParam.PrivateKey");
	free(key);
	key = key_of_row(*state, cas.sub);
	caller.now = NOW + 6 * 366 * DAY;
	refused(other, "ImportCACertificate",
		json_pack("{s:s, s:s}", "Certificate", chain, "PrivateKey", key),
		"IllegalParam.Certificate");
	free(key);
	other_home_done(other);
}

static void another_installation_signs_a_ca(void **state)
{
	struct home *other = other_home();
	const char *root = make_root(*state, "Demo Root", "ECC_256");
	json_t *parameters = ca_parameters("Waiting CA", "ECC_256", 5), *made;
	const char *id;

	json_object_del(parameters, "Years");
	made = get(other, "CreateCACsr", parameters);
	id = text_in(made, "Identifier");
	made = get(*state, "CreateExternalCACertificate",
		   json_pack("{s:s, s:s, s:s, s:[s]}", "InstanceId", root, "Csr",
			     text_in(made, "Csr"), "Validity", "3y", "PermittedNames",
			     "DNS:example.com"));
	get(other, "CompleteCACertificate",
	    json_pack("{s:s, s:s, s:s}", "Identifier", id, "Certificate",
		      text_in(made, "Certificate"), "CertificateChain", chain_of(*state, root)));
	refused(other, "CompleteCACertificate",
		json_pack("{s:s, s:s}", "Identifier", id, "Certificate", text_in(made, "Certificate")),
		"NotFound");
	get(other, "CreateServerCertificate",
	    json_pack("{s:s, s:s, s:s}", "ParentIdentifier", id, "CommonName", "www.example.com",
		      "Algorithm", "ECC_256"));
	refused(other, "CreateServerCertificate",
		json_pack("{s:s, s:s, s:s}", "ParentIdentifier", id, "CommonName", "www.example.org",
			  "Algorithm", "ECC_256"), "LintFailed.X28");
	other_home_done(other);
}

static void builtin_cas_and_server_are_made(void **state)
{
	struct home *home = *state;
	const char *const names[] = { "bad name", "gate.example.com", "127.0.0.1", "::1",
				      "localhost" };
	const struct builtin_request request = { "gate", names, 5, NULL, NOW };
	struct store_certificate row;
	struct builtin builtin;
	char renewed[BUILTIN_ID_SIZE];

	must(store_begin(home->store, e));
	must(certs_create_builtin(home->store, &request, &builtin, e));
	must(store_commit(home->store, e));
	must(store_certificate_get(home->store, builtin.server_id, &row, e));
	assert_true(row.has_key);
	assert_string_equal(row.parent, builtin.sub_id);
	assert_string_equal(row.sans, "gate.example.com,127.0.0.1,::1,localhost");
	assert_int_equal(builtin.server_not_after, row.not_after);
	store_certificate_done(&row);
	must(store_begin(home->store, e));
	must(certs_renew_builtin(home->store, builtin.server_id, NOW + 300 * DAY, renewed, e));
	must(store_commit(home->store, e));
	must(store_certificate_get(home->store, renewed, &row, e));
	assert_string_equal(row.sans, "gate.example.com,127.0.0.1,::1,localhost");
	store_certificate_done(&row);
	get(home, "CreateClientCertificate", client_parameters(builtin.sub_id, "cart"));
}

/* --- keys --- */

static int take_block(void *arg, const struct pem_block *block, struct error *err)
{
	struct buffer *pkcs8 = arg;

	(void)err;
	buffer_append(pkcs8, block->der.data, block->der.len);
	return 0;
}

static void the_private_key_leaves_encrypted(void **state)
{
	struct cas cas = make_cas(*state);
	const char *id = text_in(get(*state, "CreateClientCertificate",
				     client_parameters(cas.sub, "cart")), "Identifier");
	struct answer answer =
		ask(*state, "DescribeCertificatePrivateKey",
		    json_pack("{s:s, s:s}", "Identifier", id, "EncryptedCode", "secret"));
	struct buffer der = { 0 };
	const char *pem;
	size_t count;

	assert_non_null(answer.reply);
	assert_true(answer.keeps_secret);
	pem = text_in(answer.reply, "EncryptedData");
	assert_int_equal(strncmp(pem, "-----BEGIN ENCRYPTED PRIVATE KEY-----", 37), 0);
	must(pem_each((struct bytes){ (const uint8_t *)pem, strlen(pem) }, "it", take_block, &der,
		      &count, e));
	assert_true(pkcs8_is_encrypted(buffer_bytes(&der)));
	buffer_done(&der);
	json_decref(answer.reply);
	refused(*state, "DescribeCertificatePrivateKey",
		json_pack("{s:s, s:s}", "Identifier", id, "EncryptedCode",
			  "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
			  "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"),
		"IllegalParam.EncryptedCode");
	refused(*state, "DescribeCertificatePrivateKey",
		json_pack("{s:s, s:s}", "Identifier", cas.sub, "EncryptedCode", "secret"),
		"NotFound");
}

static void a_key_that_may_not_leave_stays(void **state)
{
	struct cas cas = make_cas(*state);
	json_t *parameters = client_parameters(cas.sub, "cart");
	const char *id;

	json_object_set_new(parameters, "KeyExportable", json_false());
	id = text_in(get(*state, "CreateClientCertificate", parameters), "Identifier");
	refused(*state, "DescribeCertificatePrivateKey",
		json_pack("{s:s, s:s}", "Identifier", id, "EncryptedCode", "secret"),
		"OperationDenied.KeyNotExportable");
	refused(*state, "UpdatePcaCertificate",
		json_pack("{s:s, s:b}", "Identifier", id, "KeyExportable", 1),
		"IllegalParam.KeyExportable");
	/* and one that could, once it may no longer */
	id = text_in(get(*state, "CreateClientCertificate", client_parameters(cas.sub, "cart")),
		     "Identifier");
	get(*state, "UpdatePcaCertificate",
	    json_pack("{s:s, s:b}", "Identifier", id, "KeyExportable", 0));
	refused(*state, "DescribeCertificatePrivateKey",
		json_pack("{s:s, s:s}", "Identifier", id, "EncryptedCode", "secret"),
		"OperationDenied.KeyNotExportable");
}

/* --- renewal --- */

static void a_successor_has_the_same_names_and_key(void **state)
{
	struct cas cas = make_cas(*state);
	json_t *parameters = client_parameters(cas.sub, "www.example.com");
	const char *id, *next;
	struct store_certificate old, new;
	struct home *home = *state;

	json_object_set_new(parameters, "Domain", json_string("example.com"));
	id = text_in(get(home, "CreateServerCertificate", parameters), "Identifier");
	caller.now = NOW + 20 * DAY;
	next = text_in(get(home, "RenewPrivateCertificate", id_of(id)), "Identifier");
	must(store_certificate_get(home->store, id, &old, e));
	must(store_certificate_get(home->store, next, &new, e));
	assert_string_equal(old.sans, new.sans);
	assert_memory_equal(old.subject_key, new.subject_key, 32);
	assert_int_equal(new.not_after - old.not_after, 20 * DAY);
	assert_true(new.has_key && new.exportable);
	store_certificate_done(&new);
	next = text_in(get(home, "RenewPrivateCertificate",
			   json_pack("{s:s, s:s, s:i}", "Identifier", id, "Algorithm", "ECC_256",
				     "Days", 5)),
		       "Identifier");
	must(store_certificate_get(home->store, next, &new, e));
	assert_memory_not_equal(old.subject_key, new.subject_key, 32);
	store_certificate_done(&old);
	store_certificate_done(&new);
}

static void a_ca_is_renewed_with_its_key(void **state)
{
	struct cas cas = make_cas(*state);
	const char *next;

	caller.now = NOW + 100 * DAY;
	next = text_in(get(*state, "RenewPrivateCertificate", id_of(cas.sub)), "Identifier");
	get(*state, "CreateClientCertificate", client_parameters(next, "cart"));
	next = text_in(get(*state, "RenewPrivateCertificate", id_of(cas.root)), "Identifier");
	make_sub(*state, next, "Below the new root", "ECC_256");
	refused(*state, "RenewPrivateCertificate",
		json_pack("{s:s, s:s}", "Identifier", cas.sub, "Algorithm", "ECC_256"),
		"IllegalParam.Algorithm");
	caller.role = CALLER_OPERATOR;
	refused(*state, "RenewPrivateCertificate", id_of(cas.sub), "Forbidden.NoPermission");
}

/* --- lists --- */

static void lists_page_by_number_and_by_token(void **state)
{
	struct cas cas = make_cas(*state);
	json_t *page;
	int i, seen = 0;
	char name[32];

	for (i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "cart-%d", i);
		get(*state, "CreateClientCertificate", client_parameters(cas.sub, name));
	}
	page = get(*state, "ListClientCertificate",
		   json_pack("{s:i, s:i}", "CurrentPage", 2, "ShowSize", 3));
	assert_int_equal(json_array_size(json_object_get(page, "CertificateList")), 2);
	assert_int_equal(number_in(page, "TotalCount"), 5);
	assert_int_equal(number_in(page, "PageCount"), 2);
	page = get(*state, "ListClientCertificate", json_pack("{s:i}", "CurrentPage", 3));
	assert_int_equal(json_array_size(json_object_get(page, "CertificateList")), 0);
	page = get(*state, "ListCert",
		   json_pack("{s:i, s:s}", "MaxResults", 2, "KeyWord", "cart-"));
	for (;;) {
		seen += (int)json_array_size(json_object_get(page, "List"));
		if (json_object_get(page, "NextToken") == NULL)
			break;
		page = get(*state, "ListCert",
			   json_pack("{s:i, s:s, s:s}", "MaxResults", 2, "KeyWord", "cart-",
				     "NextToken", text_in(page, "NextToken")));
	}
	assert_int_equal(seen, 5);
	page = get(*state, "ListPcaCaCertificate", json_pack("{s:i}", "MaxResults", 1));
	page = get(
		*state, "ListPcaCaCertificate",
		json_pack("{s:i, s:s}", "MaxResults", 1, "NextToken", text_in(page, "NextToken")));
	assert_null(json_object_get(page, "NextToken"));
	page = get(*state, "DescribeCACertificateList", json_pack("{s:s}", "CertType", "root"));
	assert_int_equal(number_in(page, "TotalCount"), 1);
	refused(*state, "ListClientCertificate", json_pack("{s:s}", "Status", "GONE"),
		"IllegalParam.Status");
}

static void revoked_certificates_are_listed_and_deleted(void **state)
{
	struct cas cas = make_cas(*state);
	const char *id = text_in(get(*state, "CreateClientCertificate",
				     client_parameters(cas.sub, "cart")), "Identifier");
	json_t *list;

	refused(*state, "DeleteClientCertificate", id_of(id), "IncorrectStatus.certificate");
	get(*state, "CreateRevokeClientCertificate", id_of(id));
	list = json_object_get(get(*state, "ListRevokeCertificate", json_object()),
			       "CertificateList");
	assert_int_equal(json_array_size(list), 1);
	assert_int_equal(number_in(json_array_get(list, 0), "RevokeDate"), NOW * 1000);
	assert_string_equal(text_in(json_array_get(list, 0), "Status"), "REVOKE");
	get(*state, "DeleteClientCertificate", id_of(id));
	refused(*state, "DescribeClientCertificate", id_of(id), "NotFound");
	refused(*state, "DeleteClientCertificate", id_of(id), "NotFound");
}

static void a_ca_with_live_certificates_stays(void **state)
{
	struct cas cas = make_cas(*state);
	const char *id = text_in(get(*state, "CreateClientCertificate",
				     client_parameters(cas.sub, "cart")), "Identifier");
	struct error err = refused(*state, "DeleteClientCertificate", id_of(cas.sub),
				   "ResourceInUse.CaCertificate");

	assert_non_null(strstr(err.message, id));
	get(*state, "CreateRevokeClientCertificate", id_of(id));
	refused(*state, "DeleteClientCertificate", id_of(cas.root), "ResourceInUse.CaCertificate");
	get(*state, "DeleteClientCertificate", id_of(cas.sub));
	get(*state, "DeleteClientCertificate", id_of(cas.root));
}

static void what_a_listener_uses_is_not_deleted(void **state)
{
	struct home *home = *state;
	struct cas cas = make_cas(home);
	const struct store_reference reference = { STORE_LISTENER, "lsn-1", "CaCertificateIds",
						   STORE_CERTIFICATE, cas.sub };
	struct error err;

	must(store_begin(home->store, e));
	must(store_references_put(home->store, STORE_LISTENER, "lsn-1", &reference, 1, e));
	must(store_commit(home->store, e));
	err = refused(home, "DeleteClientCertificate", id_of(cas.sub), "ResourceInUse.Certificate");
	assert_non_null(strstr(err.message, "listener lsn-1"));
}

static void signers_go_with_their_ca(void **state)
{
	struct home *home = *state;
	struct cas cas = make_cas(home);
	struct store_certificate signer = { .role = STORE_OCSP_SIGNER };

	signer.id = memory_copy_string("signer-1");
	signer.parent = memory_copy_string(cas.sub);
	signer.serial = memory_copy_string("0102");
	signer.common_name = memory_copy_string("OCSP");
	signer.body = json_object();
	must(store_begin(home->store, e));
	must(store_certificate_put(home->store, &signer, e));
	must(store_commit(home->store, e));
	store_certificate_done(&signer);
	get(home, "DeleteClientCertificate", id_of(cas.sub));
	assert_int_equal(store_certificate_get(home->store, "signer-1", &signer, NULL), 0);
}

static void nothing_is_issued_below_a_revoked_root(void **state)
{
	struct cas cas = make_cas(*state);

	get(*state, "UpdateCACertificateStatus",
	    json_pack("{s:s, s:s}", "Identifier", cas.root, "Status", "REVOKE"));
	refused(*state, "CreateClientCertificate", client_parameters(cas.sub, "cart"),
		"IncorrectStatus.CaCertificate");
}

static void names_tags_and_groups_change(void **state)
{
	struct cas cas = make_cas(*state);
	const char *id = text_in(get(*state, "CreateClientCertificate",
				     client_parameters(cas.sub, "cart")), "Identifier");
	json_t *shown;

	get(*state, "UpdatePcaCertificate",
	    json_pack("{s:s, s:s}", "Identifier", id, "AliasName", "the cart"));
	get(*state, "MoveResourceGroup",
	    json_pack("{s:s, s:s, s:s}", "ResourceId", id, "ResourceGroupId", "rg-1",
		      "ResourceType", "PcaCertificate"));
	get(*state, "UploadPcaCertToCas", json_pack("{s:s}", "Ids", id));
	refused(*state, "UploadPcaCertToCas", json_pack("{s:s}", "Ids", "nonsense, 77777"),
		"NotFound");
	get(*state, "TagResources",
	    json_pack("{s:s, s:[s], s:[{s:s, s:s}, {s:s, s:s}]}", "ResourceType", "PcaCertificate",
		      "ResourceId", id, "Tag", "Key", "team", "Value", "shop", "Key", "env",
		      "Value", "dev"));
	get(*state, "UntagResources",
	    json_pack("{s:[s], s:[s]}", "ResourceId", id, "TagKey", "env"));
	shown = shown_leaf(*state, id);
	assert_string_equal(text_in(shown, "AliasName"), "the cart");
	assert_string_equal(text_in(shown, "ResourceGroupId"), "rg-1");
	assert_int_equal(number_in(shown, "UploadFlag"), 1);
	assert_int_equal(json_array_size(json_object_get(shown, "Tags")), 1);
	assert_string_equal(text_in(json_array_get(json_object_get(shown, "Tags"), 0), "TagValue"),
			    "shop");
	shown = get(*state, "ListTagResources", json_object());
	assert_int_equal(number_in(shown, "TotalCount"), 1);
	refused(*state, "TagResources",
		json_pack("{s:[s], s:[{s:s}]}", "ResourceId", "nonsense", "Tag", "Key", "team"),
		"NotFound");
	refused(*state, "UpdatePcaCertificate",
		json_pack("{s:s, s:s, s:i}", "Identifier", id, "AliasName", "x", "IfRevision", 1),
		"Conflict.Revision");
}

static void addresses_come_from_the_setting(void **state)
{
	struct home *home = *state;
	struct cas cas = make_cas(home);
	json_t *shown;
	char *url;

	must(store_begin(home->store, e));
	must(store_setting_put(home->store, "PkiBaseUrl", "http://pki.example.com:9080/", e));
	must(store_commit(home->store, e));
	shown = json_object_get(get(home, "DescribeCACertificate", id_of(cas.sub)), "Certificate");
	url = memory_copy_string(text_in(shown, "CrlUrl"));
	assert_int_equal(strncmp(url, "http://pki.example.com:9080/pki/", 32), 0);
	assert_int_equal(strlen(url), 32 + 40 + 4);
	shown = shown_leaf(home, text_in(get(home, "CreateClientCertificate",
					     client_parameters(cas.sub, "cart")), "Identifier"));
	assert_null(json_object_get(shown, "Notes"));
	free(url);
	shown = get(home, "GetCAInstanceStatus", id_of(cas.sub));
	assert_int_equal(number_in(json_array_get(json_object_get(shown, "InstanceStatusList"), 0),
				   "CertIssuedCount"), 1);
	shown = get(home, "ListCACertificateLog", id_of(cas.sub));
	assert_string_equal(text_in(json_array_get(json_object_get(shown, "LogList"), 0), "OpType"),
			    "CreateSubCACertificate");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, pca_setup, pca_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_action_has_a_handler),
		TEST(a_root_and_a_subordinate_are_made_and_shown),
		TEST(algorithms_that_are_not_made_are_refused),
		TEST(a_subordinate_is_of_the_family_of_its_root),
		TEST(a_subordinate_never_outlives_its_root),
		TEST(two_cas_do_not_share_a_name),
		TEST(a_ca_with_path_length_0_makes_no_cas),
		TEST(constraints_of_a_ca_hold),
		TEST(a_ca_is_revoked_once_and_issues_no_more),
		TEST(a_client_certificate_has_the_defaults_of_the_service),
		TEST(immediately_answers_certificate_and_chain),
		TEST(names_of_all_kinds_are_taken),
		TEST(names_that_are_none_are_refused),
		TEST(a_server_is_called_by_its_names),
		TEST(days_win_and_the_end_is_that_of_the_ca),
		TEST(an_ended_ca_issues_nothing),
		TEST(the_only_ca_needs_no_name),
		TEST(an_issuer_uses_one_ca_only),
		TEST(custom_identifiers_are_unique),
		TEST(a_request_gives_key_name_and_names),
		TEST(a_custom_certificate_holds_what_was_asked_for),
		TEST(a_certificate_of_a_revoked_key_is_refused),
		TEST(an_external_ca_is_issued),
		TEST(a_ca_is_signed_by_somebody_else_and_completed),
		TEST(a_ca_is_taken_over_by_another_installation),
		TEST(what_is_no_ca_is_not_taken_over),
		TEST(another_installation_signs_a_ca),
		TEST(builtin_cas_and_server_are_made),
		TEST(the_private_key_leaves_encrypted),
		TEST(a_key_that_may_not_leave_stays),
		TEST(a_successor_has_the_same_names_and_key),
		TEST(a_ca_is_renewed_with_its_key),
		TEST(lists_page_by_number_and_by_token),
		TEST(revoked_certificates_are_listed_and_deleted),
		TEST(a_ca_with_live_certificates_stays),
		TEST(what_a_listener_uses_is_not_deleted),
		TEST(signers_go_with_their_ca),
		TEST(nothing_is_issued_below_a_revoked_root),
		TEST(names_tags_and_groups_change),
		TEST(addresses_come_from_the_setting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
