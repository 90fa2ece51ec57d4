/* cli/output_file.h - files that hold keys: only for their owner, and never over another one by mistake. */
#ifndef SALLYPORT_CLI_OUTPUT_FILE_H
#define SALLYPORT_CLI_OUTPUT_FILE_H

#include "base/bytes.h"

/* Mode 0600. force: another file of this name is replaced, whole or not at all. */
int must_check output_file_write(const char *path, struct bytes content, bool force,
				 struct error *err);
/* Would the write be refused because the file is there already? */
int must_check output_file_check(const char *path, bool force, struct error *err);

#endif
