/* SPDX-License-Identifier: BSD-2-Clause */
#include "verifier/jump.h"

int check_jump(struct verifier *v, int xop)
{
	(void)xop;
	log_printf(v->log, "not yet\n");
	return -ENOSYS;
}

int check_goto(struct verifier *v, int xop)
{
	(void)xop;
	log_printf(v->log, "not yet\n");
	return -ENOSYS;
}
