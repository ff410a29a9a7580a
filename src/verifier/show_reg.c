/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known, as the log writes it.
 *
 * 1. Numbers are decimal as long as 16 bits hold them, hexadecimal beyond.
 * 2. A bound that says nothing is left out; bounds of one sign and direction
 *    that are the same are named together: "smax=umax=smax32=umax32=255".
 * 3. A constant is just its value; a "P" before a number says that its exact
 *    range matters.
 */
#include <stdio.h>

#include "object/map.h"
#include "verifier/show.h"

static const char *const names[REG_KINDS] = {
	[REG_UNINIT] = "?",
	[REG_SCALAR] = "scalar",
	[REG_CTX] = "ctx",
	[REG_MAP] = "map_ptr",
	[REG_MAP_VALUE] = "map_value",
	[REG_MAP_KEY] = "map_key",
	[REG_STACK] = "fp",
	[REG_PACKET_META] = "pkt_meta",
	[REG_PACKET] = "pkt",
	[REG_PACKET_END] = "pkt_end",
	[REG_SOCK] = "sock",
	[REG_SOCK_COMMON] = "sock_common",
	[REG_TCP_SOCK] = "tcp_sock",
	[REG_MEM] = "mem",
	[REG_FUNC] = "func",
};

const char *reg_name(const struct reg *reg, char *buf)
{
	snprintf(buf, REG_NAME_MAX, "%s%s%s%s",
		 reg->flags & REG_READ_ONLY ? "rdonly_" : "",
		 reg->flags & REG_RECORD ? "ringbuf_" : "", names[reg->kind],
		 reg->flags & REG_MAYBE_NULL ? "_or_null" : "");
	return buf;
}

/* ------------------------------------------------------------------ numbers */

static bool fits_decimal(s64 x)
{
	return x >= INT16_MIN && x <= INT16_MAX;
}

static void show_signed(struct log *log, s64 x)
{
	log_printf(log, fits_decimal(x) ? "%lld" : "0x%llx", (long long)x);
}

static void show_unsigned(struct log *log, u64 x)
{
	log_printf(log, x <= UINT16_MAX ? "%llu" : "0x%llx",
		   (unsigned long long)x);
}

/* Hexadecimal of a 32-bit number has no more than its own digits. */
static u64 signed32(s64 x)
{
	return fits_decimal(x) ? (u64)x : (u32)x;
}

struct bound {
	const char *name;
	u64 value;
	bool is_signed, omit;
};

static bool is_negative(const struct bound *bound)
{
	return bound->is_signed && (s64)bound->value < 0;
}

/* @i's name, and that of the bounds of the same end that are equal. */
static void show_bound(struct log *log, struct bound *bounds, u32 i, u32 nr)
{
	const struct bound *first = &bounds[i];

	log_printf(log, "%s=", first->name);
	for (u32 j = i + 2; j < nr; j += 2) {
		struct bound *other = &bounds[j];

		if (other->omit || other->value != first->value ||
		    is_negative(other) != is_negative(first))
			continue;
		other->omit = true;
		log_printf(log, "%s=", other->name);
	}
	if (first->is_signed)
		show_signed(log, (s64)first->value);
	else
		show_unsigned(log, first->value);
}

static void show_ranges(struct log *log, const struct scalar *s,
			const char **sep)
{
	const struct range *w = &s->r64, *h = &s->r32;
	/* minima at even places, maxima at odd ones */
	struct bound bounds[] = {
		{ "smin", (u64)w->smin, true, w->smin == INT64_MIN },
		{ "smax", (u64)w->smax, true, w->smax == INT64_MAX },
		{ "umin", w->umin, false, w->umin == 0 },
		{ "umax", w->umax, false, w->umax == UINT64_MAX },
		{ "smin32", signed32(h->smin), true, h->smin == INT32_MIN },
		{ "smax32", signed32(h->smax), true, h->smax == INT32_MAX },
		{ "umin32", h->umin, false, h->umin == 0 },
		{ "umax32", h->umax, false, h->umax == UINT32_MAX },
	};

	for (u32 i = 0; i < ARRAY_SIZE(bounds); i++) {
		if (bounds[i].omit)
			continue;
		log_printf(log, "%s", *sep);
		*sep = ",";
		show_bound(log, bounds, i, ARRAY_SIZE(bounds));
	}
}

static void show_variable(struct log *log, const struct scalar *s,
			  const char **sep)
{
	char text[TNUM_TEXT_MAX];

	show_ranges(log, s, sep);
	if (s->var_off.mask == ~0ull)
		return;
	log_printf(log, "%svar_off=%s", *sep, tnum_text(s->var_off, text));
	*sep = ",";
}

/* ---------------------------------------------------------------- registers */

/* "sep" and "name=" of what comes in the brackets after a register's kind. */
static struct log *item(struct log *log, const char **sep, const char *name)
{
	log_printf(log, "%s%s=", *sep, name);
	*sep = ",";
	return log;
}

static void show_ids(struct log *log, const struct reg *reg, const char **sep)
{
	if (reg->id)
		log_printf(item(log, sep, "id"), "%u", reg->id & ~ID_ADD_CONST);
	if (reg->id & ID_ADD_CONST)
		log_printf(log, "%+d", reg->off);
	if (reg->ref_id)
		log_printf(item(log, sep, "ref_obj_id"), "%u", reg->ref_id);
}

static void show_map(struct log *log, const struct map *map, const char **sep)
{
	if (map->name[0])
		log_printf(item(log, sep, "map"), "%s", map->name);
	log_printf(item(log, sep, "ks"), "%u,vs=%u", map->key_size,
		   map->value_size);
}

/* What a pointer points to, and where in it. */
static void show_target(struct log *log, const struct reg *reg,
			const char **sep)
{
	if (reg->kind == REG_MAP || reg->kind == REG_MAP_VALUE ||
	    reg->kind == REG_MAP_KEY)
		show_map(log, reg->map, sep);
	if (reg->off)
		show_signed(item(log, sep, "off"), reg->off);
	if (reg_is_packet(reg))
		show_unsigned(item(log, sep, "r"), (u64)(s64)reg->range);
	if (reg->kind == REG_MEM)
		show_unsigned(item(log, sep, "sz"), reg->mem_size);
}

/* @frame: where it is: a pointer into another one's stack says which. */
static void show_reg(struct log *log, const struct reg *reg, u32 frame)
{
	char name[REG_NAME_MAX];
	const char *sep = "";

	if (reg->kind == REG_SCALAR && reg->precise)
		log_printf(log, "P");
	if (reg_is_const(reg)) {
		show_signed(log, (s64)reg->s.var_off.value);
		return;
	}
	log_printf(log, "%s", reg_name(reg, name));
	if (reg->kind == REG_STACK && reg->frame != frame)
		log_printf(log, "[%u]", reg->frame);
	if (reg->kind == REG_STACK && scalar_is_const(&reg->s)) {
		show_signed(log, (s64)reg->s.var_off.value + reg->off);
		return;
	}
	log_printf(log, "(");
	show_ids(log, reg, &sep);
	if (reg->kind != REG_SCALAR)
		show_target(log, reg, &sep);
	if (!scalar_is_const(&reg->s))
		show_variable(log, &reg->s, &sep);
	else if (reg->s.var_off.value)
		show_signed(item(log, &sep, "imm"), (s64)reg->s.var_off.value);
	log_printf(log, ")");
}

/* -------------------------------------------------------------------- state */

static char slot_letter(u8 type)
{
	static const char letters[] = {
		[SLOT_INVALID] = '?',
		[SLOT_SPILL] = 'r',
		[SLOT_MISC] = 'm',
		[SLOT_ZERO] = '0',
	};

	return letters[type];
}

static void show_slot(struct log *log, const struct slot *slot, u32 n,
		      u32 frame)
{
	char letters[SLOT_SIZE + 1] = { 0 };
	bool written = false;

	for (u32 i = 0; i < SLOT_SIZE; i++) {
		written |= slot->type[i] != SLOT_INVALID;
		letters[i] = slot_letter(slot->type[i]);
	}
	if (!written)
		return;
	/* of a part of a register: what is in the bytes before it */
	if (slot_is_spill(slot))
		for (u32 i = 0; i < SLOT_SIZE; i++)
			if (slot->type[i] == SLOT_SPILL)
				letters[i] = '\0';
	log_printf(log, " fp%d=%s", -(int)((n + 1) * SLOT_SIZE), letters);
	if (slot_is_spill(slot))
		show_reg(log, &slot->reg, frame);
}

static void show_refs(struct log *log, const struct state *state)
{
	const char *sep = " refs=";

	for (u32 i = 0; i < state->nr_refs; i++, sep = ",")
		log_printf(log, "%s%u", sep, state->refs[i].id);
}

void show_state(struct verifier *v, const struct state *state, u32 frame,
		bool all)
{
	const struct frame *f = state->frames[frame];
	u32 regs = all ? ~0u : v->changed_regs;
	u64 slots = all ? ~0ull : v->changed_slots;

	if (!log_on(v->log))
		return;
	if (frame)
		log_printf(v->log, " frame%u:", frame);
	for (u32 i = 0; i < NR_REGS; i++) {
		if (f->regs[i].kind == REG_UNINIT || !(regs >> i & 1))
			continue;
		log_printf(v->log, " R%u=", i);
		show_reg(v->log, &f->regs[i], frame);
	}
	for (u32 i = 0; i < f->nr_slots; i++)
		if (slots >> i & 1)
			show_slot(v->log, &f->slots[i], i, frame);
	show_refs(v->log, state);
	if (f->in_callback)
		log_printf(v->log, " cb");
	log_printf(v->log, "\n");
	if (!all)
		show_nothing_changed(v);
}
