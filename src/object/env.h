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
struct map;

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
	/* ends all storages of a storage map that is being freed: called by
	 * its ops->free(), from an RCU callback, no lock held */
	void (*storage_map_free)(struct map *map);

	u32 stats_users;  /* open BPF_ENABLE_STATS fds: atomic */
	u64 next_cookie;  /* socket cookies: atomic */
	u64 netns_cookie; /* what bpf_get_netns_cookie() says */

	void (*trace)(void *data, const char *line);
	void *trace_data;
};

#endif
