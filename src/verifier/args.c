/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arguments: each register of a call against the helper's prototype.
 *
 * 1. A prototype's argument type has a rule: the kinds of registers that will
 *    do, and a check of what the kind alone does not tell.
 * 2. Arguments are looked at from R1 on, and the first that will not do is
 *    why the call is refused.  A map comes before its key and value, memory
 *    before its size: what one tells is in struct call for those after.
 * 3. A pointer that may be NULL will only do where NULL does, and NULL is the
 *    constant 0.
 * 4. One reference at most goes into a call.
 */
#include "verifier/args.h"

#include <string.h>

#include "object/map.h"
#include "verifier/memory.h"
#include "verifier/precise.h"
#include "verifier/reference.h"
#include "verifier/show.h"
#include "verifier/value.h"
#include "verifier/walk.h"

#define MAX_ARGS 5u

#define KIND(kind) (1u << REG_##kind)
#define KINDS_MEM                                                         \
	(KIND(STACK) | KIND(PACKET) | KIND(PACKET_META) | KIND(MAP_KEY) | \
	 KIND(MAP_VALUE) | KIND(MEM))
#define KINDS_SOCK (KIND(SOCK_COMMON) | KIND(SOCK) | KIND(TCP_SOCK))

/* what the log says was expected */
#define WANT_MEM                                                         \
	"fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, " \
	"trusted_ptr_"
#define WANT_SOCK "sock_common, sock, tcp_sock, xdp_sock"
#define WANT_BTF_SOCK WANT_SOCK ", ptr_, trusted_ptr_"

/* struct arg_rule's flags */
#define RULE_OR_NULL 1u
#define RULE_READ_ONLY 2u /* memory that cannot be written will do */
#define RULE_RECORD 4u	  /* only a ring buffer's record will do */
#define RULE_RELEASES 8u

struct arg_rule {
	u32 kinds, flags;
	const char *want;
	/* NULL: nothing more to check */
	int (*check)(struct verifier *v, struct call *call, u32 regno);
};

static const struct reg *arg_reg(const struct verifier *v, u32 regno)
{
	return &verifier_regs(v)[regno];
}

/* ------------------------------------------------------------------ maps */

static int arg_map(struct verifier *v, struct call *call, u32 regno)
{
	call->map = arg_reg(v, regno)->map;
	call->map_uid = arg_reg(v, regno)->map_uid;
	return 0;
}

/* Slot @nr of the stack @key points to says which element of an array. */
static bool key_slot(const struct verifier *v, const struct reg *key, u32 *nr,
		     u32 *byte)
{
	s64 off = key->off + (s64)key->s.var_off.value;

	if (key->kind != REG_STACK || !tnum_is_const(key->s.var_off) ||
	    off >= 0)
		return false;
	*nr = (u32)(-off - 1) / SLOT_SIZE;
	*byte = (u32)(-off - 1) % SLOT_SIZE;
	return *nr < v->cur->frames[key->frame]->nr_slots;
}

/* How many bytes in a row, from @byte on, are of @type? */
static u32 slot_run(const struct slot *slot, u32 byte, enum slot_type type)
{
	u32 n = 0;

	while (n <= byte && slot->type[byte - n] == type)
		n++;
	return n;
}

/* An array's element with a constant index is there: see call_result(). */
static int key_note(struct verifier *v, struct call *call,
		    const struct reg *key)
{
	const struct slot *slot;
	u32 nr, byte;

	if (!key_slot(v, key, &nr, &byte))
		return 0;
	slot = &v->cur->frames[key->frame]->slots[nr];
	if (slot_run(slot, byte, SLOT_ZERO) >= call->map->key_size) {
		call->key = 0;
		return 0;
	}
	if (!slot_is_scalar_spill(slot) || !reg_is_const(&slot->reg) ||
	    slot_run(slot, byte, SLOT_SPILL) != call->map->key_size)
		return 0;
	call->key = (s64)slot->reg.s.var_off.value;
	return precise_slot(v, key->frame, nr);
}

static int arg_map_key(struct verifier *v, struct call *call, u32 regno)
{
	int err =
		memory_check(v, regno, call->map->key_size, ACCESS_READ, false);

	if (err || (call->map->type != BPF_MAP_TYPE_ARRAY &&
		    call->map->type != BPF_MAP_TYPE_PERCPU_ARRAY))
		return err;
	return key_note(v, call, arg_reg(v, regno));
}

static int arg_map_value(struct verifier *v, struct call *call, u32 regno)
{
	return memory_check(v, regno, call->map->value_size, ACCESS_READ,
			    false);
}

static int arg_map_value_or_null(struct verifier *v, struct call *call,
				 u32 regno)
{
	return reg_is_null(arg_reg(v, regno)) ? 0
					      : arg_map_value(v, call, regno);
}

static int arg_map_value_out(struct verifier *v, struct call *call, u32 regno)
{
	return memory_check(v, regno, call->map->value_size, ACCESS_WRITE,
			    false);
}

/* ---------------------------------------------------------------- memory */

/* Is the memory that @regno is the size of written to? */
static enum access mem_access(const struct call *call, u32 regno)
{
	enum arg_type mem = call->helper->args[regno - 2];

	return mem == ARG_MEM_OUT || mem == ARG_MEM_OUT_OR_NULL ? ACCESS_WRITE
								: ACCESS_READ;
}

static int arg_size(struct verifier *v, struct call *call, u32 regno)
{
	return memory_check_sized(v, regno - 1, regno, mem_access(call, regno),
				  false);
}

static int arg_size_or_zero(struct verifier *v, struct call *call, u32 regno)
{
	return memory_check_sized(v, regno - 1, regno, mem_access(call, regno),
				  true);
}

static int arg_alloc_size(struct verifier *v, struct call *call, u32 regno)
{
	const struct reg *reg = arg_reg(v, regno);

	if (!reg_is_const(reg)) {
		log_printf(v->log, "R%u is not a known constant'\n", regno);
		return -EACCES;
	}
	call->mem_size = (u32)reg->s.var_off.value;
	return precise_reg(v, regno);
}

static int arg_long_out(struct verifier *v, struct call *call, u32 regno)
{
	int err = memory_check(v, regno, sizeof(s64), ACCESS_WRITE, false);

	(void)call;
	return err ? err : memory_check_aligned(v, regno, sizeof(s64));
}

static int arg_const_str(struct verifier *v, struct call *call, u32 regno)
{
	const struct reg *reg = arg_reg(v, regno);
	const struct map *map = reg->map;
	u32 off = (u32)reg->off + (u32)reg->s.var_off.value;
	void *text;
	int err;

	(void)call;
	if (!value_is_constant(map)) {
		log_printf(v->log, "R%u does not point to a readonly map'\n",
			   regno);
		return -EACCES;
	}
	if (!tnum_is_const(reg->s.var_off)) {
		log_printf(v->log, "R%u is not a constant address'\n", regno);
		return -EACCES;
	}
	if (!map->ops->direct_value) {
		log_printf(v->log, "no direct value access support for this "
				   "map type\n");
		return -EACCES;
	}
	err = memory_check(v, regno, map->value_size - (u32)reg->off,
			   ACCESS_READ, false);
	if (err)
		return err;
	err = map->ops->direct_value(map, off, &text);
	if (err) {
		log_printf(v->log, "direct value access on string failed\n");
		return err;
	}
	if (!memchr(text, 0, map->value_size - off)) {
		log_printf(v->log, "string is not zero-terminated\n");
		return -EINVAL;
	}
	return 0;
}

/* ---------------------------------------------------------------- others */

static int arg_spin_lock(struct verifier *v, struct call *call, u32 regno)
{
	const struct reg *reg = arg_reg(v, regno);

	return call->helper->id == BPF_FUNC_spin_lock
		       ? lock_take(v, reg, regno)
		       : lock_drop(v, reg, regno);
}

static int arg_func(struct verifier *v, struct call *call, u32 regno)
{
	(void)v;
	call->func_regno = regno;
	return 0;
}

/* ------------------------------------------------------------- the rules */

#define R(arg, kind_set, flag_set, expected, checker) \
	[ARG_##arg] = { .kinds = (kind_set),          \
			.flags = (flag_set),          \
			.want = (expected),           \
			.check = (checker) }

/* clang-format off */
static const struct arg_rule arg_rules[] = {
	R(CTX, KIND(CTX), 0, "ctx", NULL),
	R(CTX_OR_NULL, KIND(CTX), RULE_OR_NULL, "ctx", NULL),
	R(MAP, KIND(MAP), 0, "map_ptr", arg_map),
	R(MAP_KEY, KINDS_MEM, 0, WANT_MEM, arg_map_key),
	R(MAP_VALUE, KINDS_MEM, 0, WANT_MEM, arg_map_value),
	R(MAP_VALUE_OUT, KINDS_MEM, 0, WANT_MEM, arg_map_value_out),
	R(MAP_VALUE_OR_NULL, KINDS_MEM, RULE_OR_NULL, WANT_MEM,
	  arg_map_value_or_null),
	R(MEM, KINDS_MEM, RULE_READ_ONLY, WANT_MEM, NULL),
	R(MEM_OR_NULL, KINDS_MEM, RULE_READ_ONLY | RULE_OR_NULL, WANT_MEM,
	  NULL),
	R(MEM_OUT, KINDS_MEM, 0, WANT_MEM, NULL),
	R(MEM_OUT_OR_NULL, KINDS_MEM, RULE_OR_NULL, WANT_MEM, NULL),
	R(SIZE, KIND(SCALAR), 0, "scalar", arg_size),
	R(SIZE_OR_ZERO, KIND(SCALAR), 0, "scalar", arg_size_or_zero),
	R(CONST_ALLOC_SIZE, KIND(SCALAR), 0, "scalar", arg_alloc_size),
	R(LONG_OUT, KINDS_MEM, 0, WANT_MEM, arg_long_out),
	R(CONST_STR, KIND(MAP_VALUE), 0, "map_value", arg_const_str),
	R(SPIN_LOCK, KIND(MAP_VALUE), 0, "map_value, ptr_", arg_spin_lock),
	R(ALLOC_MEM, KIND(MEM), RULE_RECORD | RULE_RELEASES, "ringbuf_mem",
	  NULL),
	R(SOCK_COMMON, KINDS_SOCK, 0, WANT_SOCK, NULL),
	R(SOCK, KINDS_SOCK, 0, WANT_BTF_SOCK, NULL),
	R(SOCK_RELEASE, KINDS_SOCK, RULE_RELEASES, WANT_BTF_SOCK, NULL),
	R(FUNC, KIND(FUNC), 0, "func", arg_func),
	R(STACK_OR_NULL, KIND(STACK), RULE_OR_NULL, "fp", NULL),
};
/* clang-format on */

static const struct arg_rule *arg_rule(const struct verifier *v,
				       const struct call *call, u32 i)
{
	enum arg_type type = call->helper->args[i];

	if (type == ARG_CTX_OR_SOCK)
		type = v->prog->type == BPF_PROG_TYPE_CGROUP_SOCKOPT ? ARG_SOCK
								     : ARG_CTX;
	else if (type == ARG_SOCK_OR_CTX)
		type = v->prog->type == BPF_PROG_TYPE_CGROUP_SOCK ? ARG_CTX
								  : ARG_SOCK;
	else if (type == ARG_CTX_IN_CLS)
		type = ARG_CTX;
	else if (type == ARG_MAP_VALUE_OUT &&
		 call->map->type == BPF_MAP_TYPE_BLOOM_FILTER)
		type = ARG_MAP_VALUE; /* the value that is looked for */
	return &arg_rules[type];
}

static bool rule_takes(const struct arg_rule *rule, const struct reg *reg)
{
	u32 flags = reg->flags & (REG_MAYBE_NULL | REG_READ_ONLY);

	if (!(rule->kinds >> reg->kind & 1))
		return false;
	if (rule->flags & RULE_OR_NULL)
		flags &= ~REG_MAYBE_NULL;
	if (rule->flags & RULE_READ_ONLY)
		flags &= ~REG_READ_ONLY;
	if ((rule->flags & RULE_RECORD) && !(reg->flags & REG_RECORD))
		return false;
	return !flags;
}

static int arg_check_kind(struct verifier *v, const struct arg_rule *rule,
			  u32 regno)
{
	const struct reg *reg = arg_reg(v, regno);
	char name[REG_NAME_MAX];

	if (rule_takes(rule, reg))
		return 0;
	log_printf(v->log, "R%u type=%s expected=%s\n", regno,
		   reg_name(reg, name), rule->want);
	return -EACCES;
}

/* Memory may be reached into; what is given back, and objects, may not. */
static int arg_check_off(struct verifier *v, const struct arg_rule *rule,
			 u32 regno)
{
	const struct reg *reg = arg_reg(v, regno);

	if ((rule->flags & RULE_RELEASES) && reg->off) {
		log_printf(v->log,
			   "R%u must have zero offset when passed to release "
			   "func or trusted arg to kfunc\n",
			   regno);
		return -EINVAL;
	}
	if (!(rule->flags & RULE_RELEASES) &&
	    (KINDS_MEM | KIND(SCALAR)) >> reg->kind & 1)
		return 0;
	return pointer_check_fixed(v, reg, regno, false);
}

/* Which reference goes in, and is it given back? */
static int arg_note_reference(struct verifier *v, struct call *call,
			      const struct arg_rule *rule, u32 regno)
{
	const struct reg *reg = arg_reg(v, regno);

	if (rule->flags & RULE_RELEASES) {
		if (!reg->ref_id) {
			log_printf(v->log,
				   "R%u must be referenced when passed to "
				   "release function\n",
				   regno);
			return -EINVAL;
		}
		call->released = regno;
	}
	if (reg->ref_id && call->ref_id) {
		log_printf(v->log,
			   "more than one arg with ref_obj_id R%u %u %u", regno,
			   reg->ref_id, call->ref_id);
		return -EACCES;
	}
	if (reg->ref_id)
		call->ref_id = reg->ref_id;
	return 0;
}

/* May the call be given a pointer into the packet? */
static bool packet_welcome(const struct verifier *v, const struct call *call)
{
	switch (v->prog->type) {
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_XDP:
	case BPF_PROG_TYPE_CGROUP_SKB:
		return call->helper->takes_packet;
	case BPF_PROG_TYPE_CGROUP_SOCKOPT:
		return true;
	default:
		return false;
	}
}

static int arg_check_rule(struct verifier *v, struct call *call, u32 i,
			  u32 regno)
{
	const struct arg_rule *rule = arg_rule(v, call, i);
	int err = 0;

	if (!(rule->flags & RULE_OR_NULL) || !reg_is_null(arg_reg(v, regno))) {
		err = arg_check_kind(v, rule, regno);
		if (!err)
			err = arg_check_off(v, rule, regno);
	}
	if (!err)
		err = arg_note_reference(v, call, rule, regno);
	if (!err && rule->check)
		err = rule->check(v, call, regno);
	return err;
}

static int arg_check(struct verifier *v, struct call *call, u32 i)
{
	u32 regno = i + 1;
	int err = operand_read(v, regno);

	if (err || call->helper->args[i] == ARG_ANYTHING)
		return err;
	if (call->helper->args[i] == ARG_CONST_ZERO) {
		if (reg_is_null(arg_reg(v, regno)))
			return 0;
		log_printf(v->log, "get_local_storage() doesn't support "
				   "non-zero flags\n");
		return -EINVAL;
	}
	if (reg_is_packet(arg_reg(v, regno)) && !packet_welcome(v, call)) {
		log_printf(v->log,
			   "helper access to the packet is not allowed\n");
		return -EACCES;
	}
	return arg_check_rule(v, call, i, regno);
}

static bool arg_is_there(const struct verifier *v, enum arg_type type)
{
	if (type == ARG_CTX_IN_CLS)
		return v->prog->type == BPF_PROG_TYPE_SCHED_CLS;
	return type != ARG_NONE;
}

int args_check(struct verifier *v, struct call *call)
{
	int err = 0;

	call->key = -1;
	for (u32 i = 0; i < MAX_ARGS && !err; i++)
		if (arg_is_there(v, call->helper->args[i]))
			err = arg_check(v, call, i);
	return err;
}
