#include "pki/csr.h"

#include <string.h>
#include <openssl/bytestring.h>
#include <openssl/err.h>
#include "pki/key.h"
#include "pki/oid.h"
#include "pki/signing.h"
#include "x509/certificate_internal.h"
#include "x509/pem.h"
#include "x509/signature.h"

#define TAG_ATTRIBUTES (CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 0)

static const struct bytes extension_request = OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09,
						  0x0e);
static const struct bytes alternative_names = OID(0x55, 0x1d, 0x11);

static struct bytes bytes_of(const CBS *cbs)
{
	return (struct bytes){ CBS_data(cbs), CBS_len(cbs) };
}

static int take_block(void *arg, const struct pem_block *block, struct error *err)
{
	struct buffer *der = arg;

	if (!pem_label_is(block, "CERTIFICATE REQUEST") &&
	    !pem_label_is(block, "NEW CERTIFICATE REQUEST"))
		return 0;
	if (der->len > 0)
		return error_set(err, ERROR_INVALID,
				 "there are several certificate requests in it");
	buffer_append(der, block->der.data, block->der.len);
	return 0;
}

static int find_der(struct bytes content, struct buffer *ret_der, struct error *err)
{
	size_t blocks = 0;

	if (content.len > 2 * CSR_MAX_SIZE)
		return error_set(err, ERROR_LIMIT, "it is larger than %d bytes", 2 * CSR_MAX_SIZE);
	if (content.len > 0 && content.data[0] == 0x30) {
		buffer_append(ret_der, content.data, content.len);
		return 0;
	}
	if (pem_each(content, "the CSR", take_block, ret_der, &blocks, err) < 0)
		return -1;
	if (ret_der->len > 0)
		return 0;
	error_set(err, ERROR_INVALID, "there is no certificate request in it");
	return error_hint(err, "It begins with -----BEGIN CERTIFICATE REQUEST-----.");
}

/* The attributes are a SET; only the extension request has a meaning. */
static bool read_names(CBS *attributes, struct csr *csr)
{
	CBS attribute, type, values, list, oid;
	struct extension extension;

	while (CBS_len(attributes) > 0) {
		if (!CBS_get_asn1(attributes, &attribute, CBS_ASN1_SEQUENCE) ||
		    !CBS_get_asn1(&attribute, &type, CBS_ASN1_OBJECT))
			return false;
		if (!bytes_equal(bytes_of(&type), extension_request))
			continue;
		if (!CBS_get_asn1(&attribute, &values, CBS_ASN1_SET) ||
		    !CBS_get_asn1(&values, &list, CBS_ASN1_SEQUENCE))
			return false;
		while (CBS_len(&list) > 0) {
			if (!extension_read(&list, &oid, &extension))
				return false;
			if (bytes_equal(bytes_of(&oid), alternative_names))
				csr->names = extension.value;
		}
	}
	return true;
}

/* What is signed, by which algorithm, and the signature. */
struct proof {
	struct bytes content, signature;
	struct signature_algorithm algorithm;
};

static bool read_fields(struct csr *csr, struct proof *ret_proof)
{
	CBS der, outer, information, subject, spki, attributes, identifier, bits, whole;
	uint64_t version;
	uint8_t unused;

	CBS_init(&der, csr->der.data, csr->der.len);
	if (!CBS_get_asn1(&der, &outer, CBS_ASN1_SEQUENCE) || CBS_len(&der) > 0 ||
	    !CBS_get_asn1_element(&outer, &whole, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&outer, &identifier, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&outer, &bits, CBS_ASN1_BITSTRING) || CBS_len(&outer) > 0 ||
	    !CBS_get_u8(&bits, &unused) || unused != 0)
		return false;
	ret_proof->content = bytes_of(&whole);
	ret_proof->signature = bytes_of(&bits);
	ret_proof->algorithm = signature_algorithm_parse(bytes_of(&identifier));
	if (!CBS_get_asn1(&whole, &information, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1_uint64(&information, &version) || version != 0 ||
	    !CBS_get_asn1_element(&information, &subject, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1_element(&information, &spki, CBS_ASN1_SEQUENCE))
		return false;
	csr->subject = bytes_of(&subject);
	csr->public_key = bytes_of(&spki);
	if (CBS_len(&information) == 0)
		return true; /* some makers leave out the empty set */
	return CBS_get_asn1(&information, &attributes, TAG_ATTRIBUTES) &&
	       CBS_len(&information) == 0 && read_names(&attributes, csr);
}

static int check_proof(const struct csr *csr, const struct proof *proof, struct error *err)
{
	if (proof->algorithm.weak)
		return error_set(err, ERROR_INVALID, "the CSR is signed with %s",
				 proof->algorithm.name);
	if (!signature_verify(&proof->algorithm, csr->key, proof->content, proof->signature))
		return error_set(err, ERROR_INVALID, "the CSR is not signed with its own key");
	return 0;
}

static int read_csr(struct bytes content, struct csr *csr, struct error *err)
{
	struct proof proof;

	if (find_der(content, &csr->der, err) < 0)
		return -1;
	if (csr->der.len > CSR_MAX_SIZE)
		return error_set(err, ERROR_LIMIT, "the CSR is larger than %d bytes", CSR_MAX_SIZE);
	if (!read_fields(csr, &proof))
		return error_set(err, ERROR_INVALID, "the CSR is damaged: it is not PKCS#10");
	csr->key = key_from_spki(csr->public_key, err);
	if (csr->key == NULL ||
	    key_check(csr->key, csr->public_key, "the key of the CSR", err) < 0 ||
	    check_proof(csr, &proof, err) < 0)
		return -1;
	subject_read(csr->subject, &csr->texts);
	return 0;
}

int csr_parse(struct bytes content, struct csr *ret_csr, struct error *err)
{
	struct csr csr = { .der = { 0 } };

	if (read_csr(content, &csr, err) < 0) {
		csr_done(&csr);
		return -1;
	}
	*ret_csr = csr;
	return 0;
}

void csr_done(struct csr *csr)
{
	subject_texts_done(&csr->texts);
	EVP_PKEY_free(csr->key);
	buffer_done(&csr->der);
	*csr = (struct csr){ .der = { 0 } };
}

static bool add_request(CBB *attributes, const struct san_list *names)
{
	CBB attribute, type, values, list, extension, oid, value;

	if (names == NULL || names->count == 0)
		return true;
	return CBB_add_asn1(attributes, &attribute, CBS_ASN1_SEQUENCE) &&
	       CBB_add_asn1(&attribute, &type, CBS_ASN1_OBJECT) &&
	       CBB_add_bytes(&type, extension_request.data, extension_request.len) &&
	       CBB_add_asn1(&attribute, &values, CBS_ASN1_SET) &&
	       CBB_add_asn1(&values, &list, CBS_ASN1_SEQUENCE) &&
	       CBB_add_asn1(&list, &extension, CBS_ASN1_SEQUENCE) &&
	       CBB_add_asn1(&extension, &oid, CBS_ASN1_OBJECT) &&
	       CBB_add_bytes(&oid, alternative_names.data, alternative_names.len) &&
	       CBB_add_asn1(&extension, &value, CBS_ASN1_OCTETSTRING) &&
	       san_list_write(names, &value) && CBB_flush(attributes);
}

int csr_make(EVP_PKEY *key, struct bytes subject, const struct san_list *names,
	     struct buffer *ret_der, struct error *err)
{
	CBB out, information, attributes;
	int status;

	if (!CBB_init(&out, 512))
		return error_set(err, ERROR_SYSTEM, "out of memory");
	if (!CBB_add_asn1(&out, &information, CBS_ASN1_SEQUENCE) ||
	    !CBB_add_asn1_uint64(&information, 0) ||
	    !CBB_add_bytes(&information, subject.data, subject.len) ||
	    !EVP_marshal_public_key(&information, key) ||
	    !CBB_add_asn1(&information, &attributes, TAG_ATTRIBUTES) ||
	    !add_request(&attributes, names) || !CBB_flush(&out))
		status = error_set(err, ERROR_SYSTEM, "could not encode the CSR");
	else
		status = signing_wrap(key, (struct bytes){ CBB_data(&out), CBB_len(&out) },
				      (struct bytes){ NULL, 0 }, ret_der, err);
	CBB_cleanup(&out);
	ERR_clear_error();
	return status;
}
