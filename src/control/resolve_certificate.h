/* control/resolve_certificate.h - one server certificate: its files made into a chain and a key. */
#ifndef SALLYPORT_CONTROL_RESOLVE_CERTIFICATE_H
#define SALLYPORT_CONTROL_RESOLVE_CERTIFICATE_H

#include <stdint.h>
#include "model/model.h"
#include "model/warnings.h"

struct certificate;

/* Fills chain_der (leaf, then each issuer; no root, no duplicate), key_der, key_kind, names and dates
 * from the PEM of the certificate, unless they are filled already (control/stored_certificate.h). The
 * leaf is the one that the key belongs to, wherever it stands.
 * old: as in resolve_model(). */
int must_check resolve_certificate(const struct model *model, struct model_certificate *certificate,
				   const struct model *old, int64_t now,
				   struct model_warnings *warnings, struct error *err);

/* Names, dates and the kind of its key, from the leaf. */
void resolve_take_facts(struct model_certificate *certificate, const struct certificate *leaf);

#endif
