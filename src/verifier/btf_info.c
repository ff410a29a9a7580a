/* SPDX-License-Identifier: BSD-2-Clause */
#include "verifier/btf_info.h"

#include <string.h>

#include "base/alloc.h"
#include "object/btf.h"
#include "object/task.h"

#define RECORD_MAX 252u
#define FUNC_RECORD_MIN 8u
#define LINE_RECORD_MIN 16u
#define ALLOC_MAX 0x7fffffffull

static_assert(sizeof(struct bpf_func_info) == FUNC_RECORD_MIN, "records grew");
static_assert(sizeof(struct bpf_line_info) == LINE_RECORD_MIN, "records grew");

/* An array of the caller's records: theirs may be longer than ours. */
struct records {
	struct cgbpf_task *task;
	u64 addr;
	u32 size;	/* of one of theirs */
	u32 known;	/* of one of ours */
	u64 size_uattr; /* where their size is, or 0 */
	const char *what;
};

/* Copies record @i; what we do not know of it must be zero (-E2BIG). */
static int record_read(const struct records *r, u32 i, void *out,
		       struct log *log)
{
	u64 addr = r->addr + (u64)i * r->size;
	u8 all[RECORD_MAX];

	if (task_copy_in(r->task, all, addr, r->size))
		return -EFAULT;
	for (u32 at = r->known; at < r->size; at++) {
		if (!all[at])
			continue;
		log_printf(log, "nonzero tailing record in %s", r->what);
		if (r->size_uattr && task_copy_out(r->task, r->size_uattr,
						   &r->known, sizeof(r->known)))
			return -EFAULT;
		return -E2BIG;
	}
	memcpy(out, all, min(r->size, r->known));
	return 0;
}

static bool record_size_valid(u32 size, u32 least)
{
	return size >= least && size <= RECORD_MAX && size % sizeof(u32) == 0;
}

static int func_record_check(const struct btf *btf,
			     const struct bpf_func_info *func, u32 i,
			     struct log *log)
{
	const struct btf_type *t = btf_type_by_id(btf, func->type_id);

	if (!i && func->insn_off) {
		log_printf(log,
			   "nonzero insn_off %u for the first func info record",
			   func->insn_off);
		return -EINVAL;
	}
	if (i && func->insn_off <= func[-1].insn_off) {
		log_printf(log,
			   "same or smaller insn offset (%u) than previous "
			   "func info record (%u)",
			   func->insn_off, func[-1].insn_off);
		return -EINVAL;
	}
	if (!t || btf_kind(t) != BTF_KIND_FUNC) {
		log_printf(log, "invalid type id %d in func info",
			   (s32)func->type_id);
		return -EINVAL;
	}
	return 0;
}

static int funcs_read(struct prog *prog, struct cgbpf_task *task,
		      const struct attr_prog_load *attr, u64 uattr,
		      struct log *log)
{
	struct records r = {
		.task = task,
		.addr = attr->func_info,
		.size = attr->func_info_rec_size,
		.known = sizeof(struct bpf_func_info),
		.size_uattr = uattr ? uattr + offsetof(struct attr_prog_load,
						       func_info_rec_size)
				    : 0,
		.what = "func info",
	};
	struct bpf_func_info *funcs;
	int err = 0;

	if (!attr->func_info_cnt)
		return 0;
	if (!record_size_valid(r.size, FUNC_RECORD_MIN)) {
		log_printf(log, "invalid func info rec size %u\n", r.size);
		return -EINVAL;
	}
	if ((u64)attr->func_info_cnt * sizeof(*funcs) > ALLOC_MAX)
		return -ENOMEM;
	funcs = mem_calloc(attr->func_info_cnt, sizeof(*funcs));
	if (!funcs)
		return -ENOMEM;
	for (u32 i = 0; !err && i < attr->func_info_cnt; i++) {
		err = record_read(&r, i, &funcs[i], log);
		if (!err)
			err = func_record_check(prog->btf, &funcs[i], i, log);
	}
	if (err) {
		mem_free(funcs);
		return err;
	}
	prog->func_info = funcs;
	prog->nr_func_info = attr->func_info_cnt;
	prog->func_info_rec_size = sizeof(*funcs);
	return 0;
}

int verifier_check_btf_info_early(struct prog *prog, struct cgbpf_task *task,
				  const struct attr_prog_load *attr, u64 uattr,
				  struct log *log)
{
	int err;

	if (!attr->func_info_cnt && !attr->line_info_cnt)
		return 0;
	err = btf_get_by_fd(task, (int)attr->prog_btf_fd, &prog->btf);
	if (err)
		return err;
	return funcs_read(prog, task, attr, uattr, log);
}

/* LD_ABS may end the function, and so may a tail call: as if it returned 0. */
static int check_unnamed_returns(const struct prog *prog, struct log *log)
{
	for (u32 i = 1; i < prog->nr_subprogs; i++) {
		const struct subprog *sub = &prog->subprogs[i];

		if (!sub->has_ld_abs && !sub->has_tail_call)
			continue;
		log_printf(log, "%s is not allowed in subprogs without BTF\n",
			   sub->has_ld_abs ? "LD_ABS" : "tail_call");
		return -EINVAL;
	}
	return 0;
}

static bool returns_scalar(const struct btf *btf, u32 func_id)
{
	const struct btf_type *t = btf_type_by_id(btf, func_id);

	t = btf_type_by_id(btf, t->type);
	t = btf_skip_modifiers(btf, t->type, NULL);
	return (btf_kind(t) == BTF_KIND_INT && t->size <= sizeof(u64)) ||
	       btf_kind(t) == BTF_KIND_ENUM || btf_kind(t) == BTF_KIND_ENUM64;
}

static int funcs_check(const struct prog *prog, struct log *log)
{
	const struct bpf_func_info *funcs = prog->func_info;

	if (!prog->nr_func_info)
		return check_unnamed_returns(prog, log);
	if (prog->nr_func_info != prog->nr_subprogs) {
		log_printf(log, "number of funcs in func_info doesn't match "
				"number of subprogs\n");
		return -EINVAL;
	}
	for (u32 i = 0; i < prog->nr_subprogs; i++) {
		const struct subprog *sub = &prog->subprogs[i];

		if (sub->start != funcs[i].insn_off) {
			log_printf(log, "func_info BTF section doesn't match "
					"subprog layout in BPF program\n");
			return -EINVAL;
		}
		if (!i || (!sub->has_ld_abs && !sub->has_tail_call) ||
		    returns_scalar(prog->btf, funcs[i].type_id))
			continue;
		log_printf(log,
			   "%s is only allowed in functions that return "
			   "'int'.\n",
			   sub->has_ld_abs ? "LD_ABS" : "tail_call");
		return -EINVAL;
	}
	return 0;
}

static int line_check(const struct prog *prog, const struct bpf_line_info *line,
		      u32 i, struct log *log)
{
	u32 last = i ? line[-1].insn_off : 0;

	if ((i && line->insn_off <= last) || line->insn_off >= prog->len) {
		log_printf(log,
			   "Invalid line_info[%u].insn_off:%u "
			   "(prev_offset:%u prog->len:%u)\n",
			   i, line->insn_off, last, prog->len);
		return -EINVAL;
	}
	/* the second half of a 16 byte instruction */
	if (!prog->insns[line->insn_off].code) {
		log_printf(log, "Invalid insn code at line_info[%u].insn_off\n",
			   i);
		return -EINVAL;
	}
	if (!btf_name(prog->btf, line->line_off) ||
	    !btf_name(prog->btf, line->file_name_off)) {
		log_printf(log,
			   "Invalid line_info[%u].line_off or .file_name_off\n",
			   i);
		return -EINVAL;
	}
	return 0;
}

/* Each subprogram starts with a line: @sub is the next one to meet. */
static int line_starts(const struct prog *prog,
		       const struct bpf_line_info *line, u32 *sub,
		       struct log *log)
{
	u32 start;

	if (*sub == prog->nr_subprogs)
		return 0;
	start = prog->subprogs[*sub].start;
	if (line->insn_off == start) {
		++*sub;
	} else if (start < line->insn_off) {
		log_printf(log, "missing bpf_line_info for func#%u\n", *sub);
		return -EINVAL;
	}
	return 0;
}

static int lines_fill(const struct prog *prog, const struct records *r,
		      struct bpf_line_info *lines, u32 nr, struct log *log)
{
	u32 sub = 0;
	int err = 0;

	for (u32 i = 0; !err && i < nr; i++) {
		err = record_read(r, i, &lines[i], log);
		if (!err)
			err = line_check(prog, &lines[i], i, log);
		if (!err)
			err = line_starts(prog, &lines[i], &sub, log);
	}
	if (!err && sub != prog->nr_subprogs) {
		log_printf(log,
			   "missing bpf_line_info for %u funcs starting from "
			   "func#%u\n",
			   prog->nr_subprogs - sub, sub);
		err = -EINVAL;
	}
	return err;
}

static int lines_read(struct prog *prog, struct cgbpf_task *task,
		      const struct attr_prog_load *attr, u64 uattr,
		      struct log *log)
{
	struct records r = {
		.task = task,
		.addr = attr->line_info,
		.size = attr->line_info_rec_size,
		.known = sizeof(struct bpf_line_info),
		.size_uattr = uattr ? uattr + offsetof(struct attr_prog_load,
						       line_info_rec_size)
				    : 0,
		.what = "line_info",
	};
	struct bpf_line_info *lines;
	u32 nr = attr->line_info_cnt;
	int err;

	if (!nr)
		return 0;
	if ((u64)nr * sizeof(*lines) > ALLOC_MAX ||
	    !record_size_valid(r.size, LINE_RECORD_MIN))
		return -EINVAL;
	lines = mem_calloc(nr, sizeof(*lines));
	if (!lines)
		return -ENOMEM;
	err = lines_fill(prog, &r, lines, nr, log);
	if (err) {
		mem_free(lines);
		return err;
	}
	prog->line_info = lines;
	prog->nr_line_info = nr;
	prog->line_info_rec_size = sizeof(*lines);
	return 0;
}

/*
 * Relocations that the kernel applies are against the kernel's own types, and
 * there are none: as a kernel built without BTF.
 */
static int relocations_check(const struct prog *prog, struct cgbpf_task *task,
			     const struct attr_prog_load *attr, u64 uattr,
			     struct log *log)
{
	struct records r = {
		.task = task,
		.addr = attr->core_relos,
		.size = attr->core_relo_rec_size,
		.known = sizeof(struct bpf_core_relo),
		.size_uattr = uattr ? uattr + offsetof(struct attr_prog_load,
						       core_relo_rec_size)
				    : 0,
		.what = "core_relo",
	};
	struct bpf_core_relo relo = { .insn_off = 0 };
	int err;

	if (!attr->core_relo_cnt)
		return 0;
	if (attr->core_relo_cnt > ALLOC_MAX / sizeof(relo) ||
	    !record_size_valid(r.size, sizeof(relo)))
		return -EINVAL;
	err = record_read(&r, 0, &relo, log);
	if (err)
		return err;
	if (relo.insn_off % 8 || relo.insn_off / 8 >= prog->len)
		log_printf(log,
			   "Invalid core_relo[0].insn_off:%u prog->len:%u\n",
			   relo.insn_off, prog->len);
	else
		log_printf(log, "relo #0: there are no kernel types\n");
	return -EINVAL;
}

int verifier_check_btf_info(struct prog *prog, struct cgbpf_task *task,
			    const struct attr_prog_load *attr, u64 uattr,
			    struct log *log)
{
	int err = funcs_check(prog, log);

	if (err || (!attr->func_info_cnt && !attr->line_info_cnt))
		return err;
	err = lines_read(prog, task, attr, uattr, log);
	if (err)
		return err;
	return relocations_check(prog, task, attr, uattr, log);
}
