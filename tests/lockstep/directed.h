/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Directed lockstep tests: cmocka tests that share two worlds, emptied after
 * each test.  A difference between the worlds fails the test on the spot.
 *
 * With LOCKSTEP_SELF set in the environment of the process both worlds are
 * the live kernel: then it is the tests that are tested.
 */
#ifndef LOCKSTEP_DIRECTED_H
#define LOCKSTEP_DIRECTED_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lockstep.h"

#define ENOTSUPP 524

extern struct lockstep *ls;

int directed_run(const char *name, const struct CMUnitTest *tests, size_t n);

/* Handles: a call that has to work */
#define MUST(call)                                        \
	({                                                \
		int must_ = (call);                       \
		if (must_ < 0)                            \
			fail_msg("%s: %d", #call, must_); \
		must_;                                    \
	})
#define OK(call) assert_int_equal((call), 0)
#define FAILS(err, call) assert_int_equal((call), -(err))

#define DIRECTED_MAIN(name, tests)                                   \
	int main(void)                                               \
	{                                                            \
		return directed_run(name, tests,                     \
				    sizeof(tests) / sizeof(*tests)); \
	}

#endif
