/*
 * control/resolve.h - looks into the files of a model: PEM in, DER and facts out.
 *
 * Comes after manifest_read() and model_check(). An error names the manifest's line, the file's path
 * and what to do. What lapses with time (an expired certificate, a broken or stale revocation list)
 * is a warning: a wrong clock or a forgotten renewal must not become an outage.
 */
#ifndef SALLYPORT_CONTROL_RESOLVE_H
#define SALLYPORT_CONTROL_RESOLVE_H

#include <stdint.h>
#include "model/model.h"
#include "model/warnings.h"

/* Fills the resolved members of all certificates and CA certificates of the model, and tries the
 * trust of every listener. old: a resolved model whose unchanged certificates are copied instead of
 * parsed again, or NULL. */
int must_check resolve_model(struct model *model, const struct model *old, int64_t now,
			     struct model_warnings *warnings, struct error *err);

/* The revocation table over all CaCertificates with CrlFiles. Only a lack of room is an error. */
int must_check resolve_revocation(const struct model *model, int64_t now,
				  struct model_warnings *warnings, struct buffer *ret_bytes,
				  struct error *err);

/* Would both models give the same revocation table (warnings about time aside)? */
bool resolve_same_revocation(const struct model *a, const struct model *b);

#endif
