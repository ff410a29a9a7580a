/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions of the program.
 *
 * 1. A static function is walked where it is called, with what is known of its
 *    arguments there: a new frame, and the path goes on in it.
 * 2. A global function is walked by itself (global.c): its caller's path goes
 *    on after the call.  Only those that some path called are walked, in rounds
 *    in order of their place, until no more have been called.
 * 3. Calls nest MAX_FRAMES deep at most on any path; what that does to the
 *    stack is frames.c's to say, of the program as a whole.
 */
#include "verifier/subprog.h"

#include "object/btf.h"
#include "verifier/call.h"
#include "verifier/global.h"
#include "verifier/reference.h"
#include "verifier/show.h"
#include "verifier/walk.h"
#include "vm/helper.h"
#include "vm/insn.h"

/* ------------------------------------------------------- before the walks */

static u32 subprog_end(const struct prog *prog, u32 nr)
{
	return nr + 1 < prog->nr_subprogs ? prog->subprogs[nr + 1].start
					  : prog->len;
}

static u32 call_target(u32 i, const struct bpf_insn *insn)
{
	return i + 1 + (u32)insn->imm;
}

static bool helper_moves_packet(const struct bpf_insn *insn)
{
	const struct helper *helper = helper_by_id((u32)insn->imm);

	return helper && helper->changes_packet;
}

/* Does function @nr call what moves packets, as far as is known? */
static bool finds_moves_packet(const struct verifier *v, u32 nr)
{
	const struct prog *prog = v->prog;

	for (u32 i = prog->subprogs[nr].start; i < subprog_end(prog, nr); i++) {
		const struct bpf_insn *insn = &prog->insns[i];

		if (insn_is_helper_call(insn) && helper_moves_packet(insn))
			return true;
		if ((insn_is_func_call(insn) || insn_is_func_ref(insn)) &&
		    v->funcs[subprog_of(prog, call_target(i, insn))]
			    .moves_packet)
			return true;
	}
	return false;
}

static void find_moves_packet(struct verifier *v)
{
	bool more = true;

	while (more) {
		more = false;
		for (u32 i = 0; i < v->prog->nr_subprogs; i++) {
			if (v->funcs[i].moves_packet ||
			    !finds_moves_packet(v, i))
				continue;
			v->funcs[i].moves_packet = true;
			more = true;
		}
	}
}

static bool is_global(const struct prog *prog, u32 nr)
{
	const struct bpf_func_info *info = prog->func_info;

	return info && btf_vlen(btf_type_by_id(prog->btf, info[nr].type_id)) ==
			       BTF_FUNC_GLOBAL;
}

/* Is the walk itself in the log, not just what comes of it? */
static bool is_told(const struct verifier *v)
{
	return v->log->level & (LOG_LEVEL1 | LOG_LEVEL2);
}

int subprog_prepare(struct verifier *v)
{
	for (u32 i = 0; i < v->prog->nr_subprogs; i++)
		v->funcs[i].global = is_global(v->prog, i);
	find_moves_packet(v);
	return 0;
}

int subprog_entry(struct verifier *v, u32 nr, struct state *state)
{
	struct reg *regs = state->frames[0]->regs;
	int err;

	if (!nr) {
		reg_set_pointer(&regs[1], REG_CTX, 0);
		return 0;
	}
	log_printf(v->log, "Validating %s() func#%u...\n", func_name(v, nr),
		   nr);
	err = func_args(v, nr);
	if (err)
		return err;
	func_enter_args(v, nr, regs);
	return 0;
}

/* Rounds over all functions, each in its place, go on until one is idle. */
u32 subprog_next(struct verifier *v)
{
	u32 nr_subprogs = v->prog->nr_subprogs;

	if (v->walked && is_told(v))
		log_printf(v->log,
			   "Func#%u ('%s') is safe for any args that match its "
			   "prototype\n",
			   v->walked, func_name(v, v->walked));
	for (u32 i = 1; i <= nr_subprogs; i++) {
		u32 nr = (v->walked + i) % nr_subprogs;
		struct func *func = &v->funcs[nr];

		if (!nr || !func->global || !func->called || func->walked)
			continue;
		func->walked = true;
		return nr;
	}
	return 0;
}

/* ------------------------------------------------------------------- calls */

static int call_global(struct verifier *v, u32 nr)
{
	int err;

	if (lock_held(v->cur)) {
		log_printf(v->log,
			   "global function calls are not allowed while "
			   "holding a lock,\nuse static function instead\n");
		return -EINVAL;
	}
	err = func_check_args(v, nr);
	if (err)
		return err;
	if (is_told(v))
		log_printf(v->log,
			   "Func#%u ('%s') is global and assumed valid.\n", nr,
			   func_name(v, nr));
	v->funcs[nr].called = true;
	if (v->funcs[nr].moves_packet)
		call_moves_packet(v);
	call_clobber(v);
	reg_set_unknown(&verifier_regs(v)[0]);
	return 0;
}

static int call_static(struct verifier *v, u32 nr)
{
	struct frame *caller = state_frame(v->cur);
	int err;

	if (v->cur->cur + 1 >= MAX_FRAMES) {
		log_printf(v->log, "the call stack of %u frames is too deep\n",
			   v->cur->cur + 2);
		return -E2BIG;
	}
	err = frame_enter(v->cur, (s32)v->insn, nr);
	if (err)
		return err;
	for (u32 i = 1; i < FIRST_SAVED; i++)
		verifier_regs(v)[i] = caller->regs[i];
	for (u32 i = 0; i < FIRST_SAVED; i++)
		reg_set_uninit(&caller->regs[i]);
	v->changed_regs = ~0u;
	show_call(v);
	v->next = v->prog->subprogs[nr].start;
	return 0;
}

int check_func_call(struct verifier *v)
{
	u32 nr = subprog_of(v->prog, call_target(v->insn, verifier_insn(v)));

	return v->funcs[nr].global ? call_global(v, nr) : call_static(v, nr);
}
