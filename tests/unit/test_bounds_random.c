/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arithmetic of registers on random scalars with numbers near the edges:
 * of 8 bits, where all numbers are tried, and of 64, as the engine runs it.
 */
#include "bounds_model.h"

#if SCALAR_BITS < 64

static struct scalar brute_refine(const struct scalar *s, bool *some)
{
	struct best best = { 0 };

	for (u32 x = 0; x < NR_VALUES; x++)
		if (scalar_contains(s, x))
			best_add(&best, x);
	*some = best.some;
	return best.s;
}

static void check_refine(struct scalar s)
{
	struct scalar before = s, want;
	bool some;

	want = brute_refine(&s, &some);
	assert_int_equal(scalar_refine(&s), some);
	assert_true(scalar_equal(&s, some ? &want : &before));
}

/* B1, of any parts. */
static void refining_is_optimal_at_random(void **state)
{
	u64 seed = SCALAR_BITS;

	(void)state;
	for (u32 i = 0; i < 40000; i++) {
		struct scalar s = random_parts(edge(&seed), &seed);
		struct scalar other = random_parts(edge(&seed), &seed);

		check_refine(s);
		if (i & 1)
			s.r32 = other.r32;
		if (i & 2)
			s.r64 = other.r64;
		check_refine(s);
	}
}

/* All numbers of random scalars of 8 bits. */
static void every_result_of_random_scalars(void **state)
{
	u64 seed = 3;

	(void)state;
	EACH_XOP(xop, is_alu)
	for (u32 i = 0; i < 60; i++) {
		struct scalar a = random_scalar(edge(&seed), &seed);
		struct scalar b = random_scalar(edge(&seed), &seed);
		struct scalar sum = a;

		scalar_alu(&sum, &b, xop);
		assert_refined(&sum);
		for (u32 x = 0; x < NR_VALUES; x++) {
			if (!scalar_contains(&a, x))
				continue;
			for (u32 y = 0; y < NR_VALUES; y++)
				if (scalar_contains(&b, y))
					assert_true(scalar_contains(
						&sum, model_alu(xop, x, y)));
		}
	}
}

/* Casts and loads, and moves: each number is one afterwards, nothing lost. */
static void extensions_are_optimal(void **state)
{
	u64 seed = 4;

	(void)state;
	for (u32 i = 0; i < 4000; i++) {
		struct scalar s = random_scalar(edge(&seed), &seed);
		struct scalar zero = s, sign = s;
		u32 size = 1u << i % 4, bits = (u32)SCALED(size * 8);
		struct best bz = { 0 }, bs = { 0 };

		for (u32 x = 0; x < NR_VALUES; x++) {
			if (!scalar_contains(&s, x))
				continue;
			best_add(&bz, x & width_mask(bits));
			best_add(&bs, (u64)width_signed(x, bits) &
					      width_mask(SCALAR_BITS));
		}
		scalar_zext(&zero, size);
		scalar_sext(&sign, size);
		assert_true(scalar_in(&zero, &bz.s));
		assert_true(scalar_in(&sign, &bs.s));
		if (bits >= SUBREG_BITS) {
			assert_true(scalar_equal(&zero, &bz.s));
			assert_true(scalar_equal(&sign, &bs.s));
		}
	}
}

#endif

static u64 model_of_engine(int xop, u64 a, u64 b)
{
	return SCALAR_BITS == 64 ? insn_eval(xop, a, b)
	       : is_jump(xop)	 ? model_jump(xop, a, b)
				 : model_alu(xop, a, b);
}

static void random_results_are_there(void **state)
{
	u64 seed = 6;

	(void)state;
	for (u32 i = 0; i < 6000; i++) {
		u64 x = edge(&seed), y = edge(&seed);
		struct scalar a = random_scalar(x, &seed);
		struct scalar b = i % 4 ? random_scalar(y, &seed)
					: scalar_const(y);

		EACH_XOP(xop, is_alu)
		{
			struct scalar sum = a;

			scalar_alu(&sum, &b, xop);
			assert_true(scalar_contains(
				&sum, model_of_engine(xop, x, y)));
			if (!(i & 15))
				assert_refined(&sum);
		}
	}
}

static void random_jumps_keep_what_goes_there(void **state)
{
	u64 seed = 7;

	(void)state;
	for (u32 i = 0; i < 8000; i++) {
		u64 x = edge(&seed), y = i % 8 ? edge(&seed) : x;
		struct scalar a = random_scalar(x, &seed);
		struct scalar b = i % 4 ? random_scalar(y, &seed)
					: scalar_const(y);

		EACH_XOP(xop, is_jump)
		{
			bool taken = model_of_engine(xop, x, y);
			struct scalar left = a, right = b;
			int say = scalar_branch_taken(&a, &b, xop);

			assert_true(say < 0 || say == taken);
			assert_true(scalar_assume(&left, &right, xop, taken));
			assert_true(scalar_contains(&left, x));
			assert_true(scalar_contains(&right, y));
			assert_true(scalar_in(&a, &left));
			assert_true(scalar_in(&b, &right));
			if (!(i & 15))
				assert_refined(&left);
		}
	}
}

static void assert_ends(const struct scalar *s, u64 x)
{
	assert_true(scalar_contains(s, x));
}

/* The ends that a range is refined to are numbers of the scalar. */
static void ends_are_reached(void **state)
{
	u64 seed = 8;

	(void)state;
	for (u32 i = 0; i < 50000; i++) {
		u64 x = edge(&seed);
		struct scalar s = random_scalar(x, &seed);

		assert_refined(&s);
		assert_ends(&s, s.r64.umin);
		assert_ends(&s, s.r64.umax);
		assert_ends(&s, (u64)s.r64.smin & width_mask(SCALAR_BITS));
		assert_ends(&s, (u64)s.r64.smax & width_mask(SCALAR_BITS));
	}
}

#if SCALAR_BITS == 64

/* The model means what the interpreter does. */
static void the_model_is_the_table(void **state)
{
	u64 seed = 5;

	(void)state;
	for (u32 i = 0; i < 20000; i++) {
		u64 a = edge(&seed), b = edge(&seed);

		EACH_XOP(xop, is_alu)
		assert_int_equal(model_alu(xop, a, b), insn_eval(xop, a, b));
		EACH_XOP(xop, is_jump)
		assert_int_equal(model_jump(xop, a, b), insn_eval(xop, a, b));
	}
}

static struct scalar k(s64 value)
{
	return scalar_const((u64)value);
}

/* What programs do to make an index safe. */
static void idioms(void **state)
{
	struct scalar a = scalar_unknown(), b, c;

	(void)state;
	b = k(0xff);
	scalar_alu(&a, &b, XOP_AND64K);
	assert_int_equal(a.r64.umax, 255);
	b = k(3);
	scalar_alu(&a, &b, XOP_LSH64K);
	assert_int_equal(a.r64.umax, 255 << 3);
	assert_true(tnum_is_aligned(a.var_off, 8));

	/* a 32-bit check of a number that was loaded with 32 bits */
	a = scalar_unknown();
	scalar_zext(&a, 4);
	b = k(100);
	assert_true(scalar_assume(&a, &b, XOP_JSGT32K, false));
	b = k(0);
	assert_true(scalar_assume(&a, &b, XOP_JSLT32K, false));
	assert_int_equal(a.r64.umax, 100);

	/* (s64)a in -1..1, and not negative */
	a = scalar_srange(-1, 1);
	c = a;
	b = k(0);
	assert_true(scalar_assume(&a, &b, XOP_JSLT64K, false));
	assert_int_equal(a.r64.umax, 1);
	b = k(-1);
	assert_int_equal(scalar_branch_taken(&a, &b, XOP_JEQ64K), 0);
	/* but 0 is in the middle of the circle, not at an end */
	b = k(0);
	assert_true(scalar_assume(&c, &b, XOP_JNE64K, true));
	assert_int_equal(c.r64.smin, -1);

	/* sign extension of 32 bits by shifts */
	a = scalar_urange(0, 10);
	b = k(5);
	scalar_alu(&a, &b, XOP_SUB64K);
	b = k(32);
	scalar_alu(&a, &b, XOP_LSH64K);
	scalar_alu(&a, &b, XOP_ARSH64K);
	assert_int_equal(a.r64.smin, -5);
	assert_int_equal(a.r64.smax, 5);

	a = scalar_urange(7, 1000);
	b = k(16);
	scalar_alu(&a, &b, XOP_MOD64K);
	assert_int_equal(a.r64.umax, 15);
	a = scalar_unknown();
	b = k(0x8);
	assert_true(scalar_assume(&a, &b, XOP_JSET64K, true));
	assert_int_equal(a.var_off.value, 8);
	a = scalar_unknown();
	assert_true(scalar_assume(&a, &b, XOP_JSET64K, false));
	assert_int_equal(a.var_off.mask, ~8ull);
	a = scalar_unknown();
	scalar_alu(&a, NULL, XOP_BE16);
	assert_int_equal(a.r64.umax, 0xffff);
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
#if SCALAR_BITS < 64
		cmocka_unit_test(refining_is_optimal_at_random),
		cmocka_unit_test(every_result_of_random_scalars),
		cmocka_unit_test(extensions_are_optimal),
#else
		cmocka_unit_test(the_model_is_the_table),
		cmocka_unit_test(idioms),
#endif
		cmocka_unit_test(random_results_are_there),
		cmocka_unit_test(random_jumps_keep_what_goes_there),
		cmocka_unit_test(ends_are_reached),
	};

	return UNIT_RUN(tests);
}
