/* SPDX-License-Identifier: BSD-2-Clause */
#include "syscall/log.h"

#define LOG_ALL (LOG_LEVEL1 | LOG_LEVEL2 | LOG_STATS | LOG_FIXED)

int log_attr_check(u32 level, u64 buf, u32 size)
{
	if (!buf != !size || (buf && !level) || level & ~LOG_ALL ||
	    size > UINT32_MAX >> 2)
		return -EINVAL;
	return 0;
}

/* A log that was cut at its end still ends with a NUL. */
static int copy_cut(struct cgbpf_task *task, u64 buf, const char *text,
		    u32 size)
{
	int err = task_copy_out(task, buf, text, size - 1);

	return err ? err : task_copy_out(task, buf + size - 1, "", 1);
}

int log_finish(const struct log *log, struct cgbpf_task *task, u64 buf,
	       u32 *true_size)
{
	const char *text;
	u32 size, all;

	*true_size = 0;
	/* nothing written at all is not even an empty string */
	if (!log->level || !log->longest)
		return 0;
	all = log_view(log, &text, &size);
	*true_size = all;
	if (!buf)
		return 0;
	if (copy_cut(task, buf, text, size))
		return -EFAULT;
	return all > log->limit ? -ENOSPC : 0;
}
