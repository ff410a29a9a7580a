/* SPDX-License-Identifier: BSD-2-Clause */
/* What flow.c (the walk) and flow_step.c (one instruction) share. */
#ifndef CGBPF_VERIFIER_FLOW_H
#define CGBPF_VERIFIER_FLOW_H

#include "verifier/checks.h"
#include "vm/insn.h"

#define FLOW_SLOTS 64u
#define FLOW_TARGET 1u /* more than the one before it lead here */
#define FLOW_QUEUED 2u

/* What is known of a register or stack slot on all paths: see flow.c. */
enum fact_kind {
	FACT_UNINIT,
	FACT_CONST,  /* one of some constants: min and max are two of them */
	FACT_SCALAR, /* surely no pointer */
	FACT_CTX,
	FACT_SOCK,
	FACT_SOCK_COMMON,
	FACT_TCP_SOCK,
	FACT_MAP,   /* map */
	FACT_VALUE, /* a value of map at min */
	FACT_FP,    /* this function's frame at min */
	FACT_OTHER, /* none of the fields' owners, not into a stack */
	FACT_FRAME, /* ditto, but maybe into a stack */
	FACT_UNKNOWN,
};

struct fact {
	enum fact_kind kind;
	s64 min, max;
	const struct map *map;
};

struct flow_state {
	struct fact reg[11];
	u8 slot[FLOW_SLOTS]; /* kinds of what was spilled whole */
};

struct flow {
	struct verifier *v;
	struct prog *prog;
	struct flow_state **at; /* by instruction: before it, if a target */
	u32 *work;		/* instructions whose state has changed */
	u8 *marks;		/* FLOW_TARGET, FLOW_QUEUED */
	u32 nr_work;
	bool report; /* the last walk: refuse, and fill aux->ctx */
	bool unresolved;
};

static inline bool fact_has_fields(const struct fact *fact)
{
	return fact->kind >= FACT_CTX && fact->kind <= FACT_TCP_SOCK;
}

static inline bool fact_is_number(const struct fact *fact)
{
	return fact->kind == FACT_CONST || fact->kind == FACT_SCALAR;
}

static inline bool fact_is(const struct fact *fact, s64 value)
{
	return fact->kind == FACT_CONST && fact->min == value &&
	       fact->max == value;
}

/* flow_step.c: what instruction @i makes of @state.  0, or a refusal. */
int flow_step(struct flow *flow, struct flow_state *state, u32 i);
/* Its register @reg has been written on some path, or a refusal. */
int flow_need(struct flow *flow, const struct flow_state *state, u32 i,
	      u32 reg);
/* As the kernel's log calls it. */
const char *fact_name(const struct fact *fact);
/* flow_call.c */
int flow_helper(struct flow *flow, struct flow_state *state, u32 i);
/* flow.c */
int flow_refuse(struct flow *flow, u32 i, int err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
struct fact fact_merge(const struct fact *a, const struct fact *b);

#endif
