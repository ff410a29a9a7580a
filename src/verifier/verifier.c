/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Verification, stage by stage, in the kernel's order, so that a program with
 * several faults is refused for the one that Linux names.
 *
 * These stages look at structure: every program that passes them is well
 * formed, but what it does with memory is not proved.  So it runs in the
 * checked interpreter, which tests each access (prog->checked).
 */
#include "verifier/verifier.h"

#include "verifier/btf_info.h"
#include "verifier/checks.h"

static int check_stages(struct verifier *v)
{
	int err;

	err = check_fd_array(v);
	if (!err)
		err = verifier_check_btf_info_early(v->prog, v->task, v->attr,
						    v->uattr, v->log);
	if (!err)
		err = find_subprogs(v);
	if (!err)
		err = check_subprogs(v);
	if (!err)
		err = verifier_check_btf_info(v->prog, v->task, v->attr,
					      v->uattr, v->log);
	if (!err)
		err = resolve_refs(v);
	if (!err)
		err = check_cfg(v);
	if (!err)
		err = check_insns(v);
	if (!err)
		err = check_calls(v);
	if (!err)
		err = check_flow(v);
	if (!err)
		err = check_frames(v);
	return err;
}

int verifier_check(struct prog *prog, struct cgbpf_task *task,
		   const struct attr_prog_load *attr, u64 uattr,
		   struct log *log)
{
	struct verifier v = {
		.prog = prog,
		.task = task,
		.attr = attr,
		.uattr = uattr,
		.log = log,
	};
	int err;

	err = check_stages(&v);
	if (err)
		return err;
	prog->verified_insns = prog->len;
	prog->checked = true;
	log_printf(log,
		   "processed %u insns (limit %u) max_states_per_insn 0 "
		   "total_states 0 peak_states 0 mark_read 0\n",
		   prog->verified_insns, PROG_MAX_INSNS);
	return 0;
}
