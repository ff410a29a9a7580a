/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths that need not be walked again.
 *
 * At prune points states are remembered.  They are a tree: parent is the one
 * remembered before on the same path; branches counts the paths from a state,
 * through whatever was remembered after it, that have not ended.
 *
 * 1. A state without branches is finished: all paths from it have been walked
 *    and none was refused, or they ended at states of which that is true.  A
 *    path that comes with one that is no more general (equal.c) ends there.
 * 2. What made the paths from the old one safe must be kept of those who rely
 *    on it: what is precise in it becomes so back along the path that ends.
 * 3. Those with branches are the ones on the path that is being walked, for
 *    the branch that waits last is walked first.  To be the same as one of
 *    these is to be in a loop that does not end: -EINVAL.  A loop that counts
 *    to somewhere never is.
 * 4. The exception are calls that call back.  How often, nobody knows, so a
 *    round that comes back with nothing new has shown that all further ones
 *    are safe if this one is: a path may end at a state that is not finished,
 *    if it is no more general in all that is known, precise or not.
 * 5. Then what is precise in that state is not known yet.  The path is kept
 *    (a back edge) until the first state of the cycle is finished; then marks
 *    go round all of them until there are no new ones.  Until then the states
 *    of that cycle, in the same calls, are not finished in the sense of 1:
 *    they are compared as in 4, and whoever ends at them is a back edge too.
 * 6. What no path from a finished state reads is forgotten: it is as if it
 *    had never been known, so more states are equal to it.
 * 7. A state that was compared in vain too often is not compared any more; it
 *    is freed when it is finished, for until then it is somebody's parent.
 * 8. Not every state is remembered: it costs memory and comparisons.  Each
 *    cycle has a prune point, and after some number of jumps and instructions
 *    a state is remembered, so loops are found all the same.
 */
#include "verifier/prune.h"

#include "base/alloc.h"
#include "verifier/equal.h"
#include "verifier/live.h"
#include "verifier/precise.h"
#include "verifier/show.h"
#include "verifier/stack.h"
#include "verifier/walk.h"

/* When a state is remembered: since the last one ... */
#define MIN_JUMPS 2u
#define MIN_INSNS 8u
/* ... in a loop, where states that follow each other differ ... */
#define MIN_LOOP_JUMPS 20u
#define MIN_LOOP_INSNS 100u
/* ... always, lest the history grows. */
#define MAX_STEPS 40u

/* How many vain comparisons for each good one. */
#define MISSES_PER_HIT 3u
#define MISSES_PER_HIT_CALLBACK 64u

#define MAX_ROUNDS 64u

struct backedge {
	struct backedge *next;
	struct state *state; /* where the path ended */
	struct state *equal; /* at this one */
};

/* The cycle that a state is in, that of the outermost frame that is in one,
 * and the calls that lead there. */
struct cycle_id {
	u32 cycle; /* 0: none */
	u32 depth; /* that frame */
	u32 calls[MAX_FRAMES];
};

/* A cycle with back edges whose first state is not finished. */
struct loop {
	struct loop *next;
	struct cycle_id id;
	struct state *entry;
	struct backedge *edges;
};

struct prune {
	struct state **buckets; /* by instruction and innermost call */
	u32 nr_buckets;
	struct state *evicted;
	u32 nr_known, nr_evicted, nr_edges;
	struct loop *loops;
	struct id_map ids;
};

/* ------------------------------------------------------------------ table */

static struct state **bucket_of(struct verifier *v, u32 insn)
{
	u32 hash = insn ^ (u32)state_frame(v->cur)->callsite;

	return &v->prune->buckets[hash % v->prune->nr_buckets];
}

static void list_add(struct state **head, struct state *state)
{
	state->next = *head;
	state->link = head;
	if (*head)
		(*head)->link = &state->next;
	*head = state;
}

static void list_del(struct state *state)
{
	*state->link = state->next;
	if (state->next)
		state->next->link = state->link;
}

static void list_free(struct state **head)
{
	struct state *next;

	for (struct state *state = *head; state; state = next) {
		next = state->next;
		state_free(state);
	}
	*head = NULL;
}

static void note_peak(struct verifier *v)
{
	const struct prune *prune = v->prune;

	v->peak_states =
		max(v->peak_states,
		    prune->nr_known + prune->nr_evicted + prune->nr_edges);
}

/* ------------------------------------------------------------------ loops */

static struct cycle_id cycle_id_of(const struct verifier *v,
				   const struct state *state)
{
	struct cycle_id id = { 0 };

	for (u32 i = 0; i <= state->cur; i++) {
		u32 insn = state_frame_insn(state, i, state->insn);

		id.depth = i;
		id.cycle = v->infos[insn].cycle;
		if (id.cycle)
			break;
		id.calls[i] = insn;
	}
	return id;
}

static bool cycle_ids_equal(const struct cycle_id *a, const struct cycle_id *b)
{
	if (a->cycle != b->cycle || a->depth != b->depth)
		return false;
	for (u32 i = 0; i < a->depth; i++)
		if (a->calls[i] != b->calls[i])
			return false;
	return true;
}

/* The loop with back edges that @state is in, or NULL. */
static struct loop *loop_of(const struct verifier *v, const struct state *state)
{
	struct cycle_id id;

	if (!v->prune->loops)
		return NULL;
	id = cycle_id_of(v, state);
	if (!id.cycle)
		return NULL;
	for (struct loop *loop = v->prune->loops; loop; loop = loop->next)
		if (cycle_ids_equal(&loop->id, &id))
			return loop;
	return NULL;
}

static struct state *loop_entry(const struct verifier *v, struct state *state,
				const struct cycle_id *id)
{
	struct state *entry = state;

	while (entry->parent) {
		struct cycle_id outer = cycle_id_of(v, entry->parent);

		if (!cycle_ids_equal(&outer, id))
			break;
		entry = entry->parent;
	}
	return entry;
}

/* The loop of @state, one that is unfinished. */
static int loop_open(struct verifier *v, struct state *state, struct loop **out)
{
	struct loop *loop = loop_of(v, state);

	if (!loop) {
		loop = mem_calloc(1, sizeof(*loop));
		if (!loop)
			return -ENOMEM;
		loop->id = cycle_id_of(v, state);
		ASSERT(loop->id.cycle);
		loop->entry = loop_entry(v, state, &loop->id);
		loop->next = v->prune->loops;
		v->prune->loops = loop;
	}
	*out = loop;
	return 0;
}

static void edge_free(struct backedge *edge)
{
	state_free(edge->state);
	mem_free(edge);
}

static void loop_free(struct prune *prune, struct loop *loop)
{
	struct backedge *next;

	for (struct backedge *edge = loop->edges; edge; edge = next) {
		next = edge->next;
		edge_free(edge);
		prune->nr_edges--;
	}
	mem_free(loop);
}

/* v->cur ends at @old, which is not finished. */
static int edge_add(struct verifier *v, struct state *old)
{
	struct backedge *edge = mem_calloc(1, sizeof(*edge));
	struct loop *loop;
	int err;

	if (!edge)
		return -ENOMEM;
	err = state_dup(&edge->state, v->cur);
	if (!err)
		err = loop_open(v, old, &loop);
	if (err) {
		edge_free(edge);
		return err;
	}
	edge->state->insn = v->insn;
	edge->equal = old;
	edge->next = loop->edges;
	loop->edges = edge;
	v->prune->nr_edges++;
	note_peak(v);
	return 0;
}

static bool loop_round(struct verifier *v, const struct loop *loop)
{
	bool news = false;

	for (struct backedge *edge = loop->edges; edge; edge = edge->next)
		news |= precise_like(v, edge->equal, edge->state,
				     edge->state->insn);
	return news;
}

/* @state is finished: all of its cycle is, if it was the first there. */
static void loop_close(struct verifier *v, const struct state *state)
{
	struct loop **at = &v->prune->loops, *loop;
	u32 rounds = 0;

	while (*at && (*at)->entry != state)
		at = &(*at)->next;
	loop = *at;
	if (!loop)
		return;
	while (loop_round(v, loop) && rounds < MAX_ROUNDS)
		rounds++;
	if (rounds == MAX_ROUNDS)
		for (struct backedge *edge = loop->edges; edge;
		     edge = edge->next)
			precise_all(v, edge->state);
	*at = loop->next;
	loop_free(v->prune, loop);
}

/* --------------------------------------------------------- ends of states */

/* Nobody is interested in @state any more. */
static void drop_if_finished(struct verifier *v, struct state *state)
{
	if (!state->evicted || state->branches || loop_of(v, state))
		return;
	list_del(state);
	v->prune->nr_evicted--;
	state_free(state);
}

static void evict(struct verifier *v, struct state *state)
{
	list_del(state);
	list_add(&v->prune->evicted, state);
	state->evicted = true;
	v->prune->nr_known--;
	v->prune->nr_evicted++;
	drop_if_finished(v, state);
}

void prune_end(struct verifier *v, struct state *state)
{
	struct state *parent;

	for (struct state *at = state; at; at = parent) {
		ASSERT(at->branches);
		if (--at->branches)
			break;
		loop_close(v, at);
		parent = at->parent;
		if (at != state)
			drop_if_finished(v, at);
	}
}

static void forget_regs(const struct verifier *v, struct state *state,
			u32 frame)
{
	u32 insn = state_frame_insn(state, frame, state->insn);

	for (u32 i = 0; i < REG_FP; i++)
		if (!(v->infos[insn].live & (1u << i)))
			reg_set_uninit(&state->frames[frame]->regs[i]);
}

static void forget_slots(struct frame *frame, u64 live)
{
	for (u32 i = 0; i < frame->nr_slots; i++) {
		struct slot *slot = &frame->slots[i];

		if ((live >> i) & 1)
			continue;
		for (u32 byte = 0; byte < SLOT_SIZE; byte++)
			slot->type[byte] = SLOT_INVALID;
		reg_set_uninit(&slot->reg);
	}
}

/* @state is finished: what was not read is not known. */
static int forget(struct verifier *v, struct state *state)
{
	int err;

	if (state->cleaned)
		return 0;
	err = live_settle(v);
	if (err)
		return err;
	for (u32 i = 0; i <= state->cur; i++) {
		forget_regs(v, state, i);
		if (state->frames[i]->nr_slots)
			forget_slots(state->frames[i], live_slots(v, state, i));
	}
	state->cleaned = true;
	return 0;
}

/* ---------------------------------------------------------------- compare */

struct search {
	bool force, add; /* remember v->cur */
	u32 nr_seen;
};

static u32 hash_calls(const struct state *state)
{
	u32 hash = state->cur;

	for (u32 i = 1; i <= state->cur; i++)
		hash = hash * 31 + (u32)state->frames[i]->callsite;
	return hash;
}

/* The hash is at hand, frames are elsewhere in memory. */
static bool same_calls(const struct state *a, const struct state *b)
{
	if (a->calls != b->calls || a->cur != b->cur)
		return false;
	for (u32 i = 0; i <= a->cur; i++)
		if (a->frames[i]->callsite != b->frames[i]->callsite)
			return false;
	return true;
}

/* The path ends at @old; @loop: which is not finished. */
static int path_ends_at(struct verifier *v, struct state *old, bool loop)
{
	int err = 0;

	old->hits++;
	if (verifier_info(v)->jump_point)
		err = step_push(v);
	if (err)
		return err;
	precise_like(v, old, v->cur, v->insn);
	stack_merged(v, old);
	if (loop)
		err = edge_add(v, old);
	return err ? err : PATH_ENDS;
}

static int endless(struct verifier *v, const struct state *old)
{
	log_printf(v->log, "infinite loop detected at insn %u\n", v->insn);
	log_printf(v->log, "cur state:");
	show_state(v, v->cur, v->cur->cur, true);
	log_printf(v->log, "old state:");
	show_state(v, old, old->cur, true);
	return -EINVAL;
}

static bool soon_after_last(const struct verifier *v, u32 jumps, u32 insns)
{
	return v->jumps_processed - v->prev_jumps_processed < jumps &&
	       v->insns_processed - v->prev_insns_processed < insns;
}

/* @old has branches: it is on this path. */
static int compare_open(struct verifier *v, struct state *old,
			struct search *search)
{
	struct id_map *ids = &v->prune->ids;

	if (verifier_info(v)->calls_callback) {
		if (states_equal(v, old, v->cur, EQUAL_UNFINISHED, ids))
			return path_ends_at(v, old, true);
	} else if (regs_look_same(old, v->cur) &&
		   states_equal(v, old, v->cur, EQUAL_EXACT, ids) &&
		   old->callback_depth == v->cur->callback_depth) {
		return endless(v, old);
	}
	if (!search->force &&
	    soon_after_last(v, MIN_LOOP_JUMPS, MIN_LOOP_INSNS))
		search->add = false;
	return 0;
}

static int compare_finished(struct verifier *v, struct state *old)
{
	bool loop;
	int err;

	if (!same_calls(old, v->cur))
		return 0;
	loop = loop_of(v, old);
	err = loop ? 0 : forget(v, old);
	if (err)
		return err;
	if (!states_equal(v, old, v->cur,
			  loop ? EQUAL_UNFINISHED : EQUAL_FINISHED,
			  &v->prune->ids))
		return 0;
	return path_ends_at(v, old, loop);
}

static void note_miss(struct verifier *v, struct state *old,
		      const struct search *search)
{
	u32 patience = verifier_info(v)->force_checkpoint && old->branches
			       ? MISSES_PER_HIT_CALLBACK
			       : MISSES_PER_HIT;

	/* or the first rounds of a loop would push out what may be useful */
	if (search->add)
		old->misses++;
	if (old->misses > old->hits * patience + patience)
		evict(v, old);
}

static int compare_all(struct verifier *v, struct search *search)
{
	struct state *next;
	int err;

	for (struct state *old = *bucket_of(v, v->insn); old; old = next) {
		next = old->next;
		search->nr_seen++;
		if (old->insn != v->insn)
			continue;
		err = old->branches ? compare_open(v, old, search)
				    : compare_finished(v, old);
		if (err)
			return err;
		note_miss(v, old, search);
	}
	return 0;
}

/* --------------------------------------------------------------- remember */

/* An id that only one number has says nothing. */
static void drop_lone_ids(struct state *state, struct id_map *ids)
{
	struct reg *reg;
	u32 i;

	/* old: the id, cur: how many have it */
	ids->nr = 0;
	for_each_reg(state, frame, reg, n)
	{
		if (reg->kind != REG_SCALAR || !reg->id)
			continue;
		for (i = 0; i < ids->nr; i++)
			if (ids->pairs[i].old == (reg->id & ~ID_ADD_CONST))
				break;
		if (i == MAX_ID_PAIRS)
			return;
		if (i == ids->nr) {
			ids->pairs[ids->nr].old = reg->id & ~ID_ADD_CONST;
			ids->pairs[ids->nr++].cur = 0;
		}
		ids->pairs[i].cur++;
	}
	for_each_reg(state, frame, reg, n)
	{
		if (reg->kind != REG_SCALAR || !reg->id)
			continue;
		for (i = 0; i < ids->nr; i++)
			if (ids->pairs[i].old == (reg->id & ~ID_ADD_CONST))
				break;
		if (ids->pairs[i].cur == 1) {
			reg->id = 0;
			reg->off = 0;
		}
	}
}

static int remember(struct verifier *v)
{
	struct prune *prune = v->prune;
	struct state *state;
	int err;

	precise_forget(v->cur);
	drop_lone_ids(v->cur, &prune->ids);
	/* which has the history so far, and no room for more */
	err = state_dup(&state, v->cur);
	if (err)
		return err;
	v->cur->nr_steps = 0;
	ASSERT(state->branches == 1);
	state->insn = v->insn;
	state->calls = v->cur->calls;
	state->hits = state->misses = 0;
	list_add(bucket_of(v, v->insn), state);
	v->cur->parent = state;
	v->cur->first_insn = v->insn;
	v->prev_jumps_processed = v->jumps_processed;
	v->prev_insns_processed = v->insns_processed;
	v->total_states++;
	prune->nr_known++;
	note_peak(v);
	return 0;
}

const struct state *prune_previous(struct verifier *v, u32 insn)
{
	v->cur->calls = hash_calls(v->cur);
	/* the newest is first */
	for (struct state *old = *bucket_of(v, insn); old; old = old->next)
		if (old->insn == insn && old->branches &&
		    same_calls(old, v->cur))
			return old;
	return NULL;
}

int prune_visit(struct verifier *v)
{
	struct search search = {
		.force = v->test_states || verifier_info(v)->force_checkpoint ||
			 v->cur->nr_steps > MAX_STEPS,
	};
	int err;

	search.add =
		search.force ||
		(v->jumps_processed - v->prev_jumps_processed >= MIN_JUMPS &&
		 v->insns_processed - v->prev_insns_processed >= MIN_INSNS);
	v->cur->calls = hash_calls(v->cur);
	err = compare_all(v, &search);
	if (err)
		return err;
	v->max_states_per_insn = max(v->max_states_per_insn, search.nr_seen);
	return search.add ? remember(v) : 0;
}

/* -------------------------------------------------------------- lifecycle */

int prune_init(struct verifier *v)
{
	int err = live_init(v);

	if (err)
		return err;
	v->prune = mem_calloc(1, sizeof(*v->prune));
	if (!v->prune)
		return -ENOMEM;
	v->prune->nr_buckets = v->prog->len;
	v->prune->buckets = mem_calloc(v->prog->len, sizeof(struct state *));
	if (!v->prune->buckets)
		return -ENOMEM;
	v->cur->first_insn = v->insn;
	return 0;
}

void prune_free(struct verifier *v)
{
	struct prune *prune = v->prune;

	live_free(v);
	if (!prune)
		return;
	while (prune->loops) {
		struct loop *loop = prune->loops;

		prune->loops = loop->next;
		loop_free(prune, loop);
	}
	for (u32 i = 0; prune->buckets && i < prune->nr_buckets; i++)
		list_free(&prune->buckets[i]);
	list_free(&prune->evicted);
	mem_free(prune->buckets);
	mem_free(prune);
	v->prune = NULL;
}
