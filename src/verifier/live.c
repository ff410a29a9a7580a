/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Liveness: whose value matters from here on.
 *
 * Registers: the textbook's backwards data flow over the instructions of each
 * function, before the walk.  A call reads the arguments it has and leaves R0
 * to R5 with nothing of before; an exit reads R0.  What an outer function
 * keeps in R6 to R9 is no business of the inner one.
 *
 * Slots: who reads and writes them is known only from walking, for pointers to
 * them are passed around.  So the walk notes it, and the same data flow is
 * done when somebody asks.
 *
 * 1. What is noted is told apart by the calls that led there: a chain is the
 *    call instructions of the outer frames and the function that runs.  So it
 *    is known which frame of the state a slot belongs to.
 * 2. For each instruction of a chain: what any visit of it has read (may
 *    grow), and what every visit of it has written whole (may shrink).
 * 3. A slot is live before an instruction that has read it, and before one
 *    that has not always written it and after which it is live, for the other
 *    instructions of the function.
 * 4. A call of a function is for the outer chain an instruction that reads
 *    what is live where the inner one begins, and writes what is always
 *    written from there to its exits.  A helper that calls back reads like
 *    this too, but is not known to write: it may call nothing.
 * 5. In an outer frame live is what is so after the call; before it, if that
 *    is a helper that calls back, which may do so again.
 * 6. When all paths from a state have been walked, or have ended at states of
 *    which that is true, whatever may be read on any of them has been noted.
 *    Until then no answer is any good.  Later visits by others may add to
 *    what is noted; the answer for that state stays right, if less exact.
 */
#include "verifier/live.h"

#include <string.h>

#include "base/alloc.h"
#include "vm/helper.h"
#include "vm/insn.h"

/* -------------------------------------------------------------- registers */

#define BIT(n) (1u << (n))
#define ARGS_MASK(n) ((u16)(((1u << (n)) - 1) << 1)) /* R1 to Rn */
#define CALL_CLOBBERS ((u16)(BIT(FIRST_SAVED) - 1))

struct effect {
	u16 reads, writes;
};

static u16 call_reads(const struct bpf_insn *insn)
{
	const struct helper *helper;
	u32 nr = 0;

	helper = insn_is_helper_call(insn) ? helper_by_id((u32)insn->imm)
					   : NULL;
	if (!helper)
		return ARGS_MASK(5);
	while (nr < ARRAY_SIZE(helper->args) && helper->args[nr] != ARG_NONE)
		nr++;
	return ARGS_MASK(nr);
}

static struct effect insn_effect(const struct bpf_insn *insn)
{
	u16 dst = (u16)BIT(insn->dst_reg), src = (u16)BIT(insn->src_reg);
	int xop = insn_decode(insn);

	if (xop < 0)
		return (struct effect){ .reads = UINT16_MAX };
	switch (insn_descs[xop].form) {
	case FORM_ALUX:
		return (struct effect){
			.reads = BPF_OP(insn->code) == BPF_MOV ? src
							       : dst | src,
			.writes = dst,
		};
	case FORM_ALUK:
		return (struct effect){
			.reads = BPF_OP(insn->code) == BPF_MOV ? 0 : dst,
			.writes = dst,
		};
	case FORM_UNARY:
		return (struct effect){ .reads = dst, .writes = dst };
	case FORM_MOVSX:
	case FORM_LDX:
	case FORM_LOADACQ:
		return (struct effect){ .reads = src, .writes = dst };
	case FORM_JMPX:
	case FORM_STX:
	case FORM_ATOMIC:
	case FORM_STOREREL:
		return (struct effect){ .reads = dst | src };
	case FORM_JMPK:
	case FORM_ST:
		return (struct effect){ .reads = dst };
	case FORM_JA:
		return (struct effect){ 0 };
	case FORM_FETCH:
		return (struct effect){ .reads = dst | src, .writes = src };
	case FORM_CMPXCHG:
		return (struct effect){
			.reads = dst | src | BIT(0),
			.writes = BIT(0),
		};
	case FORM_LD64:
		return (struct effect){ .writes = dst };
	case FORM_LDABS:
		return (struct effect){
			.reads = BIT(6),
			.writes = CALL_CLOBBERS,
		};
	case FORM_LDIND:
		return (struct effect){
			.reads = BIT(6) | src,
			.writes = CALL_CLOBBERS,
		};
	case FORM_CALL:
		return (struct effect){
			.reads = call_reads(insn),
			.writes = CALL_CLOBBERS,
		};
	case FORM_EXIT:
		return (struct effect){ .reads = BIT(0) };
	default:
		return (struct effect){ .reads = UINT16_MAX };
	}
}

static bool update_regs(struct verifier *v, u32 i, const struct effect *effect)
{
	struct insn_next next;
	u16 live = 0;

	insn_successors(v->prog, i, &next);
	for (u32 n = 0; n < next.nr; n++)
		live |= v->infos[next.to[n]].live;
	live = (u16)(effect->reads | (live & ~effect->writes));
	if (live == v->infos[i].live)
		return false;
	v->infos[i].live = live;
	return true;
}

int live_compute(struct verifier *v)
{
	const struct prog *prog = v->prog;
	struct effect *effects = mem_calloc(prog->len, sizeof(*effects));
	bool changed;

	if (!effects)
		return -ENOMEM;
	for (u32 i = 0; i < prog->len; i++) {
		effects[i] = insn_effect(&prog->insns[i]);
		if (insn_is_ld64(&prog->insns[i]))
			i++; /* its second half stays without any */
	}
	do {
		changed = false;
		for (u32 i = prog->len; i--;)
			if (v->infos[i].reached)
				changed |= update_regs(v, i, &effects[i]);
	} while (changed);
	mem_free(effects);
	return 0;
}

/* ------------------------------------------------------------------ slots */

/* What one instruction of a chain does with the slots of one frame. */
struct use {
	u64 read, written;
	u64 live;	    /* before it */
	u64 always_written; /* by it and whatever comes after, to the exits */
};

struct chain {
	struct chain *next;
	u32 depth; /* of the function that runs */
	u32 calls[MAX_FRAMES];
	u32 start, len;		      /* of that function */
	struct use *uses[MAX_FRAMES]; /* by instruction; NULL: none */
	bool *visited;		      /* by instruction */
	bool changed, written_shrunk; /* since the flow was computed */
};

#define CHAIN_BUCKETS 64u

struct live {
	struct chain *buckets[CHAIN_BUCKETS];
	struct chain *cur; /* that of the last instruction */
	bool changed;	   /* some chain has */
	/* the instruction that is looked at, if it may write */
	struct chain *noting;
	u32 insn;
	u64 written[MAX_FRAMES];
	bool failed; /* no memory to note something */
};

static u32 call_of(const struct state *state, u32 frame)
{
	return (u32)state->frames[frame + 1]->callsite;
}

static bool chain_is(const struct chain *chain, const u32 *calls, u32 depth,
		     u32 start)
{
	return chain->depth == depth && chain->start == start &&
	       !memcmp(chain->calls, calls, depth * sizeof(*calls));
}

static void chain_free(struct chain *chain)
{
	for (u32 i = 0; i < MAX_FRAMES; i++)
		mem_free(chain->uses[i]);
	mem_free(chain->visited);
	mem_free(chain);
}

static struct chain **chain_bucket(struct live *live, const u32 *calls,
				   u32 depth, u32 start)
{
	u32 hash = start;

	for (u32 i = 0; i < depth; i++)
		hash = hash * 31 + calls[i];
	return &live->buckets[hash % CHAIN_BUCKETS];
}

static u32 subprog_len(const struct prog *prog, u32 nr)
{
	u32 end = nr + 1 < prog->nr_subprogs ? prog->subprogs[nr + 1].start
					     : prog->len;

	return end - prog->subprogs[nr].start;
}

static struct chain *chain_new(struct verifier *v, const u32 *calls, u32 depth,
			       u32 subprog)
{
	struct chain *chain = mem_calloc(1, sizeof(*chain));

	if (!chain)
		return NULL;
	chain->depth = depth;
	memcpy(chain->calls, calls, depth * sizeof(*calls));
	chain->start = v->prog->subprogs[subprog].start;
	chain->len = subprog_len(v->prog, subprog);
	chain->visited = mem_calloc(chain->len, sizeof(*chain->visited));
	if (!chain->visited) {
		mem_free(chain);
		return NULL;
	}
	return chain;
}

static struct chain *chain_find(struct verifier *v, const u32 *calls, u32 depth,
				u32 subprog)
{
	u32 start = v->prog->subprogs[subprog].start;
	struct chain *chain = v->live->cur;

	if (chain && chain_is(chain, calls, depth, start))
		return chain;
	chain = *chain_bucket(v->live, calls, depth, start);
	while (chain && !chain_is(chain, calls, depth, start))
		chain = chain->next;
	return chain;
}

/* NULL: -ENOMEM */
static struct chain *chain_get(struct verifier *v, const u32 *calls, u32 depth,
			       u32 subprog)
{
	struct chain *chain = chain_find(v, calls, depth, subprog);
	struct chain **bucket;

	if (chain)
		return chain;
	chain = chain_new(v, calls, depth, subprog);
	if (!chain)
		return NULL;
	bucket = chain_bucket(v->live, calls, depth, chain->start);
	chain->next = *bucket;
	*bucket = chain;
	return chain;
}

static void calls_of(const struct state *state, u32 depth, u32 *calls)
{
	for (u32 i = 0; i < depth; i++)
		calls[i] = call_of(state, i);
}

/* That of the path's innermost frame; NULL: -ENOMEM. */
static struct chain *chain_now(struct verifier *v)
{
	u32 calls[MAX_FRAMES] = { 0 }, depth = v->cur->cur;

	calls_of(v->cur, depth, calls);
	v->live->cur = chain_get(v, calls, depth, state_frame(v->cur)->subprog);
	return v->live->cur;
}

static struct use *use_get(struct chain *chain, u32 frame, u32 insn)
{
	if (!chain->uses[frame])
		chain->uses[frame] = mem_calloc(chain->len, sizeof(struct use));
	return chain->uses[frame] ? &chain->uses[frame][insn - chain->start]
				  : NULL;
}

static void chain_touch(struct live *live, struct chain *chain)
{
	chain->changed = true;
	live->changed = true;
}

static int note_read(struct live *live, struct chain *chain, u32 frame,
		     u32 insn, u64 slots)
{
	struct use *use = use_get(chain, frame, insn);

	if (!use)
		return -ENOMEM;
	if (slots & ~use->read & ~use->live)
		chain_touch(live, chain);
	use->read |= slots;
	return 0;
}

/* One more visit of @insn has written @slots, by frame. */
static int note_written(struct live *live, struct chain *chain, u32 insn,
			const u64 *slots)
{
	bool *visited = &chain->visited[insn - chain->start];

	for (u32 frame = 0; frame <= chain->depth; frame++) {
		struct use *use;
		u64 written = slots[frame];

		if (!chain->uses[frame] && !written)
			continue;
		use = use_get(chain, frame, insn);
		if (!use)
			return -ENOMEM;
		if (*visited)
			written &= use->written;
		if (written == use->written)
			continue;
		chain->written_shrunk |= (use->written & ~written) != 0;
		use->written = written;
		chain_touch(live, chain);
	}
	*visited = true;
	return 0;
}

void live_slot_read(struct verifier *v, struct frame *frame, u32 slot)
{
	struct live *live = v->live;
	struct chain *chain = live->noting;

	if (!chain)
		chain = chain_now(v);
	if (!chain ||
	    note_read(live, chain, frame->depth, v->insn, 1ull << slot))
		live->failed = true;
}

void live_slot_written(struct verifier *v, struct frame *frame, u32 slot)
{
	v->live->written[frame->depth] |= 1ull << slot;
}

static bool may_write(const struct bpf_insn *insn)
{
	u8 class = BPF_CLASS(insn->code);

	return class == BPF_ST || class == BPF_STX || insn_is_call(insn);
}

int live_begin(struct verifier *v)
{
	struct live *live = v->live;

	live->failed = false;
	live->noting = NULL;
	if (!may_write(verifier_insn(v)))
		return 0;
	live->noting = chain_now(v);
	if (!live->noting)
		return -ENOMEM;
	memset(live->written, 0, sizeof(live->written));
	return 0;
}

int live_end(struct verifier *v)
{
	struct live *live = v->live;
	struct chain *chain = live->noting;

	live->noting = NULL;
	if (live->failed)
		return -ENOMEM;
	/* what a function does is noted when its own flow is known */
	if (!chain || v->cur->cur != chain->depth)
		return 0;
	return note_written(live, chain, v->insn, live->written);
}

/* ------------------------------------------------------------------- flow */

static bool update_use(struct verifier *v, struct chain *chain,
		       struct use *uses, u32 insn)
{
	struct use *use = &uses[insn - chain->start];
	u64 live = 0, always = ~0ull;
	struct insn_next next;

	insn_successors(v->prog, insn, &next);
	if (!next.nr) /* an exit: it reads no slots */
		return false;
	for (u32 n = 0; n < next.nr; n++) {
		live |= uses[next.to[n] - chain->start].live;
		always &= uses[next.to[n] - chain->start].always_written;
	}
	live = use->read | (live & ~use->written);
	always |= use->written;
	if (live == use->live && always == use->always_written)
		return false;
	use->live = live;
	use->always_written = always;
	return true;
}

static bool is_second_half(const struct verifier *v, u32 i)
{
	return !v->infos[i].reached;
}

static void chain_flow_frame(struct verifier *v, struct chain *chain, u32 frame)
{
	struct use *uses = chain->uses[frame];
	bool changed;

	if (!uses)
		return;
	/* it is computed from below, so it must start there */
	if (chain->written_shrunk)
		for (u32 i = 0; i < chain->len; i++)
			uses[i].always_written = 0;
	do {
		changed = false;
		for (u32 i = chain->start + chain->len; i-- > chain->start;)
			if (!is_second_half(v, i))
				changed |= update_use(v, chain, uses, i);
	} while (changed);
}

/* What the outer function's call does is what this chain does. */
static int chain_to_outer(struct verifier *v, const struct chain *chain)
{
	u32 depth = chain->depth - 1, call = chain->calls[depth];
	struct chain *outer =
		chain_get(v, chain->calls, depth, subprog_of(v->prog, call));
	u64 written[MAX_FRAMES] = { 0 };
	int err;

	if (!outer)
		return -ENOMEM;
	for (u32 frame = 0; frame <= depth; frame++) {
		const struct use *first = chain->uses[frame];

		if (!first)
			continue;
		written[frame] = first->always_written;
		if (!first->live)
			continue;
		err = note_read(v->live, outer, frame, call, first->live);
		if (err)
			return err;
	}
	return note_written(v->live, outer, call, written);
}

static int chain_flow(struct verifier *v, struct chain *chain)
{
	for (u32 frame = 0; frame <= chain->depth; frame++)
		chain_flow_frame(v, chain, frame);
	chain->changed = chain->written_shrunk = false;
	return chain->depth ? chain_to_outer(v, chain) : 0;
}

/* The innermost ones first: they tell the outer ones. */
static int settle_depth(struct verifier *v, u32 depth)
{
	struct live *live = v->live;
	int err;

	for (u32 i = 0; i < CHAIN_BUCKETS; i++)
		for (struct chain *chain = live->buckets[i]; chain;
		     chain = chain->next) {
			if (!chain->changed || chain->depth != depth)
				continue;
			err = chain_flow(v, chain);
			if (err)
				return err;
		}
	return 0;
}

int live_settle(struct verifier *v)
{
	int err = 0;

	if (!v->live->changed)
		return 0;
	for (u32 depth = MAX_FRAMES; depth-- && !err;)
		err = settle_depth(v, depth);
	if (!err)
		v->live->changed = false;
	return err;
}

/* What is noted by the chain of @state's frame @depth; none: nothing was. */
static u64 chain_live(struct verifier *v, const struct state *state, u32 depth,
		      u32 frame, u32 insn)
{
	const struct chain *chain;
	u32 calls[MAX_FRAMES] = { 0 };

	calls_of(state, depth, calls);
	chain = chain_find(v, calls, depth, state->frames[depth]->subprog);
	if (!chain || !chain->uses[frame])
		return 0;
	return chain->uses[frame][insn - chain->start].live;
}

u64 live_slots(struct verifier *v, const struct state *state, u32 frame)
{
	u64 slots = chain_live(v, state, state->cur, frame, state->insn);

	for (u32 i = frame; i < state->cur; i++) {
		u32 call = call_of(state, i);
		bool again = v->infos[call].calls_callback;

		slots |=
			chain_live(v, state, i, frame, again ? call : call + 1);
	}
	return slots;
}

int live_init(struct verifier *v)
{
	v->live = mem_calloc(1, sizeof(*v->live));
	return v->live ? 0 : -ENOMEM;
}

void live_free(struct verifier *v)
{
	struct chain *chain, *next;

	for (u32 i = 0; v->live && i < CHAIN_BUCKETS; i++)
		for (chain = v->live->buckets[i]; chain; chain = next) {
			next = chain->next;
			chain_free(chain);
		}
	mem_free(v->live);
	v->live = NULL;
}
