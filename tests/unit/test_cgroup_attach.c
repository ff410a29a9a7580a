/* SPDX-License-Identifier: BSD-2-Clause */
/* Direct attach and detach: AT-1 to AT-9, AT-12, KB-9, KB-11, KB-12 */
#include "cgroup_world.h"

struct fixture {
	struct world w;
	int root, a, b; /* fds of "/", "/a", "/a/b" */
	int p[8];	/* programs for ingress and egress */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	world_new(&f->w, CGBPF_STORAGE_SHARED);
	f->root = world_open(&f->w, "/");
	f->a = world_mkdir(&f->w, "/a");
	f->b = world_mkdir(&f->w, "/a/b");
	for (size_t i = 0; i < ARRAY_SIZE(f->p); i++)
		f->p[i] = world_skb(&f->w);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	world_free(&f->w);
	free(f);
	return 0;
}

static void test_no_flag(void **state) /* AT-1 */
{
	struct fixture *f = *state;
	struct world *w = &f->w;

	assert_int_equal(attach(w, f->a, f->p[0], EGRESS, 0), 0);
	assert_int_equal(query(w, f->a, EGRESS).flags, 0);
	/* one program: another takes its place */
	assert_int_equal(attach(w, f->a, f->p[1], EGRESS, 0), 0);
	assert_progs(w, f->a, EGRESS, false, f->p[1]);
	/* nothing below it, in whatever mode */
	assert_int_equal(attach(w, f->b, f->p[2], EGRESS, 0), -EPERM);
	assert_int_equal(attach(w, f->b, f->p[2], EGRESS, OVERRIDE), -EPERM);
	assert_int_equal(attach(w, f->b, f->p[2], EGRESS, MULTI), -EPERM);
	/* other attach types and places are free */
	assert_int_equal(attach(w, f->b, f->p[2], INGRESS, 0), 0);
	assert_int_equal(attach(w, f->root, f->p[2], EGRESS, 0), 0);
	assert_progs(w, f->b, EGRESS, true, f->p[1]);
}

static void test_override(void **state) /* AT-1, AT-6 */
{
	struct fixture *f = *state;
	struct world *w = &f->w;

	assert_int_equal(attach(w, f->root, f->p[0], EGRESS, OVERRIDE), 0);
	assert_progs(w, f->b, EGRESS, true, f->p[0]);
	assert_int_equal(attach(w, f->a, f->p[1], EGRESS, OVERRIDE), 0);
	assert_progs(w, f->b, EGRESS, true, f->p[1]);
	assert_int_equal(attach(w, f->b, f->p[2], EGRESS, 0), 0);
	assert_progs(w, f->b, EGRESS, true, f->p[2]);
	/* what was overridden comes back, level by level (KB-11) */
	assert_int_equal(detach(w, f->a, -1, EGRESS), 0);
	assert_progs(w, f->a, EGRESS, true, f->p[0]);
	assert_progs(w, f->b, EGRESS, true, f->p[2]);
	assert_int_equal(detach(w, f->b, -1, EGRESS), 0);
	assert_progs(w, f->b, EGRESS, true, f->p[0]);
}

static void test_multi(void **state) /* AT-1, AT-3, AT-6 */
{
	struct fixture *f = *state;
	struct world *w = &f->w;

	assert_int_equal(attach(w, f->root, f->p[0], EGRESS, MULTI), 0);
	assert_int_equal(attach(w, f->root, f->p[1], EGRESS, MULTI), 0);
	assert_int_equal(attach(w, f->b, f->p[2], EGRESS, MULTI), 0);
	assert_int_equal(attach(w, f->b, f->p[0], EGRESS, MULTI), 0);
	assert_progs(w, f->root, EGRESS, false, f->p[0], f->p[1]);
	assert_progs(w, f->a, EGRESS, true, f->p[0], f->p[1]);
	assert_progs(w, f->b, EGRESS, true, f->p[2], f->p[0], f->p[0], f->p[1]);
	assert_int_equal(attach(w, f->b, f->p[0], EGRESS, MULTI), -EINVAL);
}

static void test_flag_combinations(void **state) /* AT-1, AT-3, AT-8 */
{
	static const u32 bad[] = {
		MULTI | OVERRIDE, BPF_F_REPLACE, BPF_F_REPLACE | OVERRIDE,
		1u << 7,	  1u << 12,
	};
	struct fixture *f = *state;
	struct world *w = &f->w;
	struct how how = { .replace = (u32)f->p[0] };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(attach(w, f->a, f->p[0], EGRESS, bad[i]),
				 -EINVAL);
	assert_int_equal(attach(w, f->a, f->p[0], EGRESS, MULTI), 0);
	assert_int_equal(attach_how(w, f->a, f->p[1], EGRESS,
				    MULTI | BPF_F_REPLACE | BPF_F_BEFORE, how),
			 -EINVAL);
	assert_int_equal(attach_how(w, f->a, f->p[1], EGRESS,
				    MULTI | BPF_F_REPLACE | BPF_F_AFTER, how),
			 -EINVAL);
	assert_progs(w, f->a, EGRESS, false, f->p[0]);
}

static void test_mode_is_kept(void **state) /* AT-2, AT-12 */
{
	static const u32 modes[] = { 0, OVERRIDE, MULTI };
	struct fixture *f = *state;
	struct world *w = &f->w;

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		assert_int_equal(attach(w, f->a, f->p[0], EGRESS, modes[i]), 0);
		for (size_t j = 0; j < ARRAY_SIZE(modes); j++)
			if (j != i)
				assert_int_equal(attach(w, f->a, f->p[1],
							EGRESS, modes[j]),
						 -EPERM);
		assert_int_equal(query(w, f->a, EGRESS).flags, modes[i]);
		assert_int_equal(detach(w, f->a, f->p[0], EGRESS), 0);
		assert_int_equal(query(w, f->a, EGRESS).flags, 0);
	}
}

/* AT-2: the nearest ancestor with programs is the one that counts. */
static void test_nearest_ancestor(void **state)
{
	struct fixture *f = *state;
	struct world *w = &f->w;

	assert_int_equal(attach(w, f->root, f->p[0], EGRESS, MULTI), 0);
	assert_int_equal(attach(w, f->a, f->p[1], EGRESS, 0), 0);
	assert_int_equal(attach(w, f->b, f->p[2], EGRESS, MULTI), -EPERM);
	assert_progs(w, f->b, EGRESS, true, f->p[1], f->p[0]);
	assert_int_equal(detach(w, f->a, -1, EGRESS), 0);
	assert_int_equal(attach(w, f->a, f->p[1], EGRESS, OVERRIDE), 0);
	assert_int_equal(attach(w, f->b, f->p[2], EGRESS, MULTI), 0);
	assert_progs(w, f->b, EGRESS, true, f->p[2], f->p[0]);
	assert_int_equal(detach(w, f->b, f->p[2], EGRESS), 0);
	/* a forbidding root does not matter below an allowing one */
	assert_int_equal(detach(w, f->root, f->p[0], EGRESS), 0);
	assert_int_equal(attach(w, f->root, f->p[0], EGRESS, 0), 0);
	assert_int_equal(attach(w, f->b, f->p[2], EGRESS, 0), 0);
	assert_progs(w, f->b, EGRESS, true, f->p[2]);
}

static void test_replace(void **state) /* AT-3 */
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	struct how how = { .replace = (u32)f->p[1] };
	u32 flags = MULTI | BPF_F_REPLACE;
	int sock;

	for (int i = 0; i < 3; i++)
		assert_int_equal(attach(w, f->a, f->p[i], EGRESS, MULTI), 0);
	assert_int_equal(attach_how(w, f->a, f->p[3], EGRESS, flags, how), 0);
	assert_progs(w, f->b, EGRESS, true, f->p[0], f->p[3], f->p[2]);
	assert_int_equal(attach_how(w, f->a, f->p[1], EGRESS, flags, how),
			 -ENOENT);
	assert_int_equal(attach_how(w, f->a, f->p[0], EGRESS, flags, how),
			 -EINVAL);
	/* by itself */
	how.replace = (u32)f->p[3];
	assert_int_equal(attach_how(w, f->a, f->p[3], EGRESS, flags, how), 0);
	assert_progs(w, f->a, EGRESS, false, f->p[0], f->p[3], f->p[2]);
	/* an anchor is not looked at, nor a revision of before */
	how.relative = 12345;
	assert_int_equal(attach_how(w, f->a, f->p[1], EGRESS,
				    flags | BPF_F_ID | UAPI_F_LINK, how),
			 0);
	/* an empty list has nothing to replace */
	assert_int_equal(attach_how(w, f->b, f->p[1], EGRESS, flags, how),
			 -ENOENT);
	how.replace = 999;
	assert_int_equal(attach_how(w, f->a, f->p[3], EGRESS, flags, how),
			 -EBADF);
	how.replace = (u32)f->a;
	assert_int_equal(attach_how(w, f->a, f->p[3], EGRESS, flags, how),
			 -EINVAL);
	sock = world_prog(w, BPF_PROG_TYPE_CGROUP_SOCK,
			  BPF_CGROUP_INET_SOCK_CREATE, -1, -1);
	how.replace = (u32)sock;
	assert_int_equal(attach_how(w, f->a, f->p[3], EGRESS, flags, how),
			 -EINVAL);
	assert_progs(w, f->a, EGRESS, false, f->p[0], f->p[1], f->p[2]);
}

static void test_full(void **state) /* AT-3 */
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	struct how how = { .replace = (u32)f->p[0] };
	int prog = f->p[0];

	for (u32 i = 0; i < ATTACH_MAX_PROGS; i++) {
		assert_int_equal(attach(w, f->a, prog, EGRESS, MULTI), 0);
		prog = world_skb(w);
	}
	assert_int_equal(attach(w, f->a, prog, EGRESS, MULTI), -E2BIG);
	/* even in the place of another, as in the kernel */
	assert_int_equal(attach_how(w, f->a, prog, EGRESS,
				    MULTI | BPF_F_REPLACE, how),
			 -E2BIG);
	assert_int_equal(query(w, f->a, EGRESS).nr, ATTACH_MAX_PROGS);
	assert_int_equal(attach(w, f->b, prog, EGRESS, MULTI), 0);
	assert_int_equal(
		query_n(w, f->b, EGRESS, BPF_F_QUERY_EFFECTIVE, 128, false).nr,
		ATTACH_MAX_PROGS + 1);
}

static void test_fits(void **state) /* AT-4, KB-12 */
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	int sock = world_prog(w, BPF_PROG_TYPE_CGROUP_SOCK,
			      BPF_CGROUP_INET4_POST_BIND, -1, -1);
	int device = world_prog(w, BPF_PROG_TYPE_CGROUP_DEVICE, 0, -1, -1);
	int filter = world_prog(w, BPF_PROG_TYPE_SOCKET_FILTER, 0, -1, -1);
	int tc = world_prog(w, BPF_PROG_TYPE_SCHED_CLS, 0, -1, -1);
	struct prog *strict;

	for (u32 type = 0; type < UAPI_NR_ATTACH_TYPES + 4; type++) {
		int skb = type == INGRESS || type == EGRESS ? 0 : -EINVAL;
		int post = type == BPF_CGROUP_INET4_POST_BIND ? 0 : -EINVAL;
		int dev = type == BPF_CGROUP_DEVICE ? 0 : -EINVAL;

		assert_int_equal(attach(w, f->a, f->p[0], type, MULTI), skb);
		assert_int_equal(attach(w, f->a, sock, type, MULTI), post);
		assert_int_equal(attach(w, f->a, device, type, MULTI), dev);
		assert_int_equal(attach(w, f->a, filter, type, MULTI), -EINVAL);
		assert_int_equal(attach(w, f->a, tc, type, 0), -EINVAL);
		/* LINK_CREATE asks the same questions */
		assert_int_equal(link_to(w, f->a, f->p[0], type) >= 0, !skb);
		assert_int_equal(link_to(w, f->a, sock, type) >= 0, !post);
		assert_int_equal(link_to(w, f->a, device, type) >= 0, !dev);
		assert_int_equal(link_to(w, f->a, filter, type), -EINVAL);
		assert_int_equal(link_to(w, f->a, tc, type), -EINVAL);
	}
	assert_int_equal(prog_get_by_fd(w->task, f->p[1], &strict), 0);
	strict->expected_attach_type = EGRESS;
	strict->enforce_attach_type = true;
	prog_put(strict);
	assert_int_equal(attach(w, f->b, f->p[1], INGRESS, MULTI), -EINVAL);
	assert_int_equal(attach(w, f->b, f->p[1], EGRESS, MULTI), 0);
}

/* AT-4, AT-5, in the kernel's order: flags, program, attach type, cgroup. */
static void test_bad_fds(void **state)
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	int sock = world_prog(w, BPF_PROG_TYPE_CGROUP_SOCK,
			      BPF_CGROUP_INET_SOCK_CREATE, -1, -1);

	assert_int_equal(attach(w, 999, 998, EGRESS, 1u << 7), -EINVAL);
	assert_int_equal(attach(w, 999, 998, 200, 0), -EINVAL);
	assert_int_equal(attach(w, 999, 998, EGRESS, 0), -EBADF);
	assert_int_equal(attach(w, 999, f->a, EGRESS, 0), -EINVAL);
	assert_int_equal(attach(w, 999, sock, EGRESS, 0), -EINVAL);
	assert_int_equal(attach(w, 999, f->p[0], EGRESS, 0), -EBADF);
	assert_int_equal(attach(w, f->p[0], f->p[0], EGRESS, 0), -EBADF);
	assert_int_equal(detach(w, 999, f->p[0], EGRESS), -EBADF);
	assert_int_equal(detach(w, f->p[0], f->p[0], EGRESS), -EBADF);
	assert_int_equal(detach(w, 999, f->p[0], 200), -EINVAL);
	assert_int_equal(query_n(w, 999, EGRESS, 0, 1, false).result, -EBADF);
	/* what is no cgroup's: as 6.18 says to a bad fd */
	assert_int_equal(attach(w, f->a, 998, BPF_XDP, 0), -EBADF);
	assert_int_equal(attach(w, f->a, 998, BPF_LSM_CGROUP, MULTI), -EBADF);
	assert_int_equal(attach(w, f->a, f->p[0], BPF_LSM_CGROUP, MULTI),
			 -EINVAL);
	assert_int_equal(attach(w, f->a, 998, BPF_LIRC_MODE2, MULTI), -EBADF);
	assert_int_equal(attach(w, f->a, 998, BPF_TCX_INGRESS, MULTI), -EINVAL);
	assert_int_equal(attach(w, f->a, 998, BPF_TCX_INGRESS, 0), -EBADF);
	assert_int_equal(detach(w, f->a, 998, BPF_TCX_INGRESS), -EBADF);
	assert_int_equal(detach(w, f->a, 998, BPF_LSM_CGROUP), -ENOENT);
	assert_int_equal(detach(w, 999, 998, BPF_LSM_CGROUP), -EBADF);
	assert_int_equal(detach(w, f->a, 998, BPF_LSM_MAC), -EINVAL);
	assert_int_equal(query_n(w, f->a, BPF_XDP, 0, 1, false).result,
			 -EINVAL);
}

/* AT-5, AT-15: a removed cgroup takes nothing, even through an old fd. */
static void test_removed(void **state)
{
	struct fixture *f = *state;
	struct world *w = &f->w;

	assert_int_equal(attach(w, f->b, f->p[0], EGRESS, MULTI), 0);
	assert_int_equal(world_rmdir(w, "/a/b"), 0);
	assert_int_equal(attach(w, f->b, f->p[1], EGRESS, MULTI), -ENOENT);
	assert_int_equal(detach(w, f->b, f->p[0], EGRESS), -ENOENT);
	assert_int_equal(link_to(w, f->b, f->p[0], EGRESS), -ENOENT);
	assert_int_equal(query_n(w, f->b, EGRESS, 0, 8, false).result, -ENOENT);
}

/*
 * AT-6: the example in the uapi header's comment on attach types: a chain of
 * five cgroups with programs A to F.
 */
static void test_uapi_example(void **state)
{
	static const char *const paths[] = { "/1", "/1/2", "/1/2/3", "/1/2/3/4",
					     "/1/2/3/4/5" };
	struct fixture *f = *state;
	struct world *w = &f->w;
	int c[5], *p = f->p; /* A is p[0] */

	for (int i = 0; i < 5; i++)
		c[i] = world_mkdir(w, paths[i]);
	assert_int_equal(attach(w, c[0], p[0], EGRESS, MULTI), 0);
	assert_int_equal(attach(w, c[0], p[1], EGRESS, MULTI), 0);
	assert_int_equal(attach(w, c[1], p[2], EGRESS, OVERRIDE), 0);
	assert_int_equal(attach(w, c[2], p[3], EGRESS, MULTI), 0);
	assert_int_equal(attach(w, c[3], p[4], EGRESS, OVERRIDE), 0);
	assert_int_equal(attach(w, c[4], p[5], EGRESS, 0), 0);
	assert_progs(w, c[4], EGRESS, true, p[5], p[3], p[0], p[1]);
	assert_progs(w, c[3], EGRESS, true, p[4], p[3], p[0], p[1]);
	assert_int_equal(detach(w, c[4], -1, EGRESS), 0);
	assert_progs(w, c[4], EGRESS, true, p[4], p[3], p[0], p[1]);
	assert_int_equal(detach(w, c[3], -1, EGRESS), 0);
	assert_progs(w, c[4], EGRESS, true, p[3], p[0], p[1]);
	assert_int_equal(detach(w, c[2], p[3], EGRESS), 0);
	assert_progs(w, c[4], EGRESS, true, p[2], p[0], p[1]);
}

static void test_preorder(void **state) /* AT-7 */
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	u32 pre = MULTI | BPF_F_PREORDER;
	int *p = f->p;

	assert_int_equal(attach(w, f->root, p[1], EGRESS, MULTI), 0);
	assert_int_equal(attach(w, f->root, p[2], EGRESS, pre), 0);
	assert_int_equal(attach(w, f->a, p[3], EGRESS, MULTI), 0);
	assert_int_equal(attach(w, f->a, p[4], EGRESS, pre), 0);
	assert_progs(w, f->a, EGRESS, true, p[2], p[4], p[3], p[1]);
	assert_progs(w, f->a, EGRESS, false, p[3], p[4]);
	assert_progs(w, f->root, EGRESS, true, p[2], p[1]);
	/* in list order within a level */
	assert_int_equal(attach(w, f->root, p[5], EGRESS, pre), 0);
	assert_int_equal(attach(w, f->b, p[6], EGRESS, pre), 0);
	assert_progs(w, f->b, EGRESS, true, p[2], p[5], p[4], p[6], p[3], p[1]);
	/* the mode of a query is not each program's */
	assert_int_equal(query_n(w, f->a, EGRESS, 0, 8, true).prog_flags[1],
			 MULTI);
}

/* KB-9: slots are found by entry where one program is at several places. */
static void test_same_program_everywhere(void **state)
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	u32 pre = MULTI | BPF_F_PREORDER;
	struct how how = { .replace = (u32)f->p[0] };
	int *p = f->p;

	assert_int_equal(attach(w, f->root, p[0], EGRESS, pre), 0);
	assert_int_equal(attach(w, f->root, p[1], EGRESS, MULTI), 0);
	assert_int_equal(attach(w, f->a, p[0], EGRESS, MULTI), 0);
	assert_int_equal(attach(w, f->b, p[0], EGRESS, pre), 0);
	assert_progs(w, f->b, EGRESS, true, p[0], p[0], p[0], p[1]);
	assert_int_equal(attach_how(w, f->a, p[2], EGRESS,
				    MULTI | BPF_F_REPLACE, how),
			 0);
	assert_progs(w, f->b, EGRESS, true, p[0], p[0], p[2], p[1]);
	assert_int_equal(attach_how(w, f->root, p[3], EGRESS,
				    pre | BPF_F_REPLACE, how),
			 0);
	assert_progs(w, f->b, EGRESS, true, p[3], p[0], p[2], p[1]);
	assert_int_equal(detach(w, f->root, p[3], EGRESS), 0);
	assert_progs(w, f->b, EGRESS, true, p[0], p[2], p[1]);
	assert_int_equal(detach(w, f->b, p[0], EGRESS), 0);
	assert_progs(w, f->b, EGRESS, true, p[2], p[1]);
	/* replacing changes the order as the new flags say */
	how.replace = (u32)p[1];
	assert_int_equal(attach_how(w, f->root, p[1], EGRESS,
				    pre | BPF_F_REPLACE, how),
			 0);
	assert_progs(w, f->b, EGRESS, true, p[1], p[2]);
}

static void test_anchors(void **state) /* AT-8 */
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	u32 before = MULTI | BPF_F_BEFORE, after = MULTI | BPF_F_AFTER;
	struct how how = { 0 };
	int *p = f->p;

	assert_int_equal(attach(w, f->a, p[0], EGRESS, before), 0);
	assert_int_equal(attach(w, f->a, p[1], EGRESS, before), 0);
	assert_int_equal(attach(w, f->a, p[2], EGRESS, after), 0);
	assert_progs(w, f->a, EGRESS, false, p[1], p[0], p[2]);
	how.relative = (u32)p[0];
	assert_int_equal(attach_how(w, f->a, p[3], EGRESS, before, how), 0);
	how.relative = prog_id(w, p[0]);
	assert_int_equal(
		attach_how(w, f->a, p[4], EGRESS, after | BPF_F_ID, how), 0);
	assert_progs(w, f->a, EGRESS, false, p[1], p[3], p[0], p[4], p[2]);
	/* the last in the list, and the first */
	how.relative = (u32)p[2];
	assert_int_equal(attach_how(w, f->a, p[5], EGRESS, after, how), 0);
	how.relative = (u32)p[1];
	assert_int_equal(attach_how(w, f->a, p[6], EGRESS, before, how), 0);
	assert_progs(w, f->b, EGRESS, true, p[6], p[1], p[3], p[0], p[4], p[2],
		     p[5]);
}

static void test_anchors_refused(void **state) /* AT-8 */
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	u32 before = MULTI | BPF_F_BEFORE;
	u32 both = before | BPF_F_AFTER;
	int sock = world_prog(w, BPF_PROG_TYPE_CGROUP_SOCK,
			      BPF_CGROUP_INET_SOCK_CREATE, -1, -1);
	int *p = f->p;
	struct {
		u32 flags, relative;
		int err;
	} cases[] = {
		{ both, 0, -EINVAL },
		{ both, (u32)p[0], -EINVAL },
		{ MULTI, (u32)p[0], -EINVAL },
		{ MULTI | BPF_F_ID, prog_id(w, p[0]), -EINVAL },
		{ before | UAPI_F_LINK, (u32)p[0], -EINVAL },
		{ before | UAPI_F_LINK | BPF_F_ID, 1, -EINVAL },
		{ before | BPF_F_ID, 0, -ENOENT },
		{ before | BPF_F_ID, 99999, -ENOENT },
		{ before, 999, -EBADF },
		{ before, (u32)f->a, -EINVAL },
		{ before, (u32)sock, -ENOENT },
		{ before, (u32)p[7], -ENOENT },
		{ before, (u32)p[6], -ENOENT },
		{ before | BPF_F_PREORDER, (u32)p[0], -EINVAL },
	};
	char *then, *now;

	assert_int_equal(attach(w, f->a, p[0], EGRESS, MULTI), 0);
	then = world_state(w, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct how how = { .relative = cases[i].relative };

		assert_int_equal(attach_how(w, f->a, p[6], EGRESS,
					    cases[i].flags, how),
				 cases[i].err);
	}
	now = world_state(w, NULL);
	assert_string_equal(then, now);
	free(then);
	free(now);
	/* an empty list does not mind both */
	assert_int_equal(attach(w, f->b, p[1], EGRESS, both), 0);
}

/* AT-8: in the modes of one program, an anchor counts only for the first. */
static void test_anchor_single(void **state)
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	struct how how = { .relative = 777 };

	assert_int_equal(attach_how(w, f->a, f->p[0], EGRESS, BPF_F_BEFORE,
				    how),
			 -EBADF);
	assert_int_equal(attach(w, f->a, f->p[0], EGRESS, BPF_F_BEFORE), 0);
	assert_int_equal(attach_how(w, f->a, f->p[1], EGRESS,
				    BPF_F_BEFORE | BPF_F_AFTER | BPF_F_ID |
					    UAPI_F_LINK,
				    how),
			 0);
	assert_progs(w, f->a, EGRESS, false, f->p[1]);
}

static void test_revisions(void **state) /* AT-9 */
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	struct how how = { .revision = 1 };

	assert_int_equal(query(w, f->a, EGRESS).revision, 1);
	assert_int_equal(attach_how(w, f->a, f->p[0], EGRESS, MULTI, how), 0);
	assert_int_equal(query(w, f->a, EGRESS).revision, 2);
	assert_int_equal(attach_how(w, f->a, f->p[1], EGRESS, MULTI, how),
			 -ESTALE);
	assert_int_equal(detach_rev(w, f->a, f->p[0], EGRESS, 1), -ESTALE);
	how = (struct how){ .revision = 2, .replace = (u32)f->p[0] };
	assert_int_equal(attach_how(w, f->a, f->p[1], EGRESS,
				    MULTI | BPF_F_REPLACE, how),
			 0);
	assert_int_equal(query(w, f->a, EGRESS).revision, 3);
	/* a failure is no change */
	assert_int_equal(attach(w, f->a, f->p[1], EGRESS, MULTI), -EINVAL);
	assert_int_equal(detach(w, f->a, f->p[0], EGRESS), -ENOENT);
	assert_int_equal(query(w, f->a, EGRESS).revision, 3);
	assert_int_equal(detach_rev(w, f->a, f->p[1], EGRESS, 3), 0);
	/* remembered when nothing is attached; each type and cgroup its own */
	assert_int_equal(query(w, f->a, EGRESS).revision, 4);
	assert_int_equal(query(w, f->a, INGRESS).revision, 1);
	assert_int_equal(query(w, f->b, EGRESS).revision, 1);
	how = (struct how){ .revision = 1 };
	assert_int_equal(attach_how(w, f->a, f->p[0], EGRESS, MULTI, how),
			 -ESTALE);
	assert_int_equal(detach_rev(w, f->b, f->p[1], EGRESS, 2), -ESTALE);
	/* a stale revision comes before a forbidding ancestor */
	assert_int_equal(attach(w, f->a, f->p[0], EGRESS, 0), 0);
	how.revision = 5;
	assert_int_equal(attach_how(w, f->b, f->p[0], EGRESS, MULTI, how),
			 -ESTALE);
}

static void test_detach(void **state) /* AT-12 */
{
	struct fixture *f = *state;
	struct world *w = &f->w;

	assert_int_equal(detach(w, f->a, f->p[0], EGRESS), -ENOENT);
	assert_int_equal(detach(w, f->a, -1, EGRESS), -ENOENT);
	/* one program: whatever is given */
	assert_int_equal(attach(w, f->a, f->p[0], EGRESS, 0), 0);
	assert_int_equal(detach(w, f->a, f->p[1], EGRESS), 0);
	assert_int_equal(attach(w, f->a, f->p[0], EGRESS, OVERRIDE), 0);
	assert_int_equal(detach(w, f->a, 999, EGRESS), 0);
	assert_no_progs(w, f->a, EGRESS, false);
	/* many: the one */
	assert_int_equal(attach(w, f->a, f->p[0], EGRESS, MULTI), 0);
	assert_int_equal(attach(w, f->a, f->p[1], EGRESS, MULTI), 0);
	assert_int_equal(detach(w, f->a, 999, EGRESS), -EINVAL);
	assert_int_equal(detach(w, f->a, f->p[2], EGRESS), -ENOENT);
	assert_int_equal(detach(w, f->a, f->p[0], EGRESS), 0);
	assert_int_equal(detach(w, f->a, f->p[1], EGRESS), 0);
	assert_int_equal(detach(w, f->a, f->p[1], EGRESS), -ENOENT);
	assert_no_progs(w, f->b, EGRESS, true);
	/* the mode was forgotten: any other may come */
	assert_int_equal(attach(w, f->a, f->p[0], EGRESS, 0), 0);
}

static void test_detach_flags(void **state)
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	union attr attr = { .prog_attach = {
				    .target_fd = (u32)f->a,
				    .attach_bpf_fd = (u32)f->p[0],
				    .attach_type = EGRESS,
				    .attach_flags = MULTI,
			    } };

	assert_int_equal(attach(w, f->a, f->p[0], EGRESS, MULTI), 0);
	assert_int_equal(world_bpf(w, BPF_PROG_DETACH, &attr), -EINVAL);
	attr.prog_attach.attach_flags = 0;
	attr.prog_attach.relative_fd = 1;
	assert_int_equal(world_bpf(w, BPF_PROG_DETACH, &attr), -EINVAL);
	attr.prog_attach.relative_fd = 0;
	attr.prog_attach.replace_bpf_fd = 1; /* is not looked at */
	assert_int_equal(world_bpf(w, BPF_PROG_DETACH, &attr), 0);
}

static void test_query(void **state) /* AT-10 */
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	union attr attr = { .prog_query = { .target_fd = (u32)f->a,
					    .attach_type = EGRESS,
					    .prog_cnt = 3,
					    .revision = 77 } };
	struct query q;

	q = query_n(w, f->a, EGRESS, 0, 128, true);
	assert_int_equal(q.result, 0);
	assert_int_equal(q.nr, 0);
	assert_int_equal(q.revision, 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(attach(w, f->a, f->p[i], EGRESS, MULTI), 0);
	q = query_n(w, f->a, EGRESS, 0, 2, true);
	assert_int_equal(q.result, -ENOSPC);
	assert_int_equal(q.nr, 3);
	assert_int_equal(q.flags, MULTI);
	assert_int_equal(q.revision, 4);
	assert_int_equal(q.ids[1], prog_id(w, f->p[1]));
	assert_int_equal(q.ids[2], 0);
	assert_int_equal(q.prog_flags[1], MULTI);
	assert_int_equal(q.prog_flags[2], 0);
	q = query_n(w, f->b, EGRESS, BPF_F_QUERY_EFFECTIVE, 2, false);
	assert_int_equal(q.result, -ENOSPC);
	assert_int_equal(q.nr, 3);
	assert_int_equal(q.flags, 0);
	assert_int_equal(q.revision, 0);
	assert_int_equal(q.ids[1], prog_id(w, f->p[1]));
	assert_int_equal(q.ids[2], 0);
	q = query_n(w, f->b, EGRESS, BPF_F_QUERY_EFFECTIVE, 2, true);
	assert_int_equal(q.result, -EINVAL);
	assert_int_equal(q.revision, 99); /* nothing was written */
	assert_int_equal(query_n(w, f->b, EGRESS, 2, 2, true).result, -EINVAL);
	/* only the count: no array, or no room */
	assert_int_equal(query_n(w, f->a, EGRESS, 0, 0, false).result, 0);
	assert_int_equal(query_n(w, f->a, EGRESS, 0, 0, false).nr, 3);
	assert_int_equal(world_bpf(w, BPF_PROG_QUERY, &attr), 0);
	assert_int_equal(attr.prog_query.revision, 4);
	/* a caller from before revisions has no room for one */
	attr.prog_query.revision = 77;
	assert_int_equal(cgbpf_bpf(w->task, BPF_PROG_QUERY,
				   (union bpf_attr *)&attr,
				   offsetof(struct attr_prog_query, revision)),
			 0);
	assert_int_equal(attr.prog_query.revision, 77);
	attr.prog_query.prog_ids = 8;
	assert_int_equal(world_bpf(w, BPF_PROG_QUERY, &attr), -EFAULT);
}

static void test_query_lsm(void **state)
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	struct query q;

	q = query_n(w, f->a, BPF_LSM_CGROUP, 0, 2, false);
	assert_int_equal(q.result, -EINVAL);
	q = query_n(w, f->a, BPF_LSM_CGROUP, 0, 2, true);
	assert_int_equal(q.result, 0);
	assert_int_equal(q.nr, 0);
	assert_int_equal(q.revision, 0);
	q = query_n(w, f->a, BPF_LSM_CGROUP, BPF_F_QUERY_EFFECTIVE, 2, false);
	assert_int_equal(q.result, 0);
	assert_int_equal(query_n(w, 999, BPF_LSM_CGROUP, 0, 2, true).result,
			 -EBADF);
}

/* AT-15: a new cgroup has what is effective above it, with no array made. */
static void test_inherits(void **state)
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	int c;

	assert_int_equal(attach(w, f->a, f->p[0], EGRESS, MULTI), 0);
	c = world_mkdir(w, "/a/c");
	assert_progs(w, c, EGRESS, true, f->p[0]);
	assert_no_progs(w, c, EGRESS, false);
	assert_int_equal(attach(w, f->root, f->p[1], EGRESS, MULTI), 0);
	assert_progs(w, c, EGRESS, true, f->p[0], f->p[1]);
}

/* Points come in any order: above, below and between others, dying or not. */
static void test_between(void **state)
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	struct cgbpf_cgroup *b;
	int other = world_mkdir(w, "/a/other");

	assert_int_equal(attach(w, f->b, f->p[0], EGRESS, MULTI), 0);
	assert_int_equal(attach(w, other, f->p[3], EGRESS, MULTI), 0);
	assert_int_equal(attach(w, f->root, f->p[1], EGRESS, MULTI), 0);
	assert_progs(w, f->b, EGRESS, true, f->p[0], f->p[1]);
	assert_int_equal(attach(w, f->a, f->p[2], EGRESS, MULTI), 0);
	assert_progs(w, f->b, EGRESS, true, f->p[0], f->p[2], f->p[1]);
	assert_progs(w, other, EGRESS, true, f->p[3], f->p[2], f->p[1]);
	assert_int_equal(detach(w, f->root, f->p[1], EGRESS), 0);
	assert_progs(w, f->b, EGRESS, true, f->p[0], f->p[2]);
	assert_int_equal(detach(w, f->b, f->p[0], EGRESS), 0);
	assert_int_equal(attach(w, f->root, f->p[4], EGRESS, MULTI), 0);
	assert_progs(w, f->b, EGRESS, true, f->p[2], f->p[4]);
	/* a dying cgroup below is changed with the others */
	assert_int_equal(attach(w, f->b, f->p[0], INGRESS, MULTI), 0);
	assert_int_equal(cgbpf_cgroup_get(w->env, "/a/b", &b), 0);
	assert_int_equal(cgroup_hold(b), 0);
	assert_int_equal(cgbpf_cgroup_remove(b), 0);
	assert_int_equal(attach(w, f->a, f->p[5], INGRESS, MULTI), 0);
	rcu_read_lock();
	assert_int_equal(cgroup_effective(b, ATYPE_INET_INGRESS)->nr, 2);
	rcu_read_unlock();
	cgroup_unhold(b);
	cgbpf_cgroup_put(b);
	assert_int_equal(attach(w, f->root, f->p[6], INGRESS, MULTI), 0);
	assert_progs(w, other, INGRESS, true, f->p[5], f->p[6]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_no_flag),	  TEST(test_override),
		TEST(test_multi),	  TEST(test_flag_combinations),
		TEST(test_mode_is_kept),  TEST(test_nearest_ancestor),
		TEST(test_replace),	  TEST(test_full),
		TEST(test_fits),	  TEST(test_bad_fds),
		TEST(test_removed),	  TEST(test_uapi_example),
		TEST(test_preorder),	  TEST(test_same_program_everywhere),
		TEST(test_anchors),	  TEST(test_anchors_refused),
		TEST(test_anchor_single), TEST(test_revisions),
		TEST(test_detach),	  TEST(test_detach_flags),
		TEST(test_query),	  TEST(test_query_lsm),
		TEST(test_inherits),	  TEST(test_between),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
