/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The call graph: how deep functions nest, and how much stack they take.
 *
 * 1. A call or a reference to a callback puts the callee's frame on top of the
 *    caller's, whether any path comes to it or not.  Frames are in units of
 *    STACK_UNIT bytes.
 * 2. A chain of calls from the program's start may have MAX_FRAMES frames, of
 *    MAX_STACK bytes together; a function that tail calls must be entered with
 *    less than MAX_STACK_BEFORE_TAIL_CALL of them in use, for the program that
 *    it goes to has a stack of its own.
 * 3. There are more chains than can be looked at.  So the graph is measured
 *    first, each function once: what the chains that begin with it need.  A
 *    function that can call itself is endless: some chain from it breaks a
 *    limit.
 * 4. If some chain does, the one to tell of is the first in the order of the
 *    instructions.  It is found from the measures, without trying the others.
 */
#include "base/alloc.h"
#include "verifier/checks.h"
#include "vm/insn.h"

#define STACK_UNIT 16u
#define MAX_STACK_BEFORE_TAIL_CALL 256u

/* Of all chains from one function on, with itself: the most. */
struct need {
	bool measured, measuring;
	bool endless;
	u32 frames, bytes;
	bool tail_calls; /* one at least does */
	u32 tail_bytes;	 /* below the frame of one that does */
};

struct graph {
	struct verifier *v;
	struct need *needs; /* by function */
};

/* What the frames that a function is entered with take. */
struct below {
	u32 frames, bytes;
};

static u32 subprog_end(const struct prog *prog, u32 nr)
{
	return nr + 1 < prog->nr_subprogs ? prog->subprogs[nr + 1].start
					  : prog->len;
}

static u32 own_bytes(const struct prog *prog, u32 nr)
{
	return round_up(prog->subprogs[nr].stack_depth, STACK_UNIT);
}

/* The next callee in function @nr from instruction *i on, which moves past it;
 * -1: there are no more. */
static int next_callee(const struct prog *prog, u32 nr, u32 *i)
{
	u32 end = subprog_end(prog, nr);

	while (*i < end) {
		const struct bpf_insn *insn = &prog->insns[*i];
		u32 target = *i + 1 + (u32)insn->imm;
		bool enters = insn_is_func_call(insn) || insn_is_func_ref(insn);

		*i += insn_is_ld64(insn) ? 2 : 1;
		if (enters)
			return (int)subprog_of(prog, target);
	}
	return -1;
}

/* --------------------------------------------------------------- measures */

static void measure(struct graph *graph, u32 nr);

static void measure_callee(struct graph *graph, struct need *need, u32 own,
			   u32 callee)
{
	const struct need *above = &graph->needs[callee];

	if (!above->measured && !above->measuring)
		measure(graph, callee);
	if (above->measuring || above->endless) {
		need->endless = true;
		return;
	}
	need->frames = max(need->frames, above->frames + 1);
	need->bytes = max(need->bytes, above->bytes + own);
	if (above->tail_calls) {
		need->tail_calls = true;
		need->tail_bytes =
			max(need->tail_bytes, above->tail_bytes + own);
	}
}

static void measure(struct graph *graph, u32 nr)
{
	const struct prog *prog = graph->v->prog;
	struct need *need = &graph->needs[nr];
	u32 i = prog->subprogs[nr].start;
	int callee;

	*need = (struct need){
		.measuring = true,
		.frames = 1,
		.bytes = own_bytes(prog, nr),
		.tail_calls = nr && prog->subprogs[nr].has_tail_call,
	};
	while ((callee = next_callee(prog, nr, &i)) >= 0)
		measure_callee(graph, need, own_bytes(prog, nr), (u32)callee);
	need->measuring = false;
	need->measured = true;
}

/* Does some chain break a limit that goes on with @nr, entered so? */
static bool breaks(const struct graph *graph, u32 nr, const struct below *below)
{
	const struct need *need = &graph->needs[nr];

	return need->endless || below->frames + need->frames > MAX_FRAMES ||
	       below->bytes + need->bytes > MAX_STACK ||
	       (need->tail_calls &&
		below->bytes + need->tail_bytes >= MAX_STACK_BEFORE_TAIL_CALL);
}

/* ------------------------------------------------------- the chain to tell */

/* @nr is entered: is that where the limit is? */
static int enter(const struct graph *graph, u32 nr, struct below *below)
{
	const struct prog *prog = graph->v->prog;
	struct log *log = graph->v->log;

	if (below->frames == MAX_FRAMES) {
		log_printf(log, "the call stack of %u frames is too deep !\n",
			   below->frames);
		return -E2BIG;
	}
	if (nr && prog->subprogs[nr].has_tail_call &&
	    below->bytes >= MAX_STACK_BEFORE_TAIL_CALL) {
		log_printf(log,
			   "tail_calls are not allowed when call stack of "
			   "previous frames is %u bytes. Too large\n",
			   below->bytes);
		return -EACCES;
	}
	below->frames++;
	below->bytes += own_bytes(prog, nr);
	if (below->bytes > MAX_STACK) {
		log_printf(log,
			   "combined stack size of %u calls is %u. Too large\n",
			   below->frames, below->bytes);
		return -EACCES;
	}
	return 0;
}

/* The first callee of @nr from which on some chain breaks one. */
static u32 first_broken(const struct graph *graph, u32 nr,
			const struct below *below)
{
	const struct prog *prog = graph->v->prog;
	u32 i = prog->subprogs[nr].start;
	int callee;

	do {
		callee = next_callee(prog, nr, &i);
		ASSERT(callee >= 0);
	} while (!breaks(graph, (u32)callee, below));
	return (u32)callee;
}

/* Some chain breaks a limit: along the first that does, to where it does. */
static int refuse(const struct graph *graph)
{
	struct below below = { 0 };
	u32 nr = 0;
	int err;

	while (!(err = enter(graph, nr, &below)))
		nr = first_broken(graph, nr, &below);
	return err;
}

int check_frames(struct verifier *v)
{
	const struct below nothing = { 0 };
	struct graph graph = { .v = v };
	int err = 0;

	graph.needs = mem_calloc(v->prog->nr_subprogs, sizeof(*graph.needs));
	if (!graph.needs)
		return -ENOMEM;
	measure(&graph, 0);
	if (breaks(&graph, 0, &nothing))
		err = refuse(&graph);
	mem_free(graph.needs);
	return err;
}
