/* api/exchange.h - what the files of the server share about one exchange (api/server.h). */
#ifndef SALLYPORT_API_EXCHANGE_H
#define SALLYPORT_API_EXCHANGE_H

#include "api/server.h"

struct exchange *exchange_new(struct server *server, struct MHD_Connection *connection,
			      struct peer *peer, const char *target);
void exchange_free(struct exchange *exchange);
/* The library has headers, a piece of the body, or the end of it. false: close the connection. */
bool exchange_arrived(struct exchange *exchange, const char *method, const char *upload,
		      size_t *upload_size);

/* --- api/server.c --- */

void server_request_is_whole(struct server *server, struct exchange *exchange);
void server_request_is_bad(struct server *server, struct exchange *exchange,
			   const struct error *error);
void server_is_answered(struct server *server, struct exchange *exchange);
bool server_take_memory(struct server *server, size_t size);
void server_give_memory(struct server *server, size_t size);

#endif
