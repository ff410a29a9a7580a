/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A task: what a bpf(2) call needs from its caller.  The dispatcher never
 * knows whether that is a thread of this process or another process.
 */
#ifndef CGBPF_OBJECT_TASK_H
#define CGBPF_OBJECT_TASK_H

#include <sys/types.h>

#include "base/types.h"
#include "object/file.h"

struct cgbpf_env;
struct cgbpf_task;

#define TASK_COMM_LEN 16

struct task_ops {
	/*
	 * Give the caller an fd (close on exec) for @file, whose reference is
	 * taken over on success only: the fd, or -EMFILE, -ENOMEM.
	 */
	int (*fd_install)(struct cgbpf_task *task, struct file *file);
	/* A reference on what @fd refers to; NULL if that is not ours. */
	struct file *(*fd_get)(struct cgbpf_task *task, int fd);
	/*
	 * The same without a reference, in a read side of RCU: good until that
	 * ends, and so is a map behind it.
	 */
	struct file *(*fd_peek)(struct cgbpf_task *task, int fd);
	/* -EFAULT if any of it cannot be read or written */
	int (*copy_in)(struct cgbpf_task *task, void *dst, u64 src, size_t n);
	int (*copy_out)(struct cgbpf_task *task, u64 dst, const void *src,
			size_t n);
};

struct task_cred {
	pid_t pid, tgid;
	uid_t uid;
	gid_t gid;
	char comm[TASK_COMM_LEN];
};

struct cgbpf_task {
	const struct task_ops *ops;
	struct cgbpf_env *env;
	struct task_cred cred;
};

static inline int task_copy_in(struct cgbpf_task *task, void *dst, u64 src,
			       size_t n)
{
	return n ? task->ops->copy_in(task, dst, src, n) : 0;
}

static inline int task_copy_out(struct cgbpf_task *task, u64 dst,
				const void *src, size_t n)
{
	return n ? task->ops->copy_out(task, dst, src, n) : 0;
}

/*
 * task_copy_string() - read a NUL terminated string of at most @size bytes
 * with its NUL; -E2BIG: no NUL in that many bytes; -EFAULT.
 */
int task_copy_string(struct cgbpf_task *task, char *dst, u64 src, size_t size);

/* The file behind @fd if it is of kind @ops: else -EBADF, or -EINVAL for
 * another kind of file of ours.  *out carries a reference. */
int task_file(struct cgbpf_task *task, int fd, const struct file_ops *ops,
	      struct file **out);

/* file_new() and fd_install() in one: the fd or -errno; @priv's reference is
 * taken over on success only. */
int task_install(struct cgbpf_task *task, const struct file_ops *ops,
		 void *priv, u32 mode);

/*
 * The in-process task: plain memory, and fd numbers of the environment's own
 * from TASK_FD_BASE up, so that they never meet the process's real ones.
 */
#define TASK_FD_BASE 0x40000000

int task_local_new(struct cgbpf_task **out, struct cgbpf_env *env);
void task_local_free(struct cgbpf_task *task);
int task_local_close(struct cgbpf_task *task, int fd);
int task_local_dup(struct cgbpf_task *task, int fd);

#endif
