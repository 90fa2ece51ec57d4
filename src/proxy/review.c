/* After a change of snapshot or revocation every connection is judged once more. */
#include "base/monotime.h"
#include "proxy/conn.h"

static bool is_revoked_now(const struct conn *conn)
{
	const struct admission_facts facts = {
		.rules = conn->listener->rules,
		.revocation = revoked_table(&conn->worker->revoked),
		.now = walltime_s(),
		.record = conn->record,
	};

	return admission_is_revoked(&facts);
}

static void review_drain(struct conn *conn)
{
	struct worker *worker = conn->worker;
	struct server *server = conn->server_entry;

	if (!snapshot_serves(worker->snapshot, conn->listener)) {
		if (conn->kill_at_ms != 0)
			return;
		conn->kill_reason = CLOSE_LISTENER_REMOVED;
		conn->kill_at_ms = worker->now_ms + 1000ull * conn->listener->drain_timeout_s;
	} else if (server != NULL && server->gone && server->drain_enabled) {
		conn->kill_reason = CLOSE_SERVER_DRAINED;
		conn->kill_at_ms = server->gone_ms + 1000ull * server->drain_timeout_s;
	} else {
		conn->kill_at_ms = 0;
		return;
	}
	if (!timeout_is_set(&conn->timeout) || conn->timeout.at_ms > conn->kill_at_ms)
		timeout_set(worker->loop, &conn->timeout, conn->kill_at_ms);
}

/* By the listener as it is now: who turns RevocationCutsConnections on means the open ones as well. */
static bool revocation_cuts(const struct conn *conn)
{
	const struct listener *now =
		snapshot_successor(conn->worker->snapshot, conn->listener);

	return now != NULL ? now->revocation_cuts : conn->listener->revocation_cuts;
}

void conn_review(struct conn *conn, bool revocation_changed)
{
	if (conn->state == CONN_ENDING)
		return;
	if (revocation_changed && conn->record != NULL && conn->listener->trust != NULL &&
	    revocation_cuts(conn) && is_revoked_now(conn)) {
		conn_abort(conn, CLOSE_CLIENT_REVOKED);
		conn_run(conn);
		return;
	}
	review_drain(conn);
}
