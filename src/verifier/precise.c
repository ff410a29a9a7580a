/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Precision: on which numbers' exact ranges a decision depended.
 *
 * A number is precise in a remembered state if some path from there was safe,
 * or went where it went, because of what was known of that number.  One that
 * is not could have been any, so states that differ in it only are equal.
 *
 * 1. While a path is walked everything is taken for what is known of it.
 *    Whoever decides by a range (a jump that goes one way only, an offset, a
 *    size, a constant argument, a result) says so with precise_reg().
 * 2. Then the path is walked backwards, from before v->insn.  The trace holds
 *    the registers and slots, by frame, whose values at that point went into
 *    the number: who is assigned is replaced by what it is assigned from.
 * 3. Where the trace meets a remembered state, what is in it is precise there.
 *    What is so already needs no more tracing: that was done when it became so.
 *    The walk ends where the trace is empty, or the path begins.
 * 4. Marks in the state of the path that is being walked have no meaning: it
 *    is not remembered yet, and when it is starts without any.
 * 5. Of the path it is known (state->steps) where it came to a jump point
 *    from; between these it went from each instruction to the next.  A load or
 *    store of a spill notes its slot; a jump notes what it refined together,
 *    any of which is known for what it is only by the others.
 * 6. Where the trace is lost (a subtraction of pointers, something odd) all
 *    numbers of all states before are precise: that is always right.
 */
#include "verifier/precise.h"

#include <string.h>

#include "base/alloc.h"
#include "verifier/show.h"
#include "vm/insn.h"
#include "vm/vm.h"

/* ------------------------------------------------------------------ steps */

static int steps_reserve(struct state *state)
{
	u32 nr = max(2 * state->max_steps, 8u);
	struct step *steps;

	if (state->nr_steps < state->max_steps)
		return 0;
	steps = mem_realloc(state->steps, nr * sizeof(*steps));
	if (!steps)
		return -ENOMEM;
	state->steps = steps;
	state->max_steps = nr;
	return 0;
}

/* The rooms of one instruction share its step. */
int step_push(struct verifier *v)
{
	int err;

	if (v->step)
		return 0;
	err = steps_reserve(v->cur);
	if (err)
		return err;
	v->step = &v->cur->steps[v->cur->nr_steps++];
	v->step->insn = v->insn;
	v->step->prev = v->prev;
	v->step->flags = 0;
	v->step->nr_linked = 0;
	return 0;
}

int step_stack(struct verifier *v, u32 frame, u32 slot)
{
	int err = step_push(v);

	if (err)
		return err;
	v->step->flags |= STEP_STACK;
	v->step->frame = (u8)frame;
	v->step->slot = (u8)slot;
	return 0;
}

int step_jump(struct verifier *v, u32 flags, const struct linked_reg *linked,
	      u32 nr)
{
	int err = step_push(v);

	if (err)
		return err;
	ASSERT(nr <= MAX_LINKED);
	v->step->flags |= (u8)(STEP_JUMP | flags);
	v->step->nr_linked = (u8)nr;
	if (nr)
		memcpy(v->step->linked, linked, nr * sizeof(*linked));
	return 0;
}

/* ------------------------------------------------------------------ trace */

/* Whose values are looked for, and where. */
struct trace {
	struct verifier *v;
	u32 frame; /* of the instruction */
	u16 regs[MAX_FRAMES];
	u64 slots[MAX_FRAMES];
	bool news; /* some remembered state was marked */
};

#define BIT(n) (1u << (n))
#define SLOT_BIT(n) (1ull << (n))
#define ARG_REGS 0x3eu /* R1 to R5 */
#define NO_INSN UINT32_MAX

static bool trace_empty(const struct trace *trace)
{
	u64 any = 0;

	for (u32 i = 0; i <= trace->frame; i++)
		any |= trace->regs[i] | trace->slots[i];
	return !any;
}

static bool trace_has(const struct trace *trace, u32 regno)
{
	return trace->regs[trace->frame] & BIT(regno);
}

static void trace_add(struct trace *trace, u32 regno)
{
	if (regno != REG_FP)
		trace->regs[trace->frame] |= (u16)BIT(regno);
}

/* true: it was there */
static bool trace_drop(struct trace *trace, u32 regno)
{
	bool had = trace_has(trace, regno);

	trace->regs[trace->frame] &= (u16)~BIT(regno);
	return had;
}

static bool trace_has_linked(const struct trace *trace,
			     const struct linked_reg *linked)
{
	if (linked->frame > trace->frame)
		return false;
	return linked->is_slot ? (trace->slots[linked->frame] >> linked->nr) & 1
			       : (trace->regs[linked->frame] >> linked->nr) & 1;
}

/* If one of those that were refined together matters, all do. */
static void trace_links(struct trace *trace, const struct step *step)
{
	bool any = false;

	if (!step)
		return;
	for (u32 i = 0; i < step->nr_linked; i++)
		any |= trace_has_linked(trace, &step->linked[i]);
	for (u32 i = 0; any && i < step->nr_linked; i++) {
		const struct linked_reg *linked = &step->linked[i];

		if (linked->is_slot)
			trace->slots[linked->frame] |= SLOT_BIT(linked->nr);
		else
			trace->regs[linked->frame] |= (u16)BIT(linked->nr);
	}
}

/* ----------------------------------------------------------- instructions */

/*
 * Each takes the trace from after an instruction to before it; false: it is
 * lost.  @next is the instruction that came after it on the path, or NO_INSN.
 */
struct back {
	u32 insn, next;
	const struct bpf_insn *at;
	const struct step *step; /* or NULL */
};

static bool step_is(const struct step *step, u32 flag)
{
	return step && (step->flags & flag);
}

static bool back_alu(struct trace *trace, const struct back *back)
{
	const struct bpf_insn *insn = back->at;
	u8 op = BPF_OP(insn->code);

	if (!trace_has(trace, insn->dst_reg) || op == BPF_END || op == BPF_NEG)
		return true;
	if (op == BPF_MOV)
		trace_drop(trace, insn->dst_reg);
	if (BPF_SRC(insn->code) == BPF_X)
		trace_add(trace, insn->src_reg);
	return true;
}

/* @regno was loaded: of what was spilled, if anything. */
static bool back_load(struct trace *trace, const struct back *back, u32 regno)
{
	if (trace_drop(trace, regno) && step_is(back->step, STEP_STACK))
		trace->slots[back->step->frame] |= SLOT_BIT(back->step->slot);
	return true;
}

static bool traces_slot(const struct trace *trace, const struct step *step)
{
	return step_is(step, STEP_STACK) &&
	       (trace->slots[step->frame] & SLOT_BIT(step->slot));
}

static bool back_store(struct trace *trace, const struct back *back)
{
	/* a number as an address: the rest of two pointers' difference */
	if (trace_has(trace, back->at->dst_reg))
		return false;
	if (!traces_slot(trace, back->step))
		return true;
	trace->slots[back->step->frame] &= ~SLOT_BIT(back->step->slot);
	if (BPF_CLASS(back->at->code) == BPF_STX)
		trace_add(trace, back->at->src_reg);
	return true;
}

static bool back_atomic(struct trace *trace, const struct back *back)
{
	s32 op = back->at->imm;

	if (op == INSN_LOAD_ACQ)
		return back_load(trace, back, back->at->dst_reg);
	if (op == INSN_STORE_REL)
		return back_store(trace, back);
	if (trace_has(trace, back->at->dst_reg) ||
	    traces_slot(trace, back->step))
		return false;
	if (op == BPF_CMPXCHG)
		return back_load(trace, back, 0);
	return !(op & BPF_FETCH) || back_load(trace, back, back->at->src_reg);
}

/* Out of a function, backwards: to its caller's call. */
static bool back_leave(struct trace *trace)
{
	if (!trace->frame || trace->slots[trace->frame])
		return false;
	trace->regs[trace->frame--] = 0;
	return true;
}

/* Into one, backwards: from what came after the call to its exit. */
static bool back_enter(struct trace *trace)
{
	if (trace->frame + 1 == MAX_FRAMES)
		return false;
	trace->frame++;
	trace->regs[trace->frame] = 0;
	trace->slots[trace->frame] = 0;
	return true;
}

/* A call that the path took into the function: its arguments were the
 * caller's.  A global function's is not gone into. */
static bool back_func_call(struct trace *trace, const struct back *back)
{
	u16 args = trace->regs[trace->frame] & ARG_REGS;

	if (back->insn + 1 == back->next) {
		trace_drop(trace, 0);
		return !(trace->regs[trace->frame] & ARG_REGS);
	}
	if (trace->regs[trace->frame] & ~ARG_REGS)
		return false;
	if (!back_leave(trace))
		return false;
	trace->regs[trace->frame] |= args;
	return true;
}

static bool back_helper_call(struct trace *trace, const struct back *back)
{
	/* into a callback, whose arguments are the helper's making */
	if (trace->v->infos[back->insn].calls_callback &&
	    back->insn + 1 != back->next)
		return !(trace->regs[trace->frame] & ~ARG_REGS) &&
		       back_leave(trace);
	trace_drop(trace, 0);
	if (trace->regs[trace->frame] & ARG_REGS)
		return false;
	/* a tail call that ended the function */
	if (back->at->imm == BPF_FUNC_tail_call && back->insn + 1 != back->next)
		return back_enter(trace);
	return true;
}

static bool returns_to(const struct trace *trace, const struct back *back)
{
	const struct prog *prog = trace->v->prog;
	const struct bpf_insn *call;

	if (back->next == NO_INSN || !back->next)
		return false;
	call = &prog->insns[back->next - 1];
	return insn_is_func_call(call) &&
	       prog->subprogs[subprog_of(prog, back->insn)].start ==
		       back->next + (u32)call->imm;
}

/*
 * An exit of a function or a callback, from which the path went on in the
 * outer frame.  R6 to R9 and slots there are looked for when the walk is back
 * at the call; so are R1 to R5, of a helper that was called again.
 */
static bool back_exit(struct trace *trace, const struct back *back)
{
	bool result = false;

	if (returns_to(trace, back)) {
		result = trace_drop(trace, 0);
		if (trace->regs[trace->frame] & ARG_REGS)
			return false;
	}
	if (!back_enter(trace))
		return false;
	if (result)
		trace_add(trace, 0);
	return true;
}

static bool back_cond(struct trace *trace, const struct back *back)
{
	const struct bpf_insn *insn = back->at;
	bool noted = step_is(back->step, STEP_JUMP);

	if (BPF_SRC(insn->code) != BPF_X)
		return true;
	if (!trace_has(trace, insn->dst_reg) &&
	    !trace_has(trace, insn->src_reg))
		return true;
	/* each is known by the other */
	if (!noted || step_is(back->step, STEP_DST_SCALAR))
		trace_add(trace, insn->dst_reg);
	if (!noted || step_is(back->step, STEP_SRC_SCALAR))
		trace_add(trace, insn->src_reg);
	return true;
}

static bool back_jump(struct trace *trace, const struct back *back)
{
	if (insn_is_func_call(back->at))
		return back_func_call(trace, back);
	if (insn_is_call(back->at))
		return back_helper_call(trace, back);
	if (BPF_OP(back->at->code) == BPF_EXIT)
		return back_exit(trace, back);
	if (BPF_OP(back->at->code) == BPF_JA)
		return true;
	return back_cond(trace, back);
}

/* Constants and bytes of the packet depend on nothing. */
static bool back_ld(struct trace *trace, const struct back *back)
{
	trace_drop(trace, insn_is_ld64(back->at) ? back->at->dst_reg : 0);
	return true;
}

static bool back_class(struct trace *trace, const struct back *back)
{
	switch (BPF_CLASS(back->at->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		return back_alu(trace, back);
	case BPF_LDX:
		return back_load(trace, back, back->at->dst_reg);
	case BPF_STX:
		if (BPF_MODE(back->at->code) == BPF_ATOMIC)
			return back_atomic(trace, back);
		return back_store(trace, back);
	case BPF_ST:
		return back_store(trace, back);
	case BPF_LD:
		return back_ld(trace, back);
	default:
		return back_jump(trace, back);
	}
}

/* -------------------------------------------------------------------- log */

static bool loud(const struct verifier *v)
{
	return v->log->level & LOG_LEVEL2;
}

static void show_traced(struct verifier *v, u16 regs, u64 slots)
{
	const char *comma = "";

	log_printf(v->log, "regs=");
	for (u32 i = 0; i < NR_REGS; i++)
		if (regs & BIT(i)) {
			log_printf(v->log, "%sr%u", comma, i);
			comma = ",";
		}
	comma = "";
	log_printf(v->log, " stack=");
	for (u32 i = 0; i < MAX_SLOTS; i++)
		if (slots & SLOT_BIT(i)) {
			log_printf(v->log, "%s-%u", comma, (i + 1) * SLOT_SIZE);
			comma = ",";
		}
}

static void show_back(const struct trace *trace, const struct back *back)
{
	struct verifier *v = trace->v;
	char text[128];

	log_printf(v->log, "mark_precise: frame%u: ", trace->frame);
	show_traced(v, trace->regs[trace->frame], trace->slots[trace->frame]);
	insn_print(text, sizeof(text), back->at,
		   back->insn + 1 < v->prog->len ? back->at + 1 : NULL);
	log_printf(v->log, " before %u: %s\n", back->insn, text);
}

static void show_parent(const struct trace *trace, const struct state *parent,
			u32 frame)
{
	struct verifier *v = trace->v;

	log_printf(v->log, "mark_precise: frame%u: parent state ", frame);
	show_traced(v, trace->regs[frame], trace->slots[frame]);
	log_printf(v->log, ": ");
	show_state(v, parent, frame, true);
}

/* ------------------------------------------------------------------- walk */

static bool back_insn(struct trace *trace, const struct back *back)
{
	bool traced;

	if (!back->at->code) /* second half of a 64-bit load */
		return true;
	if (loud(trace->v))
		show_back(trace, back);
	trace_links(trace, back->step);
	traced = back_class(trace, back);
	trace_links(trace, back->step);
	return traced;
}

/* Where a walk through one state's instructions is. */
struct place {
	const struct state *state;
	u32 insn;
	u32 nr_steps; /* of state->steps, those before */
};

static const struct step *place_step(const struct place *place)
{
	const struct step *step;

	if (!place->nr_steps)
		return NULL;
	step = &place->state->steps[place->nr_steps - 1];
	return step->insn == place->insn ? step : NULL;
}

/* To the instruction before; false: the state begins here. */
static bool place_back(struct place *place)
{
	const struct step *step = place_step(place);

	if (place->insn == place->state->first_insn &&
	    (!place->nr_steps || (place->nr_steps == 1 && step)))
		return false;
	if (step) {
		place->insn = step->prev;
		place->nr_steps--;
	} else {
		place->insn--;
	}
	return true;
}

/* Back from @place to where its state was forked off; false: lost. */
static bool back_state(struct trace *trace, struct place *place, u32 next,
		       bool skip)
{
	const struct prog *prog = trace->v->prog;

	do {
		struct back back = {
			.insn = place->insn,
			.next = next,
			.step = place_step(place),
		};

		if (back.insn >= prog->len)
			return false;
		back.at = &prog->insns[back.insn];
		if (!skip && !back_insn(trace, &back))
			return false;
		if (trace_empty(trace))
			return true;
		skip = false;
		next = place->insn;
	} while (place_back(place));
	return true;
}

/* @reg is in the trace: false: it need not be. */
static bool mark(struct trace *trace, struct reg *reg)
{
	if (reg->kind != REG_SCALAR || reg->precise)
		return false;
	reg->precise = true;
	trace->news = true;
	return true;
}

static void mark_frame(struct trace *trace, struct frame *frame, u32 nr)
{
	for (u32 i = 0; i < NR_REGS; i++)
		if ((trace->regs[nr] & BIT(i)) && !mark(trace, &frame->regs[i]))
			trace->regs[nr] &= (u16)~BIT(i);
	for (u32 i = 0; i < MAX_SLOTS && trace->slots[nr] >> i; i++) {
		if (!(trace->slots[nr] & SLOT_BIT(i)))
			continue;
		if (i >= frame->nr_slots || !slot_is_spill(&frame->slots[i]) ||
		    !mark(trace, &frame->slots[i].reg))
			trace->slots[nr] &= ~SLOT_BIT(i);
	}
}

/* false: @parent is not where the trace is */
static bool mark_state(struct trace *trace, struct state *parent)
{
	if (trace->frame > parent->cur)
		return false;
	for (u32 nr = trace->frame + 1; nr--;) {
		mark_frame(trace, parent->frames[nr], nr);
		if (loud(trace->v))
			show_parent(trace, parent, nr);
	}
	return true;
}

/* The whole way back from before @insn, where @state is. */
static void back_path(struct trace *trace, const struct state *start, u32 insn)
{
	const struct state *state = start;
	u32 next = NO_INSN;
	bool skip = true;

	while (!trace_empty(trace)) {
		struct place place = { state, insn, state->nr_steps };

		if (!state->parent && !loud(trace->v))
			return; /* nobody to mark */
		if (loud(trace->v))
			log_printf(trace->v->log,
				   "mark_precise: frame%u: last_idx %d "
				   "first_idx %d subseq_idx %d \n",
				   trace->frame, (int)insn,
				   (int)state->first_insn, (int)next);
		if (!back_state(trace, &place, next, skip)) {
			precise_all(trace->v, start);
			trace->news = true;
			return;
		}
		if (trace_empty(trace) || !state->parent)
			return;
		if (!mark_state(trace, state->parent)) {
			precise_all(trace->v, start);
			trace->news = true;
			return;
		}
		skip = false;
		next = state->first_insn;
		state = state->parent;
		insn = state->last_insn;
	}
}

/* -------------------------------------------------------------- the whole */

int precise_reg(struct verifier *v, u32 regno)
{
	struct trace trace = { .v = v, .frame = v->cur->cur };

	trace.regs[trace.frame] = (u16)BIT(regno);
	back_path(&trace, v->cur, v->insn);
	return 0;
}

int precise_slot(struct verifier *v, u32 frame, u32 slot)
{
	struct trace trace = { .v = v, .frame = v->cur->cur };

	trace.slots[frame] = SLOT_BIT(slot);
	back_path(&trace, v->cur, v->insn);
	return 0;
}

static void trace_precise(struct trace *trace, const struct state *old)
{
	for (u32 nr = 0; nr <= old->cur; nr++) {
		struct frame *frame = old->frames[nr];

		for (u32 i = 0; i < REG_FP; i++)
			if (frame->regs[i].kind == REG_SCALAR &&
			    frame->regs[i].precise)
				trace->regs[nr] |= (u16)BIT(i);
		for (u32 i = 0; i < frame->nr_slots; i++)
			if (slot_is_scalar_spill(&frame->slots[i]) &&
			    frame->slots[i].reg.precise)
				trace->slots[nr] |= SLOT_BIT(i);
	}
}

bool precise_like(struct verifier *v, const struct state *old,
		  const struct state *state, u32 insn)
{
	struct trace trace = { .v = v, .frame = state->cur };

	trace_precise(&trace, old);
	back_path(&trace, state, insn);
	return trace.news;
}

static void set_precise(struct state *state, bool precise)
{
	struct reg *reg;

	for_each_reg(state, frame, reg, n) if (reg->kind == REG_SCALAR)
		reg->precise = precise;
}

void precise_all(struct verifier *v, const struct state *state)
{
	if (loud(v))
		log_printf(v->log,
			   "mark_precise: frame%u: falling back to forcing all "
			   "scalars precise\n",
			   state->cur);
	for (struct state *parent = state->parent; parent;
	     parent = parent->parent)
		set_precise(parent, true);
}

void precise_forget(struct state *state)
{
	set_precise(state, false);
}
