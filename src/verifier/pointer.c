/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moving pointers.
 *
 * 1. A pointer is its base, a constant (off) and a number (s).  Constants are
 *    added up in off as long as they fit; every other number goes into s.
 * 2. Both stay within MAX_MOVE either way at every step, so that they can be
 *    added to sizes without wrapping.
 * 3. Packet pointers with the same id have the same number in s, so what is
 *    known of one's distance to the end is known of all.  A new number in s
 *    is a new id, and the distance is forgotten; only subtracting what is
 *    not negative leaves it as good as it was.
 * 4. What may be NULL is not moved: it would not be NULL any more.
 */
#include "verifier/alu.h"
#include "verifier/memory.h"
#include "verifier/show.h"
#include "verifier/walk.h"
#include "vm/insn.h"

#define MAX_MOVE (1 << 29)

static bool kind_moves(const struct reg *ptr)
{
	switch (ptr->kind) {
	case REG_CTX:
	case REG_MAP_VALUE:
	case REG_MAP_KEY:
	case REG_STACK:
	case REG_PACKET:
	case REG_PACKET_META:
	case REG_MEM:
	case REG_FUNC:
		return true;
	default:
		return false;
	}
}

static int refuse_kind(struct verifier *v, const struct reg *ptr,
		       const char *end)
{
	char name[REG_NAME_MAX];

	log_printf(v->log, "R%u pointer arithmetic on %s prohibited%s\n",
		   verifier_insn(v)->dst_reg, reg_name(ptr, name), end);
	return -EACCES;
}

static int check_kind(struct verifier *v, const struct reg *ptr,
		      const struct reg *by)
{
	const struct bpf_insn *insn = verifier_insn(v);
	bool adds_none = BPF_OP(insn->code) == BPF_ADD && reg_is_null(by);

	if (ptr->flags & REG_MAYBE_NULL)
		return refuse_kind(v, ptr, ", null-check it first");
	if (kind_moves(ptr) || (ptr->kind == REG_MAP && adds_none))
		return 0;
	return refuse_kind(v, ptr, "");
}

/* @reg, the pointer or what it is moved by, stays in the limits: 2. */
static int check_reach(struct verifier *v, const struct reg *reg,
		       const struct reg *ptr)
{
	s64 value = (s64)reg->s.var_off.value, smin = reg->s.r64.smin;
	s32 off = reg->off; /* of a number too, as for Linux */
	char name[REG_NAME_MAX];

	reg_name(ptr, name);
	if (scalar_is_const(&reg->s) &&
	    (value >= MAX_MOVE || value <= -MAX_MOVE))
		log_printf(v->log,
			   "math between %s pointer and %lld is not allowed\n",
			   name, (long long)value);
	else if (off >= MAX_MOVE || off <= -MAX_MOVE)
		log_printf(v->log, "%s pointer offset %d is not allowed\n",
			   name, off);
	else if (smin == INT64_MIN)
		log_printf(v->log,
			   "math between %s pointer and register with "
			   "unbounded min value is not allowed\n",
			   name);
	else if (smin >= MAX_MOVE || smin <= -MAX_MOVE)
		log_printf(v->log,
			   "value %lld makes %s pointer be out of bounds\n",
			   (long long)smin, name);
	else
		return 0;
	return -EINVAL;
}

/* @moved, from @ptr by @by with the 64-bit operation @xop. */
static void move(struct verifier *v, struct reg *moved, const struct reg *ptr,
		 const struct reg *by, int xop)
{
	bool adds = xop == XOP_ADD64X;
	s64 step = (s64)by->s.var_off.value, off = 0;
	bool fixed = scalar_is_const(&by->s) &&
		     !(adds ? __builtin_add_overflow(ptr->off, step, &off)
			    : __builtin_sub_overflow(ptr->off, step, &off)) &&
		     off == (s32)off;

	*moved = *ptr;
	if (fixed) {
		moved->off = (s32)off;
		return;
	}
	scalar_alu(&moved->s, &by->s, xop);
	if (!reg_is_packet(ptr))
		return;
	moved->id = verifier_new_id(v);
	if (adds || by->s.r64.smin < 0)
		moved->range = 0;
}

static int refuse_operator(struct verifier *v)
{
	const struct bpf_insn *insn = verifier_insn(v);
	u8 op = BPF_OP(insn->code);

	if (op == BPF_AND || op == BPF_OR || op == BPF_XOR)
		log_printf(v->log,
			   "R%u bitwise operator %s on pointer prohibited\n",
			   insn->dst_reg, alu_sign(insn));
	else
		log_printf(v->log,
			   "R%u pointer arithmetic with %s operator "
			   "prohibited\n",
			   insn->dst_reg, alu_sign(insn));
	return -EACCES;
}

static int check_operator(struct verifier *v, const struct reg *dst,
			  const struct reg *ptr)
{
	const struct bpf_insn *insn = verifier_insn(v);
	u8 op = BPF_OP(insn->code);

	if (op == BPF_ADD)
		return 0;
	if (op != BPF_SUB)
		return refuse_operator(v);
	if (dst != ptr) {
		log_printf(v->log,
			   "R%u tried to subtract pointer from scalar\n",
			   insn->dst_reg);
		return -EACCES;
	}
	if (ptr->kind == REG_STACK) {
		log_printf(v->log,
			   "R%u subtraction from stack pointer prohibited\n",
			   insn->dst_reg);
		return -EACCES;
	}
	return 0;
}

int pointer_alu(struct verifier *v, struct reg *dst, const struct reg *ptr,
		const struct reg *by)
{
	const struct bpf_insn *insn = verifier_insn(v);
	bool adds = BPF_OP(insn->code) == BPF_ADD;
	struct reg moved;
	int err;

	if (BPF_CLASS(insn->code) != BPF_ALU64) {
		if (BPF_OP(insn->code) == BPF_SUB) {
			reg_set_unknown(dst);
			return 0;
		}
		log_printf(v->log, "R%u 32-bit pointer arithmetic prohibited\n",
			   insn->dst_reg);
		return -EACCES;
	}
	err = check_kind(v, ptr, by);
	if (!err)
		err = check_reach(v, by, ptr);
	if (!err)
		err = check_reach(v, ptr, ptr);
	if (!err)
		err = check_operator(v, dst, ptr);
	if (err)
		return err;
	move(v, &moved, ptr, by, adds ? XOP_ADD64X : XOP_SUB64X);
	err = check_reach(v, &moved, ptr);
	if (!err)
		*dst = moved;
	return err;
}
