/* base/name_index.h - finds one of many names; each stands for a number. */
#ifndef SALLYPORT_BASE_NAME_INDEX_H
#define SALLYPORT_BASE_NAME_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_INDEX_NONE UINT32_MAX

struct name_index;

struct name_index *name_index_new(void);
void name_index_free(struct name_index *index); /* NULL is fine */
/* Borrows the name for its own life. false: it was there already, and stays what it was. */
bool name_index_add(struct name_index *index, const char *name, uint32_t value);
uint32_t name_index_find(const struct name_index *index, const char *name);

#endif
