/* OCSP requests, as they come by POST, and as text in the path of a GET. */
#include <stdlib.h>
#include <string.h>
#include "pki/ocsp_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile size_t sink;

/* Touches everything that a request points to. */
static void walk(const struct ocsp_request *request)
{
	size_t sum = request->nonce.len > 0 ? request->nonce.data[request->nonce.len - 1] : 0;
	size_t i;

	for (i = 0; i < request->count; i++) {
		const struct ocsp_id *id = &request->ids[i];

		sum += id->der.data[id->der.len - 1];
		sum += id->serial.data[id->serial.len - 1];
		if (id->name_hash.len > 0)
			sum += id->name_hash.data[id->name_hash.len - 1];
		if (id->key_hash.len > 0)
			sum += id->key_hash.data[id->key_hash.len - 1];
	}
	sink = sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct buffer der = { 0 };
	struct ocsp_request request;

	if (text == NULL)
		abort();
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (ocsp_request_parse((struct bytes){ data, size }, &request))
		walk(&request);
	if (ocsp_request_from_path(text, &der) && ocsp_request_parse(buffer_bytes(&der), &request))
		walk(&request);
	buffer_done(&der);
	free(text);
	return 0;
}
