/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known of a register that holds a number: its bits, and the ranges of
 * the whole and of its lower half, each signed and unsigned.  See bounds.c.
 */
#ifndef CGBPF_VERIFIER_BOUNDS_H
#define CGBPF_VERIFIER_BOUNDS_H

#include "verifier/range.h"

/* The tests run the same code on registers of a few bits. */
#ifndef SCALAR_BITS
#define SCALAR_BITS 64
#define SUBREG_BITS 32
#endif

struct scalar {
	struct tnum var_off;
	struct range r64, r32;
};

/* These make a scalar of anything. */
struct scalar scalar_const(u64 value);
struct scalar scalar_unknown(void);
struct scalar scalar_urange(u64 lo, u64 hi);
struct scalar scalar_srange(s64 lo, s64 hi);

static inline bool scalar_is_const(const struct scalar *s)
{
	return tnum_is_const(s->var_off);
}

bool scalar_contains(const struct scalar *s, u64 value);
bool scalar_equal(const struct scalar *a, const struct scalar *b);
/* Does what is known of @b say all that is known of @a? */
bool scalar_in(const struct scalar *a, const struct scalar *b);

/*
 * scalar_refine() - makes @s agree with itself, after any part of it has been
 * narrowed.  false: no number is all that; @s is untouched.
 */
bool scalar_refine(struct scalar *s);
/* scalar_intersect() - @a and @b; false: there is none, @a is untouched */
bool scalar_intersect(struct scalar *a, const struct scalar *b);
/* scalar_union() - @a or @b */
void scalar_union(struct scalar *a, const struct scalar *b);

/* scalar_zext(), scalar_sext() - the lower @size bytes, extended to 64 bits */
void scalar_zext(struct scalar *s, u32 size);
void scalar_sext(struct scalar *s, u32 size);

/*
 * scalar_alu() - the ALU instruction @xop, any of the table, on @dst and @src:
 * the source register, or scalar_const() of the sign-extended immediate; not
 * looked at if there is neither.  They may be the same.
 */
void scalar_alu(struct scalar *dst, const struct scalar *src, int xop);

/*
 * scalar_assume() - the conditional jump @xop on @a and @b (as for
 * scalar_alu(); may be the same) was @taken: what both are then.  false: it
 * cannot be, neither is touched.
 */
bool scalar_assume(struct scalar *a, struct scalar *b, int xop, bool taken);
/* scalar_branch_taken() - 1: always, 0: never, -1: it depends */
int scalar_branch_taken(const struct scalar *a, const struct scalar *b,
			int xop);

#endif
