/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A run: one execution of one program (and what it tail calls) on one event.
 *
 * 1. All that belongs to the run is in struct run, on the caller's stack; so a
 *    run inside a run, or beside it, has its own "current storage" (KB-7).
 * 2. The caller holds an RCU read side and a CPU slot around vm_run().
 * 3. bpf_get_local_storage() is two loads: run->storage[type], its value.
 */
#ifndef CGBPF_VM_RUN_H
#define CGBPF_VM_RUN_H

#include "object/env.h"
#include "object/prog.h"
#include "object/task.h"

struct ctx_type;

struct run {
	struct cgbpf_env *env;
	const struct prog *prog; /* runs now: changes with tail calls */
	struct storage *storage[STORAGE_TYPES];
	void *ctx;		      /* our context struct for prog->type */
	struct cgbpf_cgroup *cgroup;  /* the event's, NULL in test runs */
	const struct task_cred *cred; /* who acts; NULL: this thread */
	u32 cpu;		      /* the slot */
	u32 tail_calls;		      /* so far, at most 33 */
	s32 retval;		      /* bpf_get/set_retval */
	bool set_retval;
	u32 attach_type;	 /* uapi value, ~0u for test runs without */
	u64 random;		 /* of get_prandom_u32, 0: unseeded */
	u32 *held_lock;		 /* the bpf_spin_lock held, or NULL */
	struct checked *checked; /* state of the checked interpreter */
	struct fault *fault;	 /* where a violation is told, or NULL */
};

/* How a run in the checked interpreter ended that did not end well. */
struct fault {
	u64 limit;	  /* instructions, for tests; 0: see vm/checked.c, 6 */
	u32 pc;		  /* instruction index */
	char reason[120]; /* "R3 +8 of 4: outside the map value" */
};

/*
 * vm_run() - run @run->prog from its first instruction on @run->ctx.  Returns
 * R0.  In the checked interpreter a violation ends the run; *fault says
 * which (it may be NULL), and the result is 0: the event is refused.
 */
u64 vm_run(struct run *run, struct fault *fault);

/*
 * prog_run() - vm_run() with what the kernel does around a program: statistics
 * when BPF_ENABLE_STATS is on, storages, a lock left held is dropped.
 */
u64 prog_run(struct run *run, const struct prog *prog,
	     struct storage *const storage[STORAGE_TYPES]);

/* What an argument of a callback is, for the checked interpreter. */
enum callback_arg {
	CALLBACK_SCALAR,
	CALLBACK_MAP,	/* @map itself */
	CALLBACK_KEY,	/* a key of @map: read only */
	CALLBACK_VALUE, /* a value of @map */
	CALLBACK_CTX,	/* the helper's own ARG_STACK_OR_NULL, handed on */
};

/* How a helper calls back: a constant of the helper, but for the map. */
struct callback {
	enum callback_arg args[5]; /* the rest are CALLBACK_SCALAR */
	struct map *map;
};

/*
 * vm_callback() - call a function of the running program, from a helper.
 * @func: the helper's ARG_FUNC argument as it came
 *
 * Returns its R0.  After a violation in the callback it returns 1, which ends
 * every helper's loop; the run ends when the helper returns.
 */
u64 vm_callback(struct run *run, u64 func, const struct callback *callback,
		u64 r1, u64 r2, u64 r3, u64 r4, u64 r5);

#endif
