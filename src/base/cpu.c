/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/cpu.h"

#include <sched.h>

#include "base/alloc.h"

/*
 * A slot's owner is the address of a variable that each thread has its own
 * of: cpu_held.  @depth belongs to the owner.
 */
struct cpu_slot {
	void *owner;
	u32 depth;
} __attribute__((aligned(CACHE_LINE)));

struct cpu_slots {
	u32 nr;
	struct cpu_slot slot[];
};

/* How many slots this thread holds, of whatever environments. */
static __thread u32 cpu_held __attribute__((tls_model("initial-exec")));

int cpu_slots_new(struct cpu_slots **out, u32 nr)
{
	struct cpu_slots *slots;

	slots = mem_zalloc_aligned(
		CACHE_LINE, sizeof(*slots) + nr * sizeof(slots->slot[0]));
	if (!slots)
		return -ENOMEM;
	slots->nr = nr;
	*out = slots;
	return 0;
}

void cpu_slots_free(struct cpu_slots *slots)
{
	mem_free(slots);
}

static bool slot_take(struct cpu_slot *slot)
{
	void *owner = __atomic_load_n(&slot->owner, __ATOMIC_RELAXED);

	if (owner == &cpu_held) {
		slot->depth++;
		return true;
	}
	if (owner ||
	    !__atomic_compare_exchange_n(&slot->owner, &owner, &cpu_held, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	cpu_held++;
	return true;
}

/* Invariant 3: a slot this thread already holds comes first. */
static bool slot_take_own(struct cpu_slots *slots, u32 *cpu)
{
	for (u32 i = 0; i < slots->nr; i++) {
		void **owner = &slots->slot[i].owner;

		if (__atomic_load_n(owner, __ATOMIC_RELAXED) == &cpu_held) {
			slots->slot[i].depth++;
			*cpu = i;
			return true;
		}
	}
	return false;
}

u32 cpu_enter(struct cpu_slots *slots)
{
	u32 here = (u32)sched_getcpu() % slots->nr;
	u32 cpu;

	if (unlikely(cpu_held) && slot_take_own(slots, &cpu))
		return cpu;
	if (likely(slot_take(&slots->slot[here])))
		return here;
	for (;;) {
		for (u32 i = 0; i < slots->nr; i++) {
			cpu = (here + i) % slots->nr;
			if (slot_take(&slots->slot[cpu]))
				return cpu;
		}
		sched_yield();
	}
}

u32 cpu_enter_on(struct cpu_slots *slots, u32 cpu)
{
	ASSERT(cpu < slots->nr);
	while (!slot_take(&slots->slot[cpu]))
		sched_yield();
	return cpu;
}

void cpu_leave(struct cpu_slots *slots, u32 cpu)
{
	struct cpu_slot *slot = &slots->slot[cpu];

	ASSERT(__atomic_load_n(&slot->owner, __ATOMIC_RELAXED) == &cpu_held);
	if (slot->depth) {
		slot->depth--;
		return;
	}
	cpu_held--;
	__atomic_store_n(&slot->owner, NULL, __ATOMIC_RELEASE);
}
