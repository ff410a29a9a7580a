/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads that name what they load: constants, maps, values, functions of the
 * program; and the old loads of a packet's bytes through the context in R6.
 *
 * Those end the function, with R0 = 0, when the packet has no such bytes.
 */
#include "object/map.h"
#include "verifier/call.h"
#include "verifier/memory.h"
#include "verifier/reference.h"
#include "verifier/walk.h"
#include "vm/insn.h"

#define LINKAGE_STATIC 0
#define PACKET_CTX 6u /* the register with the context */

/* --------------------------------------------------------- 64-bit loads */

/* A function that a helper calls back is static, and BTF tells about it. */
static int load_function(struct verifier *v, struct reg *dst)
{
	const struct prog *prog = v->prog;
	const struct bpf_func_info *info = prog->func_info;
	u32 nr = subprog_of(prog, v->insn + 1 + (u32)verifier_insn(v)->imm);
	const struct btf_type *func;

	if (!info) {
		log_printf(v->log, "missing btf func_info\n");
		return -EINVAL;
	}
	func = btf_type_by_id(prog->btf, info[nr].type_id);
	if (BTF_INFO_VLEN(func->info) != LINKAGE_STATIC) {
		log_printf(v->log, "callback function not static\n");
		return -EINVAL;
	}
	reg_set_pointer(dst, REG_FUNC, 0);
	dst->subprog = nr;
	return 0;
}

static void load_map(struct verifier *v, struct reg *dst, enum reg_kind kind)
{
	reg_set_pointer(dst, kind, 0);
	dst->map = v->prog->aux[v->insn].map;
	if (kind == REG_MAP_VALUE)
		dst->off = verifier_insn(v)[1].imm;
}

int check_load_imm64(struct verifier *v, int xop)
{
	const struct bpf_insn *insn = verifier_insn(v);
	struct reg *dst;
	int err = operand_write(v, insn->dst_reg);

	(void)xop;
	if (err)
		return err;
	dst = &verifier_regs(v)[insn->dst_reg];
	switch (insn->src_reg) {
	case BPF_PSEUDO_FUNC:
		return load_function(v, dst);
	case BPF_PSEUDO_MAP_FD:
	case BPF_PSEUDO_MAP_IDX:
		load_map(v, dst, REG_MAP);
		return 0;
	case BPF_PSEUDO_MAP_VALUE:
	case BPF_PSEUDO_MAP_IDX_VALUE:
		load_map(v, dst, REG_MAP_VALUE);
		return 0;
	default:
		reg_set_const(dst,
			      (u64)(u32)insn[1].imm << 32 | (u32)insn[0].imm);
		return 0;
	}
}

/* -------------------------------------------------------- packet loads */

/* R6 is the context itself; nothing is held, as the program may end here. */
static int check_packet_ctx(struct verifier *v)
{
	const struct reg *ctx = &verifier_regs(v)[PACKET_CTX];
	int err = operand_read(v, PACKET_CTX);

	if (!err)
		err = reference_check_none(v, "BPF_LD_[ABS|IND]");
	if (err)
		return err;
	if (ctx->kind != REG_CTX) {
		log_printf(v->log, "at the time of BPF_LD_ABS|IND R6 != "
				   "pointer to skb\n");
		return -EINVAL;
	}
	return 0;
}

int check_load_packet(struct verifier *v, int xop)
{
	const struct reg *ctx = &verifier_regs(v)[PACKET_CTX];
	struct scalar zero = scalar_const(0);
	int err = check_packet_ctx(v);

	if (!err && insn_descs[xop].form == FORM_LDIND)
		err = operand_read(v, verifier_insn(v)->src_reg);
	if (!err)
		err = pointer_check_fixed(v, ctx, PACKET_CTX, false);
	if (err)
		return err;
	call_clobber(v);
	reg_set_unknown(&verifier_regs(v)[0]);
	v->changed_regs |= 1;
	return v->cur->cur ? return_early(v, &zero) : 0;
}
