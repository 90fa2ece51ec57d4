#include "pki/mobileconfig.h"

#include <stdio.h>
#include <string.h>
#include <openssl/base64.h>
#include "base/sha256.h"
#include "pki/download.h"
#include "pki/oid.h"
#include "pki/pkcs12.h"
#include "x509/certificate.h"

#define LINE_BYTES 48
#define UUID_SIZE 37

/* The text of one element: markup escaped, and no character that XML 1.0 lacks. */
static void put_text(struct buffer *out, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '&':
			buffer_printf(out, "&amp;");
			break;
		case '<':
			buffer_printf(out, "&lt;");
			break;
		case '>':
			buffer_printf(out, "&gt;");
			break;
		default:
			buffer_append(out, (unsigned char)*text < ' ' ? " " : text, 1);
		}
	}
}

static void put_string(struct buffer *out, const char *key, const char *value)
{
	buffer_printf(out, "<key>%s</key><string>", key);
	put_text(out, value);
	buffer_printf(out, "</string>\n");
}

static void put_data(struct buffer *out, const char *key, struct bytes data)
{
	uint8_t line[LINE_BYTES / 3 * 4 + 1];
	size_t at;

	buffer_printf(out, "<key>%s</key><data>\n", key);
	for (at = 0; at < data.len; at += LINE_BYTES) {
		size_t part = data.len - at < LINE_BYTES ? data.len - at : LINE_BYTES;

		buffer_append(out, line, EVP_EncodeBlock(line, data.data + at, part));
		buffer_append(out, "\n", 1);
	}
	buffer_printf(out, "</data>\n");
}

/* RFC 9562 5.8: a UUID of our own making, from what it names. */
static void make_uuid(const char *kind, struct bytes content, char ret_uuid[UUID_SIZE])
{
	uint8_t hash[SHA256_SIZE];
	struct sha256 sha;

	sha256_init(&sha);
	sha256_update(&sha, kind, strlen(kind));
	sha256_update(&sha, content.data, content.len);
	sha256_final(&sha, hash);
	snprintf(ret_uuid, UUID_SIZE,
		 "%02X%02X%02X%02X-%02X%02X-8%X%02X-%X%X%02X-%02X%02X%02X%02X%02X%02X", hash[0],
		 hash[1], hash[2], hash[3], hash[4], hash[5], hash[6] & 0xf, hash[7],
		 8 | (hash[8] & 3), hash[8] >> 4, hash[9], hash[10], hash[11], hash[12], hash[13],
		 hash[14], hash[15]);
}

/* What every payload has. content names it: the leaf or CA certificate. */
static void put_payload(struct buffer *out, const struct download_source *source, const char *type,
			const char *title, struct bytes content)
{
	char uuid[UUID_SIZE], identifier[160];

	make_uuid(type, content, uuid);
	snprintf(identifier, sizeof(identifier), "sallyport.%.80s.%.36s", source->id, uuid);
	put_string(out, "PayloadType", type);
	buffer_printf(out, "<key>PayloadVersion</key><integer>1</integer>\n");
	put_string(out, "PayloadIdentifier", identifier);
	put_string(out, "PayloadUUID", uuid);
	put_string(out, "PayloadDisplayName", title);
}

static int put_authority(struct buffer *out, const struct download_source *source,
			 struct bytes der, struct error *err)
{
	struct certificate *certificate = certificate_parse(der, err);
	char title[128];

	if (certificate == NULL)
		return -1;
	certificate_identity_text(certificate, title, sizeof(title));
	buffer_printf(out, "<dict>\n");
	put_payload(out, source, certificate_is_self_issued(certificate) ?
		    "com.apple.security.root" : "com.apple.security.pkcs1", title, der);
	put_data(out, "PayloadContent", der);
	buffer_printf(out, "</dict>\n");
	certificate_free(certificate);
	return 0;
}

static int put_authorities(struct buffer *out, const struct download_source *source,
			   struct error *err)
{
	CBS chain, one;
	int status = 0;

	CBS_init(&chain, source->chain.data, source->chain.len);
	while (status == 0 && CBS_get_asn1_element(&chain, &one, CBS_ASN1_SEQUENCE))
		status = put_authority(out, source, cbs_bytes(&one), err);
	return status;
}

static const char *title_of(const struct download_source *source)
{
	return source->common_name == NULL || source->common_name[0] == '\0' ? source->id :
									       source->common_name;
}

/* The leaf with its key, or without. Devices want the old encryption. */
static int put_identity(struct buffer *out, const struct download_source *source,
			const char *password, struct error *err)
{
	struct pkcs12_contents contents = { .name = title_of(source), .leaf = source->leaf,
					    .pkcs8 = source->pkcs8 };
	struct buffer pfx = { 0 };

	if (source->pkcs8.len == 0)
		return put_authority(out, source, source->leaf, err);
	if (pkcs12_write(&contents, PKCS12_COMPATIBLE, password, &pfx, err) < 0)
		return -1;
	buffer_printf(out, "<dict>\n");
	put_payload(out, source, "com.apple.security.pkcs12", title_of(source), source->leaf);
	put_string(out, "PayloadCertificateFileName", "identity.pfx");
	put_data(out, "PayloadContent", buffer_bytes(&pfx));
	buffer_printf(out, "</dict>\n");
	buffer_done(&pfx);
	return 0;
}

int mobileconfig_write(const struct download_source *source, const char *password,
		       struct buffer *ret_file, struct error *err)
{
	struct buffer out = { 0 };

	buffer_printf(&out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		      "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
		      "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
		      "<plist version=\"1.0\"><dict>\n");
	put_payload(&out, source, "Configuration", title_of(source), source->leaf);
	buffer_printf(&out, "<key>PayloadContent</key><array>\n");
	if (put_authorities(&out, source, err) < 0 ||
	    put_identity(&out, source, password, err) < 0) {
		buffer_done(&out);
		return -1;
	}
	buffer_printf(&out, "</array>\n</dict></plist>\n");
	buffer_done(ret_file);
	*ret_file = out;
	return 0;
}
