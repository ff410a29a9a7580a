/* SPDX-License-Identifier: BSD-2-Clause */
/* The rules of storage maps that can be seen through bpf(2): CS-n. */
#include "btf_text.h"
#include "directed.h"

#define SHARED BPF_MAP_TYPE_CGROUP_STORAGE
#define PERCPU BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE
#define EGRESS BPF_CGROUP_INET_EGRESS
#define INGRESS BPF_CGROUP_INET_INGRESS

static const u32 types[] = { SHARED, PERCPU };

#define EACH_TYPE(t) \
	for (size_t t##_i = 0, t = types[0]; t##_i < 2; t = types[++t##_i & 1])

static void cs2_key_size(void **state)
{
	(void)state;
	EACH_TYPE(type)
	{
		for (u32 key = 0; key <= 20; key++) {
			int ret;

			ls_doing(ls, "type %zu key %u", type, key);
			ret = ls_map(ls, (u32)type, key, 8, 0, 0);
			assert_int_equal(ret >= 0, key == 8 || key == 16);
			if (ret < 0)
				assert_int_equal(ret, -EINVAL);
		}
	}
}

static void cs3_value_size(void **state)
{
	static const u32 sizes[] = { 0,		1,	4,	    7,
				     8,		9,	4096,	    32767,
				     32768,	32769,	65535,	    65536,
				     65537,	131072, 0x7fffffff, 0xfffffff8,
				     0xffffffff };

	(void)state;
	EACH_TYPE(type)
	{
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			ls_doing(ls, "type %zu value %u", type, sizes[i]);
			assert_int_not_equal(ls_map(ls, (u32)type, 16, sizes[i],
						    0, 0),
					     LS_DIFF);
		}
		FAILS(EINVAL, ls_map(ls, (u32)type, 16, 0, 0, 0));
		FAILS(E2BIG, ls_map(ls, (u32)type, 16, 0x7fffffff, 0, 0));
	}
	MUST(ls_map(ls, PERCPU, 8, 32768, 0, 0));
	FAILS(E2BIG, ls_map(ls, PERCPU, 8, 32769, 0, 0));
}

/* The exact largest value, wherever it is: bisected in both worlds. */
static void cs3_largest_value(void **state)
{
	u32 lo = 1, hi = 0x10000000;

	(void)state;
	while (lo + 1 < hi) {
		u32 mid = lo + (hi - lo) / 2;
		int ret;

		ls_doing(ls, "value %u", mid);
		ret = ls_map(ls, SHARED, 16, mid, 0, 0);
		if (ret >= 0)
			OK(ls_close_handle(ls, ret));
		if (ret >= 0)
			lo = mid;
		else
			hi = mid;
	}
}

static void cs4_max_entries(void **state)
{
	(void)state;
	EACH_TYPE(type)
	{
		MUST(ls_map(ls, (u32)type, 16, 8, 0, 0));
		FAILS(EINVAL, ls_map(ls, (u32)type, 16, 8, 1, 0));
		FAILS(EINVAL, ls_map(ls, (u32)type, 8, 8, 0xffffffff, 0));
	}
}

static void cs5_flags(void **state)
{
	(void)state;
	EACH_TYPE(type)
	{
		for (u32 bit = 0; bit < 32; bit++) {
			ls_doing(ls, "type %zu flag %#x", type, 1u << bit);
			/* numa_node is 0 */
			assert_int_not_equal(ls_map(ls, (u32)type, 16, 8, 0,
						    1u << bit),
					     LS_DIFF);
		}
		MUST(ls_map(ls, (u32)type, 16, 8, 0, BPF_F_RDONLY_PROG));
		MUST(ls_map(ls, (u32)type, 16, 8, 0, BPF_F_WRONLY_PROG));
		FAILS(EINVAL, ls_map(ls, (u32)type, 16, 8, 0,
				     BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG));
		FAILS(EINVAL, ls_map(ls, (u32)type, 16, 8, 0,
				     BPF_F_RDONLY | BPF_F_WRONLY));
		FAILS(EINVAL,
		      ls_map(ls, (u32)type, 16, 8, 0, BPF_F_NO_PREALLOC));
		FAILS(EINVAL, ls_map(ls, (u32)type, 16, 8, 0, BPF_F_MMAPABLE));
	}
}

static void cs7_many_programs_one_map(void **state)
{
	(void)state;
	for (int percpu = 0; percpu < 2; percpu++) {
		int map = MUST(ls_storage_map(ls, percpu, false));

		for (int i = 0; i < 5; i++)
			MUST(ls_prog_count(ls, EGRESS, map, 1));
	}
}

#define GET(map) MOVI(R2, 0), LDMAP(R1, map), CALL(get_local_storage)

static void cs8_one_map_of_each_type(void **state)
{
	int a = MUST(ls_storage_map(ls, false, false));
	int b = MUST(ls_storage_map(ls, false, true));
	int c = MUST(ls_storage_map(ls, true, false));
	int d = MUST(ls_storage_map(ls, true, true));
	const u32 skb = BPF_PROG_TYPE_CGROUP_SKB;

	(void)state;
	MUST(LS_PROG(ls, skb, 0, GET(a), GET(a), MOVI(R0, 1), EXIT()));
	MUST(LS_PROG(ls, skb, 0, GET(a), GET(c), MOVI(R0, 1), EXIT()));
	MUST(LS_PROG(ls, skb, 0, GET(d), GET(b), MOVI(R0, 1), EXIT()));
	FAILS(EBUSY, LS_PROG(ls, skb, 0, GET(a), GET(b), MOVI(R0, 1), EXIT()));
	FAILS(EBUSY, LS_PROG(ls, skb, 0, GET(c), GET(d), MOVI(R0, 1), EXIT()));
	/* naming a map is using it */
	FAILS(EBUSY, LS_PROG(ls, skb, 0, LDMAP(R1, a), LDMAP(R1, b),
			     MOVI(R0, 1), EXIT()));
}

static void cs9_helper_arguments(void **state)
{
	int map = MUST(ls_storage_map(ls, false, false));
	int array = MUST(ls_map(ls, BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0));
	const u32 skb = BPF_PROG_TYPE_CGROUP_SKB;

	(void)state;
	FAILS(EINVAL, LS_PROG(ls, skb, 0, MOVI(R2, 1), LDMAP(R1, map),
			      CALL(get_local_storage), MOVI(R0, 1), EXIT()));
	FAILS(EINVAL, LS_PROG(ls, skb, 0, MOVI(R2, 0), LDMAP(R1, array),
			      CALL(get_local_storage), MOVI(R0, 1), EXIT()));
	/* no other helper takes such a map */
	FAILS(EINVAL, LS_PROG(ls, skb, 0, STOREI(BPF_DW, FP, -16, 0),
			      STOREI(BPF_DW, FP, -8, 0), MOVR(R2, FP),
			      OPI(BPF_ADD, R2, -16), LDMAP(R1, map),
			      CALL(map_lookup_elem), MOVI(R0, 1), EXIT()));
	/* the result is never NULL: no check */
	MUST(LS_PROG(ls, skb, 0, GET(map), STOREI(BPF_DW, R0, 0, 1),
		     MOVI(R0, 1), EXIT()));
}

/* A spin lock in the value, and a counter that it protects */
static int lock_map(u32 type, int btf)
{
	const struct attr_map_create attr = {
		.map_type = type,
		.key_size = 8,
		.value_size = 16,
		.btf_fd = (u32)btf,
		.btf_key_type_id = 2,
		.btf_value_type_id = 4,
	};

	return ls_map_create(ls, &attr);
}

#define LOCKED_COUNT(map)                                                  \
	GET(map), MOVR(R6, R0), MOVR(R1, R6), CALL(spin_lock),             \
		LOAD(BPF_DW, R7, R6, 8), OPI(BPF_ADD, R7, 1),              \
		STORE(BPF_DW, R6, 8, R7), MOVR(R1, R6), CALL(spin_unlock), \
		MOVR(R0, R7), OPI(BPF_AND, R0, 3), EXIT()

static void cs11_spin_lock(void **state)
{
	const u32 skb = BPF_PROG_TYPE_CGROUP_SKB;
	int cg = MUST(ls_cgroup(ls, "/a"));
	u64 value[2] = { 0xffffffff, 41 }, got[2] = { 1, 1 };
	struct bpf_cgroup_storage_key key = ls_key(cg, 0);
	struct ls_run run = { .repeat = 2 };
	static const u8 packet[64];
	union attr attr = { 0 };
	struct blob blob;
	int btf, map, prog;

	(void)state;
	blob_init(&blob);
	blob_text(&blob, "INT u32 0 0 4 0x20\n"
			 "INT u64 0 0 8 0x40\n"
			 "STRUCT bpf_spin_lock 1 0 4 'val' 1 0\n"
			 "STRUCT counter 2 0 16 'lock' 3 0 'n' 2 64\n");
	blob_finish(&blob);
	attr.btf_load.btf = (u64)(uintptr_t)blob.data;
	attr.btf_load.btf_size = blob.size;
	btf = MUST(ls_bpf(ls, BPF_BTF_LOAD, &attr, sizeof(attr.btf_load)));
	free(blob.data);
	/* each CPU has a value of its own: nothing to lock */
	FAILS(EOPNOTSUPP, lock_map(PERCPU, btf));
	map = MUST(lock_map(SHARED, btf));
	prog = MUST(LS_PROG(ls, skb, EGRESS, LOCKED_COUNT(map)));
	OK(ls_attach(ls, cg, prog, EGRESS, BPF_F_ALLOW_MULTI));
	/* the lock itself is never read or written from outside */
	OK(ls_update(ls, map, &key, value, BPF_F_LOCK));
	OK(ls_lookup(ls, map, &key, got, BPF_F_LOCK));
	assert_int_equal(got[0], 0);
	assert_int_equal(got[1], 41);
	OK(ls_update(ls, map, &key, value, BPF_ANY));
	OK(ls_lookup(ls, map, &key, got, 0));
	assert_int_equal(got[0], 0);
	/* no lock in the value: no such flag */
	FAILS(EINVAL, ls_update(ls, MUST(ls_storage_map(ls, false, true)), &key,
				value, BPF_F_LOCK));
	run.data_in = packet;
	run.data_size_in = sizeof(packet);
	OK(ls_test_run(ls, prog, &run));
	assert_int_equal(run.retval, 2);
}

/*
 * Reads of the context become several instructions each: however a program
 * grows on its way, its storage map is still its own.
 */
static void kb8_rewritten_keeps_its_map(void **state)
{
	enum {
		READS = 2000
	};
	static struct bpf_insn insns[READS + 16];
	int cg = MUST(ls_cgroup(ls, "/a"));
	int map = MUST(ls_storage_map(ls, false, true));
	const struct bpf_insn head[] = { MOVR(R6, R1), GET(map), MOVR(R7, R0) };
	const struct bpf_insn tail[] = { MOVI(R1, 1),
					 ATOMIC_ADD(BPF_DW, R7, 0, R1),
					 LOAD(BPF_DW, R0, R7, 0),
					 OPI(BPF_AND, R0, 3), EXIT() };
	struct ls_run run = { .repeat = 3 };
	static const u8 packet[64];
	u32 n = ARRAY_SIZE(head);
	int prog;
	u64 value;

	(void)state;
	memcpy(insns, head, sizeof(head));
	for (u32 i = 0; i < READS; i++)
		insns[n++] = LOAD(BPF_W, R2, R6,
				  offsetof(struct __sk_buff, vlan_present));
	memcpy(&insns[n], tail, sizeof(tail));
	n += ARRAY_SIZE(tail);
	prog = MUST(ls_prog(ls, BPF_PROG_TYPE_CGROUP_SKB, EGRESS, insns, n));
	OK(ls_attach(ls, cg, prog, EGRESS, BPF_F_ALLOW_MULTI));
	OK(ls_storage_get(ls, map, cg, 0, &value));
	run.data_in = packet;
	run.data_size_in = sizeof(packet);
	OK(ls_test_run(ls, prog, &run));
	assert_int_equal(run.retval, 3);
	OK(ls_detach(ls, cg, prog, EGRESS));
	OK(ls_close_handle(ls, prog));
	ls_settle(ls);
	/* given back as it was: another program takes it */
	prog = MUST(ls_prog_count(ls, EGRESS, map, 1));
	OK(ls_attach(ls, cg, prog, EGRESS, BPF_F_ALLOW_MULTI));
	OK(ls_storage_get(ls, map, cg, 0, &value));
}

/* Which program types have the helper: all types, an array of attach types */
static void cs9_program_types(void **state)
{
	int map = MUST(ls_storage_map(ls, false, false));

	(void)state;
	static const struct {
		u32 type, attach;
	} cases[] = {
		{ BPF_PROG_TYPE_CGROUP_SKB, EGRESS },
		{ BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE },
		{ BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_RELEASE },
		{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT },
		{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP6_RECVMSG },
		{ BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_SETSOCKOPT },
		{ BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_GETSOCKOPT },
		{ BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE },
		{ BPF_PROG_TYPE_CGROUP_SYSCTL, BPF_CGROUP_SYSCTL },
		{ BPF_PROG_TYPE_SOCKET_FILTER, 0 },
		{ BPF_PROG_TYPE_SCHED_CLS, 0 },
		{ BPF_PROG_TYPE_XDP, 0 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ls_doing(ls, "program type %u", cases[i].type);
		assert_int_not_equal(LS_PROG(ls, cases[i].type, cases[i].attach,
					     GET(map), MOVI(R0, 1), EXIT()),
				     LS_DIFF);
	}
}

static void cs13_test_run_is_temporary(void **state)
{
	(void)state;
	for (int percpu = 0; percpu < 2; percpu++) {
		int cg = MUST(ls_cgroup(ls, percpu ? "/p" : "/s"));
		int map = MUST(ls_storage_map(ls, percpu, true));
		/* adds 1 and returns the sum's lowest bits */
		int prog = MUST(LS_PROG(ls, BPF_PROG_TYPE_CGROUP_SKB, EGRESS,
					GET(map), LOAD(BPF_DW, R1, R0, 0),
					OPI(BPF_ADD, R1, 1),
					STORE(BPF_DW, R0, 0, R1), MOVR(R0, R1),
					OPI(BPF_AND, R0, 3), EXIT()));
		u8 packet[64] = { 0 };
		u64 value;

		OK(ls_attach(ls, cg, prog, EGRESS, BPF_F_ALLOW_MULTI));
		OK(ls_storage_set(ls, map, cg, 0, 5));
		for (int i = 0; i < 3; i++) {
			struct ls_run run = { .data_in = packet,
					      .data_size_in = sizeof(packet),
					      .data_size_out = 64 };

			OK(ls_test_run(ls, prog, &run));
			assert_int_equal(run.retval, 1);
		}
		OK(ls_storage_get(ls, map, cg, 0, &value));
		assert_int_equal(value, 5);
		/* one storage for all repetitions of one run */
		struct ls_run run = { .data_in = packet,
				      .data_size_in = sizeof(packet),
				      .repeat = 2 };
		OK(ls_test_run(ls, prog, &run));
		assert_int_equal(run.retval, 2);
	}
}

static void cs14_15_attach_makes_or_finds(void **state)
{
	(void)state;
	for (int percpu = 0; percpu < 2; percpu++) {
		int cg = MUST(ls_cgroup(ls, percpu ? "/p" : "/s"));
		int map = MUST(ls_storage_map(ls, percpu, false));
		int p1 = MUST(ls_prog_count(ls, EGRESS, map, 1));
		int p2 = MUST(ls_prog_count(ls, EGRESS, map, 1));
		u64 value;

		FAILS(ENOENT, ls_storage_get(ls, map, cg, EGRESS, &value));
		OK(ls_attach(ls, cg, p1, EGRESS, BPF_F_ALLOW_MULTI));
		OK(ls_storage_get(ls, map, cg, EGRESS, &value));
		assert_int_equal(value, 0);
		FAILS(ENOENT, ls_storage_get(ls, map, cg, INGRESS, &value));
		OK(ls_storage_set(ls, map, cg, EGRESS, 7));
		OK(ls_attach(ls, cg, p2, EGRESS, BPF_F_ALLOW_MULTI));
		OK(ls_storage_get(ls, map, cg, EGRESS, &value));
		assert_int_equal(value, 7);
		assert_int_equal(ls_dump(ls, map), 1);
	}
}

static void cs2_22_isolated_and_shared(void **state)
{
	int cg = MUST(ls_cgroup(ls, "/a"));
	int isolated = MUST(ls_storage_map(ls, false, false));
	int shared = MUST(ls_storage_map(ls, false, true));
	int p = MUST(ls_prog_count(ls, EGRESS, isolated, 1));
	int q = MUST(ls_prog_count(ls, EGRESS, shared, 1));
	u64 value;

	(void)state;
	OK(ls_attach(ls, cg, p, EGRESS, BPF_F_ALLOW_MULTI));
	OK(ls_attach(ls, cg, q, EGRESS, BPF_F_ALLOW_MULTI));
	OK(ls_storage_set(ls, isolated, cg, EGRESS, 1));
	OK(ls_storage_set(ls, shared, cg, EGRESS, 2));
	OK(ls_attach(ls, cg, p, INGRESS, BPF_F_ALLOW_MULTI));
	OK(ls_attach(ls, cg, q, INGRESS, BPF_F_ALLOW_MULTI));
	OK(ls_storage_get(ls, isolated, cg, INGRESS, &value));
	assert_int_equal(value, 0);
	OK(ls_storage_get(ls, isolated, cg, EGRESS, &value));
	assert_int_equal(value, 1);
	OK(ls_storage_get(ls, shared, cg, INGRESS, &value));
	assert_int_equal(value, 2);
	assert_int_equal(ls_dump(ls, isolated), 2);
	assert_int_equal(ls_dump(ls, shared), 1);
}

static void cs22_one_storage_for_each_cgroup(void **state)
{
	int a = MUST(ls_cgroup(ls, "/a"));
	int b = MUST(ls_cgroup(ls, "/a/b"));
	int c = MUST(ls_cgroup(ls, "/c"));
	int map = MUST(ls_storage_map(ls, false, true));
	int prog = MUST(ls_prog_count(ls, EGRESS, map, 1));
	const int cgroups[] = { a, b, c };
	u64 value;

	(void)state;
	for (u64 i = 0; i < 3; i++) {
		OK(ls_attach(ls, cgroups[i], prog, EGRESS, BPF_F_ALLOW_MULTI));
		OK(ls_storage_set(ls, map, cgroups[i], 0, i + 1));
	}
	for (u64 i = 0; i < 3; i++) {
		OK(ls_storage_get(ls, map, cgroups[i], 0, &value));
		assert_int_equal(value, i + 1);
	}
	assert_int_equal(ls_dump(ls, map), 3);
}

static void cs17_failed_attach_leaves_nothing(void **state)
{
	int cg = MUST(ls_cgroup(ls, "/a"));
	int child = MUST(ls_cgroup(ls, "/a/b"));
	int map = MUST(ls_storage_map(ls, false, false));
	int prog = MUST(ls_prog_count(ls, EGRESS, map, 1));
	int other = MUST(ls_prog_return(ls, EGRESS, 1));
	u64 value;

	(void)state;
	OK(ls_attach(ls, cg, other, EGRESS, 0));
	FAILS(EPERM, ls_attach(ls, child, prog, EGRESS, 0));
	FAILS(EPERM, ls_attach(ls, cg, prog, EGRESS, BPF_F_ALLOW_MULTI));
	FAILS(EINVAL, ls_attach(ls, cg, prog, BPF_CGROUP_DEVICE, 0));
	FAILS(ENOENT, ls_storage_get(ls, map, cg, EGRESS, &value));
	FAILS(ENOENT, ls_storage_get(ls, map, child, EGRESS, &value));
	assert_int_equal(ls_dump(ls, map), 0);
	assert_int_not_equal(ls_observe(ls, child, EGRESS), LS_DIFF);
}

static void cs19_24_detach_keeps(void **state)
{
	int cg = MUST(ls_cgroup(ls, "/a"));
	int map = MUST(ls_storage_map(ls, false, false));
	int prog = MUST(ls_prog_count(ls, EGRESS, map, 1));
	int link;
	u64 value;

	(void)state;
	OK(ls_attach(ls, cg, prog, EGRESS, BPF_F_ALLOW_MULTI));
	OK(ls_storage_set(ls, map, cg, EGRESS, 9));
	OK(ls_detach(ls, cg, prog, EGRESS));
	OK(ls_storage_get(ls, map, cg, EGRESS, &value));
	assert_int_equal(value, 9);
	OK(ls_attach(ls, cg, prog, EGRESS, BPF_F_ALLOW_MULTI));
	OK(ls_storage_get(ls, map, cg, EGRESS, &value));
	assert_int_equal(value, 9);
	OK(ls_detach(ls, cg, prog, EGRESS));
	link = MUST(ls_link(ls, cg, prog, EGRESS));
	OK(ls_close_handle(ls, link));
	OK(ls_close_handle(ls, prog));
	ls_settle(ls);
	OK(ls_storage_get(ls, map, cg, EGRESS, &value));
	assert_int_equal(value, 9);
}

static void cs20_replace_uses_own_maps(void **state)
{
	int cg = MUST(ls_cgroup(ls, "/a"));
	int m1 = MUST(ls_storage_map(ls, false, false));
	int m2 = MUST(ls_storage_map(ls, false, false));
	int p1 = MUST(ls_prog_count(ls, EGRESS, m1, 1));
	int p2 = MUST(ls_prog_count(ls, EGRESS, m2, 1));
	int plain = MUST(ls_prog_return(ls, EGRESS, 1));
	struct attr_prog_attach attr = {
		.target_fd = (u32)cg,
		.attach_bpf_fd = (u32)p1,
		.attach_type = EGRESS,
		.attach_flags = BPF_F_ALLOW_MULTI | BPF_F_REPLACE,
		.replace_bpf_fd = (u32)p2,
	};
	u64 value;

	(void)state;
	/* in place, without MULTI */
	OK(ls_attach(ls, cg, p1, EGRESS, 0));
	OK(ls_storage_set(ls, m1, cg, EGRESS, 1));
	OK(ls_attach(ls, cg, p2, EGRESS, 0));
	OK(ls_storage_get(ls, m2, cg, EGRESS, &value));
	assert_int_equal(value, 0);
	OK(ls_storage_get(ls, m1, cg, EGRESS, &value));
	assert_int_equal(value, 1);
	OK(ls_storage_set(ls, m2, cg, EGRESS, 2));
	OK(ls_attach(ls, cg, plain, EGRESS, 0));
	OK(ls_attach(ls, cg, p1, EGRESS, 0));
	OK(ls_detach(ls, cg, p1, EGRESS));
	/* BPF_F_REPLACE */
	OK(ls_attach(ls, cg, p2, EGRESS, BPF_F_ALLOW_MULTI));
	OK(ls_attach_at(ls, &attr));
	OK(ls_storage_get(ls, m1, cg, EGRESS, &value));
	assert_int_equal(value, 1);
	OK(ls_storage_get(ls, m2, cg, EGRESS, &value));
	assert_int_equal(value, 2);
}

/*
 * CS-21, KB-4 (fix): a link's program may not be replaced by one with other
 * storage maps.  The live kernel takes it and falls over at the next event, so
 * it is never asked: ours alone answers, and has changed nothing.
 */
static void cs21_link_update_fix(void **state)
{
	int cg = MUST(ls_cgroup(ls, "/a"));
	int m1 = MUST(ls_storage_map(ls, false, false));
	int m2 = MUST(ls_storage_map(ls, true, false));
	int plain = MUST(ls_prog_return(ls, EGRESS, 1));
	int p1 = MUST(ls_prog_count(ls, EGRESS, m1, 1));
	int p2 = MUST(ls_prog_count(ls, EGRESS, m2, 1));
	int same = MUST(ls_prog_count(ls, EGRESS, m1, 1));
	int link = MUST(ls_link(ls, cg, plain, EGRESS));
	int link1 = MUST(ls_link(ls, cg, p1, EGRESS));
	const int cases[][2] = { { link, p1 }, { link, p2 }, { link1, p2 } };
	struct info_link info;
	u64 value;

	(void)state;
	if (world_env(ls->world[0])) {
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
			FAILS(EINVAL, ls_ours_link_update(ls, cases[i][0],
							  cases[i][1]));
	}
	OK(ls_link_info(ls, link, &info));
	assert_int_equal(info.prog_id, plain);
	OK(ls_link_info(ls, link1, &info));
	assert_int_equal(info.prog_id, p1);
	FAILS(ENOENT, ls_storage_get(ls, m2, cg, EGRESS, &value));
	/* the same maps are fine everywhere */
	OK(ls_link_update(ls, link1, same, 0, 0));
	OK(ls_link_update(ls, link, plain, 0, 0));
	/* and so are none: what is not used needs not be there */
	OK(ls_link_update(ls, link1, plain, 0, 0));
	assert_int_equal(ls_observe(ls, cg, EGRESS), 0);
}

static void cs24_map_freed_with_its_last_holder(void **state)
{
	int cg = MUST(ls_cgroup(ls, "/a"));
	int map = MUST(ls_storage_map(ls, false, false));
	int prog = MUST(ls_prog_count(ls, EGRESS, map, 1));
	int back;
	u64 value;

	(void)state;
	OK(ls_attach(ls, cg, prog, EGRESS, BPF_F_ALLOW_MULTI));
	OK(ls_storage_set(ls, map, cg, EGRESS, 3));
	OK(ls_close_handle(ls, map));
	ls_settle(ls);
	/* the program holds it */
	back = MUST(ls_by_id(ls, LS_MAP, map, 0));
	OK(ls_storage_get(ls, back, cg, EGRESS, &value));
	assert_int_equal(value, 3);
	OK(ls_close_handle(ls, back));
	OK(ls_close_handle(ls, prog));
	ls_settle(ls);
	/* the attachment holds the program */
	back = MUST(ls_by_id(ls, LS_MAP, map, 0));
	OK(ls_close_handle(ls, back));
	prog = MUST(ls_by_id(ls, LS_PROG, prog, 0));
	OK(ls_detach(ls, cg, prog, EGRESS));
	OK(ls_close_handle(ls, prog));
	assert_true(ls_gone(ls, LS_MAP, map));
}

/* CS-25: map first, then the cgroup with an entry less to care for. */
static void cs25_map_then_cgroup(void **state)
{
	int cg = MUST(ls_cgroup(ls, "/a"));
	int m1 = MUST(ls_storage_map(ls, false, false));
	int m2 = MUST(ls_storage_map(ls, true, true));
	int p1 = MUST(ls_prog_count(ls, EGRESS, m1, 1));
	int p2 = MUST(ls_prog_count(ls, EGRESS, m2, 1));

	(void)state;
	OK(ls_attach(ls, cg, p1, EGRESS, BPF_F_ALLOW_MULTI));
	OK(ls_attach(ls, cg, p2, EGRESS, BPF_F_ALLOW_MULTI));
	OK(ls_detach(ls, cg, p1, EGRESS));
	OK(ls_close_handle(ls, p1));
	OK(ls_close_handle(ls, m1));
	assert_true(ls_gone(ls, LS_MAP, m1));
	OK(ls_cgroup_remove(ls, cg));
	assert_int_equal(ls_dump(ls, m2), 0);
}

static void cs24_26_cgroup_removed(void **state)
{
	int a = MUST(ls_cgroup(ls, "/a"));
	int b = MUST(ls_cgroup(ls, "/b"));
	int again;
	u64 value;

	(void)state;
	for (int percpu = 0; percpu < 2; percpu++) {
		int map = MUST(ls_storage_map(ls, percpu, true));
		int prog = MUST(ls_prog_count(ls, EGRESS, map, 1));

		OK(ls_attach(ls, a, prog, EGRESS, BPF_F_ALLOW_MULTI));
		OK(ls_attach(ls, b, prog, EGRESS, BPF_F_ALLOW_MULTI));
		OK(ls_storage_set(ls, map, a, 0, 1));
		OK(ls_storage_set(ls, map, b, 0, 2));
		OK(ls_cgroup_remove(ls, a));
		FAILS(ENOENT, ls_storage_get(ls, map, a, 0, &value));
		OK(ls_storage_get(ls, map, b, 0, &value));
		assert_int_equal(value, 2);
		assert_int_equal(ls_dump(ls, map), 1);
		/* the same name is another cgroup: no old value, another id */
		again = MUST(ls_cgroup(ls, "/a"));
		assert_true(ls_handle(ls, (u64)a)->id[0] !=
			    ls_handle(ls, (u64)again)->id[0]);
		FAILS(ENOENT, ls_storage_get(ls, map, again, 0, &value));
		OK(ls_attach(ls, again, prog, EGRESS, BPF_F_ALLOW_MULTI));
		OK(ls_storage_get(ls, map, again, 0, &value));
		assert_int_equal(value, 0);
		a = again;
	}
}

static void cs28_lookup(void **state)
{
	(void)state;
	static const u32 sizes[] = { 1, 2, 3, 4, 7, 8, 12, 16, 100, 104 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		int cg = MUST(ls_cgroup(ls, (char[]){ '/', 'a' + (char)i, 0 }));

		EACH_TYPE(type)
		{
			/*
			 * KB-6 (fix): the live kernel copies multiples of 8 to
			 * and from each CPU's value, whose size is not rounded
			 * up: other memory of the kernel's, so it is not asked.
			 */
			if (type == PERCPU && sizes[i] % 8)
				continue;
			int map =
				MUST(ls_map(ls, (u32)type, 16, sizes[i], 0, 0));
			int prog = MUST(LS_PROG(ls, BPF_PROG_TYPE_CGROUP_SKB, 0,
						GET(map), MOVI(R0, 1), EXIT()));
			struct bpf_cgroup_storage_key key = ls_key(cg, EGRESS);
			u8 value[LS_MAX_VALUE];

			FAILS(ENOENT, ls_lookup(ls, map, &key, value, 0));
			OK(ls_attach(ls, cg, prog, EGRESS, BPF_F_ALLOW_MULTI));
			OK(ls_lookup(ls, map, &key, value, 0));
			memset(value, 0x5c, sizeof(value));
			OK(ls_update(ls, map, &key, value, BPF_ANY));
			memset(value, 0, sizeof(value));
			OK(ls_lookup(ls, map, &key, value, 0));
			assert_int_equal(value[0], 0x5c);
			key.cgroup_inode_id = 1;
			FAILS(ENOENT, ls_lookup(ls, map, &key, value, 0));
			FAILS(EFAULT, ls_lookup(ls, map, NULL, value, 0));
			key = ls_key(cg, EGRESS);
			FAILS(EFAULT, ls_lookup(ls, map, &key, NULL, 0));
			FAILS(EFAULT, ls_update(ls, map, &key, NULL, 0));
		}
	}
}

static void cs28_29_flags(void **state)
{
	int cg = MUST(ls_cgroup(ls, "/a"));

	(void)state;
	EACH_TYPE(type)
	{
		int map = MUST(ls_map(ls, (u32)type, 16, 8, 0, 0));
		int prog = MUST(ls_prog_count(ls, EGRESS, map, 1));
		struct bpf_cgroup_storage_key good = ls_key(cg, EGRESS);
		struct bpf_cgroup_storage_key bad = ls_key(cg, INGRESS);
		u64 value[LS_MAX_VALUE / 8] = { 4, 4 };

		OK(ls_attach(ls, cg, prog, EGRESS, BPF_F_ALLOW_MULTI));
		for (u64 flags = 0; flags <= 16; flags++) {
			ls_doing(ls, "type %zu flags %llu", type,
				 (unsigned long long)flags);
			ls_lookup(ls, map, &good, value, flags);
			ls_lookup(ls, map, &bad, value, flags);
			ls_update(ls, map, &good, value, flags);
			ls_update(ls, map, &bad, value, flags);
			ls_take(ls, map, &good, value, flags);
		}
		for (int bit = 5; bit < 64; bit++) {
			ls_update(ls, map, &good, value, 1ull << bit);
			ls_lookup(ls, map, &good, value, 1ull << bit);
		}
		ls_doing(ls, "%s", "");
		OK(ls_update(ls, map, &good, value, BPF_ANY));
		OK(ls_update(ls, map, &good, value, BPF_EXIST));
		FAILS(EINVAL, ls_update(ls, map, &good, value, BPF_NOEXIST));
		FAILS(EINVAL, ls_update(ls, map, &good, value, BPF_F_LOCK));
		FAILS(ENOENT, ls_update(ls, map, &bad, value, BPF_ANY));
		FAILS(ENOENT, ls_update(ls, map, &bad, value, BPF_EXIST));
	}
}

static void cs30_delete(void **state)
{
	int cg = MUST(ls_cgroup(ls, "/a"));

	(void)state;
	EACH_TYPE(type)
	{
		int map = MUST(ls_map(ls, (u32)type, 8, 8, 0, 0));
		int prog = MUST(ls_prog_count(ls, EGRESS, map, 1));
		struct bpf_cgroup_storage_key key = ls_key(cg, 0);

		FAILS(EINVAL, ls_delete(ls, map, &key));
		OK(ls_attach(ls, cg, prog, EGRESS, BPF_F_ALLOW_MULTI));
		FAILS(EINVAL, ls_delete(ls, map, &key));
		assert_int_equal(ls_dump(ls, map), 1);
	}
}

static void cs31_next_key(void **state)
{
	int cgroups[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		cgroups[i] =
			MUST(ls_cgroup(ls, (char[]){ '/', 'a' + (char)i, 0 }));
	for (int shared = 0; shared < 2; shared++) {
		int map = MUST(ls_storage_map(ls, false, shared));
		int prog = MUST(ls_prog_count(ls, EGRESS, map, 1));
		struct bpf_cgroup_storage_key key = ls_key(cgroups[0], EGRESS);
		struct bpf_cgroup_storage_key next;

		FAILS(ENOENT, ls_next_key(ls, map, NULL, &next));
		FAILS(ENOENT, ls_next_key(ls, map, &key, &next));
		for (int i = 0; i < 4; i++) {
			OK(ls_attach(ls, cgroups[i], prog, EGRESS,
				     BPF_F_ALLOW_MULTI));
			OK(ls_attach(ls, cgroups[i], prog, INGRESS,
				     BPF_F_ALLOW_MULTI));
		}
		assert_int_equal(ls_dump(ls, map), shared ? 4 : 8);
		/* newest first */
		memset(&next, 0, sizeof(next));
		OK(ls_next_key(ls, map, NULL, &next));
		assert_int_equal((int)next.cgroup_inode_id, cgroups[3]);
		if (!shared)
			assert_int_equal(next.attach_type, INGRESS);
		/* KB-5: the last key */
		key = ls_key(cgroups[0], EGRESS);
		FAILS(ENOENT, ls_next_key(ls, map, &key, &next));
		/* no such key */
		key.cgroup_inode_id = 1;
		FAILS(ENOENT, ls_next_key(ls, map, &key, &next));
		key = ls_key(cgroups[0], BPF_CGROUP_DEVICE);
		if (!shared)
			FAILS(ENOENT, ls_next_key(ls, map, &key, &next));
	}
}

/* KB-22: what the padding of a key says does not matter. */
static void kb22_padding(void **state)
{
	int cg = MUST(ls_cgroup(ls, "/a"));
	int map = MUST(ls_storage_map(ls, false, false));
	int prog = MUST(ls_prog_count(ls, EGRESS, map, 1));
	struct bpf_cgroup_storage_key key;
	u64 value = 8;

	(void)state;
	OK(ls_attach(ls, cg, prog, EGRESS, BPF_F_ALLOW_MULTI));
	memset(&key, 0xff, sizeof(key));
	key.cgroup_inode_id = (u64)cg;
	key.attach_type = EGRESS;
	OK(ls_update(ls, map, &key, &value, 0));
	OK(ls_lookup(ls, map, &key, &value, 0));
	assert_int_equal(value, 8);
	FAILS(ENOENT, ls_next_key(ls, map, &key, &key));
}

static void cs32_batch_inner_freeze(void **state)
{
	int cg = MUST(ls_cgroup(ls, "/a"));
	u32 count;

	(void)state;
	EACH_TYPE(type)
	{
		int map = MUST(ls_map(ls, (u32)type, 16, 8, 0, 0));
		int prog = MUST(ls_prog_count(ls, EGRESS, map, 1));
		struct bpf_cgroup_storage_key key = ls_key(cg, EGRESS);
		u64 value[LS_MAX_VALUE / 8] = { 1, 2 };
		u64 keys[32], values[64];
		struct attr_map_create outer = {
			.map_type = BPF_MAP_TYPE_ARRAY_OF_MAPS,
			.key_size = 4,
			.value_size = 4,
			.max_entries = 1,
			.inner_map_fd = (u32)map,
		};
		union attr attr = { .map_batch = {
					    .keys = (u64)(uintptr_t)keys,
					    .values = (u64)(uintptr_t)values,
					    .out_batch = (u64)(uintptr_t)&count,
					    .count = 2,
					    .map_fd = (u32)map,
				    } };

		OK(ls_attach(ls, cg, prog, EGRESS, BPF_F_ALLOW_MULTI));
		FAILS(ENOTSUPP, ls_take(ls, map, &key, value, 0));
		for (int cmd = BPF_MAP_LOOKUP_BATCH;
		     cmd <= BPF_MAP_DELETE_BATCH; cmd++)
			FAILS(ENOTSUPP,
			      ls_bpf(ls, cmd, &attr, sizeof(attr.map_batch)));
		FAILS(ENOTSUPP, ls_map_create(ls, &outer));
		outer.map_type = BPF_MAP_TYPE_HASH_OF_MAPS;
		FAILS(ENOTSUPP, ls_map_create(ls, &outer));
		OK(ls_freeze(ls, map));
		FAILS(EPERM, ls_update(ls, map, &key, value, 0));
		OK(ls_lookup(ls, map, &key, value, 0));
		FAILS(EPERM, ls_freeze(ls, map));
	}
}

static void cs32_fd_modes(void **state)
{
	int cg = MUST(ls_cgroup(ls, "/a"));

	(void)state;
	EACH_TYPE(type)
	{
		int rw = MUST(ls_map(ls, (u32)type, 16, 8, 0, 0));
		int ro = MUST(ls_by_id(ls, LS_MAP, rw, BPF_F_RDONLY));
		int wo = MUST(ls_by_id(ls, LS_MAP, rw, BPF_F_WRONLY));
		int prog = MUST(ls_prog_count(ls, EGRESS, rw, 1));
		struct bpf_cgroup_storage_key key = ls_key(cg, EGRESS);
		u64 value[LS_MAX_VALUE / 8] = { 1, 2 };

		OK(ls_attach(ls, cg, prog, EGRESS, BPF_F_ALLOW_MULTI));
		OK(ls_lookup(ls, ro, &key, value, 0));
		FAILS(EPERM, ls_update(ls, ro, &key, value, 0));
		FAILS(EPERM, ls_delete(ls, ro, &key));
		OK(ls_next_key(ls, ro, NULL, &key));
		key = ls_key(cg, EGRESS);
		FAILS(EPERM, ls_lookup(ls, wo, &key, value, 0));
		FAILS(EPERM, ls_next_key(ls, wo, NULL, &key));
		OK(ls_update(ls, wo, &key, value, 0));
		FAILS(EPERM, ls_freeze(ls, ro));
		FAILS(EINVAL,
		      ls_by_id(ls, LS_MAP, rw, BPF_F_RDONLY | BPF_F_WRONLY));
		/* a program may not write through a read-only fd's map */
		assert_int_not_equal(ls_prog_count(ls, EGRESS, ro, 1), LS_DIFF);
		assert_int_not_equal(ls_prog_count(ls, EGRESS, wo, 1), LS_DIFF);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(cs2_key_size),
	cmocka_unit_test(cs3_value_size),
	cmocka_unit_test(cs3_largest_value),
	cmocka_unit_test(cs4_max_entries),
	cmocka_unit_test(cs5_flags),
	cmocka_unit_test(cs7_many_programs_one_map),
	cmocka_unit_test(cs8_one_map_of_each_type),
	cmocka_unit_test(cs9_helper_arguments),
	cmocka_unit_test(cs9_program_types),
	cmocka_unit_test(cs11_spin_lock),
	cmocka_unit_test(kb8_rewritten_keeps_its_map),
	cmocka_unit_test(cs13_test_run_is_temporary),
	cmocka_unit_test(cs14_15_attach_makes_or_finds),
	cmocka_unit_test(cs2_22_isolated_and_shared),
	cmocka_unit_test(cs22_one_storage_for_each_cgroup),
	cmocka_unit_test(cs17_failed_attach_leaves_nothing),
	cmocka_unit_test(cs19_24_detach_keeps),
	cmocka_unit_test(cs20_replace_uses_own_maps),
	cmocka_unit_test(cs21_link_update_fix),
	cmocka_unit_test(cs24_map_freed_with_its_last_holder),
	cmocka_unit_test(cs25_map_then_cgroup),
	cmocka_unit_test(cs24_26_cgroup_removed),
	cmocka_unit_test(cs28_lookup),
	cmocka_unit_test(cs28_29_flags),
	cmocka_unit_test(cs30_delete),
	cmocka_unit_test(cs31_next_key),
	cmocka_unit_test(kb22_padding),
	cmocka_unit_test(cs32_batch_inner_freeze),
	cmocka_unit_test(cs32_fd_modes),
};

DIRECTED_MAIN("storage", tests)
