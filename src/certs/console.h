/* certs/console.h - the certificate of the console's HTTPS is renewed before it ends. */
#ifndef SALLYPORT_CERTS_CONSOLE_H
#define SALLYPORT_CERTS_CONSOLE_H

#include <stdint.h>
#include "control/call.h"

#define CONSOLE_RENEW_BEFORE_S (30 * 86400)

/* Once a second, outside of any transaction; looks once an hour. What fails is logged and tried again. */
void certs_console_tick(struct control *control, int64_t now);

call_step console_renew_run; /* RenewConsoleCertificate */

#endif
