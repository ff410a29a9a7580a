/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known at one point of one path: registers, stacks, references.
 * See state.c for the rules.
 */
#ifndef CGBPF_VERIFIER_STATE_H
#define CGBPF_VERIFIER_STATE_H

#include "verifier/bounds.h"

struct map;
struct verifier;

#define NR_REGS 11u
#define REG_FP 10u
#define FIRST_SAVED 6u /* R6 to R9 live through calls */
#define MAX_FRAMES 8u
#define MAX_STACK 512u
#define SLOT_SIZE 8u
#define MAX_SLOTS (MAX_STACK / SLOT_SIZE)

enum reg_kind {
	REG_UNINIT,
	REG_SCALAR,
	REG_CTX,
	REG_MAP,       /* the map itself: a constant */
	REG_MAP_VALUE, /* also an inner map's and a socket storage's */
	REG_MAP_KEY,   /* what a callback of for_each gets */
	REG_STACK,
	REG_PACKET_META,
	REG_PACKET, /* also a socket option's bytes */
	REG_PACKET_END,
	REG_SOCK,
	REG_SOCK_COMMON,
	REG_TCP_SOCK,
	REG_MEM,  /* mem_size bytes: a record, a global function's argument */
	REG_FUNC, /* a function of the program */
	REG_KINDS,
};

/* struct reg's flags */
#define REG_MAYBE_NULL 1u
#define REG_READ_ONLY 2u
#define REG_RECORD 4u  /* of REG_MEM: a ring buffer's, can be submitted */
#define REG_TRUSTED 8u /* of a socket: never NULL, no reference needed */

/* range of a packet pointer that was compared with the end only */
#define PACKET_AT_END (-1)
#define PACKET_BEYOND_END (-2)

/* id of a scalar that is another's plus a constant, off; or the lower half of
 * that, of another that has no more than a lower half */
#define ID_ADD_CONST64 (1u << 31)
#define ID_ADD_CONST32 (1u << 30)
#define ID_ADD_CONST (ID_ADD_CONST64 | ID_ADD_CONST32)

struct reg {
	u8 kind;  /* enum reg_kind */
	u8 flags; /* REG_MAYBE_NULL ... */
	u8 frame; /* of REG_STACK: whose */
	/*
	 * Of a scalar: its exact range matters on some path from here, so
	 * states that differ in it are not the same.
	 */
	bool precise;
	/*
	 * Of a pointer: the constant part of its offset, s is the rest.  Of a
	 * scalar with ID_ADD_CONST: what was added since.
	 */
	s32 off;
	/*
	 * Who has the same id has the same value, but for off: scalars for
	 * refining together, pointers that may be NULL, packet pointers with
	 * the same variable part, map values with one lock.
	 */
	u32 id;
	u32 ref_id; /* the reference that it is, or was made of */
	union {
		struct {
			const struct map *map;
			u32 map_uid; /* of an inner map: which lookup's */
		};
		u32 mem_size; /* REG_MEM */
		s32 range; /* REG_PACKET*: bytes from its variable part on that
			      are there, or PACKET_*_END */
		u32 subprog; /* REG_FUNC */
	};
	struct scalar s;
};

enum slot_type {
	SLOT_INVALID, /* never written */
	SLOT_SPILL,   /* a byte of reg */
	SLOT_MISC,    /* some number */
	SLOT_ZERO,
};

/* 8 bytes of a stack.  A spill's bytes are the upper ones that are left. */
struct slot {
	struct reg reg;	    /* what was spilled, if type[7] is SLOT_SPILL */
	u8 type[SLOT_SIZE]; /* by byte, lowest address last, as spills fill */
};

struct frame {
	struct reg regs[NR_REGS];
	s32 callsite; /* the call's instruction; of the outermost -1 */
	u32 depth;    /* its place in state->frames */
	u32 subprog;
	bool in_callback;
	s32 ret_min, ret_max; /* what a callback may return */
	u32 callback_rounds;  /* how often in a row it was entered */
	u32 nr_slots;	      /* slots[n]: bytes fp-8(n+1) to fp-8n-1 */
	u32 max_slots;	      /* allocated */
	struct slot *slots;
	/* Liveness of slots in and below this state: bit n, slot n. */
	u64 slots_read, slots_written;
};

enum ref_kind {
	REF_POINTER,
	REF_LOCK,
};

struct ref {
	u8 kind;
	u32 id;	  /* REF_POINTER: reg.ref_id; REF_LOCK: the value's reg.id */
	u32 insn; /* that acquired it */
	const struct map *map; /* REF_LOCK: whose value's lock */
};

/* registers and slots that one jump refined together */
#define MAX_LINKED 6u

struct linked_reg {
	u8 frame;
	bool is_slot;
	u8 nr; /* the register, or the slot */
};

/* An instruction of the path, as precise.c needs it to walk back. */
struct step {
	u32 insn, prev;
	/* the stack slot it read or wrote: flags say if there is one */
	u8 flags, frame, slot;
	u8 nr_linked;
	struct linked_reg linked[MAX_LINKED];
};

#define STEP_STACK 1u	   /* frame and slot are set */
#define STEP_DST_SCALAR 2u /* of a jump: which operands are scalars */
#define STEP_SRC_SCALAR 4u
#define STEP_JUMP 8u /* those two say so */

struct state {
	struct frame *frames[MAX_FRAMES];
	u32 cur; /* the innermost frame */
	u32 nr_refs, max_refs;
	struct ref *refs;

	/* The tree of states: see prune.c. */
	struct state *parent;
	u32 branches; /* paths from here that have not ended */
	u32 first_insn, last_insn;
	u32 insn;	       /* where it is, when remembered */
	u32 calls;	       /* a hash of those that led here */
	u32 hits, misses;      /* comparisons with it */
	bool evicted, cleaned; /* not compared any more; dead parts forgotten */
	struct state *next, **link; /* of the list that it is in */
	u32 callback_depth;	    /* callbacks entered on the way here */
	u32 nr_steps, max_steps;
	struct step *steps; /* since parent */
};

/* ---- registers ---- */

static inline bool reg_is_pointer(const struct reg *reg)
{
	return reg->kind > REG_SCALAR;
}

static inline bool reg_is_const(const struct reg *reg)
{
	return reg->kind == REG_SCALAR && scalar_is_const(&reg->s);
}

static inline bool reg_is_null(const struct reg *reg)
{
	return reg_is_const(reg) && !reg->s.var_off.value;
}

static inline bool reg_is_packet(const struct reg *reg)
{
	return reg->kind == REG_PACKET || reg->kind == REG_PACKET_META;
}

/* These make a register from nothing: no id, no reference, not precise. */
void reg_set_uninit(struct reg *reg);
void reg_set_unknown(struct reg *reg);
void reg_set_const(struct reg *reg, u64 value);
/* a scalar that is known to be @s */
void reg_set_scalar(struct reg *reg, const struct scalar *s);
/* a pointer at offset 0; the caller sets map, mem_size ... */
void reg_set_pointer(struct reg *reg, enum reg_kind kind, u32 flags);

/* ---- slots ---- */

/* Does the slot hold a spilled register, whole or its lower half? */
static inline bool slot_is_spill(const struct slot *slot)
{
	return slot->type[SLOT_SIZE - 1] == SLOT_SPILL;
}

/* The whole of a spilled register, all 8 bytes. */
static inline bool slot_is_full_spill(const struct slot *slot)
{
	return slot->type[0] == SLOT_SPILL;
}

static inline bool slot_is_scalar_spill(const struct slot *slot)
{
	return slot_is_spill(slot) && slot->reg.kind == REG_SCALAR;
}

/* ---- states ---- */

/* state_new() - one empty outermost frame, registers uninit but R10 */
int state_new(struct state **out);
void state_free(struct state *state);
/*
 * state_copy() - @to becomes what @from knows, its place in the tree and steps
 * too; its memory is used again.  -ENOMEM: @to can only be freed.
 */
int state_copy(struct state *to, const struct state *from);
/* state_dup() - another such state */
int state_dup(struct state **out, const struct state *from);

/* frame_enter() - a new innermost frame, registers uninit but R10 */
int frame_enter(struct state *state, s32 callsite, u32 subprog);
/* frame_leave() - the innermost, not the only one, is gone */
void frame_leave(struct state *state);
/* frame_grow() - has slots for @nr at least, new ones SLOT_INVALID */
int frame_grow(struct frame *frame, u32 nr);

int state_add_ref(struct state *state, const struct ref *ref);
/* the ref of @kind with @id, or NULL */
struct ref *state_find_ref(const struct state *state, enum ref_kind kind,
			   u32 id);
void state_drop_ref(struct state *state, struct ref *ref);
u32 state_count_refs(const struct state *state, enum ref_kind kind);

static inline struct frame *state_frame(const struct state *state)
{
	return state->frames[state->cur];
}

/*
 * Every register and every spilled register, in all frames: the body sees
 * struct reg *reg_.
 */
#define for_each_reg(state_, frame_, reg_, n_)                                \
	for (u32 frame_ = 0; frame_ <= (state_)->cur; frame_++)               \
		for (u32 n_ = 0;                                              \
		     n_ < NR_REGS + (state_)->frames[frame_]->nr_slots; n_++) \
			if (((reg_) = frame_reg((state_)->frames[frame_], n_)))

/* The @n-th: registers, then spills; NULL: nothing is spilled there. */
static inline struct reg *frame_reg(struct frame *frame, u32 n)
{
	struct slot *slot;

	if (n < NR_REGS)
		return &frame->regs[n];
	slot = &frame->slots[n - NR_REGS];
	return slot_is_spill(slot) ? &slot->reg : NULL;
}

#endif
