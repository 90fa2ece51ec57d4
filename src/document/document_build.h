/* document/document_build.h - a model as a struct document, before it becomes bytes. For encode only. */
#ifndef SALLYPORT_DOCUMENT_DOCUMENT_BUILD_H
#define SALLYPORT_DOCUMENT_DOCUMENT_BUILD_H

#include "document/document.h"

/* Holds what listeners refer to, each object once; hashes are still zero. Borrows certificates, keys
 * and names from the model; server names in SNI may still be in mixed case. NULL on error. */
struct document *document_build(const struct model *model, uint64_t version, struct slots *slots,
				struct error *err);
void document_build_free(struct document *document); /* NULL is fine */

#endif
