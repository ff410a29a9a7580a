/* SPDX-License-Identifier: BSD-2-Clause */
#include "syscall/syscall.h"

bool call_zero(const u8 *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i])
			return false;
	return true;
}

int call_check_tail(struct cgbpf_task *task, u64 addr, u32 known, u32 size)
{
	u8 tail[64];

	if (size > PAGE_SIZE)
		return -E2BIG;
	for (u32 at = known; at < size; at += sizeof(tail)) {
		u32 n = min(size - at, (u32)sizeof(tail));

		if (task_copy_in(task, tail, addr + at, n))
			return -EFAULT;
		if (!call_zero(tail, n))
			return -E2BIG;
	}
	return 0;
}

int call_check_token(struct cgbpf_task *task, int fd)
{
	struct file *file = task->ops->fd_get(task, fd);

	if (!file)
		return -EBADF;
	file_put(file);
	return -EINVAL;
}
