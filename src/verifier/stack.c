/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A function's stack.
 *
 * 1. It is 512 bytes below R10, in slots of 8.  Accesses are aligned, so one
 *    at a known place is in one slot; byte n of a slot is type[7 - n].
 * 2. A store of a register from a slot's beginning spills it: loads of all of
 *    it get it back, and with it what is known of a number or that it is a
 *    pointer.  Of a number the lower half, or less, can be spilled, too, and
 *    less be loaded than was spilled.  Pointers are only stored whole.
 * 3. Any other store leaves bytes that are some number, or zero: SLOT_MISC,
 *    SLOT_ZERO; what was spilled in that slot is lost.
 * 4. Memory that was never written may be read: its value is anything, and the
 *    function is noted, so that its stack is cleared and shows no secrets.
 *    A path that ends as an earlier one reads what that did: stack_merged().
 * 5. A pointer may have moved by a number that is only known to be in a
 *    range, as long as all of the range is in the stack.  A store may then be
 *    in any of its bytes, so each is what it was or what was stored, and no
 *    spill survives.  Loads get some number.
 * 6. What is read, and what is written whole, is told to live.c; which slot a
 *    register went to or came from to precise.c.  A SLOT_ZERO made of a
 *    register that is 0 makes it precise, as no one can go back through it.
 */
#include "verifier/stack.h"

#include "verifier/linked.h"
#include "verifier/live.h"
#include "verifier/precise.h"
#include "verifier/walk.h"

#define MAX_VAR_OFF (1 << 29)

/* Where a touch may be: bytes @first to @end - 1 from R10 of @frame. */
struct place {
	struct frame *frame;
	s32 first, end;
	bool fixed;
};

static u32 slot_of(s32 off)
{
	return (u32)(-off - 1) / SLOT_SIZE;
}

static u8 *byte_at(const struct place *p, s32 off)
{
	return &p->frame->slots[slot_of(off)].type[(u32)(-off - 1) % SLOT_SIZE];
}

static bool at_start(s32 off)
{
	return off % (s32)SLOT_SIZE == 0;
}

/* The log shows @slot after the instruction. */
static void slot_changed(struct verifier *v, u32 slot)
{
	v->changed_slots |= 1ull << slot;
}

/* ---------------------------------------------------------------- places */

static int refuse_place(struct verifier *v, const struct touch *t, int err)
{
	const char *what = t->access == ACCESS_READ ? "read from" : "write to";
	char text[TNUM_TEXT_MAX];

	if (tnum_is_const(t->reg->s.var_off))
		log_printf(v->log, "invalid %s stack R%u off=%d size=%d\n",
			   what, t->regno, t->off, (s32)t->size);
	else
		log_printf(v->log,
			   "invalid variable-offset %s stack R%u var_off=%s "
			   "off=%d size=%d\n",
			   what, t->regno, tnum_text(t->reg->s.var_off, text),
			   t->off, (s32)t->size);
	return err;
}

/* The stack is as deep as it is used, also by helpers. */
static int place_reserve(struct verifier *v, const struct place *p)
{
	struct subprog *subprog = &v->prog->subprogs[p->frame->subprog];
	u32 depth = round_up((u32)-p->first, SLOT_SIZE);

	subprog->stack_depth = max(subprog->stack_depth, depth);
	return frame_grow(p->frame, depth / SLOT_SIZE);
}

static int place_find(struct verifier *v, const struct touch *t,
		      struct place *p)
{
	const struct range *range = &t->reg->s.r64;
	s64 first, end;

	p->fixed = tnum_is_const(t->reg->s.var_off);
	if (!p->fixed &&
	    (range->smax >= MAX_VAR_OFF || range->smin <= -MAX_VAR_OFF)) {
		log_printf(v->log,
			   "invalid unbounded variable-offset %s stack R%u\n",
			   t->access == ACCESS_READ ? "read from" : "write to",
			   t->regno);
		return -EACCES;
	}
	if (range->smin < -MAX_VAR_OFF || range->smax > MAX_VAR_OFF)
		return refuse_place(v, t, -EACCES);
	first = range->smin + t->off;
	end = range->smax + t->off + t->size;
	if (first < -(s64)MAX_STACK || first > -1)
		return refuse_place(v, t, -EACCES);
	if (end > 0)
		return refuse_place(v, t, -EINVAL);
	p->frame = v->cur->frames[t->reg->frame];
	p->first = (s32)first;
	p->end = (s32)end;
	return place_reserve(v, p);
}

/* ----------------------------------------------------------------- loads */

/* Bytes of each type that a load gets. */
struct tally {
	u32 nr[SLOT_ZERO + 1];
};

static struct tally tally_bytes(const struct place *p)
{
	struct tally tally = { { 0 } };

	for (s32 off = p->first; off < p->end; off++)
		tally.nr[*byte_at(p, off)]++;
	return tally;
}

/* 4. */
static void note_uninit(struct verifier *v, const struct place *p,
			const struct tally *tally)
{
	if (tally->nr[SLOT_INVALID])
		v->prog->subprogs[p->frame->subprog].reads_uninit = true;
}

/* Has @old bytes that @cur was never written? */
static bool slot_lacks(const struct slot *old, const struct slot *cur)
{
	for (u32 i = 0; i < SLOT_SIZE; i++)
		if (old->type[i] != SLOT_INVALID &&
		    (!cur || cur->type[i] == SLOT_INVALID))
			return true;
	return false;
}

void stack_merged(struct verifier *v, const struct state *old)
{
	for (u32 f = 0; f <= old->cur; f++) {
		const struct frame *was = old->frames[f];
		const struct frame *is = v->cur->frames[f];

		for (u32 i = 0; i < was->nr_slots; i++)
			if (slot_lacks(&was->slots[i],
				       i < is->nr_slots ? &is->slots[i] : NULL))
				v->prog->subprogs[is->subprog].reads_uninit =
					true;
	}
}

/* A number made of bytes: 0 if all of them are, else anything. */
static void load_bytes(struct verifier *v, const struct touch *t,
		       const struct place *p, const struct tally *tally)
{
	struct reg *reg = &verifier_regs(v)[t->value];

	if (tally->nr[SLOT_ZERO] == (u32)(p->end - p->first))
		reg_set_const(reg, 0);
	else
		reg_set_unknown(reg);
}

static u32 spill_size(const struct slot *slot)
{
	u32 n = 0;

	while (n < SLOT_SIZE && slot->type[SLOT_SIZE - 1 - n] == SLOT_SPILL)
		n++;
	return n;
}

/* No number of more than @size bytes? */
static bool fits(const struct reg *reg, u32 size)
{
	return size >= 8 || reg->s.r64.umax >> (8 * size) == 0;
}

/* 2., of all that was spilled, or of the lower bytes of a number. */
static void fill(struct verifier *v, const struct touch *t, struct slot *slot,
		 u32 spilled)
{
	struct reg *reg = &verifier_regs(v)[t->value];

	if (t->size == spilled && fits(&slot->reg, t->size) && t->size >= 4)
		linked_share(v, &slot->reg);
	*reg = slot->reg;
	if (!fits(reg, t->size) && reg->kind == REG_SCALAR) {
		reg->id = 0;
		reg->off = 0;
	}
}

/* Bytes of a number that was spilled which are not its lower ones. */
static int load_part(struct verifier *v, const struct touch *t,
		     const struct place *p, const struct slot *slot)
{
	struct tally tally = tally_bytes(p);

	note_uninit(v, p, &tally);
	if (tally.nr[SLOT_SPILL] == t->size && reg_is_null(&slot->reg)) {
		reg_set_const(&verifier_regs(v)[t->value], 0);
		return step_stack(v, p->frame->depth, slot_of(p->first));
	}
	load_bytes(v, t, p, &tally);
	return 0;
}

static int load_spill(struct verifier *v, const struct touch *t,
		      const struct place *p, struct slot *slot)
{
	u32 spilled = spill_size(slot);

	if ((t->size != SLOT_SIZE || spilled != SLOT_SIZE) &&
	    slot->reg.kind != REG_SCALAR) {
		log_printf(v->log, "invalid size of register fill\n");
		return -EACCES;
	}
	if (t->value < 0)
		return t->size == SLOT_SIZE && spilled == SLOT_SIZE
			       ? step_stack(v, p->frame->depth,
					    slot_of(p->first))
			       : 0;
	if (t->size > spilled || !at_start(p->first))
		return load_part(v, t, p, slot);
	fill(v, t, slot, spilled);
	return step_stack(v, p->frame->depth, slot_of(p->first));
}

static void load_plain(struct verifier *v, const struct touch *t,
		       const struct place *p)
{
	struct tally tally = tally_bytes(p);

	note_uninit(v, p, &tally);
	if (t->value >= 0)
		load_bytes(v, t, p, &tally);
}

static int load_fixed(struct verifier *v, const struct touch *t,
		      const struct place *p)
{
	u32 nr = slot_of(p->first);
	struct slot *slot = &p->frame->slots[nr];

	slot_changed(v, nr);
	live_slot_read(v, p->frame, nr);
	if (slot_is_spill(slot))
		return load_spill(v, t, p, slot);
	load_plain(v, t, p);
	return 0;
}

/* ---------------------------------------------------------------- stores */

/* The spill in @slot, if any, is lost: its bytes are some number. */
static void slot_scrub(struct slot *slot)
{
	if (slot_is_spill(slot))
		for (u32 i = 0; i < SLOT_SIZE; i++)
			if (slot->type[i] != SLOT_INVALID)
				slot->type[i] = SLOT_MISC;
	reg_set_uninit(&slot->reg);
}

/* 2. */
static void spill(struct slot *slot, const struct reg *reg, u32 size)
{
	u32 i = SLOT_SIZE;

	slot->reg = *reg;
	for (; i > SLOT_SIZE - size; i--)
		slot->type[i - 1] = SLOT_SPILL;
	for (; i; i--)
		if (slot->type[i - 1] == SLOT_SPILL)
			slot->type[i - 1] = SLOT_MISC;
}

static int spill_number(struct verifier *v, const struct touch *t,
			const struct place *p)
{
	u32 nr = slot_of(p->first);
	struct slot *slot = &p->frame->slots[nr];
	struct reg reg = *t->stored;

	if (t->value >= 0 && fits(&reg, t->size)) {
		linked_share(v, &verifier_regs(v)[t->value]);
		reg = verifier_regs(v)[t->value];
	} else {
		reg.id = 0;
		reg.off = 0;
	}
	if (t->size < SLOT_SIZE)
		scalar_zext(&reg.s, t->size);
	spill(slot, &reg, t->size);
	return step_stack(v, p->frame->depth, nr);
}

static int spill_pointer(struct verifier *v, const struct touch *t,
			 const struct place *p)
{
	u32 nr = slot_of(p->first);

	if (t->size != SLOT_SIZE) {
		log_printf(v->log, "invalid size of register spill\n");
		return -EACCES;
	}
	if (p->frame != state_frame(v->cur) && t->stored->kind == REG_STACK) {
		log_printf(v->log, "cannot spill pointers to stack into stack "
				   "frame of the caller\n");
		return -EINVAL;
	}
	spill(&p->frame->slots[nr], t->stored, t->size);
	return step_stack(v, p->frame->depth, nr);
}

/* 3. */
static int store_bytes(struct verifier *v, const struct touch *t,
		       const struct place *p)
{
	u8 type = SLOT_MISC;
	int err;

	slot_scrub(&p->frame->slots[slot_of(p->first)]);
	if (t->stored && reg_is_null(t->stored)) {
		err = t->value < 0 ? 0 : precise_reg(v, (u32)t->value);
		if (err)
			return err;
		type = SLOT_ZERO;
	}
	for (s32 off = p->first; off < p->end; off++)
		*byte_at(p, off) = type;
	return 0;
}

static int store_fixed(struct verifier *v, const struct touch *t,
		       const struct place *p)
{
	u32 nr = slot_of(p->first);

	if (at_start(p->first) && t->size == SLOT_SIZE)
		live_slot_written(v, p->frame, nr);
	slot_changed(v, nr);
	if (t->stored && reg_is_pointer(t->stored))
		return spill_pointer(v, t, p);
	if (t->stored && at_start(p->first))
		return spill_number(v, t, p);
	return store_bytes(v, t, p);
}

/* 5.  Of a zero that is stored: what is 0 stays so. */
static int store_varied(struct verifier *v, const struct touch *t,
			const struct place *p)
{
	bool zero = t->stored && reg_is_null(t->stored), kept = false;

	for (s32 off = p->first; off < p->end; off++) {
		struct slot *slot = &p->frame->slots[slot_of(off)];
		u8 *byte = byte_at(p, off);

		slot_changed(v, slot_of(off));
		if (zero && *byte == SLOT_SPILL && slot_is_scalar_spill(slot) &&
		    reg_is_null(&slot->reg)) {
			kept = true;
			continue;
		}
		slot_scrub(slot);
		if (zero && *byte == SLOT_ZERO)
			kept = true;
		else
			*byte = SLOT_MISC;
	}
	return kept && t->value >= 0 ? precise_reg(v, (u32)t->value) : 0;
}

/* --------------------------------------------------------------- regions */

/* What may be read is there; what may be written is some number after. */
static void touch_bytes(struct verifier *v, const struct touch *t,
			const struct place *p)
{
	struct tally tally = tally_bytes(p);

	for (s32 off = p->first; off < p->end; off++) {
		if (t->access == ACCESS_WRITE) {
			slot_scrub(&p->frame->slots[slot_of(off)]);
			*byte_at(p, off) = SLOT_MISC;
			slot_changed(v, slot_of(off));
		}
		live_slot_read(v, p->frame, slot_of(off));
	}
	note_uninit(v, p, &tally);
}

/* All bytes are written, whatever they were. */
static void write_bytes(struct verifier *v, const struct place *p)
{
	for (s32 off = p->first; off < p->end; off++) {
		slot_changed(v, slot_of(off));
		slot_scrub(&p->frame->slots[slot_of(off)]);
		*byte_at(p, off) = SLOT_MISC;
	}
}

int stack_region(struct verifier *v, const struct touch *t)
{
	struct place p;
	int err;

	if (!t->size && !t->zero_ok) {
		log_printf(v->log, "invalid zero-sized read\n");
		return -EACCES;
	}
	err = place_find(v, t, &p);
	if (err)
		return err;
	if (t->access == ACCESS_WRITE && p.fixed && !t->varied)
		write_bytes(v, &p);
	else
		touch_bytes(v, t, &p);
	return 0;
}

/* ---------------------------------------------------------- instructions */

static int refuse_varied(struct verifier *v, const struct touch *t)
{
	char text[TNUM_TEXT_MAX];

	log_printf(v->log,
		   "variable offset stack pointer cannot be passed into helper "
		   "function; var_off=%s off=%d size=%u\n",
		   tnum_text(t->reg->s.var_off, text), t->off, t->size);
	return -EACCES;
}

static int load_varied(struct verifier *v, const struct touch *t,
		       const struct place *p)
{
	struct tally tally = tally_bytes(p);

	if (t->value < 0)
		return refuse_varied(v, t);
	touch_bytes(v, t, p);
	load_bytes(v, t, p, &tally);
	return 0;
}

int stack_access(struct verifier *v, const struct touch *t)
{
	struct place p;
	int err = place_find(v, t, &p);

	if (err)
		return err;
	if (t->access == ACCESS_READ)
		return p.fixed ? load_fixed(v, t, &p) : load_varied(v, t, &p);
	return p.fixed ? store_fixed(v, t, &p) : store_varied(v, t, &p);
}
