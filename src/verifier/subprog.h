/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions: the program's own, global ones, callbacks.  See subprog.c.
 */
#ifndef CGBPF_VERIFIER_SUBPROG_H
#define CGBPF_VERIFIER_SUBPROG_H

#include "verifier/checks.h"

/* subprog_prepare() - before the first walk: what BTF says of functions */
int subprog_prepare(struct verifier *v);
/* subprog_entry() - @state: what is known where function @nr begins, whose
 * walk this is: main, or a global function */
int subprog_entry(struct verifier *v, u32 nr, struct state *state);
/* subprog_next() - a global function that was called and has yet to be
 * walked: its number; 0: there is none */
u32 subprog_next(struct verifier *v);
/* FORM_CALL of a function. */
int check_func_call(struct verifier *v);
/* exit.c: FORM_EXIT of whatever frame. */
int check_exit(struct verifier *v);
/* ditto: the number in R0 is from @min to @max, which is precise from here on;
 * @where: "At program exit" */
int exit_check_range(struct verifier *v, s64 min, s64 max, const char *where);

/*
 * callback_enter() - the helper @id, whose arguments are in R1 to R5 and have
 * been checked, calls back the function in register @func_regno: another
 * path starts there; this one goes on as if it had not been called.
 */
int callback_enter(struct verifier *v, u32 id, u32 func_regno);

#endif
