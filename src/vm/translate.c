/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Translation: the program's instructions and what checking found out about
 * them become what runs, slot for slot (vm/xinsn.h).
 *
 * 1. What no path comes to is XOP_DEAD: nothing is known of it, so it does
 *    nothing.  Should the verifier be wrong there, the program ends.
 * 2. A context access becomes a load or store in our own context struct.
 * 3. A function that may read what it has not written to its stack gets it
 *    cleared; of activations (the program, a callback) the first frame is
 *    cleared if any function of the program needs it.
 * 4. For the checked interpreter context accesses stay what they are, since it
 *    looks each up when it happens, and no helper is inlined.
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
			      XOP_DEREFSH == XOP_DEREFSB + 1 &&
			      XOP_DEREFSW == XOP_DEREFSB + 2 &&
			      XOP_STDEREFDW == XOP_STDEREFB + 3 &&
			      XOP_STDEREFKDW == XOP_STDEREFKB + 3,
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

/* The same where a pointer in the context has to be followed first. */
static void translate_deref(struct xinsn *to, const struct bpf_insn *insn,
			    const struct ctx_field *field, u32 size)
{
	if (BPF_CLASS(insn->code) == BPF_ST) {
		to->op = sized(XOP_STDEREFKB, size);
		to->value = insn->imm;
		to->at = field->src_ptr;
		return;
	}
	if (BPF_CLASS(insn->code) == BPF_STX)
		to->op = sized(XOP_STDEREFB, size);
	else if (insn_descs[to->op].sign_extends)
		to->op = sized(XOP_DEREFSB, size);
	else
		to->op = sized(XOP_DEREFB, size);
	to->imm = field->src_ptr;
}

/* A context access whose field is known: vm/ctx.h says what to do. */
static void translate_ctx(struct xinsn *to, const struct bpf_insn *insn,
			  const struct ctx_field *field)
{
	u32 size = insn_descs[to->op].size;
	bool load = BPF_CLASS(insn->code) == BPF_LDX;

	if (field->kind != CTX_SCALAR)
		size = 8;
	else if (!load)
		size = min(size, (u32)field->src_size);
	to->off = field->src_off + insn->off - field->off;
	if (field->flags & CTX_DEREF)
		translate_deref(to, insn, field, size);
	else if (!load)
		to->op = plain_store(size, BPF_CLASS(insn->code) == BPF_ST);
	else if (!insn_descs[to->op].sign_extends)
		to->op = plain_load(size);
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

static bool reads_uninit(const struct prog *prog, u32 start)
{
	for (u32 i = 0; i < prog->nr_subprogs; i++)
		if (prog->subprogs[i].start == start)
			return prog->subprogs[i].reads_uninit;
	return false;
}

static void translate_call(const struct prog *prog, struct xinsn *to, u32 i)
{
	const struct bpf_insn *insn = &prog->insns[i];

	if (insn->src_reg == BPF_PSEUDO_CALL) {
		to->op = reads_uninit(prog, i + 1 + (u32)insn->imm)
				 ? XOP_CALLCLEAR
				 : XOP_CALLFUNC;
		to->off = insn->imm;
		return;
	}
	if (insn->imm == BPF_FUNC_tail_call) {
		to->op = XOP_TAILCALL;
		return;
	}
	if (insn->imm == BPF_FUNC_get_local_storage && inline_storage(prog, to))
		return;
	to->helper = helper_by_id((u32)insn->imm);
	ASSERT(to->helper && to->helper->fn);
}

static int translate_one(const struct prog *prog, struct xinsn *to, u32 i)
{
	const struct bpf_insn *insn = &prog->insns[i];
	const struct ctx_field *field = prog->aux[i].ctx;
	int op = insn_decode(insn);

	if (!prog->aux[i].seen) {
		to->op = XOP_DEAD;
		return 0;
	}
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
		translate_call(prog, to, i);
		return 0;
	case FORM_LDX:
	case FORM_ST:
	case FORM_STX:
		if (field && !prog->checked)
			translate_ctx(to, insn, field);
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
	prog->clears_stack = false;
	for (u32 i = 0; i < prog->nr_subprogs; i++) {
		prog->subprogs[i].xstart = prog->subprogs[i].start;
		prog->clears_stack |= prog->subprogs[i].reads_uninit;
	}
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
