/* SPDX-License-Identifier: BSD-2-Clause */
/* Cgroup links: AT-8, AT-9, AT-13, AT-14, CS-21, KB-4, KB-9 */
#include "cgroup_world.h"

#include "cgroup/cgroup.h"
#include "object/bpffs.h"

struct fixture {
	struct world w;
	int root, a, b; /* fds of "/", "/a", "/a/b" */
	int p[6];
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

static void test_create(void **state) /* AT-13 */
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	struct info_link info;
	int link, again;

	link = link_to(w, f->a, f->p[0], EGRESS);
	assert_true(link >= 0);
	assert_int_equal(query(w, f->a, EGRESS).flags, MULTI);
	assert_int_equal(query(w, f->a, EGRESS).revision, 2);
	assert_progs(w, f->b, EGRESS, true, f->p[0]);
	info = link_info(w, link);
	assert_int_equal(info.type, BPF_LINK_TYPE_CGROUP);
	assert_int_equal(info.prog_id, prog_id(w, f->p[0]));
	assert_int_equal(info.cgroup.cgroup_id,
			 key_of(w, "/a", 0).cgroup_inode_id);
	assert_int_equal(info.cgroup.attach_type, EGRESS);
	/* the program may be there again: by another link, and directly */
	again = link_to(w, f->a, f->p[0], EGRESS);
	assert_true(again >= 0);
	assert_int_equal(attach(w, f->a, f->p[0], EGRESS, MULTI), 0);
	assert_progs(w, f->a, EGRESS, false, f->p[0], f->p[0], f->p[0]);
	/* PROG_DETACH means the direct one */
	assert_int_equal(detach(w, f->a, f->p[0], EGRESS), 0);
	assert_int_equal(detach(w, f->a, f->p[0], EGRESS), -ENOENT);
	assert_int_equal(query(w, f->a, EGRESS).nr, 2);
}

static void test_refused(void **state) /* AT-2, AT-4, AT-13 */
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	static const u32 bad[] = { MULTI, OVERRIDE, BPF_F_REPLACE, 1u << 7 };
	struct how none = { 0 };
	char *then, *now;

	assert_int_equal(attach(w, f->a, f->p[0], EGRESS, OVERRIDE), 0);
	then = world_state(w, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(link_how(w, f->b, f->p[0], EGRESS, bad[i],
					  none),
				 -EINVAL);
	assert_int_equal(link_to(w, f->a, f->p[1], EGRESS), -EPERM);
	assert_int_equal(link_to(w, 999, f->p[1], EGRESS), -EBADF);
	assert_int_equal(link_to(w, f->p[1], f->p[1], EGRESS), -EBADF);
	assert_int_equal(link_to(w, f->a, 999, EGRESS), -EBADF);
	assert_int_equal(link_to(w, f->a, f->a, EGRESS), -EINVAL);
	now = world_state(w, NULL);
	assert_string_equal(then, now);
	free(then);
	free(now);
}

static void test_close(void **state) /* AT-13 */
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	int link, copy;

	link = link_to(w, f->a, f->p[0], EGRESS);
	copy = cgbpf_dup(w->task, link);
	assert_int_equal(cgbpf_close(w->task, link), 0);
	assert_progs(w, f->b, EGRESS, true, f->p[0]);
	assert_int_equal(cgbpf_close(w->task, copy), 0);
	assert_no_progs(w, f->b, EGRESS, true);
	assert_int_equal(query(w, f->a, EGRESS).revision, 3);
}

static void test_detach(void **state) /* AT-13 */
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	int link = link_to(w, f->a, f->p[0], EGRESS);

	assert_int_equal(link_detach(w, link), 0);
	assert_no_progs(w, f->a, EGRESS, true);
	assert_int_equal(query(w, f->a, EGRESS).revision, 3);
	assert_int_equal(link_info(w, link).cgroup.cgroup_id, 0);
	assert_int_equal(link_info(w, link).cgroup.attach_type, EGRESS);
	assert_int_equal(link_info(w, link).prog_id, prog_id(w, f->p[0]));
	assert_int_equal(link_update(w, link, f->p[1], 0, 0), -ENOLINK);
	assert_int_equal(link_detach(w, link), 0);
	assert_int_equal(cgbpf_close(w->task, link), 0);
	assert_int_equal(query(w, f->a, EGRESS).revision, 3);
	assert_int_equal(link_detach(w, 999), -EBADF);
	assert_int_equal(link_detach(w, f->p[0]), -EINVAL);
}

/* AT-13, AT-15: the link of a removed cgroup is defunct when it is released. */
static void test_removed(void **state)
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	int link = link_to(w, f->b, f->p[0], EGRESS);
	struct cgbpf_cgroup *b;
	u64 id;

	assert_int_equal(cgbpf_cgroup_get(w->env, "/a/b", &b), 0);
	id = cgbpf_cgroup_id(b);
	assert_int_equal(cgroup_hold(b), 0);
	assert_int_equal(cgbpf_cgroup_remove(b), 0);
	/* a socket still runs it */
	assert_int_equal(link_info(w, link).cgroup.cgroup_id, id);
	assert_int_equal(link_update(w, link, f->p[1], 0, 0), 0);
	cgroup_unhold(b);
	assert_int_equal(link_info(w, link).cgroup.cgroup_id, 0);
	assert_int_equal(link_update(w, link, f->p[2], 0, 0), -ENOLINK);
	assert_int_equal(link_info(w, link).prog_id, prog_id(w, f->p[1]));
	assert_int_equal(link_detach(w, link), 0);
	cgbpf_cgroup_put(b);
}

static void test_update(void **state) /* AT-9, AT-14, KB-9 */
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	int *p = f->p, link, other;

	/* the same program also directly, by a second link, and below */
	assert_int_equal(attach(w, f->a, p[0], EGRESS, MULTI), 0);
	link = link_how(w, f->a, p[0], EGRESS, BPF_F_PREORDER,
			(struct how){ 0 });
	other = link_to(w, f->a, p[0], EGRESS);
	assert_int_equal(attach(w, f->b, p[0], EGRESS, MULTI), 0);
	assert_int_equal(link_update(w, link, p[1], 0, 0), 0);
	assert_progs(w, f->a, EGRESS, true, p[1], p[0], p[0]);
	assert_progs(w, f->b, EGRESS, true, p[1], p[0], p[0], p[0]);
	assert_int_equal(query(w, f->a, EGRESS).revision, 5);
	assert_int_equal(link_update(w, other, p[2], 0, 0), 0);
	assert_progs(w, f->b, EGRESS, true, p[1], p[0], p[0], p[2]);
	assert_progs(w, f->a, EGRESS, false, p[0], p[1], p[2]);
	assert_int_equal(link_info(w, link).prog_id, prog_id(w, p[1]));
	/* by itself */
	assert_int_equal(link_update(w, link, p[1], 0, 0), 0);
	assert_int_equal(query(w, f->a, EGRESS).revision, 7);
	/* below an overriding program it is nowhere to be seen (KB-11) */
	assert_int_equal(detach(w, f->b, p[0], EGRESS), 0);
	assert_int_equal(attach(w, f->b, p[3], EGRESS, 0), 0);
	assert_int_equal(link_update(w, link, p[4], 0, 0), 0);
	assert_progs(w, f->b, EGRESS, true, p[4], p[3], p[0], p[2]);
}

static void test_update_refused(void **state) /* AT-14 */
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	int sock = world_prog(w, BPF_PROG_TYPE_CGROUP_SOCK,
			      BPF_CGROUP_INET_SOCK_CREATE, -1, -1);
	int link = link_to(w, f->a, f->p[0], EGRESS);
	u32 replace = BPF_F_REPLACE;
	char *then, *now;

	then = world_state(w, NULL);
	assert_int_equal(link_update(w, link, f->p[1], replace, f->p[2]),
			 -EPERM);
	assert_int_equal(link_update(w, link, f->p[1], replace, 999), -EBADF);
	assert_int_equal(link_update(w, link, f->p[1], 0, f->p[0]), -EINVAL);
	assert_int_equal(link_update(w, link, f->p[1], MULTI, 0), -EINVAL);
	assert_int_equal(link_update(w, link, sock, 0, 0), -EINVAL);
	/* which check comes first */
	assert_int_equal(link_update(w, link, sock, replace, f->p[2]), -EPERM);
	assert_int_equal(link_update(w, 999, 998, 0, 0), -EBADF);
	assert_int_equal(link_update(w, f->a, f->p[1], 0, 0), -EINVAL);
	assert_int_equal(link_update(w, link, 999, 0, f->p[0]), -EBADF);
	assert_int_equal(link_update(w, link, f->a, 0, 0), -EINVAL);
	now = world_state(w, NULL);
	assert_string_equal(then, now);
	free(then);
	free(now);
	assert_int_equal(link_update(w, link, f->p[1], replace, f->p[0]), 0);
}

/* CS-21, KB-4: other storage maps would need storages the link has not. */
static void test_update_storages(void **state)
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	u32 skb = BPF_PROG_TYPE_CGROUP_SKB;
	int m[2], pcpu, none, with, same, other, cpu, both, link;
	char *then, *now;

	m[0] = world_map(w, BPF_MAP_TYPE_CGROUP_STORAGE, 8, 8);
	m[1] = world_map(w, BPF_MAP_TYPE_CGROUP_STORAGE, 8, 8);
	pcpu = world_map(w, BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, 8, 8);
	none = f->p[0];
	with = world_prog(w, skb, 0, m[0], -1);
	same = world_prog(w, skb, 0, m[0], -1);
	other = world_prog(w, skb, 0, m[1], -1);
	cpu = world_prog(w, skb, 0, -1, pcpu);
	both = world_prog(w, skb, 0, m[0], pcpu);

	link = link_to(w, f->a, none, EGRESS);
	then = world_state(w, (int[]){ m[0], m[1], pcpu, -1 });
	assert_int_equal(link_update(w, link, with, 0, 0), -EINVAL);
	assert_int_equal(link_update(w, link, cpu, 0, 0), -EINVAL);
	now = world_state(w, (int[]){ m[0], m[1], pcpu, -1 });
	assert_string_equal(then, now);
	free(then);
	free(now);
	cgbpf_close(w->task, link);

	link = link_to(w, f->a, with, EGRESS);
	then = world_state(w, (int[]){ m[0], m[1], pcpu, -1 });
	assert_int_equal(link_update(w, link, other, 0, 0), -EINVAL);
	assert_int_equal(link_update(w, link, cpu, 0, 0), -EINVAL);
	assert_int_equal(link_update(w, link, both, 0, 0), -EINVAL);
	now = world_state(w, (int[]){ m[0], m[1], pcpu, -1 });
	assert_string_equal(then, now);
	free(then);
	free(now);
	assert_int_equal(link_update(w, link, same, 0, 0), 0);
	/* a program without any needs none, and there is no way back */
	assert_int_equal(link_update(w, link, none, 0, 0), 0);
	assert_int_equal(link_update(w, link, with, 0, 0), -EINVAL);
	assert_int_equal(map_count(w, m[0]), 1);
}

static void test_anchors(void **state) /* AT-8: links as links */
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	u32 before = BPF_F_BEFORE, after = BPF_F_AFTER, link = UAPI_F_LINK;
	struct how how = { 0 };
	int *p = f->p, first, l;

	first = link_to(w, f->a, p[0], EGRESS);
	how.relative = (u32)first;
	assert_true(link_how(w, f->a, p[1], EGRESS, before | link, how) >= 0);
	how.relative = link_info(w, first).id;
	assert_true(link_how(w, f->a, p[2], EGRESS, after | link | BPF_F_ID,
			     how) >= 0);
	assert_true(link_how(w, f->a, p[3], EGRESS, before,
			     (struct how){ 0 }) >= 0);
	assert_progs(w, f->a, EGRESS, false, p[3], p[1], p[0], p[2]);
	/* a program is no anchor for a link, a link none for a program */
	how.relative = (u32)p[0];
	assert_int_equal(link_how(w, f->a, p[4], EGRESS, before, how), -EINVAL);
	how.relative = prog_id(w, p[0]);
	assert_int_equal(link_how(w, f->a, p[4], EGRESS, before | BPF_F_ID,
				  how),
			 -EINVAL);
	how.relative = (u32)first;
	assert_int_equal(attach_how(w, f->a, p[4], EGRESS,
				    MULTI | before | link, how),
			 -EINVAL);
	/* nor is the program of a link one for a program */
	how.relative = (u32)p[0];
	assert_int_equal(attach_how(w, f->a, p[4], EGRESS, MULTI | before, how),
			 -ENOENT);
	/* no anchor, no such link, not a link, not in this list */
	how.relative = 0;
	assert_int_equal(link_how(w, f->a, p[4], EGRESS, before | link, how),
			 -EINVAL);
	assert_int_equal(link_how(w, f->a, p[4], EGRESS,
				  before | link | BPF_F_ID, how),
			 -ENOENT);
	how.relative = 999;
	assert_int_equal(link_how(w, f->a, p[4], EGRESS, before | link, how),
			 -EBADF);
	how.relative = (u32)p[0];
	assert_int_equal(link_how(w, f->a, p[4], EGRESS, before | link, how),
			 -EINVAL);
	how.relative = (u32)first;
	assert_int_equal(link_how(w, f->b, p[4], EGRESS, before | link, how),
			 -ENOENT);
	assert_int_equal(link_how(w, f->a, p[4], EGRESS,
				  before | link | BPF_F_PREORDER, how),
			 -EINVAL);
	/* a defunct one is in no list */
	l = link_to(w, f->a, p[5], EGRESS);
	assert_int_equal(link_detach(w, l), 0);
	how.relative = (u32)l;
	assert_int_equal(link_how(w, f->a, p[4], EGRESS, before | link, how),
			 -ENOENT);
	assert_int_equal(query(w, f->a, EGRESS).nr, 4);
}

static void test_revision(void **state) /* AT-9 */
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	struct how how = { .revision = 1 };

	assert_true(link_how(w, f->a, f->p[0], EGRESS, 0, how) >= 0);
	assert_int_equal(link_how(w, f->a, f->p[1], EGRESS, 0, how), -ESTALE);
	how.revision = 2;
	assert_true(link_how(w, f->a, f->p[1], EGRESS, 0, how) >= 0);
}

/* AT-13: a pin holds a link. */
static void test_pinned(void **state)
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	const char *path = BPFFS_ROOT "/link";
	int link = link_to(w, f->a, f->p[0], EGRESS);
	union attr attr = { .obj = { .pathname = ptr_to_u64(path),
				     .bpf_fd = (u32)link } };

	assert_int_equal(world_bpf(w, BPF_OBJ_PIN, &attr), 0);
	assert_int_equal(cgbpf_close(w->task, link), 0);
	assert_progs(w, f->b, EGRESS, true, f->p[0]);
	assert_int_equal(cgbpf_bpffs_remove(w->env, path), 0);
	assert_no_progs(w, f->b, EGRESS, true);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_create),	   TEST(test_refused),
		TEST(test_close),	   TEST(test_detach),
		TEST(test_removed),	   TEST(test_update),
		TEST(test_update_refused), TEST(test_update_storages),
		TEST(test_anchors),	   TEST(test_revision),
		TEST(test_pinned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
