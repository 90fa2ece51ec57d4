/* Jobs: done when what they wanted is served by every worker; that is told by comparing revisions. */
#include "control/serving.h"
#include "nlb/nlb.h"
#include "store/job.h"

static const char *status_of(const struct call *call, const struct store_job *job)
{
	if (job->error != NULL)
		return "Failed";
	return job->revision <= serving_revision(call->control) ? "Succeeded" : "Processing";
}

int nlb_GetJobStatus(struct call *call, struct error *err)
{
	const char *id = call_text(call, "JobId");
	struct store_job job = { 0 };
	int found = store_job_get(call->store, id, &job, err);

	if (found == 0) {
		call_not_found(err, "JobId", id);
		return error_place(err, "JobId");
	}
	if (found < 0)
		return -1;
	json_object_set_new(call->reply, "Status", json_string(status_of(call, &job)));
	if (job.error != NULL)
		json_object_set_new(call->reply, "Reason", json_string(job.error));
	store_job_done(&job);
	return 0;
}

/* Those that there are no longer are left out. */
int nlb_ListAsynJobs(struct call *call, struct error *err)
{
	const json_t *ids = call_value(call, "JobIds");
	json_t *jobs = json_array();
	size_t i;

	json_object_set_new(call->reply, "Jobs", jobs);
	for (i = 0; i < json_array_size(ids); i++) {
		const char *id = json_string_value(json_array_get(ids, i));
		struct store_job job = { 0 };
		int found = store_job_get(call->store, id, &job, err);

		if (found < 0)
			return -1;
		if (found == 0)
			continue;
		json_array_append_new(
			jobs, json_pack("{s:s, s:s}", "Id", id, "Status", status_of(call, &job)));
		store_job_done(&job);
	}
	json_object_set_new(call->reply, "TotalCount",
			    json_integer((json_int_t)json_array_size(jobs)));
	return 0;
}
