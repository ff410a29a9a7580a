/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/rcu.h"

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
