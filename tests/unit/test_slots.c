/* Rows of the shared tables: who keeps his, and when a freed one comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "document/document.h"
#include "document/slots.h"

static uint32_t take(struct slots *slots, const char *identity)
{
	struct error err = { 0 };
	uint32_t slot = UINT32_MAX;

	if (slots_take(slots, SLOT_SERVER, identity, &slot, &err) < 0)
		fail_msg("%s", err.message);
	return slot;
}

static int set_up(void **state)
{
	*state = slots_new(2, 4);
	return 0;
}

static int tear_down(void **state)
{
	slots_free(*state);
	return 0;
}

static void an_identity_keeps_its_slot(void **state)
{
	struct slots *slots = *state;
	uint32_t a, b;

	slots_begin(slots);
	a = take(slots, "a");
	b = take(slots, "b");
	assert_int_not_equal(a, b);
	slots_end(slots);
	slots_begin(slots);
	assert_int_equal(take(slots, "b"), b);
	assert_int_equal(take(slots, "a"), a);
	slots_end(slots);
}

static void a_freed_slot_comes_back_last(void **state)
{
	struct slots *slots = *state;
	uint32_t first;

	slots_begin(slots);
	first = take(slots, "a");
	slots_end(slots);
	slots_begin(slots); /* "a" is gone */
	assert_int_not_equal(take(slots, "b"), first);
	slots_end(slots);
	slots_begin(slots);
	take(slots, "b");
	assert_int_not_equal(take(slots, "c"), first);
	assert_int_not_equal(take(slots, "d"), first);
	assert_int_equal(take(slots, "e"), first);
	slots_end(slots);
}

static void a_full_table_is_refused_and_stays_whole(void **state)
{
	static const char *const names[] = { "a", "b", "c", "d" };
	struct slots *slots = *state;
	struct error err = { 0 };
	uint32_t slot, held[4];
	size_t i;

	slots_begin(slots);
	for (i = 0; i < 4; i++)
		held[i] = take(slots, names[i]);
	assert_int_equal(slots_take(slots, SLOT_SERVER, "e", &slot, &err), -1);
	assert_int_equal(err.code, ERROR_LIMIT);
	assert_string_equal(err.message, "could not serve \"e\": all 4 places are taken");
	slots_end(slots);
	slots_begin(slots);
	for (i = 0; i < 4; i++)
		assert_int_equal(take(slots, names[i]), held[i]);
	slots_end(slots);
}

static void the_same_identity_twice_is_refused(void **state)
{
	struct slots *slots = *state;
	struct error err = { 0 };
	uint32_t slot;

	slots_begin(slots);
	take(slots, "a");
	assert_int_equal(slots_take(slots, SLOT_SERVER, "a", &slot, &err), -1);
	assert_int_equal(err.code, ERROR_CONFLICT);
	slots_abort(slots);
}

static void an_aborted_run_leaves_no_trace(void **state)
{
	struct slots *slots = *state;
	uint32_t a, b, c;

	slots_begin(slots);
	a = take(slots, "a");
	slots_end(slots);
	slots_begin(slots);
	b = take(slots, "b"); /* and "a" is not named */
	c = take(slots, "c");
	slots_abort(slots);
	slots_begin(slots);
	assert_int_equal(take(slots, "a"), a);
	assert_int_equal(take(slots, "x"), b);
	assert_int_equal(take(slots, "y"), c);
	slots_end(slots);
}

static void kinds_do_not_share(void **state)
{
	struct slots *slots = *state;
	struct error err = { 0 };
	uint32_t listener, server;

	slots_begin(slots);
	assert_int_equal(slots_take(slots, SLOT_LISTENER, "a", &listener, &err), 0);
	server = take(slots, "a");
	assert_int_equal(listener, 0);
	assert_int_equal(server, 0);
	slots_end(slots);
}

static void slots_are_learnt_from_a_document(void **state)
{
	struct slots *slots = *state;
	struct document_server servers[2] = { { .slot = 3, .address = { 4, 0, 80, { 10, 0, 0, 1 } } },
					      { .slot = 1, .address = { 4, 0, 80, { 10, 0, 0, 2 } } } };
	struct document_group group = { .name = "web", .servers = servers, .server_count = 2 };
	struct document_listener listener = { .slot = 1, .name = "edge:443",
					      .protocol = MODEL_TCPSSL };
	struct document document = { .groups = &group, .group_count = 1, .listeners = &listener,
				     .listener_count = 1 };
	struct error err = { 0 };
	uint32_t slot;

	slots_recover(slots, &document);
	slots_begin(slots);
	assert_int_equal(take(slots, "web/10.0.0.2:80"), 1);
	assert_int_equal(take(slots, "web/10.0.0.3:80"), 0);
	assert_int_equal(take(slots, "web/10.0.0.1:80"), 3);
	assert_int_equal(take(slots, "web/10.0.0.4:80"), 2);
	assert_int_equal(slots_take(slots, SLOT_LISTENER, "edge:443/TCPSSL", &slot, &err), 0);
	assert_int_equal(slot, 1);
	slots_end(slots);
}

static void a_thousand_changes_never_share_a_slot(void **state)
{
	struct slots *slots = *state;
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		char first[16], second[16];
		uint32_t a, b;

		snprintf(first, sizeof(first), "s%u", i);
		snprintf(second, sizeof(second), "s%u", i + 1);
		slots_begin(slots);
		a = take(slots, first);
		b = take(slots, second);
		assert_true(a < 4 && b < 4 && a != b);
		if (i % 3 == 0)
			slots_abort(slots);
		else
			slots_end(slots);
	}
}

#define WITH_SLOTS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SLOTS(an_identity_keeps_its_slot),
		WITH_SLOTS(a_freed_slot_comes_back_last),
		WITH_SLOTS(a_full_table_is_refused_and_stays_whole),
		WITH_SLOTS(the_same_identity_twice_is_refused),
		WITH_SLOTS(an_aborted_run_leaves_no_trace),
		WITH_SLOTS(kinds_do_not_share),
		WITH_SLOTS(slots_are_learnt_from_a_document),
		WITH_SLOTS(a_thousand_changes_never_share_a_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
