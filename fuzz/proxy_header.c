/* Fuzzes the PROXY header parser: no answer may change when the same bytes arrive piece by piece. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/proxy_protocol.h"

static void check_prefixes(const uint8_t *data, size_t size, int whole, size_t header_len)
{
	size_t limit = whole == 1 ? header_len : size;
	size_t len;

	for (len = 0; len < limit; len++) {
		struct proxy_header header;
		int status = proxy_header_parse((struct bytes){ data, len }, &header);

		/* A prefix may know of a refusal early, but never of a header, and never waver. */
		if (status == 1 || (status == -1 && whole != -1))
			abort();
	}
}

static void check_rewrite(const struct proxy_header *header)
{
	uint8_t out[PROXY_HEADER_MAX];
	struct proxy_header again;
	size_t len;

	if (header->local)
		return;
	len = proxy_header_v2(&header->source, &header->destination, (struct bytes){ NULL, 0 },
			      out);
	if (proxy_header_parse((struct bytes){ out, len }, &again) != 1 || again.len != len ||
	    !address_equal(&again.source, &header->source) ||
	    !address_equal(&again.destination, &header->destination))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy_header header = { 0 };
	int status = proxy_header_parse((struct bytes){ data, size }, &header);

	if (status == 1 && (header.len == 0 || header.len > size))
		abort();
	if (size < 600)
		check_prefixes(data, size, status, header.len);
	if (status == 1)
		check_rewrite(&header);
	return 0;
}
