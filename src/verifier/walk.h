/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths: how instructions' rooms read operands, fork and end them. */
#ifndef CGBPF_VERIFIER_WALK_H
#define CGBPF_VERIFIER_WALK_H

#include "verifier/checks.h"

/*
 * A room's check of the instruction v->insn returns 0: go on at v->next;
 * PATH_ENDS; or the errno of the refusal.
 */
#define PATH_ENDS 1

/*
 * operand_read() - the current frame's @regno may be read: it exists
 * (-EINVAL) and was written (-EACCES).
 */
int operand_read(struct verifier *v, u32 regno);
/* operand_write() - ditto, may be written: -EINVAL, -EACCES for R10; the log
 * shows it as changed.  The caller gives it its new value. */
int operand_write(struct verifier *v, u32 regno);

/*
 * branch_push() - the path forks: the other one starts before @insn, having
 * come from v->insn, with a copy of v->cur, which *other borrows until it is
 * walked.  -EFAULT (too many wait), -ENOMEM.
 */
int branch_push(struct verifier *v, u32 insn, struct state **other);

static inline u32 verifier_new_id(struct verifier *v)
{
	return ++v->ids;
}

#endif
