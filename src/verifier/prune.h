/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths that need not be walked again.  See prune.c. */
#ifndef CGBPF_VERIFIER_PRUNE_H
#define CGBPF_VERIFIER_PRUNE_H

#include "verifier/checks.h"

/* prune_init() - before each walk of a function; marks points in infos */
int prune_init(struct verifier *v);
void prune_free(struct verifier *v);
/*
 * prune_visit() - v->cur came to the prune point v->insn.  PATH_ENDS: an
 * earlier state there was as general, and went well.  Remembers v->cur where
 * that is worth it.
 */
int prune_visit(struct verifier *v);
/* prune_previous() - the state in which this path was at @insn, in the same
 * calls, when it was last remembered there; NULL: it was not */
const struct state *prune_previous(struct verifier *v, u32 insn);
/* prune_end() - the path of @state has ended: its parents may be complete */
void prune_end(struct verifier *v, struct state *state);

#endif
