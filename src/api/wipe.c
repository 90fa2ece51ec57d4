#include "api/wipe.h"

#include <stdint.h>

#include "base/bytes.h"

void json_wipe(json_t *value)
{
	const char *name;
	json_t *member;
	size_t i;

	json_object_foreach(value, name, member) json_wipe(json_incref(member));
	json_array_foreach(value, i, member) json_wipe(json_incref(member));
	if (json_is_string(value))
		memory_wipe((char *)(uintptr_t)json_string_value(value),
			    json_string_length(value));
	json_decref(value);
}
