/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers that a loop through a callback changes.  See widen.c. */
#ifndef CGBPF_VERIFIER_WIDEN_H
#define CGBPF_VERIFIER_WIDEN_H

#include "verifier/checks.h"

/*
 * widen() - v->cur returns to the helper's call @insn from a callback: numbers
 * that are not what they were when it was there before, and that nothing has
 * depended on, are forgotten.
 */
void widen(struct verifier *v, u32 insn);

#endif
