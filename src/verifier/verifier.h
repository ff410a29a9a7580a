/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verifier's face: one call, between copying a program in and translating
 * it.
 */
#ifndef CGBPF_VERIFIER_VERIFIER_H
#define CGBPF_VERIFIER_VERIFIER_H

#include "base/log.h"
#include "object/prog.h"

struct cgbpf_task;

/*
 * verifier_check() - may @prog run?  Resolves its map references (through
 * @task: fds, or @attr's fd_array), fills used_maps, storage_map, subprogs,
 * aux and verified_insns.  @uattr: the caller's attributes, see btf_info.h.  The
 * reason of a refusal is in @log.
 * 0, -EINVAL, -EACCES, -EPERM, -EBUSY, -E2BIG, -ENOMEM, -EBADF ...: as Linux.
 */
int verifier_check(struct prog *prog, struct cgbpf_task *task,
		   const struct attr_prog_load *attr, u64 uattr,
		   struct log *log);
/*
 * verifier_check_structure() - ditto, but what it does is not looked at: @prog
 * may run in the checked interpreter only (prog->checked).  For tests of that.
 */
int verifier_check_structure(struct prog *prog, struct cgbpf_task *task,
			     const struct attr_prog_load *attr,
			     struct log *log);

#endif
