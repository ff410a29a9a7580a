/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A callback that counts, in a variable of its caller's, would make a new state
 * of every round, and the walk would not end before the rounds do, if ever.
 *
 * So a number that a round has changed is forgotten before the next one, unless
 * it is precise, in the state before the round or after it: then something was
 * decided by it, and each of its values is a case by itself.  To forget is
 * always right; it may refuse a program that each round by itself would not.
 */
#include "verifier/widen.h"

#include "verifier/prune.h"

static void widen_reg(const struct reg *old, struct reg *cur)
{
	if (old->kind != REG_SCALAR || cur->kind != REG_SCALAR ||
	    old->precise || cur->precise)
		return;
	if (old->off == cur->off && scalar_equal(&old->s, &cur->s))
		return;
	reg_set_unknown(cur);
}

static void widen_frame(struct frame *old, struct frame *cur)
{
	u32 nr = NR_REGS + min(old->nr_slots, cur->nr_slots);

	for (u32 n = 0; n < nr; n++) {
		struct reg *was = frame_reg(old, n), *is = frame_reg(cur, n);

		if (was && is)
			widen_reg(was, is);
	}
}

void widen(struct verifier *v, u32 insn)
{
	const struct state *old = prune_previous(v, insn);

	for (u32 i = 0; old && i <= v->cur->cur; i++)
		widen_frame(old->frames[i], v->cur->frames[i]);
}
