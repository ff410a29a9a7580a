/* SPDX-License-Identifier: BSD-2-Clause */
/* PROG_QUERY: AT-10. */
#include "directed.h"

#include "object/attach_type.h"
#include "private.h"

#define EGRESS BPF_CGROUP_INET_EGRESS
#define MULTI BPF_F_ALLOW_MULTI

static int a, b, p[3], link;

static void start(void)
{
	a = MUST(ls_cgroup(ls, "/a"));
	b = MUST(ls_cgroup(ls, "/a/b"));
	for (int i = 0; i < 3; i++)
		p[i] = MUST(ls_prog_return(ls, EGRESS, 1));
	OK(ls_attach(ls, a, p[0], EGRESS, MULTI | BPF_F_PREORDER));
	OK(ls_attach(ls, a, p[1], EGRESS, MULTI));
	link = MUST(ls_link(ls, a, p[2], EGRESS));
	OK(ls_attach(ls, b, p[0], EGRESS, BPF_F_ALLOW_OVERRIDE));
}

static void at10_all_sorts(void **state)
{
	static const u32 rooms[] = { 0, 1, 2, 3, 4, 5, LS_MAX_PROGS };

	(void)state;
	start();
	for (u32 what = 0; what < 8; what++)
		for (u32 flags = 0; flags < 4; flags++)
			for (size_t i = 0; i < ARRAY_SIZE(rooms); i++) {
				ls_doing(ls, "arrays %u flags %u room %u", what,
					 flags, rooms[i]);
				ls_query(ls, a, EGRESS, flags, what, rooms[i],
					 NULL);
				ls_query(ls, b, EGRESS, flags, what, rooms[i],
					 NULL);
			}
}

static void at10_prefix(void **state)
{
	struct ls_query query;

	(void)state;
	start();
	FAILS(ENOSPC, ls_query(ls, a, EGRESS, 0, 0, 2, &query));
	assert_int_equal(query.prog_cnt, 3);
	FAILS(ENOSPC,
	      ls_query(ls, b, EGRESS, BPF_F_QUERY_EFFECTIVE, 0, 2, &query));
	OK(ls_query(ls, a, EGRESS, 0, LS_QUERY_NOIDS, 0, &query));
	assert_int_equal(query.prog_cnt, 3);
	FAILS(EINVAL, ls_query(ls, a, EGRESS, BPF_F_QUERY_EFFECTIVE,
			       LS_QUERY_FLAGS, 8, &query));
	OK(ls_query(ls, b, EGRESS, BPF_F_QUERY_EFFECTIVE, 0, 8, &query));
	assert_int_equal(query.revision, 0);
	assert_int_equal(query.attach_flags, 0);
}

static void at10_types(void **state)
{
	(void)state;
	start();
	for (u32 type = 0; type < 64; type++) {
		/* those of devices, sockets and namespaces ask elsewhere */
		if (attach_type_index(type) < 0 && type < UAPI_NR_ATTACH_TYPES)
			continue;
		ls_doing(ls, "type %u", type);
		ls_query(ls, a, type, 0, 7, 8, NULL);
		ls_query(ls, a, type, BPF_F_QUERY_EFFECTIVE, 0, 8, NULL);
	}
	for (u32 bit = 1; bit < 32; bit++) {
		ls_doing(ls, "flag %#x", 1u << bit);
		ls_query(ls, a, EGRESS, 1u << bit, 0, 8, NULL);
	}
}

/* Results go where the caller's attr has room for them. */
static void at10_sizes(void **state)
{
	(void)state;
	start();
	for (u32 size = 0; size <= sizeof(struct attr_prog_query); size++) {
		u32 ids[2][8];
		union attr attr[2];
		int ret[2];

		ls_doing(ls, "size %u", size);
		memset(ids, 0xa5, sizeof(ids));
		for (int w = 0; w < 2; w++) {
			memset(&attr[w], 0, sizeof(attr[w]));
			attr[w].prog_query = (struct attr_prog_query){
				.target_fd = (u32)a,
				.attach_type = EGRESS,
				.prog_ids = (u64)(uintptr_t)ids[w],
				.prog_cnt = 8,
			};
			attr[w].prog_query.revision = 0;
			ret[w] = ls_call_one(ls, w, BPF_PROG_QUERY, &attr[w],
					     size);
		}
		ls_same_ret(ls, "query", ret);
		ls_same_u64(ls, "count", attr[0].prog_query.prog_cnt,
			    attr[1].prog_query.prog_cnt);
		ls_same_u64(ls, "flags", attr[0].prog_query.attach_flags,
			    attr[1].prog_query.attach_flags);
		ls_same_u64(ls, "revision", attr[0].prog_query.revision,
			    attr[1].prog_query.revision);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(at10_all_sorts),
	cmocka_unit_test(at10_prefix),
	cmocka_unit_test(at10_types),
	cmocka_unit_test(at10_sizes),
};

DIRECTED_MAIN("query", tests)
