/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/rcu.h"

#include <pthread.h>

#ifdef __SANITIZE_THREAD__
char rcu_tsan_tag;
#endif

static void rcu_call(struct rcu_head *head)
{
	struct rcu_cb *cb = container_of(head, struct rcu_cb, head);

	rcu_tsan_acquire(cb);
	rcu_tsan_grace_over();
	cb->func(cb);
	/* rcu_barrier() waits for this as for a reader */
	rcu_tsan_reader_done();
}

void rcu_defer(struct rcu_cb *cb, void (*func)(struct rcu_cb *cb))
{
	cb->func = func;
	rcu_tsan_release(cb);
	urcu_bp_call_rcu(&cb->head, rcu_call);
}

/*
 * A child of fork(2) has one thread: not the one that runs callbacks, and none
 * of the readers.  Both are put in order for it, so that environments can be
 * used and freed on either side.
 */
static void fork_prepare(void)
{
	/* callbacks first: to stop they may have to end a grace period */
	urcu_bp_call_rcu_before_fork();
	urcu_bp_before_fork();
}

static void fork_parent(void)
{
	urcu_bp_after_fork_parent();
	urcu_bp_call_rcu_after_fork_parent();
}

static void fork_child(void)
{
	urcu_bp_after_fork_child();
	urcu_bp_call_rcu_after_fork_child();
}

static void __attribute__((constructor)) fork_init(void)
{
	pthread_atfork(fork_prepare, fork_parent, fork_child);
}
