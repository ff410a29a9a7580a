/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all hooks share: run the effective programs of a cgroup on a context
 * and fold their return values (AT-17).
 */
#ifndef CGBPF_HOOK_HOOK_H
#define CGBPF_HOOK_HOOK_H

#include "cgroup/effective.h"
#include "vm/run.h"

/*
 * hook_run() - @ctx is our context struct for the attach type's programs.
 * Enters a read side of RCU and a CPU slot.  *flags: or of the bits above bit
 * 0 of the return values that let the event pass, NULL if not wanted; with
 * it, and bit 0 only counting as "pass", as the kernel's run_array_flags.
 * Returns 0 or the first error; *ran: how many ran.
 */
int hook_run(struct cgbpf_cgroup *cgroup, enum cgroup_atype atype, void *ctx,
	     const struct cgbpf_actor *actor, int retval, u32 *flags, u32 *ran);

/*
 * BPF_PROG_TEST_RUN of one program: by program type, in this room since each
 * type's context is built here.  @attr is the caller's, @uattr its address for
 * the results.
 */
int hook_test_run(struct prog *prog, struct cgbpf_task *task,
		  const struct attr_test_run *attr, u64 uattr);

#endif
