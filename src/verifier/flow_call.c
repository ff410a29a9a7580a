/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helper calls, as far as flow.c sees them: does the helper exist, may this
 * program call it, and is an argument surely not what it takes.  What is not
 * sure, the checked interpreter looks at when the call happens.
 *
 * Only calls that are reached are looked at: libbpf puts impossible ones where
 * a constant says that they are never made.
 */
#include "object/map.h"
#include "verifier/flow.h"
#include "vm/helper.h"

static const struct fact scalar = { .kind = FACT_SCALAR };
static const struct fact uninit = { .kind = FACT_UNINIT };
static const struct fact other = { .kind = FACT_OTHER };

static int check_allowed(struct flow *flow, u32 i)
{
	u32 id = (u32)flow->prog->insns[i].imm;
	const struct helper *helper = helper_by_id(id);
	const char *name = helper_name(id);

	if (!name)
		return flow_refuse(flow, i, -EINVAL, "invalid func unknown#%d",
				   (int)id);
	if (!helper || !helper_allowed(helper, flow->prog))
		return flow_refuse(flow, i, -EINVAL,
				   "program of this type cannot use helper "
				   "bpf_%s#%u",
				   name, id);
	if (helper->gpl_only && !flow->prog->gpl)
		return flow_refuse(flow, i, -EINVAL,
				   "cannot call GPL-restricted function from "
				   "non-GPL compatible program");
	return 0;
}

static int check_map(struct flow *flow, u32 i, const struct helper *helper,
		     const struct map *map)
{
	if (helper_takes_map(helper->id, map->type))
		return 0;
	if (helper->id == BPF_FUNC_tail_call)
		return flow_refuse(flow, i, -EINVAL,
				   "expected prog array map for tail call");
	return flow_refuse(flow, i, -EINVAL,
			   "cannot pass map_type %d into func bpf_%s#%u",
			   map->type, helper->name, helper->id);
}

static struct fact result_fact(const struct helper *helper,
			       const struct map *map)
{
	switch (helper->ret) {
	case RET_INTEGER:
		return scalar;
	case RET_VOID:
		return uninit;
	case RET_MAP_VALUE:
		return map ? (struct fact){ .kind = FACT_VALUE, .map = map }
			   : other;
	case RET_SOCK_OR_NULL:
	case RET_SOCK_REF_OR_NULL:
		return (struct fact){ .kind = FACT_SOCK };
	case RET_SOCK_COMMON_REF_OR_NULL:
		return (struct fact){ .kind = FACT_SOCK_COMMON };
	case RET_TCP_SOCK_OR_NULL:
		return (struct fact){ .kind = FACT_TCP_SOCK };
	default:
		return other;
	}
}

/* Arguments that are surely not what the helper takes. */
static int check_arg(struct flow *flow, u32 i, const struct helper *helper,
		     const struct fact *fact, u32 regno)
{
	bool wrong = false;
	const char *expected = "";

	switch (helper->args[regno - 1]) {
	case ARG_CTX:
		expected = "ctx";
		wrong = fact_is_number(fact) || fact->kind == FACT_FP ||
			fact->kind == FACT_MAP || fact->kind == FACT_VALUE;
		break;
	case ARG_MAP:
		expected = "map_ptr";
		wrong = fact_is_number(fact) || fact->kind == FACT_FP ||
			fact->kind == FACT_CTX || fact->kind == FACT_VALUE;
		break;
	case ARG_CONST_ZERO: /* CS-9 */
		if (fact_is_number(fact)
			    ? fact->kind == FACT_SCALAR || fact->min <= 0
			    : fact->kind == FACT_OTHER ||
				      fact->kind == FACT_FRAME ||
				      fact->kind == FACT_UNKNOWN)
			return 0;
		return flow_refuse(flow, i, -EINVAL,
				   "%s() doesn't support non-zero flags",
				   helper->name);
	case ARG_MAP_KEY:
	case ARG_MAP_VALUE:
	case ARG_MAP_VALUE_OUT:
		expected = "fp";
		wrong = fact_is_number(fact) || fact->kind == FACT_CTX;
		break;
	default:
		break;
	}
	return wrong ? flow_refuse(flow, i, -EACCES, "R%u type=%s expected=%s",
				   regno, fact_name(fact), expected)
		     : 0;
}

int flow_helper(struct flow *flow, struct flow_state *state, u32 i)
{
	const struct helper *helper =
		helper_by_id((u32)flow->prog->insns[i].imm);
	const struct map *map = NULL;
	int err = check_allowed(flow, i);

	if (err)
		return err;
	if (!helper) { /* the last walk refuses it */
		state->reg[0] = scalar;
		return 0;
	}
	for (u32 n = 0; n < 5 && helper->args[n] != ARG_NONE && !err; n++) {
		const struct fact *fact = &state->reg[n + 1];

		err = flow_need(flow, state, i, n + 1);
		if (!err)
			err = check_arg(flow, i, helper, fact, n + 1);
		if (!err && helper->args[n] == ARG_MAP_KEY && map &&
		    !map->key_size)
			err = flow_refuse(flow, i, -EACCES,
					  "invalid zero-sized read");
		if (helper->args[n] == ARG_MAP && fact->kind == FACT_MAP)
			map = fact->map;
	}
	if (!err && map)
		err = check_map(flow, i, helper, map);
	if (err)
		return err;
	state->reg[0] = result_fact(helper, map);
	for (u32 r = 1; r <= 5; r++)
		state->reg[r] = uninit;
	return 0;
}
