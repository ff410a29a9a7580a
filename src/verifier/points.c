/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Points: where paths meet, where they part, and where they can go round.
 *
 * 1. A prune point is an instruction before which states are compared and
 *    remembered: where a jump goes to, a conditional jump itself, what follows
 *    a call, the start of a function.  Every cycle of the program has one, for
 *    it has a jump back.
 * 2. A jump point is one that the path may have come to from elsewhere than
 *    from the instruction before it.  precise.c, which walks paths backwards,
 *    takes the one before wherever the history of the path says nothing, so
 *    each of these is in the history.
 * 3. A call of a helper that calls back is both, and always remembered: the
 *    callback's path comes back to it, any number of times.
 * 4. A cycle (info->cycle, from 1; 0: in none) is a set of instructions of one
 *    function each of which can be reached from each other one; a helper that
 *    calls back is a cycle by itself.  A path that has left a cycle does not
 *    come back to it, unless it leaves the function: what prune.c needs to
 *    know of states in loops.  Only callbacks make it ask, and the log, which
 *    shows cycles at level 2: otherwise they are not looked for.
 */
#include "base/alloc.h"
#include "verifier/checks.h"
#include "vm/helper.h"
#include "vm/insn.h"

/* ----------------------------------------------------------------- points */

static void mark_meeting(struct verifier *v, u32 i)
{
	v->infos[i].prune_point = true;
	v->infos[i].jump_point = true;
}

static bool calls_back(const struct bpf_insn *insn)
{
	const struct helper *helper;

	if (!insn_is_helper_call(insn))
		return false;
	helper = helper_by_id((u32)insn->imm);
	if (!helper)
		return false;
	for (u32 i = 0; i < ARRAY_SIZE(helper->args); i++)
		if (helper->args[i] == ARG_FUNC)
			return true;
	return false;
}

static void mark_call(struct verifier *v, u32 i, const struct bpf_insn *insn)
{
	struct insn_info *info = &v->infos[i];

	mark_meeting(v, i + 1);
	if (insn_is_func_call(insn))
		info->prune_point = true;
	if (calls_back(insn)) {
		info->calls_callback = true;
		info->force_checkpoint = true;
		mark_meeting(v, i);
	}
}

/* Of a jump that can go on: the prune point is before it, where its two paths
 * are still one. */
static void mark_jump(struct verifier *v, u32 i, const struct insn_next *next)
{
	mark_meeting(v, next->to[next->nr - 1]);
	if (next->nr > 1)
		v->infos[i].prune_point = true;
}

static void mark_points(struct verifier *v)
{
	const struct prog *prog = v->prog;
	struct insn_next next;

	for (u32 i = 0; i < prog->len; i++) {
		const struct bpf_insn *insn = &prog->insns[i];

		insn_successors(prog, i, &next);
		if (insn_is_call(insn)) {
			mark_call(v, i, insn);
		} else if (insn_is_jump(insn)) {
			mark_jump(v, i, &next);
		} else if (insn_is_func_ref(insn)) {
			v->infos[i].prune_point = true;
			mark_meeting(v, i + 2);
		}
		if (insn_is_ld64(insn))
			i++;
	}
	for (u32 i = 1; i < prog->nr_subprogs; i++)
		mark_meeting(v, prog->subprogs[i].start);
}

/* ----------------------------------------------------------------- cycles */

/*
 * Tarjan's algorithm: a depth-first walk numbers instructions as it meets
 * them.  low is the smallest number that is known to be reached from one and
 * whose cycle is not complete; who keeps its own number when its successors
 * are done is the first of a cycle, the rest of which is above it on the
 * stack.
 */
struct cycles {
	struct verifier *v;
	u32 *number, *low;     /* by instruction; 0: not met, NR_DONE: done */
	u32 *stack, *path;     /* instructions */
	u8 *taken;	       /* successors looked at, of those on the path */
	u32 nr_stack, nr_path; /* in use */
	u32 nr_met, nr_cycles;
};

#define NR_DONE UINT32_MAX

static void cycles_meet(struct cycles *c, u32 i)
{
	c->number[i] = c->low[i] = ++c->nr_met;
	c->taken[i] = 0;
	c->stack[c->nr_stack++] = i;
	c->path[c->nr_path++] = i;
}

static bool reaches_itself(const struct verifier *v, u32 i)
{
	struct insn_next next;

	if (v->infos[i].calls_callback)
		return true;
	insn_successors(v->prog, i, &next);
	for (u32 n = 0; n < next.nr; n++)
		if (next.to[n] == i)
			return true;
	return false;
}

/* All that is reached from @i is done, and @i was the first of its cycle. */
static void cycles_close(struct cycles *c, u32 i)
{
	bool alone = c->stack[c->nr_stack - 1] == i;
	u32 cycle = 0, member;

	if (!alone || reaches_itself(c->v, i))
		cycle = ++c->nr_cycles;
	do {
		member = c->stack[--c->nr_stack];
		c->number[member] = NR_DONE;
		c->v->infos[member].cycle = cycle;
	} while (member != i);
}

static void cycles_step(struct cycles *c)
{
	u32 i = c->path[c->nr_path - 1], to;
	struct insn_next next;

	insn_successors(c->v->prog, i, &next);
	if (c->taken[i] < next.nr) {
		to = next.to[c->taken[i]++];
		if (!c->number[to])
			cycles_meet(c, to);
		else if (c->number[to] != NR_DONE)
			c->low[i] = min(c->low[i], c->number[to]);
		return;
	}
	c->nr_path--;
	if (c->low[i] == c->number[i])
		cycles_close(c, i);
	if (c->nr_path) {
		u32 from = c->path[c->nr_path - 1];

		c->low[from] = min(c->low[from], c->low[i]);
	}
}

static void find_cycles_of(struct cycles *c)
{
	const struct prog *prog = c->v->prog;

	for (u32 nr = 0; nr < prog->nr_subprogs; nr++) {
		cycles_meet(c, prog->subprogs[nr].start);
		while (c->nr_path)
			cycles_step(c);
	}
}

static int find_cycles(struct verifier *v)
{
	u32 len = v->prog->len;
	struct cycles c = {
		.v = v,
		.number = mem_calloc(len, sizeof(u32)),
		.low = mem_calloc(len, sizeof(u32)),
		.stack = mem_calloc(len, sizeof(u32)),
		.path = mem_calloc(len, sizeof(u32)),
		.taken = mem_calloc(len, sizeof(u8)),
	};
	int err = -ENOMEM;

	if (c.number && c.low && c.stack && c.path && c.taken) {
		find_cycles_of(&c);
		err = 0;
	}
	mem_free(c.number);
	mem_free(c.low);
	mem_free(c.stack);
	mem_free(c.path);
	mem_free(c.taken);
	return err;
}

int find_points(struct verifier *v)
{
	bool wanted = v->log->level & LOG_LEVEL2;

	mark_points(v);
	for (u32 i = 0; i < v->prog->len; i++)
		wanted |= v->infos[i].calls_callback;
	return wanted ? find_cycles(v) : 0;
}
