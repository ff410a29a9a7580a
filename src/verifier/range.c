/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * One set of functions serves all widths: numbers of n bits are u64 below
 * 2^n, and @bits is n.  The tests run the same code on very small n, where
 * every range can be tried.
 *
 * R1. An unsigned and a signed range together say exactly as much as two
 *     spans, one on each side of the sign bit: where the sign is the same,
 *     both orders are.  So the ranges are taken apart, worked on as intervals
 *     of one order, and put together again, and neither "deduces" from the
 *     other.
 * R2. An operation is the hull, span by span, of what it makes of each pair of
 *     a span of one operand and a span of the other, whose signs are known.
 * R3. What a pair makes is an arc of the circle of residues: if the true
 *     integer results lie between x and y, and y - x < 2^n, the residues lie
 *     on the arc from x to y, wherever that wraps.  Overflow as such loses
 *     nothing.
 * R4. Bits are known better for a pair, too: members of a span share what its
 *     ends share.
 */
#include "verifier/range.h"

typedef unsigned __int128 u128;
typedef __int128 s128;

struct range range_all(u32 bits)
{
	u64 sign = width_sign(bits);

	return (struct range){ 0, width_mask(bits), width_signed(sign, bits),
			       (s64)(sign - 1) };
}

struct range range_of(const struct spans *spans, u32 bits)
{
	bool pos = !span_empty(spans, 0), neg = !span_empty(spans, 1);

	return (struct range){
		.umin = spans->lo[pos ? 0 : 1],
		.umax = spans->hi[neg ? 1 : 0],
		.smin = width_signed(spans->lo[neg ? 1 : 0], bits),
		.smax = width_signed(spans->hi[pos ? 0 : 1], bits),
	};
}

void spans_clear(struct spans *spans)
{
	*spans = (struct spans){ { ~0ull, ~0ull }, { 0, 0 } };
}

static void span_grow(struct spans *spans, u32 sign, u64 lo, u64 hi)
{
	if (lo > hi)
		return;
	spans->lo[sign] = min(spans->lo[sign], lo);
	spans->hi[sign] = max(spans->hi[sign], hi);
}

void spans_add(struct spans *spans, u64 lo, u64 hi, u32 bits)
{
	u64 sign = width_sign(bits);

	span_grow(spans, 0, lo, min(hi, sign - 1));
	span_grow(spans, 1, max(lo, sign), hi);
}

void spans_add_arc(struct spans *spans, u64 start, u64 len, u32 bits)
{
	u64 mask = width_mask(bits), end = (start + len) & mask;

	start &= mask;
	if (len >= mask) {
		spans_add(spans, 0, mask, bits);
	} else if (start <= end) {
		spans_add(spans, start, end, bits);
	} else {
		spans_add(spans, start, mask, bits);
		spans_add(spans, 0, end, bits);
	}
}

struct spans spans_intersect(const struct spans *a, const struct spans *b)
{
	struct spans both;

	spans_clear(&both);
	for (u32 i = 0; i < 2; i++)
		span_grow(&both, i, max(a->lo[i], b->lo[i]),
			  min(a->hi[i], b->hi[i]));
	return both;
}

struct spans spans_hull(const struct spans *a, const struct spans *b)
{
	struct spans hull = *a;

	for (u32 i = 0; i < 2; i++)
		span_grow(&hull, i, b->lo[i], b->hi[i]);
	return hull;
}

/* One interval of both orders on each side: no wrapping there. */
struct spans spans_of(const struct range *range, u32 bits)
{
	u64 mask = width_mask(bits), sign = width_sign(bits), lo, hi;
	struct spans spans;

	spans_clear(&spans);
	if (range->smax >= 0) {
		lo = (u64)max(range->smin, 0);
		hi = min((u64)range->smax, sign - 1);
		span_grow(&spans, 0, max(lo, range->umin),
			  min(hi, range->umax));
	}
	if (range->smin < 0) {
		lo = (u64)range->smin & mask;
		hi = (u64)min(range->smax, -1) & mask;
		span_grow(&spans, 1, max(lo, range->umin),
			  min(hi, range->umax));
	}
	return spans;
}

struct spans spans_not(const struct spans *spans, u32 bits)
{
	u64 mask = width_mask(bits);
	struct spans not ;

	spans_clear(&not );
	for (u32 i = 0; i < 2; i++)
		if (!span_empty(spans, i))
			span_grow(&not, !i, ~spans->hi[i] & mask,
				  ~spans->lo[i] & mask);
	return not ;
}

/* The greatest member up to @x: from above, all is upside down. */
static bool tnum_floor(struct tnum a, u64 x, u64 *member)
{
	if (!tnum_ceil(tnum_not(a), ~x, member))
		return false;
	*member = ~*member;
	return true;
}

/* The members of @tnum from @lo to @hi, cut to those; false: none. */
static bool interval_fit(struct tnum tnum, u64 *lo, u64 *hi)
{
	u64 first, last;

	if (*lo > *hi || !tnum_ceil(tnum, *lo, &first) || first > *hi)
		return false;
	tnum_floor(tnum, *hi, &last);
	*lo = first;
	*hi = last;
	return true;
}

void spans_fit(struct spans *spans, struct tnum tnum)
{
	for (u32 i = 0; i < 2; i++) {
		if (interval_fit(tnum, &spans->lo[i], &spans->hi[i]))
			continue;
		spans->lo[i] = ~0ull;
		spans->hi[i] = 0;
	}
}

static struct tnum tnum_or_first(bool first, struct tnum a, struct tnum b)
{
	return first ? b : tnum_union(a, b);
}

/* A piece of the circle of low numbers, and what lies in it, added up. */
static void narrow_piece(struct part *sum, const struct part *low, u64 lo,
			 u64 hi)
{
	for (u32 i = 0; i < 2; i++) {
		u64 from = max(lo, low->spans.lo[i]);
		u64 to = min(hi, low->spans.hi[i]);

		if (!interval_fit(low->tnum, &from, &to))
			continue;
		sum->tnum = tnum_or_first(spans_empty(&sum->spans), sum->tnum,
					  tnum_prefix(low->tnum, from, to));
		span_grow(&sum->spans, i, from, to);
	}
}

/*
 * The lower bits of an interval within one block of 2^bits are an interval;
 * from one block to another they are the end of one and the beginning of the
 * other, and everything if there is a block between them.
 */
void part_narrow(struct part *low, struct tnum tnum, const struct spans *spans,
		 u32 bits)
{
	u64 mask = width_mask(bits), next;
	struct tnum blocks = TNUM(tnum.value & ~mask, tnum.mask & ~mask);
	struct part sum;

	sum.tnum = low->tnum;
	spans_clear(&sum.spans);
	for (u32 i = 0; i < 2; i++) {
		u64 lo = spans->lo[i], hi = spans->hi[i];

		if (lo > hi)
			continue;
		if ((lo & ~mask) == (hi & ~mask)) {
			narrow_piece(&sum, low, lo & mask, hi & mask);
			continue;
		}
		if (tnum_ceil(blocks, (lo | mask) + 1, &next) &&
		    next < (hi & ~mask)) {
			narrow_piece(&sum, low, 0, mask);
			continue;
		}
		narrow_piece(&sum, low, lo & mask, mask);
		narrow_piece(&sum, low, 0, hi & mask);
	}
	*low = sum;
}

/* One span of each operand: their ends, bits, and whether they are negative. */
struct pair {
	u64 alo, ahi, blo, bhi;
	struct tnum a, b;
	bool aneg, bneg;
	u32 bits;
};

static void add_signed(struct spans *spans, s128 lo, s128 hi, u32 bits)
{
	u128 len = (u128)(hi - lo);
	u64 mask = width_mask(bits);

	spans_add_arc(spans, (u64)lo, len > mask ? mask : (u64)len, bits);
}

/* The integers that a span stands for when read as signed. */
static s128 as_integer(u64 x, bool neg, u32 bits)
{
	return neg ? (s128)x - ((s128)1 << bits) : (s128)x;
}

static struct spans pair_add(const struct pair *p)
{
	struct spans sum;

	spans_clear(&sum);
	add_signed(&sum, (s128)p->alo + p->blo, (s128)p->ahi + p->bhi, p->bits);
	return sum;
}

static struct spans pair_sub(const struct pair *p)
{
	struct spans sum;

	spans_clear(&sum);
	add_signed(&sum, (s128)p->alo - p->bhi, (s128)p->ahi - p->blo, p->bits);
	return sum;
}

/* As signed and as unsigned numbers: the residues are the same. */
static struct spans pair_mul(const struct pair *p)
{
	s128 alo = as_integer(p->alo, p->aneg, p->bits);
	s128 ahi = as_integer(p->ahi, p->aneg, p->bits);
	s128 blo = as_integer(p->blo, p->bneg, p->bits);
	s128 bhi = as_integer(p->bhi, p->bneg, p->bits);
	s128 w = alo * blo, x = alo * bhi, y = ahi * blo, z = ahi * bhi;
	u128 lo = (u128)p->alo * p->blo, len = (u128)p->ahi * p->bhi - lo;
	u64 mask = width_mask(p->bits);
	struct spans s, u;

	spans_clear(&s);
	spans_clear(&u);
	add_signed(&s, min(min(w, x), min(y, z)), max(max(w, x), max(y, z)),
		   p->bits);
	spans_add_arc(&u, (u64)lo, len > mask ? mask : (u64)len, p->bits);
	return spans_intersect(&s, &u);
}

/* The quotient of magnitudes, and then the sign: to zero, as C divides. */
static void add_quotient(struct spans *sum, u64 alo, u64 ahi, u64 blo, u64 bhi,
			 bool negative, u32 bits)
{
	if (!blo) {
		spans_add(sum, 0, 0, bits);
		blo = 1;
	}
	if (blo > bhi)
		return;
	if (negative)
		add_signed(sum, -(s128)(ahi / blo), -(s128)(alo / bhi), bits);
	else
		add_signed(sum, alo / bhi, ahi / blo, bits);
}

/* Modulo zero leaves a; while the quotient q is the same, it is a - q * b. */
static void add_remainder(struct spans *sum, u64 alo, u64 ahi, u64 blo, u64 bhi,
			  bool negative, u32 bits)
{
	u64 lo = 0, hi, q;

	if (!blo) {
		if (negative)
			add_signed(sum, -(s128)ahi, -(s128)alo, bits);
		else
			add_signed(sum, alo, ahi, bits);
		blo = 1;
	}
	if (blo > bhi)
		return;
	hi = min(ahi, bhi - 1);
	q = alo / bhi;
	if (q == ahi / blo) {
		lo = alo - q * bhi;
		hi = min(hi, ahi - q * blo);
	}
	if (negative)
		add_signed(sum, -(s128)hi, -(s128)lo, bits);
	else
		add_signed(sum, lo, hi, bits);
}

static struct spans pair_divide(const struct pair *p, u32 op)
{
	u64 alo = p->alo, ahi = p->ahi, blo = p->blo, bhi = p->bhi;
	u64 mask = width_mask(p->bits);
	bool aneg = false, bneg = false;
	struct spans sum;

	if (op & RANGE_SIGNED) {
		aneg = p->aneg;
		bneg = p->bneg;
	}
	if (aneg) {
		alo = -p->ahi & mask;
		ahi = -p->alo & mask;
	}
	if (bneg) {
		blo = -p->bhi & mask;
		bhi = -p->blo & mask;
	}
	spans_clear(&sum);
	if ((op & ~RANGE_SIGNED) == BPF_DIV)
		add_quotient(&sum, alo, ahi, blo, bhi, aneg != bneg, p->bits);
	else
		add_remainder(&sum, alo, ahi, blo, bhi, aneg, p->bits);
	return sum;
}

/*
 * Bounds that no single bit tells: a | b is at least both and at most their
 * sum; a & b is a + b - (a | b); a ^ b is at least their difference.
 */
static struct spans pair_bitwise(const struct pair *p, u32 op)
{
	u64 mask = width_mask(p->bits), lo = 0, hi = mask, most;
	struct spans spans;

	if (__builtin_add_overflow(p->ahi, p->bhi, &most) || most > mask)
		most = mask;
	switch (op) {
	case BPF_AND:
		hi = min(p->ahi, p->bhi);
		if (p->alo > mask - p->blo)
			lo = p->alo - (mask - p->blo);
		break;
	case BPF_OR:
		lo = max(p->alo, p->blo);
		hi = most;
		break;
	default:
		hi = most;
		if (p->alo > p->bhi)
			lo = p->alo - p->bhi;
		if (p->blo > p->ahi)
			lo = p->blo - p->ahi;
	}
	spans_clear(&spans);
	spans_add(&spans, lo, hi, p->bits);
	return spans;
}

static struct spans pair_spans(const struct pair *p, u32 op)
{
	struct spans all;

	switch (op) {
	case BPF_ADD:
		return pair_add(p);
	case BPF_SUB:
		return pair_sub(p);
	case BPF_MUL:
		return pair_mul(p);
	case BPF_AND:
	case BPF_OR:
	case BPF_XOR:
		return pair_bitwise(p, op);
	case BPF_DIV:
	case BPF_DIV | RANGE_SIGNED:
	case BPF_MOD:
	case BPF_MOD | RANGE_SIGNED:
		return pair_divide(p, op);
	default:
		spans_clear(&all);
		spans_add(&all, 0, width_mask(p->bits), p->bits);
		return all;
	}
}

/* By powers of two, and of numbers below the modulus. */
static struct tnum tnum_divide(struct tnum a, struct tnum b, u32 op)
{
	u32 shift;

	if (!tnum_is_const(b) || !b.value || (b.value & (b.value - 1)))
		return tnum_unknown();
	shift = (u32)__builtin_ctzll(b.value);
	if (op == BPF_DIV)
		return tnum_rshift(a, shift);
	return tnum_cut(a, shift);
}

static struct tnum tnum_alu(u32 op, struct tnum a, struct tnum b)
{
	switch (op) {
	case BPF_ADD:
		return tnum_add(a, b);
	case BPF_SUB:
		return tnum_sub(a, b);
	case BPF_MUL:
		return tnum_mul(a, b);
	case BPF_AND:
		return tnum_and(a, b);
	case BPF_OR:
		return tnum_or(a, b);
	case BPF_XOR:
		return tnum_xor(a, b);
	case BPF_DIV:
	case BPF_MOD:
		return tnum_divide(a, b, op);
	default:
		return tnum_unknown();
	}
}

/* What @more says is in @sum too. */
static void part_add(struct part *sum, struct part more, u32 bits)
{
	more.tnum = tnum_cut(more.tnum, bits);
	spans_fit(&more.spans, more.tnum);
	if (spans_empty(&more.spans))
		return;
	sum->tnum =
		tnum_or_first(spans_empty(&sum->spans), sum->tnum, more.tnum);
	sum->spans = spans_hull(&sum->spans, &more.spans);
}

static void shift_span(struct part *sum, u32 op, struct tnum a, u64 lo, u64 hi,
		       u32 shift, u32 bits)
{
	struct part part;
	u128 len;

	spans_clear(&part.spans);
	switch (op) {
	case BPF_LSH:
		len = (u128)(hi - lo) << shift;
		part.tnum = tnum_lshift(a, shift);
		spans_add_arc(&part.spans, lo << shift,
			      len > ~0ull ? ~0ull : (u64)len, bits);
		break;
	case BPF_RSH:
		part.tnum = tnum_rshift(a, shift);
		spans_add(&part.spans, lo >> shift, hi >> shift, bits);
		break;
	default:
		part.tnum = tnum_arshift(a, shift, bits);
		add_signed(&part.spans, width_signed(lo, bits) >> shift,
			   width_signed(hi, bits) >> shift, bits);
	}
	part_add(sum, part, bits);
}

/* A shift by an unknown count is one by each count that it can be. */
static struct part part_shift(u32 op, const struct part *a,
			      const struct part *b, u32 bits)
{
	struct tnum count = tnum_and(b->tnum, tnum_const(bits - 1));
	struct range known = range_of(&b->spans, bits);
	struct part sum;
	u32 from = (u32)tnum_min(count), to = (u32)tnum_max(count);

	if (known.umax < bits) {
		from = max(from, (u32)known.umin & (bits - 1));
		to = min(to, (u32)known.umax);
	}
	sum.tnum = tnum_unknown();
	spans_clear(&sum.spans);
	for (u32 shift = from; shift <= to; shift++) {
		if (!tnum_contains(count, shift))
			continue;
		for (u32 i = 0; i < 2; i++) {
			u64 lo = a->spans.lo[i], hi = a->spans.hi[i];

			if (interval_fit(a->tnum, &lo, &hi))
				shift_span(&sum, op,
					   tnum_prefix(a->tnum, lo, hi), lo, hi,
					   shift, bits);
		}
	}
	return sum;
}

struct part part_alu(u32 op, const struct part *a, const struct part *b,
		     u32 bits)
{
	struct pair p = { .bits = bits };
	struct part sum, more;

	if (op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH)
		return part_shift(op, a, b, bits);
	sum.tnum = tnum_unknown();
	spans_clear(&sum.spans);
	for (u32 i = 0; i < 4; i++) {
		p.aneg = i & 1;
		p.bneg = i >> 1;
		p.alo = a->spans.lo[p.aneg];
		p.ahi = a->spans.hi[p.aneg];
		p.blo = b->spans.lo[p.bneg];
		p.bhi = b->spans.hi[p.bneg];
		if (!interval_fit(a->tnum, &p.alo, &p.ahi) ||
		    !interval_fit(b->tnum, &p.blo, &p.bhi))
			continue;
		p.a = tnum_prefix(a->tnum, p.alo, p.ahi);
		p.b = tnum_prefix(b->tnum, p.blo, p.bhi);
		more.tnum = tnum_alu(op, p.a, p.b);
		more.spans = pair_spans(&p, op);
		part_add(&sum, more, bits);
	}
	return sum;
}
