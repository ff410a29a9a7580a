/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <pthread.h>
#include <sched.h>

#include "base/cpu.h"

static struct cpu_slots *slots;

static int with_slots(void **state)
{
	(void)state;
	return cpu_slots_new(&slots, 4);
}

static int without_slots(void **state)
{
	(void)state;
	cpu_slots_free(slots);
	return 0;
}

static void enter_gives_a_slot(void **state)
{
	u32 cpu = cpu_enter(slots);

	(void)state;
	assert_in_range(cpu, 0, 3);
	cpu_leave(slots, cpu);
}

/* A run inside a run shares the slot of the outer one, however deep. */
static void nested_runs_share(void **state)
{
	u32 outer = cpu_enter_on(slots, 3);

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_int_equal(cpu_enter(slots), outer);
	for (int i = 0; i < 10; i++)
		cpu_leave(slots, outer);
	/* still held: this thread gets it again, and no other slot */
	assert_int_equal(cpu_enter(slots), outer);
	cpu_leave(slots, outer);
	cpu_leave(slots, outer);
}

struct visit {
	u32 cpu;
	bool any;
};

static void *visits(void *arg)
{
	struct visit *visit = arg;
	u32 cpu;

	cpu = visit->any ? cpu_enter(slots) : cpu_enter_on(slots, visit->cpu);
	visit->cpu = cpu;
	cpu_leave(slots, cpu);
	return NULL;
}

static u32 other_thread_enters(void)
{
	struct visit visit = { .any = true };
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, visits, &visit), 0);
	pthread_join(thread, NULL);
	return visit.cpu;
}

static void a_held_slot_is_not_given_twice(void **state)
{
	bool seen[4] = { false };

	(void)state;
	for (u32 held = 0; held < 3; held++)
		cpu_enter_on(slots, held);
	for (int i = 0; i < 100; i++)
		seen[other_thread_enters()] = true;
	assert_false(seen[0] || seen[1] || seen[2]);
	assert_true(seen[3]);
	for (u32 held = 0; held < 3; held++)
		cpu_leave(slots, held);
}

static void enter_on_waits_for_its_slot(void **state)
{
	struct visit visit = { .cpu = 2 };
	pthread_t thread;

	(void)state;
	cpu_enter_on(slots, 2);
	assert_int_equal(pthread_create(&thread, NULL, visits, &visit), 0);
	for (int i = 0; i < 100; i++)
		sched_yield();
	cpu_leave(slots, 2);
	pthread_join(thread, NULL);
	assert_int_equal(visit.cpu, 2);
}

static int make(void *arg)
{
	(void)arg;
	struct cpu_slots *made = NULL;
	int err = cpu_slots_new(&made, 4096);

	if (err)
		assert_null(made);
	else
		cpu_slots_free(made);
	return err;
}

static void new_without_memory(void **state)
{
	(void)state;
	unit_each_fault(make, NULL);
}

#define WITH_SLOTS(name) \
	cmocka_unit_test_setup_teardown(name, with_slots, without_slots)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SLOTS(enter_gives_a_slot),
		WITH_SLOTS(nested_runs_share),
		WITH_SLOTS(a_held_slot_is_not_given_twice),
		WITH_SLOTS(enter_on_waits_for_its_slot),
		cmocka_unit_test(new_without_memory),
	};

	return UNIT_RUN(tests);
}
