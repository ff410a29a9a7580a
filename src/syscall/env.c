/* SPDX-License-Identifier: BSD-2-Clause */
/* Environments from beginning to end, and the file system's public face. */
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/opts.h"
#include "base/rcu.h"
#include "cgbpf.h"
#include "cgroup/cgroup.h"
#include "object/bpffs.h"
#include "object/env.h"
#include "object/map.h"
#include "object/map_show.h"
#include "object/task.h"

#define MAX_CPUS 4096u

/*
 * The longest chain of objects that free one another, each in a callback of
 * its own: program, outer map, inner map, storage, and what they embed.
 */
#define FREE_CHAIN 5

static int opts_read(struct cgbpf_env_opts *opts,
		     const struct cgbpf_env_opts *given)
{
	int err;

	memset(opts, 0, sizeof(*opts));
	if (given) {
		err = opts_check(given, given->size,
				 offsetof(struct cgbpf_env_opts, cpus),
				 sizeof(*opts));
		if (err)
			return err;
		memcpy(opts, given, min(given->size, sizeof(*opts)));
	}
	if (!opts->cpus)
		opts->cpus = (u32)max(sysconf(_SC_NPROCESSORS_CONF), 1L);
	if (opts->cpus > MAX_CPUS ||
	    opts->storage_mode > CGBPF_STORAGE_PER_ATTACHMENT)
		return -EINVAL;
	return 0;
}

static void env_destroy(struct cgbpf_env *env)
{
	for (int kind = 0; kind < OBJECT_KINDS; kind++)
		idtable_destroy(&env->ids[kind]);
	pthread_mutex_destroy(&env->cgroup_mutex);
	cpu_slots_free(env->cpus);
	mem_free(env);
}

int cgbpf_env_new(struct cgbpf_env **out, const struct cgbpf_env_opts *given)
{
	struct cgbpf_env_opts opts;
	struct cgbpf_env *env;
	int err;

	err = opts_read(&opts, given);
	if (err)
		return err;
	env = mem_zalloc(sizeof(*env));
	if (!env)
		return -ENOMEM;
	env->nr_cpus = opts.cpus;
	env->storage_mode = opts.storage_mode;
	env->trace = opts.trace;
	env->trace_data = opts.trace_data;
	env->netns_cookie = 1;
	pthread_mutex_init(&env->cgroup_mutex, NULL);
	for (int kind = 0; kind < OBJECT_KINDS; kind++)
		idtable_init(&env->ids[kind]);
	err = cpu_slots_new(&env->cpus, env->nr_cpus);
	if (err)
		goto destroy;
	err = bpffs_new(&env->bpffs);
	if (err)
		goto destroy;
	err = task_local_new(&env->task, env);
	if (err)
		goto free_bpffs;
	err = cgroup_init(env);
	if (err)
		goto free_task;
	*out = env;
	return 0;

free_task:
	task_local_free(env->task);
free_bpffs:
	bpffs_free(env->bpffs);
destroy:
	env_destroy(env);
	return err;
}

void cgbpf_env_sync(struct cgbpf_env *env)
{
	(void)env;
	for (int i = 0; i < FREE_CHAIN; i++)
		rcu_barrier();
}

static u32 env_objects(const struct cgbpf_env *env)
{
	u32 nr = 0;

	for (int kind = 0; kind < OBJECT_KINDS; kind++)
		nr += __atomic_load_n(&env->ids[kind].nr, __ATOMIC_RELAXED);
	return nr;
}

void cgbpf_env_free(struct cgbpf_env *env)
{
	if (!env)
		return;
	task_local_free(env->task);
	bpffs_free(env->bpffs);
	cgroup_exit(env);
	cgbpf_env_sync(env);
	/* What holders are left are callbacks, and each wait ends some: if it
	 * ends none, somebody still has a socket, against the contract. */
	for (u32 left, nr = env_objects(env); nr; nr = left) {
		cgbpf_env_sync(env);
		left = env_objects(env);
		ASSERT(left < nr);
	}
	cgbpf_env_sync(env);
	env_destroy(env);
}

uint32_t cgbpf_env_cpus(const struct cgbpf_env *env)
{
	return env->nr_cpus;
}

struct cgbpf_task *cgbpf_env_task(struct cgbpf_env *env)
{
	return env->task;
}

int cgbpf_close(struct cgbpf_task *task, int fd)
{
	return task_local_close(task, fd);
}

int cgbpf_dup(struct cgbpf_task *task, int fd)
{
	return task_local_dup(task, fd);
}

int cgbpf_mmap(struct cgbpf_task *task, int fd, void **out, size_t *size)
{
	struct map *map;
	void *memory;
	size_t bytes;
	u32 mode;
	int err;

	err = map_get_by_fd(task, fd, &map, &mode);
	if (err)
		return err;
	if (!map->ops->mmap)
		err = -ENODEV;
	else if ((mode & (FILE_READ | FILE_WRITE)) != (FILE_READ | FILE_WRITE))
		err = -EPERM;
	if (!err) {
		memory = map->ops->mmap(map, &bytes);
		if (memory) {
			*out = memory;
			*size = bytes;
		} else {
			err = -EINVAL; /* made without BPF_F_MMAPABLE */
		}
	}
	map_put(map);
	return err;
}

int cgbpf_bpffs_mkdir(struct cgbpf_env *env, const char *path)
{
	return bpffs_mkdir(env->bpffs, path);
}

int cgbpf_bpffs_remove(struct cgbpf_env *env, const char *path)
{
	return bpffs_remove(env->bpffs, path);
}

ssize_t cgbpf_bpffs_read(struct cgbpf_env *env, const char *path, char *buf,
			 size_t size)
{
	struct object *obj;
	ssize_t len;

	len = bpffs_get(env->bpffs, path, &obj);
	if (len)
		return len;
	len = -EIO;
	if (obj->ops->kind == OBJECT_MAP)
		len = map_show(map_of(obj), buf, size);
	object_put(obj);
	return len;
}
