/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A generator of programs that are hard to judge.
 *
 * 1. The bytes are a sequence of choices, and when they are used up the program
 *    ends: so a mutation of the bytes is a similar program, and fewer bytes are
 *    a shorter one.
 * 2. It keeps a rough idea of what is in each register and stack slot (struct
 *    thing) and mostly does what is allowed; about its limits mostly what is
 *    just allowed, or just not.  That idea is no verifier: it forgets nothing
 *    soon enough, so about half of the programs are bad somewhere.
 * 3. Numbers come from memory that each run fills with other ones, out of the
 *    same few that are compared with: every path is taken sometimes.
 * 4. At the end a few instructions may be changed, or any of their bytes.
 */
#include "fuzz/gen.h"

#include <string.h>

#include "include/insn_macros.h"
#include "object/prog.h"
#include "vm/ctx.h"

const struct gen_map_desc gen_maps[NR_GEN_MAPS] = {
	[MAP_RANDOM] = { BPF_MAP_TYPE_ARRAY, 4, 64, 1, 0, false },
	[MAP_ARRAY] = { BPF_MAP_TYPE_ARRAY, 4, 48, 4, 0, false },
	[MAP_HASH] = { BPF_MAP_TYPE_HASH, 8, 32, 8, 0, false },
	[MAP_LOCK] = { BPF_MAP_TYPE_ARRAY, 4, 16, 2, 0, true },
	[MAP_CONST] = { BPF_MAP_TYPE_ARRAY, 4, 32, 1, BPF_F_RDONLY_PROG,
			false },
	[MAP_RINGBUF] = { BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0, false },
	[MAP_TAIL] = { BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 2, 0, false },
};

enum thing_kind {
	NOTHING,
	NUMBER,
	CONTEXT,
	MEMORY,	   /* lo to hi may be accessed, from where it points to */
	READ_ONLY, /* ditto, read */
	OPAQUE,	   /* something else */
};

struct thing {
	u8 kind;
	s32 lo, hi;
	u64 most; /* NUMBER: no more than this, unsigned */
};

#define NR_SLOTS 12 /* of the stack, from the top, that are thought of */

struct idea {
	struct thing regs[11];
	struct thing slots[NR_SLOTS];
};

struct func {
	struct idea args;
	u32 calls[8], nr_calls; /* instructions that refer to it */
	bool callback;
};

struct gen {
	const u8 *in;
	size_t size, pos;
	struct gen_prog *prog;
	struct idea now;
	u32 pinned; /* registers that keep what they have */
	u32 depth;
	struct func funcs[GEN_MAX_FUNCS];
	u32 nr_funcs, func;	  /* the one under way: 0 main */
	u32 fails[256], nr_fails; /* jumps to where the function gives up */
};

static const struct {
	u32 type, attach_type;
} prog_types[NR_GEN_KINDS] = {
	{ BPF_PROG_TYPE_SOCKET_FILTER, 0 },
	{ BPF_PROG_TYPE_SCHED_CLS, 0 },
	{ BPF_PROG_TYPE_XDP, 0 },
	{ BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS },
	{ BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_INGRESS },
	{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT },
	{ BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_SETSOCKOPT },
	{ BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE },
};

/* -------------------------------------------------------------- choices */

static bool used_up(const struct gen *g)
{
	return g->pos >= g->size || g->prog->nr > GEN_MAX_INSNS - 200;
}

static u32 byte(struct gen *g)
{
	return g->pos < g->size ? g->in[g->pos++] : 0;
}

static u32 pick(struct gen *g, u32 below)
{
	return byte(g) % below;
}

/* Once in @n; never when the bytes are used up. */
static bool once_in(struct gen *g, u32 n)
{
	return pick(g, n) == 1;
}

static s32 number(struct gen *g)
{
	static const s32 liked[] = {
		0,	    1,		 2,    3,    4,	      7,
		8,	    15,		 16,   24,   31,      32,
		40,	    47,		 48,   63,   64,      -1,
		-2,	    -8,		 -16,  0x7f, 0x80,    0xff,
		256,	    511,	 512,  4096, 0x7fff,  0xffff,
		0x7fffffff, -0x7fffffff, -128, -129, 1 << 16, -0x7fffffff - 1,
	};

	return pick(g, 4) ? liked[pick(g, ARRAY_SIZE(liked))]
			  : (s32)pick(g, 64);
}

/* --------------------------------------------------------------- emitting */

static void emit(struct gen *g, struct bpf_insn insn)
{
	if (g->prog->nr < GEN_MAX_INSNS)
		g->prog->insns[g->prog->nr++] = insn;
}

static void emit_map(struct gen *g, u32 reg, u32 map)
{
	emit(g, I_RAW(BPF_LD | BPF_DW | BPF_IMM, reg, BPF_PSEUDO_MAP_FD, 0,
		      (s32)map));
	emit(g, I_RAW(0, 0, 0, 0, 0));
}

/* A jump that lands wherever jump_here() is called for it. */
static u32 emit_jump(struct gen *g, struct bpf_insn insn)
{
	emit(g, insn);
	return g->prog->nr - 1;
}

static void jump_here(struct gen *g, u32 jump)
{
	g->prog->insns[jump].off = (s16)(g->prog->nr - jump - 1);
}

static void emit_fail(struct gen *g, struct bpf_insn insn)
{
	if (g->nr_fails < ARRAY_SIZE(g->fails))
		g->fails[g->nr_fails++] = emit_jump(g, insn);
}

static void set(struct gen *g, u32 reg, struct thing thing)
{
	g->now.regs[reg] = thing;
}

#define NUMBER_UPTO(n) ((struct thing){ .kind = NUMBER, .most = (n) })
#define ANY_NUMBER NUMBER_UPTO(~0ull)

static void emit_call(struct gen *g, s32 helper)
{
	emit(g, I_CALL(helper));
	for (u32 i = 0; i <= 5; i++)
		g->now.regs[i].kind = NOTHING;
	set(g, 0, ANY_NUMBER);
}

/* ---------------------------------------------------------------- finding */

/* A register to be written. */
static u32 some_target(struct gen *g)
{
	for (u32 i = 0; i < 8; i++) {
		u32 reg = pick(g, 10);

		if (!(g->pinned >> reg & 1))
			return reg;
	}
	return 0;
}

/* One that a call leaves alone. */
static u32 some_saved(struct gen *g)
{
	u32 reg = 7 + pick(g, 3);

	for (u32 i = 0; i < 3; i++, reg = reg == 9 ? 7 : reg + 1)
		if (!(g->pinned >> reg & 1))
			return reg;
	return 10;
}

/* One of @kinds (bits) from @first on, or -1. */
static int find(struct gen *g, u32 kinds, u32 first)
{
	u32 start = pick(g, 11 - first);

	for (u32 i = 0; i < 11 - first; i++) {
		u32 reg = first + (start + i) % (11 - first);

		if (kinds >> g->now.regs[reg].kind & 1)
			return (int)reg;
	}
	return -1;
}

#define BIT(kind) (1u << (kind))
#define POINTERS (BIT(MEMORY) | BIT(READ_ONLY))

static void load_random(struct gen *g, u32 reg);

static u32 some_number(struct gen *g)
{
	int reg = find(g, BIT(NUMBER), 0);
	u32 to;

	if (reg >= 0 && !once_in(g, 8))
		return (u32)reg;
	to = some_target(g);
	load_random(g, to);
	return to;
}

/* ---------------------------------------------------------------- numbers */

static const u8 sizes[] = { BPF_B, BPF_H, BPF_W, BPF_DW };

static void load_random(struct gen *g, u32 reg)
{
	u32 size = pick(g, 4), off = pick(g, 64 >> size) << size;
	bool sign = size < 3 && once_in(g, 6);

	emit(g, I_RAW(BPF_LD | BPF_DW | BPF_IMM, reg, BPF_PSEUDO_MAP_VALUE, 0,
		      MAP_RANDOM));
	emit(g, I_RAW(0, 0, 0, 0, 0));
	emit(g, I_RAW(BPF_LDX | (sign ? 0x80 : BPF_MEM) | sizes[size], reg, reg,
		      (s16)off, 0));
	set(g, reg,
	    sign || size == 3 ? ANY_NUMBER
			      : NUMBER_UPTO((1ull << (8 << size)) - 1));
}

/* Mostly no more than @most after this, one way or another. */
static void bound(struct gen *g, u32 reg, u32 most)
{
	static const u8 over[] = { BPF_JGT, BPF_JSGT, BPF_JGE, BPF_JSGE };
	u8 class = once_in(g, 3) ? BPF_JMP32 : BPF_JMP;
	u8 alu = once_in(g, 3) ? BPF_ALU : BPF_ALU64;
	u32 way = pick(g, 8), op = pick(g, 4);
	u32 mask = most ? (1u << (31 - __builtin_clz(most + 1))) - 1 : 0;

	if (once_in(g, 16))
		most++;
	switch (way) {
	case 0:
	case 1:
		emit(g, I_RAW(alu | BPF_AND | BPF_K, reg, 0, 0,
			      (s32)(once_in(g, 3) ? most : mask)));
		break;
	case 2:
		emit(g, I_RAW(alu | BPF_MOD | BPF_K, reg, 0, 0, (s32)most + 1));
		break;
	case 3:
		emit(g, I_RAW(BPF_ALU64 | BPF_RSH | BPF_K, reg, 0, 0,
			      most ? 32 + __builtin_clz(most + 1) + 1 : 63));
		break;
	case 4: /* jumps away where it is as wanted, from a failure */
		emit(g, I_RAW(class | BPF_JLE | BPF_K, reg, 0, 1, (s32)most));
		emit_fail(g, I_JA(0));
		break;
	case 5: /* both ends, signed */
		emit_fail(g, I_RAW(class | BPF_JSLT | BPF_K, reg, 0, 0, 0));
		emit_fail(g, I_RAW(class | BPF_JSGT | BPF_K, reg, 0, 0,
				   (s32)most));
		break;
	default:
		emit_fail(g, I_RAW(class | over[op] | BPF_K, reg, 0, 0,
				   (s32)most + (op >= 2)));
	}
	set(g, reg, NUMBER_UPTO(most));
}

static void do_number(struct gen *g)
{
	u32 to = some_target(g), from;

	switch (pick(g, 8)) {
	case 0:
		emit(g, I_MOV_IMM(to, number(g)));
		set(g, to,
		    NUMBER_UPTO((u64)(s64)g->prog->insns[g->prog->nr - 1].imm));
		break;
	case 1: /* a copy, maybe of half, maybe signed */
	case 2:
		from = some_number(g);
		emit(g, I_RAW((once_in(g, 3) ? BPF_ALU : BPF_ALU64) | BPF_MOV |
				      BPF_X,
			      to, from,
			      (s16)(once_in(g, 5) ? 8 << pick(g, 3) : 0), 0));
		if (g->prog->insns[g->prog->nr - 1].off == 32)
			g->prog->insns[g->prog->nr - 1].code = BPF_ALU64 |
							       BPF_MOV | BPF_X;
		set(g, to, g->now.regs[from]);
		break;
	case 3: /* a copy that is some more */
		from = some_number(g);
		emit(g, I_MOV_REG(to, from));
		emit(g, I_ALU_IMM(BPF_ADD, to, number(g)));
		set(g, to, ANY_NUMBER);
		break;
	case 4:
		emit_call(g, BPF_FUNC_get_prandom_u32);
		break;
	default:
		load_random(g, to);
	}
}

static void do_alu(struct gen *g)
{
	static const u8 ops[] = { BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV,
				  BPF_OR,  BPF_AND, BPF_LSH, BPF_RSH,
				  BPF_NEG, BPF_MOD, BPF_XOR, BPF_ARSH,
				  BPF_ADD, BPF_SUB, BPF_AND, BPF_END };
	u8 op = ops[pick(g, ARRAY_SIZE(ops))];
	u8 class = once_in(g, 3) ? BPF_ALU : BPF_ALU64;
	u32 reg = some_number(g), src;
	s32 imm = number(g);
	s16 off = 0;

	if (g->pinned >> reg & 1)
		return;
	if (op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH)
		imm &= class == BPF_ALU ? 31 : 63;
	if (op == BPF_DIV || op == BPF_MOD) {
		imm += !imm;
		off = once_in(g, 3);
	}
	if (op == BPF_NEG) {
		emit(g, I_RAW(class | op, reg, 0, 0, 0));
	} else if (op == BPF_END) {
		emit(g, I_RAW(class | op |
				      (class == BPF_ALU ? pick(g, 2) << 3 : 0),
			      reg, 0, 0, 16 << pick(g, 3)));
	} else if (once_in(g, 2)) {
		src = some_number(g);
		emit(g, I_RAW(class | op | BPF_X, reg, src, off, 0));
	} else {
		emit(g, I_RAW(class | op | BPF_K, reg, 0, off, imm));
	}
	set(g, reg, ANY_NUMBER);
}

/* --------------------------------------------------------------- pointers */

static s32 room(const struct thing *thing)
{
	return thing->hi - thing->lo;
}

static void touch(struct gen *g, u32 ptr)
{
	const struct thing *thing = &g->now.regs[ptr];
	u32 size = pick(g, 4), bytes = 1u << size, to;
	s32 off, last = thing->hi - (s32)bytes;
	u32 how = pick(g, 8);

	switch (pick(g, 4)) {
	case 0:
		off = thing->lo;
		break;
	case 1:
		off = last;
		break;
	default:
		off = thing->lo +
		      (room(thing) > 0 ? (s32)pick(g, 64) % room(thing) : 0);
		off = off > last ? last : off;
	}
	/* what is aligned may be needed so */
	off -= once_in(g, 24) ? -1 : (off - thing->lo) % (s32)bytes;
	if (thing->kind == READ_ONLY && !once_in(g, 24))
		how = how & 3;
	if (how < 4) {
		to = some_target(g);
		emit(g, I_LDX(sizes[size], to, ptr, off));
		set(g, to,
		    size == 3 ? ANY_NUMBER
			      : NUMBER_UPTO((1ull << (8 << size)) - 1));
	} else if (how < 6) {
		emit(g, I_STX(sizes[size], ptr, some_number(g), off));
	} else if (how == 6 || size < 2) {
		emit(g, I_ST(sizes[size], ptr, off, number(g)));
	} else {
		static const u16 ops[] = { BPF_ADD, BPF_OR | BPF_FETCH,
					   BPF_XCHG, BPF_XOR, BPF_AND };
		u32 op = ops[pick(g, ARRAY_SIZE(ops))];

		to = some_number(g);
		if ((op & BPF_FETCH) && (g->pinned >> to & 1))
			return;
		emit(g, I_RAW(BPF_STX | BPF_ATOMIC | sizes[size], ptr, to, off,
			      (s32)op));
		if (op & BPF_FETCH)
			set(g, to, ANY_NUMBER);
	}
}

static void do_access(struct gen *g)
{
	int ptr = find(g, POINTERS, 0);

	touch(g, ptr >= 0 ? (u32)ptr : 10);
}

/* A pointer moves by a constant, or by a number. */
static void do_move(struct gen *g)
{
	int from = find(g, POINTERS, 0);
	u32 to = some_target(g), by;
	struct thing thing;
	s32 imm;

	if (from < 0)
		from = 10;
	thing = g->now.regs[from];
	if (once_in(g, 3)) {
		imm = (s32)pick(g, 33) * (once_in(g, 3) ? -1 : 1);
		if (from == 10)
			imm = -8 * (1 + (s32)pick(g, 12));
		emit(g, I_MOV_REG(to, (u32)from));
		emit(g, I_ALU_IMM(BPF_ADD, to, imm));
		thing.lo -= imm;
		thing.hi -= imm;
		set(g, to, thing);
		return;
	}
	by = some_number(g);
	if (by == (u32)from || by == to)
		return;
	if (from == 10) {
		/* a window of the stack */
		thing.lo = 0;
		thing.hi = 8 * (1 + (s32)pick(g, 8));
		emit(g, I_MOV_REG(to, 10));
		emit(g, I_ALU_IMM(BPF_ADD, to, -thing.hi));
	} else {
		emit(g, I_MOV_REG(to, (u32)from));
	}
	if (room(&thing) > 0 && g->now.regs[by].most > (u64)room(&thing) - 1 &&
	    !once_in(g, 10) && !(g->pinned >> by & 1))
		bound(g, by, pick(g, 64) % (u32)room(&thing));
	if (from == 10 && !once_in(g, 6) && !(g->pinned >> by & 1))
		emit(g, I_ALU_IMM(BPF_AND, by, 8 * (s32)pick(g, 8)));
	if (from != 10 && once_in(g, 10))
		emit(g, I_ALU_REG(BPF_SUB, to, by));
	else
		emit(g, I_ALU_REG(BPF_ADD, to, by));
	thing.hi -= g->now.regs[by].most < 512 ? (s32)g->now.regs[by].most : 0;
	set(g, to, thing);
	if (!once_in(g, 4))
		touch(g, to);
}

/* ------------------------------------------------------------------ stack */

static void do_spill(struct gen *g)
{
	u32 slot = pick(g, NR_SLOTS), reg = pick(g, 10), size = pick(g, 4);
	s32 off = -8 * (s32)(slot + 1);

	if (g->now.regs[reg].kind == NOTHING)
		reg = some_number(g);
	if (g->now.regs[reg].kind != NUMBER)
		size = 3;
	else if (once_in(g, 2))
		size = 3;
	if (once_in(g, 6))
		off += (s32)(pick(g, 8) >> size << size);
	emit(g, I_STX(sizes[size], 10, reg, off));
	g->now.slots[slot] = g->now.regs[reg];
	if (g->now.regs[reg].kind == NUMBER && size < 3)
		g->now.slots[slot].most =
			min(g->now.slots[slot].most,
			    size == 3 ? ~0ull : (1ull << (8 << size)) - 1);
}

static void do_fill(struct gen *g)
{
	u32 slot = pick(g, NR_SLOTS), to = some_target(g), size = 3;
	s32 off;

	for (u32 i = 0; i < NR_SLOTS && g->now.slots[slot].kind == NOTHING; i++)
		slot = (slot + 1) % NR_SLOTS;
	off = -8 * (s32)(slot + 1);
	if (g->now.slots[slot].kind <= NUMBER && once_in(g, 2)) {
		size = pick(g, 4);
		if (once_in(g, 3))
			off += (s32)(pick(g, 8) >> size << size);
	}
	emit(g, I_LDX(sizes[size], to, 10, off));
	set(g, to, g->now.slots[slot]);
	if (g->now.regs[to].kind == NOTHING)
		set(g, to, ANY_NUMBER);
}

/* ------------------------------------------------------------------ maps */

static void do_value(struct gen *g)
{
	static const u8 maps[] = { MAP_CONST, MAP_RANDOM };
	u32 map = maps[pick(g, 2)], to = some_target(g);
	u32 off = once_in(g, 3) ? pick(g, gen_maps[map].value_size) & ~7u : 0;

	emit(g, I_RAW(BPF_LD | BPF_DW | BPF_IMM, to, BPF_PSEUDO_MAP_VALUE, 0,
		      (s32)map));
	emit(g, I_RAW(0, 0, 0, 0, (s32)off));
	set(g, to,
	    (struct thing){ .kind = map == MAP_CONST ? READ_ONLY : MEMORY,
			    .lo = -(s32)off,
			    .hi = (s32)(gen_maps[map].value_size - off) });
}

static void null_check(struct gen *g, u32 reg)
{
	if (once_in(g, 30))
		return;
	if (once_in(g, 4)) {
		emit(g, I_JMP_IMM(BPF_JNE, reg, 0, 1));
		emit_fail(g, I_JA(0));
	} else {
		emit_fail(g, I_JMP_IMM(BPF_JEQ, reg, 0, 0));
	}
}

/* A key at R10 - 8, then map_lookup_elem(): R0 may be NULL. */
static void lookup(struct gen *g, u32 map)
{
	if (once_in(g, 3))
		emit(g, I_STX(BPF_DW, 10, some_number(g), -8));
	else
		emit(g, I_ST(BPF_DW, 10, -8, (s32)pick(g, 4)));
	g->now.slots[0] = ANY_NUMBER;
	emit(g, I_MOV_REG(2, 10));
	emit(g, I_ALU_IMM(BPF_ADD, 2, -8));
	emit_map(g, 1, map);
	emit_call(g, BPF_FUNC_map_lookup_elem);
}

static void do_lookup(struct gen *g)
{
	u32 map = pick(g, 3), to = 0, copy = some_saved(g);
	struct thing value = { .kind = MEMORY,
			       .hi = (s32)gen_maps[map].value_size };

	lookup(g, map);
	set(g, 0, (struct thing){ .kind = OPAQUE });
	if (copy < 10 && once_in(g, 2)) { /* what is checked is a copy */
		emit(g, I_MOV_REG(copy, 0));
		null_check(g, once_in(g, 2) ? 0 : copy);
		set(g, copy, value);
	} else if (once_in(g, 4)) { /* ... that comes from the stack */
		emit(g, I_STX(BPF_DW, 10, 0, -16));
		null_check(g, 0);
		emit(g, I_LDX(BPF_DW, to, 10, -16));
		g->now.slots[1] = value;
	} else {
		null_check(g, 0);
	}
	set(g, 0, value);
}

static void do_block(struct gen *g);

static void do_lock(struct gen *g)
{
	u32 saved = some_saved(g);
	struct thing value = { .kind = MEMORY, .lo = 8, .hi = 16 };

	if (g->prog->type == BPF_PROG_TYPE_SOCKET_FILTER || saved == 10)
		return;
	lookup(g, MAP_LOCK);
	null_check(g, 0);
	emit(g, I_MOV_REG(saved, 0));
	emit(g, I_MOV_REG(1, 0));
	emit_call(g, BPF_FUNC_spin_lock);
	g->now.regs[0].kind = NOTHING;
	set(g, saved, value);
	for (u32 n = pick(g, 3); n && !used_up(g); n--)
		touch(g, saved);
	emit(g, I_MOV_REG(1, saved));
	emit_call(g, BPF_FUNC_spin_unlock);
	g->now.regs[0].kind = NOTHING;
}

static void do_record(struct gen *g)
{
	u32 saved = some_saved(g), pinned = g->pinned;
	s32 size = 8 * (1 + (s32)pick(g, 6));

	if (saved == 10)
		return;
	emit_map(g, 1, MAP_RINGBUF);
	emit(g, I_MOV_IMM(2, size));
	emit(g, I_MOV_IMM(3, 0));
	emit_call(g, BPF_FUNC_ringbuf_reserve);
	null_check(g, 0);
	emit(g, I_MOV_REG(saved, 0));
	set(g, 0, (struct thing){ .kind = MEMORY, .hi = size });
	set(g, saved, g->now.regs[0]);
	g->pinned |= 1u << saved;
	for (u32 n = pick(g, 3); n && !used_up(g); n--) {
		if (once_in(g, 4))
			do_block(g);
		else
			touch(g, saved);
	}
	g->pinned = pinned;
	emit(g, I_MOV_REG(1, saved));
	emit(g, I_MOV_IMM(2, 0));
	if (!once_in(g, 20))
		emit_call(g, once_in(g, 2) ? BPF_FUNC_ringbuf_submit
					   : BPF_FUNC_ringbuf_discard);
	set(g, 0, (struct thing){ .kind = NOTHING });
	if (!once_in(g, 16))
		set(g, saved, (struct thing){ .kind = NOTHING });
}

/* --------------------------------------------------------------- contexts */

static const struct ctx_field *field_of(u32 type, u32 kinds)
{
	const struct ctx_type *ctx = ctx_type_of(type);

	for (u32 i = 0; i < ctx->nr_fields; i++)
		if (kinds >> ctx->fields[i].kind & 1 &&
		    ctx->fields[i].flags & CTX_READ)
			return &ctx->fields[i];
	return NULL;
}

static void do_field(struct gen *g)
{
	const struct ctx_type *ctx = ctx_type_of(g->prog->type);
	const struct ctx_field *field = &ctx->fields[pick(g, ctx->nr_fields)];
	u32 to = some_target(g), bytes = field->elem ? field->elem : 4;
	int reg = find(g, BIT(CONTEXT), 0);
	bool write = field->flags & CTX_WRITE && once_in(g, 2);
	struct prog as = { .type = g->prog->type,
			   .expected_attach_type = g->prog->attach_type };

	if (reg < 0 || field->kind != CTX_SCALAR ||
	    (!(field->flags & CTX_READ) && !(field->flags & CTX_ANY)))
		return;
	if (field->flags & CTX_NARROW && !write && once_in(g, 3))
		bytes >>= pick(g, 3);
	bytes += !bytes;
	if (!ctx_find(&as, field->off, bytes, write) && !once_in(g, 24))
		return;
	if (write && once_in(g, 2)) {
		emit(g, I_ST(sizes[__builtin_ctz(bytes)], (u32)reg, field->off,
			     number(g)));
	} else if (write) {
		emit(g, I_STX(sizes[__builtin_ctz(bytes)], (u32)reg,
			      some_number(g), field->off));
	} else {
		bool sign = bytes < 8 && once_in(g, 4);

		emit(g, I_RAW(BPF_LDX | (sign ? 0x80 : BPF_MEM) |
				      sizes[__builtin_ctz(bytes)],
			      to, (u32)reg, (s16)field->off, 0));
		set(g, to, ANY_NUMBER);
	}
}

/* The packet's beginning and end, compared in one of the ways. */
static void do_packet(struct gen *g)
{
	const struct ctx_field *data =
		field_of(g->prog->type, BIT(CTX_DATA) | BIT(CTX_OPTVAL));
	const struct ctx_field *end = field_of(
		g->prog->type, BIT(CTX_DATA_END) | BIT(CTX_OPTVAL_END));
	u32 size = 1 + pick(g, 40), p, way = pick(g, 6), by;
	int ctx = find(g, BIT(CONTEXT), 0);
	u8 kind = MEMORY, width;

	if (!data || !end || ctx < 0)
		return;
	if (g->prog->type == BPF_PROG_TYPE_CGROUP_SKB)
		kind = READ_ONLY;
	p = some_saved(g);
	p = p == 10 ? 5 : p;
	width = data->size == 8 ? BPF_DW : BPF_W;
	emit(g, I_LDX(width, p, (u32)ctx, data->off));
	emit(g, I_LDX(width, 3, (u32)ctx, end->off));
	set(g, 3, (struct thing){ .kind = OPAQUE });
	if (once_in(g, 3)) { /* from a place that is only known at run time */
		by = 4;
		load_random(g, by);
		if (!once_in(g, 12))
			bound(g, by, 1 + pick(g, 64));
		emit(g, I_ALU_REG(BPF_ADD, p, by));
	}
	emit(g, I_MOV_REG(2, p));
	emit(g, I_ALU_IMM(BPF_ADD, 2, (s32)size));
	set(g, 2, (struct thing){ .kind = OPAQUE });
	switch (way) {
	case 0:
		emit_fail(g, I_JMP_REG(BPF_JGT, 2, 3, 0));
		break;
	case 1:
		emit_fail(g, I_JMP_REG(BPF_JLT, 3, 2, 0));
		break;
	case 2:
		emit_fail(g, I_JMP_REG(BPF_JGE, 2, 3, 0));
		size += once_in(g, 3);
		break;
	case 3:
		emit_fail(g, I_JMP_REG(BPF_JLE, 3, 2, 0));
		size += once_in(g, 3);
		break;
	case 4:
		emit(g, I_JMP_REG(BPF_JLE, 2, 3, 1));
		emit_fail(g, I_JA(0));
		break;
	default:
		emit(g, I_JMP_REG(BPF_JLT, 2, 3, 1));
		emit_fail(g, I_JA(0));
		size += once_in(g, 3);
	}
	set(g, p, (struct thing){ .kind = kind, .hi = (s32)size });
	touch(g, p);
}

static void do_load_packet(struct gen *g)
{
	if (g->now.regs[6].kind != CONTEXT ||
	    (g->prog->type != BPF_PROG_TYPE_SOCKET_FILTER &&
	     g->prog->type != BPF_PROG_TYPE_SCHED_CLS))
		return;
	if (once_in(g, 2))
		emit(g, I_RAW(BPF_LD | BPF_IND | sizes[pick(g, 3)], 0,
			      some_number(g), 0, (s32)pick(g, 32)));
	else
		emit(g, I_RAW(BPF_LD | BPF_ABS | sizes[pick(g, 3)], 0, 0, 0,
			      (s32)pick(g, 32)));
	for (u32 i = 1; i <= 5; i++)
		g->now.regs[i].kind = NOTHING;
	set(g, 0, ANY_NUMBER);
}

static void do_sock(struct gen *g)
{
	u32 saved = some_saved(g), type = g->prog->type;
	int ctx = find(g, BIT(CONTEXT), 6);

	if (saved == 10 || ctx < 0 ||
	    (type != BPF_PROG_TYPE_SCHED_CLS && type != BPF_PROG_TYPE_XDP &&
	     type != BPF_PROG_TYPE_CGROUP_SKB &&
	     type != BPF_PROG_TYPE_CGROUP_SOCK_ADDR))
		return;
	emit(g, I_ST(BPF_DW, 10, -16, 0));
	emit(g, I_ST(BPF_W, 10, -8, 0));
	emit(g, I_MOV_REG(1, (u32)ctx));
	emit(g, I_MOV_REG(2, 10));
	emit(g, I_ALU_IMM(BPF_ADD, 2, -16));
	emit(g, I_MOV_IMM(3, 12));
	emit(g, I_MOV_IMM(4, -1));
	emit(g, I_MOV_IMM(5, 0));
	emit_call(g, once_in(g, 2) ? BPF_FUNC_sk_lookup_tcp
				   : BPF_FUNC_sk_lookup_udp);
	null_check(g, 0);
	emit(g, I_MOV_REG(saved, 0));
	if (once_in(g, 2))
		emit(g, I_LDX(BPF_W, 1, saved, 4 * (s32)pick(g, 6)));
	emit(g, I_MOV_REG(1, saved));
	if (!once_in(g, 20))
		emit_call(g, BPF_FUNC_sk_release);
	set(g, saved, (struct thing){ .kind = NOTHING });
}

/* ---------------------------------------------------------------- helpers */

/* A pointer and a size, for R@ptr and R@ptr + 1. */
static void mem_and_size(struct gen *g, u32 ptr, bool write)
{
	int from = find(g, write ? BIT(MEMORY) : POINTERS, 6);
	struct thing thing;
	u32 by;

	if (from < 0)
		from = 10;
	thing = g->now.regs[from];
	emit(g, I_MOV_REG(ptr, (u32)from));
	if (from == 10) {
		thing.lo = 0;
		thing.hi = 8 * (1 + (s32)pick(g, 12));
		emit(g, I_ALU_IMM(BPF_ADD, ptr, -thing.hi));
	} else if (thing.lo) {
		emit(g, I_ALU_IMM(BPF_ADD, ptr, thing.lo));
		thing.hi -= thing.lo;
	}
	if (thing.hi < 1 || thing.hi > 512)
		thing.hi = 1;
	if (once_in(g, 2)) {
		emit(g, I_MOV_IMM(ptr + 1, thing.hi + once_in(g, 16)));
	} else {
		by = ptr + 1;
		load_random(g, by);
		bound(g, by, (u32)thing.hi);
		if (!once_in(g, 16))
			emit_fail(g, I_JMP_IMM(BPF_JEQ, by, 0, 0));
	}
	set(g, ptr, (struct thing){ .kind = OPAQUE });
	set(g, ptr + 1, ANY_NUMBER);
}

static void do_helper(struct gen *g)
{
	int ctx = find(g, BIT(CONTEXT), 6);

	switch (pick(g, 5)) {
	case 0:
		mem_and_size(g, 1, true);
		emit_call(g, BPF_FUNC_get_current_comm);
		break;
	case 1:
		mem_and_size(g, 2, false);
		emit_map(g, 1, MAP_RINGBUF);
		emit(g, I_MOV_IMM(4, 0));
		emit_call(g, BPF_FUNC_ringbuf_output);
		break;
	case 2:
		if (ctx < 0 || (g->prog->type != BPF_PROG_TYPE_SCHED_CLS &&
				g->prog->type != BPF_PROG_TYPE_CGROUP_SKB &&
				g->prog->type != BPF_PROG_TYPE_SOCKET_FILTER))
			return;
		mem_and_size(g, 3, true);
		emit(g, I_MOV_REG(1, (u32)ctx));
		emit(g, I_MOV_IMM(2, (s32)pick(g, 32)));
		emit_call(g, BPF_FUNC_skb_load_bytes);
		break;
	case 3:
		mem_and_size(g, 1, false);
		emit(g, I_MOV_IMM(3, 0));
		emit(g, I_MOV_REG(4, 10));
		emit(g, I_ALU_IMM(BPF_ADD, 4, -8 * (1 + (s32)pick(g, 4))));
		emit_call(g, BPF_FUNC_strtol);
		break;
	default:
		emit(g, I_ST(BPF_DW, 10, -8, (s32)pick(g, 4)));
		emit(g, I_MOV_REG(2, 10));
		emit(g, I_ALU_IMM(BPF_ADD, 2, -8));
		emit(g, I_MOV_REG(3, 10));
		emit(g, I_ALU_IMM(BPF_ADD, 3, -48));
		emit(g, I_MOV_IMM(4, 0));
		emit_map(g, 1, once_in(g, 2) ? MAP_ARRAY : MAP_HASH);
		emit_call(g, BPF_FUNC_map_update_elem);
	}
}

static void do_tail_call(struct gen *g)
{
	int ctx = find(g, BIT(CONTEXT), 6);

	if (ctx < 0)
		return;
	emit(g, I_MOV_REG(1, (u32)ctx));
	emit_map(g, 2, MAP_TAIL);
	emit(g, I_MOV_IMM(3, (s32)pick(g, 3)));
	emit_call(g, BPF_FUNC_tail_call);
	g->now.regs[0].kind = NOTHING;
}

/* -------------------------------------------------------------- functions */

static struct func *func_new(struct gen *g, bool callback)
{
	struct func *func;

	if (g->nr_funcs == GEN_MAX_FUNCS)
		return NULL;
	func = &g->funcs[g->nr_funcs++];
	memset(func, 0, sizeof(*func));
	func->callback = callback;
	func->args.regs[10] =
		(struct thing){ .kind = MEMORY, .lo = -48, .hi = 0 };
	return func;
}

static void func_ref(struct gen *g, struct func *func)
{
	if (func->nr_calls < ARRAY_SIZE(func->calls))
		func->calls[func->nr_calls++] = g->prog->nr;
}

static void do_call(struct gen *g)
{
	struct func *func;
	u32 nr = pick(g, 4);
	int from;

	/* once more what was called before, with other arguments */
	if (g->nr_funcs && once_in(g, 3) && g->func < g->nr_funcs &&
	    !g->funcs[g->nr_funcs - 1].callback)
		func = &g->funcs[g->nr_funcs - 1];
	else
		func = func_new(g, false);
	if (!func || func->nr_calls == ARRAY_SIZE(func->calls))
		return;
	for (u32 i = 1; i <= nr; i++) {
		struct thing thing;

		from = find(g, POINTERS | BIT(NUMBER) | BIT(CONTEXT), 6);
		if (from < 0)
			from = 10;
		thing = g->now.regs[from];
		emit(g, I_MOV_REG(i, (u32)from));
		if (from == 10) {
			emit(g, I_ALU_IMM(BPF_ADD, i, -32));
			thing.lo = -16;
			thing.hi = 32;
		}
		g->now.regs[i] = thing;
		if (!func->nr_calls)
			func->args.regs[i] = thing;
	}
	func_ref(g, func);
	emit(g, I_CALL_REL(0));
	for (u32 i = 1; i <= 5; i++)
		g->now.regs[i].kind = NOTHING;
	set(g, 0, ANY_NUMBER);
}

static void do_callback(struct gen *g)
{
	bool each = once_in(g, 3);
	struct func *func = func_new(g, true);
	struct thing area = { .kind = MEMORY, .lo = 0, .hi = 64 };
	u32 ctx = each ? 4 : 2;

	if (!func)
		return;
	if (each) {
		u32 map = once_in(g, 2) ? MAP_ARRAY : MAP_HASH;

		emit_map(g, 1, map);
		func->args.regs[2] =
			(struct thing){ .kind = READ_ONLY,
					.hi = (s32)gen_maps[map].key_size };
		func->args.regs[3] =
			(struct thing){ .kind = MEMORY,
					.hi = (s32)gen_maps[map].value_size };
	} else {
		if (once_in(g, 3)) {
			load_random(g, 1);
			bound(g, 1, 8);
		} else {
			emit(g, I_MOV_IMM(1, (s32)pick(g, 10)));
		}
		func->args.regs[1] = ANY_NUMBER;
	}
	func->args.regs[ctx] = area;
	func_ref(g, func);
	emit(g, I_RAW(BPF_LD | BPF_DW | BPF_IMM, 2, BPF_PSEUDO_FUNC, 0, 0));
	emit(g, I_RAW(0, 0, 0, 0, 0));
	emit(g, I_MOV_REG(3, 10));
	emit(g, I_ALU_IMM(BPF_ADD, 3, -64));
	emit(g, I_MOV_IMM(4, 0));
	emit_call(g, each ? BPF_FUNC_for_each_map_elem : BPF_FUNC_loop);
}

/* ------------------------------------------------------------------- flow */

/* What is known after both of two ways. */
static void meet(struct thing *a, const struct thing *b)
{
	if (a->kind != b->kind)
		a->kind = NOTHING;
	a->lo = max(a->lo, b->lo);
	a->hi = min(a->hi, b->hi);
	a->most = max(a->most, b->most);
}

static void meet_all(struct idea *a, const struct idea *b)
{
	for (u32 i = 0; i < 11; i++)
		meet(&a->regs[i], &b->regs[i]);
	for (u32 i = 0; i < NR_SLOTS; i++)
		meet(&a->slots[i], &b->slots[i]);
}

static struct bpf_insn some_jump(struct gen *g)
{
	static const u8 ops[] = { BPF_JEQ, BPF_JGT,  BPF_JGE,  BPF_JSET,
				  BPF_JNE, BPF_JSGT, BPF_JSGE, BPF_JLT,
				  BPF_JLE, BPF_JSLT, BPF_JSLE };
	u8 op = ops[pick(g, ARRAY_SIZE(ops))];
	u8 class = once_in(g, 3) ? BPF_JMP32 : BPF_JMP;
	u32 reg = some_number(g), src;

	if (once_in(g, 3)) {
		src = some_number(g);
		return I_RAW(class | op | BPF_X, reg, src, 0, 0);
	}
	return I_RAW(class | op | BPF_K, reg, 0, 0, number(g));
}

static void do_blocks(struct gen *g, u32 nr)
{
	while (nr-- && !used_up(g))
		do_block(g);
}

static void do_branch(struct gen *g)
{
	struct bpf_insn insn = some_jump(g);
	u32 jump = emit_jump(g, insn), over;
	struct idea before = g->now, after;

	do_blocks(g, 1 + pick(g, 4));
	if (once_in(g, 2)) {
		jump_here(g, jump);
		meet_all(&g->now, &before);
		return;
	}
	over = emit_jump(g, I_JA(0));
	jump_here(g, jump);
	after = g->now;
	g->now = before;
	do_blocks(g, 1 + pick(g, 3));
	jump_here(g, over);
	meet_all(&g->now, &after);
}

/* The same register gets another value on each way. */
static void do_choose(struct gen *g)
{
	u32 to = some_target(g), jump;
	struct bpf_insn insn = some_jump(g);
	s32 a = (s32)pick(g, 64),
	    b = once_in(g, 3) ? number(g) : (s32)pick(g, 64);

	if (insn.dst_reg == to || insn.src_reg == to)
		return;
	emit(g, I_MOV_IMM(to, a));
	jump = emit_jump(g, insn);
	emit(g, I_MOV_IMM(to, b));
	jump_here(g, jump);
	set(g, to, NUMBER_UPTO(max((u64)(s64)a, (u64)(s64)b)));
}

static void do_loop(struct gen *g)
{
	static const u8 ops[] = { BPF_JLT, BPF_JNE, BPF_JSLT, BPF_JLE };
	u32 counter = some_saved(g), pinned = g->pinned, top;
	u32 op = pick(g, 4), times = 1 + pick(g, g->depth > 1 ? 3 : 6);
	struct idea before;

	if (counter == 10)
		return;
	if (g->depth == 1 && once_in(g, 10))
		times += 60;
	emit(g, I_MOV_IMM(counter, 0));
	set(g, counter, NUMBER_UPTO(times));
	g->pinned |= 1u << counter;
	before = g->now;
	top = g->prog->nr;
	do_blocks(g, 1 + pick(g, 3));
	emit(g, I_ALU_IMM(BPF_ADD, counter, 1));
	emit(g, I_RAW((once_in(g, 3) ? BPF_JMP32 : BPF_JMP) | ops[op] | BPF_K,
		      counter, 0, (s16)((s32)top - (s32)g->prog->nr - 1),
		      (s32)times));
	g->pinned = pinned;
	meet_all(&g->now, &before);
}

static void do_exit(struct gen *g)
{
	if (once_in(g, 8) && g->now.regs[0].kind == NUMBER && !g->func) {
		if (once_in(g, 2))
			emit(g, I_ALU_IMM(BPF_AND, 0, 1));
	} else {
		emit(g, I_MOV_IMM(0, (s32)pick(g, 2)));
	}
	emit(g, I_EXIT());
}

static void do_early_exit(struct gen *g)
{
	u32 jump = emit_jump(g, some_jump(g));

	do_exit(g);
	jump_here(g, jump);
}

static void do_block(struct gen *g)
{
	static void (*const blocks[])(struct gen *) = {
		do_number, do_number,	 do_number,	do_alu,
		do_alu,	   do_alu,	 do_alu,	do_access,
		do_access, do_access,	 do_move,	do_move,
		do_move,   do_move,	 do_spill,	do_spill,
		do_spill,  do_fill,	 do_fill,	do_fill,
		do_value,  do_value,	 do_lookup,	do_lookup,
		do_lock,   do_record,	 do_field,	do_field,
		do_packet, do_packet,	 do_sock,	do_helper,
		do_helper, do_tail_call, do_call,	do_callback,
		do_branch, do_branch,	 do_branch,	do_choose,
		do_choose, do_loop,	 do_early_exit, do_load_packet,
	};
	u32 block = pick(g, ARRAY_SIZE(blocks));

	if (g->depth > 4)
		return;
	g->depth++;
	blocks[block](g);
	g->depth--;
}

/* A function from its first block to its last exit. */
static void do_function(struct gen *g, u32 blocks, bool callback)
{
	g->nr_fails = 0;
	g->pinned = 1u << 6 | 1u << 10;
	do_blocks(g, blocks);
	if (callback) {
		emit(g, I_MOV_IMM(0, (s32)pick(g, 2)));
		emit(g, I_EXIT());
	} else if (g->func && g->now.regs[0].kind == NUMBER) {
		emit(g, I_EXIT());
	} else {
		do_exit(g);
	}
	if (!g->nr_fails)
		return;
	for (u32 i = 0; i < g->nr_fails; i++)
		jump_here(g, g->fails[i]);
	emit(g, I_MOV_IMM(0, 0));
	emit(g, I_EXIT());
}

static void do_main(struct gen *g)
{
	memset(&g->now, 0, sizeof(g->now));
	set(g, 1, (struct thing){ .kind = CONTEXT });
	set(g, 10, (struct thing){ .kind = MEMORY, .lo = -128, .hi = 0 });
	emit(g, I_MOV_REG(6, 1));
	set(g, 6, g->now.regs[1]);
	do_function(g, 4 + pick(g, 28), false);
}

static void do_functions(struct gen *g)
{
	for (g->func = 1; g->func <= g->nr_funcs; g->func++) {
		struct func *func = &g->funcs[g->func - 1];
		u32 start = g->prog->nr;

		g->prog->funcs[g->prog->nr_funcs++] = start;
		for (u32 i = 0; i < func->nr_calls; i++)
			g->prog->insns[func->calls[i]].imm =
				(s32)(start - func->calls[i] - 1);
		g->now = func->args;
		/* R6 is a number, not the context */
		load_random(g, 6);
		do_function(g, 1 + pick(g, 8), func->callback);
	}
}

static void mutate(struct gen *g)
{
	struct bpf_insn *insn = &g->prog->insns[pick(g, 256) % g->prog->nr];

	if (insn->code == 0x18 || !insn->code || insn->code == 0x85 ||
	    BPF_CLASS(insn->code) == BPF_LD)
		return;
	switch (pick(g, 8)) {
	case 0:
		insn->imm = (s32)((u32)insn->imm + (pick(g, 2) ? 1u : ~0u));
		break;
	case 1:
		insn->imm = number(g);
		break;
	case 2:
		insn->off = (s16)(insn->off + (pick(g, 2) ? 1 : -1));
		break;
	case 3:
		insn->dst_reg = pick(g, 11) & 15;
		break;
	case 4:
		insn->src_reg = pick(g, 11) & 15;
		break;
	case 5:
		insn->code ^= 0x10 << pick(g, 4);
		break;
	default:
		insn->code ^= 1 << pick(g, 4);
	}
}

/* Any byte of any instruction. */
static void garble(struct gen *g)
{
	u8 *bytes =
		(u8 *)&g->prog
			->insns[(pick(g, 256) << 8 | byte(g)) % g->prog->nr];

	bytes[pick(g, 8)] = (u8)byte(g);
}

void gen_prog(struct gen_prog *prog, const u8 *in, size_t size)
{
	static __thread struct gen gen;
	struct gen *g = &gen;
	u32 type;

	memset(g, 0, sizeof(*g));
	memset(prog, 0, sizeof(*prog));
	g->in = in;
	g->size = size;
	g->prog = prog;
	type = pick(g, ARRAY_SIZE(prog_types));
	prog->kind = type;
	prog->type = prog_types[type].type;
	prog->attach_type = prog_types[type].attach_type;
	if (once_in(g, 8))
		prog->flags |= BPF_F_TEST_STATE_FREQ;
	do_main(g);
	do_functions(g);
	if (once_in(g, 5))
		for (u32 n = 1 + pick(g, 3); n; n--)
			mutate(g);
	if (once_in(g, 12))
		for (u32 n = 1 + pick(g, 8); n; n--)
			garble(g);
}
