#include "x509/reason.h"

static const struct {
	const char *word;
	const char *text;
	uint8_t alert;
} reasons[REASON_COUNT] = {
#define X(name, word, alert, text) { word, text, alert },
	REASONS(X)
#undef X
};

const char *reason_word(enum reason reason)
{
	return reasons[reason < REASON_COUNT ? reason : REASON_INTERNAL].word;
}

const char *reason_text(enum reason reason)
{
	return reasons[reason < REASON_COUNT ? reason : REASON_INTERNAL].text;
}

uint8_t reason_alert(enum reason reason)
{
	return reasons[reason < REASON_COUNT ? reason : REASON_INTERNAL].alert;
}
