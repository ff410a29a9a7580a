/* SPDX-License-Identifier: BSD-2-Clause */
#include "verifier/memory.h"

int check_load_imm64(struct verifier *v, int xop)
{
	(void)xop;
	log_printf(v->log, "not yet\n");
	return -ENOSYS;
}

int check_load_packet(struct verifier *v, int xop)
{
	(void)xop;
	log_printf(v->log, "not yet\n");
	return -ENOSYS;
}
