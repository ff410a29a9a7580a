/* SPDX-License-Identifier: BSD-2-Clause */
/* Arithmetic, on numbers (alu.c) and on pointers (pointer.c). */
#ifndef CGBPF_VERIFIER_ALU_H
#define CGBPF_VERIFIER_ALU_H

#include "verifier/checks.h"

/* The ALU instruction @xop: any of FORM_ALUX, ALUK, UNARY, MOVSX. */
int check_alu(struct verifier *v, int xop);
/*
 * pointer_alu() - @ptr moved by the number @by, with the instruction v->insn,
 * into @dst, which is one of the two.  -EACCES, -EINVAL.
 */
int pointer_alu(struct verifier *v, struct reg *dst, const struct reg *ptr,
		const struct reg *by);
/* "+=" of an ALU instruction, as messages write it */
const char *alu_sign(const struct bpf_insn *insn);

#endif
