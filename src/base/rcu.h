/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RCU: readers run programs and look up maps without a lock.
 *
 * liburcu's "bulletproof" flavour, inlined: a host program's threads need no
 * registration, and a read side is a few instructions.
 *
 * 1. A reader between rcu_read_lock() and rcu_read_unlock() may use what
 *    rcu_dereference() gave it until it unlocks.  Read sides nest.
 * 2. A writer initialises memory entirely, then rcu_assign_pointer().
 * 3. What was reachable is freed by rcu_defer() only, or after
 *    synchronize_rcu(); neither may be called from a read side.
 * 4. rcu_barrier() waits for all deferred callbacks queued before it.
 *
 * Under ThreadSanitizer the order that liburcu makes with membarrier(2) is
 * told to the tool: all unlocks happen before all later callbacks.
 */
#ifndef CGBPF_BASE_RCU_H
#define CGBPF_BASE_RCU_H

/* Inlined, but for the builds that check alignment: liburcu 0.13 keeps its
 * readers at 32 bytes where their type says 128. */
#if !defined(_LGPL_SOURCE) && !defined(__SANITIZE_ADDRESS__)
#define _LGPL_SOURCE
#endif
#include <urcu/urcu-bp.h>
#include <urcu/list.h>
#include <urcu/rculfhash.h>
#include <urcu/rculist.h>

#include "base/types.h"

#ifdef __SANITIZE_THREAD__
extern char rcu_tsan_tag;
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
#define rcu_tsan_acquire(addr) __tsan_acquire(addr)
#define rcu_tsan_release(addr) __tsan_release(addr)
#define rcu_tsan_reader_done() __tsan_release(&rcu_tsan_tag)
#define rcu_tsan_grace_over() __tsan_acquire(&rcu_tsan_tag)
#else
#define rcu_tsan_acquire(addr) ((void)(addr))
#define rcu_tsan_release(addr) ((void)(addr))
#define rcu_tsan_reader_done() ((void)0)
#define rcu_tsan_grace_over() ((void)0)
#endif

static inline void rcu_read_lock(void)
{
	urcu_bp_read_lock();
}

static inline void rcu_read_unlock(void)
{
	rcu_tsan_reader_done();
	urcu_bp_read_unlock();
}

static inline void synchronize_rcu(void)
{
	urcu_bp_synchronize_rcu();
	rcu_tsan_grace_over();
}

static inline void rcu_barrier(void)
{
	urcu_bp_barrier();
	rcu_tsan_grace_over();
}

#undef rcu_dereference
#undef rcu_assign_pointer
#define rcu_dereference(p) __atomic_load_n(&(p), __ATOMIC_ACQUIRE)
#define rcu_assign_pointer(p, v) __atomic_store_n(&(p), (v), __ATOMIC_RELEASE)

/* Embedded in what is freed after a grace period. */
struct rcu_cb {
	struct rcu_head head;
	void (*func)(struct rcu_cb *cb);
};

/*
 * rcu_defer() - call @func(@cb) in another thread once all readers of now are
 * done.  Cannot fail, takes no memory.
 */
void rcu_defer(struct rcu_cb *cb, void (*func)(struct rcu_cb *cb));

#endif
