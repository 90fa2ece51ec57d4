/* health/request.h - the bytes that a check sends. */
#ifndef SALLYPORT_HEALTH_REQUEST_H
#define SALLYPORT_HEALTH_REQUEST_H

#include <stddef.h>
#include "document/document.h"

#define REQUEST_MAX 512 /* PROXY v2 LOCAL, method, path, host and our own fields */

/* 0: a TCP check that sends nothing. */
size_t request_write(const struct document_health_check *check, const struct address *server,
		     char ret_bytes[REQUEST_MAX]);

#endif
