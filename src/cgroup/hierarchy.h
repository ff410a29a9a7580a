/* SPDX-License-Identifier: BSD-2-Clause */
/* What the cgroup room keeps for each environment; private to this room. */
#ifndef CGBPF_CGROUP_HIERARCHY_H
#define CGBPF_CGROUP_HIERARCHY_H

#include "cgroup/cgroup.h"

/* A chained hash table of cgroups; cgroups carry the chain's next pointer. */
struct cgroup_table {
	struct cgbpf_cgroup **buckets;
	u32 mask;
	u32 nr;
};

/*
 * 1. Everything is under env->cgroup_mutex.
 * 2. by_id has every cgroup whose memory is referenced, by_name the online
 *    ones.
 * 3. Every attach point is in the tree of its attach type until its cgroup is
 *    released; points has those with none above them.
 */
struct hierarchy {
	struct cgroup_table by_id, by_name;
	struct cds_list_head points[NR_ATYPES]; /* attach_point.beside */
	u64 last_id;
	long users; /* cgroups, and the environment itself: atomic */
};

static inline struct hierarchy *hierarchy_of(const struct cgbpf_env *env)
{
	return env->cgroup_priv;
}

#endif
