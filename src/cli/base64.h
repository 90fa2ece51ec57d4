/* cli/base64.h - files inside JSON: RFC 4648, section 4. */
#ifndef SALLYPORT_CLI_BASE64_H
#define SALLYPORT_CLI_BASE64_H

#include "base/bytes.h"

/* false: it is no base64; what was decoded so far stays in the buffer. */
bool must_check base64_decode(const char *text, struct buffer *ret_bytes);

#endif
