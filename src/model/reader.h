/* model/reader.h - fills the struct of a resource from a tree, as its field table says. */
#ifndef SALLYPORT_MODEL_READER_H
#define SALLYPORT_MODEL_READER_H

#include "model/fields.h"
#include "model/tree.h"

#define READER_PATH_SIZE 160

struct reader {
	struct model *model;       /* remembers lines; NULL: there are none */
	const char *source;        /* of error places; NULL: they have none */
	const char *folder;        /* absolute: where relative paths start */
	struct error *err;
	char path[READER_PATH_SIZE]; /* "Listeners[0].IdleTimeout" */
};

/* object is initialised with resource_init(). On failure it holds what was read so far. */
int must_check reader_read(struct reader *reader, const struct resource *resource,
			   const struct tree_node *node, void *object);

#endif
