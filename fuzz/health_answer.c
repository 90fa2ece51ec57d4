/*
 * Fuzzes the reader of HTTP answers: the verdict may not depend on how the bytes were cut, and it may
 * not take more than it is allowed. The first byte says where to cut.
 */
#include <stdint.h>
#include <stdlib.h>

#include "health/http_answer.h"

static enum http_answer_verdict feed_in_pieces(struct http_answer *answer, struct bytes bytes,
					       size_t piece)
{
	enum http_answer_verdict verdict = HTTP_ANSWER_MORE;
	size_t at;

	for (at = 0; at < bytes.len; at += piece) {
		size_t len = bytes.len - at < piece ? bytes.len - at : piece;
		enum http_answer_verdict next =
			http_answer_feed(answer, (struct bytes){ bytes.data + at, len });

		if (verdict != HTTP_ANSWER_MORE && next != verdict)
			abort();
		verdict = next;
	}
	return verdict;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_answer whole = { 0 }, pieces = { 0 };
	struct bytes bytes;
	enum http_answer_verdict verdict;

	if (size == 0)
		return 0;
	bytes = (struct bytes){ data + 1, size - 1 };
	verdict = http_answer_feed(&whole, bytes);
	if (feed_in_pieces(&pieces, bytes, (size_t)data[0] + 1) != verdict)
		abort();
	if (whole.len > HTTP_ANSWER_MAX || whole.len != pieces.len || whole.code != pieces.code)
		abort();
	if (verdict == HTTP_ANSWER_MORE && whole.len != bytes.len)
		abort();
	if (verdict == HTTP_ANSWER_DONE && (whole.code < 100 || whole.code > 999))
		abort();
	return 0;
}
