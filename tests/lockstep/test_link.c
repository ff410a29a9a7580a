/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Links: AT-13, AT-14.
 *
 * KB-9: the live kernel updates the wrong slot of an effective array with
 * PREORDER about, so no link is updated here where it is.
 */
#include "directed.h"

#define EGRESS BPF_CGROUP_INET_EGRESS
#define INGRESS BPF_CGROUP_INET_INGRESS
#define MULTI BPF_F_ALLOW_MULTI

static int a, b, p[5];

static void start(void)
{
	a = MUST(ls_cgroup(ls, "/a"));
	b = MUST(ls_cgroup(ls, "/a/b"));
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = MUST(ls_prog_return(ls, EGRESS, 1));
}

static void observe(void)
{
	OK(ls_observe(ls, a, EGRESS));
	OK(ls_observe(ls, b, EGRESS));
}

static void at13_implies_multi(void **state)
{
	struct ls_query query;
	int link;

	(void)state;
	start();
	link = MUST(ls_link(ls, a, p[0], EGRESS));
	OK(ls_query(ls, a, EGRESS, 0, 0, 4, &query));
	assert_int_equal(query.attach_flags, MULTI);
	FAILS(EPERM, ls_attach(ls, a, p[1], EGRESS, 0));
	FAILS(EPERM, ls_attach(ls, a, p[1], EGRESS, BPF_F_ALLOW_OVERRIDE));
	OK(ls_attach(ls, a, p[1], EGRESS, MULTI));
	/* the same program by two links, and attached */
	MUST(ls_link(ls, a, p[0], EGRESS));
	OK(ls_attach(ls, a, p[0], EGRESS, MULTI));
	observe();
	OK(ls_close_handle(ls, link));
	observe();
	OK(ls_attach(ls, b, p[2], EGRESS, MULTI));
	observe();
}

static void at13_flags(void **state)
{
	(void)state;
	start();
	for (u32 bit = 0; bit < 32; bit++) {
		struct attr_link_create attr = {
			.prog_fd = (u32)p[0],
			.target_fd = (u32)a,
			.attach_type = EGRESS,
			.flags = 1u << bit,
		};
		int link;

		ls_doing(ls, "flag %#x", attr.flags);
		link = ls_link_at(ls, &attr);
		observe();
		if (link >= 0)
			OK(ls_close_handle(ls, link));
	}
}

static void at13_last_fd_detaches(void **state)
{
	struct info_link info;
	int link, again;

	(void)state;
	start();
	link = MUST(ls_link(ls, a, p[0], EGRESS));
	again = MUST(ls_dup(ls, link));
	OK(ls_close_handle(ls, link));
	observe();
	OK(ls_link_info(ls, again, &info));
	assert_int_equal(info.cgroup.cgroup_id, a);
	assert_int_equal(info.cgroup.attach_type, EGRESS);
	assert_int_equal(info.prog_id, p[0]);
	link = MUST(ls_by_id(ls, LS_LINK, again, 0));
	OK(ls_close_handle(ls, again));
	observe();
	OK(ls_pin(ls, "/link", link, 0));
	OK(ls_close_handle(ls, link));
	observe();
	link = MUST(ls_obj_get(ls, "/link", 0, LS_LINK));
	OK(ls_pin_remove(ls, "/link"));
	ls_settle(ls);
	observe();
	OK(ls_close_handle(ls, link));
	observe();
	FAILS(ENOENT, ls_by_id(ls, LS_LINK, link, 0));
}

static void at13_detach_leaves_defunct(void **state)
{
	struct info_link info;
	int link;

	(void)state;
	start();
	link = MUST(ls_link(ls, a, p[0], EGRESS));
	OK(ls_link_detach(ls, link));
	observe();
	OK(ls_link_info(ls, link, &info));
	assert_int_equal((int)info.cgroup.cgroup_id, -1);
	OK(ls_link_detach(ls, link));
	FAILS(ENOLINK, ls_link_update(ls, link, p[1], 0, 0));
	OK(ls_pin(ls, "/link", link, 0));
	OK(ls_pin_remove(ls, "/link"));
	FAILS(EBADF, ls_link_detach(ls, -1));
	FAILS(EINVAL, ls_link_detach(ls, p[0]));
	FAILS(EINVAL, ls_link_detach(ls, a));
}

static void at13_removed_cgroup(void **state)
{
	struct info_link info;
	int link;

	(void)state;
	start();
	link = MUST(ls_link(ls, b, p[0], EGRESS));
	OK(ls_cgroup_remove(ls, b));
	OK(ls_link_info(ls, link, &info));
	assert_int_equal((int)info.cgroup.cgroup_id, -1);
	FAILS(ENOLINK, ls_link_update(ls, link, p[1], 0, 0));
	FAILS(ENOLINK, ls_link_update(ls, link, p[1], BPF_F_REPLACE, p[0]));
	OK(ls_link_detach(ls, link));
	OK(ls_link_info(ls, link, &info));
}

static void at14_update(void **state)
{
	int ingress = MUST(ls_prog_return(ls, INGRESS, 1));
	int device = MUST(ls_prog_return(ls, BPF_CGROUP_DEVICE, 1));
	struct ls_query query;
	int link;

	(void)state;
	start();
	OK(ls_attach(ls, a, p[1], EGRESS, MULTI));
	link = MUST(ls_link(ls, a, p[0], EGRESS));
	OK(ls_attach(ls, a, p[2], EGRESS, MULTI));
	OK(ls_attach(ls, b, p[0], EGRESS, MULTI));
	OK(ls_link_update(ls, link, p[3], 0, 0));
	OK(ls_query(ls, b, EGRESS, BPF_F_QUERY_EFFECTIVE, 0, 8, &query));
	assert_int_equal(query.prog_cnt, 4);
	assert_int_equal(query.progs[0], p[0]);
	assert_int_equal(query.progs[1], p[1]);
	assert_int_equal(query.progs[2], p[3]);
	assert_int_equal(query.progs[3], p[2]);
	observe();
	OK(ls_link_update(ls, link, p[4], BPF_F_REPLACE, p[3]));
	FAILS(EPERM, ls_link_update(ls, link, p[0], BPF_F_REPLACE, p[3]));
	FAILS(EINVAL, ls_link_update(ls, link, p[0], 0, p[4]));
	FAILS(EBADF, ls_link_update(ls, link, p[0], BPF_F_REPLACE, 0));
	FAILS(EBADF, ls_link_update(ls, link, -1, 0, 0));
	FAILS(EINVAL, ls_link_update(ls, link, a, 0, 0));
	FAILS(EINVAL, ls_link_update(ls, link, device, 0, 0));
	FAILS(EBADF, ls_link_update(ls, -1, p[0], 0, 0));
	FAILS(EINVAL, ls_link_update(ls, p[0], p[0], 0, 0));
	for (u32 bit = 0; bit < 32; bit++) {
		ls_doing(ls, "update flag %#x", 1u << bit);
		ls_link_update(ls, link, p[0], 1u << bit, 0);
		ls_link_update(ls, link, p[4], 1u << bit, p[0]);
		ls_link_update(ls, link, p[4], 1u << bit, p[4]);
	}
	observe();
	/* by itself */
	OK(ls_link_update(ls, link, p[1], 0, 0));
	OK(ls_link_update(ls, link, p[1], 0, 0));
	observe();
	/* one type with another expected attach type */
	assert_int_not_equal(ls_link_update(ls, link, ingress, 0, 0), LS_DIFF);
	observe();
}

/* The array of a descendant that overrides has no slot of the link. */
static void at14_update_seen_everywhere(void **state)
{
	int c, link;

	(void)state;
	start();
	c = MUST(ls_cgroup(ls, "/a/b/c"));
	link = MUST(ls_link(ls, a, p[0], EGRESS));
	OK(ls_attach(ls, b, p[1], EGRESS, BPF_F_ALLOW_OVERRIDE));
	OK(ls_attach(ls, c, p[2], EGRESS, MULTI));
	OK(ls_link_update(ls, link, p[3], 0, 0));
	observe();
	OK(ls_observe(ls, c, EGRESS));
	OK(ls_link_detach(ls, link));
	observe();
	OK(ls_observe(ls, c, EGRESS));
}

static void link_holds_program(void **state)
{
	int prog, link;

	(void)state;
	start();
	prog = MUST(ls_prog_return(ls, EGRESS, 1));
	link = MUST(ls_link(ls, a, prog, EGRESS));
	OK(ls_close_handle(ls, prog));
	ls_settle(ls);
	prog = MUST(ls_by_id(ls, LS_PROG, prog, 0));
	OK(ls_close_handle(ls, prog));
	/* even a defunct one does */
	OK(ls_link_detach(ls, link));
	ls_settle(ls);
	prog = MUST(ls_by_id(ls, LS_PROG, prog, 0));
	OK(ls_close_handle(ls, prog));
	OK(ls_close_handle(ls, link));
	assert_true(ls_gone(ls, LS_PROG, prog));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(at13_implies_multi),
	cmocka_unit_test(at13_flags),
	cmocka_unit_test(at13_last_fd_detaches),
	cmocka_unit_test(at13_detach_leaves_defunct),
	cmocka_unit_test(at13_removed_cgroup),
	cmocka_unit_test(at14_update),
	cmocka_unit_test(at14_update_seen_everywhere),
	cmocka_unit_test(link_holds_program),
};

DIRECTED_MAIN("link", tests)
