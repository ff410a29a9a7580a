/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Precision: on which numbers' exact ranges a decision depended.  See
 * precise.c.
 */
#ifndef CGBPF_VERIFIER_PRECISE_H
#define CGBPF_VERIFIER_PRECISE_H

#include "verifier/checks.h"

/* step_push() - v->insn is remembered, with where the path came from */
int step_push(struct verifier *v);
/* step_stack() - v->insn reads or writes @slot of frame @frame, exactly it */
int step_stack(struct verifier *v, u32 frame, u32 slot);
/*
 * step_jump() - v->insn is a jump on scalars: @flags, STEP_DST_SCALAR and
 * STEP_SRC_SCALAR; @linked: @nr registers that were refined with them.
 */
int step_jump(struct verifier *v, u32 flags, const struct linked_reg *linked,
	      u32 nr);

/* precise_reg() - the range of v->cur's register @regno mattered: back along
 * the path, whatever it was computed from is precise too */
int precise_reg(struct verifier *v, u32 regno);
/* precise_slot() - ditto, of what is spilled in v->cur's frame @frame */
int precise_slot(struct verifier *v, u32 frame, u32 slot);
/*
 * precise_like() - @state, before v->insn or where it was remembered, will do
 * as @old did: what is precise in @old is so in @state, and back along its
 * path.  True if that was news to some remembered state.
 */
bool precise_like(struct verifier *v, const struct state *old,
		  const struct state *state, u32 insn);
/* precise_all() - all numbers in the states before @state are precise */
void precise_all(struct verifier *v, const struct state *state);
/* precise_forget() - none in @state is */
void precise_forget(struct state *state);

#endif
