/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A CPU slot has one owner at a time, whichever way it was entered, and runs
 * inside runs share it.  The counters are plain memory, one for each slot: two
 * owners at once are a data race that TSan sees, or a count that is lost.
 */
#include "threads.h"

#include "base/cpu.h"

#define NR_SLOTS 4u
#define NR_THREADS 16u
#define ROUNDS 3000u

static struct cpu_slots *slots;

static struct {
	u64 runs, owner;
} __attribute__((aligned(CACHE_LINE))) slot[NR_SLOTS];

static void run_on(u32 cpu, u32 index)
{
	CHECK(cpu < NR_SLOTS);
	CHECK(!slot[cpu].owner);
	slot[cpu].owner = index + 1;
	slot[cpu].runs++;
}

static void run_inside(u32 cpu, u32 index)
{
	u32 inner = cpu_enter(slots);

	CHECK(inner == cpu);
	CHECK(slot[cpu].owner == index + 1);
	slot[cpu].runs++;
	cpu_leave(slots, inner);
	CHECK(slot[cpu].owner == index + 1);
}

static void work(u32 index, void *arg)
{
	(void)arg;
	for (u32 i = 0; i < ROUNDS; i++) {
		u32 cpu = i % 3 ? cpu_enter(slots)
				: cpu_enter_on(slots, (index + i) % NR_SLOTS);

		run_on(cpu, index);
		if (i % 2)
			run_inside(cpu, index);
		slot[cpu].owner = 0;
		cpu_leave(slots, cpu);
	}
}

int main(void)
{
	u64 runs = 0;

	CHECK(!cpu_slots_new(&slots, NR_SLOTS));
	threads_run(NR_THREADS, work, NULL);
	for (u32 i = 0; i < NR_SLOTS; i++)
		runs += slot[i].runs;
	CHECK(runs == NR_THREADS * (ROUNDS + ROUNDS / 2));
	cpu_slots_free(slots);
	return 0;
}
