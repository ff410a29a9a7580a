/* SPDX-License-Identifier: BSD-2-Clause */
/* BPF_PROG_TEST_RUN: what the program types' own files share. */
#ifndef CGBPF_HOOK_TEST_RUN_H
#define CGBPF_HOOK_TEST_RUN_H

#include "base/uapi.h"
#include "object/task.h"

struct prog;

struct test {
	struct cgbpf_task *task;
	const struct attr_test_run *attr;
	u64 uattr;
	u32 retval, duration; /* out: of the last run, of the average one */
};

/* Smallest packet: an Ethernet header */
#define TEST_DATA_MIN 14u

/* The caller's context in @ctx of @size zeroed bytes; *given: there is one,
 * or room for one.  -E2BIG: more than that, and not zero; -EFAULT. */
int test_ctx_read(const struct test *test, void *ctx, u32 size, bool *given);
/* -ENOSPC: cut, yet written; -EFAULT */
int test_ctx_write(const struct test *test, const void *ctx, u32 size);
/*
 * The packet: data, size, retval and duration.  Its last @frags bytes lie apart,
 * at @frag.  -ENOSPC, as above, but nothing is written if the caller has less
 * room than the fragments need; -EFAULT.
 */
int test_data_write(const struct test *test, const void *data, u32 size,
		    const void *frag, u32 frags);
/* attr->repeat runs on @ctx, with storages of their own (CS-13): -ENOMEM */
int test_runs(struct test *test, struct prog *prog, void *ctx);

int test_run_skb(struct test *test, struct prog *prog);
int test_run_xdp(struct test *test, struct prog *prog);

#endif
