/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers with one id are the same number, or were before a constant, off, was
 * added to those with ID_ADD_CONST, in 64 bits or in 32.  So what a jump tells of one of them holds
 * for all, moved by the difference of their constants.
 *
 * A jump knows at most MAX_LINKED of them, since its history must say which
 * they were (precise.c); what has no place there loses its id.  A register
 * whose value cannot be read any more need not be known.
 */
#include "verifier/linked.h"

#include "verifier/walk.h"
#include "vm/insn.h"

void linked_share(struct verifier *v, struct reg *reg)
{
	if (reg->kind != REG_SCALAR)
		return;
	if (reg->id & ID_ADD_CONST) {
		/* what was added once is not added up */
		reg->id = 0;
		reg->off = 0;
	}
	if (!reg->id && !scalar_is_const(&reg->s))
		reg->id = verifier_new_id(v);
}

static u32 id_of(const struct reg *reg)
{
	return reg->id & ~ID_ADD_CONST;
}

static bool is_linked(const struct reg *reg, u32 id)
{
	return reg->kind == REG_SCALAR && reg->id && id_of(reg) == id;
}

static void add(struct linked *linked, struct reg *reg, u32 frame, u32 n)
{
	bool is_slot = n >= NR_REGS;
	u8 nr = (u8)(is_slot ? n - NR_REGS : n);

	for (u32 i = 0; i < linked->nr; i++)
		if (linked->regs[i].frame == frame &&
		    linked->regs[i].is_slot == is_slot &&
		    linked->regs[i].nr == nr)
			return;
	if (linked->nr == MAX_LINKED) {
		reg->id = 0;
		reg->off = 0;
		return;
	}
	linked->regs[linked->nr++] = (struct linked_reg){
		.frame = (u8)frame,
		.is_slot = is_slot,
		.nr = nr,
	};
}

/* May register @n of @frame be read after this instruction? */
static bool is_live(const struct verifier *v, u32 frame, u32 n)
{
	u32 at = frame == v->cur->cur
			 ? v->insn
			 : (u32)v->cur->frames[frame + 1]->callsite;

	return n >= NR_REGS || v->infos[at].live & 1u << n;
}

void linked_find(struct verifier *v, const struct reg *reg,
		 struct linked *linked)
{
	u32 id = id_of(reg);
	struct reg *other;

	for_each_reg(v->cur, frame, other, n)
	{
		if (is_linked(other, id) && is_live(v, frame, n))
			add(linked, other, frame, n);
	}
}

static struct reg *linked_reg(struct state *state,
			      const struct linked_reg *linked)
{
	struct frame *frame = state->frames[linked->frame];

	return linked->is_slot ? &frame->slots[linked->nr].reg
			       : &frame->regs[linked->nr];
}

/*
 * @to is @reg's number, @distance away.  If one of them was added to in 32 bits
 * the upper halves of both are zero.
 */
static void follow(struct reg *to, const struct reg *reg, s64 distance)
{
	struct scalar by = scalar_const((u64)distance);

	to->s = reg->s;
	to->precise |= reg->precise;
	if (!distance)
		return;
	scalar_alu(&to->s, &by, XOP_ADD64K);
	if ((to->id | reg->id) & ID_ADD_CONST32)
		scalar_zext(&to->s, 4);
}

/* One was added to in 32 bits, the other in 64: that has no one distance. */
static bool is_mixed(const struct reg *a, const struct reg *b)
{
	return ((a->id ^ b->id) & ID_ADD_CONST) == ID_ADD_CONST;
}

void linked_refine(struct state *state, const struct reg *reg,
		   const struct linked *linked)
{
	for (u32 i = 0; i < linked->nr; i++) {
		struct reg *to = linked_reg(state, &linked->regs[i]);

		if (to == reg || !is_linked(to, id_of(reg)) ||
		    is_mixed(to, reg))
			continue;
		follow(to, reg, (s64)to->off - reg->off);
	}
}
