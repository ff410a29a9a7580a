/* SPDX-License-Identifier: BSD-2-Clause */
/* The log of PROG_LOAD and BTF_LOAD between the caller and struct log. */
#ifndef CGBPF_SYSCALL_LOG_H
#define CGBPF_SYSCALL_LOG_H

#include "base/log.h"
#include "object/task.h"

/* Do the three log attributes make sense together?  -EINVAL if not. */
int log_attr_check(u32 level, u64 buf, u32 size);
/*
 * Copies what was written to the caller's buffer @buf.  *true_size is what
 * the caller's buffer would have to hold.  -ENOSPC: it was cut; -EFAULT.
 * Either replaces the result of the load.
 */
int log_finish(const struct log *log, struct cgbpf_task *task, u64 buf,
	       u32 *true_size);

#endif
