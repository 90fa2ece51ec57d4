/* Signed requests: the Authorization header, the texts that are signed, time stamps. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "api/form.h"
#include "api/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct request {
	char *authorization, *query, *value;
};

static const char *header(void *arg, const char *name)
{
	const struct request *request = arg;

	return strlen(name) % 3 == 0 ? NULL : request->value;
}

/* Three texts with line breaks between them. */
static struct request split(const uint8_t *data, size_t size, char **ret_memory)
{
	char *text = memory_new(size + 3), *at;
	struct request request = { .authorization = text };

	memcpy(text, data, size);
	*ret_memory = text;
	at = text + strcspn(text, "\n");
	*at = '\0';
	request.query = at + (at < text + size);
	at = request.query + strcspn(request.query, "\n");
	*at = '\0';
	request.value = at < text + size ? at + 1 : at;
	return request;
}

static void check_acs3(struct request *request, const json_t *query)
{
	const struct signature_request signed_request = {
		.method = "POST", .path = "/", .query = query, .header = header, .arg = request
	};
	struct signature_acs3 parts;
	struct error err;

	if (signature_acs3_parse(request->authorization, &parts, &err) < 0)
		return;
	signature_acs3_covers(&parts);
	/* Nobody guesses 256 bits. */
	if (signature_acs3_is_good(&parts, &signed_request, "a secret that nobody knows"))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *memory;
	struct request request = split(data, size, &memory);
	json_t *query = json_object();
	struct error err;
	int64_t time;

	signature_parse_time(request.value, &time);
	signature_body_is((struct bytes){ data, size }, request.value);
	if (form_decode((struct bytes){ (const uint8_t *)request.query, strlen(request.query) },
			query, &err) == 0) {
		check_acs3(&request, query);
		if (signature_v1_is_good("GET", query, "another secret", request.value))
			abort();
	}
	json_decref(query);
	free(memory);
	return 0;
}
