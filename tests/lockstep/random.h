/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random sequences of calls on a small world.
 *
 * 1. A step is an operation and a few numbers, which mean slots and variants;
 *    what they mean depends on the steps before it only through what lies in
 *    the slots.  So any subsequence of a sequence is a sequence: that is what
 *    makes shrinking and replaying simple.
 * 2. A step never asks the live kernel for what is known to break it
 *    (spec KB-4, KB-6, KB-9): step_is_safe() and the sizes of values see to
 *    that, whatever the numbers say.
 */
#ifndef LOCKSTEP_RANDOM_H
#define LOCKSTEP_RANDOM_H

#include <stdio.h>

#include "lockstep.h"

/* X(name, weight): operations and how often they come, relatively */
#define STEP_OPS(X)         \
	X(CGROUP_NEW, 40)   \
	X(CGROUP_REMOVE, 3) \
	X(CGROUP_CLOSE, 3)  \
	X(MAP_CREATE, 30)   \
	X(PROG_LOAD, 60)    \
	X(ATTACH, 220)      \
	X(DETACH, 100)      \
	X(LINK_CREATE, 80)  \
	X(LINK_UPDATE, 40)  \
	X(LINK_DETACH, 10)  \
	X(CLOSE, 12)        \
	X(DUP, 20)          \
	X(QUERY, 120)       \
	X(LOOKUP, 80)       \
	X(UPDATE, 120)      \
	X(DELETE, 40)       \
	X(NEXT_KEY, 40)     \
	X(TAKE, 20)         \
	X(DUMP, 20)         \
	X(FREEZE, 2)        \
	X(PIN, 15)          \
	X(UNPIN, 10)        \
	X(OBJ_GET, 15)      \
	X(TEST_RUN, 40)     \
	X(INFO, 40)         \
	X(BY_ID, 20)        \
	X(BIND_MAP, 8)      \
	X(BATCH, 25)        \
	X(OBSERVE, 8)

enum step_op {
#define X(name, weight) STEP_##name,
	STEP_OPS(X)
#undef X
	NR_STEP_OPS,
};

#define STEP_ARGS 6

struct step {
	u32 op, arg[STEP_ARGS];
};

extern const char *const step_names[NR_STEP_OPS];

struct small_world;

struct small_world *small_world_new(struct lockstep *ls);
void small_world_free(struct small_world *small);
/* Empty again, ready for another sequence. */
void small_world_reset(struct small_world *small);
/* What a sequence with that first step starts from. */
void small_world_start(struct small_world *small, const struct step *first);
/* The common result, or LS_DIFF. */
int small_world_step(struct small_world *small, const struct step *step);

/* Fills @steps with a sequence that depends on @seed alone. */
void steps_generate(struct step *steps, u32 nr, u64 seed);
void steps_print(FILE *f, const struct step *steps, u32 nr);
/* How many, or -1 for a line that is no step (its number in *line). */
int steps_parse(FILE *f, struct step *steps, u32 max, u32 *line);

#endif
