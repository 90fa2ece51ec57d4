/* Any text as a manifest: a model or an error, and whatever is a model can be checked. Files that it
 * names are left alone. An error of ours has a message without control characters. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include "model/manifest.h"

static void check_message(const struct error *err)
{
	size_t i;

	assert(err->code != ERROR_NONE && err->message[0] != '\0' && err->place[0] != '\0');
	for (i = 0; err->message[i] != '\0'; i++)
		assert((unsigned char)err->message[i] >= 0x20 && err->message[i] != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct model_warnings warnings = { 0 };
	struct error err = { 0 };
	struct model *model = manifest_read_text((struct bytes){ data, size }, "fuzz.yaml", false,
						 &warnings, &err);

	if (model == NULL || model_check(model, &warnings, &err) < 0)
		check_message(&err);
	model_free(model);
	model_warnings_done(&warnings);
	return 0;
}
