/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of bounds share: instructions on numbers of SCALAR_BITS, the
 * best scalar for a set of them, and random ones near the edges of widths.
 */
#ifndef CGBPF_TESTS_BOUNDS_MODEL_H
#define CGBPF_TESTS_BOUNDS_MODEL_H

#include "unit.h"

#include "verifier/bounds.h"
#include "vm/insn.h"

#define SCALED(bits) (max((int)(bits)*SCALAR_BITS / 64, 1))
#define NR_VALUES (1u << (SCALAR_BITS & 15))

static inline bool is_alu(int xop)
{
	u8 form = insn_descs[xop].form;

	return form == FORM_ALUX || form == FORM_ALUK || form == FORM_UNARY ||
	       form == FORM_MOVSX;
}

static inline bool is_jump(int xop)
{
	u8 form = insn_descs[xop].form;

	return form == FORM_JMPX || form == FORM_JMPK;
}

#define EACH_XOP(xop, kind)                      \
	for (int xop = 0; xop < NR_INSNS; xop++) \
		if (kind(xop))

static inline u64 swap(u64 x, u32 bits)
{
	u64 to = 0;

	for (u32 i = 0; i < bits; i++) {
		u32 byte = i / SCALED(8), bit = i % SCALED(8);

		if (x >> i & 1)
			to |= 1ull << (bits - (byte + 1) * SCALED(8) + bit);
	}
	return to;
}

static inline u64 divide(const struct insn_desc *desc, u64 a, u64 b, u32 bits)
{
	s64 sa = width_signed(a, bits), sb = width_signed(b, bits);
	bool mod = BPF_OP(desc->code) == BPF_MOD;

	if (!b)
		return mod ? a : 0;
	if (!desc->variant)
		return mod ? a % b : a / b;
	if (sb == -1)
		return mod ? 0 : 0 - a;
	return (u64)(mod ? sa % sb : sa / sb);
}

/* What @xop makes of two numbers, at this width. */
static inline u64 model_alu(int xop, u64 a, u64 b)
{
	const struct insn_desc *desc = &insn_descs[xop];
	u32 bits = desc->size == 8 ? SCALAR_BITS : SUBREG_BITS, by;
	u64 mask = width_mask(bits), result = 0;

	if (desc->form == FORM_MOVSX)
		return (u64)width_signed(b, SCALED(desc->variant)) & mask;
	if (BPF_OP(desc->code) == BPF_END) {
		bits = SCALED(desc->variant);
		a &= width_mask(bits);
		return desc->code == 0xd4 ? a : swap(a, bits);
	}
	a &= mask;
	b &= mask;
	by = b & (bits - 1);
	switch (BPF_OP(desc->code)) {
	case BPF_ADD:
		result = a + b;
		break;
	case BPF_SUB:
		result = a - b;
		break;
	case BPF_MUL:
		result = a * b;
		break;
	case BPF_DIV:
	case BPF_MOD:
		result = divide(desc, a, b, bits);
		break;
	case BPF_OR:
		result = a | b;
		break;
	case BPF_AND:
		result = a & b;
		break;
	case BPF_XOR:
		result = a ^ b;
		break;
	case BPF_LSH:
		result = a << by;
		break;
	case BPF_RSH:
		result = a >> by;
		break;
	case BPF_ARSH:
		result = (u64)(width_signed(a, bits) >> by);
		break;
	case BPF_NEG:
		result = 0 - a;
		break;
	case BPF_MOV:
		result = b;
		break;
	default:
		fail();
	}
	return result & mask;
}

static inline bool model_jump(int xop, u64 a, u64 b)
{
	const struct insn_desc *desc = &insn_descs[xop];
	u32 bits = desc->size == 8 ? SCALAR_BITS : SUBREG_BITS;
	s64 sa = width_signed(a, bits), sb = width_signed(b, bits);

	a &= width_mask(bits);
	b &= width_mask(bits);
	switch (BPF_OP(desc->code)) {
	case BPF_JEQ:
		return a == b;
	case BPF_JNE:
		return a != b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	case BPF_JLT:
		return a < b;
	case BPF_JLE:
		return a <= b;
	case BPF_JSGT:
		return sa > sb;
	case BPF_JSGE:
		return sa >= sb;
	case BPF_JSLT:
		return sa < sb;
	case BPF_JSLE:
		return sa <= sb;
	case BPF_JSET:
		return a & b;
	default:
		fail();
		return false;
	}
}

/* The smallest scalar that has all numbers given to best_add(): B1. */
struct best {
	struct scalar s;
	u64 all, any;
	bool some;
};

static inline void best_range(struct range *range, u64 x, u32 bits, bool some)
{
	s64 y = width_signed(x, bits);

	x &= width_mask(bits);
	if (!some)
		*range = (struct range){ x, x, y, y };
	range->umin = min(range->umin, x);
	range->umax = max(range->umax, x);
	range->smin = min(range->smin, y);
	range->smax = max(range->smax, y);
}

static inline void best_add(struct best *best, u64 x)
{
	best->all = best->some ? best->all & x : x;
	best->any = best->some ? best->any | x : x;
	best_range(&best->s.r64, x, SCALAR_BITS, best->some);
	best_range(&best->s.r32, x, SUBREG_BITS, best->some);
	best->s.var_off = TNUM(best->all, best->any & ~best->all);
	best->some = true;
}

static inline u64 next_random(u64 *seed)
{
	u64 x = *seed += 0x9e3779b97f4a7c15;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

/* Near an edge of some width, small, or anything. */
static inline u64 edge(u64 *seed)
{
	u64 r = next_random(seed), near = r % 7 - 3;

	switch (r >> 8 & 7) {
	case 0:
		return near & width_mask(SCALAR_BITS);
	case 1:
		return (width_sign(SUBREG_BITS) + near) &
		       width_mask(SCALAR_BITS);
	case 2:
		return (width_mask(SUBREG_BITS) + near) &
		       width_mask(SCALAR_BITS);
	case 3:
		return (width_sign(SCALAR_BITS) + near) &
		       width_mask(SCALAR_BITS);
	case 4:
		return (0 - width_sign(SUBREG_BITS) + near) &
		       width_mask(SCALAR_BITS);
	case 5:
		return ((1ull << (r >> 16) % SCALAR_BITS) + near) &
		       width_mask(SCALAR_BITS);
	default:
		return next_random(seed) >>
		       (64 - SCALAR_BITS + (r >> 16) % SCALAR_BITS);
	}
}

static inline void range_around(struct range *range, u64 x, u64 *seed, u32 bits)
{
	u64 mask = width_mask(bits), lo = edge(seed) & mask;
	u64 hi = edge(seed) & mask;
	s64 slo = width_signed(edge(seed), bits);
	s64 shi = width_signed(edge(seed), bits), sx = width_signed(x, bits);

	x &= mask;
	*range = range_all(bits);
	if (next_random(seed) & 1) {
		range->umin = min(min(lo, hi), x);
		range->umax = max(max(lo, hi), x);
	}
	if (next_random(seed) & 1) {
		range->smin = min(min(slo, shi), sx);
		range->smax = max(max(slo, shi), sx);
	}
}

/* Any parts that have @x in common, not yet refined. */
static inline struct scalar random_parts(u64 x, u64 *seed)
{
	u64 mask = width_mask(SCALAR_BITS), few = next_random(seed) % 5;
	struct scalar s;

	for (; few; few--)
		mask &= next_random(seed);
	if (!(next_random(seed) & 3))
		mask = width_mask(SCALAR_BITS);
	s.var_off = TNUM(x & ~mask, mask);
	range_around(&s.r64, x, seed, SCALAR_BITS);
	range_around(&s.r32, x, seed, SUBREG_BITS);
	return s;
}

static inline struct scalar random_scalar(u64 x, u64 *seed)
{
	struct scalar s = random_parts(x, seed);

	assert_true(scalar_refine(&s));
	assert_true(scalar_contains(&s, x));
	return s;
}

static inline void assert_refined(const struct scalar *s)
{
	struct scalar again = *s;

	assert_true(scalar_refine(&again));
	assert_true(scalar_equal(&again, s));
}

#endif
