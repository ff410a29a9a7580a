/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls of helpers: does it exist, may this program call it, does it take such
 * a map, and are constants that it wants what they must be.
 *
 * Registers are followed within straight lines of instructions only: what a
 * 64-bit load or a move of a constant put into a register is known until
 * the register is written again or a jump may come in between.  That is what
 * compilers write before a call; where it is not known, the checked
 * interpreter looks at the call when it happens.
 */
#include "base/alloc.h"
#include "object/map.h"
#include "verifier/checks.h"
#include "vm/helper.h"
#include "vm/insn.h"

#define NR_ARGS 5

/* What is known of a register. */
struct known {
	enum {
		UNKNOWN,
		CONSTANT,
		MAP,
	} kind;
	s64 value;
	const struct map *map;
};

struct line {
	struct verifier *v;
	struct known reg[16];
};

static const struct known unknown;

static void line_forget(struct line *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(line->reg); i++)
		line->reg[i] = unknown;
}

/* ----------------------------------------------------------------- helpers */

static int check_map_arg(struct line *line, const struct helper *helper,
			 const struct known *arg)
{
	if (arg->kind != MAP || helper_takes_map(helper->id, arg->map->type))
		return 0;
	log_printf(line->v->log, "cannot pass map_type %u into func %s#%u\n",
		   arg->map->type, helper->name, helper->id);
	return -EINVAL;
}

/* CS-9 */
static int check_zero_arg(struct line *line, const struct helper *helper,
			  const struct known *arg)
{
	if (arg->kind != CONSTANT || !arg->value)
		return 0;
	log_printf(line->v->log, "%s() doesn't support non-zero flags\n",
		   helper->name);
	return -EINVAL;
}

static int check_args(struct line *line, const struct helper *helper)
{
	int err = 0;

	for (int i = 0; i < NR_ARGS && !err; i++) {
		const struct known *arg = &line->reg[i + 1];

		if (helper->args[i] == ARG_MAP)
			err = check_map_arg(line, helper, arg);
		else if (helper->args[i] == ARG_CONST_ZERO)
			err = check_zero_arg(line, helper, arg);
	}
	return err;
}

static int check_helper(struct line *line, u32 id)
{
	const struct helper *helper = helper_by_id(id);
	const char *name = helper_name(id);
	struct log *log = line->v->log;

	if (!name) {
		log_printf(log, "invalid func unknown#%d\n", (int)id);
		return -EINVAL;
	}
	if (!helper || !helper_allowed(helper, line->v->prog)) {
		log_printf(log,
			   "program of this type cannot use helper bpf_%s#%u\n",
			   name, id);
		return -EINVAL;
	}
	if (helper->gpl_only && !line->v->prog->gpl) {
		log_printf(log, "cannot call GPL-restricted function from "
				"non-GPL compatible program\n");
		return -EINVAL;
	}
	return check_args(line, helper);
}

/* --------------------------------------------------------------- callbacks */

#define LINKAGE_STATIC 0

/* A callback is a static function that BTF tells about. */
static int check_callback(struct verifier *v, u32 i)
{
	const struct prog *prog = v->prog;
	u32 to = i + 1 + (u32)prog->insns[i].imm;
	const struct bpf_func_info *info = prog->func_info;
	const struct btf_type *func;

	if (!info) {
		log_printf(v->log, "missing btf func_info\n");
		return -EINVAL;
	}
	func = btf_type_by_id(prog->btf, info[subprog_of(prog, to)].type_id);
	if (BTF_INFO_VLEN(func->info) != LINKAGE_STATIC) {
		log_printf(v->log, "callback function not static\n");
		return -EINVAL;
	}
	return 0;
}

/* ------------------------------------------------------------------- lines */

/* What the instruction at @i does to what is known. */
static void line_step(struct line *line, u32 i)
{
	const struct bpf_insn *insn = &line->v->prog->insns[i];
	struct known *dst = &line->reg[insn->dst_reg];
	u8 class = BPF_CLASS(insn->code);

	if (insn_is_ld64(insn)) {
		*dst = unknown;
		if (insn->src_reg == BPF_PSEUDO_MAP_FD ||
		    insn->src_reg == BPF_PSEUDO_MAP_IDX)
			*dst = (struct known){
				.kind = MAP, .map = line->v->prog->aux[i].map
			};
	} else if (insn->code == (BPF_ALU64 | BPF_MOV | BPF_K)) {
		*dst = (struct known){ .kind = CONSTANT, .value = insn->imm };
	} else if (insn->code == (BPF_ALU64 | BPF_MOV | BPF_X) && !insn->off) {
		*dst = line->reg[insn->src_reg];
	} else if (insn_is_call(insn)) {
		for (int r = 0; r <= NR_ARGS; r++)
			line->reg[r] = unknown;
	} else if (class == BPF_ALU || class == BPF_ALU64 || class == BPF_LDX) {
		*dst = unknown;
	} else if (class == BPF_STX && BPF_MODE(insn->code) == BPF_ATOMIC) {
		line->reg[insn->src_reg] = line->reg[BPF_REG_0] = *dst =
			unknown;
	} else if (class == BPF_LD) {
		line_forget(line);
	}
}

/* One bit for each instruction that a jump or call leads to. */
static int mark_targets(const struct prog *prog, u8 **out)
{
	u8 *marks = mem_zalloc(prog->len);

	if (!marks)
		return -ENOMEM;
	for (u32 i = 0; i < prog->nr_subprogs; i++)
		marks[prog->subprogs[i].start] = 1;
	for (u32 i = 0; i < prog->len; i++) {
		const struct bpf_insn *insn = &prog->insns[i];
		u8 class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);

		if (insn_is_ld64(insn)) {
			i++;
			continue;
		}
		if ((class != BPF_JMP && class != BPF_JMP32) ||
		    op == BPF_CALL || op == BPF_EXIT)
			continue;
		marks[(s64)i + 1 +
		      (insn->code == (BPF_JMP32 | BPF_JA) ? insn->imm
							  : insn->off)] = 1;
	}
	*out = marks;
	return 0;
}

int check_calls(struct verifier *v)
{
	const struct prog *prog = v->prog;
	struct line line = { .v = v };
	u8 *marks;
	int err;

	err = mark_targets(prog, &marks);
	if (err)
		return err;
	for (u32 i = 0; i < prog->len && !err; i++) {
		const struct bpf_insn *insn = &prog->insns[i];

		if (marks[i])
			line_forget(&line);
		if (insn_is_helper_call(insn))
			err = check_helper(&line, (u32)insn->imm);
		else if (insn_is_func_ref(insn))
			err = check_callback(v, i);
		if (err)
			break;
		line_step(&line, i);
		if (insn_is_ld64(insn))
			i++;
	}
	mem_free(marks);
	return err;
}
