/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exits.
 *
 * 1. The program's: nothing is held, and R0 is what its hook understands, for
 *    its type and attach type (rule AT-19).
 * 2. A global function's, in its own walk: R0 is a number; its callers know no
 *    more of it.
 * 3. A function's: its frame is gone, so no pointer into it may come back in
 *    R0; what was pointed into it from elsewhere cannot be, since stores of
 *    such pointers go up only by R0.  The path goes on after the call.
 * 4. A callback's: R0 tells the helper whether to go on, 0 or 1; the path comes
 *    to the helper's call once more (callback.c).
 */
#include "verifier/precise.h"
#include "verifier/widen.h"
#include "verifier/reference.h"
#include "verifier/show.h"
#include "verifier/subprog.h"
#include "verifier/walk.h"
#include "vm/retval.h"

/* "At program exit the register R0 has ... should have been in [0, 1]" */
static int refuse_range(struct verifier *v, const struct reg *reg, s64 min,
			s64 max, const char *where)
{
	const struct range *r = &reg->s.r64;
	bool unknown = r->smin == INT64_MIN && r->smax == INT64_MAX;

	log_printf(v->log, "%s the register R0 has", where);
	if (r->smin > INT64_MIN)
		log_printf(v->log, " smin=%lld", (long long)r->smin);
	if (r->smax < INT64_MAX)
		log_printf(v->log, " smax=%lld", (long long)r->smax);
	log_printf(v->log, "%s should have been in [%lld, %lld]\n",
		   unknown ? " unknown scalar value" : "", (long long)min,
		   (long long)max);
	return -EINVAL;
}

int exit_check_range(struct verifier *v, s64 min, s64 max, const char *where)
{
	const struct reg *r0 = &verifier_regs(v)[0];
	int err = precise_reg(v, 0);

	if (err)
		return err;
	return r0->s.r64.smin < min || r0->s.r64.smax > max
		       ? refuse_range(v, r0, min, max, where)
		       : 0;
}

static int check_program_result(struct verifier *v)
{
	const struct retval_range *range = retval_range_of(v->prog);
	const struct reg *r0 = &verifier_regs(v)[0];
	char name[REG_NAME_MAX];
	int err;

	if (!range)
		return 0;
	if (r0->kind != REG_SCALAR) {
		log_printf(v->log,
			   "At program exit the register R0 is not a known "
			   "value (%s)\n",
			   reg_name(r0, name));
		return -EINVAL;
	}
	err = exit_check_range(v, range->min, range->max, "At program exit");
	if (!err && retval_binds_attach_type(v->prog, r0->s.r64.smin) &&
	    retval_binds_attach_type(v->prog, r0->s.r64.smax))
		v->prog->enforce_attach_type = true;
	return err;
}

static int check_global_result(struct verifier *v)
{
	const struct reg *r0 = &verifier_regs(v)[0];
	char name[REG_NAME_MAX];

	if (r0->kind == REG_SCALAR)
		return 0;
	log_printf(v->log,
		   "At subprogram exit the register R0 is not a scalar value "
		   "(%s)\n",
		   reg_name(r0, name));
	return -EINVAL;
}

static int exit_program(struct verifier *v)
{
	int err;

	err = reference_check_none(v, "BPF_EXIT instruction in main prog");
	if (!err)
		err = operand_read(v, 0);
	if (!err)
		err = v->walked ? check_global_result(v)
				: check_program_result(v);
	return err ? err : PATH_ENDS;
}

/* To the helper's call, which may call again. */
static int exit_callback(struct verifier *v)
{
	const struct frame *callee = state_frame(v->cur);
	u32 callsite = (u32)callee->callsite;
	int err;

	if (callee->regs[0].kind != REG_SCALAR) {
		log_printf(v->log, "R0 not a scalar value\n");
		return -EACCES;
	}
	err = exit_check_range(v, callee->ret_min, callee->ret_max,
			       "At callback return");
	if (err)
		return err;
	show_return(v);
	frame_leave(v->cur);
	v->next = callsite;
	show_returned(v);
	widen(v, callsite);
	return 0;
}

static int exit_function(struct verifier *v)
{
	const struct frame *callee = state_frame(v->cur);
	const struct reg r0 = callee->regs[0];
	u32 callsite = (u32)callee->callsite;

	if (r0.kind == REG_STACK) {
		log_printf(v->log,
			   "cannot return stack pointer to the caller\n");
		return -EINVAL;
	}
	if (callee->in_callback)
		return exit_callback(v);
	show_return(v);
	frame_leave(v->cur);
	verifier_regs(v)[0] = r0;
	v->next = callsite + 1;
	show_returned(v);
	return 0;
}

int check_exit(struct verifier *v)
{
	return v->cur->cur ? exit_function(v) : exit_program(v);
}
