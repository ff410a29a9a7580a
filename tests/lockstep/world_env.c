/* SPDX-License-Identifier: BSD-2-Clause */
/* An in-process environment as a world: the public API and nothing else. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgbpf.h"
#include "world.h"

struct world_of_env {
	struct world world;
	struct cgbpf_env *env;
	struct cgbpf_task *task;
};

static struct world_of_env *to_env(struct world *world)
{
	return (struct world_of_env *)world;
}

static void env_free(struct world *world)
{
	cgbpf_env_free(to_env(world)->env);
	free(world);
}

static int env_bpf(struct world *world, int cmd, void *attr, u32 size)
{
	return cgbpf_bpf(to_env(world)->task, cmd, attr, size);
}

static int env_close(struct world *world, int fd)
{
	return cgbpf_close(to_env(world)->task, fd);
}

static int env_dup(struct world *world, int fd)
{
	return cgbpf_dup(to_env(world)->task, fd);
}

static int env_cgroup(struct world *world, const char *path,
		      struct cgbpf_cgroup **out)
{
	char buf[512];

	snprintf(buf, sizeof(buf), "%s%s", world->cgroups, path);
	return cgbpf_cgroup_get(to_env(world)->env, buf, out);
}

static int env_cgroup_new(struct world *world, const char *path)
{
	struct cgbpf_cgroup *cgroup;
	char buf[512];
	int err;

	snprintf(buf, sizeof(buf), "%s%s", world->cgroups, path);
	err = cgbpf_cgroup_new(to_env(world)->env, buf, &cgroup);
	if (!err)
		cgbpf_cgroup_put(cgroup);
	return err;
}

static int env_cgroup_remove(struct world *world, const char *path)
{
	struct cgbpf_cgroup *cgroup;
	int err = env_cgroup(world, path, &cgroup);

	if (err)
		return err;
	err = cgbpf_cgroup_remove(cgroup);
	cgbpf_cgroup_put(cgroup);
	return err;
}

static int env_cgroup_open(struct world *world, const char *path)
{
	struct cgbpf_cgroup *cgroup;
	int fd = env_cgroup(world, path, &cgroup);

	if (fd)
		return fd;
	fd = cgbpf_cgroup_open(to_env(world)->task, cgroup);
	cgbpf_cgroup_put(cgroup);
	return fd;
}

static int env_cgroup_id(struct world *world, const char *path, u64 *id)
{
	struct cgbpf_cgroup *cgroup;
	int err = env_cgroup(world, path, &cgroup);

	if (err)
		return err;
	*id = cgbpf_cgroup_id(cgroup);
	cgbpf_cgroup_put(cgroup);
	return 0;
}

static int env_pin_remove(struct world *world, const char *path)
{
	char buf[512];

	snprintf(buf, sizeof(buf), "%s%s", world->pins, path);
	return cgbpf_bpffs_remove(to_env(world)->env, buf);
}

static int env_pin_mkdir(struct world *world, const char *path)
{
	char buf[512];

	snprintf(buf, sizeof(buf), "%s%s", world->pins, path);
	return cgbpf_bpffs_mkdir(to_env(world)->env, buf);
}

static int env_pin_read(struct world *world, const char *path, char *text,
			size_t size)
{
	char buf[512];

	snprintf(buf, sizeof(buf), "%s%s", world->pins, path);
	return (int)cgbpf_bpffs_read(to_env(world)->env, buf, text, size);
}

static void env_sync(struct world *world)
{
	cgbpf_env_sync(to_env(world)->env);
}

static const struct world_ops env_ops = {
	.name = "cgbpf",
	.free = env_free,
	.bpf = env_bpf,
	.close = env_close,
	.dup = env_dup,
	.cgroup_new = env_cgroup_new,
	.cgroup_remove = env_cgroup_remove,
	.cgroup_open = env_cgroup_open,
	.cgroup_id = env_cgroup_id,
	.pin_remove = env_pin_remove,
	.pin_mkdir = env_pin_mkdir,
	.pin_read = env_pin_read,
	.sync = env_sync,
};

int world_env_new(struct world **out, u32 cpus, const char **why)
{
	struct cgbpf_env_opts opts = { .size = sizeof(opts), .cpus = cpus };
	struct world_of_env *of = calloc(1, sizeof(*of));
	int err;

	*why = "out of memory";
	if (!of)
		return -ENOMEM;
	err = cgbpf_env_new(&of->env, &opts);
	*why = "no environment";
	if (err)
		goto free_world;
	of->task = cgbpf_env_task(of->env);
	of->world.ops = &env_ops;
	/* not the root, which has rules of its own: as on the kernel's side */
	strcpy(of->world.cgroups, "/lockstep");
	strcpy(of->world.pins, "/sys/fs/bpf");
	err = env_cgroup_new(&of->world, "");
	*why = "cannot make a cgroup";
	if (err)
		goto free_env;
	*out = &of->world;
	*why = NULL;
	return 0;

free_env:
	cgbpf_env_free(of->env);
free_world:
	free(of);
	return err;
}

struct cgbpf_env *world_env(struct world *world)
{
	return world->ops == &env_ops ? to_env(world)->env : NULL;
}
