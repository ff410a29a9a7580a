/* SPDX-License-Identifier: BSD-2-Clause */
/* Copies of one number.  See linked.c. */
#ifndef CGBPF_VERIFIER_LINKED_H
#define CGBPF_VERIFIER_LINKED_H

#include "verifier/checks.h"

/* Registers and spills of a state, that have one of some ids. */
struct linked {
	u32 nr;
	struct linked_reg regs[MAX_LINKED];
};

/* linked_share() - @reg is about to be copied: a number gets an id, which its
 * copy then has, too */
void linked_share(struct verifier *v, struct reg *reg);
/*
 * linked_find() - adds what has the id of @reg, a number of v->cur.  What finds
 * no place any more is unlinked, in v->cur.
 */
void linked_find(struct verifier *v, const struct reg *reg,
		 struct linked *linked);
/* linked_refine() - @reg of @state has become known better: so have those of
 * @linked that are linked to it. */
void linked_refine(struct state *state, const struct reg *reg,
		   const struct linked *linked);

#endif
