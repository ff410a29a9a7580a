/* SPDX-License-Identifier: BSD-2-Clause */
#include "verifier/memory.h"

int check_load(struct verifier *v, int xop)
{
	(void)xop;
	log_printf(v->log, "not yet\n");
	return -ENOSYS;
}

int check_store(struct verifier *v, int xop)
{
	(void)xop;
	log_printf(v->log, "not yet\n");
	return -ENOSYS;
}

int check_atomic(struct verifier *v, int xop)
{
	(void)xop;
	log_printf(v->log, "not yet\n");
	return -ENOSYS;
}

int memory_check(struct verifier *v, u32 regno, u32 size, enum access access,
		 bool zero_ok)
{
	(void)regno;
	(void)size;
	(void)access;
	(void)zero_ok;
	log_printf(v->log, "not yet\n");
	return -ENOSYS;
}

int memory_check_sized(struct verifier *v, u32 regno, u32 size_regno,
		       enum access access, bool zero_ok)
{
	(void)regno;
	(void)size_regno;
	(void)access;
	(void)zero_ok;
	log_printf(v->log, "not yet\n");
	return -ENOSYS;
}

int pointer_check_fixed(struct verifier *v, const struct reg *reg, u32 regno,
			bool fixed_off_ok)
{
	(void)reg;
	(void)regno;
	(void)fixed_off_ok;
	log_printf(v->log, "not yet\n");
	return -ENOSYS;
}
