/* SPDX-License-Identifier: BSD-2-Clause */
/* What every unit test includes first: cmocka, and how we use it. */
#ifndef CGBPF_TESTS_UNIT_H
#define CGBPF_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/rcu.h"

#define UNIT_RUN(tests) cmocka_run_group_tests(tests, NULL, NULL)

/*
 * unit_each_fault() - @call(@arg) with its 1st, 2nd, ... allocation failing,
 * until it gets by without a failure.  Each failure must be -ENOMEM and leave
 * nothing allocated; the last call must return 0.  Returns how many failed.
 * A build that cannot make allocations fail makes the last call only.
 */
static inline unsigned long unit_each_fault(int (*call)(void *arg), void *arg)
{
#ifdef CGBPF_FAULTS
	for (unsigned long nth = 1;; nth++) {
		long live;
		int err;

		rcu_barrier(); /* what others gave back is not counted here */
		live = mem_live();
		mem_fault_set(nth);
		err = call(arg);
		if (!mem_fault_fired()) {
			assert_int_equal(err, 0);
			return nth - 1;
		}
		assert_int_equal(err, -ENOMEM);
		rcu_barrier();
		assert_int_equal(mem_live(), live);
	}
#else
	assert_int_equal(call(arg), 0);
	return 0;
#endif
}

#endif
