/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arithmetic of registers, proved: this file and src/verifier/bounds.c are
 * built for registers of 3 and of 4 bits, and every scalar that there is meets
 * every other.  4 bits have many: each run takes some pairs, all if
 * CGBPF_TEST_LONG is set.
 */
#include "bounds_model.h"

#include <stdlib.h>

#define NR_SETS (1u << NR_VALUES)

/*
 * Instructions with an immediate are no different here: half of the work.
 * Shifts cut their count to bits, which needs a power of two of them.
 */
static bool is_tried(int xop)
{
	u8 form = insn_descs[xop].form, op = BPF_OP(insn_descs[xop].code);

	if (form == FORM_ALUX && SCALAR_BITS == 3)
		return op != BPF_LSH && op != BPF_RSH && op != BPF_ARSH;
	return form != FORM_ALUK && form != FORM_JMPK;
}

/* Every scalar there is, once, and the numbers that it stands for. */
struct member {
	struct scalar s;
	u32 set; /* of numbers, one bit for each */
};

#define POOL_MAX 8000u
static struct scalar best_of[NR_SETS];
static struct member pool[POOL_MAX];
static u32 pool_size;

static u32 set_of(const struct scalar *s)
{
	u32 set = 0;

	for (u32 x = 0; x < NR_VALUES; x++)
		if (scalar_contains(s, x))
			set |= 1u << x;
	return set;
}

static int make_pool(void **state)
{
	(void)state;
	for (u32 set = 1; set < NR_SETS; set++) {
		struct best best = { 0 };

		for (u32 x = 0; x < NR_VALUES; x++)
			if (set >> (x & 15) & 1)
				best_add(&best, x);
		best_of[set] = best.s;
		if (set_of(&best.s) != set)
			continue; /* another scalar says as much */
		assert_true(pool_size < POOL_MAX);
		pool[pool_size++] = (struct member){ best.s, set };
	}
	return 0;
}

/* B1, of all parts there are: 3 bits. */
static void refining_is_optimal_always(void **state)
{
	static struct range full[1300], low[110];
	u32 nr_full = 0, nr_low = 0;

	(void)state;
	if (SCALAR_BITS != 3) {
		skip();
		return;
	}
	for (u32 i = 0; i < 8 * 8 * 8 * 8; i++) {
		struct range r = { i & 7, i >> 3 & 7,
				   width_signed(i >> 6 & 7, 3),
				   width_signed(i >> 9 & 7, 3) };

		if (r.umin <= r.umax && r.smin <= r.smax)
			full[nr_full++] = r;
	}
	for (u32 i = 0; i < 4 * 4 * 4 * 4; i++) {
		struct range r = { i & 3, i >> 2 & 3,
				   width_signed(i >> 4 & 3, 2),
				   width_signed(i >> 6 & 3, 2) };

		if (r.umin <= r.umax && r.smin <= r.smax)
			low[nr_low++] = r;
	}
	assert_int_equal(nr_full, 36 * 36);
	assert_int_equal(nr_low, 10 * 10);
	for (u32 i = 0; i < 64; i++) {
		struct tnum t = TNUM(i & 7, i >> 3);

		if (t.value & t.mask)
			continue;
		for (u32 j = 0; j < nr_full; j++)
			for (u32 k = 0; k < nr_low; k++) {
				struct scalar s = { t, full[j], low[k] };
				u32 set = set_of(&s);

				assert_int_equal(scalar_refine(&s), set != 0);
				if (set)
					assert_true(scalar_equal(
						&s, &best_of[set]));
			}
	}
}

/* rows[a][set]: what an operation makes of @a and each number of @set. */
static u16 rows[16][NR_SETS];

static void make_rows(int xop)
{
	for (u32 a = 0; a < NR_VALUES; a++)
		for (u32 set = 1; set < NR_SETS; set++) {
			u32 b = (u32)__builtin_ctz(set);

			rows[a & 15][set] = rows[a & 15][set & (set - 1)] |
					    1u << (model_alu(xop, a, b) & 15);
		}
}

static u32 image_of(u32 as, u32 bs)
{
	u32 image = 0;

	for (; as; as &= as - 1)
		image |= rows[__builtin_ctz(as)][bs];
	return image;
}

/* How many of the results are the best possible: to be looked at. */
struct tally {
	u64 exact, all;
};

static void check_alu(int xop, u32 i, u32 j, struct tally *tally)
{
	const struct scalar *best;
	struct scalar s = pool[i].s;

	scalar_alu(&s, &pool[j].s, xop);
	best = &best_of[image_of(pool[i].set, pool[j].set)];
	assert_true(scalar_in(&s, best));
	if (!(j & 15))
		assert_refined(&s);
	tally->exact += scalar_equal(&s, best);
	tally->all++;
}

/* Pairs to pass over: 4 bits have too many for every run.  1: none. */
static u32 stride(void)
{
	const char *all = getenv("CGBPF_TEST_LONG");

	return SCALAR_BITS < 4 || (all && *all) ? 1 : 307;
}

/* Of these nothing may be lost. */
static bool is_exact(int xop)
{
	u8 op = BPF_OP(insn_descs[xop].code);

	return insn_descs[xop].form == FORM_MOVSX || op == BPF_MOV ||
	       op == BPF_NEG || insn_descs[xop].code == 0xd4;
}

static void every_result_is_there(void **state)
{
	u32 step = stride();

	(void)state;
	EACH_XOP(xop, is_alu)
	{
		struct tally tally = { 0, 0 };
		u64 at = (u64)xop % step, all = (u64)pool_size * pool_size;

		if (!is_tried(xop))
			continue;
		make_rows(xop);
		for (; at < all; at += step)
			check_alu(xop, (u32)(at / pool_size),
				  (u32)(at % pool_size), &tally);
		print_message("%02x/%d %d: %llu of %llu\n",
			      insn_descs[xop].code, insn_descs[xop].variant,
			      insn_descs[xop].size,
			      (unsigned long long)tally.exact,
			      (unsigned long long)tally.all);
		if (is_exact(xop))
			assert_int_equal(tally.exact, tally.all);
	}
}

static u16 jump_rows[16][16]; /* [xop's outcome][a]: a set of b */

static void check_assume(int xop, bool taken, u32 i, u32 j, struct tally *tally)
{
	struct scalar a = pool[i].s, b = pool[j].s;
	u32 as = 0, bs = 0;

	for (u32 x = 0; x < NR_VALUES; x++) {
		u32 with = (taken ? jump_rows[0][x & 15]
				  : (u32)~jump_rows[0][x & 15]) &
			   pool[j].set;

		if (!(pool[i].set >> (x & 15) & 1) || !with)
			continue;
		as |= 1u << (x & 15);
		bs |= with;
	}
	tally->all++;
	if (!scalar_assume(&a, &b, xop, taken)) {
		assert_int_equal(as, 0);
		assert_true(scalar_equal(&a, &pool[i].s));
		assert_true(scalar_equal(&b, &pool[j].s));
		tally->exact++;
		return;
	}
	assert_refined(&a);
	assert_refined(&b);
	assert_true(scalar_in(&pool[i].s, &a) && scalar_in(&pool[j].s, &b));
	if (!as)
		return;
	assert_true(scalar_in(&a, &best_of[as]));
	assert_true(scalar_in(&b, &best_of[bs]));
	tally->exact += scalar_equal(&a, &best_of[as]) &&
			scalar_equal(&b, &best_of[bs]);
}

static void check_taken(int xop, u32 i, u32 j)
{
	struct scalar b = pool[j].s; /* not the same register as the other */
	int taken = scalar_branch_taken(&pool[i].s, &b, xop);

	if (taken < 0)
		return;
	for (u32 as = pool[i].set; as; as &= as - 1) {
		u32 with = jump_rows[0][__builtin_ctz(as)] & pool[j].set;

		assert_int_equal(with, taken ? pool[j].set : 0);
	}
}

/* Nothing is lost by comparing which is less. */
static bool is_exact_jump(int xop)
{
	u8 op = BPF_OP(insn_descs[xop].code);

	return op != BPF_JEQ && op != BPF_JNE && op != BPF_JSET;
}

static void jumps_keep_all_that_go_there(void **state)
{
	u32 step = stride();

	(void)state;
	EACH_XOP(xop, is_jump)
	{
		struct tally tally = { 0, 0 };
		u64 at = (u64)xop % step, all = (u64)pool_size * pool_size;

		if (!is_tried(xop))
			continue;
		for (u32 x = 0; x < NR_VALUES; x++) {
			jump_rows[0][x & 15] = 0;
			for (u32 y = 0; y < NR_VALUES; y++)
				if (model_jump(xop, x, y))
					jump_rows[0][x & 15] |= 1u << (y & 15);
		}
		for (; at < all; at += step) {
			u32 i = (u32)(at / pool_size);
			u32 j = (u32)(at % pool_size);

			check_assume(xop, true, i, j, &tally);
			check_assume(xop, false, i, j, &tally);
			check_taken(xop, i, j);
		}
		print_message("%02x: %llu of %llu\n", insn_descs[xop].code,
			      (unsigned long long)tally.exact,
			      (unsigned long long)tally.all);
		if (is_exact_jump(xop))
			assert_int_equal(tally.exact, tally.all);
	}
}

/* A register and itself is not two registers. */
static void one_register_twice(void **state)
{
	(void)state;
	for (u32 i = 0; i < pool_size; i++) {
		EACH_XOP(xop, is_jump)
		{
			struct scalar a = pool[i].s;
			int taken = scalar_branch_taken(&a, &a, xop);
			u32 set = 0;

			for (u32 x = 0; x < NR_VALUES; x++)
				if ((pool[i].set >> (x & 15) & 1) &&
				    model_jump(xop, x, x))
					set |= 1u << (x & 15);
			if (!set)
				assert_int_equal(taken, 0);
			else if (set == pool[i].set)
				assert_int_equal(taken, 1);
			else
				assert_int_equal(taken, -1);
			assert_int_equal(scalar_assume(&a, &a, xop, true),
					 set != 0);
			if (set)
				assert_true(scalar_in(&a, &best_of[set]));
		}
	}
}

static void sets_of_scalars(void **state)
{
	u32 step = stride();

	(void)state;
	for (u64 at = 0; at < (u64)pool_size * pool_size; at += step) {
		const struct member *a = &pool[at / pool_size];
		const struct member *b = &pool[at % pool_size];
		struct scalar both = a->s, either = a->s;
		u32 common = a->set & b->set;

		assert_int_equal(scalar_in(&a->s, &b->s), common == b->set);
		assert_int_equal(scalar_equal(&a->s, &b->s), a->set == b->set);
		assert_int_equal(scalar_intersect(&both, &b->s), common != 0);
		if (common)
			assert_true(scalar_equal(&both, &best_of[common]));
		scalar_union(&either, &b->s);
		assert_true(scalar_equal(&either, &best_of[(a->set | b->set)]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refining_is_optimal_always),
		cmocka_unit_test(every_result_is_there),
		cmocka_unit_test(jumps_keep_all_that_go_there),
		cmocka_unit_test(one_register_twice),
		cmocka_unit_test(sets_of_scalars),
	};

	return cmocka_run_group_tests(tests, make_pool, NULL);
}
