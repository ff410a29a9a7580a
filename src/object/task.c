/* SPDX-License-Identifier: BSD-2-Clause */
#include "object/task.h"

#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"

int task_copy_string(struct cgbpf_task *task, char *dst, u64 src, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (task_copy_in(task, &dst[i], src + i, 1))
			return -EFAULT;
		if (!dst[i])
			return 0;
	}
	return -E2BIG;
}

int task_file(struct cgbpf_task *task, int fd, const struct file_ops *ops,
	      struct file **out)
{
	struct file *file = task->ops->fd_get(task, fd);

	if (!file)
		return -EBADF;
	if (file->ops != ops) {
		file_put(file);
		return -EINVAL;
	}
	*out = file;
	return 0;
}

int task_install(struct cgbpf_task *task, const struct file_ops *ops,
		 void *priv, u32 mode)
{
	struct file *file;
	int fd;

	fd = file_new(&file, ops, priv, mode);
	if (fd)
		return fd;
	fd = task->ops->fd_install(task, file);
	if (fd < 0)
		mem_free(file); /* not put: @priv stays the caller's */
	return fd;
}

/*
 * The in-process task: an fd table, lowest free number first.  Changes are
 * under a mutex; the table is replaced as a whole when it grows, so that
 * looking an fd up needs no more than a read side of RCU.
 */
struct fd_table {
	struct rcu_cb rcu;
	u32 capacity;
	struct file *files[]; /* RCU */
};

struct task_local {
	struct cgbpf_task task;
	pthread_mutex_t lock;
	struct fd_table *table; /* RCU; NULL until the first fd */
};

static struct task_local *to_local(struct cgbpf_task *task)
{
	return container_of(task, struct task_local, task);
}

static void table_free_rcu(struct rcu_cb *cb)
{
	mem_free(container_of(cb, struct fd_table, rcu));
}

static int local_grow(struct task_local *local)
{
	struct fd_table *old = local->table, *table;
	u32 capacity = old ? old->capacity * 2 : 16;

	table = mem_zalloc(sizeof(*table) + capacity * sizeof(table->files[0]));
	if (!table)
		return -ENOMEM;
	table->capacity = capacity;
	if (old)
		memcpy(table->files, old->files,
		       old->capacity * sizeof(old->files[0]));
	rcu_assign_pointer(local->table, table);
	if (old)
		rcu_defer(&old->rcu, table_free_rcu);
	return 0;
}

static int local_fd_install(struct cgbpf_task *task, struct file *file)
{
	struct task_local *local = to_local(task);
	struct fd_table *table;
	u32 i = 0;
	int err = 0;

	pthread_mutex_lock(&local->lock);
	table = local->table;
	while (table && i < table->capacity && table->files[i])
		i++;
	if (!table || i == table->capacity)
		err = local_grow(local);
	if (!err)
		rcu_assign_pointer(local->table->files[i], file);
	pthread_mutex_unlock(&local->lock);
	return err ? err : (int)(TASK_FD_BASE + i);
}

/* With the mutex, or in a read side of RCU; NULL if there is no such fd. */
static struct file **local_slot(struct task_local *local, int fd)
{
	struct fd_table *table = rcu_dereference(local->table);
	u32 i = (u32)fd - TASK_FD_BASE;

	return table && i < table->capacity ? &table->files[i] : NULL;
}

static struct file *local_fd_peek(struct cgbpf_task *task, int fd)
{
	struct file **slot = local_slot(to_local(task), fd);

	return slot ? rcu_dereference(*slot) : NULL;
}

static struct file *local_fd_get(struct cgbpf_task *task, int fd)
{
	struct task_local *local = to_local(task);
	struct file *file;

	pthread_mutex_lock(&local->lock);
	file = local_fd_peek(task, fd);
	if (file)
		file_get(file);
	pthread_mutex_unlock(&local->lock);
	return file;
}

/*
 * The caller shares our address space, so its pointers are as good as its own
 * code; only the page that is never mapped is told apart.
 */
static bool local_bad(u64 addr)
{
	return addr < PAGE_SIZE || addr >> 47;
}

static int local_copy_in(struct cgbpf_task *task, void *dst, u64 src, size_t n)
{
	(void)task;
	if (local_bad(src))
		return -EFAULT;
	memcpy(dst, u64_to_ptr(src), n);
	return 0;
}

static int local_copy_out(struct cgbpf_task *task, u64 dst, const void *src,
			  size_t n)
{
	(void)task;
	if (local_bad(dst))
		return -EFAULT;
	memcpy(u64_to_ptr(dst), src, n);
	return 0;
}

static const struct task_ops local_ops = {
	.fd_install = local_fd_install,
	.fd_get = local_fd_get,
	.fd_peek = local_fd_peek,
	.copy_in = local_copy_in,
	.copy_out = local_copy_out,
};

int task_local_new(struct cgbpf_task **out, struct cgbpf_env *env)
{
	struct task_local *local = mem_zalloc(sizeof(*local));
	struct task_cred *cred;

	if (!local)
		return -ENOMEM;
	pthread_mutex_init(&local->lock, NULL);
	local->task.ops = &local_ops;
	local->task.env = env;
	cred = &local->task.cred;
	cred->tgid = getpid();
	cred->pid = (pid_t)syscall(SYS_gettid);
	cred->uid = getuid();
	cred->gid = getgid();
	prctl(PR_GET_NAME, cred->comm);
	*out = &local->task;
	return 0;
}

void task_local_free(struct cgbpf_task *task)
{
	struct task_local *local = to_local(task);

	for (u32 i = 0; local->table && i < local->table->capacity; i++)
		file_put(local->table->files[i]);
	mem_free(local->table);
	pthread_mutex_destroy(&local->lock);
	mem_free(local);
}

int task_local_close(struct cgbpf_task *task, int fd)
{
	struct task_local *local = to_local(task);
	struct file *file = NULL, **slot;

	pthread_mutex_lock(&local->lock);
	slot = local_slot(local, fd);
	if (slot) {
		file = *slot;
		rcu_assign_pointer(*slot, NULL);
	}
	pthread_mutex_unlock(&local->lock);
	if (!file)
		return -EBADF;
	file_put(file);
	return 0;
}

int task_local_dup(struct cgbpf_task *task, int fd)
{
	struct file *file = local_fd_get(task, fd);
	int copy;

	if (!file)
		return -EBADF;
	copy = local_fd_install(task, file);
	if (copy < 0)
		file_put(file);
	return copy;
}
