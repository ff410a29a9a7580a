/* SPDX-License-Identifier: BSD-2-Clause */
#include "verifier/subprog.h"

int subprog_prepare(struct verifier *v)
{
	(void)v;
	return 0;
}

int subprog_entry(struct verifier *v, u32 nr, struct state *state)
{
	(void)v;
	(void)nr;
	reg_set_pointer(&state->frames[0]->regs[1], REG_CTX, 0);
	return 0;
}

u32 subprog_next(struct verifier *v)
{
	(void)v;
	return 0;
}

static void pass_arguments(struct verifier *v, const struct frame *caller)
{
	struct reg *regs = verifier_regs(v);

	for (u32 i = 1; i < FIRST_SAVED; i++)
		regs[i] = caller->regs[i];
}

int check_func_call(struct verifier *v)
{
	u32 target = v->insn + 1 + (u32)verifier_insn(v)->imm;
	struct frame *caller = state_frame(v->cur);
	int err;

	if (v->cur->cur + 1 >= MAX_FRAMES) {
		log_printf(v->log, "the call stack of %u frames is too deep\n",
			   v->cur->cur + 2);
		return -E2BIG;
	}
	err = frame_enter(v->cur, (s32)v->insn, subprog_of(v->prog, target));
	if (err)
		return err;
	pass_arguments(v, caller);
	for (u32 i = 0; i < FIRST_SAVED; i++)
		reg_set_uninit(&caller->regs[i]);
	v->next = target;
	return 0;
}

int callback_enter(struct verifier *v, u32 id, u32 func_regno)
{
	(void)id;
	(void)func_regno;
	log_printf(v->log, "not yet\n");
	return -ENOSYS;
}
