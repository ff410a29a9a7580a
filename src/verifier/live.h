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

#endif
