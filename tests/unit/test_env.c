/* SPDX-License-Identifier: BSD-2-Clause */
/* Environments: options, what is left in one at its end, fork(2). */
#include "unit.h"

#include <sys/wait.h>
#include <unistd.h>

#include "cgroup_world.h"

static int new_with(const struct cgbpf_env_opts *opts)
{
	struct cgbpf_env *env;
	int err = cgbpf_env_new(&env, opts);

	if (!err)
		cgbpf_env_free(env);
	return err;
}

static void options(void **state)
{
	struct {
		struct cgbpf_env_opts opts;
		u64 later;
	} grown = { .opts.size = sizeof(grown) };
	struct cgbpf_env_opts opts = { .size = sizeof(opts), .cpus = 4097 };

	(void)state;
	assert_int_equal(new_with(NULL), 0);
	assert_int_equal(new_with(&opts), -EINVAL);
	opts.cpus = 1;
	assert_int_equal(new_with(&opts), 0);
	opts.storage_mode = CGBPF_STORAGE_PER_ATTACHMENT + 1;
	assert_int_equal(new_with(&opts), -EINVAL);
	opts.size = sizeof(opts.size); /* nothing but the defaults */
	assert_int_equal(new_with(&opts), 0);
	opts.size = 0;
	assert_int_equal(new_with(&opts), -EINVAL);
	assert_int_equal(new_with(&grown.opts), 0);
	grown.later = 1;
	assert_int_equal(new_with(&grown.opts), -E2BIG);
}

#ifdef CGBPF_FAULTS
#define LIVE() mem_live()
#else
#define LIVE() 0l
#endif

/* A cgroup with a storage, attached to by program and by a pinned link. */
static void populate(struct world *w)
{
	union attr attr = { 0 };
	int cgroup, map, link;

	world_new(w, CGBPF_STORAGE_SHARED);
	cgroup = world_mkdir(w, "/a");
	map = world_map(w, BPF_MAP_TYPE_CGROUP_STORAGE, 8, 8);
	assert_int_equal(
		attach(w, cgroup,
		       world_prog(w, BPF_PROG_TYPE_CGROUP_SKB, EGRESS, map, -1),
		       EGRESS, MULTI),
		0);
	link = link_to(w, cgroup, world_skb(w), INGRESS);
	assert_true(link >= 0);
	attr.obj.pathname = ptr_to_u64("/sys/fs/bpf/link");
	attr.obj.bpf_fd = (u32)link;
	assert_int_equal(world_bpf(w, BPF_OBJ_PIN, &attr), 0);
}

static void end_with_all_left_in_it(void **state)
{
	long live = LIVE();
	struct world w;

	(void)state;
	populate(&w);
	world_free(&w);
	assert_int_equal(LIVE(), live);
}

/* What a child does with its copies; 0 if all was well. */
static int child(struct world *w)
{
	struct world other;
	int cgroup = world_open(w, "/a");

	if (attach(w, cgroup, world_skb(w), EGRESS, MULTI))
		return 1;
	cgbpf_env_sync(w->env);
	world_free(w);
	populate(&other);
	world_free(&other);
	return 0;
}

static void forked(void **state)
{
	struct world w;
	int status;
	pid_t pid;

	(void)state;
	populate(&w);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		alarm(60); /* a hang is a failure, not the end of all tests */
		_exit(child(&w));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* nothing of it is seen here */
	assert_int_equal(query(&w, world_open(&w, "/a"), EGRESS).nr, 1);
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options),
		cmocka_unit_test(end_with_all_left_in_it),
		cmocka_unit_test(forked),
	};

	return UNIT_RUN(tests);
}
