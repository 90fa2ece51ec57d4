/* certs/resolve.h - finding certificates by any of their ids; src/nlb needs it too. */
#ifndef SALLYPORT_CERTS_RESOLVE_H
#define SALLYPORT_CERTS_RESOLVE_H

#include "control/certificate_ids.h"

#endif
