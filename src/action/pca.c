/*
 * What the private CA can do: names of the real service (2020-06-30), and ours beside them.
 *
 * Certificate authorities are made by administrators, certificates by whoever may issue.
 */
#include "action/action.h"

/* --- parameters that many actions share --- */

#define IDENTIFIER(text) OWN("Identifier", PARAMETER_REQUIRED, TEXT_OF(1, 64), HELP(text))
#define PARENT(more_flags) \
	OWN("ParentIdentifier", more_flags, TEXT_OF(1, 64), HELP("Identifier of the CA that issues."))
#define RESOURCE_GROUP \
	OWN("ResourceGroupId", 0, TEXT_OF(0, 128), HELP("Kept and shown, without effect."))
#define TAGS OWN("Tags", 0, OBJECTS_OF(0, 20, tag_resource), HELP("Tags."))
#define ALGORITHM(more_flags, absence) \
	OWN("Algorithm", more_flags, TEXT_OF(1, 32), .absent = absence, \
	    HELP("Kind of the key: RSA_2048, RSA_4096, ECC_256, ECC_384 or ECC_512 (the curve P-521). " \
		 "RSA_1024 and SM2_256 are refused. That of a certificate is of its issuer's family."))
#define COMMON_NAME(more_flags, text) OWN("CommonName", more_flags, TEXT_OF(1, 64), HELP(text))
#define CA_SUBJECT \
	COMMON_NAME(PARAMETER_REQUIRED, "Name of the CA; no other CA with another key may bear it."), \
	OWN("Organization", PARAMETER_REQUIRED, TEXT_OF(1, 64), HELP("Organization.")), \
	OWN("OrganizationUnit", PARAMETER_REQUIRED, TEXT_OF(1, 64), HELP("Department.")), \
	OWN("Locality", PARAMETER_REQUIRED, TEXT_OF(1, 128), HELP("City.")), \
	OWN("State", PARAMETER_REQUIRED, TEXT_OF(1, 128), HELP("Province or state.")), \
	OWN("CountryCode", 0, TEXT_OF(2, 2), .standard_text = "CN", HELP("Two letters, in any case."))
#define LEAF_SUBJECT \
	OWN("Organization", 0, TEXT_OF(1, 64), .standard_text = "Alibaba Inc", HELP("Organization.")), \
	OWN("OrganizationUnit", 0, TEXT_OF(1, 64), .standard_text = "Aliyun CDN", HELP("Department.")), \
	OWN("Country", 0, TEXT_OF(2, 2), .standard_text = "CN", HELP("Two letters, in any case.")), \
	OWN("State", 0, TEXT_OF(1, 128), .absent = "that of the CA", HELP("Province or state.")), \
	OWN("Locality", 0, TEXT_OF(1, 128), .absent = "that of the CA", HELP("City."))
#define YEARS(more_flags) \
	OWN("Years", more_flags, INTEGER_OF(1, 25), .unit = "years", \
	    HELP("How long the CA is valid. A subordinate CA never outlives its issuer: up to a day too " \
		 "much is cut off, more is refused."))
#define PATH_LENGTH \
	OWN("PathLenConstraint", 0, INTEGER_OF(0, 8), \
	    HELP("How many CAs may stand below this one; 0 for a subordinate CA when left out."))
#define CONSTRAINTS \
	OWN("PermittedNames", PARAMETER_OURS | PARAMETER_QUOTED, TEXTS_OF(0, 64), \
	    HELP("Name constraints: the CA makes certificates for nothing else. DNS:example.com, " \
		 "Email:example.com, URI:.example.com, IP:10.0.0.0/8.")), \
	OWN("ExcludedNames", PARAMETER_OURS | PARAMETER_QUOTED, TEXTS_OF(0, 64), \
	    HELP("Name constraints: the CA makes no certificates for these."))
#define CA_LIMITS \
	OWN("EnableCrl", 0, BOOLEAN, .standard = 1, \
	    HELP("Whether certificates name the address of the CA's revocation list, once PkiBaseUrl " \
		 "is set.")), \
	OWN("CrlDay", 0, INTEGER_OF(1, 365), .standard = 7, .unit = "days", \
	    HELP("Life of a revocation list; never more than 7 days, whatever is asked for.")), \
	OWN("ExtendedKeyUsages", PARAMETER_QUOTED, TEXTS_OF(0, 8), \
	    HELP("Purposes the CA is limited to: serverAuth, clientAuth, OCSPSigning, emailProtection, " \
		 "codeSigning, timeStamping, or any.")), \
	OWN("CertMaxTime", 0, INTEGER_OF(1, 9125), .unit = "days", \
	    HELP("Longest life of a certificate that the CA issues."))
#define PERIOD \
	OWN("Days", 0, INTEGER_OF(1, 36500), .unit = "days", .absent = "30 days", \
	    HELP("How long it is valid. Wins over Months, Years, BeforeTime and AfterTime.")), \
	OWN("Months", 0, INTEGER_OF(1, 1200), .unit = "months", HELP("Added to Years.")), \
	OWN("Years", 0, INTEGER_OF(1, 100), .unit = "years", HELP("Added to Months.")), \
	OWN("BeforeTime", 0, INTEGER_OF(0, 253402300799), .unit = "s", \
	    HELP("Begin, in seconds since 1970; with AfterTime.")), \
	OWN("AfterTime", 0, INTEGER_OF(0, 253402300799), .unit = "s", \
	    HELP("End, in seconds since 1970; with BeforeTime. Never after the end of the CA."))
#define LEAF_OPTIONS \
	OWN("EnableCrl", 0, INTEGER_OF(0, 1), .standard = 1, \
	    HELP("1: it names the address of its issuer's revocation list, once PkiBaseUrl is set.")), \
	IMMEDIATELY, \
	OWN("AliasName", 0, TEXT_OF(0, 128), HELP("Name for people.")), \
	OWN("CustomIdentifier", 0, TEXT_OF(1, 128), HELP("An identifier of your own; unique.")), \
	OWN("AsynchronousFlag", PARAMETER_IGNORED, INTEGER_OF(0, 1), \
	    HELP("It is always issued at once.")), \
	OWN("SubjectAlternativeNames", PARAMETER_OURS | PARAMETER_QUOTED, TEXTS_OF(0, 100), \
	    HELP("Further names: DNS:www.example.com, IP:10.0.0.1, Email:a@example.com, " \
		 "URI:spiffe://shop/cart, UPN:a@example.com.")), \
	RESOURCE_GROUP, \
	TAGS
#define IMMEDIATELY \
	OWN("Immediately", 0, INTEGER_OF(0, 2), .standard = 0, \
	    HELP("1: answer the certificate, 2: and its chain. 0: only its Identifier."))
#define EXPORTABLE(absence) \
	OWN("KeyExportable", PARAMETER_OURS, BOOLEAN, .absent = absence, \
	    HELP("Whether the private key may leave. A key that may not can still serve a listener."))
#define SAN_TYPE(high, text) OWN("SanType", 0, INTEGER_OF(0, high), HELP(text))
#define SAN_VALUE \
	OWN("SanValue", 0, TEXT_OF(0, 4096), HELP("Names of the kind SanType, separated by commas."))
#define DOMAIN \
	OWN("Domain", 0, TEXT_OF(0, 4096), HELP("DNS names and IP addresses, separated by commas."))
#define CSR(more_flags) \
	OWN("Csr", (more_flags) | PARAMETER_MULTILINE, TEXT_OF(1, 60000), \
	    HELP("Certificate request (PKCS#10), PEM. Of it count the key, the common name and, when no " \
		 "names are given, its alternative names."))
#define CERTIFICATE(more_flags, text) \
	OWN("Certificate", (more_flags) | PARAMETER_MULTILINE, TEXT_OF(1, 262144), HELP(text))

/* --- CAs --- */

static const struct parameter create_root_parameters[] = {
	CA_SUBJECT,
	ALGORITHM(0, "RSA_2048"),
	YEARS(PARAMETER_REQUIRED),
	OWN("PathLenConstraint", PARAMETER_OURS, INTEGER_OF(0, 8),
	    HELP("How many CAs may stand below this one; no limit when left out.")),
	EXPORTABLE("false"),
	RESOURCE_GROUP,
	TAGS,
};

static const struct parameter create_sub_parameters[] = {
	PARENT(0),
	CA_SUBJECT,
	ALGORITHM(PARAMETER_REQUIRED, NULL),
	YEARS(PARAMETER_REQUIRED),
	PATH_LENGTH,
	CA_LIMITS,
	CONSTRAINTS,
	EXPORTABLE("false"),
	RESOURCE_GROUP,
	TAGS,
};

static const struct field subject_fields[] = {
	{ .name = "CommonName", TEXT_OF(1, 64), .help = "Instead of the one in the CSR." },
	{ .name = "Country", TEXT_OF(2, 2), .help = "Two letters." },
	{ .name = "State", TEXT_OF(1, 128), .help = "Province or state." },
	{ .name = "Locality", TEXT_OF(1, 128), .help = "City." },
	{ .name = "Organization", TEXT_OF(1, 64), .help = "Organization." },
	{ .name = "OrganizationUnit", TEXT_OF(1, 64), .help = "Department." },
};
static const struct resource subject_resource = {
	"Subject", subject_fields, ACTION_COUNT(subject_fields), 0, RESOURCE_NO_LINE, 0, NULL,
	"Subject of the certificate." };

static const struct field usage_fields[] = {
	{ .name = "DigitalSignature", BOOLEAN, .help = "TLS needs it." },
	{ .name = "ContentCommitment", BOOLEAN, .help = "The same as NonRepudiation." },
	{ .name = "NonRepudiation", BOOLEAN, .help = "The key signs documents." },
	{ .name = "KeyEncipherment", BOOLEAN, .help = "RSA keys only." },
	{ .name = "DataEncipherment", BOOLEAN, .help = "The key encrypts data." },
	{ .name = "KeyAgreement", BOOLEAN, .help = "EC keys only." },
	{ .name = "EncipherOnly", BOOLEAN, .help = "Refused: no use in TLS." },
	{ .name = "DecipherOnly", BOOLEAN, .help = "Refused: no use in TLS." },
};
static const struct resource usage_resource = {
	"KeyUsage", usage_fields, ACTION_COUNT(usage_fields), 0, RESOURCE_NO_LINE, 0, NULL,
	"What the key may do." };

static const struct field name_fields[] = {
	{ .name = "Type", TEXT_OF(1, 32),
	  .help = "rfc822Name, dNSName, uniformResourceIdentifier, iPAddress, or the number of the "
		  "GeneralName." },
	{ .name = "Value", TEXT_OF(1, 2048), .help = "The name." },
};
static const struct resource name_resource = {
	"SubjectAlternativeName", name_fields, ACTION_COUNT(name_fields), 0, RESOURCE_NO_LINE, 0, NULL,
	"One name." };

static const struct field extension_fields[] = {
	{ .name = "KeyUsage", OBJECT_OF(usage_resource), .help = "Key usage." },
	{ .name = "ExtendedKeyUsages", TEXTS_OF(0, 8),
	  .help = "Exactly one purpose: serverAuth or clientAuth (default)." },
	{ .name = "SubjectAlternativeNames", OBJECTS_OF(0, 100, name_resource),
	  .help = "Instead of those in the CSR." },
	{ .name = "Criticals", TEXTS_OF(0, 16),
	  .help = "Without effect: which extensions are critical is decided by the profile." },
};
static const struct resource extensions_resource = {
	"Extensions", extension_fields, ACTION_COUNT(extension_fields), 0, RESOURCE_NO_LINE, 0, NULL,
	"Extensions of the certificate." };

static const struct field passthrough_fields[] = {
	{ .name = "Subject", OBJECT_OF(subject_resource), .help = "Subject." },
	{ .name = "Extensions", OBJECT_OF(extensions_resource), .help = "Extensions." },
	{ .name = "SerialNumber", TEXT_OF(0, 64),
	  .help = "Refused: serial numbers are 128 random bits, made here." },
};
static const struct resource passthrough_resource = {
	"ApiPassthrough", passthrough_fields, ACTION_COUNT(passthrough_fields), 0, RESOURCE_NO_LINE, 0,
	NULL, "What the certificate is to hold." };

static const struct field ca_extension_fields[] = {
	{ .name = "ExtendedKeyUsages", TEXTS_OF(0, 8), .help = "Purposes the CA is limited to." },
	{ .name = "PathLenConstraint", INTEGER_OF(0, 8), .help = "How many CAs may stand below it." },
};
static const struct resource ca_extensions_resource = {
	"Extensions", ca_extension_fields, ACTION_COUNT(ca_extension_fields), 0, RESOURCE_NO_LINE, 0,
	NULL, "Extensions of the CA certificate." };

static const struct field ca_passthrough_fields[] = {
	{ .name = "Subject", OBJECT_OF(subject_resource), .help = "Subject." },
	{ .name = "Extensions", OBJECT_OF(ca_extensions_resource), .help = "Extensions." },
};
static const struct resource ca_passthrough_resource = {
	"ApiPassthrough", ca_passthrough_fields, ACTION_COUNT(ca_passthrough_fields), 0,
	RESOURCE_NO_LINE, 0, NULL, "What the CA certificate is to hold." };

#define VALIDITY \
	OWN("Validity", PARAMETER_REQUIRED, TEXT_OF(2, 64), \
	    HELP("1y, 3m, 7d; or the end, as 2027-01-15T08:00:00Z; or BEGIN/END."))

static const struct parameter create_external_parameters[] = {
	OWN("InstanceId", 0, TEXT_OF(1, 64), HELP("Identifier of the CA that issues.")),
	PARENT(PARAMETER_OURS),
	CSR(PARAMETER_REQUIRED),
	VALIDITY,
	OWN("CertMaxTime", 0, INTEGER_OF(1, 9125), .unit = "days", HELP("Kept and shown.")),
	OWN("ApiPassthrough", 0, OBJECT_OF(ca_passthrough_resource), HELP("What it is to hold.")),
	CONSTRAINTS,
	RESOURCE_GROUP,
	TAGS,
};

static const struct parameter import_parameters[] = {
	CERTIFICATE(PARAMETER_REQUIRED, "The CA's certificate, PEM; its issuers may follow."),
	OWN("PrivateKey", PARAMETER_REQUIRED | PARAMETER_SECRET | PARAMETER_MULTILINE,
	    TEXT_OF(1, 65536), HELP("Its private key, PEM: PKCS#8, PKCS#1 or SEC1, not encrypted.")),
	EXPORTABLE("false"),
	OWN("AliasName", 0, TEXT_OF(0, 128), HELP("Name for people.")),
	RESOURCE_GROUP,
	TAGS,
};

static const struct parameter create_ca_csr_parameters[] = {
	CA_SUBJECT,
	ALGORITHM(0, "RSA_2048"),
	EXPORTABLE("false"),
};

static const struct parameter complete_parameters[] = {
	IDENTIFIER("What CreateCACsr answered."),
	CERTIFICATE(PARAMETER_REQUIRED, "What the other CA made of the request, PEM."),
	OWN("CertificateChain", PARAMETER_MULTILINE, TEXT_OF(0, 262144),
	    HELP("Certificates above it, PEM: so that its issuers are known.")),
};

static const struct parameter optional_identifier_parameters[] = {
	OWN("Identifier", 0, TEXT_OF(1, 64), HELP("Identifier of the CA.")),
};

static const struct parameter identifier_parameters[] = {
	IDENTIFIER("Identifier of the certificate."),
};

static const struct parameter list_ca_parameters[] = {
	OWN("CaStatus", 0, TEXT_OF(0, 16), HELP("ISSUE or REVOKE.")),
	OWN("CertType", 0, TEXT_OF(0, 16), HELP("root, subRoot or externalCa.")),
	OWN("IssuerType", 0, TEXT_OF(0, 16), HELP("local, external or iTrusChina.")),
	OWN("ValidStatus", 0, TEXT_OF(0, 16), HELP("valid or invalid: by its dates.")),
	OWN("KeyWord", 0, TEXT_OF(0, 128), HELP("In name, serial number or Identifier.")),
	RESOURCE_GROUP,
	SHOW_SIZE_PARAMETERS,
};

static const struct parameter list_ca_pages_parameters[] = {
	OWN("CaStatus", 0, TEXT_OF(0, 16), HELP("ISSUE or REVOKE.")),
	OWN("CertType", 0, TEXT_OF(0, 16), HELP("root or subRoot.")),
	OWN("KeyWord", 0, TEXT_OF(0, 128), HELP("In name, serial number or Identifier.")),
	RESOURCE_GROUP,
	OWN("ShowSize", 0, INTEGER_OF(1, 1000), HELP("The same as MaxResults.")),
	NEXT_TOKEN_PARAMETERS,
};

static const struct parameter update_status_parameters[] = {
	IDENTIFIER("Identifier of the CA."),
	OWN("Status", PARAMETER_REQUIRED, TEXT_OF(1, 16),
	    HELP("REVOKE: the CA issues no more, and nobody is let in with what it issued.")),
};

static const struct parameter instance_status_parameters[] = {
	OWN("Identifier", 0, TEXT_OF(1, 64), HELP("Identifier of the CA.")),
	OWN("InstanceId", 0, TEXT_OF(1, 64), HELP("The same.")),
};

static const struct parameter list_log_parameters[] = {
	OWN("Identifier", 0, TEXT_OF(1, 64), HELP("Only of this CA.")),
};

/* --- certificates --- */

static const struct parameter create_client_parameters[] = {
	PARENT(0),
	COMMON_NAME(0, "Name of the client."),
	ALGORITHM(0, "RSA_2048 or ECC_256, as its issuer's family is"),
	SAN_TYPE(8, "1: SanValue holds e-mail addresses, 6: URIs; ours: 0 UPN, 2 DNS names, 7 IP addresses."),
	SAN_VALUE,
	LEAF_SUBJECT,
	PERIOD,
	EXPORTABLE("true"),
	LEAF_OPTIONS,
};

static const struct parameter create_server_parameters[] = {
	PARENT(PARAMETER_REQUIRED),
	COMMON_NAME(PARAMETER_REQUIRED, "Host name or IP address; it becomes an alternative name too."),
	ALGORITHM(PARAMETER_REQUIRED, NULL),
	DOMAIN,
	LEAF_SUBJECT,
	PERIOD,
	EXPORTABLE("true"),
	LEAF_OPTIONS,
};

static const struct parameter create_client_csr_parameters[] = {
	CSR(PARAMETER_REQUIRED),
	PARENT(0),
	COMMON_NAME(0, "Used when the request has none."),
	ALGORITHM(PARAMETER_IGNORED, "the key of the request decides"),
	SAN_TYPE(8, "Number of the GeneralName: 0 UPN, 1 e-mail, 2 DNS, 6 URI, 7 IP. Others are refused."),
	SAN_VALUE,
	LEAF_SUBJECT,
	PERIOD,
	LEAF_OPTIONS,
};

static const struct parameter create_server_csr_parameters[] = {
	CSR(PARAMETER_REQUIRED),
	PARENT(PARAMETER_REQUIRED),
	COMMON_NAME(0, "Used when the request has none."),
	ALGORITHM(PARAMETER_IGNORED, "the key of the request decides"),
	DOMAIN,
	LEAF_SUBJECT,
	PERIOD,
	LEAF_OPTIONS,
};

static const struct parameter create_custom_parameters[] = {
	CSR(PARAMETER_REQUIRED),
	PARENT(PARAMETER_REQUIRED),
	VALIDITY,
	OWN("ApiPassthrough", 0, OBJECT_OF(passthrough_resource), HELP("What it is to hold.")),
	IMMEDIATELY,
	OWN("EnableCrl", 0, INTEGER_OF(0, 1), .standard = 1,
	    HELP("1: it names the address of its issuer's revocation list.")),
	OWN("AliasName", PARAMETER_OURS, TEXT_OF(0, 128), HELP("Name for people.")),
	OWN("CustomIdentifier", 0, TEXT_OF(1, 128), HELP("An identifier of your own; unique.")),
	RESOURCE_GROUP,
	TAGS,
};

static const struct parameter renew_parameters[] = {
	IDENTIFIER("Identifier of the certificate that is to get a successor."),
	OWN("Days", 0, INTEGER_OF(1, 36500), .unit = "days", .absent = "as long as the old one",
	    HELP("How long the successor is valid.")),
	ALGORITHM(0, "it keeps its key; CAs always do"),
	IMMEDIATELY,
};

static const struct parameter private_key_parameters[] = {
	IDENTIFIER("Identifier of the certificate."),
	OWN("EncryptedCode", PARAMETER_REQUIRED | PARAMETER_SECRET, TEXT_OF(1, 32),
	    HELP("Password that the key is encrypted under, at most 32 bytes.")),
};

static const struct parameter update_parameters[] = {
	IDENTIFIER("Identifier of the certificate or CA."),
	OWN("AliasName", 0, TEXT_OF(0, 128), HELP("Name for people; left out: it has none.")),
	EXPORTABLE("it stays"),
};

static const struct parameter upload_parameters[] = {
	OWN("Ids", PARAMETER_REQUIRED, TEXT_OF(1, 4096), HELP("Identifiers, or numbers (Id), separated by commas.")),
};

static const struct parameter list_parameters[] = {
	OWN("Identifier", 0, TEXT_OF(1, 64), HELP("Only this one.")),
	OWN("ParentIdentifier", PARAMETER_OURS, TEXT_OF(1, 64), HELP("Only of this CA.")),
	OWN("CertificateType", PARAMETER_OURS, TEXT_OF(0, 16), HELP("CLIENT or SERVER.")),
	OWN("Status", 0, TEXT_OF(0, 16), HELP("ISSUE or REVOKE.")),
	OWN("KeyWord", PARAMETER_OURS, TEXT_OF(0, 128), HELP("In any name, serial number or Identifier.")),
	RESOURCE_GROUP,
	SHOW_SIZE_PARAMETERS,
};

static const struct parameter list_pages_parameters[] = {
	OWN("Type", 0, TEXT_OF(0, 16), HELP("CLIENT or SERVER.")),
	OWN("CertType", 0, TEXT_OF(0, 16), HELP("The same.")),
	OWN("Status", 0, TEXT_OF(0, 16), HELP("ISSUE or REVOKE.")),
	OWN("KeyWord", 0, TEXT_OF(0, 128), HELP("In any name, serial number or Identifier.")),
	OWN("InstanceUuid", 0, TEXT_OF(0, 64), HELP("Only of the CA with this Identifier.")),
	OWN("BeforeDate", 0, INTEGER_OF(0, 253402300799999), .unit = "ms",
	    HELP("Only those that end at this time or later.")),
	OWN("AfterDate", 0, INTEGER_OF(0, 253402300799999), .unit = "ms",
	    HELP("Only those that end at this time or earlier.")),
	RESOURCE_GROUP,
	OWN("ShowSize", 0, INTEGER_OF(1, 1000), HELP("The same as MaxResults.")),
	NEXT_TOKEN_PARAMETERS,
};

/* --- tags and groups --- */

#define RESOURCE_TYPE \
	OWN("ResourceType", 0, TEXT_OF(0, 64), .standard_text = "PcaCertificate", \
	    HELP("PcaCertificate: there is nothing else here."))

static const struct parameter tag_parameters[] = {
	RESOURCE_TYPE,
	OWN("ResourceId", PARAMETER_REQUIRED, TEXTS_OF(1, 50), HELP("Identifiers.")),
	OWN("Tag", PARAMETER_REQUIRED, OBJECTS_OF(1, 20, tag_resource), HELP("Tags to set.")),
};

static const struct parameter untag_parameters[] = {
	RESOURCE_TYPE,
	OWN("ResourceId", PARAMETER_REQUIRED, TEXTS_OF(1, 50), HELP("Identifiers.")),
	OWN("TagKey", 0, TEXTS_OF(1, 20), HELP("Keys of the tags to remove.")),
	OWN("All", 0, BOOLEAN, HELP("Removes all tags.")),
};

static const struct parameter list_tags_parameters[] = {
	RESOURCE_TYPE,
	OWN("ResourceId", 0, TEXTS_OF(1, 50), HELP("Only of these.")),
	TAG_PARAMETER,
	NEXT_TOKEN_PARAMETERS,
};

static const struct parameter move_parameters[] = {
	RESOURCE_TYPE,
	OWN("ResourceId", PARAMETER_REQUIRED, TEXT_OF(1, 64), HELP("Identifier.")),
	OWN("ResourceGroupId", PARAMETER_REQUIRED, TEXT_OF(1, 128),
	    HELP("Kept and shown, without effect.")),
};

static const struct parameter assign_parameters[] = {
	OWN("InstanceId", 0, TEXT_OF(0, 64), HELP("Without meaning here.")),
	OWN("Identifier", 0, TEXT_OF(0, 64), HELP("Without meaning here.")),
	OWN("CertTotalCount", 0, INTEGER_OF(0, 1000000000), HELP("Without meaning here.")),
};

/* --- revocation --- */

/* As in pki/crl_write.h. A hold is not offered: what is revoked stays revoked. */
static const struct field_word revocation_reasons[] = {
	{ "unspecified", 0, NULL }, { "keyCompromise", 1, NULL }, { "cACompromise", 2, NULL },
	{ "affiliationChanged", 3, NULL }, { "superseded", 4, NULL },
	{ "cessationOfOperation", 5, NULL }, { "privilegeWithdrawn", 9, NULL },
	{ NULL, 0, NULL },
};
#define REASON \
	OWN("Reason", PARAMETER_OURS, WORD_OF(revocation_reasons), .standard = 0, \
	    HELP("Why, as it stands in revocation lists. Nobody is let in again, whatever the reason."))

static const struct parameter revoke_parameters[] = {
	IDENTIFIER("Identifier of the client or server certificate."),
	REASON,
};

static const struct parameter revoke_many_parameters[] = {
	PARENT(PARAMETER_REQUIRED),
	OWN("SerialNumbers", PARAMETER_QUOTED, TEXTS_OF(0, 10000),
	    HELP("Serial numbers in hex, also such that are not in the store.")),
	OWN("SerialFile", PARAMETER_MULTILINE, TEXT_OF(1, 1000000),
	    HELP("A file with one serial number a line; what follows # is a remark.")),
	OWN("Crl", PARAMETER_MULTILINE, TEXT_OF(1, 1000000),
	    HELP("A revocation list in PEM that this CA signed before it was imported. Its dates are "
		 "kept.")),
	REASON,
};

static const struct parameter status_parameters[] = {
	OWN("Identifier", PARAMETER_REQUIRED, TEXT_OF(1, 4096),
	    HELP("Identifiers of certificates, separated by commas.")),
};

static const struct parameter serial_status_parameters[] = {
	OWN("SerialNumber", PARAMETER_REQUIRED, TEXT_OF(1, 4096),
	    HELP("Serial numbers in hex, separated by commas.")),
};

static const struct parameter crl_address_parameters[] = {
	OWN("CaIdentifier", 0, TEXT_OF(1, 64), HELP("Identifier of the CA.")),
	OWN("Uuid", 0, TEXT_OF(1, 64), HELP("The same.")),
};

/* --- the table --- */

#define ADMINISTERS RIGHT_ADMINISTER, ACTION_WRITES
#define ADMINISTERS_OURS RIGHT_ADMINISTER, ACTION_WRITES | ACTION_OURS
#define ISSUES RIGHT_ISSUE, ACTION_WRITES
#define READS RIGHT_READ, 0
#define NO_PARAMETERS .parameters = NULL, .parameter_count = 0

#define COMMON_REPLY \
	"Identifier, Id#, CertificateType, Status, AliasName, CommonName, Organization, " \
	"OrganizationUnit, Locality, State, CountryCode, SubjectDN, Sans, SerialNumber, Algorithm, " \
	"FullAlgorithm, KeySize#, SignAlgorithm, Md5, Sha2, BeforeDate#, AfterDate#, ParentIdentifier, " \
	"X509Certificate, ResourceGroupId, ExistPrivateKey?, KeyExportable?, Revision#, " \
	"Notes[]{Id, Severity, Text}"
#define LEAF_REPLY COMMON_REPLY ", CustomIdentifier, Days#, UploadFlag#"
#define CA_REPLY \
	COMMON_REPLY ", Years#, CaCertChain, IssuerType, CertIssuedCount#, CertTotalCount#, " \
	"CertRemainingCount#, CertMaxTime#, CrlStatus, CrlUrl, CrlDay#, PathLenConstraint#, " \
	"PermittedNames[], ExcludedNames[], ExtendedKeyUsages[], KeyIdentifier"
#define TAGS_REPLY ", Tags[]{TagKey, TagValue}"
#define PAGES ", CurrentPage#, PageCount#, ShowSize#, TotalCount#"
#define TOKENS ", NextToken, MaxResults#, TotalCount#"
#define CA_MADE "Identifier, Certificate, CertificateChain, Notes[]{Id, Severity, Text}"
#define LEAF_MADE \
	"Identifier, SerialNumber, X509Certificate, CertificateChain, Notes[]{Id, Severity, Text}"

static const struct action actions[] = {
	{ "CreateRootCACertificate", ADMINISTERS, PARAMETERS(create_root_parameters), CA_MADE,
	  "Makes a root CA: a key and a certificate that it signs itself." },
	{ "CreateSubCACertificate", ADMINISTERS, PARAMETERS(create_sub_parameters), CA_MADE,
	  "Makes a subordinate CA. Without ParentIdentifier the only root that there is issues it." },
	{ "CreateExternalCACertificate", ADMINISTERS, PARAMETERS(create_external_parameters), CA_MADE,
	  "Issues a subordinate CA certificate for a key that stays elsewhere." },
	{ "ImportCACertificate", ADMINISTERS_OURS, PARAMETERS(import_parameters), CA_MADE,
	  "Takes over a CA that exists, with its key." },
	{ "CreateCACsr", ADMINISTERS_OURS, PARAMETERS(create_ca_csr_parameters), "Identifier, Csr",
	  "Makes a key and a request for a subordinate CA that somebody else is to sign." },
	{ "CompleteCACertificate", ADMINISTERS_OURS, PARAMETERS(complete_parameters), CA_MADE,
	  "Takes the certificate that was made of a request of CreateCACsr: the CA can issue then." },
	{ "DescribeCACertificate", READS, PARAMETERS(optional_identifier_parameters),
	  "Certificate{" CA_REPLY TAGS_REPLY ", Csr}", "All about one CA." },
	{ "DescribeCACertificateList", READS, PARAMETERS(list_ca_parameters),
	  "CertificateList[]{" CA_REPLY "}" PAGES, "CAs, oldest first." },
	{ "DescribeCACertificateCount", READS, NO_PARAMETERS, "TotalCount#", "How many CAs there are." },
	{ "DescribePcaAndExternalCACertificateList", READS, PARAMETERS(list_ca_parameters),
	  "CertificateList[]{" CA_REPLY "}" PAGES,
	  "CAs, with those whose key is elsewhere and CA certificates of third parties." },
	{ "ListPcaCaCertificate", READS, PARAMETERS(list_ca_pages_parameters),
	  "List[]{" CA_REPLY "}" TOKENS, "CAs, newest first." },
	{ "UpdateCACertificateStatus", ADMINISTERS, PARAMETERS(update_status_parameters), "",
	  "Revokes a CA. It cannot be undone." },
	{ "GetCAInstanceStatus", READS, PARAMETERS(instance_status_parameters),
	  "InstanceStatusList[]{InstanceId, Identifier, Status, Type, BeforeTime#, AfterTime#, "
	  "UseExpireTime#, CertIssuedCount#, CertTotalCount#}",
	  "USED or REVOKE, and how many certificates a CA issued. There is no limit here." },
	{ "ListCACertificateLog", READS, PARAMETERS(list_log_parameters),
	  "LogList[]{Identifier, OpType, Content, CreateTime#}",
	  "What happened to a CA, newest first: at most 100 of the last audit entries." },

	{ "CreateClientCertificate", ISSUES, PARAMETERS(create_client_parameters), LEAF_MADE,
	  "Makes a key and a client certificate. Without ParentIdentifier the only subordinate CA that "
	  "there is issues it." },
	{ "CreateServerCertificate", ISSUES, PARAMETERS(create_server_parameters), LEAF_MADE,
	  "Makes a key and a server certificate." },
	{ "CreateClientCertificateWithCsr", ISSUES, PARAMETERS(create_client_csr_parameters), LEAF_MADE,
	  "Makes a client certificate for a key that stays where it is." },
	{ "CreateServerCertificateWithCsr", ISSUES, PARAMETERS(create_server_csr_parameters), LEAF_MADE,
	  "Makes a server certificate for a key that stays where it is." },
	{ "CreateCustomCertificate", ISSUES, PARAMETERS(create_custom_parameters),
	  "Identifier, SerialNumber, Certificate, CertificateChain, Notes[]{Id, Severity, Text}",
	  "Makes a client or server certificate with a period and extensions of one's own choice, as far "
	  "as the rules allow." },
	{ "RenewPrivateCertificate", RIGHT_ISSUE, ACTION_WRITES | ACTION_OURS,
	  PARAMETERS(renew_parameters), LEAF_MADE,
	  "Makes a successor: the same names, a new period. The old one stays as it is. CAs are renewed by "
	  "administrators." },
	{ "DescribeClientCertificate", READS, PARAMETERS(identifier_parameters),
	  "Certificate{" LEAF_REPLY ", CertChain, RevokeDate#, RevokeReason" TAGS_REPLY "}",
	  "All about one certificate." },
	{ "ListClientCertificate", READS, PARAMETERS(list_parameters),
	  "CertificateList[]{" LEAF_REPLY "}" PAGES, "Client and server certificates, oldest first." },
	{ "ListRevokeCertificate", READS, PARAMETERS(list_parameters),
	  "CertificateList[]{" LEAF_REPLY ", RevokeDate#, RevokeReason}" PAGES,
	  "Revoked client and server certificates." },
	{ "ListCert", READS, PARAMETERS(list_pages_parameters), "List[]{" LEAF_REPLY "}" TOKENS,
	  "Client and server certificates, newest first." },
	{ "ListAllEndEntityInstance", READS, PARAMETERS(list_pages_parameters),
	  "List[]{" LEAF_REPLY "}" TOKENS, "The same." },
	{ "DescribeCertificatePrivateKey", RIGHT_EXPORT, ACTION_WRITES,
	  PARAMETERS(private_key_parameters), "EncryptedData",
	  "The private key, encrypted under a password (PKCS#8, AES-256). It is audited." },
	{ "UpdatePcaCertificate", ISSUES, PARAMETERS(update_parameters), "",
	  "Changes the name for people; KeyExportable can only become false." },
	{ "UploadPcaCertToCas", ISSUES, PARAMETERS(upload_parameters), "",
	  "Sets UploadFlag: ListUserCertificateOrder of cas shows the certificate too. Listeners, and "
	  "ListCert of cas, take certificates of the private CA without it as well." },
	{ "DeleteClientCertificate", ISSUES, PARAMETERS(identifier_parameters), "",
	  "Deletes a revoked or expired certificate, or, by an administrator, a CA whose certificates "
	  "are all revoked or expired. Refused while a listener uses it." },

	{ "CreateRevokeClientCertificate", ISSUES, PARAMETERS(revoke_parameters), "",
	  "Revokes a client or server certificate: every worker refuses it at once. It cannot be undone." },
	{ "RevokeCertificates", RIGHT_ISSUE, ACTION_WRITES | ACTION_OURS,
	  PARAMETERS(revoke_many_parameters), "RevokedCount#, KnownCount#",
	  "Revokes up to 20,000 certificates of a CA by serial number, or all that an older revocation "
	  "list of it holds." },
	{ "DescribeClientCertificateStatus", READS, PARAMETERS(status_parameters),
	  "CertificateStatus[]{SerialNumber, Status, RevokeTime#, RevokeReason}",
	  "good or revoked." },
	{ "DescribeClientCertificateStatusForSerialNumber", READS,
	  PARAMETERS(serial_status_parameters),
	  "CertificateStatus[]{SerialNumber, Status, RevokeTime#, RevokeReason}",
	  "good, revoked or unknown." },
	{ "GetCaInstanceCrlAddress", READS, PARAMETERS(crl_address_parameters),
	  "CrlUrl, NextUpdateTime, HashCode, CrlNumber#, CaType, CaInstanceStatus",
	  "Where the revocation list of a CA is, and which is the newest. CrlUrl is empty without the "
	  "setting PkiBaseUrl." },

	{ "TagResources", ISSUES, PARAMETERS(tag_parameters), "", "Sets tags." },
	{ "UntagResources", ISSUES, PARAMETERS(untag_parameters), "", "Removes tags." },
	{ "ListTagResources", READS, PARAMETERS(list_tags_parameters),
	  "TagResources[]{ResourceId, ResourceType, TagKey, TagValue}" TOKENS, "Tags of CAs and certificates." },
	{ "MoveResourceGroup", ISSUES, PARAMETERS(move_parameters), "", "Sets ResourceGroupId." },
	{ "AssignCertificateCount", RIGHT_ADMINISTER, ACTION_REFUSED, PARAMETERS(assign_parameters), "",
	  "Refused with OperationDenied.CertificateCount: certificates are not bought here, a CA issues "
	  "as many as it is asked for." },
};

const struct product product_pca = {
	.name = "pca",
	.version = "2020-06-30",
	.help = "The private CA: certificate authorities, client and server certificates.",
	.actions = actions,
	.action_count = ACTION_COUNT(actions),
};
