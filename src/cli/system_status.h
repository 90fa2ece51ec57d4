/* cli/system_status.h - sallyport status for a system with a data folder, of GetStatus. */
#ifndef SALLYPORT_CLI_SYSTEM_STATUS_H
#define SALLYPORT_CLI_SYSTEM_STATUS_H

#include "cli/api_client.h"

/* The exit status. */
int system_status(const struct api_flags *flags, bool json);

#endif
