/* SPDX-License-Identifier: BSD-2-Clause */
#include "verifier/stack.h"

int stack_load(struct verifier *v, u32 ptr_regno, s32 off, u32 size, int dst)
{
	(void)ptr_regno;
	(void)off;
	(void)size;
	(void)dst;
	log_printf(v->log, "not yet\n");
	return -ENOSYS;
}

int stack_store(struct verifier *v, u32 ptr_regno, s32 off, u32 size, int src,
		const struct reg *value)
{
	(void)ptr_regno;
	(void)off;
	(void)size;
	(void)src;
	(void)value;
	log_printf(v->log, "not yet\n");
	return -ENOSYS;
}

int stack_check_region(struct verifier *v, u32 regno, u32 size,
		       enum access access, bool zero_ok)
{
	(void)regno;
	(void)size;
	(void)access;
	(void)zero_ok;
	log_printf(v->log, "not yet\n");
	return -ENOSYS;
}
