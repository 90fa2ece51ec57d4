#include "action/flatten.h"

#include <stdlib.h>
#include <string.h>
#include "base/bytes.h"

#define PART_MAX 128

static int bad_name(const char *name, const char *why, struct error *err)
{
	error_set(err, ERROR_INVALID, "parameter \"%.60s\" %s", name, why);
	error_hint(err, "Lists are sent as Name.1, Name.2, and members as Name.Member.");
	error_symbol(err, "InvalidParameter");
	return error_place(err, "%.80s", name);
}

/* The next part of the name; false when there is none, or none that can be. */
static bool next_part(const char **at, char part[PART_MAX])
{
	size_t len = strcspn(*at, ".");

	if (len == 0 || len >= PART_MAX)
		return false;
	memcpy(part, *at, len);
	part[len] = '\0';
	*at += len;
	return true;
}

/* Goes down one part, making the object where it is missing. NULL: something else is there. */
static json_t *go_down(json_t *object, const char *part)
{
	json_t *below = json_object_get(object, part);

	if (below == NULL) {
		below = json_object();
		json_object_set_new(object, part, below);
	}
	return json_is_object(below) ? below : NULL;
}

static int add(json_t *root, const char *name, json_t *value, struct error *err)
{
	char part[PART_MAX];
	const char *at = name;
	json_t *object = root;
	int depth;

	for (depth = 0; depth < FLAT_DEPTH_MAX; depth++) {
		if (!next_part(&at, part))
			return bad_name(name, "has an empty or too long part in its name", err);
		if (*at == '\0')
			break;
		at++;
		object = go_down(object, part);
		if (object == NULL)
			return bad_name(name, "is given besides a value for all of it", err);
	}
	if (depth == FLAT_DEPTH_MAX)
		return bad_name(name, "has too many parts in its name", err);
	if (json_object_get(object, part) != NULL)
		return bad_name(name, "is given besides members of it", err);
	json_object_set(object, part, value);
	return 0;
}

json_t *flat_expand(const json_t *raw, struct error *err)
{
	json_t *root = json_object();
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)raw, name, value)
	{
		if (add(root, name, value, err) < 0) {
			json_decref(root);
			return NULL;
		}
	}
	return root;
}

/* --- lists --- */

struct item {
	unsigned long number;
	json_t *value;
};

static bool parse_number(const char *text, unsigned long *ret_number)
{
	char *end;

	if (text[0] < '1' || text[0] > '9' || strlen(text) > 6)
		return false;
	*ret_number = strtoul(text, &end, 10);
	return *end == '\0';
}

static int compare_items(const void *a, const void *b)
{
	const struct item *one = a, *other = b;

	return one->number < other->number ? -1 : one->number > other->number;
}

json_t *flat_items(const json_t *object)
{
	size_t count = 0, i;
	struct item *items = memory_new((json_object_size(object) + 1) * sizeof(*items));
	json_t *list = json_array(), *value;
	const char *name;

	json_object_foreach((json_t *)object, name, value)
	{
		if (!parse_number(name, &items[count].number)) {
			json_decref(list);
			free(items);
			return NULL;
		}
		items[count++].value = value;
	}
	qsort(items, count, sizeof(*items), compare_items);
	for (i = 0; i < count; i++)
		json_array_append(list, items[i].value);
	free(items);
	return list;
}
