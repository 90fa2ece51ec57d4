#include "pki/lint.h"

#include <stdio.h>
#include <openssl/err.h>
#include "pki/key.h"
#include "pki/lint_rules.h"

static const struct rule {
	const char *id;
	unsigned int kinds;
	enum lint_severity severity;
	const char *source;
	const char *(*check)(struct lint *lint);
} rules[] = {
#define X(id, letter, severity, source, function) \
	{ #id, LINT_##letter, LINT_##severity, source, lint_##function },
	LINT_RULES(X)
#undef X
};

const char *lint_severity_text(enum lint_severity severity)
{
	return severity == LINT_ERROR ? "E" : severity == LINT_WARNING ? "W" : "I";
}

void lint_note(struct lint_report *report, const char *id, enum lint_severity severity,
	       const char *text)
{
	struct lint_note *note;

	if (report->count == LINT_NOTES_MAX)
		return;
	note = &report->notes[report->count++];
	note->id = id;
	note->severity = severity;
	snprintf(note->text, sizeof(note->text), "%s", text);
}

static int refuse(const struct rule *rule, const struct lint *lint, const char *why,
		  struct error *err)
{
	char symbol[32];

	snprintf(symbol, sizeof(symbol), "LintFailed.%s", rule->id);
	error_set(err, ERROR_INVALID, "the %s breaks rule %s%s%s%s: %s",
		  lint->context->profile->name, rule->id, rule->source[0] != '\0' ? " (" : "",
		  rule->source, rule->source[0] != '\0' ? ")" : "", why);
	return error_symbol(err, symbol);
}

static int run(struct lint *lint, struct lint_report *report, struct error *err)
{
	unsigned int kind = 1u << lint->context->profile->kind;
	size_t i;

	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *rule = &rules[i];
		const char *why = (rule->kinds & kind) != 0 ? rule->check(lint) : NULL;

		if (why == NULL)
			continue;
		if (rule->severity == LINT_ERROR)
			return refuse(rule, lint, why, err);
		lint_note(report, rule->id, rule->severity, why);
	}
	return 0;
}

int lint_tbs(struct bytes tbs, const struct lint_context *context, struct lint_report *ret_report,
	     struct error *err)
{
	struct lint lint = { .context = context };
	struct lint_report report = { .count = 0 };
	int status;

	if (!lint_view_read(tbs, &lint.view)) {
		error_set(err, ERROR_INVALID, "the %s cannot be read back", context->profile->name);
		return error_symbol(err, "LintFailed.F08");
	}
	lint.key = key_from_spki(lint.view.spki, NULL);
	status = run(&lint, &report, err);
	EVP_PKEY_free(lint.key);
	ERR_clear_error();
	if (status == 0)
		*ret_report = report;
	return status;
}
