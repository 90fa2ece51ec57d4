#include "pki/zip.h"

#include <string.h>
#include <time.h>

#define LOCAL_HEADER 0x04034b50u
#define CENTRAL_HEADER 0x02014b50u
#define END_OF_DIRECTORY 0x06054b50u
#define VERSION_NEEDED 10       /* stored files */
#define MADE_BY_UNIX (3u << 8 | 20)
#define MODE (0100600u << 16)

static void put_u16(struct buffer *out, uint32_t value)
{
	uint8_t octets[2] = { (uint8_t)value, (uint8_t)(value >> 8) };

	buffer_append(out, octets, sizeof(octets));
}

static void put_u32(struct buffer *out, uint32_t value)
{
	put_u16(out, value);
	put_u16(out, value >> 16);
}

/* The CRC of IEEE 802.3, bit by bit: the files are small. */
static uint32_t crc32(struct bytes content)
{
	uint32_t crc = UINT32_MAX;
	size_t i;
	int bit;

	for (i = 0; i < content.len; i++) {
		crc ^= content.data[i];
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

/* MS-DOS: date in the upper half, two-second steps, from 1980. */
static uint32_t dos_time(int64_t time_s)
{
	time_t when = (time_t)time_s;
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL || tm.tm_year < 80 || tm.tm_year > 80 + 127)
		return 1u << 21 | 1u << 16;
	return (uint32_t)(tm.tm_year - 80) << 25 | (uint32_t)(tm.tm_mon + 1) << 21 |
	       (uint32_t)tm.tm_mday << 16 | (uint32_t)tm.tm_hour << 11 | (uint32_t)tm.tm_min << 5 |
	       (uint32_t)tm.tm_sec / 2;
}

/* What the local and the central header have in common: version needed to length of extra fields. */
static void put_common(struct buffer *out, const struct zip_file *file, uint32_t time)
{
	put_u16(out, VERSION_NEEDED);
	put_u16(out, 0); /* flags */
	put_u16(out, 0); /* stored */
	put_u32(out, time);
	put_u32(out, crc32(file->content));
	put_u32(out, (uint32_t)file->content.len);
	put_u32(out, (uint32_t)file->content.len);
	put_u16(out, (uint32_t)strlen(file->name));
	put_u16(out, 0);
}

static void put_local(struct buffer *out, const struct zip_file *file, uint32_t time)
{
	put_u32(out, LOCAL_HEADER);
	put_common(out, file, time);
	buffer_append(out, file->name, strlen(file->name));
	buffer_append(out, file->content.data, file->content.len);
}

static void put_central(struct buffer *out, const struct zip_file *file, uint32_t time,
			uint32_t offset)
{
	put_u32(out, CENTRAL_HEADER);
	put_u16(out, MADE_BY_UNIX);
	put_common(out, file, time);
	put_u16(out, 0); /* comment */
	put_u16(out, 0); /* disk */
	put_u16(out, 0); /* internal attributes */
	put_u32(out, MODE);
	put_u32(out, offset);
	buffer_append(out, file->name, strlen(file->name));
}

void zip_write(const struct zip_file *files, size_t count, int64_t time_s, struct buffer *ret_zip)
{
	struct buffer out = { 0 }, directory = { 0 };
	uint32_t time = dos_time(time_s);
	size_t i;

	for (i = 0; i < count; i++) {
		put_central(&directory, &files[i], time, (uint32_t)out.len);
		put_local(&out, &files[i], time);
	}
	count &= 0xffff;
	put_u32(&directory, END_OF_DIRECTORY);
	put_u32(&directory, 0); /* disks */
	put_u16(&directory, (uint32_t)count);
	put_u16(&directory, (uint32_t)count);
	put_u32(&directory, (uint32_t)directory.len - 12);
	put_u32(&directory, (uint32_t)out.len);
	put_u16(&directory, 0); /* comment */
	buffer_append(&out, directory.data, directory.len);
	buffer_done(&directory);
	buffer_done(ret_zip);
	*ret_zip = out;
}
