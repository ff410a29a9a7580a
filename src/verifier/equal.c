/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Comparing states.
 *
 * states_equal(old, cur): every run that cur describes, old describes as well,
 * in all that can still matter.  Then if nothing that old describes can go
 * wrong from here on, neither can cur.
 *
 * 1. Registers matter if they may be read (info->live), in outer frames before
 *    the call.  Of the stack all matters that old still knows: what no path
 *    from old reads has been forgotten (prune.c).
 * 2. What old does not know (REG_UNINIT, SLOT_INVALID, SLOT_MISC) no path from
 *    it depended on.  For the stack that includes its being unwritten: it may
 *    be read, as any number.
 * 3. Kinds must be the same, with REG_MAYBE_NULL too: one whose id was
 *    compared with NULL made others with its id known, which the other kind
 *    would not.
 * 4. A number of old that is not precise was not depended on by any path from
 *    old, so if old is finished any number will do.  Otherwise cur's must be
 *    among those that old allows.
 * 5. What old's ids say is the same, cur's ids must say is the same: an id of
 *    old always stands for the same id of cur, and different ones for
 *    different ones.  A number without an id in old is bound to nothing; cur
 *    may know more of it.
 * 6. References and locks must be the same ones, under the same mapping: each
 *    must be given back.
 * 7. EQUAL_EXACT is for finding that nothing has changed at all: it may say
 *    no where the others say yes.
 */
#include "verifier/equal.h"

#include <string.h>

/* -------------------------------------------------------------------- ids */

static bool ids_equal(struct id_map *ids, u32 old, u32 cur)
{
	if (!old || !cur)
		return old == cur;
	for (u32 i = 0; i < ids->nr; i++) {
		if (ids->pairs[i].old == old)
			return ids->pairs[i].cur == cur;
		if (ids->pairs[i].cur == cur)
			return false;
	}
	if (ids->nr == MAX_ID_PAIRS)
		return false;
	ids->pairs[ids->nr].old = old;
	ids->pairs[ids->nr].cur = cur;
	ids->nr++;
	return true;
}

/* A number that is in nobody's company gets an id of its own. */
static bool number_ids_equal(struct id_map *ids, const struct reg *old,
			     const struct reg *cur)
{
	u32 id = cur->id;

	if (!old->id)
		return true;
	if ((old->id ^ cur->id) & ID_ADD_CONST)
		return false;
	if ((old->id & ID_ADD_CONST) && old->off != cur->off)
		return false;
	if (!id)
		id = ++ids->next;
	return ids_equal(ids, old->id & ~ID_ADD_CONST, id & ~ID_ADD_CONST);
}

/* -------------------------------------------------------------- registers */

/* What the union says, which kind tells. */
static bool same_object(const struct reg *old, const struct reg *cur)
{
	switch (old->kind) {
	case REG_MAP:
	case REG_MAP_VALUE:
	case REG_MAP_KEY:
		return old->map == cur->map && old->map_uid == cur->map_uid;
	case REG_MEM:
		return old->mem_size == cur->mem_size;
	case REG_PACKET:
	case REG_PACKET_META:
	case REG_PACKET_END:
		return old->range == cur->range;
	case REG_FUNC:
		return old->subprog == cur->subprog;
	default:
		return true;
	}
}

/* But for ids. */
static bool regs_same(const struct reg *old, const struct reg *cur)
{
	return old->kind == cur->kind && old->flags == cur->flags &&
	       old->frame == cur->frame && old->off == cur->off &&
	       same_object(old, cur) &&
	       !memcmp(&old->s, &cur->s, sizeof(old->s));
}

static bool regs_exact(struct id_map *ids, const struct reg *old,
		       const struct reg *cur)
{
	return regs_same(old, cur) && ids_equal(ids, old->id, cur->id) &&
	       ids_equal(ids, old->ref_id, cur->ref_id);
}

/* Somebody may have used all of the range, or fewer bytes before the pointer:
 * no shorter one will do. */
static bool packet_range_in(const struct reg *old, const struct reg *cur)
{
	if (old->range < 0 || cur->range < 0)
		return old->range == cur->range;
	return old->range <= cur->range;
}

static bool pointers_equal(struct id_map *ids, const struct reg *old,
			   const struct reg *cur)
{
	bool same = old->kind == REG_PACKET || old->kind == REG_PACKET_META
			    ? packet_range_in(old, cur)
			    : same_object(old, cur);

	return same && old->off == cur->off && scalar_in(&old->s, &cur->s) &&
	       ids_equal(ids, old->id, cur->id) &&
	       ids_equal(ids, old->ref_id, cur->ref_id);
}

static bool numbers_equal(struct id_map *ids, const struct reg *old,
			  const struct reg *cur, enum equality how)
{
	if (!old->precise && how == EQUAL_FINISHED)
		return true;
	return number_ids_equal(ids, old, cur) && scalar_in(&old->s, &cur->s);
}

static bool regs_equal(struct id_map *ids, const struct reg *old,
		       const struct reg *cur, enum equality how)
{
	if (how == EQUAL_EXACT)
		return regs_exact(ids, old, cur);
	if (old->kind == REG_UNINIT)
		return true;
	if (old->kind != cur->kind || old->flags != cur->flags)
		return false;
	switch (old->kind) {
	case REG_SCALAR:
		return numbers_equal(ids, old, cur, how);
	case REG_MAP_VALUE:
	case REG_MAP_KEY:
	case REG_MEM:
	case REG_PACKET:
	case REG_PACKET_META:
		return pointers_equal(ids, old, cur);
	default:
		return regs_exact(ids, old, cur);
	}
}

/* ------------------------------------------------------------------ slots */

/*
 * The number in the bytes of @slot from type[@from] on, of which its load
 * knows as much as @any: NULL if it is not simply a number.
 */
static const struct reg *slot_number(const struct slot *slot, u32 from,
				     const struct reg *any)
{
	if (slot->type[from] == SLOT_SPILL)
		return slot->reg.kind == REG_SCALAR ? &slot->reg : NULL;
	for (u32 i = from; i < SLOT_SIZE; i++)
		if (slot->type[i] != SLOT_MISC && slot->type[i] != SLOT_INVALID)
			return NULL;
	return any;
}

static bool byte_matters(u8 type)
{
	return type != SLOT_INVALID && type != SLOT_MISC;
}

/* Bytes from type[@from] to type[@to - 1]. */
static bool bytes_equal(const struct slot *old, const struct slot *cur,
			u32 from, u32 to)
{
	for (u32 i = from; i < to; i++)
		if (byte_matters(old->type[i]) && old->type[i] != cur->type[i])
			return false;
	return true;
}

static bool slots_equal(struct id_map *ids, const struct slot *old,
			const struct slot *cur, enum equality how)
{
	struct reg any;

	if (how == EQUAL_EXACT &&
	    memcmp(old->type, cur->type, sizeof(old->type)) != 0)
		return false;
	if (!slot_is_spill(old))
		return bytes_equal(old, cur, 0, SLOT_SIZE);
	reg_set_unknown(&any);
	for (u32 from = 0; from < SLOT_SIZE; from += SLOT_SIZE / 2) {
		const struct reg *o = slot_number(old, from, &any);
		const struct reg *c = slot_number(cur, from, &any);

		if (o && c)
			return regs_equal(ids, o, c, how);
		if (!bytes_equal(old, cur, from, from + SLOT_SIZE / 2))
			return false;
	}
	return regs_equal(ids, &old->reg, &cur->reg, how);
}

static bool slot_matters(const struct slot *slot)
{
	for (u32 i = 0; i < SLOT_SIZE; i++)
		if (byte_matters(slot->type[i]))
			return true;
	return false;
}

/* Slots that only cur has, nobody read after old. */
static bool stacks_equal(struct id_map *ids, const struct frame *old,
			 const struct frame *cur, enum equality how)
{
	if (how == EQUAL_EXACT && old->nr_slots > cur->nr_slots)
		return false;
	for (u32 i = 0; i < old->nr_slots; i++) {
		if (i < cur->nr_slots) {
			if (!slots_equal(ids, &old->slots[i], &cur->slots[i],
					 how))
				return false;
		} else if (slot_matters(&old->slots[i])) {
			return false;
		}
	}
	return true;
}

/* ----------------------------------------------------------------- states */

u32 state_frame_insn(const struct state *state, u32 frame, u32 insn)
{
	return frame == state->cur ? insn
				   : (u32)state->frames[frame + 1]->callsite;
}

static bool refs_equal(struct id_map *ids, const struct state *old,
		       const struct state *cur)
{
	if (old->nr_refs != cur->nr_refs)
		return false;
	for (u32 i = 0; i < old->nr_refs; i++) {
		const struct ref *o = &old->refs[i], *c = &cur->refs[i];

		if (o->kind != c->kind || !ids_equal(ids, o->id, c->id) ||
		    (o->kind == REF_LOCK && o->map != c->map))
			return false;
	}
	return true;
}

static bool frames_equal(struct id_map *ids, const struct frame *old,
			 const struct frame *cur, u16 live, enum equality how)
{
	if (old->callsite != cur->callsite || old->subprog != cur->subprog)
		return false;
	/* fewer rounds left is no less general */
	if (old->callback_rounds > cur->callback_rounds)
		return false;
	for (u32 i = 0; i < NR_REGS; i++)
		if ((live & (1u << i)) &&
		    !regs_equal(ids, &old->regs[i], &cur->regs[i], how))
			return false;
	return stacks_equal(ids, old, cur, how);
}

bool states_equal(struct verifier *v, const struct state *old,
		  const struct state *cur, enum equality how,
		  struct id_map *ids)
{
	if (old->cur != cur->cur)
		return false;
	ids->nr = 0;
	ids->next = v->ids;
	if (!refs_equal(ids, old, cur))
		return false;
	for (u32 i = 0; i <= old->cur; i++) {
		u32 insn = state_frame_insn(old, i, v->insn);

		if (!frames_equal(ids, old->frames[i], cur->frames[i],
				  v->infos[insn].live, how))
			return false;
	}
	return true;
}

bool regs_look_same(const struct state *old, const struct state *cur)
{
	if (old->cur != cur->cur)
		return false;
	for (u32 i = 0; i < NR_REGS; i++) {
		const struct reg *o = &state_frame(old)->regs[i];
		const struct reg *c = &state_frame(cur)->regs[i];

		if (o->id != c->id || o->ref_id != c->ref_id ||
		    !regs_same(o, c))
			return false;
	}
	return true;
}
