#include "store/backup_file.h"

#include <errno.h>
#include <openssl/aead.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/pack.h"
#include "store/folder.h"

#define MAGIC "SALLYBK1"
#define HEADER_SIZE 32
#define CHUNK_SIZE 65536
#define TAG_SIZE 16
#define FRAME_SIZE 5
#define MAX_COST 18
#define MAX_MEMORY (320u << 20)

struct backup_stream {
	int fd;
	int64_t offset;
	uint8_t header[HEADER_SIZE];
	EVP_AEAD_CTX *cipher;
	uint64_t chunk;          /* number of the next one */
	bool was_last;
	size_t used, at;         /* of plain */
	uint8_t plain[CHUNK_SIZE + TAG_SIZE];
	uint8_t sealed[FRAME_SIZE + CHUNK_SIZE + TAG_SIZE];
};

/* --- key --- */

static int derive_key(struct backup_stream *stream, const char *passphrase, struct error *err)
{
	const uint8_t *header = stream->header;
	uint8_t key[32];
	int status = -1;

	if (EVP_PBE_scrypt(passphrase, strlen(passphrase), header + 12, 16, UINT64_C(1) << header[8],
			   header[9], header[10], MAX_MEMORY, key, sizeof(key)) == 1) {
		stream->cipher = EVP_AEAD_CTX_new(EVP_aead_aes_256_gcm(), key, sizeof(key), TAG_SIZE);
		status = stream->cipher != NULL ? 0 : -1;
	}
	memory_wipe(key, sizeof(key));
	return status == 0 ? 0 : error_set(err, ERROR_SYSTEM,
					   "could not derive a key from the passphrase");
}

void backup_stream_free(struct backup_stream *stream)
{
	if (stream == NULL)
		return;
	EVP_AEAD_CTX_free(stream->cipher);
	memory_wipe(stream, sizeof(*stream));
	free(stream);
}

struct nonce {
	uint8_t bytes[12];
};

static struct nonce chunk_nonce(const struct backup_stream *stream)
{
	struct nonce nonce;

	memcpy(nonce.bytes, stream->header + 28, 4);
	for (int i = 0; i < 8; i++)
		nonce.bytes[4 + i] = (uint8_t)(stream->chunk >> (56 - 8 * i));
	return nonce;
}

static void chunk_context(const struct backup_stream *stream, bool is_last,
			  uint8_t ret_context[HEADER_SIZE + 1])
{
	memcpy(ret_context, stream->header, HEADER_SIZE);
	ret_context[HEADER_SIZE] = is_last;
}

/* --- writing --- */

struct backup_stream *backup_stream_create(int fd, const char *passphrase, unsigned int cost,
					   struct error *err)
{
	struct backup_stream *stream = memory_new(sizeof(*stream));

	stream->fd = fd;
	memcpy(stream->header, MAGIC, 8);
	stream->header[8] = (uint8_t)cost;
	stream->header[9] = 8;
	stream->header[10] = 1;
	if (RAND_bytes(stream->header + 12, HEADER_SIZE - 12) != 1) {
		error_set(err, ERROR_SYSTEM, "the system gave no random bytes");
		goto fail;
	}
	if (derive_key(stream, passphrase, err) < 0)
		goto fail;
	if (folder_write(fd, (struct bytes){ stream->header, HEADER_SIZE }, 0) < 0) {
		folder_fail(err, "write", "the backup");
		goto fail;
	}
	stream->offset = HEADER_SIZE;
	return stream;
fail:
	backup_stream_free(stream);
	return NULL;
}

static int write_chunk(struct backup_stream *stream, bool is_last, struct error *err)
{
	struct nonce nonce = chunk_nonce(stream);
	uint8_t context[HEADER_SIZE + 1];
	size_t len = 0;

	chunk_context(stream, is_last, context);
	if (EVP_AEAD_CTX_seal(stream->cipher, stream->sealed + FRAME_SIZE, &len,
			      CHUNK_SIZE + TAG_SIZE, nonce.bytes, sizeof(nonce.bytes), stream->plain,
			      stream->used, context, sizeof(context)) != 1)
		return error_set(err, ERROR_SYSTEM, "could not encrypt the backup");
	for (int i = 0; i < 4; i++)
		stream->sealed[i] = (uint8_t)(len >> (8 * i));
	stream->sealed[4] = is_last;
	if (folder_write(stream->fd, (struct bytes){ stream->sealed, FRAME_SIZE + len },
			 stream->offset) < 0)
		return folder_fail(err, "write", "the backup");
	stream->offset += (int64_t)(FRAME_SIZE + len);
	stream->chunk++;
	stream->used = 0;
	return 0;
}

int backup_stream_write(struct backup_stream *stream, const void *data, size_t len,
			struct error *err)
{
	const uint8_t *from = data;

	while (len > 0) {
		size_t part = CHUNK_SIZE - stream->used < len ? CHUNK_SIZE - stream->used : len;

		memcpy(stream->plain + stream->used, from, part);
		stream->used += part;
		from += part;
		len -= part;
		if (stream->used == CHUNK_SIZE && write_chunk(stream, false, err) < 0)
			return -1;
	}
	return 0;
}

int backup_stream_finish(struct backup_stream *stream, struct error *err)
{
	return write_chunk(stream, true, err);
}

/* --- reading --- */

static int fail_damaged(struct error *err)
{
	error_set(err, ERROR_INVALID, "the backup is damaged or cut off");
	return error_symbol(err, "Backup.Damaged");
}

/* Reads exactly len bytes of the file. */
static int read_file(struct backup_stream *stream, uint8_t *ret_data, size_t len, struct error *err)
{
	size_t done = 0;

	while (done < len) {
		ssize_t count = pread(stream->fd, ret_data + done, len - done,
				      (off_t)(stream->offset + (int64_t)done));

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return folder_fail(err, "read", "the backup");
		if (count == 0)
			return fail_damaged(err);
		done += (size_t)count;
	}
	stream->offset += (int64_t)len;
	return 0;
}

static int read_chunk(struct backup_stream *stream, struct error *err)
{
	struct nonce nonce = chunk_nonce(stream);
	uint8_t context[HEADER_SIZE + 1];
	size_t len = 0;
	bool is_last;

	if (stream->was_last || read_file(stream, stream->sealed, FRAME_SIZE, err) < 0)
		return stream->was_last ? fail_damaged(err) : -1;
	for (int i = 0; i < 4; i++)
		len |= (size_t)stream->sealed[i] << (8 * i);
	is_last = stream->sealed[4] != 0;
	if (len < TAG_SIZE || len > CHUNK_SIZE + TAG_SIZE)
		return fail_damaged(err);
	if (read_file(stream, stream->sealed + FRAME_SIZE, len, err) < 0)
		return -1;
	chunk_context(stream, is_last, context);
	if (EVP_AEAD_CTX_open(stream->cipher, stream->plain, &stream->used, sizeof(stream->plain),
			      nonce.bytes, sizeof(nonce.bytes), stream->sealed + FRAME_SIZE, len,
			      context, sizeof(context)) != 1) {
		stream->used = 0;
		if (stream->chunk > 0)
			return fail_damaged(err);
		error_set(err, ERROR_DENIED, "could not open the backup: the passphrase is wrong, "
					     "or the file is damaged");
		return error_symbol(err, "Backup.Passphrase");
	}
	stream->at = 0;
	stream->was_last = is_last;
	stream->chunk++;
	return 0;
}

struct backup_stream *backup_stream_open(int fd, const char *passphrase, struct error *err)
{
	struct backup_stream *stream = memory_new(sizeof(*stream));
	const uint8_t *header = stream->header;

	stream->fd = fd;
	if (read_file(stream, stream->header, HEADER_SIZE, err) < 0)
		goto fail;
	if (memcmp(header, MAGIC, 8) != 0) {
		error_set(err, ERROR_INVALID, "the file is not a backup of Sallyport");
		error_symbol(err, "Backup.Damaged");
		goto fail;
	}
	if (header[8] < 1 || header[8] > MAX_COST || header[9] != 8 || header[10] != 1) {
		fail_damaged(err);
		goto fail;
	}
	if (derive_key(stream, passphrase, err) < 0 || read_chunk(stream, err) < 0)
		goto fail;
	return stream;
fail:
	backup_stream_free(stream);
	return NULL;
}

int backup_stream_read(struct backup_stream *stream, void *ret_data, size_t len, struct error *err)
{
	uint8_t *to = ret_data;

	while (len > 0) {
		size_t left = stream->used - stream->at;
		size_t part = left < len ? left : len;

		if (left == 0) {
			if (read_chunk(stream, err) < 0)
				return -1;
			continue;
		}
		memcpy(to, stream->plain + stream->at, part);
		stream->at += part;
		to += part;
		len -= part;
	}
	return 0;
}

int backup_stream_check_end(struct backup_stream *stream, struct error *err)
{
	uint8_t more;

	/* An empty last chunk may follow a full one. */
	while (stream->at == stream->used && !stream->was_last) {
		if (read_chunk(stream, err) < 0)
			return -1;
	}
	if (stream->at != stream->used || pread(stream->fd, &more, 1, (off_t)stream->offset) != 0)
		return fail_damaged(err);
	return 0;
}
