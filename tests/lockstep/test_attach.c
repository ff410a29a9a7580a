/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may attach, where in the list, and what a detach does: AT-1 to AT-12. */
#include "directed.h"

#include "object/attach_type.h"

#define EGRESS BPF_CGROUP_INET_EGRESS
#define INGRESS BPF_CGROUP_INET_INGRESS
#define MULTI BPF_F_ALLOW_MULTI
#define OVERRIDE BPF_F_ALLOW_OVERRIDE

static int a, b, c; /* /a, /a/b, /a/b/c */
static int p[6];

static void chain(void)
{
	a = MUST(ls_cgroup(ls, "/a"));
	b = MUST(ls_cgroup(ls, "/a/b"));
	c = MUST(ls_cgroup(ls, "/a/b/c"));
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = MUST(ls_prog_return(ls, EGRESS, 1));
}

/* An attach that must give @ret, with both cgroups looked at afterwards */
static void observe(void)
{
	const int cgroups[] = { a, b, c };

	for (int i = 0; i < 3; i++)
		assert_int_equal(ls_observe(ls, cgroups[i], EGRESS), 0);
}

static void at1_flags(void **state)
{
	(void)state;
	chain();
	/* every combination of flags, on an empty and on a full list */
	for (u32 flags = 0; flags < 256; flags++) {
		ls_doing(ls, "flags %#x", flags);
		if (!ls_attach(ls, a, p[0], EGRESS, flags)) {
			ls_attach(ls, a, p[1], EGRESS, flags);
			ls_attach(ls, b, p[1], EGRESS, flags);
			observe();
			ls_detach(ls, b, p[1], EGRESS);
			ls_detach(ls, a, p[1], EGRESS);
			ls_detach(ls, a, p[0], EGRESS);
		}
		observe();
	}
	for (u32 bit = 8; bit < 32; bit++) {
		ls_doing(ls, "flags %#x", 1u << bit);
		ls_attach(ls, a, p[0], EGRESS, 1u << bit);
		ls_attach(ls, a, p[0], EGRESS, MULTI | 1u << bit);
	}
	FAILS(EINVAL, ls_attach(ls, a, p[0], EGRESS, OVERRIDE | MULTI));
	FAILS(EINVAL, ls_attach(ls, a, p[0], EGRESS, BPF_F_REPLACE));
}

static void at1_none_shuts_descendants_out(void **state)
{
	(void)state;
	chain();
	OK(ls_attach(ls, a, p[0], EGRESS, 0));
	FAILS(EPERM, ls_attach(ls, b, p[1], EGRESS, 0));
	FAILS(EPERM, ls_attach(ls, c, p[1], EGRESS, MULTI));
	FAILS(EPERM, ls_attach(ls, c, p[1], EGRESS, OVERRIDE));
	FAILS(EPERM, ls_link(ls, c, p[1], EGRESS));
	/* another attach type is another matter */
	OK(ls_attach(ls, c, p[1], INGRESS, 0));
	observe();
	/* one program: the second takes its place */
	OK(ls_attach(ls, a, p[1], EGRESS, 0));
	OK(ls_attach(ls, a, p[1], EGRESS, 0));
	observe();
}

static void at2_modes_and_ancestors(void **state)
{
	static const u32 modes[] = { 0, OVERRIDE, MULTI };

	(void)state;
	chain();
	for (int i = 0; i < 27; i++) {
		u32 ma = modes[i % 3], mb = modes[i / 3 % 3], mc = modes[i / 9];

		ls_doing(ls, "modes %u %u %u", ma, mb, mc);
		ls_attach(ls, c, p[2], EGRESS, mc);
		ls_attach(ls, a, p[0], EGRESS, ma);
		ls_attach(ls, b, p[1], EGRESS, mb);
		observe();
		ls_attach(ls, c, p[3], EGRESS, mc);
		ls_attach(ls, c, p[3], EGRESS, ma);
		observe();
		/* the nearest one that has programs decides */
		ls_detach(ls, b, p[1], EGRESS);
		ls_attach(ls, c, p[4], EGRESS, mc);
		observe();
		for (int j = 0; j < 5; j++) {
			ls_detach(ls, c, p[j], EGRESS);
			ls_detach(ls, a, p[j], EGRESS);
		}
		ls_detach(ls, c, p[0], EGRESS);
		observe();
	}
}

static void at3_twice_replace_limit(void **state)
{
	struct attr_prog_attach attr = {
		.attach_type = EGRESS,
		.attach_flags = MULTI | BPF_F_REPLACE,
	};
	int more[65];

	(void)state;
	chain();
	OK(ls_attach(ls, a, p[0], EGRESS, MULTI));
	FAILS(EINVAL, ls_attach(ls, a, p[0], EGRESS, MULTI));
	attr.target_fd = (u32)a;
	attr.attach_bpf_fd = attr.replace_bpf_fd = (u32)p[0];
	OK(ls_attach_at(ls, &attr)); /* by itself */
	attr.replace_bpf_fd = (u32)p[1];
	FAILS(EINVAL, ls_attach_at(ls, &attr));
	attr.attach_bpf_fd = (u32)p[2];
	FAILS(ENOENT, ls_attach_at(ls, &attr));
	attr.replace_bpf_fd = (u32)-1;
	FAILS(EBADF, ls_attach_at(ls, &attr));
	attr.replace_bpf_fd = (u32)a;
	FAILS(EINVAL, ls_attach_at(ls, &attr));
	attr.replace_bpf_fd = (u32)p[0];
	attr.attach_flags = MULTI;
	assert_int_not_equal(ls_attach_at(ls, &attr), LS_DIFF);
	observe();
	for (int i = 0; i < 65; i++)
		more[i] = MUST(ls_prog_return(ls, EGRESS, 1));
	for (int i = 0; i < 65; i++)
		ls_attach(ls, b, more[i], EGRESS, MULTI);
	observe();
	FAILS(E2BIG, ls_attach(ls, b, more[64], EGRESS, MULTI));
	FAILS(E2BIG, ls_link(ls, b, more[64], EGRESS));
	/* CS, AT-3: a full list may not even replace */
	attr.target_fd = (u32)b;
	attr.attach_bpf_fd = (u32)more[64];
	attr.replace_bpf_fd = (u32)more[0];
	attr.attach_flags = MULTI | BPF_F_REPLACE;
	assert_int_not_equal(ls_attach_at(ls, &attr), LS_DIFF);
	/* but the limit is the cgroup's own */
	OK(ls_attach(ls, c, p[0], EGRESS, MULTI));
}

/* AT-4, KB-12: in PROG_ATTACH and in LINK_CREATE alike */
static void at4_types_must_fit(void **state)
{
	static const struct {
		u32 type, attach;
	} progs[] = {
		{ BPF_PROG_TYPE_CGROUP_SKB, INGRESS },
		{ BPF_PROG_TYPE_CGROUP_SKB, EGRESS },
		{ BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE },
		{ BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET4_POST_BIND },
		{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT },
		{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_BIND },
		{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UNIX_CONNECT },
		{ BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_SETSOCKOPT },
		{ BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_GETSOCKOPT },
		{ BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE },
		{ BPF_PROG_TYPE_CGROUP_SYSCTL, BPF_CGROUP_SYSCTL },
		{ BPF_PROG_TYPE_SOCKET_FILTER, 0 },
		{ BPF_PROG_TYPE_XDP, 0 },
	};

	(void)state;
	chain();
	for (size_t i = 0; i < ARRAY_SIZE(progs); i++) {
		int prog = MUST(LS_PROG(ls, progs[i].type, progs[i].attach,
					MOVI(R0, 1), EXIT()));

		for (u32 type = 0; type < UAPI_NR_ATTACH_TYPES + 3; type++) {
			int link;

			/* types that are no cgroup's attach to devices,
			 * sockets, the network namespace: not our world */
			if (attach_type_index(type) < 0 &&
			    type < UAPI_NR_ATTACH_TYPES)
				continue;
			ls_doing(ls, "program type %u (%u) to %u",
				 progs[i].type, progs[i].attach, type);
			if (!ls_attach(ls, c, prog, type, MULTI))
				OK(ls_detach(ls, c, prog, type));
			else
				ls_detach(ls, c, prog, type);
			link = ls_link(ls, c, prog, type);
			if (link >= 0)
				OK(ls_close_handle(ls, link));
		}
	}
}

static void at4_expected_attach_type_skb(void **state)
{
	int prog;

	(void)state;
	chain();
	/* egress may return 2 and 3 only where that was said when loaded */
	prog = MUST(LS_PROG(ls, BPF_PROG_TYPE_CGROUP_SKB, EGRESS, MOVI(R0, 3),
			    EXIT()));
	assert_int_not_equal(ls_attach(ls, a, prog, INGRESS, MULTI), LS_DIFF);
	OK(ls_attach(ls, a, prog, EGRESS, MULTI));
}

static void at5_target(void **state)
{
	int map = MUST(ls_map(ls, BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0));

	(void)state;
	chain();
	FAILS(EBADF, ls_attach(ls, -1, p[0], EGRESS, 0));
	FAILS(EBADF, ls_attach(ls, map, p[0], EGRESS, 0));
	FAILS(EBADF, ls_attach(ls, p[0], p[0], EGRESS, 0));
	FAILS(EBADF, ls_attach(ls, a, -1, EGRESS, 0));
	FAILS(EINVAL, ls_attach(ls, a, map, EGRESS, 0));
	FAILS(EINVAL, ls_attach(ls, a, a, EGRESS, 0));
	FAILS(EBADF, ls_detach(ls, map, p[0], EGRESS));
	FAILS(EBADF, ls_link(ls, map, p[0], EGRESS));
	FAILS(EBADF, ls_link(ls, -1, p[0], EGRESS));
	FAILS(EBADF, ls_link(ls, a, -1, EGRESS));
	FAILS(EINVAL, ls_link(ls, a, map, EGRESS));
	FAILS(EBADF, ls_query(ls, map, EGRESS, 0, 0, 4, NULL));
	/* a removed cgroup */
	OK(ls_cgroup_remove(ls, c));
	FAILS(ENOENT, ls_attach(ls, c, p[0], EGRESS, 0));
	FAILS(ENOENT, ls_detach(ls, c, p[0], EGRESS));
	FAILS(ENOENT, ls_link(ls, c, p[0], EGRESS));
	FAILS(ENOENT, ls_query(ls, c, EGRESS, 0, 0, 4, NULL));
}

/* Where the new one goes: the whole list after each attach. */
static void expect_list(const int *progs, u32 n)
{
	struct ls_query query;

	OK(ls_query(ls, a, EGRESS, 0, 0, LS_MAX_PROGS, &query));
	assert_int_equal(query.prog_cnt, n);
	for (u32 i = 0; i < n; i++)
		assert_int_equal(query.progs[i], progs[i]);
}

static int attach_near(int prog, u32 flags, int near)
{
	struct attr_prog_attach attr = {
		.target_fd = (u32)a,
		.attach_bpf_fd = (u32)prog,
		.attach_type = EGRESS,
		.attach_flags = MULTI | flags,
		.relative_fd = (u32)near,
	};

	return ls_attach_at(ls, &attr);
}

static void at8_anchors(void **state)
{
	int ingress = MUST(ls_prog_return(ls, INGRESS, 1));
	int device = MUST(ls_prog_return(ls, BPF_CGROUP_DEVICE, 1));
	const u32 B = BPF_F_BEFORE, A = BPF_F_AFTER, I = BPF_F_ID,
		  L = UAPI_F_LINK;
	struct attr_prog_attach replace = {
		.attach_type = EGRESS,
		.attach_flags = MULTI | BPF_F_REPLACE | BPF_F_BEFORE,
	};
	struct attr_link_create near_link = {
		.attach_type = EGRESS,
		.flags = B | L,
	};
	int link, other;

	(void)state;
	chain();
	OK(attach_near(p[0], 0, 0));
	OK(attach_near(p[1], B, 0));
	expect_list((int[]){ p[1], p[0] }, 2);
	OK(attach_near(p[2], A, 0));
	expect_list((int[]){ p[1], p[0], p[2] }, 3);
	OK(attach_near(p[3], B, p[0]));
	expect_list((int[]){ p[1], p[3], p[0], p[2] }, 4);
	OK(attach_near(p[4], A | I, p[3]));
	expect_list((int[]){ p[1], p[3], p[4], p[0], p[2] }, 5);
	FAILS(ENOENT, attach_near(p[5], B, ingress));
	FAILS(ENOENT, attach_near(p[5], B, device));
	FAILS(ENOENT, attach_near(p[5], A, p[5]));
	FAILS(EINVAL, attach_near(p[5], B | BPF_F_PREORDER, p[0]));
	FAILS(EINVAL, attach_near(p[5], A | B, p[0]));
	replace.target_fd = (u32)a;
	replace.attach_bpf_fd = (u32)p[5];
	replace.replace_bpf_fd = replace.relative_fd = (u32)p[0];
	FAILS(EINVAL, ls_attach_at(ls, &replace));
	/* links among programs */
	link = MUST(ls_link(ls, a, p[5], EGRESS));
	OK(ls_detach(ls, a, p[4], EGRESS));
	/* a program's anchors are programs, a link's are links */
	FAILS(EINVAL, attach_near(p[4], B | L, link));
	FAILS(EINVAL, attach_near(p[4], B | L | I, link));
	near_link.prog_fd = (u32)p[4];
	near_link.target_fd = (u32)a;
	near_link.cgroup.relative_fd = (u32)link;
	other = MUST(ls_link_at(ls, &near_link));
	expect_list((int[]){ p[1], p[3], p[0], p[2], p[4], p[5] }, 6);
	OK(ls_close_handle(ls, other));
	near_link.flags |= I;
	other = MUST(ls_link_at(ls, &near_link));
	expect_list((int[]){ p[1], p[3], p[0], p[2], p[4], p[5] }, 6);
	OK(ls_close_handle(ls, other));
	/* a link's program is not in the list as a program */
	assert_int_not_equal(attach_near(p[4], B, p[5]), LS_DIFF);
	/* every flag with every sort of anchor */
	for (u32 flags = 0; flags < 32; flags++) {
		const int anchors[] = { 0, -1, p[0], link, a, device, p[4] };
		u32 f = (flags & 1 ? B : 0) | (flags & 2 ? A : 0) |
			(flags & 4 ? I : 0) | (flags & 8 ? L : 0) |
			(flags & 16 ? BPF_F_PREORDER : 0);

		for (size_t i = 0; i < ARRAY_SIZE(anchors); i++) {
			struct attr_link_create attr = {
				.prog_fd = (u32)p[4],
				.target_fd = (u32)a,
				.attach_type = EGRESS,
				.flags = f,
				.cgroup.relative_fd = (u32)anchors[i],
			};
			int ret;

			ls_doing(ls, "flags %#x anchor %zu", f, i);
			ls_detach(ls, a, p[4], EGRESS);
			ret = attach_near(p[4], f, anchors[i]);
			assert_int_not_equal(ret, LS_DIFF);
			OK(ls_observe(ls, a, EGRESS));
			ret = ls_link_at(ls, &attr);
			OK(ls_observe(ls, a, EGRESS));
			if (ret >= 0)
				OK(ls_close_handle(ls, ret));
		}
	}
}

static void at9_revisions(void **state)
{
	struct attr_prog_attach attr = { .attach_type = EGRESS,
					 .attach_flags = MULTI };
	struct ls_query query;
	int link;

	(void)state;
	chain();
	attr.target_fd = (u32)a;
	for (int i = 0; i < 4; i++) {
		OK(ls_query(ls, a, EGRESS, 0, 0, 8, &query));
		assert_int_equal(query.revision, 1 + i);
		attr.attach_bpf_fd = (u32)p[i];
		attr.expected_revision = query.revision + 1;
		FAILS(ESTALE, ls_attach_at(ls, &attr));
		attr.expected_revision = query.revision;
		OK(ls_attach_at(ls, &attr));
	}
	/* without flags it is not asked for, wherever they stand */
	attr.attach_flags = 0;
	attr.expected_revision = 99;
	FAILS(ESTALE, ls_detach_at(ls, &attr));
	attr.expected_revision = 5;
	OK(ls_detach_at(ls, &attr));
	/* replace, link, link update and link detach count; others do not */
	attr.attach_flags = MULTI | BPF_F_REPLACE;
	attr.attach_bpf_fd = (u32)p[3];
	attr.replace_bpf_fd = (u32)p[0];
	attr.expected_revision = 6;
	OK(ls_attach_at(ls, &attr));
	link = MUST(ls_link(ls, a, p[4], EGRESS));
	OK(ls_link_update(ls, link, p[5], 0, 0));
	OK(ls_query(ls, a, EGRESS, 0, 0, 8, &query));
	assert_int_equal(query.revision, 9);
	OK(ls_query(ls, b, EGRESS, 0, 0, 8, &query));
	assert_int_equal(query.revision, 1);
	OK(ls_query(ls, a, INGRESS, 0, 0, 8, &query));
	assert_int_equal(query.revision, 1);
	OK(ls_link_detach(ls, link));
	OK(ls_query(ls, a, EGRESS, 0, 0, 8, &query));
	assert_int_equal(query.revision, 10);
}

static void at9_link_revisions(void **state)
{
	struct attr_link_create attr = { .attach_type = EGRESS };

	(void)state;
	chain();
	attr.prog_fd = (u32)p[0];
	attr.target_fd = (u32)a;
	attr.cgroup.expected_revision = 2;
	FAILS(ESTALE, ls_link_at(ls, &attr));
	attr.cgroup.expected_revision = 1;
	MUST(ls_link_at(ls, &attr));
	FAILS(ESTALE, ls_link_at(ls, &attr));
}

static void at12_detach(void **state)
{
	struct attr_prog_attach attr = { .attach_type = EGRESS };

	(void)state;
	chain();
	FAILS(ENOENT, ls_detach(ls, a, p[0], EGRESS));
	FAILS(ENOENT, ls_detach(ls, a, 0, EGRESS));
	OK(ls_attach(ls, a, p[0], EGRESS, MULTI));
	FAILS(EINVAL, ls_detach(ls, a, 0, EGRESS));
	FAILS(ENOENT, ls_detach(ls, a, p[1], EGRESS));
	assert_int_not_equal(ls_detach(ls, a, -1, EGRESS), LS_DIFF);
	OK(ls_detach(ls, a, p[0], EGRESS));
	FAILS(ENOENT, ls_detach(ls, a, p[0], EGRESS));
	/* in the other modes any program will do, or none */
	for (u32 mode = 0; mode <= OVERRIDE; mode++) {
		const int which[] = { 0, -1, p[0], p[1], a };

		for (size_t i = 0; i < ARRAY_SIZE(which); i++) {
			ls_doing(ls, "mode %u with %zu", mode, i);
			OK(ls_attach(ls, a, p[0], EGRESS, mode));
			assert_int_not_equal(ls_detach(ls, a, which[i], EGRESS),
					     LS_DIFF);
			OK(ls_observe(ls, a, EGRESS));
			ls_detach(ls, a, p[0], EGRESS);
		}
	}
	ls_doing(ls, "%s", "");
	/* the mode is forgotten with the last one */
	OK(ls_attach(ls, a, p[0], EGRESS, MULTI));
	OK(ls_detach(ls, a, p[0], EGRESS));
	OK(ls_attach(ls, a, p[0], EGRESS, 0));
	OK(ls_detach(ls, a, p[0], EGRESS));
	/* flags of a detach */
	attr.target_fd = (u32)a;
	attr.attach_bpf_fd = (u32)p[0];
	for (u32 bit = 0; bit < 32; bit++) {
		attr.attach_flags = 1u << bit;
		ls_doing(ls, "detach with flags %#x", attr.attach_flags);
		OK(ls_attach(ls, a, p[0], EGRESS, MULTI));
		assert_int_not_equal(ls_detach_at(ls, &attr), LS_DIFF);
		ls_detach(ls, a, p[0], EGRESS);
	}
	/* a link is nobody's to detach but its own */
	MUST(ls_link(ls, a, p[0], EGRESS));
	FAILS(ENOENT, ls_detach(ls, a, p[0], EGRESS));
}

static void at15_new_cgroups_inherit(void **state)
{
	int d;

	(void)state;
	chain();
	OK(ls_attach(ls, a, p[0], EGRESS, MULTI));
	OK(ls_attach(ls, c, p[1], EGRESS, OVERRIDE));
	d = MUST(ls_cgroup(ls, "/a/b/c/d"));
	OK(ls_observe(ls, d, EGRESS));
	OK(ls_attach(ls, d, p[2], EGRESS, MULTI));
	OK(ls_observe(ls, d, EGRESS));
	OK(ls_cgroup_remove(ls, d));
	d = MUST(ls_cgroup(ls, "/a/b/c/d"));
	OK(ls_observe(ls, d, EGRESS));
	/* children first */
	FAILS(EBUSY, ls_cgroup_remove(ls, b));
	FAILS(EEXIST, ls_cgroup(ls, "/a/b"));
	FAILS(ENOENT, ls_cgroup(ls, "/no/such"));
}

/* AT-15: what a removed cgroup held is put: its programs, its links */
static void at15_release(void **state)
{
	struct info_link info;
	int link, prog;

	(void)state;
	chain();
	prog = MUST(ls_prog_return(ls, EGRESS, 1));
	OK(ls_attach(ls, c, prog, EGRESS, MULTI));
	link = MUST(ls_link(ls, c, p[0], EGRESS));
	OK(ls_close_handle(ls, prog));
	MUST(ls_by_id(ls, LS_PROG, prog, 0));
	OK(ls_close_handle(ls, (int)(LS_HANDLE + ls->nr_handles - 1)));
	OK(ls_cgroup_remove(ls, c));
	assert_true(ls_gone(ls, LS_PROG, prog));
	/* AT-13: defunct */
	OK(ls_link_info(ls, link, &info));
	assert_true(!info.cgroup.cgroup_id || info.cgroup.cgroup_id == (u64)-1);
	FAILS(ENOLINK, ls_link_update(ls, link, p[1], 0, 0));
	OK(ls_link_detach(ls, link));
	OK(ls_observe(ls, b, EGRESS));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(at1_flags),
	cmocka_unit_test(at1_none_shuts_descendants_out),
	cmocka_unit_test(at2_modes_and_ancestors),
	cmocka_unit_test(at3_twice_replace_limit),
	cmocka_unit_test(at4_types_must_fit),
	cmocka_unit_test(at4_expected_attach_type_skb),
	cmocka_unit_test(at5_target),
	cmocka_unit_test(at8_anchors),
	cmocka_unit_test(at9_revisions),
	cmocka_unit_test(at9_link_revisions),
	cmocka_unit_test(at12_detach),
	cmocka_unit_test(at15_new_cgroups_inherit),
	cmocka_unit_test(at15_release),
};

DIRECTED_MAIN("attach", tests)
