/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known of a number of one width: its unsigned and signed range, and
 * arithmetic on both.  See range.c.
 */
#ifndef CGBPF_VERIFIER_RANGE_H
#define CGBPF_VERIFIER_RANGE_H

#include "base/uapi.h"
#include "verifier/tnum.h"

/* Both ends belong to it.  Unsigned numbers of n bits are below 2^n. */
struct range {
	u64 umin, umax;
	s64 smin, smax;
};

/*
 * The same as one interval of the numbers whose sign bit is clear, and one of
 * those where it is set, both unsigned.  Empty: lo is ~0, hi is 0.
 */
struct spans {
	u64 lo[2], hi[2];
};

/* All that is known of a number of one width. */
struct part {
	struct tnum tnum;
	struct spans spans;
};

/* Operations are BPF_OP() of the opcode, and this for sdiv and smod. */
#define RANGE_SIGNED 0x100

static inline u64 width_mask(u32 bits)
{
	return ~0ull >> (64 - bits);
}

static inline u64 width_sign(u32 bits)
{
	return 1ull << (bits - 1);
}

static inline s64 width_signed(u64 x, u32 bits)
{
	return (s64)(x << (64 - bits)) >> (64 - bits);
}

static inline bool span_empty(const struct spans *spans, u32 sign)
{
	return spans->lo[sign] > spans->hi[sign];
}

static inline bool spans_empty(const struct spans *spans)
{
	return span_empty(spans, 0) && span_empty(spans, 1);
}

struct range range_all(u32 bits);
/* range_of() - of @spans, which are not both empty */
struct range range_of(const struct spans *spans, u32 bits);

void spans_clear(struct spans *spans);
/* spans_of() - the numbers in both ranges: maybe none */
struct spans spans_of(const struct range *range, u32 bits);
/* spans_add() - @lo to @hi too, unsigned */
void spans_add(struct spans *spans, u64 lo, u64 hi, u32 bits);
/* spans_add_arc() - @start to @start + @len too, modulo 2^bits */
void spans_add_arc(struct spans *spans, u64 start, u64 len, u32 bits);
struct spans spans_intersect(const struct spans *a, const struct spans *b);
struct spans spans_hull(const struct spans *a, const struct spans *b);
/* spans_not() - the complements of its numbers */
struct spans spans_not(const struct spans *spans, u32 bits);
/* spans_fit() - moves the ends inward to members of @tnum */
void spans_fit(struct spans *spans, struct tnum tnum);

/*
 * part_narrow() - what the lower @bits of members of @tnum in @spans, of a
 * larger width, can be, of what @low says; @low is empty if nothing.
 * @spans' ends are members of @tnum whose lower bits are members of @low.
 */
void part_narrow(struct part *low, struct tnum tnum, const struct spans *spans,
		 u32 bits);
/* part_alu() - @op on members of @a and @b, neither empty */
struct part part_alu(u32 op, const struct part *a, const struct part *b,
		     u32 bits);

#endif
