/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may be in a prog array, and who may tail call through it: CS-12, KB-1,
 * KB-2, KB-3.  The first program an array meets becomes its owner, and no
 * other may differ from it in what a tail call does not change.
 */
#include "directed.h"

#define SKB BPF_PROG_TYPE_CGROUP_SKB
#define ADDR BPF_PROG_TYPE_CGROUP_SOCK_ADDR
#define EGRESS BPF_CGROUP_INET_EGRESS
#define INGRESS BPF_CGROUP_INET_INGRESS

#define GET(map) MOVI(R2, 0), LDMAP(R1, map), CALL(get_local_storage)
#define TAIL(array) LDMAP(R2, array), MOVI(R3, 0), CALL(tail_call)
#define KEEP_CTX MOVR(R6, R1)
#define CTX_BACK MOVR(R1, R6)
#define PASS MOVI(R0, 1), EXIT()

static int array(void)
{
	return MUST(ls_map(ls, BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0));
}

static int put(int map, u32 index, int prog)
{
	return ls_update_handle(ls, map, &index, prog, BPF_ANY);
}

/* A program with these storage maps (-1: none). */
static int storing(int shared, int percpu)
{
	if (shared >= 0 && percpu >= 0)
		return MUST(LS_PROG(ls, SKB, EGRESS, GET(shared), GET(percpu),
				    PASS));
	if (shared >= 0 || percpu >= 0)
		return MUST(LS_PROG(ls, SKB, EGRESS,
				    GET(shared >= 0 ? shared : percpu), PASS));
	return MUST(LS_PROG(ls, SKB, EGRESS, PASS));
}

/* One that uses @map and then tail calls through @a. */
static int caller(int a, int map)
{
	if (map >= 0)
		return LS_PROG(ls, SKB, EGRESS, KEEP_CTX, GET(map), CTX_BACK,
			       TAIL(a), PASS);
	return LS_PROG(ls, SKB, EGRESS, TAIL(a), PASS);
}

/* The type of the first one put in is the array's. */
static void cs12_type(void **state)
{
	int a = array();

	(void)state;
	OK(put(a, 0, MUST(LS_PROG(ls, SKB, EGRESS, PASS))));
	OK(put(a, 1, MUST(LS_PROG(ls, SKB, EGRESS, PASS))));
	FAILS(EINVAL,
	      put(a, 2,
		  MUST(LS_PROG(ls, ADDR, BPF_CGROUP_INET4_CONNECT, PASS))));
	FAILS(EINVAL,
	      LS_PROG(ls, ADDR, BPF_CGROUP_INET4_CONNECT, TAIL(a), PASS));
	MUST(caller(a, -1));
	OK(ls_dump(ls, a) == 4 ? 0 : -1);
}

/* The owner is remembered when all its programs are gone. */
static void cs12_owner_stays(void **state)
{
	int prog = MUST(LS_PROG(ls, SKB, EGRESS, PASS)), a = array();
	u32 zero = 0;

	(void)state;
	OK(put(a, 0, prog));
	OK(ls_delete(ls, a, &zero));
	OK(ls_close_handle(ls, prog));
	ls_settle(ls);
	FAILS(EINVAL,
	      put(a, 0,
		  MUST(LS_PROG(ls, ADDR, BPF_CGROUP_INET4_CONNECT, PASS))));
	OK(put(a, 0, MUST(LS_PROG(ls, SKB, EGRESS, PASS))));
}

/* A program that was loaded with the array owns it, though it is not in it. */
static void cs12_caller_owns(void **state)
{
	int a = array();

	(void)state;
	MUST(caller(a, -1));
	FAILS(EINVAL,
	      put(a, 0,
		  MUST(LS_PROG(ls, ADDR, BPF_CGROUP_INET4_CONNECT, PASS))));
	OK(put(a, 0, MUST(LS_PROG(ls, SKB, EGRESS, PASS))));
}

/* A refused put makes no owner of what there is not. */
static void cs12_refused_put(void **state)
{
	int a = array(), prog = MUST(LS_PROG(ls, SKB, EGRESS, PASS));

	(void)state;
	assert_int_not_equal(put(a, 4, prog), LS_DIFF);
	assert_int_not_equal(
		put(a, 0,
		    MUST(LS_PROG(ls, ADDR, BPF_CGROUP_INET4_CONNECT, PASS))),
		LS_DIFF);
}

/* KB-1: into a program with another storage map */
static void kb1_other_map(void **state)
{
	(void)state;
	for (int percpu = 0; percpu < 2; percpu++) {
		int one = MUST(ls_storage_map(ls, percpu, false));
		int other = MUST(ls_storage_map(ls, percpu, false));
		int small =
			MUST(ls_map(ls,
				    percpu ? BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE
					   : BPF_MAP_TYPE_CGROUP_STORAGE,
				    16, 4, 0, 0));
		int a = array();

		OK(put(a, 0, storing(one, -1)));
		OK(put(a, 1, storing(one, -1)));
		FAILS(EINVAL, put(a, 2, storing(other, -1)));
		FAILS(EINVAL, put(a, 2, storing(small, -1)));
		FAILS(EINVAL, caller(a, other));
		MUST(caller(a, one));
	}
}

/* The callee's own maps, in addition to its owner's */
static void kb1_more_maps(void **state)
{
	int one = MUST(ls_storage_map(ls, false, false));
	int percpu = MUST(ls_storage_map(ls, true, false));
	int a = array(), b = array();

	(void)state;
	OK(put(a, 0, storing(one, -1)));
	FAILS(EINVAL, put(a, 1, storing(one, percpu)));
	FAILS(EINVAL, put(a, 1, storing(-1, percpu)));
	OK(put(b, 0, storing(one, percpu)));
	/* some of them: what it does not use cannot harm it */
	OK(put(b, 1, storing(one, -1)));
	OK(put(b, 1, storing(-1, percpu)));
	OK(put(b, 1, storing(-1, -1)));
}

/* KB-2: the owner has none, so nobody may have one */
static void kb2_owner_without(void **state)
{
	int map = MUST(ls_storage_map(ls, false, false));
	int a = array(), b = array();

	(void)state;
	OK(put(a, 0, storing(-1, -1)));
	FAILS(EINVAL, put(a, 1, storing(map, -1)));
	FAILS(EINVAL, caller(a, map));
	MUST(caller(b, -1));
	FAILS(EINVAL, put(b, 0, storing(map, -1)));
}

/* KB-2: the owner has one; who has none may be called, but may not call */
static void kb2_caller_without(void **state)
{
	int map = MUST(ls_storage_map(ls, false, false));
	int percpu = MUST(ls_storage_map(ls, true, false));
	int a = array(), b = array(), other = array();

	(void)state;
	OK(put(a, 0, storing(map, -1)));
	FAILS(EINVAL, caller(a, -1));
	OK(put(a, 1, storing(-1, -1)));
	/* one that would tail call on, through whatever array */
	FAILS(EINVAL, put(a, 1, MUST(caller(other, -1))));
	OK(put(a, 1, MUST(caller(a, map))));
	/* the same for each of its maps */
	OK(put(b, 0, storing(map, percpu)));
	FAILS(EINVAL, caller(b, map));
	FAILS(EINVAL, caller(b, percpu));
	MUST(LS_PROG(ls, SKB, EGRESS, KEEP_CTX, GET(map), GET(percpu), CTX_BACK,
		     TAIL(b), PASS));
}

/* A program of several arrays has to fit each. */
static void kb2_two_arrays(void **state)
{
	int map = MUST(ls_storage_map(ls, false, false));
	int a = array(), b = array();

	(void)state;
	OK(put(a, 0, storing(map, -1)));
	OK(put(b, 0, storing(-1, -1)));
	FAILS(EINVAL, LS_PROG(ls, SKB, EGRESS, KEEP_CTX, GET(map), CTX_BACK,
			      TAIL(a), CTX_BACK, TAIL(b), PASS));
	FAILS(EINVAL, LS_PROG(ls, SKB, EGRESS, KEEP_CTX, TAIL(a), CTX_BACK,
			      TAIL(b), PASS));
	MUST(LS_PROG(ls, SKB, EGRESS, KEEP_CTX, TAIL(b), CTX_BACK, TAIL(b),
		     PASS));
}

/* KB-3: programs of one type, for other attach types */
static void kb3_expected_attach_type(void **state)
{
	static const u32 types[] = {
		BPF_CGROUP_INET4_CONNECT, BPF_CGROUP_INET6_CONNECT,
		BPF_CGROUP_INET4_BIND,	  BPF_CGROUP_UDP4_SENDMSG,
		BPF_CGROUP_UDP4_RECVMSG,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		int a = array();

		OK(put(a, 0, MUST(LS_PROG(ls, ADDR, types[i], PASS))));
		for (size_t j = 0; j < ARRAY_SIZE(types); j++) {
			int ret;

			ls_doing(ls, "owner %u, other %u", types[i], types[j]);
			ret = put(a, 1,
				  MUST(LS_PROG(ls, ADDR, types[j], PASS)));
			assert_int_equal(ret, i == j ? 0 : -EINVAL);
			ret = LS_PROG(ls, ADDR, types[j], TAIL(a), PASS);
			if (i == j)
				MUST(ret);
			else
				assert_int_equal(ret, -EINVAL);
		}
	}
}

/* The same where the attach type is one that the type did not use to say */
static void kb3_egress_and_ingress(void **state)
{
	int a = array(), b = array();

	(void)state;
	OK(put(a, 0, MUST(LS_PROG(ls, SKB, EGRESS, PASS))));
	assert_int_not_equal(put(a, 1, MUST(LS_PROG(ls, SKB, INGRESS, PASS))),
			     LS_DIFF);
	assert_int_not_equal(LS_PROG(ls, SKB, INGRESS, TAIL(a), PASS), LS_DIFF);
	MUST(LS_PROG(ls, SKB, INGRESS, TAIL(b), PASS));
	assert_int_not_equal(put(b, 1, MUST(LS_PROG(ls, SKB, EGRESS, PASS))),
			     LS_DIFF);
}

/* A program that is refused for one array leaves the other as it was: or,
 * where the kernel makes it the owner first, so do we. */
static void cs12_refused_load(void **state)
{
	int a = array(), b = array();

	(void)state;
	OK(put(b, 0, MUST(LS_PROG(ls, ADDR, BPF_CGROUP_INET4_CONNECT, PASS))));
	FAILS(EINVAL, LS_PROG(ls, SKB, EGRESS, KEEP_CTX, TAIL(a), CTX_BACK,
			      TAIL(b), PASS));
	assert_int_not_equal(
		put(a, 0,
		    MUST(LS_PROG(ls, ADDR, BPF_CGROUP_INET4_CONNECT, PASS))),
		LS_DIFF);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(cs12_type),
	cmocka_unit_test(cs12_owner_stays),
	cmocka_unit_test(cs12_caller_owns),
	cmocka_unit_test(cs12_refused_put),
	cmocka_unit_test(cs12_refused_load),
	cmocka_unit_test(kb1_other_map),
	cmocka_unit_test(kb1_more_maps),
	cmocka_unit_test(kb2_owner_without),
	cmocka_unit_test(kb2_caller_without),
	cmocka_unit_test(kb2_two_arrays),
	cmocka_unit_test(kb3_expected_attach_type),
	cmocka_unit_test(kb3_egress_and_ingress),
};

DIRECTED_MAIN("prog_array", tests)
