#include "pki/issue_profile.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct issue_profile profiles[ISSUE_KIND_COUNT] = {
	[ISSUE_ROOT_CA] = { .kind = ISSUE_ROOT_CA,
			    .name = "root CA certificate",
			    .is_ca = true,
			    .usage = USAGE_KEY_CERT_SIGN | USAGE_CRL_SIGN,
			    .years = 10 },
	[ISSUE_SUB_CA] = { .kind = ISSUE_SUB_CA,
			   .name = "subordinate CA certificate",
			   .is_ca = true,
			   .usage = USAGE_KEY_CERT_SIGN | USAGE_CRL_SIGN,
			   .has_urls = true,
			   .years = 5 },
	[ISSUE_SERVER] = { .kind = ISSUE_SERVER,
			   .name = "server certificate",
			   .usage = USAGE_DIGITAL_SIGNATURE,
			   .purposes = PURPOSE_SERVER,
			   .has_names = true,
			   .has_urls = true,
			   .days = 30,
			   .most_days = 825 },
	[ISSUE_CLIENT] = { .kind = ISSUE_CLIENT,
			   .name = "client certificate",
			   .usage = USAGE_DIGITAL_SIGNATURE,
			   .purposes = PURPOSE_CLIENT,
			   .has_names = true,
			   .has_urls = true,
			   .days = 30 },
	[ISSUE_OCSP_SIGNER] = { .kind = ISSUE_OCSP_SIGNER,
				.name = "OCSP signer certificate",
				.usage = USAGE_DIGITAL_SIGNATURE,
				.purposes = PURPOSE_OCSP,
				.no_check = true,
				.days = 30 },
};

static const struct {
	const char *text;
	unsigned char arc;
} purposes[PURPOSE_COUNT] = {
	{ "serverAuth", 1 }, { "clientAuth", 2 }, { "codeSigning", 3 },
	{ "emailProtection", 4 }, { "timeStamping", 8 }, { "OCSPSigning", 9 },
};

const struct issue_profile *issue_profile(enum issue_kind kind)
{
	return &profiles[kind];
}

unsigned int purpose_parse(const char *text)
{
	char oid[32];
	unsigned int i;

	for (i = 0; i < PURPOSE_COUNT; i++) {
		snprintf(oid, sizeof(oid), "1.3.6.1.5.5.7.3.%u", purposes[i].arc);
		if (strcasecmp(text, purposes[i].text) == 0 || strcmp(text, oid) == 0)
			return 1u << i;
	}
	return 0;
}

static unsigned int index_of(unsigned int purpose)
{
	unsigned int i = 0;

	while (i + 1 < PURPOSE_COUNT && (purpose >> i & 1) == 0)
		i++;
	return i;
}

unsigned char purpose_arc(unsigned int purpose)
{
	return purposes[index_of(purpose)].arc;
}
