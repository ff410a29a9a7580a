/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls of helpers.
 *
 * 1. The helper is there for this program: its type, attach type, licence.
 * 2. Its arguments are what it takes (args.c), and the map is one for it.
 * 3. What it takes back is gone from here on, with all that was made of it;
 *    what it gives must be given back (reference.c).
 * 4. A callback's paths start at the call, from what is known there.
 * 5. Afterwards R1 to R5 are not to be read, R0 is what the prototype says,
 *    and if the packet may have moved, no pointer into it is any good.
 * 6. A tail call that succeeds ends the function that it is in, and nobody
 *    knows what it did: in a function that was called, that is one more path.
 *    So is the load of a byte beyond the packet (load.c).
 */
#include "verifier/call.h"

#include "object/map.h"
#include "verifier/args.h"
#include "verifier/memory.h"
#include "verifier/precise.h"
#include "verifier/reference.h"
#include "verifier/subprog.h"
#include "verifier/walk.h"
#include "vm/format.h"

void call_clobber(struct verifier *v)
{
	for (u32 i = 0; i < FIRST_SAVED; i++)
		reg_set_uninit(&verifier_regs(v)[i]);
	v->changed_regs |= (1u << FIRST_SAVED) - 1;
}

void call_moves_packet(struct verifier *v)
{
	struct reg *reg;

	for_each_reg(v->cur, frame, reg,
		     n) if (reg_is_packet(reg) || reg->kind == REG_PACKET_END)
		reg_set_unknown(reg);
}

/* ------------------------------------------------------------ the helper */

/* Numbers that Linux has, but not here, are told apart in the log. */
static int refuse_helper(struct verifier *v, u32 id)
{
	const char *name = helper_name(id) ? helper_name(id) : "unspec";
	const char *why = helper_absence(id);

	if (why)
		log_printf(v->log, "bpf_%s is not here: %s\n", name, why);
	log_printf(v->log, "program of this type cannot use helper bpf_%s#%u\n",
		   name, id);
	return -EINVAL;
}

static int find_helper(struct verifier *v, const struct helper **out)
{
	u32 id = (u32)verifier_insn(v)->imm;
	const struct helper *helper;

	if (lock_held(v->cur) && id != BPF_FUNC_spin_unlock) {
		log_printf(v->log, "function calls are not allowed while "
				   "holding a lock\n");
		return -EINVAL;
	}
	if (id >= HELPER_IDS) {
		log_printf(v->log, "invalid func unknown#%d\n", (int)id);
		return -EINVAL;
	}
	helper = helper_by_id(id);
	if (!helper || !helper_allowed(helper, v->prog))
		return refuse_helper(v, id);
	if (helper->gpl_only && !v->prog->gpl) {
		log_printf(v->log, "cannot call GPL-restricted function from "
				   "non-GPL compatible program\n");
		return -EINVAL;
	}
	*out = helper;
	return 0;
}

/* --------------------------------------------------------------- the map */

static bool changes_map(u32 id)
{
	return id == BPF_FUNC_map_update_elem ||
	       id == BPF_FUNC_map_delete_elem || id == BPF_FUNC_map_push_elem ||
	       id == BPF_FUNC_map_pop_elem;
}

static int check_map_write(struct verifier *v, const struct call *call)
{
	if (!call->map || !(call->map->flags & BPF_F_RDONLY_PROG) ||
	    !changes_map(call->helper->id))
		return 0;
	log_printf(v->log, "write into map forbidden\n");
	return -EACCES;
}

static int check_map_type(struct verifier *v, const struct call *call)
{
	u32 id = call->helper->id;

	if (!call->map || helper_takes_map(id, call->map->type))
		return 0;
	log_printf(v->log, "cannot pass map_type %u into func bpf_%s#%u\n",
		   call->map->type, call->helper->name, id);
	return -EINVAL;
}

/* ----------------------------------------- what single helpers need more */

static int check_tail_call(struct verifier *v, const struct call *call)
{
	const struct reg *index = &verifier_regs(v)[3];
	int err = 0;

	if (call->map->type != BPF_MAP_TYPE_PROG_ARRAY) {
		log_printf(v->log, "expected prog array map for tail call");
		return -EINVAL;
	}
	if (reg_is_const(index) &&
	    index->s.var_off.value < call->map->max_entries)
		err = precise_reg(v, 3);
	return err ? err : reference_check_none(v, "tail_call");
}

/* The text is a constant, and ends: arg_const_str() saw to it. */
static int check_snprintf(struct verifier *v)
{
	const struct reg *fmt = &verifier_regs(v)[3];
	const struct reg *size = &verifier_regs(v)[5];
	void *text;

	if (size->s.var_off.value % sizeof(u64))
		return -EINVAL;
	if (fmt->map->ops->direct_value(
		    fmt->map, (u32)fmt->off + (u32)fmt->s.var_off.value,
		    &text)) {
		log_printf(v->log, "failed to retrieve map value address\n");
		return -EFAULT;
	}
	if (format_check(text, SIZE_MAX,
			 (u32)(size->s.var_off.value / sizeof(u64)))) {
		log_printf(v->log, "Invalid format string\n");
		return -EINVAL;
	}
	return 0;
}

/* The function can be called back with what the call has. */
static int check_callback(struct verifier *v, const struct call *call)
{
	u32 id = call->helper->id;

	if (id == BPF_FUNC_for_each_map_elem &&
	    !helper_takes_map(id, call->map->type)) {
		log_printf(v->log, "callback function not allowed for map\n");
		return -ENOTSUPP;
	}
	if (id == BPF_FUNC_loop && verifier_regs(v)[1].kind != REG_SCALAR) {
		log_printf(v->log, "R1 is not a number of rounds\n");
		return -EFAULT;
	}
	return callback_enter(v, id, call->func_regno);
}

static int check_special(struct verifier *v, const struct call *call)
{
	switch (call->helper->id) {
	case BPF_FUNC_tail_call:
		return check_tail_call(v, call);
	case BPF_FUNC_snprintf:
		return check_snprintf(v);
	}
	return call->func_regno ? check_callback(v, call) : 0;
}

/* ------------------------------------------------------------ the result */

struct result_rule {
	u8 kind, flags;
	bool acquired; /* must be given back */
};

static const struct result_rule result_rules[] = {
	[RET_INTEGER] = { REG_SCALAR },
	[RET_VOID] = { REG_UNINIT },
	[RET_MAP_VALUE] = { REG_MAP_VALUE },
	[RET_MAP_VALUE_OR_NULL] = { REG_MAP_VALUE, REG_MAYBE_NULL },
	[RET_ALLOC_MEM_OR_NULL] = { REG_MEM, REG_MAYBE_NULL | REG_RECORD,
				    true },
	[RET_SOCK_OR_NULL] = { REG_SOCK, REG_MAYBE_NULL },
	[RET_TCP_SOCK_OR_NULL] = { REG_TCP_SOCK, REG_MAYBE_NULL },
	[RET_SOCK_REF_OR_NULL] = { REG_SOCK, REG_MAYBE_NULL, true },
	[RET_SOCK_COMMON_REF_OR_NULL] = { REG_SOCK_COMMON, REG_MAYBE_NULL,
					  true },
};

/* An array's element that is known to be in it cannot be missing. */
static bool result_is_there(const struct call *call)
{
	return call->helper->id == BPF_FUNC_map_lookup_elem && call->key >= 0 &&
	       call->key < call->map->max_entries;
}

/* These give another view of the socket that they are given. */
static bool result_is_cast(const struct call *call)
{
	return call->helper->id == BPF_FUNC_sk_fullsock ||
	       call->helper->id == BPF_FUNC_tcp_sock;
}

static void result_number(struct verifier *v, const struct call *call,
			  struct reg *r0)
{
	struct scalar cpu = scalar_urange(0, v->prog->obj.env->nr_cpus - 1);

	if (call->helper->id == BPF_FUNC_get_smp_processor_id)
		reg_set_scalar(r0, &cpu);
	else
		reg_set_unknown(r0);
}

static void result_pointer(struct verifier *v, const struct call *call,
			   struct reg *r0)
{
	const struct result_rule *rule = &result_rules[call->helper->ret];
	u32 flags = rule->flags;

	if (result_is_there(call))
		flags &= ~REG_MAYBE_NULL;
	reg_set_pointer(r0, rule->kind, flags);
	if (r0->kind == REG_MAP_VALUE) {
		r0->map = call->map;
		r0->map_uid = call->map_uid;
		/* values with a lock are told apart */
		if (!flags && call->map->spin_lock_off >= 0)
			r0->id = verifier_new_id(v);
	} else if (r0->kind == REG_MEM) {
		r0->mem_size = call->mem_size;
	}
	if (flags & REG_MAYBE_NULL)
		r0->id = verifier_new_id(v);
}

static int call_result(struct verifier *v, const struct call *call)
{
	const struct result_rule *rule = &result_rules[call->helper->ret];
	struct reg *r0 = &verifier_regs(v)[0];
	int err = 0;

	call_clobber(v);
	if (rule->kind == REG_UNINIT)
		return 0;
	if (rule->kind == REG_SCALAR)
		result_number(v, call, r0);
	else
		result_pointer(v, call, r0);
	if (result_is_cast(call))
		r0->ref_id = call->ref_id;
	if (rule->acquired) {
		err = reference_acquire(v, &r0->ref_id);
		r0->id = r0->ref_id;
	}
	return err;
}

int return_early(struct verifier *v, const struct scalar *result)
{
	struct state *other;
	int err;

	if (state_frame(v->cur)->in_callback) {
		log_printf(v->log, "a callback cannot end the program\n");
		return -EFAULT;
	}
	err = branch_push(v, v->next, &other);
	if (err)
		return err;
	reg_set_scalar(&verifier_regs(v)[0], result);
	return check_exit(v);
}

/* Where it fails, nothing has happened. */
static int tail_call_returns(struct verifier *v)
{
	struct scalar any = scalar_unknown();
	int err = return_early(v, &any);

	if (!err)
		call_moves_packet(v);
	return err;
}

int check_helper_call(struct verifier *v)
{
	struct call call = { 0 };
	int err;

	err = find_helper(v, &call.helper);
	if (!err)
		err = args_check(v, &call);
	if (!err)
		err = check_map_write(v, &call);
	if (!err && call.released)
		err = reference_release(v, call.ref_id);
	if (!err)
		err = check_special(v, &call);
	if (!err)
		err = check_map_type(v, &call);
	if (!err)
		err = call_result(v, &call);
	if (!err && call.helper->changes_packet)
		call_moves_packet(v);
	if (!err && call.helper->id == BPF_FUNC_tail_call && v->cur->cur)
		err = tail_call_returns(v);
	return err;
}
