/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Jumps: which way they go, and what is known on each.
 *
 * 1. A jump goes one way if what is known of its operands admits no other:
 *    numbers by scalar_branch_taken(); packet pointers that were compared
 *    before; a pointer that is not NULL, compared with 0.  Then there is no
 *    other path, and the numbers that decided it are precise.
 * 2. Otherwise the path forks, and each way learns what made it: numbers and
 *    whatever is linked to them (linked.c), pointers that may be NULL and all
 *    that have their id, how much of a packet is there (packet.c).
 * 3. Which registers were refined together is in the history before the
 *    fork, for both.
 */
#include "verifier/jump.h"

#include <string.h>

#include "verifier/insn.h"
#include "verifier/linked.h"
#include "verifier/packet.h"
#include "verifier/precise.h"
#include "verifier/reference.h"
#include "verifier/show.h"
#include "verifier/walk.h"
#include "vm/insn.h"

/* A conditional jump under way. */
struct jump {
	int xop;
	u8 op;
	bool wide;   /* compares all 64 bits */
	bool by_reg; /* b is a register */
	struct reg *a, *b;
	struct reg imm; /* what b is, if not */
	/* what a and b are on each way, if both are numbers */
	struct scalar taken_a, taken_b, not_a, not_b;
};

static bool is_packet_pointer(const struct reg *reg)
{
	return reg_is_packet(reg) || reg->kind == REG_PACKET_END;
}

/* -------------------------------------------------------- which way it goes */

static bool never_null(const struct reg *reg)
{
	if (reg->flags & REG_MAYBE_NULL)
		return false;
	switch (reg->kind) {
	case REG_MAP:
	case REG_MAP_VALUE:
	case REG_MAP_KEY:
	case REG_SOCK:
	case REG_SOCK_COMMON:
	case REG_TCP_SOCK:
	case REG_MEM:
		return true;
	default:
		return false;
	}
}

/* One of the operands is a pointer. */
static int pointer_branch_taken(const struct jump *jump)
{
	const struct reg *ptr = reg_is_pointer(jump->a) ? jump->a : jump->b;
	const struct reg *other = ptr == jump->a ? jump->b : jump->a;

	if (!jump->wide)
		return -1;
	if (is_packet_pointer(ptr) && is_packet_pointer(other))
		return packet_branch_taken(jump->a, jump->b, jump->op);
	if (!never_null(ptr) || !reg_is_null(other))
		return -1;
	return jump->op == BPF_JEQ ? 0 : jump->op == BPF_JNE ? 1 : -1;
}

/*
 * Both are numbers: assumes both ways.  Where only our arithmetic, which is the
 * more exact, finds that one is impossible, there is that path all the same: it
 * learns nothing.
 */
static int number_branch_taken(struct jump *jump)
{
	const struct scalar b = jump->b->s; /* two numbers, as for Linux */
	bool decides = jump->op != BPF_JSET || scalar_is_const(&jump->a->s) ||
		       scalar_is_const(&b);
	bool taken, not_taken;

	jump->taken_a = jump->not_a = jump->a->s;
	jump->taken_b = jump->not_b = b;
	taken = scalar_assume(&jump->taken_a, &jump->taken_b, jump->xop, true);
	if (decides && !taken)
		return 0;
	not_taken = scalar_assume(&jump->not_a, &jump->not_b, jump->xop, false);
	return decides && !not_taken ? 1 : -1;
}

static int branch_taken(struct jump *jump)
{
	return reg_is_pointer(jump->a) || reg_is_pointer(jump->b)
		       ? pointer_branch_taken(jump)
		       : number_branch_taken(jump);
}

/* What is known of them has decided. */
static int decided(struct verifier *v, const struct jump *jump)
{
	const struct bpf_insn *insn = verifier_insn(v);
	int err = 0;

	if (!reg_is_pointer(jump->a))
		err = precise_reg(v, insn->dst_reg);
	if (!err && jump->by_reg && !reg_is_pointer(jump->b))
		err = precise_reg(v, insn->src_reg);
	return err;
}

/* ------------------------------------------------------ what the ways learn */

static void not_null(struct reg *reg)
{
	reg->flags &= (u8)~REG_MAYBE_NULL;
	if (reg->kind == REG_MAP_VALUE && reg->map->inner_meta) {
		const struct map *inner = reg->map->inner_meta;
		u32 uid = reg->id;

		reg_set_pointer(reg, REG_MAP, 0);
		reg->map = inner;
		reg->map_uid = uid;
		return;
	}
	/* what a lock is told apart by stays */
	if (reg->kind != REG_MAP_VALUE || reg->map->spin_lock_off < 0)
		reg->id = 0;
}

/* Of what may be NULL and has @id: it is, or is not. */
static void resolve_null(struct state *state, u32 id, u32 ref_id, bool is_null)
{
	struct reg *reg;

	if (ref_id && ref_id == id && is_null)
		reference_forget(state, ref_id);
	for_each_reg(state, frame, reg, n)
	{
		if (!(reg->flags & REG_MAYBE_NULL) || reg->id != id)
			continue;
		if (is_null)
			reg_set_const(reg, 0);
		else
			not_null(reg);
	}
}

static bool tells_equality(const struct jump *jump)
{
	return jump->wide && (jump->op == BPF_JEQ || jump->op == BPF_JNE);
}

/* A pointer that may be NULL equals one that is not. */
static void learn_not_null(struct verifier *v, const struct jump *jump,
			   struct state *taken)
{
	struct state *equal = jump->op == BPF_JEQ ? taken : v->cur;
	const struct bpf_insn *insn = verifier_insn(v);
	struct reg *regs = state_frame(equal)->regs;
	bool a_may = jump->a->flags & REG_MAYBE_NULL;

	if (a_may != !(jump->b->flags & REG_MAYBE_NULL))
		return;
	not_null(&regs[a_may ? insn->dst_reg : insn->src_reg]);
}

static void learn_pointers(struct verifier *v, const struct jump *jump,
			   struct state *taken)
{
	const struct bpf_insn *insn = verifier_insn(v);
	u32 id = jump->a->id, ref_id = jump->a->ref_id;

	if (tells_equality(jump) && jump->by_reg && reg_is_pointer(jump->a) &&
	    reg_is_pointer(jump->b))
		learn_not_null(v, jump, taken);
	if (tells_equality(jump) && !jump->by_reg && !insn->imm &&
	    jump->a->flags & REG_MAYBE_NULL) {
		resolve_null(taken, id, ref_id, jump->op == BPF_JEQ);
		resolve_null(v->cur, id, ref_id, jump->op == BPF_JNE);
	} else if (jump->wide && jump->by_reg) {
		packet_compare(taken, v->cur, insn->dst_reg, insn->src_reg,
			       jump->op);
	}
}

static void learn_number(struct state *state, struct reg *reg,
			 const struct scalar *s, const struct linked *linked)
{
	reg->s = *s;
	if (reg->id)
		linked_refine(state, reg, linked);
}

static void learn_numbers(struct verifier *v, const struct jump *jump,
			  struct state *taken, const struct linked *linked)
{
	const struct bpf_insn *insn = verifier_insn(v);
	struct reg *regs = state_frame(taken)->regs;

	if (jump->by_reg) {
		learn_number(taken, &regs[insn->src_reg], &jump->taken_b,
			     linked);
		learn_number(v->cur, jump->b, &jump->not_b, linked);
	}
	/* one of the two may be linked to the other: both know both */
	scalar_intersect(&regs[insn->dst_reg].s, &jump->taken_a);
	scalar_intersect(&jump->a->s, &jump->not_a);
	learn_number(taken, &regs[insn->dst_reg], &regs[insn->dst_reg].s,
		     linked);
	learn_number(v->cur, jump->a, &jump->a->s, linked);
}

static int remember(struct verifier *v, const struct jump *jump,
		    struct linked *linked)
{
	u32 flags = 0;

	if (jump->a->kind == REG_SCALAR)
		flags |= STEP_DST_SCALAR;
	if (jump->by_reg && jump->b->kind == REG_SCALAR)
		flags |= STEP_SRC_SCALAR;
	if (jump->by_reg && jump->b->kind == REG_SCALAR && jump->b->id)
		linked_find(v, jump->b, linked);
	if (jump->a->kind == REG_SCALAR && jump->a->id)
		linked_find(v, jump->a, linked);
	if (linked->nr < 2)
		linked->nr = 0;
	/* no step: both are numbers, which nothing is linked to */
	if (!linked->nr && jump->a->kind == REG_SCALAR &&
	    jump->b->kind == REG_SCALAR)
		return 0;
	return step_jump(v, flags, linked->regs, linked->nr);
}

static int fork_paths(struct verifier *v, struct jump *jump, u32 target)
{
	bool numbers = !reg_is_pointer(jump->a) && !reg_is_pointer(jump->b);
	struct linked linked = { .nr = 0 };
	struct state *taken;
	int err;

	err = remember(v, jump, &linked);
	if (!err)
		err = branch_push(v, target, &taken);
	if (err)
		return err;
	if (numbers)
		learn_numbers(v, jump, taken, &linked);
	else
		learn_pointers(v, jump, taken);
	show_changes(v);
	return 0;
}

/* ------------------------------------------------------------------- faces */

static int jump_operands(struct verifier *v, struct jump *jump, int xop)
{
	const struct bpf_insn *insn = verifier_insn(v);
	struct reg *regs = verifier_regs(v);
	int err;

	jump->xop = xop;
	jump->op = BPF_OP(insn->code);
	jump->wide = BPF_CLASS(insn->code) == BPF_JMP;
	jump->by_reg = insn_descs[xop].form == FORM_JMPX;
	err = operand_read(v, insn->dst_reg);
	if (!err)
		err = check_jump_fields(v, xop);
	if (!err && jump->by_reg)
		err = operand_read(v, insn->src_reg);
	if (err)
		return err;
	jump->a = &regs[insn->dst_reg];
	jump->b = jump->by_reg ? &regs[insn->src_reg] : &jump->imm;
	if (!jump->by_reg)
		reg_set_const(&jump->imm, (u64)(s64)insn->imm);
	return 0;
}

int check_jump(struct verifier *v, int xop)
{
	u32 target = (u32)((s32)v->insn + 1 + verifier_insn(v)->off);
	struct jump jump;
	int err, way;

	err = jump_operands(v, &jump, xop);
	if (err)
		return err;
	way = branch_taken(&jump);
	if (way < 0)
		return fork_paths(v, &jump, target);
	err = decided(v, &jump);
	if (err)
		return err;
	show_changes(v);
	if (way)
		v->next = target;
	return 0;
}

int check_goto(struct verifier *v, int xop)
{
	const struct bpf_insn *insn = verifier_insn(v);

	v->next = (u32)((s32)v->next +
			(xop == XOP_JAL ? insn->imm : (s32)insn->off));
	return 0;
}
