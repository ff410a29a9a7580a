/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all hooks share: run the effective programs of a cgroup on a context
 * and fold their return values.
 *
 * 1. Every program runs, whatever the ones before it said (AT-17).
 * 2. The first error stays: a program that returns 0 makes it -EPERM, unless
 *    an earlier one, or bpf_set_retval(), has set one.
 * 3. What bpf_set_retval() left has to be an error in the end, or 0: of all
 *    else -EPERM is made.  For getsockopt it is the system call's result, and
 *    may be anything.
 * 4. All state is in struct hook on the caller's stack, so a run may contain
 *    another one (KB-7).
 */
#ifndef CGBPF_HOOK_HOOK_H
#define CGBPF_HOOK_HOOK_H

#include "cgroup/effective.h"
#include "vm/run.h"

struct attr_test_run;
struct cgbpf_sock;
struct skb_ctx;

struct hook {
	struct run run;
	struct task_cred cred;
	enum cgroup_atype atype;
	u32 flags;	     /* out: bits above bit 0 of all return values */
	bool takes_flags;    /* there are such bits: only bit 0 is a verdict */
	struct skb_ctx *skb; /* programs' cb is their own: zeroed for each */
	const struct effective *effective; /* hook_enter() to hook_finish() */
	struct cgbpf_verdict *verdict;	   /* out: how many ran */
};

/* @ctx is our context struct for the attach type's programs; @actor NULL: this
 * thread.  *verdict is zeroed. */
void hook_init(struct hook *hook, struct cgbpf_cgroup *cgroup,
	       enum cgroup_atype atype, void *ctx,
	       const struct cgbpf_actor *actor, struct cgbpf_verdict *verdict);
/* Would anything run?  What it says is old at once, as in the kernel. */
bool hook_enabled(const struct cgbpf_cgroup *cgroup, enum cgroup_atype atype);
/*
 * hook_run() - enters a read side of RCU and a CPU slot, runs all.  Returns the
 * folded result, which starts as @retval: 0, an -errno, or what a program set.
 */
int hook_run(struct hook *hook, int retval);

/*
 * hook_run() in two halves, for what is made only when something runs: false,
 * nothing runs, and there is nothing to finish; else hook_finish() must come,
 * in the same read side, so nothing between them waits.
 */
bool hook_enter(struct hook *hook);
int hook_finish(struct hook *hook, int retval);

static inline bool is_error(int retval)
{
	return retval < 0 && retval >= -4095;
}

/*
 * BPF_PROG_TEST_RUN of one program: by program type, in this room since each
 * type's context is built here.  @attr is the caller's, @uattr its address for
 * the results.
 */
int hook_test_run(struct prog *prog, struct cgbpf_task *task,
		  const struct attr_test_run *attr, u64 uattr);

#endif
