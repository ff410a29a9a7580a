/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls of helpers: arguments in, a result out.  See call.c. */
#ifndef CGBPF_VERIFIER_CALL_H
#define CGBPF_VERIFIER_CALL_H

#include "verifier/checks.h"
#include "vm/helper.h"

/* FORM_CALL of a helper. */
int check_helper_call(struct verifier *v);
/* call_clobber() - R0 to R5 are as after any call, not to be read */
void call_clobber(struct verifier *v);
/* call_moves_packet() - pointers to the packet are dead, in all frames */
void call_moves_packet(struct verifier *v);
/*
 * return_early() - in a function that was called, v->insn may end it with
 * @result: another path goes on after it, this one where it was called.
 */
int return_early(struct verifier *v, const struct scalar *result);

#endif
