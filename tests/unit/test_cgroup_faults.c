/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Failing allocations: each operation with its 1st, 2nd, ... allocation
 * refused.  Whatever fails changes nothing that can be seen, and leaks nothing
 * (CS-17, AT-11); what may not fail does not (AT-11, AT-14, KB-10).
 */
#include "cgroup_world.h"

#include "cgroup/cgroup.h"

#ifdef CGBPF_FAULTS

#define SKB BPF_PROG_TYPE_CGROUP_SKB

/*
 * A world in which a change anywhere concerns arrays in several places:
 * "/" MULTI, "/a" OVERRIDE, "/a/b" MULTI, "/c" nothing, "/a/b/d" MULTI.
 */
struct fixture {
	struct world w;
	int root, a, b, c, d;
	int plain[4], stored[2];
	int maps[4]; /* isolated, shared, per-CPU, -1 */
	int link;    /* at "/a/b" */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct world *w = &f->w;

	assert_non_null(f);
	world_new(w, CGBPF_STORAGE_SHARED);
	f->root = world_open(w, "/");
	f->a = world_mkdir(w, "/a");
	f->b = world_mkdir(w, "/a/b");
	f->c = world_mkdir(w, "/c");
	f->d = world_mkdir(w, "/a/b/d");
	f->maps[0] = world_map(w, BPF_MAP_TYPE_CGROUP_STORAGE, 16, 8);
	f->maps[1] = world_map(w, BPF_MAP_TYPE_CGROUP_STORAGE, 8, 8);
	f->maps[2] = world_map(w, BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, 8, 8);
	f->maps[3] = -1;
	for (size_t i = 0; i < ARRAY_SIZE(f->plain); i++)
		f->plain[i] = world_skb(w);
	f->stored[0] = world_prog(w, SKB, 0, f->maps[0], f->maps[2]);
	f->stored[1] = world_prog(w, SKB, 0, f->maps[1], f->maps[2]);
	assert_int_equal(attach(w, f->root, f->plain[0], EGRESS, MULTI), 0);
	assert_int_equal(attach(w, f->a, f->plain[1], EGRESS, OVERRIDE), 0);
	assert_int_equal(attach(w, f->b, f->plain[2], EGRESS, MULTI), 0);
	f->link = link_to(w, f->b, f->stored[0], EGRESS);
	assert_true(f->link >= 0);
	assert_int_equal(attach(w, f->d, f->plain[0], EGRESS,
				MULTI | BPF_F_PREORDER),
			 0);
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

typedef int operation(struct fixture *f);

/*
 * Runs @op with each of its allocations failing, until none does.  Returns
 * what it then returned; how many failures there were is at least @least.
 */
static int fail_each(struct fixture *f, operation *op, unsigned long least)
{
	char *then = world_state(&f->w, f->maps);
	unsigned long nth = 0;
	long live;
	int ret;

	cgbpf_env_sync(f->w.env);
	live = mem_live();
	for (;;) {
		char *now;

		mem_fault_set(++nth);
		ret = op(f);
		if (!mem_fault_fired())
			break;
		assert_int_equal(ret, -ENOMEM);
		now = world_state(&f->w, f->maps);
		assert_string_equal(now, then);
		free(now);
		cgbpf_env_sync(f->w.env);
		assert_int_equal(mem_live(), live);
	}
	free(then);
	assert_true(nth > least);
	return ret;
}

static int op_attach_first(struct fixture *f)
{
	return attach(&f->w, f->c, f->stored[1], INGRESS, MULTI);
}

static int op_attach_root(struct fixture *f)
{
	return attach(&f->w, f->root, f->stored[1], EGRESS,
		      MULTI | BPF_F_BEFORE);
}

static int op_attach_anchored(struct fixture *f)
{
	struct how how = { .relative = (u32)f->plain[2] };

	return attach_how(&f->w, f->b, f->stored[0], EGRESS,
			  MULTI | BPF_F_BEFORE, how);
}

static int op_replace(struct fixture *f)
{
	struct how how = { .replace = (u32)f->plain[0] };

	return attach_how(&f->w, f->root, f->stored[1], EGRESS,
			  MULTI | BPF_F_REPLACE | BPF_F_PREORDER, how);
}

static int op_replace_single(struct fixture *f)
{
	return attach(&f->w, f->a, f->stored[1], EGRESS, OVERRIDE);
}

static int op_link(struct fixture *f)
{
	return link_to(&f->w, f->root, f->stored[1], EGRESS);
}

static int op_link_first(struct fixture *f)
{
	return link_to(&f->w, f->c, f->stored[0], INGRESS);
}

static int op_query(struct fixture *f)
{
	return query_n(&f->w, f->d, EGRESS, 0, 8, false).result;
}

static int op_query_effective(struct fixture *f)
{
	return query_n(&f->w, f->d, EGRESS, BPF_F_QUERY_EFFECTIVE, 8, false)
		.result;
}

static int op_attach_between(struct fixture *f)
{
	return attach(&f->w, f->a, f->stored[1], INGRESS, MULTI);
}

static int op_open(struct fixture *f)
{
	struct cgbpf_cgroup *c;
	int fd;

	assert_int_equal(cgbpf_cgroup_get(f->w.env, "/c", &c), 0);
	fd = cgbpf_cgroup_open(f->w.task, c);
	cgbpf_cgroup_put(c);
	return fd;
}

static int op_write(struct fixture *f)
{
	struct bpf_cgroup_storage_key key = key_of(&f->w, "/a/b", EGRESS);
	u64 value = 77;

	return map_write(&f->w, f->maps[0], &key, &value, BPF_ANY);
}

static int each_nothing(void *data, struct cgbpf_cgroup *cgroup)
{
	(void)data;
	(void)cgroup;
	return 0;
}

static int op_each(struct fixture *f)
{
	return cgbpf_cgroup_each(f->w.env, each_nothing, NULL);
}

/* point, points, entry, two storages of two parts, array */
static void test_attach_first(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fail_each(f, op_attach_first, 7), 0);
	assert_progs(&f->w, f->c, INGRESS, true, f->stored[1]);
}

/* one array for each point below */
static void test_attach_root(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fail_each(f, op_attach_root, 8), 0);
	assert_progs(&f->w, f->d, EGRESS, true, f->plain[0], f->plain[2],
		     f->stored[0], f->stored[1], f->plain[0]);
}

static void test_attach_anchored(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fail_each(f, op_attach_anchored, 2), 0);
	assert_progs(&f->w, f->b, EGRESS, false, f->stored[0], f->plain[2],
		     f->stored[0]);
}

/* A new point between others, taken back, leaves them as they were. */
static void test_attach_between(void **state)
{
	struct fixture *f = *state;
	struct world *w = &f->w;

	assert_int_equal(attach(w, f->root, f->plain[0], INGRESS, MULTI), 0);
	assert_int_equal(attach(w, f->b, f->plain[1], INGRESS, MULTI), 0);
	assert_int_equal(attach(w, f->d, f->plain[2], INGRESS, MULTI), 0);
	assert_int_equal(fail_each(f, op_attach_between, 9), 0);
	assert_progs(w, f->d, INGRESS, true, f->plain[2], f->plain[1],
		     f->stored[1], f->plain[0]);
	assert_int_equal(detach(w, f->root, f->plain[0], INGRESS), 0);
	assert_progs(w, f->d, INGRESS, true, f->plain[2], f->plain[1],
		     f->stored[1]);
}

static void test_replace(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fail_each(f, op_replace, 8), 0);
	assert_progs(&f->w, f->d, EGRESS, true, f->stored[1], f->plain[0],
		     f->plain[2], f->stored[0]);
	cgbpf_env_sync(f->w.env);
	assert_int_equal(fail_each(f, op_replace_single, 5), 0);
	assert_progs(&f->w, f->a, EGRESS, false, f->stored[1]);
}

static void test_link(void **state)
{
	struct fixture *f = *state;
	int link;

	link = fail_each(f, op_link, 8);
	assert_true(link >= 0);
	assert_progs(&f->w, f->a, EGRESS, true, f->plain[1], f->plain[0],
		     f->stored[1]);
	assert_true(fail_each(f, op_link_first, 7) >= 0);
}

static void test_query(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fail_each(f, op_query, 1), 0);
	assert_int_equal(fail_each(f, op_query_effective, 1), 0);
	assert_int_equal(fail_each(f, op_each, 1), 0);
	assert_true(fail_each(f, op_open, 1) >= 0);
}

static void test_write(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fail_each(f, op_write, 1), 0);
}

/* How many slots of a cgroup's array have no program any more. */
static u32 empty_slots(struct fixture *f, const char *path)
{
	const struct effective *effective;
	struct cgbpf_cgroup *cgroup;
	u32 nr = 0;

	assert_int_equal(cgbpf_cgroup_get(f->w.env, path, &cgroup), 0);
	effective = cgroup_effective(cgroup, ATYPE_INET_EGRESS);
	for (u32 i = 0; effective && i < effective->nr; i++)
		nr += !effective_prog(&effective->items[i]);
	cgbpf_cgroup_put(cgroup);
	return nr;
}

/*
 * AT-11, KB-10: a detach without any memory is as good as one with.  The same
 * detach is done in a world with memory, and all that can be seen compared.
 */
static void detach_without_memory(operation *op)
{
	void *with, *without;
	char *text[2];

	setup(&with);
	setup(&without);
	assert_int_equal(op(with), 0);
	mem_fault_set(1);
	assert_int_equal(op(without), 0);
	mem_fault_fired();
	text[0] = world_state(&((struct fixture *)with)->w, NULL);
	text[1] = world_state(&((struct fixture *)without)->w, NULL);
	assert_string_equal(text[0], text[1]);
	free(text[0]);
	free(text[1]);
	assert_int_equal(empty_slots(with, "/a/b/d"), 0);
	teardown(&with);
	teardown(&without);
}

static int op_detach_root(struct fixture *f)
{
	return detach(&f->w, f->root, f->plain[0], EGRESS);
}

static int op_detach_override(struct fixture *f)
{
	return detach(&f->w, f->a, -1, EGRESS);
}

static int op_detach_leaf(struct fixture *f)
{
	return detach(&f->w, f->d, f->plain[0], EGRESS);
}

static int op_close_link(struct fixture *f)
{
	return cgbpf_close(f->w.task, f->link);
}

static int op_detach_link(struct fixture *f)
{
	return link_detach(&f->w, f->link);
}

static int op_detach_all(struct fixture *f)
{
	int err = 0;

	mem_fault_set(1);
	err |= op_detach_root(f);
	mem_fault_set(1);
	err |= detach(&f->w, f->b, f->plain[2], EGRESS);
	mem_fault_set(1);
	err |= op_detach_leaf(f);
	mem_fault_set(1);
	err |= op_close_link(f);
	mem_fault_set(1);
	err |= op_detach_override(f);
	mem_fault_set(0);
	return err;
}

static void test_detach(void **state)
{
	(void)state;
	detach_without_memory(op_detach_root);
	detach_without_memory(op_detach_override);
	detach_without_memory(op_detach_leaf);
	detach_without_memory(op_close_link);
	detach_without_memory(op_detach_link);
	detach_without_memory(op_detach_all);
}

/* An empty slot is skipped, counted nowhere, and gone with the next change. */
static void test_empty_slots(void **state)
{
	struct fixture *f = *state;
	struct world *w = &f->w;

	mem_fault_set(1);
	assert_int_equal(op_detach_root(f), 0);
	assert_true(mem_fault_fired());
	assert_int_equal(empty_slots(f, "/a/b/d"), 1);
	assert_progs(w, f->d, EGRESS, true, f->plain[0], f->plain[2],
		     f->stored[0]);
	/* a new entry may lie where the old one did (KB-9) */
	assert_int_equal(attach(w, f->d, f->plain[1], EGRESS, MULTI), 0);
	assert_int_equal(empty_slots(f, "/a/b/d"), 0);
	assert_int_equal(empty_slots(f, "/a/b"), 1);
	assert_int_equal(attach(w, f->root, f->plain[3], EGRESS, MULTI), 0);
	assert_int_equal(empty_slots(f, "/a/b"), 0);
	assert_progs(w, f->b, EGRESS, true, f->plain[2], f->stored[0],
		     f->plain[3]);
}

/* r0 = @verdict; exit: loaded as any other, so that it runs. */
static int load_skb(struct world *w, int verdict)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = verdict },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union attr attr = { .prog_load = {
				    .prog_type = BPF_PROG_TYPE_CGROUP_SKB,
				    .insn_cnt = ARRAY_SIZE(insns),
				    .insns = ptr_to_u64(insns),
				    .license = ptr_to_u64("BSD"),
			    } };
	int fd = world_bpf(w, BPF_PROG_LOAD, &attr);

	assert_true(fd >= 0);
	return fd;
}

/* KB-10: an event runs what is left, and only that. */
static void test_event_after_detach(void **state)
{
	u8 data[64] = { 0x45 };
	struct cgbpf_packet packet = {
		.size = sizeof(packet),
		.data = data,
		.len = sizeof(data),
		.protocol = 0x0800,
	};
	struct cgbpf_verdict verdict = { 0 };
	struct cgbpf_cgroup *c;
	struct fixture *f = *state;
	struct world *w = &f->w;
	int pass = load_skb(w, 1), drop = load_skb(w, 0);

	assert_int_equal(attach(w, f->c, pass, INGRESS, MULTI), 0);
	assert_int_equal(attach(w, f->c, drop, INGRESS, MULTI), 0);
	assert_int_equal(cgbpf_cgroup_get(w->env, "/c", &c), 0);
	assert_int_equal(
		cgbpf_run_skb(c, NULL, INGRESS, &packet, NULL, &verdict), 0);
	assert_int_equal(verdict.error, -EPERM);
	assert_int_equal(verdict.ran, 2);
	mem_fault_set(1);
	assert_int_equal(detach(w, f->c, drop, INGRESS), 0);
	assert_true(mem_fault_fired());
	assert_int_equal(
		cgbpf_run_skb(c, NULL, INGRESS, &packet, NULL, &verdict), 0);
	assert_int_equal(verdict.error, 0);
	assert_int_equal(verdict.ran, 1);
	cgbpf_cgroup_put(c);
}

/* AT-14: nor does an update of a link need memory. */
static void test_link_update(void **state)
{
	struct fixture *f = *state;

	mem_fault_set(1);
	assert_int_equal(link_update(&f->w, f->link, f->plain[3], 0, 0), 0);
	assert_false(mem_fault_fired());
	assert_progs(&f->w, f->d, EGRESS, true, f->plain[0], f->plain[2],
		     f->plain[3], f->plain[0]);
}

/* Nor the removal of a cgroup, nor the release of what it had. */
static void test_remove(void **state)
{
	struct fixture *f = *state;
	struct cgbpf_cgroup *d;

	assert_int_equal(cgbpf_cgroup_get(f->w.env, "/a/b/d", &d), 0);
	mem_fault_set(1);
	assert_int_equal(cgbpf_cgroup_remove(d), 0);
	assert_false(mem_fault_fired());
	assert_int_equal(d->state, CGROUP_RELEASED);
	cgbpf_cgroup_put(d);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_attach_first),
		TEST(test_attach_root),
		TEST(test_attach_anchored),
		TEST(test_attach_between),
		TEST(test_replace),
		TEST(test_link),
		TEST(test_query),
		TEST(test_write),
		cmocka_unit_test(test_detach),
		TEST(test_empty_slots),
		TEST(test_event_after_detach),
		TEST(test_link_update),
		TEST(test_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
	puts("skipped: this build cannot make allocations fail");
	return 77;
}

#endif
