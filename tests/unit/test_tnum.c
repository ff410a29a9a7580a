/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every tnum of a few bits with every other, at the lower and at the upper end
 * of the 64: the results contain all they must (T2), and where claimed nothing
 * more than the best tnum for them (T3).
 */
#include "unit.h"

#include "verifier/tnum.h"

#define BITS 5u
#define NR_TNUMS 243u /* 3^BITS */
#define NR_VALUES (1u << BITS)

static struct tnum tnums[NR_TNUMS];

static int make_tnums(void **state)
{
	(void)state;
	for (u32 i = 0; i < NR_TNUMS; i++) {
		u32 left = i;

		tnums[i] = tnum_const(0);
		for (u32 bit = 0; bit < BITS; bit++, left /= 3) {
			if (left % 3 == 1)
				tnums[i].value |= 1ull << bit;
			if (left % 3 == 2)
				tnums[i].mask |= 1ull << bit;
		}
	}
	return 0;
}

/* The best tnum for a set: what its members have in common. */
struct best {
	u64 all, any;
	bool some;
};

static void best_add(struct best *best, u64 x)
{
	best->all = best->some ? best->all & x : x;
	best->any = best->some ? best->any | x : x;
	best->some = true;
}

static struct tnum best_tnum(const struct best *best)
{
	assert_true(best->some);
	return TNUM(best->all, best->any & ~best->all);
}

static void assert_tnum(struct tnum got, struct tnum want)
{
	assert_int_equal(got.value, want.value);
	assert_int_equal(got.mask, want.mask);
}

#define EACH_TNUM(i) for (u32 i = 0; i < NR_TNUMS; i++)
#define EACH_MEMBER(x, t)                   \
	for (u64 x = 0; x < NR_VALUES; x++) \
		if (tnum_contains(t, x))

typedef struct tnum (*binary)(struct tnum a, struct tnum b);

static u64 eval(char op, u64 a, u64 b)
{
	switch (op) {
	case '+':
		return a + b;
	case '-':
		return a - b;
	case '&':
		return a & b;
	case '|':
		return a | b;
	case '^':
		return a ^ b;
	default:
		return a * b;
	}
}

static struct tnum up(struct tnum a, u32 shift)
{
	return TNUM(a.value << shift, a.mask << shift);
}

/* Moved up by @shift all arithmetic but mul is modulo 2^(64 - shift). */
static void check_binary(char op, binary func, u32 shift, bool optimal)
{
	EACH_TNUM(i) EACH_TNUM(j)
	{
		struct best best = { 0 };
		struct tnum got =
			func(up(tnums[i], shift), up(tnums[j], shift));

		assert_int_equal(got.value & got.mask, 0);
		EACH_MEMBER(a, tnums[i])
		EACH_MEMBER(b, tnums[j])
		best_add(&best, eval(op, a << shift, b << shift));
		if (optimal)
			assert_tnum(got, best_tnum(&best));
		else
			assert_true(tnum_in(got, best_tnum(&best)));
	}
}

static void arithmetic_is_optimal(void **state)
{
	(void)state;
	for (u32 shift = 0; shift < 64; shift += 64 - BITS) {
		check_binary('+', tnum_add, shift, true);
		check_binary('-', tnum_sub, shift, true);
		check_binary('&', tnum_and, shift, true);
		check_binary('|', tnum_or, shift, true);
		check_binary('^', tnum_xor, shift, true);
	}
	EACH_TNUM(i)
	{
		assert_tnum(tnum_neg(tnums[i]),
			    tnum_sub(tnum_const(0), tnums[i]));
		assert_tnum(tnum_not(tnums[i]),
			    tnum_xor(tnum_const(~0ull), tnums[i]));
	}
}

static void products_are_sound(void **state)
{
	(void)state;
	check_binary('*', tnum_mul, 0, false);
	check_binary('*', tnum_mul, 29, false);
	EACH_TNUM(i)
	for (u64 b = 1; b; b <<= 1)
		assert_tnum(tnum_mul(tnums[i], tnum_const(b)),
			    TNUM(tnums[i].value * b, tnums[i].mask * b));
}

static void shifts_are_optimal(void **state)
{
	(void)state;
	EACH_TNUM(i)
	for (u32 shift = 0; shift < 64; shift++) {
		struct best left = { 0 }, right = { 0 }, arith = { 0 };
		struct best high = { 0 }, tiny = { 0 };
		u32 by = shift % BITS;

		EACH_MEMBER(x, tnums[i])
		{
			u64 y = x << (64 - BITS);
			s64 z = (s64)y >> (64 - BITS + by);

			best_add(&left, x << shift);
			best_add(&right, x >> shift);
			best_add(&high, y >> shift);
			best_add(&arith, (u64)((s64)y >> shift));
			best_add(&tiny, (u64)z & (NR_VALUES - 1));
		}
		assert_tnum(tnum_lshift(tnums[i], shift), best_tnum(&left));
		assert_tnum(tnum_rshift(tnums[i], shift), best_tnum(&right));
		assert_tnum(tnum_rshift(up(tnums[i], 64 - BITS), shift),
			    best_tnum(&high));
		assert_tnum(tnum_arshift(up(tnums[i], 64 - BITS), shift, 64),
			    best_tnum(&arith));
		assert_tnum(tnum_arshift(tnums[i], by, BITS), best_tnum(&tiny));
	}
}

static void sets_are_exact(void **state)
{
	(void)state;
	EACH_TNUM(i) EACH_TNUM(j)
	{
		struct best both = { 0 }, either = { 0 };
		bool within = true;

		EACH_MEMBER(x, tnums[j])
		{
			best_add(&either, x);
			if (tnum_contains(tnums[i], x))
				best_add(&both, x);
			else
				within = false;
		}
		EACH_MEMBER(x, tnums[i])
		best_add(&either, x);
		assert_int_equal(tnum_in(tnums[i], tnums[j]), within);
		assert_int_equal(tnum_overlap(tnums[i], tnums[j]), both.some);
		assert_int_equal(tnum_equal(tnums[i], tnums[j]), i == j);
		if (both.some)
			assert_tnum(tnum_intersect(tnums[i], tnums[j]),
				    best_tnum(&both));
		assert_tnum(tnum_union(tnums[i], tnums[j]), best_tnum(&either));
	}
}

static void ranges_are_optimal(void **state)
{
	(void)state;
	for (u64 lo = 0; lo < NR_VALUES; lo++)
		for (u64 hi = lo; hi < NR_VALUES; hi++) {
			struct best best = { 0 };

			for (u64 x = lo; x <= hi; x++)
				best_add(&best, x);
			assert_tnum(tnum_range(lo, hi), best_tnum(&best));
		}
	assert_tnum(tnum_range(0, ~0ull), tnum_unknown());
	EACH_TNUM(i) EACH_MEMBER(lo, tnums[i]) EACH_MEMBER(hi, tnums[i])
	{
		struct best best = { 0 };

		if (lo > hi)
			continue;
		EACH_MEMBER(x, tnums[i])
		if (x >= lo && x <= hi)
			best_add(&best, x);
		assert_tnum(tnum_prefix(tnums[i], lo, hi), best_tnum(&best));
	}
}

static void the_next_member_is_found(void **state)
{
	u64 found = 0;

	(void)state;
	for (u32 shift = 0; shift < 64; shift += 64 - BITS)
		EACH_TNUM(i) for (u64 from = 0; from < NR_VALUES; from++)
		{
			u64 want = from;
			bool any = tnum_ceil(up(tnums[i], shift), from << shift,
					     &found);

			while (want < NR_VALUES &&
			       !tnum_contains(tnums[i], want))
				want++;
			assert_int_equal(any, want < NR_VALUES);
			if (any)
				assert_int_equal(found, want << shift);
		}
	assert_true(tnum_ceil(TNUM(1, 0xff00), 0x1234, &found));
	assert_int_equal(found, 0x1301);
	assert_false(tnum_ceil(TNUM(1, 0xff00), 0xff02, &found));
}

static void widths_and_alignment(void **state)
{
	struct tnum a = TNUM(0x80000000f0000000, 0x0f0f0f0f0f0f0f0f);

	(void)state;
	assert_tnum(tnum_subreg(a), TNUM(0xf0000000, 0x0f0f0f0f));
	assert_tnum(tnum_clear_subreg(a),
		    TNUM(0x8000000000000000, 0x0f0f0f0f00000000));
	assert_tnum(tnum_with_subreg(a, TNUM(5, 2)),
		    TNUM(0x8000000000000005, 0x0f0f0f0f00000002));
	assert_tnum(tnum_const_subreg(a, 7),
		    TNUM(0x8000000000000007, 0x0f0f0f0f00000000));
	assert_tnum(tnum_cast(a, 1), TNUM(0, 0xf));
	assert_tnum(tnum_cast(a, 8), a);
	assert_tnum(tnum_sext(TNUM(0x80, 1), 8), TNUM(~0x7full, 1));
	assert_tnum(tnum_sext(TNUM(1, 0x80), 8), TNUM(1, ~0x7full));
	assert_true(tnum_is_aligned(TNUM(0x10, 0xe0), 16));
	assert_false(tnum_is_aligned(TNUM(0x10, 0xe0), 32));
	assert_false(tnum_is_aligned(TNUM(0x10, 0xe8), 16));
	assert_true(tnum_is_aligned(TNUM(1, 2), 0));
	assert_int_equal(tnum_min(a), a.value);
	assert_int_equal(tnum_max(a), 0x8f0f0f0fff0f0f0f);
}

/* A member of @t, by a random word. */
static u64 pick(struct tnum t, u64 random)
{
	return t.value | (t.mask & random);
}

static u64 next_random(u64 *state)
{
	u64 x = *state += 0x9e3779b97f4a7c15;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

static struct tnum random_tnum(u64 *seed)
{
	u64 mask = next_random(seed), value;

	for (u64 thin = next_random(seed) % 4; thin; thin--)
		mask &= next_random(seed);
	value = next_random(seed) >> next_random(seed) % 64;
	return TNUM(value & ~mask, mask);
}

static void all_64_bits_are_sound(void **state)
{
	static const struct {
		char op;
		binary func;
	} ops[] = { { '+', tnum_add }, { '-', tnum_sub }, { '&', tnum_and },
		    { '|', tnum_or },  { '^', tnum_xor }, { '*', tnum_mul } };
	u64 seed = 1;

	(void)state;
	for (u32 i = 0; i < 30000; i++) {
		struct tnum a = random_tnum(&seed), b = random_tnum(&seed);
		u64 x = pick(a, next_random(&seed));
		u64 y = pick(b, next_random(&seed));

		for (u32 j = 0; j < ARRAY_SIZE(ops); j++)
			assert_true(tnum_contains(ops[j].func(a, b),
						  eval(ops[j].op, x, y)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arithmetic_is_optimal),
		cmocka_unit_test(products_are_sound),
		cmocka_unit_test(shifts_are_optimal),
		cmocka_unit_test(sets_are_exact),
		cmocka_unit_test(ranges_are_optimal),
		cmocka_unit_test(the_next_member_is_found),
		cmocka_unit_test(widths_and_alignment),
		cmocka_unit_test(all_64_bits_are_sound),
	};

	return cmocka_run_group_tests(tests, make_tnums, NULL);
}
