/* cli/show.h - a reply of the API for people: values by name, lists as tables. */
#ifndef SALLYPORT_CLI_SHOW_H
#define SALLYPORT_CLI_SHOW_H

#include <jansson.h>

/* RequestId is left out. */
void show_reply(const json_t *reply);
/* One list of objects as a table with these members as columns; NULL: those that are no structures. */
void show_list(const json_t *list, const char *const *members, unsigned int count);

#endif
