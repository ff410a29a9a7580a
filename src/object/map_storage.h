/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BPF_MAP_TYPE_CGROUP_STORAGE and its per-CPU sibling: keys and values.
 *
 * This file knows keys, values and the map's own list of storages; it never
 * sees a cgroup.  Who makes and frees storages, and when, is
 * cgroup/storage.h's matter, which owns the join of map and cgroup.
 *
 * 1. A storage is in its map's list or not visible at all: lookup, iteration
 *    and update see only linked ones, newest first.
 * 2. The value of a shared (not per-CPU) storage is one buffer that user
 *    space replaces as a whole: readers load the pointer once (RCU).
 * 3. An unlinked storage stays readable until a grace period is over.
 */
#ifndef CGBPF_OBJECT_MAP_STORAGE_H
#define CGBPF_OBJECT_MAP_STORAGE_H

#include "object/map.h"

struct cgbpf_cgroup;

enum storage_type {
	STORAGE_SHARED,
	STORAGE_PERCPU,
	STORAGE_TYPES,
};

struct storage_key {
	u64 cgroup_id;
	u32 attach_type; /* no part of the identity in a shared map */
};

struct storage {
	void *value;	 /* RCU: one value, or nr_cpus * cpu_stride() bytes */
	struct map *map; /* no reference: the map's freeing ends the storage */
	struct storage_key key;
	struct cds_list_head of_map;	/* RCU list, map's lock for changes */
	struct cds_list_head of_cgroup; /* the cgroup room's */
	struct cgbpf_cgroup *cgroup;	/* the cgroup room's */
	struct rcu_cb rcu;
};

static inline enum storage_type map_storage_type(const struct map *map)
{
	return map->type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE ? STORAGE_PERCPU
							       : STORAGE_SHARED;
}

bool map_storage_isolated(const struct map *map);
/* A storage with a zeroed value, linked nowhere: -ENOMEM. */
int map_storage_alloc(struct storage **out, struct map *map);
/* Frees one that was never linked (at once), or after a grace period. */
void map_storage_free(struct storage *storage);
void map_storage_free_rcu(struct storage *storage);
/* All below: map's lock inside, never sleeps on anything else. */
struct storage *map_storage_find(struct map *map,
				 const struct storage_key *key);
void map_storage_link(struct map *map, struct storage *storage);
void map_storage_unlink(struct map *map, struct storage *storage);
/* Takes any one storage off the list, for a map being freed; NULL: none. */
struct storage *map_storage_pop(struct map *map);

#endif
