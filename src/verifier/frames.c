/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The call graph: how deep functions nest, and how much stack they take.
 *
 * A depth-first walk gives each function the longest chain of calls from it,
 * in functions and in bytes.  A function that is met again while it is being
 * walked calls itself: that chain has no end.
 */
#include "base/alloc.h"
#include "verifier/checks.h"
#include "vm/insn.h"

#define MAX_FRAMES 8u
#define MAX_STACK 512u
#define STACK_UNIT 16u
#define MAX_STACK_BEFORE_TAIL_CALL 256u

struct chain {
	bool walked, walking;
	u32 frames, bytes; /* with the function itself */
	u32 tail_bytes;	   /* bytes before the deepest tail call; 0: none */
	bool tail;
};

struct walk {
	struct verifier *v;
	struct chain *chains; /* by function */
};

static int too_deep(struct walk *walk)
{
	log_printf(walk->v->log, "the call stack of %u frames is too deep\n",
		   MAX_FRAMES + 1);
	return -E2BIG;
}

static int walk_function(struct walk *walk, u32 nr, u32 depth);

static int walk_callee(struct walk *walk, struct chain *chain, u32 nr,
		       u32 callee, u32 depth)
{
	const struct prog *prog = walk->v->prog;
	u32 own = round_up(prog->subprogs[nr].stack_depth, STACK_UNIT);
	const struct chain *below = &walk->chains[callee];
	int err = walk_function(walk, callee, depth + 1);

	if (err)
		return err;
	chain->frames = max(chain->frames, below->frames + 1);
	chain->bytes = max(chain->bytes, below->bytes + own);
	if (below->tail) {
		chain->tail = true;
		chain->tail_bytes =
			max(chain->tail_bytes, below->tail_bytes + own);
	}
	return 0;
}

static int walk_function(struct walk *walk, u32 nr, u32 depth)
{
	const struct prog *prog = walk->v->prog;
	struct chain *chain = &walk->chains[nr];
	u32 end = nr + 1 < prog->nr_subprogs ? prog->subprogs[nr + 1].start
					     : prog->len;
	int err;

	if (chain->walking || depth > MAX_FRAMES)
		return too_deep(walk);
	if (chain->walked)
		return 0;
	chain->walking = true;
	chain->frames = 1;
	chain->bytes = round_up(prog->subprogs[nr].stack_depth, STACK_UNIT);
	chain->tail = prog->subprogs[nr].has_tail_call;
	for (u32 i = prog->subprogs[nr].start; i < end; i++) {
		const struct bpf_insn *insn = &prog->insns[i];

		if (insn_is_func_call(insn) || insn_is_func_ref(insn)) {
			err = walk_callee(walk, chain, nr,
					  subprog_of(prog,
						     i + 1 + (u32)insn->imm),
					  depth);
			if (err)
				return err;
		}
		if (insn_is_ld64(insn))
			i++;
	}
	chain->walking = false;
	chain->walked = true;
	return 0;
}

static int check_chain(struct verifier *v, const struct chain *chain)
{
	if (chain->tail && chain->tail_bytes >= MAX_STACK_BEFORE_TAIL_CALL) {
		log_printf(v->log,
			   "tail_calls are not allowed when call stack of "
			   "previous frames is %u bytes. Too large\n",
			   chain->tail_bytes);
		return -EACCES;
	}
	if (chain->bytes > MAX_STACK) {
		log_printf(v->log,
			   "combined stack size of %u calls is %u. Too large\n",
			   chain->frames, chain->bytes);
		return -EACCES;
	}
	return 0;
}

int check_frames(struct verifier *v)
{
	struct walk walk = { .v = v };
	int err;

	walk.chains = mem_calloc(v->prog->nr_subprogs, sizeof(*walk.chains));
	if (!walk.chains)
		return -ENOMEM;
	err = walk_function(&walk, 0, 1);
	if (!err && walk.chains[0].frames > MAX_FRAMES)
		err = too_deep(&walk);
	if (!err)
		err = check_chain(v, &walk.chains[0]);
	mem_free(walk.chains);
	return err;
}
