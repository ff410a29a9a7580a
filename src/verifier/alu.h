/* SPDX-License-Identifier: BSD-2-Clause */
/* Arithmetic, on numbers and on pointers.  See alu.c. */
#ifndef CGBPF_VERIFIER_ALU_H
#define CGBPF_VERIFIER_ALU_H

#include "verifier/checks.h"

/* The ALU instruction @xop: any of FORM_ALUX, ALUK, UNARY, MOVSX. */
int check_alu(struct verifier *v, int xop);

#endif
