/* pki/compose_data.h - the tables of pki/compose.c. */
#ifndef SALLYPORT_PKI_COMPOSE_DATA_H
#define SALLYPORT_PKI_COMPOSE_DATA_H

#include <stddef.h>
#include <stdint.h>

/* whole = first + second; sorted by whole. */
struct composite {
	uint16_t whole, first, second;
};
/* Two numbers of one and the same character. */
struct composite_single {
	uint16_t code, same;
};
/* Canonical combining class of a run of marks. */
struct mark_class {
	uint16_t from, to;
	uint8_t order;
};

extern const struct composite composites[];
extern const size_t composite_count;
extern const struct composite_single composite_singles[];
extern const size_t composite_single_count;
extern const struct mark_class mark_classes[];
extern const size_t mark_class_count;

#endif
