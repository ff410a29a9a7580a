/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Translation: the program's instructions and what checking found out about
 * them become what runs, slot for slot (vm/xinsn.h).
 *
 * For the checked interpreter context accesses stay what they are, since it
 * looks each up when it happens, and no helper is inlined.
 */
#include "base/alloc.h"
#include "vm/ctx.h"
#include "vm/helper.h"
#include "vm/insn.h"
#include "vm/vm.h"

static u16 sized(u16 op_byte, u32 size)
{
	static_assert(XOP_DEREFH == XOP_DEREFB + 1 &&
			      XOP_DEREFW == XOP_DEREFB + 2 &&
			      XOP_DEREFDW == XOP_DEREFB + 3 &&
			      XOP_STDEREFDW == XOP_STDEREFB + 3,
		      "by size, upwards");
	return op_byte + (u16)__builtin_ctz(size);
}

static u16 plain_load(u32 size)
{
	return size == 1   ? XOP_LDXB
	       : size == 2 ? XOP_LDXH
	       : size == 4 ? XOP_LDXW
			   : XOP_LDXDW;
}

static u16 plain_store(u32 size, bool imm)
{
	if (imm)
		return size == 1   ? XOP_STB
		       : size == 2 ? XOP_STH
		       : size == 4 ? XOP_STW
				   : XOP_STDW;
	return size == 1   ? XOP_STXB
	       : size == 2 ? XOP_STXH
	       : size == 4 ? XOP_STXW
			   : XOP_STXDW;
}

/* A context access whose field is known: vm/ctx.h says what to do. */
static int translate_ctx(struct xinsn *to, const struct bpf_insn *insn,
			 const struct ctx_field *field)
{
	u32 size = insn_descs[to->op].size;
	bool load = BPF_CLASS(insn->code) == BPF_LDX;

	if (field->kind != CTX_SCALAR)
		size = 8;
	else if (!load)
		size = min(size, (u32)field->src_size);
	to->off = field->src_off + insn->off - field->off;
	if (!(field->flags & CTX_DEREF)) {
		if (insn_descs[to->op].sign_extends)
			return 0; /* the op stays, at another offset */
		to->op = load ? plain_load(size)
			      : plain_store(size,
					    BPF_CLASS(insn->code) == BPF_ST);
		return 0;
	}
	/* no form for these: the checked interpreter has them */
	if (insn_descs[to->op].sign_extends || BPF_CLASS(insn->code) == BPF_ST)
		return -EINVAL;
	to->op = sized(load ? XOP_DEREFB : XOP_STDEREFB, size);
	to->imm = field->src_ptr;
	return 0;
}

static void translate_ld64(const struct prog *prog, struct xinsn *to, u32 i)
{
	const struct bpf_insn *insn = &prog->insns[i];
	const struct insn_aux *aux = &prog->aux[i];

	to[1].op = XOP_NOP;
	switch (insn->src_reg) {
	case BPF_PSEUDO_MAP_FD:
	case BPF_PSEUDO_MAP_IDX:
		to->op = XOP_LDMAP;
		to->ptr = aux->map;
		break;
	case BPF_PSEUDO_MAP_VALUE:
	case BPF_PSEUDO_MAP_IDX_VALUE:
		to->op = XOP_LDVALUE;
		to->imm = (s64)aux->address;
		to[1].ptr = aux->map;
		break;
	case BPF_PSEUDO_FUNC:
		to->op = XOP_LDFUNC;
		to->ptr = to + insn->imm + 1;
		break;
	default:
		to->imm = (s64)((u64)(u32)insn[0].imm | (u64)(u32)insn[1].imm
								<< 32);
	}
}

/* bpf_get_local_storage() is two loads; its map is the program's only one. */
static bool inline_storage(const struct prog *prog, struct xinsn *to)
{
	struct map *shared = prog->storage_map[STORAGE_SHARED];
	struct map *percpu = prog->storage_map[STORAGE_PERCPU];

	if (prog->checked || (shared && percpu))
		return false;
	if (shared) {
		to->op = XOP_STORAGE;
	} else {
		to->op = XOP_STORAGECPU;
		to->imm = (s64)cpu_stride(percpu);
	}
	return true;
}

static int translate_call(const struct prog *prog, struct xinsn *to, u32 i)
{
	const struct bpf_insn *insn = &prog->insns[i];

	if (insn->src_reg == BPF_PSEUDO_CALL) {
		to->op = XOP_CALLFUNC;
		to->off = insn->imm;
		return 0;
	}
	if (insn->src_reg)
		return -EINVAL;
	if (insn->imm == BPF_FUNC_tail_call) {
		to->op = XOP_TAILCALL;
		return 0;
	}
	if (insn->imm == BPF_FUNC_get_local_storage && inline_storage(prog, to))
		return 0;
	to->helper = helper_by_id((u32)insn->imm);
	/* one that is not there was found to be never called */
	if (!to->helper || !to->helper->fn)
		to->op = XOP_EXIT;
	return 0;
}

static int translate_one(const struct prog *prog, struct xinsn *to, u32 i)
{
	const struct bpf_insn *insn = &prog->insns[i];
	const struct ctx_field *field = prog->aux[i].ctx;
	int op = insn_decode(insn);

	if (op < 0)
		return op;
	to->op = (u16)op;
	to->dst = insn->dst_reg;
	to->src = insn->src_reg;
	to->off = insn->off;
	to->imm = insn->imm;
	switch (insn_descs[op].form) {
	case FORM_JA:
		if (op == XOP_JAL)
			to->off = insn->imm;
		return 0;
	case FORM_LD64:
		translate_ld64(prog, to, i);
		return 0;
	case FORM_CALL:
		return translate_call(prog, to, i);
	case FORM_LDX:
	case FORM_ST:
	case FORM_STX:
		if (field && !prog->checked)
			return translate_ctx(to, insn, field);
		return 0;
	default:
		return 0;
	}
}

int vm_translate(struct prog *prog)
{
	struct xinsn *xinsns = mem_calloc(prog->len, sizeof(*xinsns));
	int err;

	if (!xinsns)
		return -ENOMEM;
	for (u32 i = 0; i < prog->len; i++) {
		err = translate_one(prog, &xinsns[i], i);
		if (err) {
			mem_free(xinsns);
			return err;
		}
		if (insn_is_ld64(&prog->insns[i]))
			i++;
	}
	for (u32 i = 0; i < prog->nr_subprogs; i++)
		prog->subprogs[i].xstart = prog->subprogs[i].start;
	mem_free(prog->xinsns);
	prog->xinsns = xinsns;
	prog->xlen = prog->len;
	mem_free(prog->aux);
	prog->aux = NULL;
	return 0;
}

void vm_free(struct prog *prog)
{
	mem_free(prog->xinsns);
	prog->xinsns = NULL;
	prog->xlen = 0;
}
