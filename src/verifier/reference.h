/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must be given back: sockets, records, spin locks.  See reference.c.
 */
#ifndef CGBPF_VERIFIER_REFERENCE_H
#define CGBPF_VERIFIER_REFERENCE_H

#include "verifier/checks.h"

/* reference_acquire() - a new id, held from v->insn on; *id: it */
int reference_acquire(struct verifier *v, u32 *id);
/* reference_release() - @id is given back: all that was made of it is dead */
int reference_release(struct verifier *v, u32 id);
/* reference_forget() - @id turned out to be NULL: nothing to give back */
void reference_forget(struct state *state, u32 id);
/*
 * reference_check_none() - nothing is held, as @what needs ("BPF_EXIT
 * instruction in main prog", "tail_call", "BPF_LD_[ABS|IND]"): no lock, and in
 * the outermost frame no reference.
 */
int reference_check_none(struct verifier *v, const char *what);

/* lock_take(), lock_drop() - bpf_spin_lock and _unlock of R1 = @reg */
int lock_take(struct verifier *v, const struct reg *reg, u32 regno);
int lock_drop(struct verifier *v, const struct reg *reg, u32 regno);
/* Is a lock held? */
bool lock_held(const struct state *state);

#endif
