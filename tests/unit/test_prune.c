/* SPDX-License-Identifier: BSD-2-Clause */
/* Which states are as general as others, and pruning without memory. */
#include "unit.h"

#include <string.h>

#include "cgbpf.h"
#include "object/map.h"
#include "object/prog.h"
#include "object/task.h"
#include "verifier/equal.h"

#define N EQUAL_FINISHED
#define U EQUAL_UNFINISHED
#define X EQUAL_EXACT

static struct insn_info infos[2] = { { .live = 0x3ff }, { .live = 0x3ff } };
static struct verifier v = { .infos = infos, .ids = 1000 };
static struct map map_a, map_b;
static struct id_map ids;

struct pair {
	struct state *old, *cur;
};

static int setup(void **state)
{
	static struct pair pair;

	assert_int_equal(state_new(&pair.old), 0);
	assert_int_equal(state_new(&pair.cur), 0);
	infos[0].live = 0x3ff;
	*state = &pair;
	return 0;
}

static int teardown(void **state)
{
	struct pair *pair = *state;

	state_free(pair->old);
	state_free(pair->cur);
	return 0;
}

static bool equal(const struct pair *pair, enum equality how)
{
	return states_equal(&v, pair->old, pair->cur, how, &ids);
}

/* -------------------------------------------------------------- registers */

static struct reg number(u64 lo, u64 hi, bool precise)
{
	struct scalar s = scalar_urange(lo, hi);
	struct reg reg;

	reg_set_scalar(&reg, &s);
	reg.precise = precise;
	return reg;
}

static struct reg pointer(enum reg_kind kind, u32 flags, s32 off, s32 range)
{
	struct reg reg;

	reg_set_pointer(&reg, kind, flags);
	reg.off = off;
	if (kind == REG_MAP_VALUE)
		reg.map = &map_a;
	else
		reg.range = range;
	return reg;
}

static void check_regs(struct pair *pair, struct reg old, struct reg cur,
		       bool finished, bool unfinished, bool exact)
{
	pair->old->frames[0]->regs[3] = old;
	pair->cur->frames[0]->regs[3] = cur;
	assert_int_equal(equal(pair, N), finished);
	assert_int_equal(equal(pair, U), unfinished);
	assert_int_equal(equal(pair, X), exact);
	/* nobody reads it */
	infos[0].live = 0x3ff & ~(1u << 3);
	assert_true(equal(pair, N) && equal(pair, U) && equal(pair, X));
	infos[0].live = 0x3ff;
}

static void test_numbers(void **state)
{
	struct pair *pair = *state;
	struct reg uninit;

	reg_set_uninit(&uninit);
	check_regs(pair, number(0, 8, false), number(0, 8, false), 1, 1, 1);
	check_regs(pair, number(0, 8, true), number(2, 4, false), 1, 1, 0);
	check_regs(pair, number(2, 4, false), number(0, 8, true), 1, 0, 0);
	check_regs(pair, number(2, 4, true), number(0, 8, false), 0, 0, 0);
	check_regs(pair, number(2, 4, true), number(2, 4, false), 1, 1, 1);
	check_regs(pair, uninit, number(2, 4, false), 1, 1, 0);
	check_regs(pair, number(2, 4, false), uninit, 0, 0, 0);
	check_regs(pair, number(0, ~0ull, false), pointer(REG_STACK, 0, 0, 0),
		   0, 0, 0);
}

static void test_pointers(void **state)
{
	struct pair *pair = *state;
	struct reg old, cur;

	old = cur = pointer(REG_MAP_VALUE, 0, 4, 0);
	check_regs(pair, old, cur, 1, 1, 1);
	cur.off = 8;
	check_regs(pair, old, cur, 0, 0, 0);
	cur = old;
	cur.map = &map_b;
	check_regs(pair, old, cur, 0, 0, 0);
	cur = old;
	cur.map_uid = 7;
	check_regs(pair, old, cur, 0, 0, 0);
	cur = old;
	cur.flags = REG_MAYBE_NULL;
	check_regs(pair, old, cur, 0, 0, 0);
	check_regs(pair, cur, old, 0, 0, 0);
	/* a number that is added: no wider one */
	cur = old;
	old.s = scalar_urange(0, 8);
	cur.s = scalar_urange(0, 4);
	check_regs(pair, old, cur, 1, 1, 0);
	check_regs(pair, cur, old, 0, 0, 0);
	old = pointer(REG_STACK, 0, -8, 0);
	cur = pointer(REG_STACK, 0, -16, 0);
	check_regs(pair, old, cur, 0, 0, 0);
	cur = old;
	cur.frame = 1;
	check_regs(pair, old, cur, 0, 0, 0);
}

static void test_packets(void **state)
{
	static const struct {
		s32 old, cur;
		bool equal;
	} ranges[] = {
		{ 0, 0, true },
		{ 8, 14, true },
		{ 14, 8, false },
		{ PACKET_AT_END, PACKET_AT_END, true },
		{ PACKET_AT_END, 8, false },
		{ 0, PACKET_BEYOND_END, false },
		{ PACKET_AT_END, PACKET_BEYOND_END, false },
	};

	for (u32 i = 0; i < ARRAY_SIZE(ranges); i++)
		check_regs(*state, pointer(REG_PACKET, 0, 2, ranges[i].old),
			   pointer(REG_PACKET, 0, 2, ranges[i].cur),
			   ranges[i].equal, ranges[i].equal,
			   ranges[i].old == ranges[i].cur);
	check_regs(*state, pointer(REG_PACKET, 0, 2, 8),
		   pointer(REG_PACKET, 0, 4, 8), 0, 0, 0);
}

/* ids of two registers each: is it the same relation? */
static void test_ids(void **state)
{
	static const struct {
		u32 old[2], cur[2];
		s32 old_off, cur_off;
		bool numbers, pointers;
	} cases[] = {
		{ { 1, 1 }, { 5, 5 }, 0, 0, true, true },
		{ { 1, 1 }, { 5, 6 }, 0, 0, false, false },
		{ { 1, 2 }, { 5, 5 }, 0, 0, false, false },
		{ { 1, 2 }, { 2, 1 }, 0, 0, true, true },
		{ { 0, 0 }, { 5, 5 }, 0, 0, true, false },
		{ { 1, 1 }, { 0, 0 }, 0, 0, false, false },
		{ { 1, 2 }, { 0, 0 }, 0, 0, true, false },
		{ { 1, 1 | ID_ADD_CONST },
		  { 5, 5 | ID_ADD_CONST },
		  4,
		  4,
		  true,
		  false },
		{ { 1, 1 | ID_ADD_CONST },
		  { 5, 5 | ID_ADD_CONST },
		  4,
		  8,
		  false,
		  false },
		{ { 1, 1 | ID_ADD_CONST },
		  { 5, 6 | ID_ADD_CONST },
		  4,
		  4,
		  false,
		  false },
		{ { 1, 1 }, { 5, 5 | ID_ADD_CONST }, 0, 0, false, false },
	};
	struct pair *pair = *state;
	struct reg *old = pair->old->frames[0]->regs;
	struct reg *cur = pair->cur->frames[0]->regs;

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		for (u32 r = 0; r < 2; r++) {
			old[r] = cur[r] = number(0, 99, true);
			old[r].id = cases[i].old[r];
			cur[r].id = cases[i].cur[r];
		}
		old[1].off = cases[i].old_off;
		cur[1].off = cases[i].cur_off;
		assert_int_equal(equal(pair, N), cases[i].numbers);
		assert_int_equal(equal(pair, U), cases[i].numbers);
		if (cases[i].old_off)
			continue;
		for (u32 r = 0; r < 2; r++) {
			old[r] = cur[r] = pointer(REG_MAP_VALUE, 0, 0, 0);
			old[r].id = cases[i].old[r];
			cur[r].id = cases[i].cur[r];
		}
		assert_int_equal(equal(pair, N), cases[i].pointers);
	}
}

/* ------------------------------------------------------------------ slots */

static void fill(struct frame *frame, const char *types, struct reg reg)
{
	frame->nr_slots = 0;
	if (!types)
		return;
	assert_int_equal(frame_grow(frame, 1), 0);
	for (u32 i = 0; i < SLOT_SIZE; i++)
		frame->slots[0].type[i] = types[i] == 'r'   ? SLOT_SPILL
					  : types[i] == 'm' ? SLOT_MISC
					  : types[i] == '0' ? SLOT_ZERO
							    : SLOT_INVALID;
	frame->slots[0].reg = reg;
}

static void test_slots(void **state)
{
	struct reg small = number(0, 9, true), any = number(0, ~0ull, true);
	struct reg loose = number(0, 9, false);
	const struct {
		const char *old, *cur;
		const struct reg *old_reg, *cur_reg;
		bool finished, unfinished, exact;
	} cases[] = {
		{ NULL, "rrrrrrrr", &small, &small, 1, 1, 1 },
		{ "........", "rrrrrrrr", &small, &small, 1, 1, 0 },
		{ "........", NULL, &small, &small, 1, 1, 0 },
		{ "mmmmmmmm", NULL, &small, &small, 1, 1, 0 },
		{ "mmmmmmmm", "rrrrrrrr", &small, &small, 1, 1, 0 },
		{ "rrrrrrrr", NULL, &small, &small, 0, 0, 0 },
		{ "rrrrrrrr", "rrrrrrrr", &small, &small, 1, 1, 1 },
		{ "rrrrrrrr", "rrrrrrrr", &small, &any, 0, 0, 0 },
		{ "rrrrrrrr", "rrrrrrrr", &any, &small, 1, 1, 0 },
		{ "rrrrrrrr", "rrrrrrrr", &loose, &any, 1, 0, 0 },
		/* what is loaded of these is any number */
		{ "rrrrrrrr", "mmmmmmmm", &any, &small, 1, 1, 0 },
		{ "rrrrrrrr", "mmmmmmmm", &small, &small, 0, 0, 0 },
		{ "rrrrrrrr", "mmmmmmmm", &loose, &small, 1, 0, 0 },
		{ "mmmmrrrr", "mmmmrrrr", &small, &small, 1, 1, 1 },
		{ "mmmmrrrr", "mmmmrrrr", &small, &any, 0, 0, 0 },
		{ "rrrrrrrr", "mmmmrrrr", &any, &small, 0, 0, 0 },
		{ "00000000", "00000000", &any, &any, 1, 1, 1 },
		{ "00000000", "mmmmmmmm", &any, &any, 0, 0, 0 },
		{ "mmmmmmmm", "00000000", &any, &any, 1, 1, 0 },
		{ "0000mmmm", "mmmm0000", &any, &any, 0, 0, 0 },
	};
	struct pair *pair = *state;

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		fill(pair->old->frames[0], cases[i].old, *cases[i].old_reg);
		fill(pair->cur->frames[0], cases[i].cur, *cases[i].cur_reg);
		assert_int_equal(equal(pair, N), cases[i].finished);
		assert_int_equal(equal(pair, U), cases[i].unfinished);
		assert_int_equal(equal(pair, X), cases[i].exact);
	}
}

/* ------------------------------------------------------- calls, references */

static void test_frames(void **state)
{
	struct pair *pair = *state;

	assert_int_equal(frame_enter(pair->old, 1, 1), 0);
	assert_false(equal(pair, N));
	assert_int_equal(frame_enter(pair->cur, 1, 1), 0);
	assert_true(equal(pair, X));
	/* what the caller keeps matters as well */
	pair->old->frames[0]->regs[6] = number(1, 1, true);
	pair->cur->frames[0]->regs[6] = number(2, 2, true);
	assert_false(equal(pair, N));
	pair->cur->frames[0]->regs[6] = number(1, 1, true);
	pair->old->frames[1]->callback_rounds = 1;
	assert_false(equal(pair, N));
	pair->cur->frames[1]->callback_rounds = 2;
	assert_true(equal(pair, N));
	frame_leave(pair->cur);
	assert_int_equal(frame_enter(pair->cur, 0, 1), 0);
	assert_false(equal(pair, N));
}

static void test_refs(void **state)
{
	struct pair *pair = *state;
	struct ref old = { .kind = REF_POINTER, .id = 3 };
	struct ref cur = { .kind = REF_POINTER, .id = 8 };
	struct reg *r = &pair->old->frames[0]->regs[6];
	struct reg *c = &pair->cur->frames[0]->regs[6];

	assert_int_equal(state_add_ref(pair->old, &old), 0);
	assert_false(equal(pair, N));
	assert_int_equal(state_add_ref(pair->cur, &cur), 0);
	assert_true(equal(pair, N));
	*r = *c = pointer(REG_SOCK, 0, 0, 0);
	r->ref_id = 3;
	c->ref_id = 8;
	assert_true(equal(pair, N));
	c->ref_id = 9;
	assert_false(equal(pair, N));
	c->ref_id = 8;
	pair->old->refs[0].kind = pair->cur->refs[0].kind = REF_LOCK;
	assert_true(equal(pair, N));
	pair->cur->refs[0].map = &map_b;
	assert_false(equal(pair, N));
}

/* ----------------------------------------------------------------- memory */

#define INSN(code_, dst_, src_, off_, imm_)       \
	((struct bpf_insn){ .code = (code_),      \
			    .dst_reg = (dst_)&15, \
			    .src_reg = (src_)&15, \
			    .off = (off_),        \
			    .imm = (imm_) })

/* A loop with spills, forks and a function that writes to its caller's stack;
 * every state is remembered. */
static int load(void *arg)
{
	static const struct bpf_insn insns[] = {
		INSN(0xb7, 6, 0, 0, 0),
		INSN(0x7b, 10, 6, -8, 0),
		INSN(0x85, 0, 0, 0, BPF_FUNC_get_prandom_u32),
		INSN(0x15, 0, 0, 1, 5),
		INSN(0x07, 6, 0, 0, 1),
		INSN(0xbf, 1, 10, 0, 0),
		INSN(0x07, 1, 0, 0, -8),
		INSN(0x85, 0, BPF_PSEUDO_CALL, 0, 4),
		INSN(0x79, 7, 10, -8, 0),
		INSN(0x55, 7, 0, -8, 4),
		INSN(0xb7, 0, 0, 0, 0),
		INSN(0x95, 0, 0, 0, 0),
		INSN(0xb7, 0, 0, 0, 0),
		INSN(0x79, 2, 1, 0, 0),
		INSN(0x07, 2, 0, 0, 1),
		INSN(0x7b, 1, 2, 0, 0),
		INSN(0x95, 0, 0, 0, 0),
	};
	struct attr_prog_load attr = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insns = ptr_to_u64(insns),
		.insn_cnt = ARRAY_SIZE(insns),
		.license = ptr_to_u64("GPL"),
		.prog_flags = BPF_F_TEST_STATE_FREQ,
	};
	struct cgbpf_task *task = arg;
	int fd = cgbpf_bpf(task, BPF_PROG_LOAD, (void *)&attr, sizeof(attr));

	if (fd >= 0)
		fd = cgbpf_close(task, fd);
	rcu_barrier();
	return fd;
}

static void test_faults(void **state)
{
	struct cgbpf_env *env;

	(void)state;
	assert_int_equal(cgbpf_env_new(&env, NULL), 0);
	assert_int_equal(load(cgbpf_env_task(env)), 0);
#ifdef CGBPF_FAULTS
	assert_true(unit_each_fault(load, cgbpf_env_task(env)) > 50);
#else
	unit_each_fault(load, cgbpf_env_task(env));
#endif
	cgbpf_env_free(env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pointers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_packets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ids, setup, teardown),
		cmocka_unit_test_setup_teardown(test_slots, setup, teardown),
		cmocka_unit_test_setup_teardown(test_frames, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refs, setup, teardown),
		cmocka_unit_test(test_faults),
	};

	return UNIT_RUN(tests);
}
