/*
 * store/backup_file.h - the encrypted stream that a backup is.
 *
 *   header 32: "SALLYBK1" | log2 N, r, p of scrypt, 0 | salt 16 | nonce 4
 *   chunks:    length 4, is-last 1 | AES-256-GCM of up to 64 KiB, with its tag
 *
 * The key is scrypt(passphrase, salt). A chunk's nonce is the header's and its number; header, number
 * and is-last are authenticated with it, so that chunks cannot be reordered, left out, or cut off.
 *
 * Inside: parts, each a letter, a length (8) and the bytes. I: facts as JSON; M: the master key; D: the
 * database; J: the journal; in this order.
 */
#ifndef SALLYPORT_STORE_BACKUP_FILE_H
#define SALLYPORT_STORE_BACKUP_FILE_H

#include "store/backup.h"

#define BACKUP_COST 17 /* log2 N: 128 MiB */

struct backup_stream;

/* fd is borrowed. */
struct backup_stream *backup_stream_create(int fd, const char *passphrase, unsigned int cost,
					   struct error *err);
struct backup_stream *backup_stream_open(int fd, const char *passphrase, struct error *err);
void backup_stream_free(struct backup_stream *stream); /* wipes; NULL is fine */

int must_check backup_stream_write(struct backup_stream *stream, const void *data, size_t len,
				   struct error *err);
/* Writes the last chunk. */
int must_check backup_stream_finish(struct backup_stream *stream, struct error *err);

/* All of len, or an error. */
int must_check backup_stream_read(struct backup_stream *stream, void *ret_data, size_t len,
				  struct error *err);
/* Nothing may follow. */
int must_check backup_stream_check_end(struct backup_stream *stream, struct error *err);

/* backup_write() at another cost of the passphrase: for tests. */
int must_check backup_write_at_cost(struct store *reader,
				    const uint8_t master_key[STORE_MASTER_KEY_SIZE],
				    const char *passphrase, const char *path, unsigned int cost,
				    struct error *err);

#endif
