/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tristate numbers: what is known of a 64-bit value bit by bit, each 0, 1 or
 * unknown.  See tnum.c for what the operations promise.
 */
#ifndef CGBPF_VERIFIER_TNUM_H
#define CGBPF_VERIFIER_TNUM_H

#include "base/types.h"

struct tnum {
	u64 value; /* the bits known to be 1; 0 where unknown */
	u64 mask;  /* the unknown bits */
};

#define TNUM(value_, mask_) ((struct tnum){ .value = value_, .mask = mask_ })

static inline struct tnum tnum_const(u64 value)
{
	return TNUM(value, 0);
}

static inline struct tnum tnum_unknown(void)
{
	return TNUM(0, ~0ull);
}

static inline bool tnum_is_const(struct tnum a)
{
	return !a.mask;
}

static inline u64 tnum_min(struct tnum a)
{
	return a.value;
}

static inline u64 tnum_max(struct tnum a)
{
	return a.value | a.mask;
}

static inline bool tnum_contains(struct tnum a, u64 x)
{
	return !((x ^ a.value) & ~a.mask);
}

static inline bool tnum_equal(struct tnum a, struct tnum b)
{
	return a.value == b.value && a.mask == b.mask;
}

/* Sets. */
/* tnum_range() - all of @lo to @hi, unsigned */
struct tnum tnum_range(u64 lo, u64 hi);
/* tnum_prefix() - @a's members from @lo to @hi, both members */
struct tnum tnum_prefix(struct tnum a, u64 lo, u64 hi);
/* Is every member of @b one of @a? */
bool tnum_in(struct tnum a, struct tnum b);
/* Has any value what is known of both? */
bool tnum_overlap(struct tnum a, struct tnum b);
/* tnum_intersect() - the values in both, which must overlap */
struct tnum tnum_intersect(struct tnum a, struct tnum b);
struct tnum tnum_union(struct tnum a, struct tnum b);
/* tnum_ceil() - into @member the least member from @x on; false: none */
bool tnum_ceil(struct tnum a, u64 x, u64 *member);
/* Is every member a multiple of @size, a power of two (or 0: of anything)? */
bool tnum_is_aligned(struct tnum a, u64 size);

/* Arithmetic modulo 2^64. */
struct tnum tnum_lshift(struct tnum a, u32 shift);
struct tnum tnum_rshift(struct tnum a, u32 shift);
/* tnum_arshift() - of the number in the lower @bits of @a, into them */
struct tnum tnum_arshift(struct tnum a, u32 shift, u32 bits);
struct tnum tnum_add(struct tnum a, struct tnum b);
struct tnum tnum_sub(struct tnum a, struct tnum b);
struct tnum tnum_neg(struct tnum a);
struct tnum tnum_and(struct tnum a, struct tnum b);
struct tnum tnum_or(struct tnum a, struct tnum b);
struct tnum tnum_xor(struct tnum a, struct tnum b);
struct tnum tnum_not(struct tnum a);
struct tnum tnum_mul(struct tnum a, struct tnum b);

/* Widths. */
/* tnum_cut() - the lower @bits, the others 0 */
struct tnum tnum_cut(struct tnum a, u32 bits);
/* tnum_sext() - the lower @bits, the others as the highest of those */
struct tnum tnum_sext(struct tnum a, u32 bits);
/* tnum_cast() - the lower @size bytes, the others 0 */
struct tnum tnum_cast(struct tnum a, u32 size);
struct tnum tnum_subreg(struct tnum a);
struct tnum tnum_clear_subreg(struct tnum a);
/* tnum_with_subreg() - the upper half of @a, the lower of @subreg */
struct tnum tnum_with_subreg(struct tnum a, struct tnum subreg);
struct tnum tnum_const_subreg(struct tnum a, u32 value);

/* tnum_text() - as the log shows it, in @buf of TNUM_TEXT_MAX: returns it */
#define TNUM_TEXT_MAX 48u
const char *tnum_text(struct tnum a, char *buf);

#endif
