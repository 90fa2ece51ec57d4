/*
 * Certificates that were made elsewhere: CAS 2020-04-07.
 *
 * Names are the real service's, misspellings included. What is ours is marked so.
 */
#include "action/action.h"

/* clang-format off */

#define PEM_MAX 262144

#define CERT_ID OWN("CertId", PARAMETER_REQUIRED, INTEGER_OF(1, INT64_MAX), HELP("Its number."))
#define CSR_ID OWN("CsrId", PARAMETER_REQUIRED, INTEGER_OF(1, INT64_MAX), HELP("Its number."))
/* Secret: people put their keys and PKCS#12 files there too. */
#define CERT(flags, text) \
	OWN("Cert", (flags) | PARAMETER_MULTILINE | PARAMETER_SECRET, TEXT_OF(1, PEM_MAX), HELP(text))
#define KEY(flags, text) \
	OWN("Key", (flags) | PARAMETER_MULTILINE | PARAMETER_SECRET, TEXT_OF(1, PEM_MAX), HELP(text))
#define FILE_PASSWORD \
	OWN("Password", PARAMETER_SECRET | PARAMETER_OURS, TEXT_OF(0, 1024), \
	    HELP("Of an encrypted key or a PKCS#12 file."))
#define RESOURCE_GROUP \
	OWN("ResourceGroupId", 0, TEXT_OF(1, 128), HELP("Kept and shown, without effect."))
#define TAGS_PARAMETER OWN("Tags", 0, OBJECTS_OF(0, 20, tag_resource), HELP("Tags."))
#define SM2(parameter_name) \
	OWN(parameter_name, PARAMETER_MULTILINE | PARAMETER_SECRET, TEXT_OF(0, PEM_MAX), \
	    HELP("SM2 is not offered: TLS here has no suites for it. Answers IllegalParam."))
#define KEYWORD(parameter_name) \
	OWN(parameter_name, 0, TEXT_OF(1, 128), \
	    HELP("Only those that have this in name, common name, alternative names, serial or id."))
#define IDENTIFIER(text) OWN("Identifier", PARAMETER_REQUIRED, TEXT_OF(1, 64), HELP(text))
#define NAME_64(flags, text) OWN("Name", flags, TEXT_OF(1, 64), HELP(text))

static const struct field_word order_types[] = { { "CPACK", 0, NULL }, { "BUY", 1, NULL },
	{ "UPLOAD", 2, NULL }, { "CERT", 3, NULL }, { NULL, 0, NULL } };
static const struct field_word order_states[] = { { "ISSUED", 0, NULL }, { "WILLEXPIRED", 1, NULL },
	{ "EXPIRED", 2, NULL }, { "PAYED", 3, NULL }, { "CHECKING", 4, NULL },
	{ "CHECKED_FAIL", 5, NULL }, { "NOTACTIVATED", 6, NULL }, { "REVOKED", 7, NULL },
	{ NULL, 0, NULL } };
static const char no_sm2[] = "SM2 is not offered: TLS here has no suites for it";
static const struct field_word csr_algorithms[] = { { "RSA", 0, NULL }, { "ECC", 1, NULL },
	{ "SM2", 2, no_sm2 }, { NULL, 0, NULL } };
static const struct field_word source_types[] = { { "upload", 0, NULL }, { "aliyun", 1, NULL },
	{ NULL, 0, NULL } };
static const struct field_word cert_types[] = { { "CA", 0, NULL }, { "CERT", 1, NULL },
	{ NULL, 0, NULL } };
static const struct field_word cert_states[] = { { "ISSUE", 0, NULL }, { "REVOKE", 1, NULL },
	{ NULL, 0, NULL } };
static const struct field_word warehouse_types[] = { { "ssl", 0, NULL }, { "uploadPCA", 1, NULL },
	{ "free", 2, NULL }, { "aliyunPCA", 3, NULL }, { "disable", 4, NULL }, { NULL, 0, NULL } };

/* --- server certificates --- */

static const struct parameter upload_parameters[] = {
	NAME_64(PARAMETER_REQUIRED, "For people; unique among uploaded certificates."),
	CERT(0, "The certificate and, behind or in front of it, its chain: PEM, or base64 of DER, PKCS#7 "
		"or PKCS#12."),
	KEY(0, "Its private key: PKCS#8, PKCS#1 or SEC1; encrypted with Password. May stand in Cert too."),
	FILE_PASSWORD,
	OWN("Exportable", PARAMETER_OURS, BOOLEAN, .standard = 1,
	    HELP("false: the key serves listeners, and never leaves again.")),
	SM2("SignCert"), SM2("SignPrivateKey"), SM2("EncryptCert"), SM2("EncryptPrivateKey"),
	RESOURCE_GROUP,
	TAGS_PARAMETER,
};

static const struct parameter update_parameters[] = {
	CERT_ID,
	NAME_64(0, "A new name."),
	CERT(0, "The certificate that takes its place, with its chain."),
	KEY(0, "Its private key; the one that is here is kept when it fits."),
	FILE_PASSWORD,
	OWN("Exportable", PARAMETER_OURS, BOOLEAN,
	    HELP("false: its key never leaves again. There is no way back.")),
};

static const struct parameter detail_parameters[] = {
	CERT_ID,
	OWN("CertFilter", 0, BOOLEAN, .standard = 0, HELP("true: without the certificate and key.")),
};

static const struct parameter cert_id_parameters[] = { CERT_ID };

static const struct parameter list_orders_parameters[] = {
	OWN("OrderType", 0, WORD_OF(order_types), .standard = 3,
	    HELP("UPLOAD and CERT list what was uploaded. CPACK and BUY are orders, and there are none.")),
	KEYWORD("Keyword"),
	OWN("Status", 0, WORD_OF(order_states),
	    HELP("ISSUED: valid; WILLEXPIRED: ends within 30 days; EXPIRED. The others are states of "
		 "orders.")),
	RESOURCE_GROUP,
	SHOW_SIZE_PARAMETERS,
};

/* --- requests --- */

static const struct parameter create_csr_parameters[] = {
	OWN("Name", 0, TEXT_OF(1, 50), HELP("For people; the common name when left out.")),
	OWN("CommonName", PARAMETER_REQUIRED, TEXT_OF(1, 253), HELP("Name of the server.")),
	OWN("Sans", 0, TEXT_OF(1, 8192), HELP("Further names: comma list of DNS names, IP addresses.")),
	OWN("Algorithm", PARAMETER_REQUIRED, WORD_OF(csr_algorithms), HELP("Of the key.")),
	OWN("KeySize", PARAMETER_REQUIRED, INTEGER_OF(256, 4096),
	    HELP("RSA: 2048, 3072, 4096. ECC: 256, 384 (ours).")),
	OWN("CountryCode", PARAMETER_REQUIRED, TEXT_OF(2, 2), HELP("Two letters.")),
	OWN("Province", PARAMETER_REQUIRED, TEXT_OF(1, 128), HELP("State or province.")),
	OWN("Locality", PARAMETER_REQUIRED, TEXT_OF(1, 128), HELP("City.")),
	OWN("CorpName", 0, TEXT_OF(1, 64), HELP("Organization.")),
	OWN("Department", 0, TEXT_OF(1, 64), HELP("Unit of the organization.")),
};

static const struct parameter upload_csr_parameters[] = {
	OWN("Name", 0, TEXT_OF(1, 50), HELP("For people; the common name when left out.")),
	OWN("Csr", PARAMETER_REQUIRED | PARAMETER_MULTILINE, TEXT_OF(1, 65536),
	    HELP("The request: PEM, or base64 of DER.")),
	KEY(0, "Its private key."),
	FILE_PASSWORD,
};

static const struct parameter csr_id_parameters[] = { CSR_ID };

static const struct parameter update_csr_parameters[] = {
	CSR_ID,
	KEY(PARAMETER_REQUIRED, "Its private key."),
	FILE_PASSWORD,
};

static const struct parameter list_csr_parameters[] = {
	KEYWORD("KeyWord"),
	OWN("Algorithm", 0, WORD_OF(csr_algorithms), HELP("Only those of this kind.")),
	SHOW_SIZE_PARAMETERS,
};

/* --- the repositories --- */

static const struct parameter list_cert_parameters[] = {
	OWN("WarehouseId", 0, INTEGER_OF(1, INT64_MAX),
	    HELP("Only those of this repository (ListCertWarehouse).")),
	OWN("SourceType", 0, WORD_OF(source_types),
	    HELP("upload: given to us; aliyun: made by our own CAs.")),
	OWN("CertType", 0, WORD_OF(cert_types), HELP("CA certificates, or others.")),
	OWN("Status", 0, WORD_OF(cert_states), HELP("ISSUE: not revoked.")),
	KEYWORD("KeyWord"),
	SHOW_SIZE_PARAMETERS,
};

static const struct parameter list_warehouse_parameters[] = {
	OWN("InstanceId", 0, TEXT_OF(1, 64), HELP("Only this one.")),
	OWN("Name", 0, TEXT_OF(1, 128), HELP("Only those with this in their name.")),
	OWN("Type", 0, WORD_OF(warehouse_types), HELP("Only those of this type.")),
	SHOW_SIZE_PARAMETERS,
};

static const struct parameter identifier_parameters[] = { IDENTIFIER("Of the certificate.") };

/* --- CA certificates of others --- */

#define CHAIN_PROFILE LIKE(ca_certificate_resource, "ChainProfile", PARAMETER_OURS)

static const struct parameter upload_ca_parameters[] = {
	NAME_64(PARAMETER_REQUIRED, "For people; unique among uploaded CA certificates."),
	CERT(PARAMETER_REQUIRED, "One CA certificate or several that belong together, and their CRLs: PEM, "
				 "or base64 of DER, PKCS#7 or PKCS#12."),
	OWN("Crl", PARAMETER_MULTILINE, TEXT_OF(1, PEM_MAX), HELP("Their CRLs, as in UploadCRL.")),
	FILE_PASSWORD,
	CHAIN_PROFILE,
	TAGS_PARAMETER,
};

static const struct parameter upload_pca_cert_parameters[] = {
	NAME_64(PARAMETER_REQUIRED, "For people; unique among uploaded CA certificates."),
	CERT(PARAMETER_REQUIRED, "One CA certificate or several that belong together."),
	OWN("PrivateKey", PARAMETER_MULTILINE | PARAMETER_SECRET | PARAMETER_IGNORED,
	    TEXT_OF(0, PEM_MAX),
	    HELP("Thrown away: trust needs no key. To issue with it, import the CA.")),
	OWN("WarehouseId", PARAMETER_IGNORED, INTEGER_OF(1, INT64_MAX),
	    HELP("All of them are in the repository uploadPCA.")),
	CHAIN_PROFILE,
	TAGS_PARAMETER,
};

static const struct parameter update_ca_parameters[] = {
	IDENTIFIER("Of the uploaded CA certificate."),
	NAME_64(0, "A new name."),
	CERT(0, "The certificates that take the place of those that are there."),
	CHAIN_PROFILE,
};

#define CRL_NAME(flags, text) OWN("Name", flags, TEXT_OF(1, 64), HELP(text))

static const struct parameter upload_crl_parameters[] = {
	IDENTIFIER("Of the uploaded CA certificate."),
	OWN("Crl", PARAMETER_REQUIRED | PARAMETER_MULTILINE, TEXT_OF(1, 1048576),
	    HELP("One list or several: PEM, or base64 of DER. Each takes the place of the older list of "
		 "its issuer for the same certificates.")),
	OWN("Force", 0, BOOLEAN, .standard = 0,
	    HELP("true: an older list may take the place of a newer one.")),
};

static const struct parameter delete_crl_parameters[] = {
	IDENTIFIER("Of the uploaded CA certificate."),
	CRL_NAME(PARAMETER_REQUIRED, "Name of the list, of ListCRL."),
};

/* --- the table --- */

#define WRITES RIGHT_OPERATE, ACTION_WRITES
#define OUR_WRITES RIGHT_OPERATE, ACTION_WRITES | ACTION_OURS
#define READS RIGHT_READ, 0
#define REFUSED(name, text) \
	{ name, RIGHT_READ, ACTION_REFUSED, .parameters = NULL, .parameter_count = 0, .reply = "", \
	  .help = text }
#define NO_ORDERS \
	"Buying certificates is not a matter of this machine. UploadUserCertificate takes those that you " \
	"have; the product pca issues private ones."
#define NO_DEPLOYMENT \
	"Not needed: UpdateUserCertificate replaces a certificate in place, and all listeners follow " \
	"within a second."
#define NO_KEY_USE \
	"Keys here serve listeners only. ExportPrivateCertificate gives a key to those who may have it."
#define NO_GROUPS "There are no resource groups: ResourceGroupId is kept and shown, without effect."

#define UPLOADED_REPLY \
	"Warnings[], Notes[]"
#define SUBJECT_REPLY "OrgName, Country, Province, City"
#define CRL_REPLY \
	"Name, Issuer, Number, ThisUpdate, NextUpdate, Entries#, Scope"

static const struct action actions[] = {
	{ "UploadUserCertificate", WRITES, PARAMETERS(upload_parameters),
	  "CertId#, ResourceId, CertIdentifier, " UPLOADED_REPLY,
	  "Stores a certificate with its key and chain, in any form and order. What is doubtful is told in "
	  "Warnings; two certificates of servers, or a key of another one, are refused." },
	{ "UpdateUserCertificate", OUR_WRITES, PARAMETERS(update_parameters),
	  "CertId#, JobId, " UPLOADED_REPLY,
	  "Replaces a certificate in place: all listeners that use it follow." },
	{ "GetUserCertificateDetail", RIGHT_READ, ACTION_WRITES, PARAMETERS(detail_parameters),
	  "Id#, Name, CertIdentifier, Cert, Key, EncryptCert, EncryptPrivateKey, SignCert, "
	  "SignPrivateKey, CertChain[]{CommonName, IssuerCommonName, NotBefore#, NotAfter#, RemainDay#}, "
	  "Common, Sans, Issuer, SerialNo, Fingerprint, Sha2, Algorithm, StartDate, EndDate, NotBefore#, "
	  "NotAfter#, Expired?, BuyInAliyun?, " SUBJECT_REPLY ", OrderId#, InstanceId, ResourceGroupId, "
	  "Tags[]{TagKey, TagValue}, Exportable?, UsedBy[]{Kind, ResourceId, Role}, Revision#, "
	  UPLOADED_REPLY,
	  "One certificate. Key is empty unless the setting AllowKeyRead is on and the caller may export "
	  "keys; each reading of it is in the audit log." },
	{ "ListUserCertificateOrder", READS, PARAMETERS(list_orders_parameters),
	  "CertificateOrderList[]{CertificateId#, Name, CommonName, Sans, Issuer, SerialNo, Fingerprint, "
	  "Sha2, Algorithm, StartDate, EndDate, CertStartTime#, CertEndTime#, Expired?, Status, Upload?, "
	  "CertIdentifier, InstanceId, " SUBJECT_REPLY ", ResourceGroupId, RemainDay#, "
	  "UsedBy[]{Kind, ResourceId, Role}}, TotalCount#, CurrentPage#, ShowSize#",
	  "Uploaded certificates, newest first, with who uses them." },
	{ "DeleteUserCertificate", WRITES, PARAMETERS(cert_id_parameters), "",
	  "Removes an uploaded certificate and its key. Refused while something uses it." },
	{ "CreateCsr", WRITES, PARAMETERS(create_csr_parameters), "CsrId#, Csr",
	  "Makes a key and a certificate request for it." },
	{ "UploadCsr", WRITES, PARAMETERS(upload_csr_parameters), "CsrId#",
	  "Keeps a certificate request, and its key." },
	{ "GetCsrDetail", RIGHT_READ, ACTION_WRITES, PARAMETERS(csr_id_parameters), "Csr, PrivateKey",
	  "One request. PrivateKey is empty unless the setting AllowKeyRead is on and the caller may "
	  "export keys." },
	{ "ListCsr", READS, PARAMETERS(list_csr_parameters),
	  "CsrList[]{CsrId#, Name, CommonName, Sans, Algorithm, KeySize#, CountryCode, Province, Locality, "
	  "CorpName, Department, HasPrivateKey?, KeySha2}, TotalCount#, CurrentPage#, ShowSize#",
	  "Certificate requests, newest first." },
	{ "UpdateCsr", WRITES, PARAMETERS(update_csr_parameters), "",
	  "Gives a request that was uploaded without it its private key." },
	{ "DeleteCsr", WRITES, PARAMETERS(csr_id_parameters), "", "Removes a request and its key." },
	{ "ListCert", READS, PARAMETERS(list_cert_parameters),
	  "CertList[]{Identifier, CommonName, Issuer, Sans, Status, SourceType, CertType, "
	  "ExistPrivateKey?, BeforeDate#, AfterDate#, WhId#, WhInstanceId, Name, SerialNumber, "
	  "ChainProfile, UsedBy[]{Kind, ResourceId, Role}}, TotalCount#, CurrentPage#, ShowSize#",
	  "Certificates of the repositories: third-party CA certificates, and what our own CAs made." },
	{ "ListCertWarehouse", READS, PARAMETERS(list_warehouse_parameters),
	  "CertWarehouseList[]{WhId#, Name, Type, InstanceId, PcaInstanceId, EndTime#, IsExpired?, Qps#}, "
	  "TotalCount#, CurrentPage#, ShowSize#",
	  "The repositories: ssl, uploadPCA and aliyunPCA, one of each." },
	{ "GetCertWarehouseQuota", READS, .parameters = NULL, .parameter_count = 0,
	  .reply = "TotalQuota#, UseCount#", .help = "How many certificates there are and may be." },
	{ "UploadPCACert", WRITES, PARAMETERS(upload_pca_cert_parameters),
	  "Identifier, CertId#, Certificates#, " UPLOADED_REPLY,
	  "Stores CA certificates of a third party, to let clients in that it vouches for." },
	{ "DeletePCACert", WRITES, PARAMETERS(identifier_parameters), "",
	  "Removes an uploaded CA certificate with its CRLs. Refused while something uses it." },
	{ "UploadCACertificate", OUR_WRITES, PARAMETERS(upload_ca_parameters),
	  "Identifier, CertId#, Certificates#, " UPLOADED_REPLY,
	  "Stores CA certificates of a third party, to let clients in that it vouches for." },
	{ "UpdateCACertificate", OUR_WRITES, PARAMETERS(update_ca_parameters),
	  "Identifier, JobId, " UPLOADED_REPLY,
	  "Changes an uploaded CA certificate in place: all listeners that use it follow." },
	{ "GetCACertificate", RIGHT_READ, ACTION_OURS, PARAMETERS(identifier_parameters),
	  "Identifier, CertId#, Name, ChainProfile, Cert, Certificates[]{CommonName, SubjectDN, IssuerDN, "
	  "SerialNumber, Sha2, BeforeDate#, AfterDate#, Algorithm, KeySize#, IsAnchor?}, Crls[]{" CRL_REPLY
	  "}, UsedBy[]{Kind, ResourceId, Role}, Tags[]{TagKey, TagValue}, Revision#, Warnings[]",
	  "One uploaded CA certificate with all that belongs to it." },
	{ "UploadCRL", OUR_WRITES, PARAMETERS(upload_crl_parameters),
	  "Crls[]{" CRL_REPLY "}, JobId, Warnings[]",
	  "Stores revocation lists of an uploaded CA. Each must be signed by it, and newer than the one "
	  "before. From then on, a list that is too old lets nobody of that CA in." },
	{ "DeleteCRL", OUR_WRITES, PARAMETERS(delete_crl_parameters), "JobId",
	  "Removes a revocation list." },
	{ "ListCRL", RIGHT_READ, ACTION_OURS, PARAMETERS(identifier_parameters), "Crls[]{" CRL_REPLY "}",
	  "The revocation lists of an uploaded CA." },
	REFUSED("Sign", NO_KEY_USE),
	REFUSED("Verify", NO_KEY_USE),
	REFUSED("Encrypt", NO_KEY_USE),
	REFUSED("Decrypt", NO_KEY_USE),
	REFUSED("CreateCertificateRequest", NO_ORDERS),
	REFUSED("CreateCertificateWithCsrRequest", NO_ORDERS),
	REFUSED("CreateCertificateForPackageRequest", NO_ORDERS),
	REFUSED("CancelCertificateForPackageRequest", NO_ORDERS),
	REFUSED("CancelOrderRequest", NO_ORDERS),
	REFUSED("DeleteCertificateRequest", NO_ORDERS),
	REFUSED("DescribeCertificateState", NO_ORDERS),
	REFUSED("DescribePackageState", NO_ORDERS),
	REFUSED("RenewCertificateOrderForPackageRequest", NO_ORDERS),
	REFUSED("CreateInstance", NO_ORDERS),
	REFUSED("GetInstanceDetail", NO_ORDERS),
	REFUSED("ApplyCertificate", NO_ORDERS),
	REFUSED("GetCertificateDetail", NO_ORDERS),
	REFUSED("CreateCompany", NO_ORDERS),
	REFUSED("CreateContact", NO_ORDERS),
	REFUSED("ListContact", NO_ORDERS),
	REFUSED("CreateDeploymentJob", NO_DEPLOYMENT),
	REFUSED("DeleteDeploymentJob", NO_DEPLOYMENT),
	REFUSED("DescribeDeploymentJob", NO_DEPLOYMENT),
	REFUSED("DescribeDeploymentJobStatus", NO_DEPLOYMENT),
	REFUSED("ListDeploymentJob", NO_DEPLOYMENT),
	REFUSED("ListDeploymentJobCert", NO_DEPLOYMENT),
	REFUSED("ListDeploymentJobResource", NO_DEPLOYMENT),
	REFUSED("UpdateDeploymentJob", NO_DEPLOYMENT),
	REFUSED("UpdateDeploymentJobStatus", NO_DEPLOYMENT),
	REFUSED("ListCloudAccess", NO_DEPLOYMENT),
	REFUSED("ListCloudResources", NO_DEPLOYMENT),
	REFUSED("DescribeCloudResourceStatus", NO_DEPLOYMENT),
	REFUSED("ListWorkerResource", NO_DEPLOYMENT),
	REFUSED("DeleteWorkerResource", NO_DEPLOYMENT),
	REFUSED("UpdateWorkerResourceStatus", NO_DEPLOYMENT),
	REFUSED("MoveResourceGroup", NO_GROUPS),
};

const struct product product_cas = {
	"cas", "2020-04-07",
	"Certificates made elsewhere: of servers, with their keys, and of CAs that are trusted.", actions,
	ACTION_COUNT(actions)
};
