/* SPDX-License-Identifier: BSD-2-Clause */
/* What one instruction does to what is known: see flow.c. */
#include "verifier/flow.h"

#include <string.h>

#include "object/map.h"
#include "vm/ctx.h"
#include "vm/retval.h"

static const struct fact scalar = { .kind = FACT_SCALAR };
static const struct fact uninit = { .kind = FACT_UNINIT };
static const struct fact unknown = { .kind = FACT_UNKNOWN };
static const struct fact other = { .kind = FACT_OTHER };

static struct fact constant(s64 value)
{
	return (struct fact){ .kind = FACT_CONST, .min = value, .max = value };
}

/* As the kernel's log calls them. */
const char *fact_name(const struct fact *fact)
{
	static const char *const names[] = {
		[FACT_UNINIT] = "?",
		[FACT_CONST] = "scalar",
		[FACT_SCALAR] = "scalar",
		[FACT_CTX] = "ctx",
		[FACT_SOCK] = "sock",
		[FACT_SOCK_COMMON] = "sock_common",
		[FACT_TCP_SOCK] = "tcp_sock",
		[FACT_MAP] = "map_ptr",
		[FACT_VALUE] = "map_value",
		[FACT_FP] = "fp",
		[FACT_OTHER] = "?",
		[FACT_FRAME] = "?",
		[FACT_UNKNOWN] = "?",
	};

	return names[fact->kind];
}

static bool is_single(const struct fact *fact)
{
	return fact->kind == FACT_CONST && fact->min == fact->max;
}

int flow_need(struct flow *flow, const struct flow_state *state, u32 i, u32 reg)
{
	if (state->reg[reg].kind != FACT_UNINIT)
		return 0;
	return flow_refuse(flow, i, -EACCES, "R%u !read_ok", reg);
}

/* ---- ALU ---- */

static struct fact add_to(const struct fact *ptr, const struct fact *add,
			  bool minus)
{
	struct fact fact = *ptr;

	switch (ptr->kind) {
	case FACT_FP:
	case FACT_VALUE:
		if (!is_single(add))
			return (struct fact){ .kind = ptr->kind == FACT_FP
							      ? FACT_FRAME
							      : FACT_OTHER };
		fact.min = (s64)((u64)fact.min +
				 (minus ? 0 - (u64)add->min : (u64)add->min));
		fact.max = fact.min;
		return fact;
	case FACT_OTHER:
	case FACT_FRAME:
		return fact;
	default:
		return unknown;
	}
}

/* Some operation on what may be a pointer. */
static struct fact alu_mixed(const struct fact *a, const struct fact *b)
{
	struct fact fact = fact_merge(a, b);

	/* no operation makes a pointer of its operands but add and sub */
	return fact.kind == FACT_OTHER || fact.kind == FACT_FRAME ? fact
								  : unknown;
}

static struct fact alu_result(int xop, const struct fact *a,
			      const struct fact *b)
{
	switch (xop) {
	case XOP_MOV64X:
		return *b;
	case XOP_MOV64K:
	case XOP_MOV32K:
	case XOP_MOV32X:
		return is_single(b)
			       ? constant((s64)insn_eval(xop, 0, (u64)b->min))
			       : scalar;
	case XOP_ADD64X:
	case XOP_ADD64K:
		if (fact_is_number(b) && !fact_is_number(a))
			return add_to(a, b, false);
		if (fact_is_number(a) && !fact_is_number(b))
			return add_to(b, a, false);
		break;
	case XOP_SUB64X:
	case XOP_SUB64K:
		if (fact_is_number(b) && !fact_is_number(a))
			return add_to(a, b, true);
		break;
	default:
		break;
	}
	if (is_single(a) && is_single(b))
		return constant((s64)insn_eval(xop, (u64)a->min, (u64)b->min));
	if (fact_is_number(a) && fact_is_number(b))
		return scalar;
	return alu_mixed(a, b);
}

static int step_alu(struct flow *flow, struct flow_state *state, u32 i, int xop)
{
	const struct bpf_insn *insn = &flow->prog->insns[i];
	struct fact *dst = &state->reg[insn->dst_reg];
	struct fact imm = constant(insn->imm);
	const struct fact *b = &imm;
	int err = 0;

	if (insn_descs[xop].form == FORM_ALUX) {
		b = &state->reg[insn->src_reg];
		err = flow_need(flow, state, i, insn->src_reg);
	}
	if (!err && BPF_OP(insn->code) != BPF_MOV)
		err = flow_need(flow, state, i, insn->dst_reg);
	if (!err)
		*dst = alu_result(xop, dst, b);
	return err;
}

/* NEG, byte swaps, sign extension: numbers, even of pointers. */
static int step_unary(struct flow *flow, struct flow_state *state, u32 i,
		      int xop)
{
	const struct bpf_insn *insn = &flow->prog->insns[i];
	u32 from = insn_descs[xop].form == FORM_MOVSX ? insn->src_reg
						      : insn->dst_reg;
	const struct fact *a = &state->reg[from];
	int err = flow_need(flow, state, i, from);

	if (!err)
		state->reg[insn->dst_reg] =
			is_single(a) ? constant((s64)insn_eval(xop, (u64)a->min,
							       (u64)a->min))
				     : scalar;
	return err;
}

/* ---- memory ---- */

struct access {
	struct flow *flow;
	struct flow_state *state;
	u32 i, regno, size;
	s16 off;
	bool write, atomic, sign;
};

static struct fact field_fact(const struct ctx_field *field)
{
	switch (field->kind) {
	case CTX_SCALAR:
		return scalar;
	case CTX_SOCK:
		return (struct fact){ .kind = FACT_SOCK };
	case CTX_SOCK_COMMON:
		return (struct fact){ .kind = FACT_SOCK_COMMON };
	default:
		return other;
	}
}

static const struct ctx_field *field_find(const struct access *a, u8 kind)
{
	const struct ctx_type *type = kind == FACT_SOCK ? ctx_sock_type()
				      : kind == FACT_SOCK_COMMON
					      ? ctx_sock_common_type()
					      : ctx_tcp_sock_type();

	if (a->off < 0)
		return NULL;
	if (kind == FACT_CTX)
		return ctx_find(a->flow->prog, (u32)a->off, a->size, a->write);
	return a->write ? NULL : ctx_type_find(type, (u32)a->off, a->size);
}

static int access_field(const struct access *a, const struct fact *base,
			struct fact *loaded)
{
	const struct ctx_field *field;

	if (a->atomic)
		return flow_refuse(a->flow, a->i, -EACCES,
				   "BPF_ATOMIC stores into R%u %s is not "
				   "allowed",
				   a->regno, fact_name(base));
	field = field_find(a, base->kind);
	if (!field && base->kind == FACT_CTX)
		return flow_refuse(a->flow, a->i, -EACCES,
				   "invalid bpf_context access off=%d size=%u",
				   a->off, a->size);
	if (!field)
		return flow_refuse(a->flow, a->i, -EACCES,
				   "R%u invalid %s access off=%d size=%u",
				   a->regno, fact_name(base), a->off, a->size);
	if (a->flow->report)
		a->flow->prog->aux[a->i].ctx = field;
	*loaded = field_fact(field);
	return 0;
}

static void stack_used(const struct access *a, s64 off)
{
	struct prog *prog = a->flow->prog;
	struct subprog *sub = &prog->subprogs[subprog_of(prog, a->i)];

	sub->stack_depth = max(sub->stack_depth, (u32)-off);
}

static int access_stack(const struct access *a, const struct fact *base,
			struct fact *loaded)
{
	s64 off = base->min + a->off;
	u8 *slot;

	if (off < -(s64)FLOW_SLOTS * 8 || off + a->size > 0)
		return flow_refuse(a->flow, a->i, -EACCES,
				   "invalid %s stack R%u off=%lld size=%u",
				   a->write ? "write to" : "read from",
				   a->regno, (long long)off, a->size);
	if (off & (a->size - 1))
		return flow_refuse(a->flow, a->i, -EACCES,
				   "misaligned stack access off %lld size %u",
				   (long long)off, a->size);
	slot = &a->state->slot[(off + FLOW_SLOTS * 8) / 8];
	if (a->write) {
		*slot = FACT_SCALAR;
		if (a->flow->report)
			stack_used(a, off);
		return 0;
	}
	if (a->flow->report)
		stack_used(a, off);
	*loaded = scalar;
	if (a->size == 8)
		*loaded = (struct fact){ .kind = *slot };
	return 0;
}

/* Values that cannot change any more are as good as immediates. */
static struct fact value_constant(const struct access *a, const struct map *map,
				  s64 off)
{
	u64 value = 0;
	void *at;

	if (a->sign || map_prog_access(map) & MAP_CAN_WRITE ||
	    !__atomic_load_n(&map->frozen, __ATOMIC_ACQUIRE) ||
	    __atomic_load_n(&map->writers, __ATOMIC_ACQUIRE) ||
	    !map->ops->direct_value ||
	    map->ops->direct_value(map, (u32)off, &at))
		return scalar;
	memcpy(&value, at, a->size);
	return constant((s64)value);
}

static int access_value(const struct access *a, const struct fact *base,
			struct fact *loaded)
{
	const struct map *map = base->map;
	s64 off = base->min + a->off;
	u32 access = map_prog_access(map);

	if (!(access & (a->write ? MAP_CAN_WRITE : MAP_CAN_READ)))
		return flow_refuse(a->flow, a->i, -EACCES,
				   "%s map forbidden, value_size=%u off=%lld "
				   "size=%u",
				   a->write ? "write into" : "read from",
				   map->value_size, (long long)off, a->size);
	if (base->min < 0)
		return flow_refuse(a->flow, a->i, -EACCES,
				   "R%u min value is negative, either use "
				   "unsigned index or do a if (index >=0) "
				   "check.",
				   a->regno);
	if (off < 0 || off + a->size > map->value_size)
		return flow_refuse(a->flow, a->i, -EACCES,
				   "invalid access to map value, value_size=%u "
				   "off=%lld size=%u",
				   map->value_size, (long long)off, a->size);
	if (map->spin_lock_off >= 0 && off < map->spin_lock_off + 4 &&
	    map->spin_lock_off < off + a->size)
		return flow_refuse(a->flow, a->i, -EACCES,
				   "bpf_spin_lock cannot be accessed directly "
				   "by load/store");
	*loaded = a->write ? scalar : value_constant(a, map, off);
	return 0;
}

/* *loaded: what a load puts into its register. */
static int access_check(const struct access *a, struct fact *loaded)
{
	const struct fact base = a->state->reg[a->regno];
	int err = flow_need(a->flow, a->state, a->i, a->regno);

	*loaded = scalar;
	if (err)
		return err;
	switch (base.kind) {
	case FACT_CTX:
	case FACT_SOCK:
	case FACT_SOCK_COMMON:
	case FACT_TCP_SOCK:
		return access_field(a, &base, loaded);
	case FACT_FP:
		return access_stack(a, &base, loaded);
	case FACT_VALUE:
		return access_value(a, &base, loaded);
	case FACT_CONST:
	case FACT_SCALAR:
		return flow_refuse(a->flow, a->i, -EACCES,
				   "R%u invalid mem access 'scalar'", a->regno);
	case FACT_FRAME:
		if (a->size == 8)
			*loaded = unknown;
		return 0;
	case FACT_UNKNOWN:
		if (a->flow->report)
			a->flow->unresolved = true;
		*loaded = unknown;
		return 0;
	default:
		return 0;
	}
}

static struct access access_of(struct flow *flow, struct flow_state *state,
			       u32 i, int xop)
{
	const struct bpf_insn *insn = &flow->prog->insns[i];
	u8 form = insn_descs[xop].form;
	bool load = form == FORM_LDX || form == FORM_LOADACQ;

	return (struct access){
		.flow = flow,
		.state = state,
		.i = i,
		.regno = load ? insn->src_reg : insn->dst_reg,
		.size = insn_descs[xop].size,
		.off = insn->off,
		.write = !load,
		.sign = insn_descs[xop].sign_extends,
		.atomic = form != FORM_LDX && form != FORM_ST &&
			  form != FORM_STX,
	};
}

/* The stack remembers pointers that were stored whole. */
static void spill(struct flow_state *state, const struct access *a,
		  const struct fact *base, const struct fact *value)
{
	s64 off = base->min + a->off;
	u8 kind = FACT_OTHER;

	if (base->kind != FACT_FP || a->size != 8 || fact_is_number(value) ||
	    off < -(s64)FLOW_SLOTS * 8 || off + 8 > 0 || off & 7)
		return;
	if (fact_has_fields(value) || value->kind == FACT_UNKNOWN)
		kind = (u8)value->kind;
	else if (value->kind == FACT_FP || value->kind == FACT_FRAME)
		kind = FACT_FRAME;
	state->slot[(off + FLOW_SLOTS * 8) / 8] = kind;
}

static int step_memory(struct flow *flow, struct flow_state *state, u32 i,
		       int xop)
{
	const struct bpf_insn *insn = &flow->prog->insns[i];
	const struct fact value = state->reg[insn->src_reg];
	const struct fact base = state->reg[insn->dst_reg];
	struct access a = access_of(flow, state, i, xop);
	struct fact loaded;
	int err = 0;

	switch (insn_descs[xop].form) {
	case FORM_LDX:
	case FORM_LOADACQ:
		err = access_check(&a, &loaded);
		if (!err)
			state->reg[insn->dst_reg] = loaded;
		return err;
	case FORM_ST:
		return access_check(&a, &loaded);
	case FORM_STX:
	case FORM_STOREREL:
		err = flow_need(flow, state, i, insn->src_reg);
		if (!err)
			err = access_check(&a, &loaded);
		if (!err)
			spill(state, &a, &base, &value);
		return err;
	case FORM_CMPXCHG:
		err = flow_need(flow, state, i, 0);
		/* fallthrough */
	default:
		if (!err)
			err = flow_need(flow, state, i, insn->src_reg);
		if (!err)
			err = access_check(&a, &loaded);
		if (insn_descs[xop].form == FORM_FETCH)
			state->reg[insn->src_reg] = scalar;
		else if (insn_descs[xop].form == FORM_CMPXCHG)
			state->reg[0] = scalar;
		return err;
	}
}

static int step_exit(struct flow *flow, struct flow_state *state, u32 i)
{
	const struct retval_range *range = retval_range_of(flow->prog);
	const struct fact *r0 = &state->reg[0];
	int err;

	if (subprog_of(flow->prog, i))
		return 0;
	err = flow_need(flow, state, i, 0);
	if (err)
		return err;
	if (r0->kind == FACT_CONST && flow->report &&
	    (retval_binds_attach_type(flow->prog, r0->min) ||
	     retval_binds_attach_type(flow->prog, r0->max)))
		flow->prog->enforce_attach_type = true;
	if (!range)
		return 0;
	if (r0->kind == FACT_CONST &&
	    (r0->min < range->min || r0->max > range->max))
		return flow_refuse(flow, i, -EINVAL,
				   "At program exit the register R0 has "
				   "smin=%lld smax=%lld should have been in "
				   "[%lld, %lld]",
				   (long long)r0->min, (long long)r0->max,
				   (long long)range->min,
				   (long long)range->max);
	if (r0->kind == FACT_FP || r0->kind == FACT_MAP ||
	    r0->kind == FACT_VALUE || fact_has_fields(r0))
		return flow_refuse(flow, i, -EINVAL,
				   "At program exit the register R0 is not a "
				   "known value (%s)",
				   fact_name(r0));
	return 0;
}

/* ---- */

static int step_packet(struct flow *flow, struct flow_state *state, u32 i,
		       int xop)
{
	const struct fact *ctx = &state->reg[6];
	int err = 0;

	if (insn_descs[xop].form == FORM_LDIND)
		err = flow_need(flow, state, i, flow->prog->insns[i].src_reg);
	if (!err)
		err = flow_need(flow, state, i, 6);
	if (!err && ctx->kind != FACT_CTX && ctx->kind != FACT_UNKNOWN)
		err = flow_refuse(flow, i, -EINVAL,
				  "at the time of BPF_LD_ABS|IND R6 != pointer "
				  "to skb");
	for (u32 r = 1; r <= 5; r++)
		state->reg[r] = uninit;
	state->reg[0] = scalar;
	return err;
}

static void step_ld64(const struct prog *prog, struct flow_state *state, u32 i)
{
	const struct bpf_insn *insn = &prog->insns[i];
	const struct insn_aux *aux = &prog->aux[i];
	struct fact *dst = &state->reg[insn->dst_reg];
	void *base = NULL;

	switch (insn->src_reg) {
	case 0:
		*dst = constant((s64)((u64)(u32)insn[0].imm |
				      (u64)(u32)insn[1].imm << 32));
		break;
	case BPF_PSEUDO_MAP_FD:
	case BPF_PSEUDO_MAP_IDX:
		*dst = (struct fact){ .kind = FACT_MAP, .map = aux->map };
		break;
	case BPF_PSEUDO_MAP_VALUE:
	case BPF_PSEUDO_MAP_IDX_VALUE:
		if (aux->map->ops->direct_value(aux->map, 0, &base)) {
			*dst = other;
			break;
		}
		*dst = (struct fact){
			.kind = FACT_VALUE,
			.map = aux->map,
			.min = (s64)(aux->address - ptr_to_u64(base)),
		};
		dst->max = dst->min;
		break;
	default:
		*dst = other;
	}
}

int flow_step(struct flow *flow, struct flow_state *state, u32 i)
{
	const struct bpf_insn *insn = &flow->prog->insns[i];
	int xop = insn_decode(insn), err;

	switch (insn_descs[xop].form) {
	case FORM_ALUX:
	case FORM_ALUK:
		return step_alu(flow, state, i, xop);
	case FORM_UNARY:
	case FORM_MOVSX:
		return step_unary(flow, state, i, xop);
	case FORM_JMPX:
		err = flow_need(flow, state, i, insn->src_reg);
		return err ? err : flow_need(flow, state, i, insn->dst_reg);
	case FORM_JMPK:
		return flow_need(flow, state, i, insn->dst_reg);
	case FORM_JA:
		return 0;
	case FORM_LD64:
		step_ld64(flow->prog, state, i);
		return 0;
	case FORM_LDABS:
	case FORM_LDIND:
		return step_packet(flow, state, i, xop);
	case FORM_CALL:
		return insn_is_helper_call(insn) ? flow_helper(flow, state, i)
						 : 0;
	case FORM_EXIT:
		return step_exit(flow, state, i);
	default:
		return step_memory(flow, state, i, xop);
	}
}
