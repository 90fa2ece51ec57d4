/*
 * control/socket_path.h - where the control socket of a daemon is: one rule for all who ask.
 *
 * <folder>/<first 16 hex digits of SHA-256 of the manifest's absolute path>.sock; the folder is
 * /run/sallyport for root, otherwise $XDG_RUNTIME_DIR/sallyport or /tmp/sallyport-<uid>. Control of a
 * daemon that was started by root uses root's folder although it is another user by then.
 */
#ifndef SALLYPORT_CONTROL_SOCKET_PATH_H
#define SALLYPORT_CONTROL_SOCKET_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "base/error.h"

#define SOCKET_PATH_SIZE 108 /* of sun_path, with the end */
#define SOCKET_PATH_FOLDERS 3

/* The socket of the daemon of this manifest; as_root: it was started by root. */
int must_check socket_path_of(const char *manifest, bool as_root, char ret_path[SOCKET_PATH_SIZE],
			      struct error *err);

/* The socket of the API of the daemon of this data folder: "<16 hex digits>.api" in the same folder. */
int must_check socket_path_of_api(const char *data_dir, bool as_root,
				  char ret_path[SOCKET_PATH_SIZE], struct error *err);

/* Makes the folder for the socket of owner (for root's daemons: the user of control), mode 0755 for
 * root, else 0700. An existing folder must belong to owner or root, and nobody else may write there. */
int must_check socket_path_make_folder(bool as_root, uid_t owner, gid_t group, struct error *err);

/* All folders where sockets of daemons may be that this user can talk to; how many there are. */
size_t socket_path_folders(char ret_folders[SOCKET_PATH_FOLDERS][SOCKET_PATH_SIZE]);

/* The file's name of a manifest's socket: "0123456789abcdef.sock". */
int must_check socket_path_name(const char *manifest, char ret_name[32], struct error *err);

#endif
