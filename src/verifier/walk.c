/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every path, one instruction after the other.
 *
 * 1. v->cur is what is known before v->insn is executed on the path that is
 *    walked; checking the instruction makes it what is known after.  What an
 *    instruction needs (an operand, a size) is looked at before any of it is
 *    changed.
 * 2. A jump that may go both ways forks: the state is copied, and one of the
 *    two waits in v->branches, the last in the first out.
 * 3. A path ends where the program does, where the jump cannot go on
 *    (jump.c), or at a state that is no news (prune.c).  All has been walked
 *    when none waits.
 * 4. The program is accepted if no path was refused: then whatever happens
 *    at run time is covered by some state on some path.
 * 5. A global function is walked once, from what its BTF says of its
 *    arguments; its callers believe the BTF.
 * 6. Walking stops with -E2BIG after PROG_MAX_INSNS instructions, and with
 *    -EFAULT when MAX_BRANCHES wait, so it always ends.
 */
#include "verifier/walk.h"

#include "base/alloc.h"
#include "verifier/alu.h"
#include "verifier/call.h"
#include "verifier/insn.h"
#include "verifier/jump.h"
#include "verifier/live.h"
#include "verifier/memory.h"
#include "verifier/precise.h"
#include "verifier/prune.h"
#include "verifier/show.h"
#include "verifier/subprog.h"
#include "vm/insn.h"

#define MAX_BRANCHES 8192u

/* -------------------------------------------------------------- operands */

static int operand_exists(struct verifier *v, u32 regno)
{
	if (regno < NR_REGS)
		return 0;
	log_printf(v->log, "R%u is invalid\n", regno);
	return -EINVAL;
}

int operand_read(struct verifier *v, u32 regno)
{
	int err = operand_exists(v, regno);

	if (err)
		return err;
	v->changed_regs |= 1u << regno;
	if (verifier_regs(v)[regno].kind != REG_UNINIT)
		return 0;
	log_printf(v->log, "R%u !read_ok\n", regno);
	return -EACCES;
}

int operand_write(struct verifier *v, u32 regno)
{
	int err = operand_exists(v, regno);

	if (err)
		return err;
	v->changed_regs |= 1u << regno;
	if (regno == REG_FP) {
		log_printf(v->log, "frame pointer is read only\n");
		return -EACCES;
	}
	return 0;
}

/* -------------------------------------------------------------- branches */

static int branches_reserve(struct verifier *v)
{
	u32 nr = max(2 * v->max_branches, 16u);
	struct branch *branches;

	if (v->nr_branches < v->max_branches)
		return 0;
	branches = mem_realloc(v->branches, nr * sizeof(*branches));
	if (!branches)
		return -ENOMEM;
	v->branches = branches;
	v->max_branches = nr;
	return 0;
}

/* @state waits, to go on before @insn; it is v's now. */
static int branch_add(struct verifier *v, struct state *state, u32 insn)
{
	int err = branches_reserve(v);

	if (err)
		return err;
	v->branches[v->nr_branches++] = (struct branch){
		.state = state,
		.insn = insn,
		.prev = v->insn,
		.log_pos = log_pos(v->log),
	};
	return 0;
}

int branch_push(struct verifier *v, u32 insn, struct state **other)
{
	struct state *state;
	int err;

	if (v->nr_branches >= MAX_BRANCHES) {
		log_printf(v->log, "The sequence of %u jumps is too complex.\n",
			   v->nr_branches + 1);
		return -EFAULT; /* it is what Linux 6.18 says */
	}
	err = state_dup(&state, v->cur);
	if (err)
		return err;
	err = branch_add(v, state, insn);
	if (err) {
		state_free(state);
		return err;
	}
	if (state->parent)
		state->parent->branches++;
	*other = state;
	return 0;
}

/* The path that waited last is v->cur. */
static void branch_pop(struct verifier *v)
{
	struct branch *branch = &v->branches[--v->nr_branches];

	v->cur = branch->state;
	v->insn = branch->insn;
	v->prev = branch->prev;
	if (!(v->log->level & LOG_LEVEL2))
		log_reset(v->log, branch->log_pos);
}

/* ------------------------------------------------------------------ paths */

static int check_call(struct verifier *v)
{
	return insn_is_func_call(verifier_insn(v)) ? check_func_call(v)
						   : check_helper_call(v);
}

static int check_form(struct verifier *v, int xop)
{
	switch (insn_descs[xop].form) {
	case FORM_ALUX:
	case FORM_ALUK:
	case FORM_UNARY:
	case FORM_MOVSX:
		return check_alu(v, xop);
	case FORM_JMPX:
	case FORM_JMPK:
		return check_jump(v, xop);
	case FORM_JA:
		return check_goto(v, xop);
	case FORM_LDX:
		return check_load(v, xop);
	case FORM_STX:
	case FORM_ST:
		return check_store(v, xop);
	case FORM_LD64:
		return check_load_imm64(v, xop);
	case FORM_LDABS:
	case FORM_LDIND:
		return check_load_packet(v, xop);
	case FORM_CALL:
		return check_call(v);
	case FORM_EXIT:
		return check_exit(v);
	default:
		return check_atomic(v, xop);
	}
}

/* Jumps, calls, exits: where paths part and meet. */
static bool is_jump_class(const struct bpf_insn *insn)
{
	u8 class = BPF_CLASS(insn->code);

	return class == BPF_JMP || class == BPF_JMP32;
}

static int walk_insn(struct verifier *v)
{
	const struct insn_info *info = verifier_info(v);
	int xop, err = 0;

	v->next = v->insn + (insn_is_ld64(verifier_insn(v)) ? 2 : 1);
	v->step = NULL;
	if (++v->insns_processed > PROG_MAX_INSNS) {
		log_printf(v->log,
			   "BPF program is too large. Processed %u insn\n",
			   v->insns_processed);
		return -E2BIG;
	}
	v->cur->last_insn = v->prev;
	if (info->prune_point) {
		err = prune_visit(v);
		if (err == PATH_ENDS)
			show_safe(v);
		if (err)
			return err;
	}
	if (info->jump_point)
		err = step_push(v);
	if (err)
		return err;
	show_insn(v);
	v->prog->aux[v->insn].seen = true;
	if (is_jump_class(verifier_insn(v)))
		v->jumps_processed++;
	err = check_insn(v, &xop);
	if (!err)
		err = live_begin(v);
	if (!err)
		err = check_form(v, xop);
	return err ? err : live_end(v);
}

/* v->cur, to where it ends. */
static int walk_path(struct verifier *v)
{
	int err;

	for (;;) {
		err = walk_insn(v);
		if (err)
			return err == PATH_ENDS ? 0 : err;
		v->prev = v->insn;
		v->insn = v->next;
		if (v->insn >= v->prog->len) {
			log_printf(v->log, "invalid insn idx %u insn_cnt %u\n",
				   v->insn, v->prog->len);
			return -EFAULT;
		}
	}
}

static void path_drop(struct verifier *v)
{
	state_free(v->cur);
	v->cur = NULL;
}

static void branches_drop(struct verifier *v)
{
	while (v->nr_branches)
		state_free(v->branches[--v->nr_branches].state);
}

/* All paths from v->cur on. */
static int walk_paths(struct verifier *v)
{
	int err;

	for (;;) {
		err = walk_path(v);
		if (!err)
			prune_end(v, v->cur);
		path_drop(v);
		if (err || !v->nr_branches)
			return err;
		branch_pop(v);
		show_path(v);
	}
}

/* Function @nr, from its beginning. */
static int walk_function(struct verifier *v, u32 nr)
{
	int err;

	v->walked = nr;
	v->insn = v->prev = v->prog->subprogs[nr].start;
	err = state_new(&v->cur);
	if (err)
		return err;
	show_walk(v);
	v->cur->frames[0]->subprog = nr;
	v->cur->branches = 1;
	err = prune_init(v);
	if (!err)
		err = subprog_entry(v, nr, v->cur);
	if (err)
		path_drop(v);
	else
		err = walk_paths(v);
	branches_drop(v);
	prune_free(v);
	if (!err && !(v->log->level & LOG_LEVEL2))
		log_reset(v->log, 0); /* also of the functions before */
	return err;
}

int walk(struct verifier *v)
{
	u32 nr = 0;
	int err;

	err = subprog_prepare(v);
	if (err)
		return err;
	do {
		err = walk_function(v, nr);
		nr = err ? 0 : subprog_next(v);
	} while (nr);
	mem_free(v->branches);
	v->branches = NULL;
	v->max_branches = 0;
	return err;
}
