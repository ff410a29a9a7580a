/* SPDX-License-Identifier: BSD-2-Clause */
#include "vm/run.h"

#include <stdio.h>
#include <time.h>

#include "object/map_prog_array.h"
#include "vm/helper.h"
#include "vm/interp.h"
#include "vm/vm.h"

u64 vm_enter(struct run *run)
{
	if (run->prog->checked)
		return checked_run(run, run->fault);
	return interp_run(run, run->prog->xinsns, ptr_to_u64(run->ctx), 0, 0, 0,
			  0);
}

u64 vm_run(struct run *run, struct fault *fault)
{
	struct checked *outer = run->checked;
	u64 result;

	run->fault = fault;
	run->checked = NULL;
	result = vm_enter(run);
	run->checked = outer;
	return result;
}

u64 vm_callback(struct run *run, u64 func, const struct callback *callback,
		u64 r1, u64 r2, u64 r3, u64 r4, u64 r5)
{
	const u64 args[5] = { r1, r2, r3, r4, r5 };
	const struct xinsn *insn = u64_to_ptr(func);

	if (run->checked)
		return checked_callback(run, insn, callback, args);
	return interp_run(run, insn, r1, r2, r3, r4, r5);
}

const struct prog *vm_tail_call(struct run *run, struct map *map, u32 index)
{
	if (index >= map->max_entries || run->tail_calls >= VM_MAX_TAIL_CALLS)
		return NULL;
	run->tail_calls++;
	return map_prog_at(map, index);
}

static u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000000000u + (u64)ts.tv_nsec;
}

/* Tells the environment's owner of a violation: the only one who can act. */
static void fault_trace(const struct run *run, const struct prog *prog,
			const struct fault *fault)
{
	char line[200];

	if (!run->env->trace)
		return;
	snprintf(line, sizeof(line), "cgbpf: prog %u \"%s\" insn %u: %s",
		 prog->obj.id, prog->name, fault->pc, fault->reason);
	run->env->trace(run->env->trace_data, line);
}

static u64 run_once(struct run *run, const struct prog *prog)
{
	struct fault fault = { 0 }, *told = run->fault;
	u64 result;

	if (!prog->checked)
		return vm_run(run, NULL);
	result = vm_run(run, &fault);
	if (fault.reason[0]) {
		fault_trace(run, prog, &fault);
		if (told)
			*told = fault;
	}
	run->fault = told;
	return result;
}

u64 prog_run(struct run *run, const struct prog *prog,
	     struct storage *const storage[STORAGE_TYPES])
{
	bool stats = __atomic_load_n(&run->env->stats_users, __ATOMIC_RELAXED);
	u64 start = stats ? now_ns() : 0;
	struct prog_stats *mine;
	u64 result;

	run->prog = prog;
	run->storage[STORAGE_SHARED] = storage ? storage[STORAGE_SHARED] : NULL;
	run->storage[STORAGE_PERCPU] = storage ? storage[STORAGE_PERCPU] : NULL;
	run->tail_calls = 0;
	result = run_once(run, prog);
	run->prog = prog;
	if (unlikely(run->held_lock)) {
		spin_unlock(run->held_lock);
		run->held_lock = NULL;
	}
	if (stats) {
		/* read by others at any time, written by this slot only */
		mine = &prog->stats[run->cpu];
		__atomic_store_n(&mine->run_cnt, mine->run_cnt + 1,
				 __ATOMIC_RELAXED);
		__atomic_store_n(&mine->run_time_ns,
				 mine->run_time_ns + now_ns() - start,
				 __ATOMIC_RELAXED);
	}
	return result;
}
