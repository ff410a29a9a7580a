/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program's BTF says of its instructions: functions and source lines.
 *
 * Two calls, because a wrong function record is told before subprograms are
 * known.  Both put what they made into the program, which frees it.
 */
#ifndef CGBPF_VERIFIER_BTF_INFO_H
#define CGBPF_VERIFIER_BTF_INFO_H

#include "base/log.h"
#include "object/prog.h"

struct cgbpf_task;

/*
 * verifier_check_btf_info_early() - before subprograms are looked for: takes
 * prog->btf if there are records, and reads prog->func_info.
 * @uattr: the caller's attributes, where the size of a record that is larger
 * than what is known here is put right; 0: do not.
 * -EBADF, -EINVAL, -E2BIG, -EFAULT, -ENOMEM.
 */
int verifier_check_btf_info_early(struct prog *prog, struct cgbpf_task *task,
				  const struct attr_prog_load *attr, u64 uattr,
				  struct log *log);
/*
 * verifier_check_btf_info() - with prog->subprogs known (their start,
 * has_ld_abs and has_tail_call): functions fit them, and lines are read.
 * To be called with and without BTF.
 */
int verifier_check_btf_info(struct prog *prog, struct cgbpf_task *task,
			    const struct attr_prog_load *attr, u64 uattr,
			    struct log *log);

#endif
