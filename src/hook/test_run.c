/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BPF_PROG_TEST_RUN: a program runs on a packet and a context of the caller's.
 *
 * 1. The program sees temporary zeroed storages, never attached ones (CS-13);
 *    they last for all repetitions.
 * 2. Results are written even when a buffer is too small for all of them:
 *    -ENOSPC.
 */
#include "hook/test_run.h"

#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "hook/hook.h"

#define RUNS_AT_ONCE 1024u /* before other readers and CPUs get a chance */

int test_ctx_read(const struct test *test, void *ctx, u32 size, bool *given)
{
	const struct attr_test_run *attr = test->attr;
	u8 tail[64];
	int err;

	*given = attr->ctx_in || attr->ctx_out;
	if (!attr->ctx_in)
		return 0;
	if (attr->ctx_size_in > PAGE_SIZE)
		return -E2BIG;
	for (u32 off = size; off < attr->ctx_size_in; off += sizeof(tail)) {
		u32 part = min(attr->ctx_size_in - off, (u32)sizeof(tail));

		err = task_copy_in(test->task, tail, attr->ctx_in + off, part);
		if (err)
			return err;
		for (u32 i = 0; i < part; i++)
			if (tail[i])
				return -E2BIG;
	}
	return task_copy_in(test->task, ctx, attr->ctx_in,
			    min(attr->ctx_size_in, size));
}

static int put(const struct test *test, size_t member, u32 value)
{
	return task_copy_out(test->task, test->uattr + member, &value,
			     sizeof(value));
}

#define PUT(test, member, value) \
	put(test, offsetof(struct attr_test_run, member), value)

int test_ctx_write(const struct test *test, const void *ctx, u32 size)
{
	const struct attr_test_run *attr = test->attr;
	u32 part = min(size, attr->ctx_size_out);

	if (!attr->ctx_out)
		return 0;
	if (task_copy_out(test->task, attr->ctx_out, ctx, part))
		return -EFAULT;
	if (PUT(test, ctx_size_out, size))
		return -EFAULT;
	return part < size ? -ENOSPC : 0;
}

/* Fragments come first where room is short: the first part is cut, as Linux
 * does it. */
static int data_copy(const struct test *test, const void *data, u32 part,
		     const void *frag, u32 frags)
{
	const struct attr_test_run *attr = test->attr;

	if (part < frags)
		return -ENOSPC;
	if (task_copy_out(test->task, attr->data_out, data, part - frags))
		return -EFAULT;
	return task_copy_out(test->task, attr->data_out + part - frags, frag,
			     frags);
}

int test_data_write(const struct test *test, const void *data, u32 size,
		    const void *frag, u32 frags)
{
	const struct attr_test_run *attr = test->attr;
	u32 part = size;
	int err;

	/* no size means: I know that there is room */
	if (attr->data_size_out)
		part = min(size, attr->data_size_out);
	if (attr->data_out) {
		err = data_copy(test, data, part, frag, frags);
		if (err)
			return err;
	}
	if (PUT(test, data_size_out, size) || PUT(test, retval, test->retval) ||
	    PUT(test, duration, test->duration))
		return -EFAULT;
	return part < size ? -ENOSPC : 0;
}

static u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static void storages_free(struct storage *storage[STORAGE_TYPES])
{
	for (int type = 0; type < STORAGE_TYPES; type++)
		if (storage[type])
			map_storage_free(storage[type]);
}

static int storages_make(const struct prog *prog,
			 struct storage *storage[STORAGE_TYPES])
{
	for (int type = 0; type < STORAGE_TYPES; type++) {
		struct map *map = prog->storage_map[type];

		if (map && map_storage_alloc(&storage[type], map,
					     &(struct storage_key){ 0 })) {
			storages_free(storage);
			return -ENOMEM;
		}
	}
	return 0;
}

int test_runs(struct test *test, struct prog *prog, void *ctx)
{
	struct storage *storage[STORAGE_TYPES] = { NULL };
	u32 left = max(test->attr->repeat, 1u), all = left;
	struct run run = {
		.env = prog->obj.env,
		.ctx = ctx,
		.cred = &test->task->cred,
		.attach_type = ~0u,
	};
	u64 spent = 0, start;
	int err;

	err = storages_make(prog, storage);
	if (err)
		return err;
	while (left) {
		u32 part = min(left, RUNS_AT_ONCE);

		left -= part;
		rcu_read_lock();
		run.cpu = cpu_enter(run.env->cpus);
		start = now_ns();
		while (part--) {
			run.tail_calls = 0;
			test->retval = prog_run(&run, prog, storage);
		}
		spent += now_ns() - start;
		cpu_leave(run.env->cpus, run.cpu);
		rcu_read_unlock();
	}
	test->duration = min(spent / all, (u64)UINT32_MAX);
	storages_free(storage);
	return 0;
}

int hook_test_run(struct prog *prog, struct cgbpf_task *task,
		  const struct attr_test_run *attr, u64 uattr)
{
	struct test test = { .task = task, .attr = attr, .uattr = uattr };

	switch (prog->type) {
	case BPF_PROG_TYPE_SOCKET_FILTER:
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_CGROUP_SKB:
		return test_run_skb(&test, prog);
	case BPF_PROG_TYPE_XDP:
		return test_run_xdp(&test, prog);
	default:
		return -ENOTSUPP;
	}
}
