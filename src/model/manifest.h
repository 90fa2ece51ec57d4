/*
 * model/manifest.h - a YAML file with all resources, read into a model.
 *
 * sallyportd --manifest, a reload and `sallyport check` call the same two functions in this order;
 * control/resolve.c comes after them and looks into the certificates. Errors name file, line, key and
 * what to do; nothing of a file is kept when any of it is wrong.
 */
#ifndef SALLYPORT_MODEL_MANIFEST_H
#define SALLYPORT_MODEL_MANIFEST_H

#include "base/error.h"
#include "model/model.h"
#include "model/warnings.h"

#define MANIFEST_SIZE_MAX (16u << 20)
#define MANIFEST_PEM_MAX (1u << 20)     /* a certificate, key, chain or CA file */
#define MANIFEST_CRL_MAX (256u << 20)

/* Reads, range-checks and completes the file with defaults, and reads every file that it names.
 * NULL on error. A CRL file that cannot be read is a warning (model_crl_file.why). */
struct model *manifest_read(const char *path, struct model_warnings *warnings, struct error *err);

/* The same for text in memory; relative paths start at the folder of path, which names the text in
 * errors. with_files false: the files it names are left alone. */
struct model *manifest_read_text(struct bytes text, const char *path, bool with_files,
				 struct model_warnings *warnings, struct error *err);

/* What concerns several resources: references, duplicates, ports that overlap, what a protocol needs
 * and forbids. */
int must_check model_check(const struct model *model, struct model_warnings *warnings,
			   struct error *err);

#endif
