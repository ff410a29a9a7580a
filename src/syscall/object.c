/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects as such: pins, ids, and fds from ids. */
#include "syscall/syscall.h"

#include <limits.h>

#include "base/alloc.h"
#include "object/bpffs.h"
#include "object/env.h"
#include "object/link.h"
#include "object/map.h"
#include "object/prog.h"

/* What an fd of each kind of object is. */
static const struct file_ops *const kind_files[OBJECT_KINDS] = {
	[OBJECT_MAP] = &map_file_ops,
	[OBJECT_PROG] = &prog_file_ops,
	[OBJECT_BTF] = &btf_file_ops,
	[OBJECT_LINK] = &link_file_ops,
};

/* What a file's priv is, as the object it starts with. */
static struct object *file_object(const struct file *file)
{
	for (int kind = 0; kind < OBJECT_KINDS; kind++)
		if (file->ops == kind_files[kind])
			return file->priv;
	return NULL;
}

static_assert(!offsetof(struct map, obj) && !offsetof(struct prog, obj) &&
		      !offsetof(struct btf, obj) && !offsetof(struct link, obj),
	      "a file's priv is its object");

/* An fd for @obj, whose reference is consumed either way. */
static int object_install(struct cgbpf_task *task, struct object *obj, u32 mode)
{
	int fd;

	if (obj->ops->kind == OBJECT_MAP)
		map_user_get(map_of(obj));
	fd = task_install(task, kind_files[obj->ops->kind], obj, mode);
	if (fd >= 0)
		return fd;
	if (obj->ops->kind == OBJECT_MAP)
		map_user_put(map_of(obj));
	object_put(obj);
	return fd;
}

/* ------------------------------------------------------------------- pins */

/* @path is PATH_MAX bytes, too many for the stack of a run's thread. */
static int path_copy(struct cgbpf_task *task, u64 addr, char **out)
{
	char *path = mem_alloc(PATH_MAX);
	int err;

	if (!path)
		return -ENOMEM;
	err = task_copy_string(task, path, addr, PATH_MAX);
	if (err) {
		mem_free(path);
		return err == -E2BIG ? -ENAMETOOLONG : err;
	}
	*out = path;
	return 0;
}

/* There are no directories to be relative to: path_fd goes unused. */
static int path_flags_check(const struct attr_obj *attr, u32 allowed)
{
	if (attr->file_flags & ~(allowed | UAPI_F_PATH_FD))
		return -EINVAL;
	if (!(attr->file_flags & UAPI_F_PATH_FD) && attr->path_fd)
		return -EINVAL;
	return 0;
}

int sys_obj_pin(struct call *call)
{
	const struct attr_obj *attr = &call->attr.obj;
	struct cgbpf_task *task = call->task;
	struct object *obj = NULL;
	struct file *file;
	char *path;
	int err;

	err = path_flags_check(attr, 0);
	if (err)
		return err;
	file = task->ops->fd_get(task, (int)attr->bpf_fd);
	if (file)
		obj = file_object(file);
	err = -EINVAL; /* for what is not open, too */
	if (!obj || obj->ops->kind == OBJECT_BTF)
		goto put;
	err = path_copy(task, attr->pathname, &path);
	if (err)
		goto put;
	err = bpffs_pin(task->env->bpffs, path, obj);
	mem_free(path);
put:
	file_put(file);
	return err;
}

int sys_obj_get(struct call *call)
{
	const struct attr_obj *attr = &call->attr.obj;
	u32 access = attr->file_flags & (BPF_F_RDONLY | BPF_F_WRONLY);
	struct cgbpf_task *task = call->task;
	struct object *obj;
	char *path;
	int err;

	err = path_flags_check(attr, BPF_F_RDONLY | BPF_F_WRONLY);
	if (!err && attr->bpf_fd)
		err = -EINVAL;
	if (err)
		return err;
	err = map_file_mode(access);
	if (err < 0)
		return err;
	err = path_copy(task, attr->pathname, &path);
	if (err)
		return err;
	err = bpffs_get(task->env->bpffs, path, &obj);
	mem_free(path);
	if (err)
		return err;
	if (obj->ops->kind == OBJECT_LINK && access) {
		object_put(obj);
		return -EINVAL;
	}
	return object_install(task, obj, (u32)map_file_mode(access));
}

/* -------------------------------------------------------------------- ids */

static int next_id(struct call *call, enum object_kind kind)
{
	const struct attr_id *attr = &call->attr.id;
	u32 id;

	if (attr->start_id >= INT_MAX)
		return -EINVAL;
	id = idtable_next(&call->task->env->ids[kind], attr->start_id);
	if (!id)
		return -ENOENT;
	return CALL_PUT(call, id.next_id, id);
}

int sys_prog_get_next_id(struct call *call)
{
	return next_id(call, OBJECT_PROG);
}

int sys_map_get_next_id(struct call *call)
{
	return next_id(call, OBJECT_MAP);
}

int sys_btf_get_next_id(struct call *call)
{
	return next_id(call, OBJECT_BTF);
}

int sys_link_get_next_id(struct call *call)
{
	return next_id(call, OBJECT_LINK);
}

static int fd_by_id(struct call *call, enum object_kind kind, u32 mode)
{
	struct cgbpf_task *task = call->task;
	struct object *obj;

	obj = object_get_by_id(task->env, kind, call->attr.id.prog_id);
	return obj ? object_install(task, obj, mode) : -ENOENT;
}

int sys_prog_get_fd_by_id(struct call *call)
{
	return fd_by_id(call, OBJECT_PROG, FILE_READ | FILE_WRITE);
}

int sys_map_get_fd_by_id(struct call *call)
{
	u32 flags = call->attr.id.open_flags;
	int mode;

	if (flags & ~(BPF_F_RDONLY | BPF_F_WRONLY))
		return -EINVAL;
	mode = map_file_mode(flags);
	return mode < 0 ? mode : fd_by_id(call, OBJECT_MAP, (u32)mode);
}

/* Tokens delegate to user namespaces: there is none to take one from. */
int sys_btf_get_fd_by_id(struct call *call)
{
	const struct attr_id *attr = &call->attr.id;

	if (attr->open_flags & ~UAPI_F_TOKEN_FD)
		return -EINVAL;
	if (attr->open_flags & UAPI_F_TOKEN_FD)
		return -EBADF;
	return fd_by_id(call, OBJECT_BTF, FILE_READ);
}

int sys_link_get_fd_by_id(struct call *call)
{
	return fd_by_id(call, OBJECT_LINK, FILE_READ | FILE_WRITE);
}

/* ------------------------------------------------------------- statistics */

static void stats_file_release(struct file *file)
{
	struct cgbpf_env *env = file->priv;

	__atomic_sub_fetch(&env->stats_users, 1, __ATOMIC_RELAXED);
}

static const struct file_ops stats_file_ops = {
	.name = "bpf-stats",
	.release = stats_file_release,
};

int sys_enable_stats(struct call *call)
{
	struct cgbpf_env *env = call->task->env;
	int fd;

	if (call->attr.enable_stats.type != BPF_STATS_RUN_TIME)
		return -EINVAL;
	fd = task_install(call->task, &stats_file_ops, env, FILE_READ);
	if (fd >= 0)
		__atomic_add_fetch(&env->stats_users, 1, __ATOMIC_RELAXED);
	return fd;
}
