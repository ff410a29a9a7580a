/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Liveness: whose value matters from here on.  See live.c.
 */
#ifndef CGBPF_VERIFIER_LIVE_H
#define CGBPF_VERIFIER_LIVE_H

#include "verifier/checks.h"

/* Of v->cur's @frame: slot @slot has been read; all its bytes were written
 * (a store that leaves some as they were is no write here). */
void live_slot_read(struct verifier *v, struct frame *frame, u32 slot);
void live_slot_written(struct verifier *v, struct frame *frame, u32 slot);

/* live_init(), live_free() - around each walk of a function */
int live_init(struct verifier *v);
void live_free(struct verifier *v);
/* live_begin(), live_end() - before and after v->insn is looked at, which
 * may leave another function to be the current one; -ENOMEM */
int live_begin(struct verifier *v);
int live_end(struct verifier *v);

/*
 * live_slots() - what may be read of frame @frame of @state, of which nothing
 * is left to be walked, before it is written: bit n, slot n.  live_settle()
 * first, after any walking.
 */
u64 live_slots(struct verifier *v, const struct state *state, u32 frame);
int live_settle(struct verifier *v);

#endif
