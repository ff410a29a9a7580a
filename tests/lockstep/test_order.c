/* SPDX-License-Identifier: BSD-2-Clause */
/* In which order programs run, as effective queries tell it: AT-6 to AT-8. */
#include "directed.h"

#define EGRESS BPF_CGROUP_INET_EGRESS
#define MULTI BPF_F_ALLOW_MULTI
#define OVERRIDE BPF_F_ALLOW_OVERRIDE
#define PREORDER BPF_F_PREORDER
#define DEPTH 5

static int cg[DEPTH], p[8];

static void chain(void)
{
	static const char *const paths[DEPTH] = { "/1", "/1/2", "/1/2/3",
						  "/1/2/3/4", "/1/2/3/4/5" };

	for (int i = 0; i < DEPTH; i++)
		cg[i] = MUST(ls_cgroup(ls, paths[i]));
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = MUST(ls_prog_return(ls, EGRESS, 1));
}

static void expect(int cgroup, const int *progs, u32 n)
{
	struct ls_query query;

	OK(ls_query(ls, cgroup, EGRESS, BPF_F_QUERY_EFFECTIVE, 0, LS_MAX_PROGS,
		    &query));
	assert_int_equal(query.prog_cnt, n);
	for (u32 i = 0; i < n; i++)
		assert_int_equal(query.progs[i], progs[i]);
}

#define EXPECT(cgroup, ...)                          \
	expect(cgroup, (const int[]){ __VA_ARGS__ }, \
	       ARRAY_SIZE(((const int[]){ __VA_ARGS__ })))

/*
 * The example of the uapi header's comment: cgroups 1 to 5 in a line, A and B
 * MULTI in 1, C OVERRIDE in 2, D and E MULTI in 3, F OVERRIDE in 4.
 */
static void at6_uapi_example(void **state)
{
	const int *A = &p[0], *B = &p[1], *C = &p[2], *D = &p[3], *E = &p[4],
		  *F = &p[5];

	(void)state;
	chain();
	OK(ls_attach(ls, cg[0], *A, EGRESS, MULTI));
	OK(ls_attach(ls, cg[0], *B, EGRESS, MULTI));
	OK(ls_attach(ls, cg[1], *C, EGRESS, OVERRIDE));
	OK(ls_attach(ls, cg[2], *D, EGRESS, MULTI));
	OK(ls_attach(ls, cg[2], *E, EGRESS, MULTI));
	OK(ls_attach(ls, cg[3], *F, EGRESS, OVERRIDE));
	EXPECT(cg[4], *F, *D, *E, *A, *B);
	EXPECT(cg[3], *F, *D, *E, *A, *B);
	EXPECT(cg[2], *D, *E, *A, *B);
	EXPECT(cg[1], *C, *A, *B);
	EXPECT(cg[0], *A, *B);
	OK(ls_detach(ls, cg[3], *F, EGRESS));
	EXPECT(cg[4], *D, *E, *A, *B);
	OK(ls_detach(ls, cg[2], *E, EGRESS));
	OK(ls_detach(ls, cg[2], *D, EGRESS));
	EXPECT(cg[4], *C, *A, *B);
	OK(ls_attach(ls, cg[4], *F, EGRESS, 0));
	EXPECT(cg[4], *F, *A, *B);
}

static void at6_one_program_at_all_levels(void **state)
{
	(void)state;
	chain();
	for (int i = 0; i < DEPTH; i++)
		OK(ls_attach(ls, cg[i], p[0], EGRESS, MULTI));
	EXPECT(cg[4], p[0], p[0], p[0], p[0], p[0]);
	OK(ls_attach(ls, cg[2], p[1], EGRESS, MULTI));
	EXPECT(cg[4], p[0], p[0], p[0], p[1], p[0], p[0]);
	/* KB-9: by entry, not by program */
	OK(ls_detach(ls, cg[2], p[0], EGRESS));
	EXPECT(cg[4], p[0], p[0], p[1], p[0], p[0]);
	OK(ls_detach(ls, cg[0], p[0], EGRESS));
	EXPECT(cg[4], p[0], p[0], p[1], p[0]);
}

/* KB-11: a descendant that overrides has nothing of what goes above it. */
static void kb11_detach_above_override(void **state)
{
	(void)state;
	chain();
	OK(ls_attach(ls, cg[0], p[0], EGRESS, OVERRIDE));
	OK(ls_attach(ls, cg[2], p[1], EGRESS, OVERRIDE));
	EXPECT(cg[4], p[1]);
	OK(ls_detach(ls, cg[0], p[0], EGRESS));
	EXPECT(cg[4], p[1]);
	expect(cg[1], NULL, 0);
	OK(ls_detach(ls, cg[2], p[1], EGRESS));
	expect(cg[4], NULL, 0);
}

static void at7_preorder(void **state)
{
	(void)state;
	chain();
	/* parent p0, p1; child p2, p3; p1 and p3 preorder */
	OK(ls_attach(ls, cg[0], p[0], EGRESS, MULTI));
	OK(ls_attach(ls, cg[0], p[1], EGRESS, MULTI | PREORDER));
	OK(ls_attach(ls, cg[1], p[2], EGRESS, MULTI));
	OK(ls_attach(ls, cg[1], p[3], EGRESS, MULTI | PREORDER));
	EXPECT(cg[1], p[1], p[3], p[2], p[0]);
	EXPECT(cg[4], p[1], p[3], p[2], p[0]);
	/* a third level, and two in one level in list order */
	OK(ls_attach(ls, cg[2], p[4], EGRESS, MULTI | PREORDER));
	OK(ls_attach(ls, cg[2], p[5], EGRESS, MULTI | PREORDER));
	OK(ls_attach(ls, cg[2], p[6], EGRESS, MULTI));
	EXPECT(cg[2], p[1], p[3], p[4], p[5], p[6], p[2], p[0]);
	OK(ls_attach(ls, cg[0], p[7], EGRESS, MULTI | PREORDER));
	EXPECT(cg[2], p[1], p[7], p[3], p[4], p[5], p[6], p[2], p[0]);
	OK(ls_detach(ls, cg[1], p[3], EGRESS));
	EXPECT(cg[2], p[1], p[7], p[4], p[5], p[6], p[2], p[0]);
}

static void at7_preorder_and_override(void **state)
{
	(void)state;
	chain();
	ls_attach(ls, cg[0], p[0], EGRESS, OVERRIDE | PREORDER);
	ls_attach(ls, cg[1], p[1], EGRESS, PREORDER | OVERRIDE);
	ls_attach(ls, cg[2], p[2], EGRESS, MULTI | PREORDER);
	ls_attach(ls, cg[3], p[3], EGRESS, MULTI);
	for (int i = 0; i < DEPTH; i++)
		OK(ls_observe(ls, cg[i], EGRESS));
	/* in place: with and without */
	ls_attach(ls, cg[0], p[4], EGRESS, OVERRIDE);
	ls_attach(ls, cg[1], p[4], EGRESS, OVERRIDE | PREORDER);
	for (int i = 0; i < DEPTH; i++)
		OK(ls_observe(ls, cg[i], EGRESS));
}

/* Replace with another PREORDER, or another than the anchor's */
static void at7_preorder_replace(void **state)
{
	struct attr_prog_attach attr = { .attach_type = EGRESS };

	(void)state;
	chain();
	OK(ls_attach(ls, cg[0], p[0], EGRESS, MULTI));
	OK(ls_attach(ls, cg[0], p[1], EGRESS, MULTI | PREORDER));
	OK(ls_attach(ls, cg[1], p[2], EGRESS, MULTI));
	attr.target_fd = (u32)cg[0];
	for (u32 i = 0; i < 4; i++) {
		attr.attach_bpf_fd = (u32)p[3 + i];
		attr.replace_bpf_fd = (u32)p[i & 1];
		attr.attach_flags = MULTI | BPF_F_REPLACE |
				    (i & 2 ? PREORDER : 0);
		ls_doing(ls, "replace %u", i);
		assert_int_not_equal(ls_attach_at(ls, &attr), LS_DIFF);
		OK(ls_observe(ls, cg[0], EGRESS));
		OK(ls_observe(ls, cg[1], EGRESS));
	}
}

/* The 64 of a cgroup are its own: many levels have many more. */
static void at6_hundreds(void **state)
{
	(void)state;
	chain();
	for (int level = 0; level < 3; level++)
		for (int i = 0; i < 40; i++)
			OK(ls_attach(ls, cg[level],
				     MUST(ls_prog_return(ls, EGRESS, 1)),
				     EGRESS, MULTI));
	assert_int_not_equal(ls_observe(ls, cg[4], EGRESS), LS_DIFF);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(at6_uapi_example),
	cmocka_unit_test(at6_one_program_at_all_levels),
	cmocka_unit_test(at6_hundreds),
	cmocka_unit_test(kb11_detach_above_override),
	cmocka_unit_test(at7_preorder),
	cmocka_unit_test(at7_preorder_and_override),
	cmocka_unit_test(at7_preorder_replace),
};

DIRECTED_MAIN("order", tests)
