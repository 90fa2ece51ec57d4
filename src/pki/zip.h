/* pki/zip.h - several small files as one: a ZIP archive (APPNOTE 6.3) without compression. */
#ifndef SALLYPORT_PKI_ZIP_H
#define SALLYPORT_PKI_ZIP_H

#include <stdint.h>
#include "base/bytes.h"

struct zip_file {
	const char *name;      /* ASCII, no folders */
	struct bytes content;
};

/* Files come out with mode 0600 and this time. Replaces ret_zip. count < 65536, all below 4 GiB. */
void zip_write(const struct zip_file *files, size_t count, int64_t time_s, struct buffer *ret_zip);

#endif
