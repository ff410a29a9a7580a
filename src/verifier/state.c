/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known at one point of one path.
 *
 * 1. A register's kind says what its value is; nothing is assumed of one that
 *    is REG_UNINIT.  A pointer's value is its base + off + some member of s;
 *    what the base is, kind, frame, map, mem_size and id say.
 * 2. A pointer with REG_MAYBE_NULL is NULL or such a pointer, and has not been
 *    moved.
 * 3. Of a spilled register the slot's bytes SLOT_SPILL are those that are
 *    still its own: all 8, or the lower ones of a scalar, type[7] and down.
 *    Bytes that are not say by themselves what is known of them.
 * 4. A state's frames are its own: nothing points from one state to another's
 *    but parent.  What a register points to by frame number is in the same
 *    state.
 * 5. A reference in refs was acquired on this path and must be released on
 *    it.  Whoever was made of it carries its ref_id, and is dead after.
 */
#include "verifier/state.h"

#include <string.h>

#include "base/alloc.h"

/* ---- registers ---- */

void reg_set_uninit(struct reg *reg)
{
	memset(reg, 0, sizeof(*reg));
	reg->s = scalar_unknown();
}

void reg_set_scalar(struct reg *reg, const struct scalar *s)
{
	struct scalar known = *s; /* may be the register's own */

	memset(reg, 0, sizeof(*reg));
	reg->kind = REG_SCALAR;
	reg->s = known;
}

void reg_set_unknown(struct reg *reg)
{
	struct scalar s = scalar_unknown();

	reg_set_scalar(reg, &s);
}

void reg_set_const(struct reg *reg, u64 value)
{
	struct scalar s = scalar_const(value);

	reg_set_scalar(reg, &s);
}

void reg_set_pointer(struct reg *reg, enum reg_kind kind, u32 flags)
{
	memset(reg, 0, sizeof(*reg));
	reg->kind = (u8)kind;
	reg->flags = (u8)flags;
	reg->s = scalar_const(0);
}

/* ---- frames ---- */

static void frame_reset(struct frame *frame, u32 depth, s32 callsite,
			u32 subprog)
{
	struct slot *slots = frame->slots;
	u32 max_slots = frame->max_slots;

	memset(frame, 0, sizeof(*frame));
	frame->slots = slots;
	frame->max_slots = max_slots;
	frame->depth = depth;
	frame->callsite = callsite;
	frame->subprog = subprog;
	for (u32 i = 0; i < REG_FP; i++)
		reg_set_uninit(&frame->regs[i]);
	reg_set_pointer(&frame->regs[REG_FP], REG_STACK, 0);
	frame->regs[REG_FP].frame = (u8)depth;
}

/* One that frame_reset() or frame_copy() makes of something. */
static struct frame *frame_alloc(void)
{
	struct frame *frame = mem_alloc(sizeof(*frame));

	if (!frame)
		return NULL;
	frame->slots = NULL;
	frame->nr_slots = frame->max_slots = 0;
	return frame;
}

static int frame_reserve(struct frame *frame, u32 nr)
{
	u32 max_slots = max(nr, min(2 * frame->max_slots, MAX_SLOTS));
	struct slot *slots;

	if (nr <= frame->max_slots)
		return 0;
	slots = mem_realloc(frame->slots, max_slots * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	frame->slots = slots;
	frame->max_slots = max_slots;
	return 0;
}

int frame_grow(struct frame *frame, u32 nr)
{
	int err;

	ASSERT(nr <= MAX_SLOTS);
	if (nr <= frame->nr_slots)
		return 0;
	err = frame_reserve(frame, nr);
	if (err)
		return err;
	memset(frame->slots + frame->nr_slots, 0,
	       (nr - frame->nr_slots) * sizeof(*frame->slots));
	frame->nr_slots = nr;
	return 0;
}

static int frame_copy(struct frame *to, const struct frame *from)
{
	struct slot *slots;
	u32 max_slots;
	int err = frame_reserve(to, from->nr_slots);

	if (err)
		return err;
	slots = to->slots;
	max_slots = to->max_slots;
	*to = *from;
	to->slots = slots;
	to->max_slots = max_slots;
	if (from->nr_slots)
		memcpy(slots, from->slots, from->nr_slots * sizeof(*slots));
	return 0;
}

static void frame_free(struct frame *frame)
{
	if (!frame)
		return;
	mem_free(frame->slots);
	mem_free(frame);
}

int frame_enter(struct state *state, s32 callsite, u32 subprog)
{
	u32 depth = state->cur + 1;

	ASSERT(depth < MAX_FRAMES);
	if (!state->frames[depth])
		state->frames[depth] = frame_alloc();
	if (!state->frames[depth])
		return -ENOMEM;
	frame_reset(state->frames[depth], depth, callsite, subprog);
	state->cur = depth;
	return 0;
}

void frame_leave(struct state *state)
{
	ASSERT(state->cur);
	frame_free(state->frames[state->cur]);
	state->frames[state->cur--] = NULL;
}

/* ---- states ---- */

int state_new(struct state **out)
{
	struct state *state = mem_calloc(1, sizeof(*state));

	if (!state)
		return -ENOMEM;
	state->frames[0] = frame_alloc();
	if (!state->frames[0]) {
		mem_free(state);
		return -ENOMEM;
	}
	frame_reset(state->frames[0], 0, -1, 0);
	*out = state;
	return 0;
}

void state_free(struct state *state)
{
	if (!state)
		return;
	for (u32 i = 0; i < MAX_FRAMES; i++)
		frame_free(state->frames[i]);
	mem_free(state->refs);
	mem_free(state->steps);
	mem_free(state);
}

static int refs_reserve(struct state *state, u32 nr)
{
	u32 max_refs = max(nr, 2 * state->max_refs);
	struct ref *refs;

	if (nr <= state->max_refs)
		return 0;
	refs = mem_realloc(state->refs, max_refs * sizeof(*refs));
	if (!refs)
		return -ENOMEM;
	state->refs = refs;
	state->max_refs = max_refs;
	return 0;
}

static int frames_copy(struct state *to, const struct state *from)
{
	int err;

	for (u32 i = 0; i <= from->cur; i++) {
		if (!to->frames[i])
			to->frames[i] = frame_alloc();
		if (!to->frames[i])
			return -ENOMEM;
		err = frame_copy(to->frames[i], from->frames[i]);
		if (err)
			return err;
	}
	for (u32 i = from->cur + 1; i < MAX_FRAMES; i++) {
		frame_free(to->frames[i]);
		to->frames[i] = NULL;
	}
	to->cur = from->cur;
	return 0;
}

static int steps_copy(struct state *to, const struct state *from)
{
	struct step *steps;

	if (from->nr_steps > to->max_steps) {
		steps = mem_realloc(to->steps, from->nr_steps * sizeof(*steps));
		if (!steps)
			return -ENOMEM;
		to->steps = steps;
		to->max_steps = from->nr_steps;
	}
	if (from->nr_steps)
		memcpy(to->steps, from->steps,
		       from->nr_steps * sizeof(*to->steps));
	to->nr_steps = from->nr_steps;
	return 0;
}

int state_copy(struct state *to, const struct state *from)
{
	int err = frames_copy(to, from);

	if (!err)
		err = refs_reserve(to, from->nr_refs);
	if (err)
		return err;
	if (from->nr_refs)
		memcpy(to->refs, from->refs, from->nr_refs * sizeof(*to->refs));
	to->nr_refs = from->nr_refs;
	to->parent = from->parent;
	to->branches = from->branches;
	to->first_insn = from->first_insn;
	to->last_insn = from->last_insn;
	to->insn = from->insn;
	to->callback_depth = from->callback_depth;
	return steps_copy(to, from);
}

int state_dup(struct state **out, const struct state *from)
{
	struct state *state = mem_calloc(1, sizeof(*state));
	int err;

	if (!state)
		return -ENOMEM;
	err = state_copy(state, from);
	if (err) {
		state_free(state);
		return err;
	}
	*out = state;
	return 0;
}

/* ---- references ---- */

int state_add_ref(struct state *state, const struct ref *ref)
{
	int err = refs_reserve(state, state->nr_refs + 1);

	if (!err)
		state->refs[state->nr_refs++] = *ref;
	return err;
}

struct ref *state_find_ref(const struct state *state, enum ref_kind kind,
			   u32 id)
{
	for (u32 i = 0; i < state->nr_refs; i++)
		if (state->refs[i].kind == kind && state->refs[i].id == id)
			return &state->refs[i];
	return NULL;
}

void state_drop_ref(struct state *state, struct ref *ref)
{
	u32 at = (u32)(ref - state->refs);

	ASSERT(at < state->nr_refs);
	memmove(ref, ref + 1, (--state->nr_refs - at) * sizeof(*ref));
}

u32 state_count_refs(const struct state *state, enum ref_kind kind)
{
	u32 nr = 0;

	for (u32 i = 0; i < state->nr_refs; i++)
		nr += state->refs[i].kind == kind;
	return nr;
}
