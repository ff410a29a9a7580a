/* SPDX-License-Identifier: BSD-2-Clause */
/* A function's stack: spills, fills, and bytes of any value.  See stack.c. */
#ifndef CGBPF_VERIFIER_STACK_H
#define CGBPF_VERIFIER_STACK_H

#include "verifier/memory.h"

/*
 * stack_load() - @size bytes at @off from the pointer @ptr (a REG_STACK,
 * borrowed; the register @ptr_regno) into register @dst: -1: nowhere.
 */
int stack_load(struct verifier *v, u32 ptr_regno, s32 off, u32 size, int dst);
/*
 * stack_store() - register @src (-1: of an atomic or unknown; then @value is
 * what is stored, NULL: anything) to @size bytes at @off from the pointer in
 * @ptr_regno.
 */
int stack_store(struct verifier *v, u32 ptr_regno, s32 off, u32 size, int src,
		const struct reg *value);
/* stack_check_region() - memory_check() of a REG_STACK */
int stack_check_region(struct verifier *v, u32 regno, u32 size,
		       enum access access, bool zero_ok);

#endif
