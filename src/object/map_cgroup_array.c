/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CGROUP_ARRAY: holds references on cgroups as an open directory does, which
 * keep their ids but neither their programs nor their storages.
 */
#include "object/map_cgroup_array.h"

#include "object/task.h"

static int cgroup_array_get(struct map *map, struct cgbpf_task *task, int fd,
			    void **object)
{
	struct file *file = task->ops->fd_get(task, fd);
	struct cgbpf_cgroup *cgroup;
	int err;

	if (!file)
		return -EBADF;
	err = map->obj.env->cgroup_ops->get_by_file(file, &cgroup);
	file_put(file);
	if (!err)
		*object = cgroup;
	return err;
}

static void cgroup_array_put(struct map *map, void *object)
{
	map->obj.env->cgroup_ops->put(object);
}

static const struct fd_array_kind cgroup_array_kind = {
	.get = cgroup_array_get,
	.put = cgroup_array_put,
};

static int cgroup_array_alloc(struct map **out, struct cgbpf_env *env,
			      const struct attr_map_create *attr,
			      struct cgbpf_task *task)
{
	(void)task;
	return fd_array_alloc(out, env, attr, sizeof(struct fd_array),
			      &cgroup_array_kind);
}

const struct map_ops map_cgroup_array_ops = {
	.name = "cgroup_array",
	.alloc_check = fd_array_alloc_check,
	.alloc = cgroup_array_alloc,
	.free = fd_array_free,
	.check_btf = fd_array_no_btf,
	.remove = fd_array_remove,
	.next_key = map_array_next_key,
	.read = fd_array_read,
	.write = fd_array_write,
	.mem_usage = fd_array_mem_usage,
};
