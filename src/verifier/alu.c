/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arithmetic.
 *
 * 1. What becomes of numbers is scalar_alu()'s to say, for those operations
 *    that Linux follows too: after a division, or a shift by a number that is
 *    not known, nothing is known.
 * 2. A copy of a number is the same number: both get one id, and what a jump
 *    tells of one it tells of the other (linked.c).  That holds after a
 *    constant was added or subtracted once too; whatever else changes a register ends it.
 * 3. A pointer only goes along with 64-bit addition and subtraction
 *    (pointer.c).  Whatever else is made of one is a number of which nothing
 *    is known, or refused.
 */
#include "verifier/alu.h"

#include "verifier/linked.h"
#include "verifier/insn.h"
#include "verifier/precise.h"
#include "verifier/walk.h"
#include "vm/insn.h"

const char *alu_sign(const struct bpf_insn *insn)
{
	struct bpf_insn plain = *insn;
	int xop;

	plain.off = 0; /* "/=" for "s/=" too */
	xop = insn_decode(&plain);
	return xop < 0 ? "?" : insn_descs[xop].sign;
}

static bool is_wide(const struct bpf_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_ALU64;
}

/* The upper half is zero already: a 32-bit copy is the same number. */
static bool fits_half(const struct scalar *s)
{
	return s->r64.umax <= UINT32_MAX;
}

/* --------------------------------------------------------------- copying */

static void copy_changed(struct reg *dst, const struct reg *src, int xop,
			 bool same)
{
	const struct scalar from = src->s;

	*dst = *src;
	scalar_alu(&dst->s, &from, xop);
	if (same)
		return;
	dst->id = 0;
	dst->off = 0;
}

/* Does @xop, a copy that cuts or extends, leave the number as it is? */
static bool copy_is_same(const struct scalar *s, int xop)
{
	const struct insn_desc *desc = &insn_descs[xop];

	if (desc->form != FORM_MOVSX)
		return desc->size == 8 || fits_half(s);
	return s->r64.umax < 1ull << (desc->variant - 1);
}

static void copy_pointer(struct reg *dst, const struct reg *src, int xop)
{
	if (xop == XOP_MOV64X) {
		*dst = *src;
		return;
	}
	reg_set_unknown(dst);
	if (BPF_CLASS(insn_descs[xop].code) == BPF_ALU)
		scalar_zext(&dst->s, 4);
}

static int check_copy(struct verifier *v, int xop)
{
	const struct bpf_insn *insn = verifier_insn(v);
	struct reg *regs = verifier_regs(v), *src = &regs[insn->src_reg];
	bool same;
	int err;

	err = operand_read(v, insn->src_reg);
	if (!err)
		err = operand_write(v, insn->dst_reg);
	if (err)
		return err;
	if (src->kind != REG_SCALAR) {
		copy_pointer(&regs[insn->dst_reg], src, xop);
		return 0;
	}
	same = copy_is_same(&src->s, xop);
	if (same)
		linked_share(v, src);
	copy_changed(&regs[insn->dst_reg], src, xop, same);
	return 0;
}

static int check_constant(struct verifier *v, int xop)
{
	const struct bpf_insn *insn = verifier_insn(v);
	int err = operand_write(v, insn->dst_reg);

	if (!err)
		reg_set_const(&verifier_regs(v)[insn->dst_reg],
			      insn_eval(xop, 0, (u64)(s64)insn->imm));
	return err;
}

/* --------------------------------------------------------------- numbers */

static bool is_followed(const struct bpf_insn *insn, const struct scalar *src)
{
	u64 bits = is_wide(insn) ? 64 : 32;

	switch (BPF_OP(insn->code)) {
	case BPF_ADD:
	case BPF_SUB:
	case BPF_MUL:
	case BPF_AND:
	case BPF_OR:
	case BPF_XOR:
	case BPF_NEG:
	case BPF_END:
		return true;
	case BPF_LSH:
	case BPF_RSH:
	case BPF_ARSH:
		return scalar_is_const(src) && src->r64.umax < bits;
	default:
		return false;
	}
}

/*
 * r += K, r -= K: still linked, at a distance of K.  In 32 bits the upper
 * halves of both must be zero, or the distance would not be theirs.
 */
static bool stays_linked(const struct bpf_insn *insn, const struct reg *dst,
			 const struct scalar *src, s32 *distance)
{
	u8 op = BPF_OP(insn->code);
	s64 by = (s64)src->var_off.value;

	if (!dst->id || dst->id & ID_ADD_CONST || !scalar_is_const(src) ||
	    (op != BPF_ADD && op != BPF_SUB))
		return false;
	if (!is_wide(insn)) {
		by = (s32)by;
		if (!fits_half(&dst->s))
			return false;
	}
	if (op == BPF_SUB)
		by = by == INT64_MIN ? by : -by;
	*distance = (s32)by;
	return by == (s32)by;
}

static void number_alu(struct reg *dst, const struct scalar *src, int xop,
		       const struct bpf_insn *insn)
{
	bool precise = dst->precise;
	s32 distance;

	if (!is_followed(insn, src)) {
		reg_set_unknown(dst);
		dst->precise = precise;
		return;
	}
	if (stays_linked(insn, dst, src, &distance)) {
		dst->id |= is_wide(insn) ? ID_ADD_CONST64 : ID_ADD_CONST32;
		dst->off = distance;
	} else {
		dst->id = 0;
		dst->off = 0;
	}
	scalar_alu(&dst->s, src, xop);
}

static int check_unary(struct verifier *v, int xop)
{
	const struct bpf_insn *insn = verifier_insn(v);
	struct reg *dst = &verifier_regs(v)[insn->dst_reg];
	int err;

	err = operand_read(v, insn->dst_reg);
	if (!err)
		err = operand_write(v, insn->dst_reg);
	if (err)
		return err;
	if (dst->kind != REG_SCALAR)
		reg_set_unknown(dst);
	else if (xop != XOP_LE64) /* which does nothing */
		number_alu(dst, &dst->s, xop, insn);
	return 0;
}

/* -------------------------------------------------------- both, and which */

static int two_pointers(struct verifier *v, struct reg *dst)
{
	const struct bpf_insn *insn = verifier_insn(v);

	if (BPF_OP(insn->code) == BPF_SUB) {
		reg_set_unknown(dst);
		return 0;
	}
	log_printf(v->log, "R%u pointer %s pointer prohibited\n", insn->dst_reg,
		   alu_sign(insn));
	return -EACCES;
}

static int alu_regs(struct verifier *v, struct reg *dst, struct reg *src,
		    int xop)
{
	const struct bpf_insn *insn = verifier_insn(v);
	const struct scalar by = src->s; /* src may be dst */
	int err = 0;

	if (reg_is_pointer(dst) && reg_is_pointer(src))
		return two_pointers(v, dst);
	if (reg_is_pointer(src)) {
		err = precise_reg(v, insn->dst_reg);
		return err ? err : pointer_alu(v, dst, src, dst);
	}
	if (reg_is_pointer(dst)) {
		err = precise_reg(v, insn->src_reg);
		return err ? err : pointer_alu(v, dst, dst, src);
	}
	/* what goes into a precise number is precise */
	if (dst->precise)
		err = precise_reg(v, insn->src_reg);
	if (!err)
		number_alu(dst, &by, xop, insn);
	return err;
}

static int check_binary(struct verifier *v, int xop)
{
	const struct bpf_insn *insn = verifier_insn(v);
	struct reg *regs = verifier_regs(v), *dst = &regs[insn->dst_reg];
	bool by_reg = insn_descs[xop].form == FORM_ALUX;
	struct reg by;
	int err = 0;

	if (by_reg)
		err = operand_read(v, insn->src_reg);
	if (!err)
		err = operand_read(v, insn->dst_reg);
	if (!err)
		err = check_alu_constant(v, xop);
	if (!err)
		err = operand_write(v, insn->dst_reg);
	if (err)
		return err;
	if (by_reg)
		return alu_regs(v, dst, &regs[insn->src_reg], xop);
	reg_set_const(&by, (u64)(s64)insn->imm);
	if (reg_is_pointer(dst))
		return pointer_alu(v, dst, dst, &by);
	number_alu(dst, &by.s, xop, insn);
	return 0;
}

int check_alu(struct verifier *v, int xop)
{
	const struct insn_desc *desc = &insn_descs[xop];
	bool copies = BPF_OP(desc->code) == BPF_MOV;

	if (desc->form == FORM_UNARY)
		return check_unary(v, xop);
	if (!copies)
		return check_binary(v, xop);
	return desc->form == FORM_ALUK ? check_constant(v, xop)
				       : check_copy(v, xop);
}
