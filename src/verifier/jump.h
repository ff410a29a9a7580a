/* SPDX-License-Identifier: BSD-2-Clause */
/* Jumps: which way they go, and what is known on each.  See jump.c. */
#ifndef CGBPF_VERIFIER_JUMP_H
#define CGBPF_VERIFIER_JUMP_H

#include "verifier/checks.h"

/* FORM_JMPX and FORM_JMPK */
int check_jump(struct verifier *v, int xop);
/* FORM_JA */
int check_goto(struct verifier *v, int xop);

#endif
