#include "store/journal.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/folder.h"

/* number, time (19 digits each), key 64, serial 40, reason, hash 64 and blanks */
#define LINE_MAX_SIZE 256
#define READ_SIZE 65536

struct journal {
	int fd;
	struct journal_end end;
	int64_t noted; /* count that the database knows of */
};

struct journal_end journal_start(void)
{
	struct journal_end start = { 0 };

	memset(start.hash, '0', sizeof(start.hash) - 1);
	return start;
}

/* --- one line --- */

static void hash_line(const char *before, const char *fields, size_t len,
		      char ret_hash[JOURNAL_HASH_SIZE])
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA256_CTX hash;

	SHA256_Init(&hash);
	SHA256_Update(&hash, before, JOURNAL_HASH_SIZE - 1);
	SHA256_Update(&hash, " ", 1);
	SHA256_Update(&hash, fields, len);
	SHA256_Final(digest, &hash);
	hex_encode((struct bytes){ digest, sizeof(digest) }, ret_hash);
}

void journal_line(const struct store_revocation *revocation, struct journal_end *end,
		  struct buffer *text)
{
	char key[65], serial[2 * sizeof(revocation->serial) + 1], fields[LINE_MAX_SIZE];
	char hash[JOURNAL_HASH_SIZE];
	int len;

	hex_encode((struct bytes){ revocation->issuer_key, 32 }, key);
	hex_encode((struct bytes){ revocation->serial, revocation->serial_len }, serial);
	len = snprintf(fields, sizeof(fields), "%" PRId64 " %" PRId64 " %s %s %d", end->count + 1,
		       revocation->time_s, key, serial, revocation->reason);
	hash_line(end->hash, fields, (size_t)len, hash);
	buffer_append(text, fields, (size_t)len);
	buffer_append(text, " ", 1);
	buffer_append(text, hash, sizeof(hash) - 1);
	buffer_append(text, "\n", 1);
	memcpy(end->hash, hash, sizeof(hash));
	end->count++;
	end->bytes += len + 1 + JOURNAL_HASH_SIZE - 1 + 1;
}

struct line {
	int64_t number;
	struct store_revocation revocation;
	size_t fields_len;
	char hash[JOURNAL_HASH_SIZE];
};

static int hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* Reads hex up to a blank; the number of bytes, or -1. */
static int read_hex(const char **at, uint8_t *ret_bytes, int max)
{
	const char *text = *at;
	int count = 0;

	while (hex_digit(text[0]) >= 0 && hex_digit(text[1]) >= 0) {
		if (count == max)
			return -1;
		ret_bytes[count++] = (uint8_t)(hex_digit(text[0]) * 16 + hex_digit(text[1]));
		text += 2;
	}
	if (*text != ' ')
		return -1;
	*at = text + 1;
	return count;
}

static bool read_number(const char **at, int64_t *ret_number)
{
	char *end;

	if (**at == ' ' || **at == '+')
		return false;
	errno = 0;
	*ret_number = strtoll(*at, &end, 10);
	if (errno != 0 || end == *at || *end != ' ')
		return false;
	*at = end + 1;
	return true;
}

/* text: without its line break, terminated. */
static bool parse_line(const char *text, struct line *ret_line)
{
	struct store_revocation *revocation = &ret_line->revocation;
	const char *at = text;
	int64_t reason;
	int serial_len;

	memset(ret_line, 0, sizeof(*ret_line));
	if (!read_number(&at, &ret_line->number) || !read_number(&at, &revocation->time_s) ||
	    read_hex(&at, revocation->issuer_key, 32) != 32)
		return false;
	serial_len = read_hex(&at, revocation->serial, sizeof(revocation->serial));
	if (serial_len <= 0 || !read_number(&at, &reason) || reason < 0 || reason > 10)
		return false;
	revocation->serial_len = (size_t)serial_len;
	revocation->reason = (int)reason;
	ret_line->fields_len = (size_t)(at - 1 - text);
	if (strlen(at) != JOURNAL_HASH_SIZE - 1)
		return false;
	memcpy(ret_line->hash, at, JOURNAL_HASH_SIZE);
	return true;
}

/* text belongs to the chain behind end. */
static bool is_next(const char *text, const struct line *line, const struct journal_end *end)
{
	char hash[JOURNAL_HASH_SIZE];

	if (line->number != end->count + 1)
		return false;
	hash_line(end->hash, text, line->fields_len, hash);
	return strcmp(hash, line->hash) == 0;
}

/* --- all lines --- */

/* Calls each for every line that ends with a line break, until it returns false; lines too long for
 * us are given as "". */
struct reader {
	bool (*each)(void *arg, const char *text, size_t len);
	void *arg;
	char line[LINE_MAX_SIZE];
	size_t used;    /* of the line, as far as it fits */
	size_t len;     /* of the line in the file */
	bool stopped;
};

static void read_byte(struct reader *reader, char byte)
{
	if (byte != '\n') {
		if (reader->used < sizeof(reader->line) - 1)
			reader->line[reader->used++] = byte;
		reader->len++;
		return;
	}
	reader->line[reader->len == reader->used ? reader->used : 0] = '\0';
	reader->stopped = !reader->each(reader->arg, reader->line, reader->len + 1);
	reader->used = 0;
	reader->len = 0;
}

/* reader->len is then what comes after the last line break. */
static int read_lines(int fd, int64_t from, struct reader *reader, struct error *err)
{
	char *buffer = memory_new(READ_SIZE);
	ssize_t count;
	int status = 0;

	while (!reader->stopped) {
		count = pread(fd, buffer, READ_SIZE, (off_t)from);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			status = folder_fail(err, "read", STORE_JOURNAL_FILE);
		if (count <= 0)
			break;
		for (ssize_t i = 0; i < count && !reader->stopped; i++)
			read_byte(reader, buffer[i]);
		from += count;
	}
	free(buffer);
	return status;
}

struct chain {
	struct journal_end end;
	bool is_broken, has_more;
	void (*each)(void *arg, const struct store_revocation *revocation);
	void *arg;
};

static bool follow_chain(void *arg, const char *text, size_t len)
{
	struct chain *chain = arg;
	struct line line;

	if (!parse_line(text, &line)) {
		chain->is_broken = true; /* garbage; are there lines behind it? */
		return true;
	}
	if (chain->is_broken || !is_next(text, &line, &chain->end)) {
		chain->has_more = true;
		return false;
	}
	chain->end.count++;
	chain->end.bytes += (int64_t)len;
	memcpy(chain->end.hash, line.hash, sizeof(line.hash));
	if (chain->each != NULL)
		chain->each(chain->arg, &line.revocation);
	return true;
}

int journal_read(int fd, const struct journal_end *from,
		 void (*each)(void *arg, const struct store_revocation *revocation), void *arg,
		 struct journal_end *ret_end, enum journal_rest *ret_rest, struct error *err)
{
	struct chain chain = { .end = *from, .each = each, .arg = arg };
	struct reader reader = { .each = follow_chain, .arg = &chain };

	if (read_lines(fd, from->bytes, &reader, err) < 0)
		return -1;
	*ret_end = chain.end;
	if (chain.has_more)
		*ret_rest = JOURNAL_REST_BROKEN;
	else if (chain.is_broken || reader.len > 0)
		*ret_rest = JOURNAL_REST_TORN;
	else
		*ret_rest = JOURNAL_REST_NONE;
	return 0;
}

static bool salvage_line(void *arg, const char *text, size_t len)
{
	const struct chain *chain = arg;
	struct line line;

	(void)len;
	if (parse_line(text, &line))
		chain->each(chain->arg, &line.revocation);
	return true;
}

int journal_salvage(int fd, void (*each)(void *arg, const struct store_revocation *revocation),
		    void *arg, struct error *err)
{
	struct chain chain = { .each = each, .arg = arg };
	struct reader reader = { .each = salvage_line, .arg = &chain };

	return read_lines(fd, 0, &reader, err);
}

bool journal_has(int fd, const struct journal_end *end)
{
	char tail[LINE_MAX_SIZE] = { 0 };
	size_t size = sizeof(tail) - 1;
	struct line line;
	char *text;

	if (end->count == 0)
		return end->bytes == 0;
	if (end->bytes < (int64_t)size)
		size = end->bytes > 0 ? (size_t)end->bytes : 0;
	if (pread(fd, tail, size, (off_t)(end->bytes - (int64_t)size)) != (ssize_t)size ||
	    size == 0 || tail[size - 1] != '\n')
		return false;
	tail[size - 1] = '\0';
	text = memrchr(tail, '\n', size - 1);
	text = text != NULL ? text + 1 : tail;
	return parse_line(text, &line) && line.number == end->count &&
	       strcmp(line.hash, end->hash) == 0;
}

/* --- appending --- */

struct journal *journal_open(int fd, const struct journal_end *end)
{
	struct journal *journal = memory_new(sizeof(*journal));

	journal->fd = fd;
	journal->end = *end;
	journal->noted = end->count;
	return journal;
}

void journal_close(struct journal *journal)
{
	if (journal == NULL)
		return;
	close(journal->fd);
	free(journal);
}

struct journal_end journal_end(const struct journal *journal)
{
	return journal != NULL ? journal->end : journal_start();
}

void journal_end_is_noted(struct journal *journal)
{
	if (journal != NULL)
		journal->noted = journal->end.count;
}

bool journal_needs_note(const struct journal *journal)
{
	return journal != NULL && journal->noted != journal->end.count;
}

static int write_lines(struct journal *journal, struct bytes text)
{
	struct stat status;

	/* What an earlier append that failed could not take back. */
	if (fstat(journal->fd, &status) < 0 ||
	    (status.st_size != journal->end.bytes &&
	     ftruncate(journal->fd, (off_t)journal->end.bytes) < 0))
		return -1;
	return folder_write(journal->fd, text, journal->end.bytes) < 0 ? -1
								       : fdatasync(journal->fd);
}

int journal_append(struct journal *journal, const struct store_revocation *revocations,
		   size_t count, struct error *err)
{
	struct buffer text = { 0 };
	struct journal_end end;
	int status;

	if (count == 0)
		return 0;
	end = journal->end;
	for (size_t i = 0; i < count; i++)
		journal_line(&revocations[i], &end, &text);
	status = write_lines(journal, buffer_bytes(&text));
	buffer_done(&text);
	if (status < 0) {
		folder_fail(err, "append to", STORE_JOURNAL_FILE);
		/* If this fails too, the next append tries again. */
		(void)!ftruncate(journal->fd, (off_t)journal->end.bytes);
		return -1;
	}
	journal->end = end;
	return 0;
}

int journal_cut(struct journal *journal, const struct journal_end *end)
{
	if (journal == NULL || journal->end.count == end->count)
		return 0;
	if (ftruncate(journal->fd, (off_t)end->bytes) < 0 || fdatasync(journal->fd) < 0)
		return -1;
	journal->end = *end;
	return 0;
}
