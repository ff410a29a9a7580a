/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each instruction by itself: registers that exist, fields that must be zero,
 * constants that make sense.
 */
#include "verifier/insn.h"

#include "vm/insn.h"

struct insn_check {
	struct log *log;
	const struct prog *prog;
	const struct bpf_insn *insn;
	const struct insn_desc *desc;
};

static int reserved(const struct insn_check *c, const char *what)
{
	log_printf(c->log, "%s uses reserved fields\n", what);
	return -EINVAL;
}

static int reg_read(const struct insn_check *c, u32 reg)
{
	if (reg < NR_REGS)
		return 0;
	log_printf(c->log, "R%u is invalid\n", reg);
	return -EINVAL;
}

static int reg_write(const struct insn_check *c, u32 reg)
{
	int err = reg_read(c, reg);

	if (!err && reg == REG_FP) {
		log_printf(c->log, "frame pointer is read only\n");
		err = -EACCES;
	}
	return err;
}

static int check_unary(const struct insn_check *c)
{
	const struct bpf_insn *insn = c->insn;
	int err;

	if (BPF_OP(insn->code) == BPF_NEG) {
		if (BPF_SRC(insn->code) != BPF_K || insn->src_reg ||
		    insn->off || insn->imm)
			return reserved(c, "BPF_NEG");
	} else if (insn->src_reg || insn->off) {
		return reserved(c, "BPF_END");
	}
	err = reg_read(c, insn->dst_reg);
	return err ? err : reg_write(c, insn->dst_reg);
}

static bool is_shift(u8 op)
{
	return op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH;
}

static int check_alu_constant(const struct insn_check *c)
{
	u8 op = BPF_OP(c->insn->code);
	s32 imm = c->insn->imm;

	if ((op == BPF_DIV || op == BPF_MOD) && !imm) {
		log_printf(c->log, "div by zero\n");
		return -EINVAL;
	}
	if (is_shift(op) && (imm < 0 || imm >= c->desc->size * 8)) {
		log_printf(c->log, "invalid shift %d\n", imm);
		return -EINVAL;
	}
	return 0;
}

static int check_alu(const struct insn_check *c)
{
	const struct bpf_insn *insn = c->insn;
	u8 op = BPF_OP(insn->code);
	bool off_is_variant = op == BPF_DIV || op == BPF_MOD || op == BPF_MOV;
	bool from_reg = c->desc->form != FORM_ALUK;
	int err = 0;

	if ((from_reg ? insn->imm != 0 : insn->src_reg != 0) ||
	    (insn->off && !off_is_variant))
		return reserved(c, op == BPF_MOV ? "BPF_MOV" : "BPF_ALU");
	if (from_reg)
		err = reg_read(c, insn->src_reg);
	if (!err && op != BPF_MOV)
		err = reg_read(c, insn->dst_reg);
	if (!err && !from_reg)
		err = check_alu_constant(c);
	return err ? err : reg_write(c, insn->dst_reg);
}

static int check_jump(const struct insn_check *c)
{
	const struct bpf_insn *insn = c->insn;
	int err = 0;

	if (c->desc->form == FORM_JMPX) {
		if (insn->imm)
			return reserved(c, "BPF_JMP/JMP32");
		err = reg_read(c, insn->src_reg);
	} else if (insn->src_reg) {
		return reserved(c, "BPF_JMP/JMP32");
	}
	return err ? err : reg_read(c, insn->dst_reg);
}

static int check_goto(const struct insn_check *c)
{
	const struct bpf_insn *insn = c->insn;
	bool wide = BPF_CLASS(insn->code) == BPF_JMP32;

	if (insn->src_reg || insn->dst_reg || (wide ? insn->off : insn->imm))
		return reserved(c, "BPF_JA");
	return 0;
}

static int check_call(const struct insn_check *c)
{
	const struct bpf_insn *insn = c->insn;

	if (insn->off || insn->dst_reg ||
	    (insn->src_reg && insn->src_reg != BPF_PSEUDO_CALL))
		return reserved(c, "BPF_CALL");
	return 0;
}

static int check_exit(const struct insn_check *c)
{
	const struct bpf_insn *insn = c->insn;

	return insn->imm || insn->src_reg || insn->dst_reg || insn->off
		       ? reserved(c, "BPF_EXIT")
		       : 0;
}

static int check_memory(const struct insn_check *c)
{
	const struct bpf_insn *insn = c->insn;
	int err;

	switch (c->desc->form) {
	case FORM_LDX: /* its fields were looked at with the references */
		err = reg_read(c, insn->src_reg);
		return err ? err : reg_write(c, insn->dst_reg);
	case FORM_STX:
		if (insn->imm)
			return reserved(c, "BPF_STX");
		err = reg_read(c, insn->src_reg);
		return err ? err : reg_read(c, insn->dst_reg);
	default: /* FORM_ST */
		if (insn->src_reg)
			return reserved(c, "BPF_ST");
		return reg_read(c, insn->dst_reg);
	}
}

static int check_atomic(const struct insn_check *c)
{
	const struct bpf_insn *insn = c->insn;
	int err;

	err = reg_read(c, insn->src_reg);
	if (!err)
		err = reg_read(c, insn->dst_reg);
	if (!err && c->desc->form == FORM_FETCH)
		err = reg_write(c, insn->src_reg);
	if (!err && c->desc->form == FORM_LOADACQ)
		err = reg_write(c, insn->dst_reg);
	return err;
}

static bool may_load_abs(u32 prog_type)
{
	return prog_type == BPF_PROG_TYPE_SOCKET_FILTER ||
	       prog_type == BPF_PROG_TYPE_SCHED_CLS ||
	       prog_type == BPF_PROG_TYPE_SCHED_ACT;
}

static int check_load_abs(const struct insn_check *c)
{
	const struct bpf_insn *insn = c->insn;
	bool indirect = c->desc->form == FORM_LDIND;

	if (!may_load_abs(c->prog->type)) {
		log_printf(c->log, "BPF_LD_[ABS|IND] instructions not allowed "
				   "for this program type\n");
		return -EINVAL;
	}
	if (insn->dst_reg || insn->off || (!indirect && insn->src_reg))
		return reserved(c, "BPF_LD_[ABS|IND]");
	return indirect ? reg_read(c, insn->src_reg) : 0;
}

static int check_load64(const struct insn_check *c)
{
	if (c->insn->off)
		return reserved(c, "BPF_LD_IMM64");
	return reg_write(c, c->insn->dst_reg);
}

static int check_form(const struct insn_check *c)
{
	switch (c->desc->form) {
	case FORM_ALUX:
	case FORM_ALUK:
	case FORM_MOVSX:
		return check_alu(c);
	case FORM_UNARY:
		return check_unary(c);
	case FORM_JMPX:
	case FORM_JMPK:
		return check_jump(c);
	case FORM_JA:
		return check_goto(c);
	case FORM_CALL:
		return check_call(c);
	case FORM_EXIT:
		return check_exit(c);
	case FORM_LD64:
		return check_load64(c);
	case FORM_LDABS:
	case FORM_LDIND:
		return check_load_abs(c);
	case FORM_LDX:
	case FORM_STX:
	case FORM_ST:
		return check_memory(c);
	default:
		return check_atomic(c);
	}
}

/* The opcode byte exists, but not with these fields. */
static int refuse_variant(const struct insn_check *c)
{
	const struct bpf_insn *insn = c->insn;

	switch (BPF_CLASS(insn->code)) {
	case BPF_STX:
		log_printf(c->log,
			   "BPF_ATOMIC uses invalid atomic opcode %02x\n",
			   (u32)insn->imm);
		return -EINVAL;
	case BPF_ALU:
	case BPF_ALU64:
		return reserved(c, BPF_OP(insn->code) == BPF_END   ? "BPF_END"
				   : BPF_OP(insn->code) == BPF_MOV ? "BPF_MOV"
								   : "BPF_ALU");
	default:
		log_printf(c->log, "unknown opcode %02x\n", insn->code);
		return -EINVAL;
	}
}

int check_insn(struct verifier *v, int *xop)
{
	struct insn_check c = {
		.log = v->log,
		.prog = v->prog,
		.insn = verifier_insn(v),
	};
	int err, decoded = insn_decode(c.insn);

	if (decoded < 0)
		return refuse_variant(&c);
	c.desc = &insn_descs[decoded];
	err = check_form(&c);
	if (!err)
		*xop = decoded;
	return err;
}
