/* SPDX-License-Identifier: BSD-2-Clause */
/* An instruction by itself.  See insn.c. */
#ifndef CGBPF_VERIFIER_INSN_H
#define CGBPF_VERIFIER_INSN_H

#include "verifier/checks.h"

/*
 * check_insn() - the instruction v->insn, met on a path: fields that must be
 * zero, constants that make sense; *xop: its line of the table.  Registers
 * are its room's.
 */
int check_insn(struct verifier *v, int *xop);
/* check_insns() - all of them, and that their registers are some: what running
 * unverified relies on. */
int check_insns(struct verifier *v);
/* check_alu_constant() - ditto: its immediate is no division by zero, no shift
 * too far.  Asked when its registers have been looked at. */
int check_alu_constant(struct verifier *v, int xop);
/* check_jump_fields() - ditto: a conditional jump's second operand is one.
 * Asked when the first has been looked at. */
int check_jump_fields(struct verifier *v, int xop);

#endif
