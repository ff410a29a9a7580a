/* SPDX-License-Identifier: BSD-2-Clause */
#include "verifier/live.h"

int live_compute(struct verifier *v)
{
	(void)v;
	return 0;
}

void live_slot_read(struct verifier *v, struct frame *frame, u32 slot)
{
	(void)v;
	(void)frame;
	(void)slot;
}

void live_slot_written(struct verifier *v, struct frame *frame, u32 slot)
{
	(void)v;
	(void)frame;
	(void)slot;
}
