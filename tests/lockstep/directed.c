/* SPDX-License-Identifier: BSD-2-Clause */
#include "directed.h"

#include <stdlib.h>

struct lockstep *ls;

static void diff(struct lockstep *of, const char *message)
{
	(void)of;
	fail_msg("difference: %s", message);
}

static int empty(void **state)
{
	(void)state;
	ls_reset(ls);
	ls_doing(ls, "%s", "");
	return 0;
}

int directed_run(const char *name, const struct CMUnitTest *tests, size_t n)
{
	const char *why;
	struct CMUnitTest *copy;
	int failed;

	ls = ls_open(getenv("LOCKSTEP_SELF"), &why);
	if (!ls) {
		printf("skipped: %s\n", why);
		return 77;
	}
	ls->diff = diff;
	copy = calloc(n, sizeof(*copy));
	if (!copy)
		abort();
	memcpy(copy, tests, n * sizeof(*copy));
	for (size_t i = 0; i < n; i++)
		copy[i].teardown_func = empty;
	failed = _cmocka_run_group_tests(name, copy, n, NULL, NULL);
	free(copy);
	ls_close(ls);
	return failed;
}
