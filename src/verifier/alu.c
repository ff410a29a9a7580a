/* SPDX-License-Identifier: BSD-2-Clause */
#include "verifier/alu.h"

int check_alu(struct verifier *v, int xop)
{
	(void)xop;
	log_printf(v->log, "not yet\n");
	return -ENOSYS;
}
