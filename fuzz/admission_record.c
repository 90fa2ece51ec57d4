/* The record in a ticket: what unpacks packs to the same bytes, and can be judged. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include "admission/admission.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(struct admission_record *record)
{
	struct trust *nobody = trust_new(NULL, 0, NULL);
	struct admission_facts facts = { .trust = nobody, .record = record,
					 .rules = { MODEL_CA_REQUIRED, 4, MODEL_REVOCATION_ALL } };
	struct admission_verdict verdict;

	admission_decide(&facts, &verdict);
	if (verdict.reason == REASON_ADMITTED)
		abort();
	trust_free(nobody);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = { data, size };
	struct admission_record *record = admission_record_unpack(bytes);
	struct buffer packed = { 0 };

	if (record == NULL)
		return 0;
	admission_record_pack(record, &packed);
	if (!bytes_equal(buffer_bytes(&packed), bytes))
		abort();
	judge(record);
	buffer_done(&packed);
	admission_record_unref(record);
	return 0;
}
