/* SPDX-License-Identifier: BSD-2-Clause */
/* Is one state as general as another?  See equal.c. */
#ifndef CGBPF_VERIFIER_EQUAL_H
#define CGBPF_VERIFIER_EQUAL_H

#include "verifier/checks.h"

enum equality {
	/* @old is finished: numbers that are not precise do not matter */
	EQUAL_FINISHED,
	/* @old is not: whatever is known of numbers matters */
	EQUAL_UNFINISHED,
	/* the same, not only as general */
	EQUAL_EXACT,
};

/* The ids of one state that stand for those of another. */
#define MAX_ID_PAIRS ((NR_REGS + MAX_SLOTS) * MAX_FRAMES)

struct id_map {
	struct {
		u32 old, cur;
	} pairs[MAX_ID_PAIRS];
	u32 nr;
	u32 next; /* for registers without an id: none that is in use */
};

/*
 * states_equal() - whatever @cur may do from here @old may do as well.  Both
 * are before the same instruction.  @ids: scratch memory.
 */
bool states_equal(struct verifier *v, const struct state *old,
		  const struct state *cur, enum equality how,
		  struct id_map *ids);
/* regs_look_same() - the innermost frames' registers, to the letter */
bool regs_look_same(const struct state *old, const struct state *cur);
/* The instruction that frame @frame of @state is at: in outer ones the call. */
u32 state_frame_insn(const struct state *state, u32 frame, u32 insn);

#endif
