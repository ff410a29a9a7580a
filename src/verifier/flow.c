/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A forward data flow: what registers hold, as far as it is the same on all
 * paths.  It finds what can be told without following each path by itself:
 *
 * 1. Which loads and stores go through the context or a socket, and which
 *    field each is (aux->ctx).  prog->resolved says that none was left open, so
 *    that translation may turn them into plain loads.
 * 2. What is wrong whenever it is reached: reads of registers that were never
 *    written, fields that are not there, constant offsets outside the stack or
 *    a map's value, a constant R0 that the program's type cannot return.
 *
 * Facts only lose precision on merging, in a lattice of finite height, so the
 * walk ends.  Branches on constants go one way, since programs are built so.
 * Limits: a fact that depends on the path (a pointer that was compared with
 * NULL, a bound) is not seen; a value that comes out of another function's
 * frame, or is returned by a function, is unknown.  Nothing that Linux accepts
 * is refused, except where it sees, by ranges, that a branch is never taken.
 */
#include "verifier/flow.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "vm/vm.h"

int flow_refuse(struct flow *flow, u32 i, int err, const char *fmt, ...)
{
	const struct prog *prog = flow->prog;
	char text[128];
	va_list args;

	if (!flow->report)
		return 0;
	insn_print(text, sizeof(text), &prog->insns[i],
		   i + 1 < prog->len ? &prog->insns[i + 1] : NULL);
	log_printf(flow->v->log, "%u: %s\n", i, text);
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	log_printf(flow->v->log, "%s\n", text);
	return err;
}

static bool fact_same(const struct fact *a, const struct fact *b)
{
	return a->kind == b->kind && a->min == b->min && a->max == b->max &&
	       a->map == b->map;
}

static bool fact_lost(const struct fact *fact)
{
	return fact->kind == FACT_UNINIT || fact->kind == FACT_UNKNOWN ||
	       fact_has_fields(fact);
}

static bool fact_stack(const struct fact *fact)
{
	return fact->kind == FACT_FP || fact->kind == FACT_FRAME;
}

struct fact fact_merge(const struct fact *a, const struct fact *b)
{
	if (fact_same(a, b))
		return *a;
	if (a->kind == FACT_CONST && b->kind == FACT_CONST)
		return (struct fact){ .kind = FACT_CONST,
				      .min = min(a->min, b->min),
				      .max = max(a->max, b->max) };
	/* a socket or NULL: the compiler's way to join branches */
	if (fact_has_fields(a) && fact_is(b, 0))
		return *a;
	if (fact_has_fields(b) && fact_is(a, 0))
		return *b;
	if (fact_lost(a) || fact_lost(b))
		return (struct fact){ .kind = FACT_UNKNOWN };
	if (fact_stack(a) || fact_stack(b))
		return (struct fact){ .kind = FACT_FRAME };
	if (fact_is_number(a) && fact_is_number(b))
		return (struct fact){ .kind = FACT_SCALAR };
	return (struct fact){ .kind = FACT_OTHER };
}

static u8 slot_merge(u8 a, u8 b)
{
	const struct fact x = { .kind = a }, y = { .kind = b };

	return (u8)fact_merge(&x, &y).kind;
}

static bool state_merge(struct flow_state *to, const struct flow_state *from)
{
	bool changed = false;

	for (u32 r = 0; r < ARRAY_SIZE(to->reg); r++) {
		struct fact fact = fact_merge(&to->reg[r], &from->reg[r]);

		changed |= !fact_same(&fact, &to->reg[r]);
		to->reg[r] = fact;
	}
	for (u32 s = 0; s < FLOW_SLOTS; s++) {
		u8 kind = slot_merge(to->slot[s], from->slot[s]);

		changed |= kind != to->slot[s];
		to->slot[s] = kind;
	}
	return changed;
}

/* @state reaches instruction @to, which has others before it. */
static int flow_reach(struct flow *flow, u32 to, const struct flow_state *state)
{
	bool changed = true;

	if (flow->report)
		return 0;
	if (!flow->at[to]) {
		flow->at[to] = mem_dup(state, sizeof(*state));
		if (!flow->at[to])
			return -ENOMEM;
	} else {
		changed = state_merge(flow->at[to], state);
	}
	if (changed && !(flow->marks[to] & FLOW_QUEUED)) {
		flow->marks[to] |= FLOW_QUEUED;
		flow->work[flow->nr_work++] = to;
	}
	return 0;
}

static void state_enter(struct flow_state *state)
{
	memset(state, 0, sizeof(*state));
	state->reg[10] = (struct fact){ .kind = FACT_FP };
	memset(state->slot, FACT_SCALAR, sizeof(state->slot));
}

/* A function is called with what R1 to R5 are now. */
static int flow_call(struct flow *flow, u32 to, struct flow_state *state)
{
	struct flow_state callee;
	bool escaped = false;

	state_enter(&callee);
	for (u32 r = 1; r <= 5; r++) {
		callee.reg[r] = state->reg[r];
		if (fact_stack(&state->reg[r]) ||
		    state->reg[r].kind == FACT_UNKNOWN)
			escaped = true;
		if (fact_stack(&state->reg[r]))
			callee.reg[r] = (struct fact){ .kind = FACT_FRAME };
		state->reg[r] = (struct fact){ .kind = FACT_UNINIT };
	}
	if (escaped)
		memset(state->slot, FACT_UNKNOWN, sizeof(state->slot));
	state->reg[0] = (struct fact){ .kind = FACT_UNKNOWN };
	return flow_reach(flow, to, &callee);
}

static int flow_callback(struct flow *flow, u32 to)
{
	struct flow_state callee;

	state_enter(&callee);
	for (u32 r = 1; r <= 5; r++)
		callee.reg[r] = (struct fact){ .kind = FACT_FRAME };
	return flow_reach(flow, to, &callee);
}

/* Where a jump on known values goes: 1, 0, or -1 for both. */
static int branch_known(const struct flow_state *state,
			const struct bpf_insn *insn, int xop)
{
	const struct fact *a = &state->reg[insn->dst_reg];
	const struct fact *b = &state->reg[insn->src_reg];
	u64 right = (u64)(s64)insn->imm;

	if (a->kind != FACT_CONST || a->min != a->max)
		return -1;
	if (insn_descs[xop].form == FORM_JMPX) {
		if (b->kind != FACT_CONST || b->min != b->max)
			return -1;
		right = (u64)b->min;
	}
	return insn_eval(xop, (u64)a->min, right) != 0;
}

/* Instruction @i and those after it, up to the next that has a state. */
static int flow_line(struct flow *flow, u32 i)
{
	struct flow_state state = *flow->at[i];
	const struct prog *prog = flow->prog;
	int err, known;

	for (u32 first = i;; i++) {
		const struct bpf_insn *insn = &prog->insns[i];
		int xop = insn_decode(insn);

		if (i != first && flow->marks[i] & FLOW_TARGET)
			return flow_reach(flow, i, &state);
		err = flow_step(flow, &state, i);
		if (err)
			return err;
		switch (insn_descs[xop].form) {
		case FORM_EXIT:
			return 0;
		case FORM_JA:
			return flow_reach(flow,
					  i + 1 +
						  (u32)(xop == XOP_JAL
								? insn->imm
								: insn->off),
					  &state);
		case FORM_JMPX:
		case FORM_JMPK:
			known = branch_known(&state, insn, xop);
			if (known) {
				err = flow_reach(flow, i + 1 + (u32)insn->off,
						 &state);
				if (err)
					return err;
			}
			if (known == 1)
				return 0;
			break;
		case FORM_CALL:
			if (insn_is_func_call(insn)) {
				err = flow_call(flow, i + 1 + (u32)insn->imm,
						&state);
				if (err)
					return err;
			}
			break;
		case FORM_LD64:
			if (insn_is_func_ref(insn)) {
				err = flow_callback(flow,
						    i + 1 + (u32)insn->imm);
				if (err)
					return err;
			}
			i++;
			break;
		default:
			break;
		}
	}
}

static void mark_targets(struct flow *flow)
{
	const struct prog *prog = flow->prog;

	for (u32 i = 0; i < prog->nr_subprogs; i++)
		flow->marks[prog->subprogs[i].start] = FLOW_TARGET;
	for (u32 i = 0; i < prog->len; i++) {
		const struct bpf_insn *insn = &prog->insns[i];
		int xop = insn_decode(insn);
		u8 form = insn_descs[xop].form;

		if (form == FORM_JA || form == FORM_JMPX || form == FORM_JMPK)
			flow->marks[i + 1 +
				    (u32)(xop == XOP_JAL ? insn->imm
							 : insn->off)] =
				FLOW_TARGET;
		if (form == FORM_LD64)
			i++;
	}
}

static int flow_main(struct flow *flow)
{
	struct flow_state state;
	int err;

	mark_targets(flow);
	state_enter(&state);
	state.reg[1] = (struct fact){ .kind = FACT_CTX };
	err = flow_reach(flow, 0, &state);
	while (!err && flow->nr_work) {
		u32 i = flow->work[--flow->nr_work];

		flow->marks[i] &= (u8)~FLOW_QUEUED;
		err = flow_line(flow, i);
	}
	flow->report = true;
	for (u32 i = 0; i < flow->prog->len && !err; i++)
		if (flow->at[i])
			err = flow_line(flow, i);
	return err;
}

int check_flow(struct verifier *v)
{
	struct prog *prog = v->prog;
	struct flow flow = { .v = v, .prog = prog };
	int err = -ENOMEM;

	flow.at = mem_calloc(prog->len, sizeof(*flow.at));
	flow.work = mem_calloc(prog->len, sizeof(*flow.work));
	flow.marks = mem_zalloc(prog->len);
	if (flow.at && flow.work && flow.marks)
		err = flow_main(&flow);
	if (flow.at)
		for (u32 i = 0; i < prog->len; i++)
			mem_free(flow.at[i]);
	mem_free(flow.at);
	mem_free(flow.work);
	mem_free(flow.marks);
	prog->resolved = !err && !flow.unresolved;
	return err;
}
