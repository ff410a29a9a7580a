/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An environment: one small kernel.  Everything a real kernel has once, an
 * environment has once, and nothing is shared between two of them.
 */
#ifndef CGBPF_OBJECT_ENV_H
#define CGBPF_OBJECT_ENV_H

#include <pthread.h>

#include "base/cpu.h"
#include "base/idtable.h"
#include "cgbpf.h"
#include "object/object.h"

struct bpffs;
struct file;
struct map;

/*
 * What the rooms below the cgroup room need from it: the map of storages, the
 * helpers that speak of cgroups.
 */
struct cgroup_ops {
	/*
	 * Ends all storages of a storage map that is being freed: called by
	 * its ops->free(), from an RCU callback, no lock held.
	 */
	void (*storage_map_free)(struct map *map);
	u64 (*id)(const struct cgbpf_cgroup *cgroup);
	/* 0 if @cgroup has no ancestor (or self) at @level */
	u64 (*ancestor_id)(const struct cgbpf_cgroup *cgroup, u32 level);
	bool (*is_descendant)(const struct cgbpf_cgroup *cgroup,
			      const struct cgbpf_cgroup *ancestor);
	/* The cgroup behind a file with a reference, which put() drops: what a
	 * CGROUP_ARRAY holds.  -EBADF: no cgroup; -ENOENT: a removed one. */
	int (*get_by_file)(struct file *file, struct cgbpf_cgroup **out);
	void (*put)(struct cgbpf_cgroup *cgroup);
};

struct cgbpf_env {
	u32 nr_cpus;
	struct cpu_slots *cpus;
	enum cgbpf_storage_mode storage_mode;

	struct idtable ids[OBJECT_KINDS];
	struct bpffs *bpffs;
	struct cgbpf_task *task; /* the in-process caller */

	/* the hierarchy: made and used by the cgroup room only */
	pthread_mutex_t cgroup_mutex;
	struct cgbpf_cgroup *root;
	void *cgroup_priv;
	const struct cgroup_ops *cgroup_ops; /* set by cgroup_init() */

	u32 sk_storage_lock; /* spin_lock(): storages of sockets */

	u32 stats_users;  /* open BPF_ENABLE_STATS fds: atomic */
	u64 next_cookie;  /* socket cookies: atomic */
	u64 netns_cookie; /* what bpf_get_netns_cookie() says */

	void (*trace)(void *data, const char *line);
	void *trace_data;
};

#endif
