/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads and stores.
 *
 * 1. What may be done through a register is decided by what it points to: one
 *    line of the table below for each kind, and the rooms behind it.
 * 2. A pointer that may be NULL gives access to nothing.
 * 3. What was loaded is the number of so many bytes, extended to 64 bits; a
 *    pointer only from where the whole of one was known to be.
 * 4. An instruction that goes through the context or a socket does so on all
 *    paths, as it is translated to what only fits that.
 * 5. Programs may run anywhere, so alignment only matters where it is asked
 *    for, for atomics, and on the stack, which is tracked by aligned slots.
 */
#include "verifier/memory.h"

#include "verifier/access.h"
#include "verifier/precise.h"
#include "verifier/show.h"
#include "verifier/stack.h"
#include "verifier/walk.h"
#include "vm/insn.h"

/* A helper may be given this much memory at most. */
#define MAX_VAR_SIZE (1u << 29)

struct kind_rule {
	const char *name; /* in messages of misaligned accesses */
	/* what an instruction may touch; NULL: nothing */
	int (*access)(struct verifier *v, const struct touch *t);
	/* what a helper may be given; NULL: nothing */
	int (*region)(struct verifier *v, const struct touch *t);
	/* 4.: no other kind in the same instruction */
	bool exclusive;
	bool no_atomics;
};

static const struct kind_rule kind_rules[REG_KINDS] = {
	[REG_CTX] = { "context ", ctx_access, NULL, true, true },
	[REG_MAP] = { "", map_access, NULL, false, false },
	[REG_MAP_VALUE] = { "value ", value_access, value_access },
	[REG_MAP_KEY] = { "key ", key_access, key_access },
	[REG_STACK] = { "stack ", stack_access, stack_region },
	[REG_PACKET_META] = { "packet ", packet_access, packet_access,
			      .no_atomics = true },
	[REG_PACKET] = { "packet ", packet_access, packet_access,
			 .no_atomics = true },
	[REG_SOCK] = { "sock ", sock_access, NULL, true, true },
	[REG_SOCK_COMMON] = { "sock_common ", sock_access, NULL, true, true },
	[REG_TCP_SOCK] = { "tcp_sock ", sock_access, NULL, true, true },
	[REG_MEM] = { "", record_access, record_access },
};

/* ------------------------------------------------------------- alignment */

/* Network headers lie this far after a multiple of their size. */
#define PACKET_ALIGN 2

/* 5.  @t->off is counted without the register's own part. */
static int check_alignment(struct verifier *v, const struct touch *t, s32 off,
			   bool strict)
{
	const struct reg *reg = t->reg;
	bool known = !(reg->flags & REG_MAYBE_NULL);
	bool packet = known && reg_is_packet(reg);
	u64 fixed = (u64)(s64)(reg->off + off + (packet ? PACKET_ALIGN : 0));
	const char *name = known ? kind_rules[reg->kind].name : NULL;
	char text[TNUM_TEXT_MAX];

	strict |= v->strict_align || (known && reg->kind == REG_STACK);
	if (!strict || t->size == 1 ||
	    tnum_is_aligned(tnum_add(reg->s.var_off, tnum_const(fixed)),
			    t->size))
		return 0;
	tnum_text(reg->s.var_off, text);
	if (packet)
		log_printf(v->log,
			   "misaligned packet access off %d+%s+%d+%d size %u\n",
			   PACKET_ALIGN, text, reg->off, off, t->size);
	else
		log_printf(v->log, "misaligned %saccess off %s+%d+%d size %u\n",
			   name ? name : "", text, reg->off, off, t->size);
	return -EACCES;
}

/* -------------------------------------------------------------- dispatch */

static int refuse_kind(struct verifier *v, const struct touch *t)
{
	char name[REG_NAME_MAX];

	log_printf(v->log, "R%u invalid mem access '%s'\n", t->regno,
		   reg_name(t->reg, name));
	return -EACCES;
}

/* 3. */
static void cut_loaded(struct verifier *v, const struct touch *t)
{
	struct reg *reg = &verifier_regs(v)[t->value];

	if (reg->kind != REG_SCALAR || t->size == 8)
		return;
	if (!t->sign_extends) {
		scalar_zext(&reg->s, t->size);
		return;
	}
	/* a number that turns out negative is no longer its relatives' equal */
	scalar_sext(&reg->s, t->size);
	if (reg->s.r64.smin < 0) {
		reg->id = 0;
		reg->off = 0;
	}
}

/*
 * @t as the instruction has it, with the offset it has: @strict, as atomics
 * are.
 */
static int access_check(struct verifier *v, struct touch *t, bool strict)
{
	const struct kind_rule *rule;
	int err;

	t->reg = &verifier_regs(v)[t->regno];
	rule = &kind_rules[t->reg->kind];
	err = check_alignment(v, t, t->off, strict);
	if (err)
		return err;
	if (!rule->access || t->reg->flags & REG_MAYBE_NULL)
		return refuse_kind(v, t);
	t->off += t->reg->off;
	err = rule->access(v, t);
	if (!err && t->access == ACCESS_READ && t->value >= 0)
		cut_loaded(v, t);
	return err;
}

/* 4.  @kind: what the instruction just went through. */
static int note_base(struct verifier *v, u8 kind)
{
	struct insn_info *info = verifier_info(v);
	u8 before = info->base - 1;

	if (!info->base) {
		info->base = kind + 1;
	} else if (before != kind && (kind_rules[before].exclusive ||
				      kind_rules[kind].exclusive)) {
		log_printf(v->log, "same insn cannot be used with different "
				   "pointers\n");
		return -EINVAL;
	}
	return 0;
}

/* ---------------------------------------------------------- instructions */

static int load(struct verifier *v, int xop, bool strict)
{
	const struct bpf_insn *insn = verifier_insn(v);
	struct touch t = {
		.regno = insn->src_reg,
		.off = insn->off,
		.size = insn_descs[xop].size,
		.sign_extends = insn_descs[xop].sign_extends,
		.value = insn->dst_reg,
	};
	int err = operand_read(v, insn->src_reg);
	u8 kind;

	if (!err)
		err = operand_write(v, insn->dst_reg);
	if (err)
		return err;
	kind = verifier_regs(v)[insn->src_reg].kind;
	err = access_check(v, &t, strict);
	return err ? err : note_base(v, kind);
}

int check_load(struct verifier *v, int xop)
{
	return load(v, xop, false);
}

static int store(struct verifier *v, int xop, bool strict)
{
	const struct bpf_insn *insn = verifier_insn(v);
	bool from_reg = insn_descs[xop].form != FORM_ST;
	struct touch t = {
		.regno = insn->dst_reg,
		.off = insn->off,
		.size = insn_descs[xop].size,
		.access = ACCESS_WRITE,
		.value = from_reg ? insn->src_reg : -1,
	};
	struct reg constant;
	int err = from_reg ? operand_read(v, insn->src_reg) : 0;

	if (!err)
		err = operand_read(v, insn->dst_reg);
	if (err)
		return err;
	reg_set_const(&constant, (u64)(s64)insn->imm);
	t.stored = from_reg ? &verifier_regs(v)[insn->src_reg] : &constant;
	err = access_check(v, &t, strict);
	return err ? err : note_base(v, verifier_regs(v)[insn->dst_reg].kind);
}

int check_store(struct verifier *v, int xop)
{
	return store(v, xop, false);
}

/* --------------------------------------------------------------- atomics */

static int refuse_atomic(struct verifier *v, const char *what, u32 regno,
			 const struct reg *reg)
{
	char name[REG_NAME_MAX];

	log_printf(v->log, "BPF_ATOMIC %s R%u %s is not allowed\n", what, regno,
		   reg_name(reg, name));
	return -EACCES;
}

static bool refuses_atomics(const struct reg *reg)
{
	return kind_rules[reg->kind].no_atomics &&
	       !(reg->flags & REG_MAYBE_NULL);
}

static int check_load_acquire(struct verifier *v, int xop)
{
	u32 regno = verifier_insn(v)->src_reg;
	struct reg base = { 0 };
	int err;

	if (regno < NR_REGS)
		base = verifier_regs(v)[regno]; /* it may be overwritten */
	err = load(v, xop, true);
	if (!err && refuses_atomics(&base))
		err = refuse_atomic(v, "loads from", regno, &base);
	return err;
}

static int check_store_release(struct verifier *v, int xop)
{
	u32 regno = verifier_insn(v)->dst_reg;
	const struct reg *base;
	int err = store(v, xop, true);

	if (err)
		return err;
	base = &verifier_regs(v)[regno];
	if (refuses_atomics(base))
		err = refuse_atomic(v, "stores into", regno, base);
	return err;
}

/* The memory is read, then written; the register gets what was there. */
static int modify(struct verifier *v, u32 size, int fetch)
{
	const struct bpf_insn *insn = verifier_insn(v);
	struct touch t = {
		.regno = insn->dst_reg,
		.off = insn->off,
		.size = size,
		.value = -1,
	};
	struct touch fill = t, write = t;
	int err = access_check(v, &t, true);

	fill.value = fetch;
	if (!err && fetch >= 0)
		err = access_check(v, &fill, true);
	write.access = ACCESS_WRITE;
	return err ? err : access_check(v, &write, true);
}

static int check_modify(struct verifier *v, int xop)
{
	const struct bpf_insn *insn = verifier_insn(v);
	const struct insn_desc *desc = &insn_descs[xop];
	int fetch = desc->form == FORM_CMPXCHG ? 0
		    : desc->form == FORM_FETCH ? insn->src_reg
					       : -1;
	const struct reg *base;
	int err = operand_read(v, insn->src_reg);

	if (!err)
		err = operand_read(v, insn->dst_reg);
	if (!err && desc->form == FORM_CMPXCHG)
		err = operand_read(v, 0);
	if (err)
		return err;
	base = &verifier_regs(v)[insn->dst_reg];
	if (refuses_atomics(base))
		return refuse_atomic(v, "stores into", insn->dst_reg, base);
	if (fetch >= 0) {
		err = operand_write(v, (u32)fetch);
		if (err)
			return err;
		/* if that was the pointer, it is one no more */
		reg_set_unknown(&verifier_regs(v)[fetch]);
	}
	return modify(v, desc->size, fetch);
}

int check_atomic(struct verifier *v, int xop)
{
	switch (insn_descs[xop].form) {
	case FORM_LOADACQ:
		return check_load_acquire(v, xop);
	case FORM_STOREREL:
		return check_store_release(v, xop);
	default:
		return check_modify(v, xop);
	}
}

/* --------------------------------------------------------------- helpers */

static int region(struct verifier *v, u32 regno, u32 size, enum access access,
		  bool zero_ok, bool varied)
{
	const struct reg *reg = &verifier_regs(v)[regno];
	struct touch t = {
		.reg = reg,
		.regno = regno,
		.off = reg->off,
		.size = size,
		.access = access,
		.helper = true,
		.zero_ok = zero_ok,
		.varied = varied,
		.value = -1,
	};
	char name[REG_NAME_MAX];

	if (kind_rules[reg->kind].region)
		return kind_rules[reg->kind].region(v, &t);
	if (zero_ok && !size && reg_is_null(reg))
		return 0;
	log_printf(v->log, "R%u type=%s expected=fp\n", regno,
		   reg_name(reg, name));
	return -EACCES;
}

int memory_check(struct verifier *v, u32 regno, u32 size, enum access access,
		 bool zero_ok)
{
	return region(v, regno, size, access, zero_ok, false);
}

int memory_check_sized(struct verifier *v, u32 regno, u32 size_regno,
		       enum access access, bool zero_ok)
{
	const struct reg *size = &verifier_regs(v)[size_regno];
	const struct range *range = &size->s.r64;
	int err;

	if (range->smin < 0) {
		log_printf(v->log,
			   "R%u min value is negative, either use unsigned or "
			   "'var &= const'\n",
			   size_regno);
		return -EACCES;
	}
	if (!range->umin && !zero_ok) {
		log_printf(v->log,
			   "R%u invalid zero-sized read: u64=[%lld,%lld]\n",
			   size_regno, (long long)range->umin,
			   (long long)range->umax);
		return -EACCES;
	}
	if (range->umax >= MAX_VAR_SIZE) {
		log_printf(v->log,
			   "R%u unbounded memory access, use 'var &= const' or "
			   "'if (var < const)'\n",
			   size_regno);
		return -EACCES;
	}
	err = region(v, regno, (u32)range->umax, access, zero_ok,
		     !reg_is_const(size));
	return err ? err : precise_reg(v, size_regno);
}

int memory_check_aligned(struct verifier *v, u32 regno, u32 size)
{
	const struct touch t = {
		.reg = &verifier_regs(v)[regno],
		.regno = regno,
		.size = size,
	};

	return check_alignment(v, &t, 0, true);
}

int pointer_check_fixed(struct verifier *v, const struct reg *reg, u32 regno,
			bool fixed_off_ok)
{
	char name[REG_NAME_MAX], text[TNUM_TEXT_MAX];

	reg_name(reg, name);
	if (reg->off < 0)
		log_printf(v->log,
			   "negative offset %s ptr R%u off=%d disallowed\n",
			   name, regno, reg->off);
	else if (!fixed_off_ok && reg->off)
		log_printf(v->log,
			   "dereference of modified %s ptr R%u off=%d "
			   "disallowed\n",
			   name, regno, reg->off);
	else if (!tnum_is_const(reg->s.var_off) || reg->s.var_off.value)
		log_printf(v->log, "variable %s access var_off=%s disallowed\n",
			   name, tnum_text(reg->s.var_off, text));
	else
		return 0;
	return -EACCES;
}
