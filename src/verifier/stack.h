/* SPDX-License-Identifier: BSD-2-Clause */
/* A function's stack: spills, fills, and bytes of any value.  See stack.c. */
#ifndef CGBPF_VERIFIER_STACK_H
#define CGBPF_VERIFIER_STACK_H

#include "verifier/access.h"

/* stack_access() - the touch of an instruction: see access.h */
int stack_access(struct verifier *v, const struct touch *t);
/* stack_region() - ditto, of a helper */
int stack_region(struct verifier *v, const struct touch *t);

/*
 * stack_merged() - a path ends before v->insn as @old, whose paths read what
 * they wrote: what was never written on the way to v->cur is read, too
 */
void stack_merged(struct verifier *v, const struct state *old);

#endif
