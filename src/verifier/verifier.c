/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Verification, stage by stage, in the kernel's order, so that a program with
 * several faults is refused for the one that Linux names.
 *
 * The first stages look at structure; then every path is walked (walk.c).  A
 * program that passes is safe, and runs without any further check.
 */
#include "verifier/verifier.h"

#include <time.h>

#include "base/alloc.h"
#include "verifier/btf_info.h"
#include "verifier/checks.h"
#include "verifier/global.h"
#include "verifier/insn.h"
#include "verifier/show.h"
#include "vm/helper.h"
#include "vm/insn.h"

/* What a program is made of. */
static int check_structure(struct verifier *v)
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
	return err;
}

/* What it does. */
static int check_paths(struct verifier *v)
{
	int err;

	err = find_points(v);
	if (!err)
		err = live_compute(v);
	if (err)
		return err;
	show_live(v);
	err = walk(v);
	if (!err)
		err = check_frames(v);
	return err;
}

static int verifier_init(struct verifier *v, struct prog *prog,
			 struct cgbpf_task *task,
			 const struct attr_prog_load *attr, u64 uattr,
			 struct log *log)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	*v = (struct verifier){
		.prog = prog,
		.task = task,
		.attr = attr,
		.uattr = uattr,
		.log = log,
		.strict_align = (attr->prog_flags & BPF_F_STRICT_ALIGNMENT) &&
				!(attr->prog_flags & BPF_F_ANY_ALIGNMENT),
		.test_states = attr->prog_flags & BPF_F_TEST_STATE_FREQ,
		.start_ns = (u64)now.tv_sec * 1000000000u + (u64)now.tv_nsec,
	};
	v->infos = mem_calloc(prog->len, sizeof(*v->infos));
	v->funcs = mem_calloc(PROG_MAX_SUBPROGS, sizeof(*v->funcs));
	return v->infos && v->funcs ? 0 : -ENOMEM;
}

static void verifier_exit(struct verifier *v)
{
	mem_free(v->funcs);
	mem_free(v->infos);
}

/* Does it call a helper that reads what numbers point to? */
static bool reads_numbers(const struct prog *prog)
{
	for (u32 i = 0; i < prog->len; i++) {
		const struct helper *helper = NULL;

		if (insn_is_helper_call(&prog->insns[i]))
			helper = helper_by_id((u32)prog->insns[i].imm);
		if (helper && helper->reads_numbers)
			return true;
		if (insn_is_ld64(&prog->insns[i]))
			i++;
	}
	return false;
}

int verifier_check(struct prog *prog, struct cgbpf_task *task,
		   const struct attr_prog_load *attr, u64 uattr,
		   struct log *log)
{
	struct verifier v;
	int err;

	err = verifier_init(&v, prog, task, attr, uattr, log);
	if (!err)
		err = check_structure(&v);
	if (!err)
		err = check_paths(&v);
	if (!err) {
		prog->verified_insns = v.insns_processed;
		prog->verified = true;
		prog->checked = reads_numbers(prog);
	}
	show_stats(&v);
	verifier_exit(&v);
	return err;
}

int verifier_check_structure(struct prog *prog, struct cgbpf_task *task,
			     const struct attr_prog_load *attr, struct log *log)
{
	struct verifier v;
	int err;

	err = verifier_init(&v, prog, task, attr, 0, log);
	if (!err)
		err = check_structure(&v);
	if (!err)
		err = check_insns(&v);
	if (!err)
		prog->checked = true;
	for (u32 i = 0; i < prog->len && !err; i++)
		prog->aux[i].seen = v.infos[i].reached;
	verifier_exit(&v);
	return err;
}
