/* document/slots.h - which row of the shared tables belongs to which listener and server. */
#ifndef SALLYPORT_DOCUMENT_SLOTS_H
#define SALLYPORT_DOCUMENT_SLOTS_H

#include <stdint.h>
#include "base/error.h"

enum slot_kind { SLOT_LISTENER, SLOT_SERVER, SLOT_KINDS };

struct slots;
struct document;
struct document_group;
struct document_listener;
struct document_server;

struct slots *slots_new(uint32_t listener_capacity, uint32_t server_capacity);
void slots_free(struct slots *slots);

/* Between begin and end, take() gives each identity its old slot or a free one. end() frees those
 * not taken; a freed slot is handed out again only after every other free one, so that late readers
 * of the old row do no harm. ERROR_LIMIT when the table is full. */
void slots_begin(struct slots *slots);
int must_check slots_take(struct slots *slots, enum slot_kind kind, const char *identity,
			  uint32_t *ret_slot, struct error *err);
void slots_end(struct slots *slots);
/* Undoes everything since slots_begin(). */
void slots_abort(struct slots *slots);

/* A restarted control learns the slots from the document that is being served. */
void slots_recover(struct slots *slots, const struct document *document);

#define SLOT_IDENTITY_SIZE 512

/* The identities, as text: balancer + ports + protocol; group + address + port. */
void slot_listener_identity(const struct document_listener *listener,
			    char ret_text[SLOT_IDENTITY_SIZE]);
void slot_server_identity(const struct document_group *group, const struct document_server *server,
			  char ret_text[SLOT_IDENTITY_SIZE]);

#endif
