/* SPDX-License-Identifier: BSD-2-Clause */
/* What the log shows of a walk, in the kernel's words.  See show.c. */
#ifndef CGBPF_VERIFIER_SHOW_H
#define CGBPF_VERIFIER_SHOW_H

#include "verifier/checks.h"

/* "ctx", "map_value_or_null", ... as messages say it; borrowed from nowhere:
 * in @buf of REG_NAME_MAX bytes, which it returns */
#define REG_NAME_MAX 48u
const char *reg_name(const struct reg *reg, char *buf);

/* Are instructions and states shown?  Not at level 4 alone. */
bool show_on(const struct verifier *v);
/* show_live() - at level 2: which registers matter, by instruction */
void show_live(struct verifier *v);
/* show_walk() - a walk starts: of main, or of a global function */
void show_walk(struct verifier *v);
/* show_insn() - before v->insn is checked: source line, state, itself */
void show_insn(struct verifier *v);
/* show_state() - frame @frame of @state: @all of it, or what has changed */
void show_state(struct verifier *v, const struct state *state, u32 frame,
		bool all);
/* show_changes() - what has changed in the innermost frame, after v->insn: if
 * nothing was said since it was shown, on its line */
void show_changes(struct verifier *v);
/* show_nothing_changed() - all that has changed has been shown */
void show_nothing_changed(struct verifier *v);
/* show_line() - the source line of @insn, unless it was shown last; after
 * @prefix */
void show_line(struct verifier *v, u32 insn, const char *prefix);
/* show_call() - a function has been entered; show_return() - a frame is about
 * to be left, show_returned() - has been, and the path goes on at v->next */
void show_call(struct verifier *v);
void show_return(struct verifier *v);
void show_returned(struct verifier *v);
/* show_path() - another path starts: "from 3 to 7: R0=..." */
void show_path(struct verifier *v);
/* show_safe() - the path ends before v->insn, at a state known to be good */
void show_safe(struct verifier *v);
/* show_stats() - at the end, the line "processed N insns ..." and at level 4
 * time and stack depths */
void show_stats(struct verifier *v);

#endif
