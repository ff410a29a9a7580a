/* SPDX-License-Identifier: BSD-2-Clause */
#include "vm/insn.h"

#include "base/text.h"
#include "vm/helper.h"
#include "vm/vm.h"

#define SIGN_EXTENDS(code) (((code)&0xe7) == (BPF_LDX | INSN_MEMSX))

const struct insn_desc insn_descs[NR_INSNS] = {
#define R(name, form_, code_, variant_, sign_, U, S, meaning) \
	[XOP_##name] = { .code = (code_),                     \
			 .form = FORM_##form_,                \
			 .size = sizeof(U),                   \
			 .sign_extends = SIGN_EXTENDS(code_), \
			 .variant = (variant_),               \
			 .sign = (sign_) },
	INSN_TABLE(R)
#undef R
};

/* Which field tells apart instructions that share an opcode byte. */
static s32 insn_variant(const struct bpf_insn *insn)
{
	u8 op = BPF_OP(insn->code);

	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		if (op == BPF_END)
			return insn->imm;
		if (op == BPF_DIV || op == BPF_MOD || op == BPF_MOV)
			return insn->off;
		return 0;
	case BPF_STX:
		return BPF_MODE(insn->code) == BPF_ATOMIC ? insn->imm : 0;
	default:
		return 0;
	}
}

#define KEY(code, variant) ((u64)(code) << 32 | (u32)(variant))

int insn_decode(const struct bpf_insn *insn)
{
	switch (KEY(insn->code, insn_variant(insn))) {
#define R(name, form, code, variant, ...) \
	case KEY(code, variant):          \
		return XOP_##name;
		INSN_TABLE(R)
#undef R
	}
	return -EINVAL;
}

bool insn_code_known(u8 code)
{
	for (u32 i = 0; i < NR_INSNS; i++)
		if (insn_descs[i].code == code)
			return true;
	return false;
}

/* Forms that compute on registers only; the others are no constants. */
#define EVAL(u, s, meaning)               \
	{                                 \
		INSN_TYPES(u, s);         \
		U a = (U)a64, b = (U)b64; \
		(void)a;                  \
		(void)b;                  \
		return (U)(meaning);      \
	}
#define EVAL_ALUX EVAL
#define EVAL_ALUK EVAL
#define EVAL_UNARY EVAL
#define EVAL_MOVSX EVAL
#define EVAL_JMPX EVAL
#define EVAL_JMPK EVAL
#define EVAL_NOT(u, s, meaning) break;
#define EVAL_JA EVAL_NOT
#define EVAL_LDX EVAL_NOT
#define EVAL_STX EVAL_NOT
#define EVAL_ST EVAL_NOT
#define EVAL_ATOMIC EVAL_NOT
#define EVAL_FETCH EVAL_NOT
#define EVAL_CMPXCHG EVAL_NOT
#define EVAL_LOADACQ EVAL_NOT
#define EVAL_STOREREL EVAL_NOT
#define EVAL_LD64 EVAL_NOT
#define EVAL_LDABS EVAL_NOT
#define EVAL_LDIND EVAL_NOT
#define EVAL_CALL EVAL_NOT
#define EVAL_EXIT EVAL_NOT

u64 insn_eval(int xop, u64 a64, u64 b64)
{
	switch (xop) {
#define R(name, form, code, variant, sign, U, S, meaning) \
	case XOP_##name:                                  \
		EVAL_##form(U, S, meaning)
		INSN_TABLE(R)
#undef R
	}
	return 0;
}

static const char *size_name(u32 size)
{
	return size == 1 ? "8" : size == 2 ? "16" : size == 4 ? "32" : "64";
}

static void print_alu(struct text *text, const struct insn_desc *desc,
		      const struct bpf_insn *insn)
{
	char r = BPF_CLASS(insn->code) == BPF_ALU ? 'w' : 'r';

	if (desc->form == FORM_ALUX)
		text_printf(text, "%c%d %s %c%d", r, insn->dst_reg, desc->sign,
			    r, insn->src_reg);
	else if (desc->form == FORM_ALUK)
		text_printf(text, "%c%d %s %d", r, insn->dst_reg, desc->sign,
			    insn->imm);
	else if (desc->form == FORM_MOVSX)
		text_printf(text, "%c%d = %s%c%d", r, insn->dst_reg, desc->sign,
			    r, insn->src_reg);
	else if (BPF_OP(insn->code) == BPF_END)
		text_printf(text, "r%d = %s r%d", insn->dst_reg, desc->sign,
			    insn->dst_reg);
	else
		text_printf(text, "%c%d = -%c%d", r, insn->dst_reg, r,
			    insn->dst_reg);
}

static void print_jmp(struct text *text, const struct insn_desc *desc,
		      const struct bpf_insn *insn)
{
	char r = BPF_CLASS(insn->code) == BPF_JMP32 ? 'w' : 'r';

	if (desc->form == FORM_JMPX)
		text_printf(text, "if %c%d %s %c%d goto pc%+d", r,
			    insn->dst_reg, desc->sign, r, insn->src_reg,
			    insn->off);
	else if (desc->form == FORM_JMPK)
		text_printf(text, "if %c%d %s 0x%x goto pc%+d", r,
			    insn->dst_reg, desc->sign, (u32)insn->imm,
			    insn->off);
	else
		text_printf(text, "%s pc%+d", desc->sign,
			    r == 'w' ? insn->imm : insn->off);
}

static void print_mem(struct text *text, const struct insn_desc *desc,
		      const struct bpf_insn *insn)
{
	const char *bits = size_name(desc->size);
	const char *wide = desc->size == 8 ? "64" : "";
	const char *fetch = insn->imm == BPF_XCHG ? "" : "fetch_";
	int dst = insn->dst_reg, src = insn->src_reg, off = insn->off;

	switch (desc->form) {
	case FORM_LDX:
		text_printf(text, "r%d = *(%c%s *)(r%d %+d)", dst,
			    desc->sign_extends ? 's' : 'u', bits, src, off);
		break;
	case FORM_ST:
		text_printf(text, "*(u%s *)(r%d %+d) = %d", bits, dst, off,
			    insn->imm);
		break;
	case FORM_STX:
		text_printf(text, "*(u%s *)(r%d %+d) = r%d", bits, dst, off,
			    src);
		break;
	case FORM_ATOMIC:
		text_printf(text, "lock *(u%s *)(r%d %+d) %s r%d", bits, dst,
			    off, desc->sign, src);
		break;
	case FORM_FETCH:
		text_printf(text, "r%d = atomic%s_%s%s((u%s *)(r%d %+d), r%d)",
			    src, wide, fetch, desc->sign, bits, dst, off, src);
		break;
	case FORM_CMPXCHG:
		text_printf(text,
			    "r0 = atomic%s_cmpxchg((u%s *)(r%d %+d), r0, r%d)",
			    wide, bits, dst, off, src);
		break;
	case FORM_LOADACQ:
		text_printf(text, "r%d = load_acquire((u%s *)(r%d %+d))", dst,
			    bits, src, off);
		break;
	default:
		text_printf(text, "store_release((u%s *)(r%d %+d), r%d)", bits,
			    dst, off, src);
	}
}

static void print_call(struct text *text, const struct bpf_insn *insn)
{
	const char *name = helper_name((u32)insn->imm);

	if (insn->src_reg == BPF_PSEUDO_CALL)
		text_printf(text, "call pc%+d", insn->imm);
	else if (insn->src_reg == BPF_PSEUDO_KFUNC_CALL)
		text_printf(text, "call kernel-function#%d", insn->imm);
	else if (name)
		text_printf(text, "call bpf_%s#%d", name, insn->imm);
	else
		text_printf(text, "call unknown#%d", insn->imm);
}

int insn_print(char *buf, size_t size, const struct bpf_insn *insn,
	       const struct bpf_insn *next)
{
	struct text text;
	int op = insn_decode(insn);
	const struct insn_desc *desc = op < 0 ? NULL : &insn_descs[op];

	text_init(&text, buf, size);
	text_printf(&text, "(%02x) ", insn->code);
	switch (desc ? desc->form : FORM_NONE) {
	case FORM_NONE:
		text_printf(&text, "BUG_%02x", insn->code);
		break;
	case FORM_ALUX:
	case FORM_ALUK:
	case FORM_UNARY:
	case FORM_MOVSX:
		print_alu(&text, desc, insn);
		break;
	case FORM_JMPX:
	case FORM_JMPK:
	case FORM_JA:
		print_jmp(&text, desc, insn);
		break;
	case FORM_LD64:
		text_printf(&text, "r%d = 0x%llx", insn->dst_reg,
			    (unsigned long long)(u32)insn->imm |
				    (next ? (u64)(u32)next->imm << 32 : 0));
		break;
	case FORM_LDABS:
		text_printf(&text, "r0 = *(u%s *)skb[%d]",
			    size_name(desc->size), insn->imm);
		break;
	case FORM_LDIND:
		text_printf(&text, "r0 = *(u%s *)skb[r%d + %d]",
			    size_name(desc->size), insn->src_reg, insn->imm);
		break;
	case FORM_CALL:
		print_call(&text, insn);
		break;
	case FORM_EXIT:
		text_printf(&text, "exit");
		break;
	default:
		print_mem(&text, desc, insn);
	}
	return (int)text.len;
}
