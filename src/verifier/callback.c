/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions that a helper calls back, any number of times.
 *
 * 1. Such a call forks: on one path the function is not called, or not any
 *    more, and the program goes on after the helper; on the other it is
 *    entered, in a frame whose call is the helper's.
 * 2. When it returns, the path comes to the helper's call again, with what it
 *    has changed in its caller's stack.  So each number of calls has its path;
 *    they end because prune.c finds the state at the call no news, after
 *    numbers that nothing depends on have been forgotten (widen.c).
 * 3. bpf_loop() with a constant count forks no more often than that.
 * 4. A callback gets what its helper's line of the table says, and returns 0
 *    or 1.  It must give back what it takes.
 */
#include "object/map.h"
#include "verifier/precise.h"
#include "verifier/subprog.h"
#include "verifier/walk.h"
#include "vm/helper.h"

struct callback {
	u32 helper;
	u32 data_regno; /* of the call: what the callback gets as it is */
	u32 data_to;	/* and where */
	/* the other arguments */
	void (*args)(struct reg *regs, const struct reg *call);
};

/* for_each_map_elem(map, callback, data, flags): (map, key, value, data) */
static void element_args(struct reg *regs, const struct reg *call)
{
	reg_set_pointer(&regs[1], REG_MAP, 0);
	reg_set_pointer(&regs[2], REG_MAP_KEY, 0);
	reg_set_pointer(&regs[3], REG_MAP_VALUE, 0);
	for (u32 i = 1; i <= 3; i++) {
		regs[i].map = call[1].map;
		regs[i].map_uid = call[1].map_uid;
	}
}

/* loop(count, callback, data, flags): (index, data) */
static void loop_args(struct reg *regs, const struct reg *call)
{
	(void)call;
	reg_set_unknown(&regs[1]);
}

static const struct callback callbacks[] = {
	{ BPF_FUNC_for_each_map_elem, 3, 4, element_args },
	{ BPF_FUNC_loop, 3, 2, loop_args },
};

static const struct callback *callback_of(u32 id)
{
	const struct callback *callback = callbacks;

	while (callback->helper != id)
		callback++; /* every helper with ARG_FUNC has a line */
	return callback;
}

/* @state, a copy of v->cur, enters function @nr. */
static int enter(struct verifier *v, struct state *state,
		 const struct callback *callback, u32 nr)
{
	const struct reg *call;
	struct frame *callee;
	int err;

	err = frame_enter(state, (s32)v->insn, nr);
	if (err)
		return err;
	call = state->frames[state->cur - 1]->regs;
	callee = state_frame(state);
	callback->args(callee->regs, call);
	callee->regs[callback->data_to] = call[callback->data_regno];
	callee->in_callback = true;
	callee->ret_min = 0;
	callee->ret_max = 1;
	state->frames[state->cur - 1]->callback_rounds++;
	state->callback_depth++;
	return 0;
}

/* bpf_loop(): is there another round?  How many there are decides. */
static int loop_goes_on(struct verifier *v, bool *goes_on)
{
	struct frame *frame = state_frame(v->cur);
	int err = precise_reg(v, 1);

	*goes_on = frame->callback_rounds < frame->regs[1].s.r64.umax;
	if (!*goes_on) {
		frame->callback_rounds = 0;
		if (v->log->level & LOG_LEVEL2)
			log_printf(v->log,
				   "frame%u bpf_loop iteration limit "
				   "reached\n",
				   frame->depth);
	}
	return err;
}

int callback_enter(struct verifier *v, u32 id, u32 func_regno)
{
	u32 nr = verifier_regs(v)[func_regno].subprog;
	bool goes_on = true;
	struct state *other;
	int err;

	if (id == BPF_FUNC_loop) {
		err = loop_goes_on(v, &goes_on);
		if (err || !goes_on)
			return err;
	}
	if (v->cur->cur + 1 >= MAX_FRAMES) {
		log_printf(v->log, "the call stack of %u frames is too deep\n",
			   v->cur->cur + 2);
		return -E2BIG;
	}
	err = branch_push(v, v->prog->subprogs[nr].start, &other);
	if (!err)
		err = enter(v, other, callback_of(id), nr);
	if (!err)
		state_frame(v->cur)->callback_rounds = 0;
	return err;
}
