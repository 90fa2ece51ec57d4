#include "control/metrics_text.h"

#include <inttypes.h>

#define PREFIX "sallyport_"

void metrics_family(struct buffer *out, const char *name, const char *type, const char *help)
{
	buffer_printf(out, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name,
		      type);
}

/* Backslash, quote and line feed are the three that the format escapes. */
static void put_value(struct buffer *out, const char *value)
{
	for (; *value != '\0'; value++) {
		if (*value == '\\' || *value == '"')
			buffer_append(out, "\\", 1);
		if (*value == '\n')
			buffer_append(out, "\\n", 2);
		else
			buffer_append(out, value, 1);
	}
}

static void put_name(struct buffer *out, const char *name, const char *const *labels)
{
	const char *before = "{";

	buffer_printf(out, PREFIX "%s", name);
	for (; labels[0] != NULL; labels += 2) {
		buffer_printf(out, "%s%s=\"", before, labels[0]);
		put_value(out, labels[1]);
		buffer_append(out, "\"", 1);
		before = ",";
	}
	buffer_append(out, before[0] == ',' ? "} " : " ", before[0] == ',' ? 2 : 1);
}

void metrics_sample(struct buffer *out, const char *name, double value, const char *const *labels)
{
	put_name(out, name, labels);
	buffer_printf(out, "%.6f\n", value);
}

void metrics_count(struct buffer *out, const char *name, uint64_t value, const char *const *labels)
{
	put_name(out, name, labels);
	buffer_printf(out, "%" PRIu64 "\n", value);
}
