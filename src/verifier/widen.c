/* SPDX-License-Identifier: BSD-2-Clause */
#include "verifier/widen.h"

int widen(struct verifier *v, u32 insn)
{
	(void)v;
	(void)insn;
	return 0;
}
