/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands whose subjects do not exist here: tracing, iterators, tokens and
 * streams.  They check what they are given and then say what a kernel says
 * that was asked for one of our programs or links.
 */
#include "syscall/syscall.h"

#include "object/link.h"
#include "object/prog.h"

/* No program type of ours attaches to tracepoints. */
int sys_raw_tracepoint_open(struct call *call)
{
	struct prog *prog;
	int err;

	err = prog_get_by_fd(call->task, (int)call->attr.raw_tracepoint.prog_fd,
			     &prog);
	if (err)
		return err;
	prog_put(prog);
	return -EINVAL;
}

/* Only fds of perf events and tracing links have an answer. */
int sys_task_fd_query(struct call *call)
{
	const struct attr_task_fd_query *attr = &call->attr.task_fd_query;
	struct cgbpf_task *task = call->task;
	struct file *file;

	if (attr->flags)
		return -EINVAL;
	if ((pid_t)attr->pid != task->cred.tgid &&
	    (pid_t)attr->pid != task->cred.pid)
		return -ENOENT;
	file = task->ops->fd_get(task, (int)attr->fd);
	if (!file)
		return -EBADF;
	file_put(file);
	return -ENOTSUPP;
}

/* No link of ours is an iterator. */
int sys_iter_create(struct call *call)
{
	const struct attr_iter_create *attr = &call->attr.iter_create;
	struct file *file;
	int err;

	if (attr->flags)
		return -EINVAL;
	err = task_file(call->task, (int)attr->link_fd, &link_file_ops, &file);
	if (err)
		return err;
	file_put(file);
	return -EINVAL;
}

/* A token comes from a bpffs mounted in a user namespace: no fd is one. */
int sys_token_create(struct call *call)
{
	const struct attr_token_create *attr = &call->attr.token_create;
	struct file *file;

	if (attr->flags)
		return -EINVAL;
	file = call->task->ops->fd_get(call->task, (int)attr->bpffs_fd);
	if (!file)
		return -EBADF;
	file_put(file);
	return -EINVAL;
}

/* Every program has an empty standard output (1) and error (2) stream. */
int sys_prog_stream_read(struct call *call)
{
	const struct attr_prog_stream_read *attr = &call->attr.prog_stream_read;
	struct prog *prog;
	int err;

	err = prog_get_by_fd(call->task, (int)attr->prog_fd, &prog);
	if (err)
		return err;
	prog_put(prog);
	return attr->stream_id == 1 || attr->stream_id == 2 ? 0 : -ENOENT;
}
