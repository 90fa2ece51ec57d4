#include "pki/ber.h"

#include <openssl/bytestring.h>

#define DEPTH_MAX 24
#define CONSTRUCTED 0x20
#define OCTET_STRING 0x04

struct header {
	const uint8_t *tag; /* its octets */
	size_t tag_len;
	bool indefinite;
	size_t len;
};

/* X.690 8.1.2, 8.1.3. Lengths have at most four octets, tags at most five. */
static bool read_header(CBS *in, struct header *ret_header)
{
	uint8_t octet, first;
	size_t i;

	ret_header->tag = CBS_data(in);
	ret_header->tag_len = 1;
	if (!CBS_get_u8(in, &first))
		return false;
	if ((first & 0x1f) == 0x1f) {
		do {
			if (!CBS_get_u8(in, &octet) || ++ret_header->tag_len > 5)
				return false;
		} while (octet & 0x80);
	}
	if (!CBS_get_u8(in, &octet))
		return false;
	ret_header->indefinite = octet == 0x80;
	ret_header->len = octet & 0x7f;
	if (octet < 0x80 || ret_header->indefinite)
		return !ret_header->indefinite || (first & CONSTRUCTED) != 0;
	if (ret_header->len > 4)
		return false;
	for (i = ret_header->len, ret_header->len = 0; i > 0; i--) {
		if (!CBS_get_u8(in, &octet))
			return false;
		ret_header->len = ret_header->len << 8 | octet;
	}
	return ret_header->len <= CBS_len(in);
}

static void append_length(struct buffer *out, size_t len)
{
	uint8_t octets[5];
	size_t used = sizeof(octets);

	if (len < 0x80) {
		octets[--used] = (uint8_t)len;
	} else {
		for (; len > 0; len >>= 8)
			octets[--used] = (uint8_t)len;
		octets[used - 1] = (uint8_t)(0x80 | (sizeof(octets) - used));
		used--;
	}
	buffer_append(out, octets + used, sizeof(octets) - used);
}

static bool is_end(const CBS *in)
{
	return CBS_len(in) >= 2 && CBS_data(in)[0] == 0 && CBS_data(in)[1] == 0;
}

/* The pieces of a constructed OCTET STRING, which are in DER by now, without their headers. */
static bool join_pieces(const struct buffer *pieces, struct buffer *out)
{
	CBS cbs, piece;

	CBS_init(&cbs, pieces->data, pieces->len);
	while (CBS_len(&cbs) > 0) {
		if (!CBS_get_asn1(&cbs, &piece, CBS_ASN1_OCTETSTRING))
			return false;
		buffer_append(out, CBS_data(&piece), CBS_len(&piece));
	}
	return true;
}

static bool convert_element(CBS *in, struct buffer *out, unsigned int depth);

static bool convert_children(CBS *in, const struct header *header, struct buffer *out,
			     unsigned int depth)
{
	CBS children;

	if (header->indefinite) {
		while (!is_end(in))
			if (!convert_element(in, out, depth))
				return false;
		return CBS_skip(in, 2);
	}
	if (!CBS_get_bytes(in, &children, header->len))
		return false;
	while (CBS_len(&children) > 0)
		if (!convert_element(&children, out, depth))
			return false;
	return true;
}

static bool convert_constructed(CBS *in, const struct header *header, struct buffer *out,
				unsigned int depth)
{
	static const uint8_t octet_string = OCTET_STRING;
	struct buffer children = { 0 }, joined = { 0 };
	bool is_pieces = header->tag[0] == (OCTET_STRING | CONSTRUCTED);
	bool good = convert_children(in, header, &children, depth + 1) &&
		    (!is_pieces || join_pieces(&children, &joined));

	if (good && is_pieces) {
		buffer_append(out, &octet_string, 1);
		append_length(out, joined.len);
		buffer_append(out, joined.data, joined.len);
	} else if (good) {
		buffer_append(out, header->tag, header->tag_len);
		append_length(out, children.len);
		buffer_append(out, children.data, children.len);
	}
	buffer_done(&children);
	buffer_done(&joined);
	return good;
}

static bool convert_element(CBS *in, struct buffer *out, unsigned int depth)
{
	struct header header;
	CBS content;

	if (depth > DEPTH_MAX || !read_header(in, &header))
		return false;
	if (header.tag[0] & CONSTRUCTED)
		return convert_constructed(in, &header, out, depth);
	if (!CBS_get_bytes(in, &content, header.len))
		return false;
	buffer_append(out, header.tag, header.tag_len);
	append_length(out, header.len);
	buffer_append(out, CBS_data(&content), CBS_len(&content));
	return true;
}

int ber_to_der(struct bytes ber, struct buffer *ret_der, struct error *err)
{
	struct buffer der = { 0 };
	CBS in;

	CBS_init(&in, ber.data, ber.len);
	if (!convert_element(&in, &der, 0) || CBS_len(&in) > 0) {
		buffer_done(&der);
		return error_set(err, ERROR_INVALID, "it is damaged, or something follows its end");
	}
	buffer_done(ret_der);
	*ret_der = der;
	return 0;
}
