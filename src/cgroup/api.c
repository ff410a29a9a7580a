/* SPDX-License-Identifier: BSD-2-Clause */
/* The public face of the hierarchy: cgbpf_cgroup_*(), cgbpf_storage_*(). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cgbpf.h"
#include "cgroup/cgroup.h"
#include "cgroup/hierarchy.h"
#include "cgroup/tree.h"
#include "object/map_storage.h"

/* "/a/b/" is the child "b" of "/a": *dir_len, *name and *name_len say so. */
static int path_split(const char *path, size_t *dir_len, const char **name,
		      size_t *name_len)
{
	size_t end = strlen(path), start;

	if (path[0] != '/')
		return -EINVAL;
	while (end && path[end - 1] == '/')
		end--;
	for (start = end; start && path[start - 1] != '/'; start--)
		;
	*dir_len = start;
	*name = path + start;
	*name_len = end - start;
	return 0;
}

int cgbpf_cgroup_new(struct cgbpf_env *env, const char *path,
		     struct cgbpf_cgroup **out)
{
	struct cgbpf_cgroup *parent, *cgroup;
	size_t dir_len, name_len;
	const char *name;
	int err;

	err = path_split(path, &dir_len, &name, &name_len);
	if (err)
		return err;
	if (!name_len)
		return -EEXIST; /* the root */
	pthread_mutex_lock(&env->cgroup_mutex);
	err = cgroup_find_locked(env->root, path, dir_len, &parent);
	if (!err)
		err = cgroup_new_locked(parent, name, name_len, &cgroup);
	if (!err) {
		cgroup_get(cgroup);
		*out = cgroup;
	}
	pthread_mutex_unlock(&env->cgroup_mutex);
	return err;
}

int cgbpf_cgroup_get(struct cgbpf_env *env, const char *path,
		     struct cgbpf_cgroup **out)
{
	struct cgbpf_cgroup *cgroup;
	int err;

	if (path[0] != '/')
		return -ENOENT;
	pthread_mutex_lock(&env->cgroup_mutex);
	err = cgroup_find_locked(env->root, path, strlen(path), &cgroup);
	if (!err) {
		cgroup_get(cgroup);
		*out = cgroup;
	}
	pthread_mutex_unlock(&env->cgroup_mutex);
	return err;
}

int cgbpf_cgroup_remove(struct cgbpf_cgroup *cgroup)
{
	struct cgbpf_env *env = cgroup->env;
	int err;

	pthread_mutex_lock(&env->cgroup_mutex);
	err = cgroup_remove_locked(cgroup);
	pthread_mutex_unlock(&env->cgroup_mutex);
	return err;
}

void cgbpf_cgroup_put(struct cgbpf_cgroup *cgroup)
{
	cgroup_put(cgroup);
}

uint64_t cgbpf_cgroup_id(const struct cgbpf_cgroup *cgroup)
{
	return cgroup->id;
}

/* Names and parents never change: no lock. */
int cgbpf_cgroup_path(const struct cgbpf_cgroup *cgroup, char *buf, size_t size)
{
	const struct cgbpf_cgroup *c;
	size_t len = 0, end;

	for (c = cgroup; c->parent; c = c->parent)
		len += 1 + strlen(c->name);
	if (!len)
		return snprintf(buf, size, "/");
	if (size)
		buf[min(len, size - 1)] = '\0';
	end = len;
	for (c = cgroup; c->parent; c = c->parent) {
		size_t n = strlen(c->name), start = end - n - 1;

		for (size_t i = start; i < end && i + 1 < size; i++)
			buf[i] = i == start ? '/' : c->name[i - start - 1];
		end = start;
	}
	return (int)len;
}

int cgbpf_cgroup_path_by_id(struct cgbpf_env *env, uint64_t id, char *buf,
			    size_t size)
{
	struct cgbpf_cgroup *cgroup = cgroup_get_by_id(env, id);
	int len;

	if (!cgroup)
		return -ENOENT;
	len = cgbpf_cgroup_path(cgroup, buf, size);
	cgroup_put(cgroup);
	return len;
}

int cgbpf_cgroup_open(struct cgbpf_task *task, struct cgbpf_cgroup *cgroup)
{
	int fd;

	if (!cgroup_is_online(cgroup))
		return -ENOENT;
	cgroup_get(cgroup);
	fd = task_install(task, &cgroup_file_ops, cgroup, FILE_READ);
	if (fd < 0)
		cgroup_put(cgroup);
	return fd;
}

/* Parents first, then by name: the order of paths, component by component. */
static int path_order(const void *left, const void *right)
{
	const struct cgbpf_cgroup *a = *(struct cgbpf_cgroup *const *)left;
	const struct cgbpf_cgroup *b = *(struct cgbpf_cgroup *const *)right;
	int levels = (a->level > b->level) - (a->level < b->level);

	while (a->level > b->level)
		a = a->parent;
	while (b->level > a->level)
		b = b->parent;
	if (a == b)
		return levels;
	while (a->parent != b->parent) {
		a = a->parent;
		b = b->parent;
	}
	return strcmp(a->name, b->name);
}

/* References on all online cgroups, in order. */
static int cgroup_snapshot(struct cgbpf_env *env, struct cgbpf_cgroup ***out,
			   u32 *nr)
{
	const struct cgroup_table *table = &hierarchy_of(env)->by_name;
	struct cgbpf_cgroup **all;
	u32 n = 0;

	pthread_mutex_lock(&env->cgroup_mutex);
	all = mem_alloc((table->nr + 1) * sizeof(*all));
	if (!all)
		goto unlock;
	all[n++] = env->root;
	for (u32 i = 0; i <= table->mask; i++)
		for (struct cgbpf_cgroup *c = table->buckets[i]; c;
		     c = c->same_name)
			all[n++] = c;
	for (u32 i = 0; i < n; i++)
		cgroup_get(all[i]);
unlock:
	pthread_mutex_unlock(&env->cgroup_mutex);
	if (!all)
		return -ENOMEM;
	qsort(all, n, sizeof(all[0]), path_order);
	*out = all;
	*nr = n;
	return 0;
}

int cgbpf_cgroup_each(struct cgbpf_env *env,
		      int (*each)(void *data, struct cgbpf_cgroup *cgroup),
		      void *data)
{
	struct cgbpf_cgroup **all;
	u32 nr;
	int ret;

	ret = cgroup_snapshot(env, &all, &nr);
	if (ret)
		return ret;
	for (u32 i = 0; i < nr && !ret; i++)
		ret = each(data, all[i]);
	for (u32 i = 0; i < nr; i++)
		cgroup_put(all[i]);
	mem_free(all);
	return ret;
}

/* ----------------------------------------------------------------- storages */

/*
 * No lock, no reference, no copy of a key: what makes these quick.  A read side
 * of RCU keeps the map behind the fd, and its storages, as they are found.
 */
static int storage_map_peek(struct cgbpf_task *task, int fd, u32 mode,
			    struct map **out)
{
	const struct file *file = task->ops->fd_peek(task, fd);
	struct map *map;

	if (!file)
		return -EBADF;
	if (file->ops != &map_file_ops)
		return -EINVAL;
	map = file->priv;
	if (!map_is_storage(map))
		return -EINVAL;
	if (!(file->mode & mode))
		return -EPERM;
	*out = map;
	return 0;
}

int cgbpf_storage_read(struct cgbpf_task *task, int fd,
		       const struct cgbpf_cgroup *cgroup, int attach_type,
		       void *value)
{
	struct bpf_cgroup_storage_key key = {
		.cgroup_inode_id = cgroup->id,
		.attach_type = (u32)attach_type,
	};
	struct map *map;
	int err;

	rcu_read_lock();
	err = storage_map_peek(task, fd, FILE_READ, &map);
	if (!err)
		err = map->ops->read(map, &key, value, 0);
	rcu_read_unlock();
	return err;
}

int cgbpf_storage_write(struct cgbpf_task *task, int fd,
			const struct cgbpf_cgroup *cgroup, int attach_type,
			const void *value)
{
	struct bpf_cgroup_storage_key key = {
		.cgroup_inode_id = cgroup->id,
		.attach_type = (u32)attach_type,
	};
	struct map *map;
	int err;

	rcu_read_lock();
	err = storage_map_peek(task, fd, FILE_WRITE, &map);
	if (err)
		goto unlock;
	map_write_begin(map);
	/* a freeze either sees this writer or is seen by it */
	err = -EPERM;
	if (!__atomic_load_n(&map->frozen, __ATOMIC_SEQ_CST))
		err = map->ops->write(map, task, &key, value, BPF_ANY);
	map_write_end(map);
unlock:
	rcu_read_unlock();
	return err;
}
