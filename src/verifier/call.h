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

#endif
