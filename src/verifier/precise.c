/* SPDX-License-Identifier: BSD-2-Clause */
#include "verifier/precise.h"

int step_push(struct verifier *v)
{
	(void)v;
	return 0;
}

int step_stack(struct verifier *v, u32 frame, u32 slot)
{
	(void)v;
	(void)frame;
	(void)slot;
	return 0;
}

int step_jump(struct verifier *v, u32 flags, const struct linked_reg *linked,
	      u32 nr)
{
	(void)v;
	(void)flags;
	(void)linked;
	(void)nr;
	return 0;
}

int precise_reg(struct verifier *v, u32 regno)
{
	(void)v;
	(void)regno;
	return 0;
}

int precise_slot(struct verifier *v, u32 frame, u32 slot)
{
	(void)v;
	(void)frame;
	(void)slot;
	return 0;
}
