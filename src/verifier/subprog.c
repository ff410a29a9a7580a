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

int check_func_call(struct verifier *v)
{
	log_printf(v->log, "not yet\n");
	return -ENOSYS;
}

int check_exit(struct verifier *v)
{
	log_printf(v->log, "not yet\n");
	return -ENOSYS;
}

int callback_enter(struct verifier *v, u32 id, u32 func_regno)
{
	(void)id;
	(void)func_regno;
	log_printf(v->log, "not yet\n");
	return -ENOSYS;
}
