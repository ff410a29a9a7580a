/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * A scalar stands for the numbers that are in all five of its parts: var_off,
 * the unsigned and signed range of the 64 bits, and those of the lower 32.
 *
 * B1. Outside of this file a scalar is refined: never empty, and every part is
 *     the smallest there is for the numbers that the whole stands for.
 *     scalar_refine() gets there in one pass, with no rounds of deduction.
 * B2. Sound: what scalar_alu() returns contains every result on numbers of its
 *     operands, and what scalar_assume() leaves every pair for which the jump
 *     goes that way.
 * B3. So scalar_branch_taken() is right whenever it decides: one way is empty.
 *
 * Refining.  Take the ranges apart into spans (range.c, R1).
 *  1. Move the ends of the lower half's spans to numbers with fitting bits.
 *  2. Move the ends of the whole's spans to numbers with fitting bits whose
 *     lower half is in a span of 1: in the block of 2^32 where the search
 *     begins if it has one from there on, else the first in the next block
 *     that fits the upper bits.  Now the ends of the whole are numbers of the
 *     scalar.
 *  3. The lower halves of what is left (part_narrow()) are the new spans of the
 *     lower half, and their bits the new lower bits.
 *  4. What the ends of the whole share of their upper bits is known.
 * Nothing of that is needed if the ranges exclude no number that the bits
 * admit: then they are what the bits say.
 *
 * Each step only removes what the conjunction of all parts excludes already,
 * so none makes an earlier one incomplete.
 *
 * Refinement by a jump and results of operations are as exact as the ranges
 * of each operand allow, not as their relation would: that is B2, not B1.
 */
#include "verifier/bounds.h"

#include "vm/insn.h"

/* How many bits what is called @bits in 64 has here. */
#define SCALED(bits) (max((bits)*SCALAR_BITS / 64, 1))

struct scalar scalar_unknown(void)
{
	return (struct scalar){ tnum_cut(tnum_unknown(), SCALAR_BITS),
				range_all(SCALAR_BITS),
				range_all(SUBREG_BITS) };
}

static struct range range_const(u64 value, u32 bits)
{
	s64 signed_value = width_signed(value, bits);

	value &= width_mask(bits);
	return (struct range){ value, value, signed_value, signed_value };
}

struct scalar scalar_const(u64 value)
{
	value &= width_mask(SCALAR_BITS);
	return (struct scalar){ tnum_const(value),
				range_const(value, SCALAR_BITS),
				range_const(value, SUBREG_BITS) };
}

/* That of the members of @a, which are of no more than @bits. */
static struct range range_of_tnum(struct tnum a, u32 bits)
{
	u64 sign = width_sign(bits), low = tnum_min(a), high = tnum_max(a);

	/* the sign is unknown: the least has it, the greatest has it not */
	return (struct range){
		.umin = low,
		.umax = high,
		.smin = width_signed(low | (a.mask & sign), bits),
		.smax = width_signed(high & ~(a.mask & sign), bits),
	};
}

/* Any member of @a. */
static struct scalar scalar_of_tnum(struct tnum a)
{
	return (struct scalar){ a, range_of_tnum(a, SCALAR_BITS),
				range_of_tnum(tnum_cut(a, SUBREG_BITS),
					      SUBREG_BITS) };
}

static void scalar_must_refine(struct scalar *s)
{
	bool refined = scalar_refine(s);

	ASSERT(refined);
	(void)refined;
}

struct scalar scalar_urange(u64 lo, u64 hi)
{
	struct scalar s = scalar_unknown();

	s.r64.umin = lo;
	s.r64.umax = hi;
	scalar_must_refine(&s);
	return s;
}

struct scalar scalar_srange(s64 lo, s64 hi)
{
	struct scalar s = scalar_unknown();

	s.r64.smin = lo;
	s.r64.smax = hi;
	scalar_must_refine(&s);
	return s;
}

static bool range_contains(const struct range *range, u64 value, u32 bits)
{
	s64 signed_value = width_signed(value, bits);

	value &= width_mask(bits);
	return range->umin <= value && value <= range->umax &&
	       range->smin <= signed_value && signed_value <= range->smax;
}

static bool range_in(const struct range *a, const struct range *b)
{
	return a->umin <= b->umin && b->umax <= a->umax && a->smin <= b->smin &&
	       b->smax <= a->smax;
}

static void range_intersect(struct range *a, const struct range *b)
{
	a->umin = max(a->umin, b->umin);
	a->umax = min(a->umax, b->umax);
	a->smin = max(a->smin, b->smin);
	a->smax = min(a->smax, b->smax);
}

static bool range_equal(const struct range *a, const struct range *b)
{
	return range_in(a, b) && range_in(b, a);
}

bool scalar_contains(const struct scalar *s, u64 value)
{
	return tnum_contains(s->var_off, value) &&
	       range_contains(&s->r64, value, SCALAR_BITS) &&
	       range_contains(&s->r32, value, SUBREG_BITS);
}

bool scalar_equal(const struct scalar *a, const struct scalar *b)
{
	return tnum_equal(a->var_off, b->var_off) &&
	       range_equal(&a->r64, &b->r64) && range_equal(&a->r32, &b->r32);
}

bool scalar_in(const struct scalar *a, const struct scalar *b)
{
	return tnum_in(a->var_off, b->var_off) && range_in(&a->r64, &b->r64) &&
	       range_in(&a->r32, &b->r32);
}

/* Do the ranges exclude no member of var_off? */
static bool low_is_any(const struct scalar *s)
{
	struct range low =
		range_of_tnum(tnum_cut(s->var_off, SUBREG_BITS), SUBREG_BITS);

	return range_in(&s->r32, &low);
}

static bool full_is_any(const struct scalar *s)
{
	struct range full = range_of_tnum(s->var_off, SCALAR_BITS);

	return range_in(&s->r64, &full);
}

/* The numbers with bits of @blocks, and a lower half in @low. */
struct halves {
	struct tnum blocks;
	struct part low;
};

static struct tnum tnum_blocks(struct tnum a)
{
	u64 low = width_mask(SUBREG_BITS);

	return TNUM(a.value & ~low, a.mask & ~low);
}

static bool low_ceil(const struct part *low, u64 x, u64 *found)
{
	for (u32 i = 0; i < 2; i++)
		if (!span_empty(&low->spans, i) && x <= low->spans.hi[i])
			return tnum_ceil(low->tnum, max(x, low->spans.lo[i]),
					 found);
	return false;
}

/* The least number of @set from @x on. */
static bool halves_ceil(const struct halves *set, u64 x, u64 *found)
{
	u64 mask = width_mask(SUBREG_BITS), block = x & ~mask, low;

	if (tnum_contains(set->blocks, block)) {
		if (low_ceil(&set->low, x & mask, &low)) {
			*found = block | low;
			return true;
		}
		block += mask + 1;
		if (!(block & width_mask(SCALAR_BITS)))
			return false;
	}
	if (!tnum_ceil(set->blocks, block, &block) ||
	    !low_ceil(&set->low, 0, &low))
		return false;
	*found = block | low;
	return true;
}

/* From above all is upside down. */
static struct halves halves_not(const struct halves *set)
{
	struct halves not ;

	not .blocks = tnum_cut(tnum_blocks(tnum_not(set->blocks)), SCALAR_BITS);
	not .low.tnum = tnum_cut(tnum_not(set->low.tnum), SUBREG_BITS);
	not .low.spans = spans_not(&set->low.spans, SUBREG_BITS);
	return not ;
}

static void spans_fit_halves(struct spans *spans, const struct halves *set)
{
	struct halves not = halves_not(set);
	u64 mask = width_mask(SCALAR_BITS), lo, hi;

	for (u32 i = 0; i < 2; i++) {
		if (span_empty(spans, i))
			continue;
		if (halves_ceil(set, spans->lo[i], &lo) && lo <= spans->hi[i]) {
			halves_ceil(&not, ~spans->hi[i] & mask, &hi);
			spans->lo[i] = lo;
			spans->hi[i] = ~hi & mask;
		} else {
			spans->lo[i] = ~0ull;
			spans->hi[i] = 0;
		}
	}
}

/* What is known of the upper bits of numbers in @full. */
static struct tnum blocks_of(struct tnum blocks, const struct spans *full)
{
	u64 mask = ~width_mask(SUBREG_BITS);
	struct tnum known[2];

	for (u32 i = 0; i < 2; i++)
		known[i] = tnum_prefix(blocks, full->lo[i] & mask,
				       full->hi[i] & mask);
	if (span_empty(full, 0))
		return known[1];
	if (span_empty(full, 1))
		return known[0];
	return tnum_union(known[0], known[1]);
}

bool scalar_refine(struct scalar *s)
{
	struct spans full;
	struct halves set;

	if (tnum_is_const(s->var_off)) {
		if (!scalar_contains(s, s->var_off.value))
			return false;
		*s = scalar_const(s->var_off.value);
		return true;
	}
	if (full_is_any(s) && low_is_any(s)) {
		*s = scalar_of_tnum(s->var_off);
		return true;
	}
	set.blocks = tnum_blocks(s->var_off);
	set.low.tnum = tnum_cut(s->var_off, SUBREG_BITS);
	set.low.spans = spans_of(&s->r32, SUBREG_BITS);
	spans_fit(&set.low.spans, set.low.tnum);
	full = spans_of(&s->r64, SCALAR_BITS);
	spans_fit_halves(&full, &set);
	if (spans_empty(&full))
		return false;
	part_narrow(&set.low, s->var_off, &full, SUBREG_BITS);
	ASSERT(!spans_empty(&set.low.spans));
	s->var_off = tnum_or(blocks_of(set.blocks, &full), set.low.tnum);
	s->r64 = range_of(&full, SCALAR_BITS);
	s->r32 = range_of(&set.low.spans, SUBREG_BITS);
	return true;
}

bool scalar_intersect(struct scalar *a, const struct scalar *b)
{
	struct scalar both = *a;

	if (scalar_in(b, a))
		return true;
	if (scalar_in(a, b)) {
		*a = *b;
		return true;
	}
	if (!tnum_overlap(a->var_off, b->var_off))
		return false;
	both.var_off = tnum_intersect(a->var_off, b->var_off);
	range_intersect(&both.r64, &b->r64);
	range_intersect(&both.r32, &b->r32);
	if (!scalar_refine(&both))
		return false;
	*a = both;
	return true;
}

static struct range range_hull(const struct range *a, const struct range *b,
			       u32 bits)
{
	struct spans x = spans_of(a, bits), y = spans_of(b, bits);
	struct spans hull = spans_hull(&x, &y);

	return range_of(&hull, bits);
}

void scalar_union(struct scalar *a, const struct scalar *b)
{
	a->var_off = tnum_union(a->var_off, b->var_off);
	a->r64 = range_hull(&a->r64, &b->r64, SCALAR_BITS);
	a->r32 = range_hull(&a->r32, &b->r32, SUBREG_BITS);
	scalar_must_refine(a);
}

static struct part full_part(const struct scalar *s)
{
	return (struct part){ s->var_off, spans_of(&s->r64, SCALAR_BITS) };
}

/* The lower @bits, as few as 32 or fewer. */
static struct part low_part(const struct scalar *s, u32 bits)
{
	struct part part = { tnum_cut(s->var_off, SUBREG_BITS),
			     spans_of(&s->r32, SUBREG_BITS) };
	struct part full = full_part(s), low;

	if (bits == SUBREG_BITS)
		return part;
	low.tnum = tnum_cut(s->var_off, bits);
	spans_clear(&low.spans);
	spans_add(&low.spans, 0, width_mask(bits), bits);
	spans_fit(&low.spans, low.tnum);
	part_narrow(&low, full.tnum, &full.spans, bits);
	part_narrow(&low, part.tnum, &part.spans, bits);
	return low;
}

/* The number is @full, or, of half the width, @low with 0 above. */
static void scalar_set(struct scalar *s, const struct part *part, u32 bits)
{
	*s = scalar_unknown();
	s->var_off = part->tnum;
	if (bits == SCALAR_BITS)
		s->r64 = range_of(&part->spans, bits);
	else
		s->r32 = range_of(&part->spans, bits);
	scalar_must_refine(s);
}

/* The lower half, which is refined by itself, and 0 above. */
static void keep_low(struct scalar *s)
{
	s->var_off = tnum_cut(s->var_off, SUBREG_BITS);
	s->r64 = (struct range){ s->r32.umin, s->r32.umax, (s64)s->r32.umin,
				 (s64)s->r32.umax };
}

/* The lower @from bits, extended with 0 to @to. */
static void extend_zero(struct scalar *s, u32 from, u32 to)
{
	struct part low, part;

	if (from == to)
		return;
	if (from == SUBREG_BITS) {
		keep_low(s);
		return;
	}
	if (full_is_any(s) && low_is_any(s)) {
		*s = scalar_of_tnum(tnum_cut(s->var_off, from));
		return;
	}
	low = low_part(s, from);
	part.tnum = low.tnum;
	spans_clear(&part.spans);
	for (u32 i = 0; i < 2; i++)
		if (!span_empty(&low.spans, i))
			spans_add(&part.spans, low.spans.lo[i], low.spans.hi[i],
				  to);
	scalar_set(s, &part, to);
}

static void extend_sign(struct scalar *s, u32 from, u32 to)
{
	u64 above = width_mask(to) & ~width_mask(from);
	struct part part;

	if (from == to && to == SCALAR_BITS)
		return;
	part = low_part(s, from);
	part.tnum = tnum_cut(tnum_sext(part.tnum, from), to);
	if (!span_empty(&part.spans, 1)) {
		part.spans.lo[1] |= above;
		part.spans.hi[1] |= above;
	}
	scalar_set(s, &part, to);
}

void scalar_zext(struct scalar *s, u32 size)
{
	extend_zero(s, SCALED((int)size * 8), SCALAR_BITS);
}

void scalar_sext(struct scalar *s, u32 size)
{
	extend_sign(s, SCALED((int)size * 8), SCALAR_BITS);
}

static u64 swap_bytes(u64 x, u32 bits)
{
	u64 swapped = 0, byte = SCALED(8);

	for (u32 i = 0; i < bits; i += byte)
		swapped |= (x >> i & width_mask(byte)) << (bits - byte - i);
	return swapped;
}

static void scalar_swap(struct scalar *s, u32 bits)
{
	struct scalar swapped = scalar_unknown();

	swapped.var_off = TNUM(swap_bytes(s->var_off.value, bits),
			       swap_bytes(s->var_off.mask, bits));
	scalar_must_refine(&swapped);
	*s = swapped;
}

/* Are the lower bits of a result made of lower bits alone? */
static bool low_is_closed(u32 op, const struct scalar *src)
{
	switch (op) {
	case BPF_ADD:
	case BPF_SUB:
	case BPF_MUL:
	case BPF_AND:
	case BPF_OR:
	case BPF_XOR:
		return true;
	case BPF_LSH:
		return src->r64.umax < SUBREG_BITS;
	default:
		return false;
	}
}

static void alu64(struct scalar *dst, const struct scalar *src, u32 op)
{
	u64 above = width_mask(SCALAR_BITS) & ~width_mask(SUBREG_BITS);
	struct part a = full_part(dst), b = full_part(src);
	struct part sum = part_alu(op, &a, &b, SCALAR_BITS);
	struct scalar s = scalar_unknown();

	s.var_off = sum.tnum;
	s.r64 = range_of(&sum.spans, SCALAR_BITS);
	if (low_is_closed(op, src)) {
		a = low_part(dst, SUBREG_BITS);
		b = low_part(src, SUBREG_BITS);
		sum = part_alu(op, &a, &b, SUBREG_BITS);
		sum.tnum.mask |= above;
		s.var_off = tnum_intersect(s.var_off, sum.tnum);
		s.r32 = range_of(&sum.spans, SUBREG_BITS);
	}
	scalar_must_refine(&s);
	*dst = s;
}

static void alu32(struct scalar *dst, const struct scalar *src, u32 op)
{
	struct part a = low_part(dst, SUBREG_BITS);
	struct part b = low_part(src, SUBREG_BITS);
	struct part sum = part_alu(op, &a, &b, SUBREG_BITS);

	scalar_set(dst, &sum, SUBREG_BITS);
}

/* May the lower @bits of @s be any number? */
static bool is_any(const struct scalar *s, struct tnum any, u32 bits)
{
	return tnum_equal(tnum_cut(s->var_off, bits), any) && low_is_any(s) &&
	       (bits == SUBREG_BITS || full_is_any(s));
}

/*
 * Operands of which the bits say all that is known, and an operation that
 * makes of them all numbers that its result's bits admit: bit by bit, or by
 * moving bits, or by adding to what may be anything.  Then it is exact to
 * look at bits only, and what part_alu() finds, at less expense.
 */
static bool bits_say_all(const struct scalar *dst, const struct scalar *src,
			 u32 op, u32 bits)
{
	struct tnum any = tnum_cut(tnum_unknown(), bits);

	switch (op) {
	case BPF_AND:
	case BPF_OR:
	case BPF_XOR:
		return low_is_any(dst) && low_is_any(src) &&
		       (bits == SUBREG_BITS ||
			(full_is_any(dst) && full_is_any(src)));
	case BPF_LSH:
	case BPF_RSH:
		return scalar_is_const(src) && src->var_off.value < bits &&
		       low_is_any(dst) &&
		       (bits == SUBREG_BITS || full_is_any(dst));
	case BPF_ADD:
	case BPF_SUB:
		return (scalar_is_const(dst) && scalar_is_const(src)) ||
		       is_any(dst, any, bits) || is_any(src, any, bits);
	default:
		return false;
	}
}

static struct tnum alu_bits(struct tnum a, struct tnum b, u32 op)
{
	switch (op) {
	case BPF_AND:
		return tnum_and(a, b);
	case BPF_OR:
		return tnum_or(a, b);
	case BPF_XOR:
		return tnum_xor(a, b);
	case BPF_LSH:
		return tnum_lshift(a, (u32)b.value);
	case BPF_RSH:
		return tnum_rshift(a, (u32)b.value);
	case BPF_ADD:
		return tnum_add(a, b);
	default:
		return tnum_sub(a, b);
	}
}

static void alu(struct scalar *dst, const struct scalar *src, u32 op, u32 bits)
{
	struct tnum result;

	if (bits_say_all(dst, src, op, bits)) {
		result = alu_bits(tnum_cut(dst->var_off, bits),
				  tnum_cut(src->var_off, bits), op);
		*dst = scalar_of_tnum(tnum_cut(result, bits));
	} else if (bits == SCALAR_BITS) {
		alu64(dst, src, op);
	} else {
		alu32(dst, src, op);
	}
}

static void alu_end(struct scalar *dst, const struct insn_desc *desc)
{
	u32 bits = SCALED(desc->variant);

	if (desc->code == (BPF_ALU | BPF_END | BPF_TO_LE))
		extend_zero(dst, bits, SCALAR_BITS);
	else
		scalar_swap(dst, bits);
}

void scalar_alu(struct scalar *dst, const struct scalar *src, int xop)
{
	const struct insn_desc *desc = &insn_descs[xop];
	bool wide = desc->size == sizeof(u64);
	struct scalar from, zero = scalar_const(0);
	u32 op = BPF_OP(desc->code);

	switch (desc->form) {
	case FORM_MOVSX:
		*dst = *src;
		extend_sign(dst, SCALED(desc->variant),
			    wide ? SCALAR_BITS : SUBREG_BITS);
		return;
	case FORM_UNARY:
		if (op == BPF_END) {
			alu_end(dst, desc);
			return;
		}
		from = *dst;
		*dst = zero;
		op = BPF_SUB;
		break;
	default:
		from = *src;
	}
	if (op == BPF_MOV) {
		*dst = from;
		if (!wide)
			extend_zero(dst, SUBREG_BITS, SCALAR_BITS);
		return;
	}
	if ((op == BPF_DIV || op == BPF_MOD) && desc->variant)
		op |= RANGE_SIGNED;
	alu(dst, &from, op, wide ? SCALAR_BITS : SUBREG_BITS);
}

/* Jumps and their opposites come down to these. */
enum cond {
	COND_EQ,
	COND_NE,
	COND_LT,
	COND_LE,
	COND_SLT,
	COND_SLE,
	COND_SET, /* common bits */
	COND_CLEAR,
};

static enum cond cond_of(u8 op, bool *swap)
{
	*swap = op == BPF_JGT || op == BPF_JGE || op == BPF_JSGT ||
		op == BPF_JSGE;
	switch (op) {
	case BPF_JEQ:
		return COND_EQ;
	case BPF_JNE:
		return COND_NE;
	case BPF_JGT:
	case BPF_JLT:
		return COND_LT;
	case BPF_JGE:
	case BPF_JLE:
		return COND_LE;
	case BPF_JSGT:
	case BPF_JSLT:
		return COND_SLT;
	case BPF_JSGE:
	case BPF_JSLE:
		return COND_SLE;
	default:
		return COND_SET;
	}
}

/* Not a < b is b <= a. */
static enum cond cond_not(enum cond cond, bool *swap)
{
	if (cond >= COND_LT && cond <= COND_SLE)
		*swap = !*swap;
	return cond ^ 1;
}
static_assert(COND_NE == (COND_EQ ^ 1) && COND_LE == (COND_LT ^ 1) &&
		      COND_SLE == (COND_SLT ^ 1) &&
		      COND_CLEAR == (COND_SET ^ 1),
	      "cond_not()");

static struct range *range_at(struct scalar *s, u32 bits)
{
	return bits == SCALAR_BITS ? &s->r64 : &s->r32;
}

static bool assume_equal(struct scalar *a, struct scalar *b, u32 bits)
{
	u64 above = width_mask(SCALAR_BITS) & ~width_mask(SUBREG_BITS);
	struct tnum both;

	if (bits == SCALAR_BITS) {
		if (!scalar_intersect(a, b))
			return false;
		*b = *a;
		return true;
	}
	both = tnum_cut(b->var_off, bits);
	both.mask |= above;
	if (!tnum_overlap(both, a->var_off))
		return false;
	both = tnum_intersect(both, a->var_off);
	a->var_off = both;
	both = tnum_cut(both, bits);
	both.mask |= above;
	b->var_off = tnum_intersect(both, b->var_off);
	range_intersect(&a->r32, &b->r32);
	b->r32 = a->r32;
	return true;
}

/* @a is not the constant @b; only where it begins or ends is that known. */
static bool assume_not_const(struct range *a, const struct range *b, u32 bits)
{
	struct spans spans;

	if (b->umin != b->umax)
		return true;
	spans = spans_of(a, bits);
	for (u32 i = 0; i < 2; i++) {
		if (span_empty(&spans, i))
			continue;
		if (spans.lo[i] == spans.hi[i] && spans.lo[i] == b->umin) {
			spans.lo[i] = ~0ull;
			spans.hi[i] = 0;
		} else if (spans.lo[i] == b->umin) {
			spans.lo[i]++;
		} else if (spans.hi[i] == b->umin) {
			spans.hi[i]--;
		}
	}
	if (spans_empty(&spans))
		return false;
	*a = range_of(&spans, bits);
	return true;
}

static bool assume_not_equal(struct range *a, struct range *b, u32 bits)
{
	struct range before = *a;

	return assume_not_const(a, b, bits) &&
	       assume_not_const(b, &before, bits);
}

static bool assume_below(struct range *a, struct range *b, bool equal)
{
	if (!equal && (!b->umax || a->umin == ~0ull))
		return false;
	a->umax = min(a->umax, b->umax - !equal);
	b->umin = max(b->umin, a->umin + !equal);
	return true;
}

static bool assume_less(struct range *a, struct range *b, bool equal)
{
	if (!equal && (b->smax == INT64_MIN || a->smin == INT64_MAX))
		return false;
	a->smax = min(a->smax, b->smax - !equal);
	b->smin = max(b->smin, a->smin + !equal);
	return true;
}

/* Some bit is set in both: if it can only be one, that one is. */
static bool assume_set(struct scalar *a, struct scalar *b, u32 bits)
{
	u64 common = tnum_max(a->var_off) & tnum_max(b->var_off) &
		     width_mask(bits);
	u64 lowest = common & -common;
	struct scalar *both[] = { a, b };

	if (!common)
		return false;
	for (u32 i = 0; i < 2; i++) {
		struct range *range = range_at(both[i], bits);

		range->umin = max(range->umin, lowest);
		if (common == lowest) {
			both[i]->var_off.value |= lowest;
			both[i]->var_off.mask &= ~lowest;
		}
	}
	return true;
}

static bool assume_clear(struct scalar *a, struct scalar *b, u32 bits)
{
	u64 mask = width_mask(bits);

	if (a->var_off.value & b->var_off.value & mask)
		return false;
	a->var_off.mask &= ~(b->var_off.value & mask);
	b->var_off.mask &= ~(a->var_off.value & mask);
	return true;
}

static bool assume(enum cond cond, struct scalar *a, struct scalar *b, u32 bits)
{
	struct range *x = range_at(a, bits), *y = range_at(b, bits);

	switch (cond) {
	case COND_EQ:
		return assume_equal(a, b, bits);
	case COND_NE:
		return assume_not_equal(x, y, bits);
	case COND_LT:
	case COND_LE:
		return assume_below(x, y, cond == COND_LE);
	case COND_SLT:
	case COND_SLE:
		return assume_less(x, y, cond == COND_SLE);
	case COND_SET:
		return assume_set(a, b, bits);
	default:
		return assume_clear(a, b, bits);
	}
}

/* A register and itself. */
static bool assume_same(enum cond cond, struct scalar *a, u32 bits)
{
	struct scalar zero = scalar_const(0), same = *a;

	switch (cond) {
	case COND_EQ:
	case COND_LE:
	case COND_SLE:
		return true;
	case COND_NE:
	case COND_LT:
	case COND_SLT:
		return false;
	default:
		cond = cond == COND_SET ? COND_NE : COND_EQ;
		if (!assume(cond, &same, &zero, bits) || !scalar_refine(&same))
			return false;
		*a = same;
		return true;
	}
}

bool scalar_assume(struct scalar *a, struct scalar *b, int xop, bool taken)
{
	const struct insn_desc *desc = &insn_descs[xop];
	u32 bits = desc->size == sizeof(u64) ? SCALAR_BITS : SUBREG_BITS;
	struct scalar x = *a, y = *b;
	bool swap;
	enum cond cond = cond_of(BPF_OP(desc->code), &swap);

	if (!taken)
		cond = cond_not(cond, &swap);
	if (a == b)
		return assume_same(cond, a, bits);
	if (!assume(cond, swap ? &y : &x, swap ? &x : &y, bits) ||
	    !scalar_refine(&x) || !scalar_refine(&y))
		return false;
	*a = x;
	*b = y;
	return true;
}

int scalar_branch_taken(const struct scalar *a, const struct scalar *b, int xop)
{
	struct scalar x = *a, y = *b, *other = a == b ? &x : &y;

	if (!scalar_assume(&x, other, xop, true))
		return 0;
	x = *a;
	y = *b;
	return scalar_assume(&x, other, xop, false) ? -1 : 1;
}
