/* proxy/filter.h - is this one of the connections that somebody asks for? No state, no side effects. */
#ifndef SALLYPORT_PROXY_FILTER_H
#define SALLYPORT_PROXY_FILTER_H

#include <stdbool.h>
#include <stdint.h>
#include "document/message.h"

/* Borrowed. */
struct filter_facts {
	uint64_t id;
	const char *listener;	      /* name in the document */
	const char *identity, *serial; /* "": no client certificate */
	const struct address *client;
};

bool filter_matches(const struct message_filter *filter, const struct filter_facts *facts);

#endif
