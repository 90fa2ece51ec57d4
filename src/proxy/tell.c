/* Control hears of refused clients, for its list of those who want to come in: as far as it keeps up. */
#include "base/monotime.h"
#include "proxy/conn.h"

#define TOLD_MAX 200u /* in a second */

static bool may_tell(struct worker *worker)
{
	struct refusal_news *news = &worker->refusal_news;

	if (news->told == 0 || worker->now_ms - news->since_ms >= 1000) {
		news->since_ms = worker->now_ms;
		news->told = 0;
	}
	return news->told < TOLD_MAX;
}

void tell_refusal(struct conn *conn, struct message_refusal *refusal, uint8_t alert)
{
	struct worker *worker = conn->worker;
	struct message message = { .type = MESSAGE_CLIENT_REFUSED, .a = alert };

	refusal->time_s = walltime_s();
	refusal->client = conn->client_address;
	message_text(refusal->listener, sizeof(refusal->listener), conn->listener->name);
	message_text(refusal->server_name, sizeof(refusal->server_name), conn->server_name);
	message.value.refusal = *refusal;
	if (may_tell(worker) && child_tell(worker->child, &message) == 1)
		worker->refusal_news.told++;
	else
		worker->stats->refusals_untold++;
}
