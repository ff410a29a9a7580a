/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A world: something that answers bpf(2) and has cgroups and a bpf file
 * system.  The live kernel is one, an in-process environment is another.
 *
 * All operations return what the system call returns, -errno for failures.
 * Cgroups are paths below a directory of the world's own: "" is that
 * directory, "/a/b" something in it.  Pins are paths below the world's own
 * directory in a bpf file system: "/x".
 */
#ifndef LOCKSTEP_WORLD_H
#define LOCKSTEP_WORLD_H

#include <stddef.h>

#include "base/uapi.h"

struct world;

struct world_ops {
	const char *name;
	void (*free)(struct world *world);
	int (*bpf)(struct world *world, int cmd, void *attr, u32 size);
	int (*close)(struct world *world, int fd);
	int (*dup)(struct world *world, int fd);
	int (*cgroup_new)(struct world *world, const char *path);
	/* returns when what can be released of it has been */
	int (*cgroup_remove)(struct world *world, const char *path);
	int (*cgroup_open)(struct world *world, const char *path);
	int (*cgroup_id)(struct world *world, const char *path, u64 *id);
	int (*pin_remove)(struct world *world, const char *path);
	int (*pin_mkdir)(struct world *world, const char *path);
	/* the text of a pinned map: its length or -errno */
	int (*pin_read)(struct world *world, const char *path, char *buf,
			size_t size);
	/* wait until what was to be freed is freed */
	void (*sync)(struct world *world);
};

struct world {
	const struct world_ops *ops;
	char pins[64];	   /* directory in the bpf file system */
	char cgroups[256]; /* directory in the cgroup hierarchy */
	/* sockets hold removed cgroups: cgroup_remove() is not to wait */
	bool busy;
};

/*
 * Both return 0, or -errno with a reason in *why: what is missing here.
 * @name keeps two kernel worlds of one process apart.
 */
int world_kernel_new(struct world **out, const char *name, const char **why);
int world_env_new(struct world **out, u32 cpus, const char **why);

/* Possible CPUs of the live kernel. */
u32 world_kernel_cpus(void);
/* The in-process environment behind a world, or NULL: to send it events. */
struct cgbpf_env *world_env(struct world *world);

#endif
