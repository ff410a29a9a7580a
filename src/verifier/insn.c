/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each instruction by itself: fields that must be zero, constants that make
 * sense.  It is looked at when a path first comes to it, as in Linux: what no
 * path reaches may be anything.
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

static int check_unary(const struct insn_check *c)
{
	const struct bpf_insn *insn = c->insn;

	if (BPF_OP(insn->code) == BPF_NEG) {
		if (BPF_SRC(insn->code) != BPF_K || insn->src_reg ||
		    insn->off || insn->imm)
			return reserved(c, "BPF_NEG");
	} else if (insn->src_reg || insn->off) {
		return reserved(c, "BPF_END");
	}
	return 0;
}

static bool is_shift(u8 op)
{
	return op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH;
}

int check_alu_constant(struct verifier *v, int xop)
{
	const struct insn_desc *desc = &insn_descs[xop];
	s32 imm = verifier_insn(v)->imm;
	u8 op = BPF_OP(desc->code);

	if (desc->form != FORM_ALUK)
		return 0;
	if ((op == BPF_DIV || op == BPF_MOD) && !imm) {
		log_printf(v->log, "div by zero\n");
		return -EINVAL;
	}
	if (is_shift(op) && (imm < 0 || imm >= desc->size * 8)) {
		log_printf(v->log, "invalid shift %d\n", imm);
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

	if ((from_reg ? insn->imm != 0 : insn->src_reg != 0) ||
	    (insn->off && !off_is_variant))
		return reserved(c, op == BPF_MOV ? "BPF_MOV" : "BPF_ALU");
	return 0;
}

static bool is_jump(int xop)
{
	return insn_descs[xop].form == FORM_JMPX ||
	       insn_descs[xop].form == FORM_JMPK;
}

int check_jump_fields(struct verifier *v, int xop)
{
	const struct bpf_insn *insn = verifier_insn(v);
	bool by_reg = insn_descs[xop].form == FORM_JMPX;

	if (!is_jump(xop) || !(by_reg ? insn->imm : insn->src_reg))
		return 0;
	log_printf(v->log, "BPF_JMP/JMP32 uses reserved fields\n");
	return -EINVAL;
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

	/* Linux looks at any offset but this one's */
	return insn->imm || insn->src_reg || insn->dst_reg
		       ? reserved(c, "BPF_EXIT")
		       : 0;
}

static int check_memory(const struct insn_check *c)
{
	const struct bpf_insn *insn = c->insn;

	/* those of FORM_LDX were looked at with the references */
	if (c->desc->form == FORM_STX && insn->imm)
		return reserved(c, "BPF_STX");
	if (c->desc->form == FORM_ST && insn->src_reg)
		return reserved(c, "BPF_ST");
	return 0;
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
	return 0;
}

static int check_load64(const struct insn_check *c)
{
	return c->insn->off ? reserved(c, "BPF_LD_IMM64") : 0;
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
	default: /* of the atomic ones all fields mean something */
		return 0;
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

static bool writes_dst(const struct insn_desc *desc)
{
	switch (desc->form) {
	case FORM_ALUX:
	case FORM_ALUK:
	case FORM_UNARY:
	case FORM_MOVSX:
	case FORM_LDX:
	case FORM_LD64:
	case FORM_LOADACQ:
		return true;
	default:
		return false;
	}
}

static int check_registers(struct verifier *v, int xop)
{
	const struct bpf_insn *insn = verifier_insn(v);
	bool fetches = insn_descs[xop].form == FORM_FETCH;

	if (insn->dst_reg >= NR_REGS || insn->src_reg >= NR_REGS) {
		log_printf(v->log, "R%u is invalid\n",
			   max(insn->dst_reg, insn->src_reg));
		return -EINVAL;
	}
	if ((insn->dst_reg == REG_FP && writes_dst(&insn_descs[xop])) ||
	    (insn->src_reg == REG_FP && fetches)) {
		log_printf(v->log, "frame pointer is read only\n");
		return -EACCES;
	}
	return 0;
}

int check_insns(struct verifier *v)
{
	int xop, err;

	for (v->insn = 0; v->insn < v->prog->len; v->insn++) {
		err = check_insn(v, &xop);
		if (!err)
			err = check_registers(v, xop);
		if (!err)
			err = check_alu_constant(v, xop);
		if (!err)
			err = check_jump_fields(v, xop);
		if (err)
			return err;
		if (insn_is_ld64(verifier_insn(v)))
			v->insn++;
	}
	return 0;
}
