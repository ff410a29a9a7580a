/* SPDX-License-Identifier: BSD-2-Clause */
#include "prog/asm.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vm/helper.h"
#include "vm/insn.h"

/* ---- words of a line ---- */

struct words {
	const char *at;
};

static void skip_space(struct words *w)
{
	while (isspace((unsigned char)*w->at))
		w->at++;
}

/* Takes @word if it is next. */
static bool take(struct words *w, const char *word)
{
	size_t len = strlen(word);

	skip_space(w);
	if (strncmp(w->at, word, len))
		return false;
	if (isalnum((unsigned char)word[len - 1]) &&
	    (isalnum((unsigned char)w->at[len]) || w->at[len] == '_'))
		return false;
	w->at += len;
	return true;
}

static bool at_end(struct words *w)
{
	skip_space(w);
	return !*w->at;
}

static bool take_number(struct words *w, s64 *value)
{
	bool minus = false;
	char *end;

	skip_space(w);
	if (*w->at == '+' || *w->at == '-')
		minus = *w->at++ == '-';
	skip_space(w);
	if (!isdigit((unsigned char)*w->at))
		return false;
	*value = (s64)strtoull(w->at, &end, 0);
	if (minus)
		*value = (s64)(0 - (u64)*value);
	w->at = end;
	return true;
}

static bool take_reg(struct words *w, char kind, u8 *reg)
{
	struct words save = *w;
	s64 number;

	skip_space(w);
	if (*w->at++ == kind && isdigit((unsigned char)*w->at) &&
	    take_number(w, &number) && number <= 15) {
		*reg = (u8)number;
		return true;
	}
	*w = save;
	return false;
}

static bool take_name(struct words *w, char name[ASM_NAME])
{
	size_t len = 0;

	skip_space(w);
	while (isalnum((unsigned char)w->at[len]) || w->at[len] == '_')
		len++;
	if (!len || len >= ASM_NAME)
		return false;
	memcpy(name, w->at, len);
	name[len] = '\0';
	w->at += len;
	return true;
}

/* ---- the parts of instructions ---- */

static bool emit(struct assembler *as, struct bpf_insn insn)
{
	if (as->nr == ASM_MAX)
		return false;
	as->insns[as->nr++] = insn;
	return true;
}

static bool emit_desc(struct assembler *as, const struct insn_desc *desc,
		      struct bpf_insn insn)
{
	insn.code = desc->code;
	return emit(as, insn);
}

/* The line of the table with that form, sign, and size. */
static const struct insn_desc *find(enum insn_form form, const char *sign,
				    u32 size)
{
	for (u32 i = 0; i < NR_INSNS; i++) {
		const struct insn_desc *desc = &insn_descs[i];

		if (desc->form == form && desc->size == size &&
		    !strcmp(desc->sign, sign) && !desc->sign_extends)
			return desc;
	}
	return NULL;
}

/* The longest operator that is next, among those of @form. */
static const struct insn_desc *take_sign(struct words *w, enum insn_form form,
					 u32 size)
{
	const struct insn_desc *best = NULL;

	skip_space(w);
	for (u32 i = 0; i < NR_INSNS; i++) {
		const struct insn_desc *desc = &insn_descs[i];
		size_t len = strlen(desc->sign);

		if (desc->form == form && desc->size == size &&
		    !strncmp(w->at, desc->sign, len) &&
		    (!best || len > strlen(best->sign)))
			best = desc;
	}
	if (best)
		w->at += strlen(best->sign);
	return best;
}

/* "u32" or "s16": its size */
static bool take_size(struct words *w, u32 *size, bool *sign)
{
	static const char *const names[] = { "8", "16", "32", "64" };

	skip_space(w);
	*sign = *w->at == 's';
	if (*w->at != 'u' && *w->at != 's')
		return false;
	w->at++;
	for (u32 i = 0; i < 4; i++)
		if (take(w, names[i])) {
			*size = 1u << i;
			return true;
		}
	return false;
}

/* "(r2 + 4)" */
static bool take_place(struct words *w, u8 *reg, s16 *off)
{
	s64 number = 0;

	if (!take(w, "(") || !take_reg(w, 'r', reg))
		return false;
	skip_space(w);
	if (*w->at != ')' && !take_number(w, &number))
		return false;
	*off = (s16)number;
	return take(w, ")");
}

static bool want_label(struct assembler *as, struct words *w, int where)
{
	struct asm_ref *ref = &as->refs[as->nr_refs];

	if (as->nr_refs == ASM_MAX || !take_name(w, ref->label))
		return false;
	ref->insn = as->nr;
	ref->where = where;
	as->nr_refs++;
	return true;
}

/* "label", "+3", "pc+3" */
static bool take_target(struct assembler *as, struct words *w, int where,
			s64 *distance)
{
	*distance = 0;
	if (!strncmp(w->at, " pc", 3))
		w->at += 3;
	return take_number(w, distance) || want_label(as, w, where);
}

/* ---- lines ---- */

static bool line_jump(struct assembler *as, struct words *w)
{
	bool wide = take(w, "gotol");
	struct bpf_insn insn = { 0 };
	s64 to;

	if (!wide && !take(w, "goto"))
		return false;
	if (!take_target(as, w, wide ? ASM_IMM : ASM_OFF, &to))
		return false;
	insn.code = wide ? 0x06 : 0x05;
	if (wide)
		insn.imm = (s32)to;
	else
		insn.off = (s16)to;
	return emit(as, insn);
}

static bool line_if(struct assembler *as, struct words *w)
{
	struct words at_sign;
	const struct insn_desc *desc;
	struct bpf_insn insn = { 0 };
	char kind = 'r';
	s64 number, to;
	u8 dst, src;

	if (!take_reg(w, 'r', &dst)) {
		kind = 'w';
		if (!take_reg(w, 'w', &dst))
			return false;
	}
	at_sign = *w;
	desc = take_sign(w, FORM_JMPX, kind == 'r' ? 8 : 4);
	if (!desc)
		return false;
	if (take_reg(w, kind, &src)) {
		insn.src_reg = src & 15;
	} else if (take_number(w, &number)) {
		desc = take_sign(&at_sign, FORM_JMPK, kind == 'r' ? 8 : 4);
		insn.imm = (s32)number;
	} else {
		return false;
	}
	insn.dst_reg = dst & 15;
	if (!take(w, "goto") || !take_target(as, w, ASM_OFF, &to))
		return false;
	insn.off = (s16)to;
	return emit_desc(as, desc, insn);
}

static bool line_call(struct assembler *as, struct words *w)
{
	struct bpf_insn insn = { .code = 0x85 };
	char name[ASM_NAME];
	s64 number;

	if (take_number(w, &number)) {
		insn.imm = (s32)number;
		return emit(as, insn);
	}
	skip_space(w);
	if (strncmp(w->at, "bpf_", 4)) {
		insn.src_reg = BPF_PSEUDO_CALL;
		return want_label(as, w, ASM_IMM) && emit(as, insn);
	}
	if (!take_name(w, name))
		return false;
	for (u32 id = 1; id < HELPER_IDS; id++)
		if (helper_name(id) && !strcmp(helper_name(id), name + 4)) {
			insn.imm = (s32)id;
			return emit(as, insn);
		}
	return false;
}

/* "*(u32 *)(r1 + 4) = r2", "... = 5", with lock "... += r2" */
static bool line_store(struct assembler *as, struct words *w, bool lock)
{
	const struct insn_desc *desc;
	struct bpf_insn insn = { 0 };
	s64 number;
	bool sign;
	u32 size;
	s16 off;
	u8 dst, src;

	if (!take(w, "(") || !take_size(w, &size, &sign) || sign ||
	    !take(w, "*") || !take(w, ")") || !take_place(w, &dst, &off))
		return false;
	insn.dst_reg = dst & 15;
	insn.off = off;
	if (lock) {
		desc = take_sign(w, FORM_ATOMIC, size);
		if (!desc || !take_reg(w, 'r', &src))
			return false;
		insn.src_reg = src & 15;
		insn.imm = desc->variant;
		return emit_desc(as, desc, insn);
	}
	if (!take(w, "="))
		return false;
	if (take_reg(w, 'r', &src)) {
		insn.src_reg = src & 15;
		return emit_desc(as, find(FORM_STX, "", size), insn);
	}
	if (!take_number(w, &number))
		return false;
	insn.imm = (s32)number;
	return emit_desc(as, find(FORM_ST, "", size), insn);
}

/* "((u64 *)(r1 + 0)", up to what follows the place */
static bool take_atomic_place(struct words *w, u32 *size, u8 *reg, s16 *off)
{
	bool sign;

	return take(w, "(") && take(w, "(") && take_size(w, size, &sign) &&
	       !sign && take(w, "*") && take(w, ")") && take_place(w, reg, off);
}

static bool line_release(struct assembler *as, struct words *w)
{
	struct bpf_insn insn = { .imm = INSN_STORE_REL };
	u8 dst, src;
	u32 size;
	s16 off;

	if (!take_atomic_place(w, &size, &dst, &off) || !take(w, ",") ||
	    !take_reg(w, 'r', &src) || !take(w, ")"))
		return false;
	insn.dst_reg = dst & 15;
	insn.src_reg = src & 15;
	insn.off = off;
	return emit_desc(as, find(FORM_STOREREL, "store_release", size), insn);
}

/* "r2 = atomic_fetch_add(...)" and its kin, after the "=" */
static bool line_fetch(struct assembler *as, struct words *w, u8 result)
{
	const struct insn_desc *desc;
	struct bpf_insn insn = { 0 };
	enum insn_form form = FORM_FETCH;
	char name[ASM_NAME];
	u32 size;
	s16 off;
	u8 dst, src;

	if (!take_name(w, name) || !take_atomic_place(w, &size, &dst, &off))
		return false;
	if (!strcmp(name, "load_acquire")) {
		desc = find(FORM_LOADACQ, name, size);
		insn.dst_reg = result & 15;
		insn.src_reg = dst & 15;
		insn.off = off;
		insn.imm = desc->variant;
		return take(w, ")") && emit_desc(as, desc, insn);
	}
	if (strncmp(name, "atomic", 6))
		return false;
	memmove(name, strchr(name, '_') + 1, strlen(strchr(name, '_')));
	if (!strncmp(name, "fetch_", 6))
		memmove(name, name + 6, strlen(name + 6) + 1);
	if (!strcmp(name, "cmpxchg")) {
		form = FORM_CMPXCHG;
		if (result || !take(w, ",") || !take(w, "r0"))
			return false;
	}
	if (!take(w, ",") || !take_reg(w, 'r', &src) || !take(w, ")") ||
	    (form == FORM_FETCH && src != result))
		return false;
	desc = find(form, name, size);
	if (!desc)
		return false;
	insn.dst_reg = dst & 15;
	insn.src_reg = src & 15;
	insn.off = off;
	insn.imm = desc->variant;
	return emit_desc(as, desc, insn);
}

static bool emit_ld64(struct assembler *as, u8 dst, u8 src, s32 low, s32 high)
{
	struct bpf_insn first = { .code = 0x18, .imm = low };
	struct bpf_insn second = { .imm = high };

	first.dst_reg = dst & 15;
	first.src_reg = src & 15;
	return emit(as, first) && emit(as, second);
}

/* "map[name]", "map[name]+off", "func[label]" */
static bool line_address(struct assembler *as, struct words *w, u8 dst)
{
	bool func = take(w, "func");
	char name[ASM_NAME];
	s64 off = 0;

	if (!func && !take(w, "map"))
		return false;
	if (!take(w, "["))
		return false;
	if (func)
		return want_label(as, w, ASM_IMM) && take(w, "]") &&
		       emit_ld64(as, dst, BPF_PSEUDO_FUNC, 0, 0);
	if (!take_name(w, name) || !take(w, "]"))
		return false;
	for (u32 i = 0; i < as->nr_maps; i++) {
		if (strcmp(as->maps[i].name, name))
			continue;
		if (take_number(w, &off))
			return emit_ld64(as, dst, BPF_PSEUDO_MAP_VALUE,
					 as->maps[i].fd, (s32)off);
		return emit_ld64(as, dst, BPF_PSEUDO_MAP_FD, as->maps[i].fd, 0);
	}
	return false;
}

/* "*(u32 *)(r2 + 4)", "*(u16 *)skb[r7 + 2]", after the "*" */
static bool line_load(struct assembler *as, struct words *w, u8 dst)
{
	struct bpf_insn insn = { 0 };
	s64 number = 0;
	bool sign;
	u32 size;
	s16 off;
	u8 src = 0;

	if (!take(w, "(") || !take_size(w, &size, &sign) || !take(w, "*") ||
	    !take(w, ")"))
		return false;
	if (take(w, "skb")) {
		bool indirect;

		if (dst || !take(w, "["))
			return false;
		indirect = take_reg(w, 'r', &src);
		take_number(w, &number);
		insn.src_reg = src & 15;
		insn.imm = (s32)number;
		return take(w, "]") && size < 8 && !sign &&
		       emit_desc(as,
				 find(indirect ? FORM_LDIND : FORM_LDABS, "",
				      size),
				 insn);
	}
	if (!take_place(w, &src, &off))
		return false;
	insn.dst_reg = dst & 15;
	insn.src_reg = src & 15;
	insn.off = off;
	insn.code = find(FORM_LDX, "", size)->code;
	if (sign)
		insn.code += 0x20; /* BPF_MEM to BPF_MEMSX */
	return emit(as, insn);
}

/* "= -w1", "= bswap16 r1", "= (s8)r2": what one register is made of */
static bool line_unary(struct assembler *as, struct words *w, char kind, u8 dst)
{
	struct bpf_insn insn = { 0 };
	const struct insn_desc *desc;
	u32 size = kind == 'r' ? 8 : 4;
	u8 src;

	desc = take_sign(w, FORM_MOVSX, size);
	if (desc) {
		insn.off = (s16)desc->variant;
	} else {
		desc = take_sign(w, FORM_UNARY, size);
		if (!desc)
			return false;
		insn.imm = desc->variant;
	}
	if (!take_reg(w, kind, &src))
		return false;
	insn.dst_reg = dst & 15;
	if (desc->form == FORM_MOVSX)
		insn.src_reg = src & 15;
	else if (src != dst)
		return false;
	return emit_desc(as, desc, insn);
}

static bool line_alu(struct assembler *as, struct words *w, char kind, u8 dst)
{
	struct words at_sign = *w;
	struct bpf_insn insn = { 0 };
	u32 size = kind == 'r' ? 8 : 4;
	const struct insn_desc *desc = take_sign(w, FORM_ALUX, size);
	s64 number;
	u8 src;

	if (!desc)
		return false;
	insn.dst_reg = dst & 15;
	insn.off = (s16)desc->variant;
	if (take_reg(w, kind, &src)) {
		insn.src_reg = src & 15;
		return emit_desc(as, desc, insn);
	}
	desc = take_sign(&at_sign, FORM_ALUK, size);
	if (!take_number(w, &number))
		return false;
	if (take(w, "ll"))
		return !strcmp(desc->sign, "=") &&
		       emit_ld64(as, dst, 0, (s32)number, (s32)(number >> 32));
	insn.imm = (s32)number;
	return emit_desc(as, desc, insn);
}

static bool line_register(struct assembler *as, struct words *w)
{
	struct words save;
	char kind = 'r';
	u8 dst;

	if (!take_reg(w, 'r', &dst)) {
		kind = 'w';
		if (!take_reg(w, 'w', &dst))
			return false;
	}
	save = *w;
	if (take(w, "=")) {
		struct words after = *w;

		if (take(w, "*"))
			return line_load(as, w, dst);
		if (line_unary(as, w, kind, dst))
			return true;
		*w = after;
		if (line_address(as, w, dst))
			return true;
		*w = after;
		if (line_fetch(as, w, dst))
			return true;
	}
	*w = save;
	return line_alu(as, w, kind, dst);
}

static bool line_raw(struct assembler *as, struct words *w)
{
	s64 code, dst, src, off, imm;
	struct bpf_insn insn = { 0 };

	if (!take_number(w, &code) || !take_number(w, &dst) ||
	    !take_number(w, &src) || !take_number(w, &off) ||
	    !take_number(w, &imm))
		return false;
	insn.code = (u8)code;
	insn.dst_reg = (u8)dst & 15;
	insn.src_reg = (u8)src & 15;
	insn.off = (s16)off;
	insn.imm = (s32)imm;
	return emit(as, insn);
}

static bool line_label(struct assembler *as, struct words *w)
{
	struct words save = *w;
	char name[ASM_NAME];

	if (take_name(w, name) && *w->at == ':' && as->nr_labels < ASM_LABELS) {
		w->at++;
		strcpy(as->labels[as->nr_labels].name, name);
		as->labels[as->nr_labels++].at = as->nr;
		return true;
	}
	*w = save;
	return false;
}

static bool line_insn(struct assembler *as, struct words *w)
{
	static const struct bpf_insn exit_insn = { .code = 0x95 };

	if (take(w, "exit"))
		return emit(as, exit_insn);
	if (take(w, "call"))
		return line_call(as, w);
	if (take(w, "if"))
		return line_if(as, w);
	if (take(w, ".raw"))
		return line_raw(as, w);
	if (take(w, "store_release"))
		return line_release(as, w);
	if (take(w, "lock"))
		return take(w, "*") && line_store(as, w, true);
	if (take(w, "*"))
		return line_store(as, w, false);
	return line_jump(as, w) || line_register(as, w);
}

bool asm_line(struct assembler *as, const char *line)
{
	struct words w = { line };

	if (at_end(&w) || *w.at == ';')
		return true;
	if (line_label(as, &w))
		return at_end(&w);
	return line_insn(as, &w) && (at_end(&w) || *w.at == ';');
}

bool asm_finish(struct assembler *as, const char **label)
{
	for (u32 i = 0; i < as->nr_refs; i++) {
		const struct asm_ref *ref = &as->refs[i];
		struct bpf_insn *insn = &as->insns[ref->insn];
		u32 j = 0;
		s32 to;

		while (j < as->nr_labels &&
		       strcmp(as->labels[j].name, ref->label))
			j++;
		if (j == as->nr_labels) {
			*label = ref->label;
			return false;
		}
		to = (s32)as->labels[j].at - (s32)ref->insn - 1;
		if (ref->where == ASM_IMM)
			insn->imm = to;
		else
			insn->off = (s16)to;
	}
	return true;
}
