/* Any text as a manifest: a model or an error, and whatever is a model can be checked. Files that it
 * names are left alone. Errors are fit to be shown: no control characters. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include "model/manifest.h"

static void check_text(const char *text)
{
	for (; *text != '\0'; text++)
		assert((unsigned char)*text >= 0x20 && *text != 0x7f);
}

static void check_error(const struct error *err)
{
	assert(err->code != ERROR_NONE && err->message[0] != '\0' && err->place[0] != '\0');
	check_text(err->message);
	check_text(err->hint);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct model_warnings warnings = { 0 };
	struct error err = { 0 };
	struct model *model = manifest_read_text((struct bytes){ data, size }, "fuzz.yaml", false,
						 &warnings, &err);

	if (model == NULL || model_check(model, &warnings, &err) < 0)
		check_error(&err);
	model_free(model);
	model_warnings_done(&warnings);
	return 0;
}
