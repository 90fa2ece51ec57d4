/* control/stored_internal.h - the pieces that stored_model.c and stored_check.c build models from. */
#ifndef SALLYPORT_CONTROL_STORED_INTERNAL_H
#define SALLYPORT_CONTROL_STORED_INTERNAL_H

#include "base/name_index.h"
#include "control/stored_certificate.h"
#include "control/stored_model.h"
#include "store/resource.h"

struct stored_builder {
	struct store *store;
	struct model *model;
	const struct model *old;            /* NULL: none */
	struct stored_helpers *helpers;     /* made when the first CA is needed */
	struct stored_chain chain;          /* of the last certificate */
	struct name_index *loaded;          /* certificates and CA certificates that are in the model */
};

void stored_builder_init(struct stored_builder *builder, struct store *store);
/* Frees all but the model. */
void stored_builder_done(struct stored_builder *builder);

/* Each adds one resource; on failure the model is as before. */
int must_check stored_add_balancer(struct stored_builder *builder,
				   const struct store_resource *row, struct error *err);
int must_check stored_add_group(struct stored_builder *builder, const struct store_resource *row,
				struct error *err);
int must_check stored_add_policy(struct stored_builder *builder, const struct store_resource *row,
				 struct error *err);
/* With its certificates; what else it refers to must be there. */
int must_check stored_add_listener(struct stored_builder *builder,
				   const struct store_resource *row, struct error *err);
int must_check stored_add_certificate(struct stored_builder *builder, const char *id,
				      struct error *err);
/* The settings of the model that are set in the store: one, or all. */
int must_check stored_add_setting(struct stored_builder *builder, const char *name,
				  struct error *err);
int must_check stored_add_settings(struct stored_builder *builder, struct error *err);
/* Takes listeners out of the model until model_check() is content, and tells of each. What is wrong
 * without any listener stays. */
void stored_weed(struct model *model, const struct stored_options *options);

#endif
