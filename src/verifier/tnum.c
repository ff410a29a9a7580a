/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * A tnum stands for the set of 64-bit numbers that agree with its known bits.
 * It is never empty, and no bit is in both words (T1).
 *
 * T2. Sound: what an operation returns has every result of the operation on
 *     members of its operands.
 * T3. Optimal: no tnum with fewer members is sound.  All operations here are,
 *     but tnum_mul().
 * T4. Arithmetic is modulo 2^64, and bit i of a result of add, sub, neg, mul,
 *     lshift, and, or, xor depends on bits 0 to i of the operands only.  So
 *     tnum_cut() to n bits before or after is arithmetic modulo 2^n: there is
 *     no second set of operations for 32 bits.
 *
 * Why add is optimal.  The carry into bit i is whether the parts below i sum
 * to 2^i or more, so it only grows with the operands: it is known where the
 * sum of the least members and that of the greatest have the same carry, and
 * takes both values elsewhere.  A sum bit is unknown if and only if one of its
 * two bits is, or its carry: where both bits are known, the two sums differ
 * exactly where their carries do.  sub: the same with borrows, which grow with
 * the subtrahend and shrink with the minuend.
 *
 * mul is schoolbook: the sum of one operand shifted by each bit of the other
 * that is 1; an unknown bit adds it or not.  That loses which partial sums
 * belong together, and differently with the operands swapped, and differently
 * again when the known parts are multiplied first: what holds is what all
 * three say.
 */
#include "verifier/tnum.h"

#include <stdio.h>

#define SUBREG_MASK 0xffffffffull

static u64 low_mask(u32 bits)
{
	return bits >= 64 ? ~0ull : (1ull << bits) - 1;
}

/* A mask of the highest bit of @x and all below it. */
static u64 mask_upto(u64 x)
{
	return x ? ~0ull >> __builtin_clzll(x) : 0;
}

struct tnum tnum_range(u64 lo, u64 hi)
{
	return tnum_prefix(tnum_unknown(), lo, hi);
}

/*
 * Members up to @hi with the highest differing bit clear end in all unknown
 * bits set, those from there on begin with all clear: so nothing below that
 * bit is known that was not before.
 */
struct tnum tnum_prefix(struct tnum a, u64 lo, u64 hi)
{
	u64 below = mask_upto(lo ^ hi);

	return TNUM((lo & ~below) | (a.value & below), a.mask & below);
}

bool tnum_in(struct tnum a, struct tnum b)
{
	return !(b.mask & ~a.mask) && tnum_contains(a, b.value);
}

bool tnum_overlap(struct tnum a, struct tnum b)
{
	return !((a.value ^ b.value) & ~(a.mask | b.mask));
}

struct tnum tnum_intersect(struct tnum a, struct tnum b)
{
	u64 mask = a.mask & b.mask;

	return TNUM((a.value | b.value) & ~mask, mask);
}

struct tnum tnum_union(struct tnum a, struct tnum b)
{
	u64 mask = a.mask | b.mask | (a.value ^ b.value);

	return TNUM(a.value & ~mask, mask);
}

/*
 * The highest bit that contradicts what is known decides: a missing 1 is put
 * there, and what is below is the least possible; a surplus 1 needs the number
 * above it to grow, which it does least at the lowest unknown 0.
 */
bool tnum_ceil(struct tnum a, u64 x, u64 *member)
{
	u64 wrong = (x ^ a.value) & ~a.mask;
	u64 below = mask_upto(wrong);
	u64 room;

	if (x & (below ^ below >> 1)) {
		room = a.mask & ~x & ~below;
		if (!room)
			return false;
		room &= -room;
		x |= room;
		below = room - 1;
	}
	*member = (x & ~below) | (a.value & below);
	return true;
}

bool tnum_is_aligned(struct tnum a, u64 size)
{
	return !size || !((a.value | a.mask) & (size - 1));
}

struct tnum tnum_lshift(struct tnum a, u32 shift)
{
	return TNUM(a.value << shift, a.mask << shift);
}

struct tnum tnum_rshift(struct tnum a, u32 shift)
{
	return TNUM(a.value >> shift, a.mask >> shift);
}

/* An unknown sign is unknown in all its copies. */
struct tnum tnum_arshift(struct tnum a, u32 shift, u32 bits)
{
	a = tnum_sext(a, bits);
	a = TNUM((u64)((s64)a.value >> shift), (u64)((s64)a.mask >> shift));
	return tnum_cut(a, bits);
}

struct tnum tnum_add(struct tnum a, struct tnum b)
{
	u64 least = a.value + b.value;
	u64 most = tnum_max(a) + tnum_max(b);
	u64 mask = a.mask | b.mask | (least ^ most);

	return TNUM(least & ~mask, mask);
}

struct tnum tnum_sub(struct tnum a, struct tnum b)
{
	u64 least = a.value - tnum_max(b);
	u64 most = tnum_max(a) - b.value;
	u64 mask = a.mask | b.mask | (least ^ most);

	return TNUM(least & ~mask, mask);
}

struct tnum tnum_neg(struct tnum a)
{
	return tnum_sub(tnum_const(0), a);
}

struct tnum tnum_and(struct tnum a, struct tnum b)
{
	u64 ones = a.value & b.value;

	return TNUM(ones, (tnum_max(a) & tnum_max(b)) & ~ones);
}

struct tnum tnum_or(struct tnum a, struct tnum b)
{
	u64 ones = a.value | b.value;

	return TNUM(ones, (a.mask | b.mask) & ~ones);
}

struct tnum tnum_xor(struct tnum a, struct tnum b)
{
	u64 mask = a.mask | b.mask;

	return TNUM((a.value ^ b.value) & ~mask, mask);
}

struct tnum tnum_not(struct tnum a)
{
	return TNUM(~(a.value | a.mask), a.mask);
}

/* @a's bits add @b, or not. */
static struct tnum mul_by_bits(struct tnum a, struct tnum b)
{
	struct tnum sum = tnum_const(0), more;
	u64 left = tnum_max(a), bit;

	for (; left; left &= left - 1) {
		bit = left & -left;
		more = tnum_add(sum, TNUM(b.value * bit, b.mask * bit));
		sum = a.value & bit ? more : tnum_union(sum, more);
	}
	return sum;
}

/* The product of what is known, and what each unknown bit may add to it. */
static struct tnum mul_by_parts(struct tnum a, struct tnum b)
{
	struct tnum sum = tnum_const(0);
	u64 left = tnum_max(a), bit, add;

	for (; left; left &= left - 1) {
		bit = left & -left;
		add = a.value & bit ? b.mask : tnum_max(b);
		sum = tnum_add(sum, TNUM(0, add * bit));
	}
	return tnum_add(tnum_const(a.value * b.value), sum);
}

struct tnum tnum_mul(struct tnum a, struct tnum b)
{
	struct tnum product;

	if (tnum_is_const(a) && tnum_is_const(b))
		return tnum_const(a.value * b.value);
	product = mul_by_bits(a, b);
	product = tnum_intersect(product, mul_by_bits(b, a));
	product = tnum_intersect(product, mul_by_parts(a, b));
	return tnum_intersect(product, mul_by_parts(b, a));
}

struct tnum tnum_cut(struct tnum a, u32 bits)
{
	u64 low = low_mask(bits);

	return TNUM(a.value & low, a.mask & low);
}

struct tnum tnum_sext(struct tnum a, u32 bits)
{
	u32 up = 64 - bits;

	return TNUM((u64)((s64)(a.value << up) >> up),
		    (u64)((s64)(a.mask << up) >> up));
}

struct tnum tnum_cast(struct tnum a, u32 size)
{
	return tnum_cut(a, size * 8);
}

struct tnum tnum_subreg(struct tnum a)
{
	return tnum_cut(a, 32);
}

struct tnum tnum_clear_subreg(struct tnum a)
{
	return TNUM(a.value & ~SUBREG_MASK, a.mask & ~SUBREG_MASK);
}

struct tnum tnum_with_subreg(struct tnum a, struct tnum subreg)
{
	a = tnum_clear_subreg(a);
	return tnum_or(a, tnum_subreg(subreg));
}

struct tnum tnum_const_subreg(struct tnum a, u32 value)
{
	return tnum_with_subreg(a, tnum_const(value));
}

const char *tnum_text(struct tnum a, char *buf)
{
	unsigned long long value = a.value, mask = a.mask;

	if (mask)
		snprintf(buf, TNUM_TEXT_MAX, "(0x%llx; 0x%llx)", value, mask);
	else if (value <= UINT16_MAX)
		snprintf(buf, TNUM_TEXT_MAX, "%llu", value);
	else
		snprintf(buf, TNUM_TEXT_MAX, "0x%llx", value);
	return buf;
}
