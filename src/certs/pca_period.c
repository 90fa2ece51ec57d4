/* From when to when a certificate is valid: what was asked for, and what its CA allows. */
#include <inttypes.h>
#include <stdio.h>
#include "certs/pca.h"
#include "x509/text.h"

/* Longest life, in seconds, that the CA was made for; 0: as long as it lives itself. */
static int64_t most_of(const struct store_certificate *ca)
{
	return json_integer_value(json_object_get(ca->body, "CertMaxTime")) * 86400;
}

int pca_check_end(const struct store_certificate *ca, const struct authority *authority,
		  const struct issue_request *request, const char *field, struct error *err)
{
	int64_t most = most_of(ca);
	char symbol[64], end[TEXT_TIME_SIZE], wanted[TEXT_TIME_SIZE];

	snprintf(symbol, sizeof(symbol), "IllegalParam.%.40s", field);
	if (request->validity.not_after > authority_not_after(authority)) {
		text_time(authority_not_after(authority), end);
		text_time(request->validity.not_after, wanted);
		call_refuse(err, ERROR_INVALID, symbol, field,
			    "the %s would end %s, but its issuer ends %s", request->profile->name,
			    wanted, end);
		return error_hint(err, "Ask for a shorter time, or renew the CA first.");
	}
	if (most > 0 && !request->profile->is_ca &&
	    request->validity.not_after - request->validity.not_before >= most)
		return call_refuse(err, ERROR_INVALID, symbol, field,
				   "CA \"%.64s\" makes no certificates for more than %" PRId64
				   " days",
				   ca->common_name, most / 86400);
	if (request->profile->most_days > 0 &&
	    request->validity.not_after - request->validity.not_before >=
	    (int64_t)request->profile->most_days * 86400)
		return call_refuse(err, ERROR_INVALID, symbol, field,
				   "a %s is valid for %d days at most: many systems refuse more",
				   request->profile->name, request->profile->most_days);
	return 0;
}

/* Nothing was asked for: the usual time, or less where the CA allows less. */
static void usual_period(const struct store_certificate *ca, const struct authority *authority,
			 struct pca_request *request)
{
	struct validity *validity = &request->issue.validity;
	int64_t most = most_of(ca), last = authority_not_after(authority);
	char text[160], end[TEXT_TIME_SIZE];

	*validity = validity_days(request->issue.now, request->issue.profile->days);
	if (most > 0 && validity->not_before + most - 1 < last)
		last = validity->not_before + most - 1;
	if (validity->not_after <= last)
		return;
	validity->not_after = last;
	text_time(last, end);
	snprintf(text, sizeof(text),
		 "no time was asked for, and %d days are more than the CA allows: "
		 "it ends %s",
		 request->issue.profile->days, end);
	lint_note(&request->notes, "P01", LINT_INFORMATION, text);
}

static int between_times(struct call *call, struct pca_request *request, struct error *err)
{
	struct validity *validity = &request->issue.validity;

	if (!call_has(call, "BeforeTime") || !call_has(call, "AfterTime"))
		return call_refuse(err, ERROR_INVALID, call_has(call, "BeforeTime") ?
				   "MissingParam.AfterTime" : "MissingParam.BeforeTime",
				   call_has(call, "BeforeTime") ? "AfterTime" : "BeforeTime",
				   "BeforeTime and AfterTime are given together, or not at all");
	validity->not_before = call_integer(call, "BeforeTime", 0);
	validity->not_after = call_integer(call, "AfterTime", 0);
	request->issue.later = true;
	if (validity->not_before >= validity->not_after)
		return call_refuse(err, ERROR_INVALID, "IllegalParam.AfterTime", "AfterTime",
				   "AfterTime is not after BeforeTime");
	if (validity->not_after <= call->now)
		return call_refuse(err, ERROR_INVALID, "IllegalParam.AfterTime", "AfterTime",
				   "AfterTime has passed already");
	return 0;
}

static int check_begin(const struct authority *authority, const struct pca_request *request,
		       struct error *err)
{
	char begin[TEXT_TIME_SIZE];

	if (request->issue.validity.not_before >= authority_not_before(authority))
		return 0;
	text_time(authority_not_before(authority), begin);
	return call_refuse(err, ERROR_INVALID, "IllegalParam.BeforeTime", "BeforeTime",
			   "the %s would begin before its issuer, which begins %s",
			   request->issue.profile->name, begin);
}

int pca_period(struct call *call, const struct store_certificate *ca,
	       const struct authority *authority, struct pca_request *request, struct error *err)
{
	int64_t now = request->issue.now;
	int64_t months = call_integer(call, "Months", 0) + 12 * call_integer(call, "Years", 0);
	const char *field = "Days";

	if (call_has(call, "Days")) {
		request->issue.validity = validity_days(now, call_integer(call, "Days", 0));
	} else if (months > 0) {
		request->issue.validity = validity_months(now, months);
		field = call_has(call, "Months") ? "Months" : "Years";
	} else if (call_has(call, "BeforeTime") || call_has(call, "AfterTime")) {
		field = "AfterTime";
		if (between_times(call, request, err) < 0 ||
		    check_begin(authority, request, err) < 0)
			return -1;
	} else {
		usual_period(ca, authority, request);
	}
	return pca_check_end(ca, authority, &request->issue, field, err);
}
