/* SPDX-License-Identifier: BSD-2-Clause */
#include "verifier/call.h"

int check_helper_call(struct verifier *v)
{
	log_printf(v->log, "not yet\n");
	return -ENOSYS;
}

void call_clobber(struct verifier *v)
{
	for (u32 i = 0; i < FIRST_SAVED; i++)
		reg_set_uninit(&verifier_regs(v)[i]);
}
