/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many bytes of a packet are there.
 *
 * A pointer into the packet has a range: so many bytes from its variable part
 * on lie before the packet's end, as comparisons with the end have shown.  It
 * holds for all pointers with the same id, since they have the same variable
 * part.  The same goes for pointers into the metadata, whose end is the
 * packet's first byte.
 *
 * All comparisons come down to one: is "pointer <= end" known, or "pointer <
 * end"?  Then off bytes are there, or one more.  Where the contrary is known
 * the pointer itself remembers that, so that asking again has one answer.
 */
#include "verifier/packet.h"

#include "vm/insn.h"

#define MAX_PACKET_OFF 0xffff

/* "b op' a" for "a op b" */
static u8 mirrored(u8 op)
{
	switch (op) {
	case BPF_JGT:
		return BPF_JLT;
	case BPF_JLT:
		return BPF_JGT;
	case BPF_JGE:
		return BPF_JLE;
	case BPF_JLE:
		return BPF_JGE;
	default:
		return op;
	}
}

int packet_branch_taken(const struct reg *a, const struct reg *b, u8 op)
{
	if (a->kind == REG_PACKET_END) {
		const struct reg *end = a;

		a = b;
		b = end;
		op = mirrored(op);
	}
	if (b->kind != REG_PACKET_END || a->kind == REG_PACKET_END ||
	    a->range >= 0)
		return -1;
	/* a lies beyond the end, or at it */
	if (op == BPF_JGE || op == BPF_JLT)
		return op == BPF_JGE;
	if (a->range == PACKET_BEYOND_END && (op == BPF_JGT || op == BPF_JLE))
		return op == BPF_JGT;
	return -1;
}

/* Is @end where @reg's bytes end? */
static bool is_end_of(const struct reg *end, const struct reg *reg)
{
	if (reg->kind == REG_PACKET)
		return end->kind == REG_PACKET_END;
	return reg->kind == REG_PACKET_META && end->kind == REG_PACKET &&
	       !end->id && !end->off && scalar_is_const(&end->s) &&
	       !end->s.var_off.value;
}

/* In @state @reg is known not to be above the end; @below: not at it either. */
static void learn_before(struct state *state, const struct reg *reg, bool below)
{
	u64 umax = reg->s.r64.umax;
	u32 id = reg->id;
	u8 kind = reg->kind;
	struct reg *other;
	s32 range;

	if (reg->off < 0 || (!reg->off && below))
		return;
	if (umax > MAX_PACKET_OFF || umax + (u64)reg->off > MAX_PACKET_OFF)
		return;
	range = reg->off + (below ? 1 : 0);
	for_each_reg(state, frame, other, n)
	{
		if (other->kind == kind && other->id == id)
			other->range = max(other->range, range);
	}
}

/* In @state register @regno is known to be at the end, or @beyond it. */
static void learn_after(struct state *state, u32 regno, bool beyond)
{
	struct reg *reg = &state_frame(state)->regs[regno];

	if (reg->kind == REG_PACKET)
		reg->range = beyond ? PACKET_BEYOND_END : PACKET_AT_END;
}

static void compare(struct state *taken, struct state * not, u32 regno, u8 op)
{
	/* below the end in one, the contrary in the other */
	struct state *before = op == BPF_JLT || op == BPF_JLE ? taken : not ;
	struct state *after = before == taken ? not : taken;
	/* "<" and ">=" part the two just before the end */
	bool strict = op == BPF_JLT || op == BPF_JGE;

	learn_before(before, &state_frame(before)->regs[regno], strict);
	learn_after(after, regno, !strict);
}

void packet_compare(struct state *taken, struct state * not, u32 a, u32 b,
		    u8 op)
{
	const struct reg *regs = state_frame(taken)->regs;

	if (op != BPF_JGT && op != BPF_JGE && op != BPF_JLT && op != BPF_JLE)
		return;
	if (is_end_of(&regs[b], &regs[a]))
		compare(taken, not, a, op);
	else if (is_end_of(&regs[a], &regs[b]))
		compare(taken, not, b, mirrored(op));
}
