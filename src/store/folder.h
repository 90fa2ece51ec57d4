/*
 * store/folder.h - the data folder and its files: nobody else may read them, and they survive a crash.
 */
#ifndef SALLYPORT_STORE_FOLDER_H
#define SALLYPORT_STORE_FOLDER_H

#include <stdbool.h>
#include "base/bytes.h"

/* Makes the folder (0700) when it is missing; refuses one that others own or may write to. */
int must_check folder_prepare(const char *folder, struct error *err);
/* Opens and locks it, so that it has one writer. The lock ends with the descriptor. */
int must_check folder_lock(const char *folder, int *ret_fd, struct error *err);

char *folder_path(const char *folder, const char *name); /* the caller frees it */
bool folder_has(const char *path);

/* Opens a file for reading and writing, 0600; made when create is set. */
int must_check folder_open_file(const char *path, bool create, int *ret_fd, struct error *err);
/* Makes an empty file (0600) when there is none, and takes the rights of others from one that is
 * there. */
int must_check folder_make_private(const char *path, struct error *err);
/* A file that root has made belongs to whom the folder belongs. */
int must_check folder_give(const char *path, const char *folder, struct error *err);
/* Writes everything at this offset; sets errno. */
int must_check folder_write(int fd, struct bytes bytes, int64_t offset);
/* Writes a whole new file (0600) and moves it to its place; durable when it returns. */
int must_check folder_replace(const char *path, struct bytes content, struct error *err);
/* What was renamed, made or removed in the folder of this path survives a crash. */
int must_check folder_sync(const char *path, struct error *err);

/* The error for errno after a failed write: InsufficientStorage or ServiceUnavailable. Returns -1. */
int folder_fail(struct error *err, const char *what, const char *path);

#endif
