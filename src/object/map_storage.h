/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BPF_MAP_TYPE_CGROUP_STORAGE and its per-CPU sibling: keys and values.
 *
 * This file knows keys, values and the map's own storages; it never sees a
 * cgroup.  Who makes and frees storages, and when, is cgroup/storage.h's
 * matter, which owns the join of map and cgroup.
 *
 * 1. A storage is linked in its map or not visible at all: lookup, iteration
 *    and update see only linked ones, newest first.
 * 2. The value of a shared (not per-CPU) storage is one buffer that user
 *    space replaces as a whole: readers load the pointer once (RCU).
 * 3. An unlinked storage stays readable until a grace period is over.
 * 4. Changes of what is linked are serialised by the caller, who holds
 *    env->cgroup_mutex; readers and updates of values take no lock.
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
	struct storage *older; /* RCU: the map's list, newest first */
	struct storage *newer;
	struct cds_list_head of_cgroup; /* the cgroup room's */
	struct cgbpf_cgroup *cgroup;	/* the cgroup room's */
	struct rcu_cb rcu;
};

extern const struct map_ops map_cgroup_storage_ops;
extern const struct map_ops map_percpu_cgroup_storage_ops;

static inline enum storage_type map_storage_type(const struct map *map)
{
	return map->type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE ? STORAGE_PERCPU
							       : STORAGE_SHARED;
}

/* Do programs of different attach types see different storages?  (CS-2) */
static inline bool map_storage_isolated(const struct map *map)
{
	return map->key_size == sizeof(struct bpf_cgroup_storage_key);
}

/*
 * map_storage_alloc() - a storage for @key with a zeroed value, linked nowhere
 * yet, and with what map_storage_link() needs set aside: -ENOMEM.
 */
int map_storage_alloc(struct storage **out, struct map *map,
		      const struct storage_key *key);
/* Frees one that was never linked (at once), or after a grace period. */
void map_storage_free(struct storage *storage);
void map_storage_free_rcu(struct storage *storage);

/* The linked storage for @key, or NULL.  RCU read side, or the mutex. */
struct storage *map_storage_find(const struct map *map,
				 const struct storage_key *key);
/* Cannot fail: for one storage at a time, straight after its alloc. */
void map_storage_link(struct storage *storage);
void map_storage_unlink(struct storage *storage);
/* The newest storage, or NULL. */
struct storage *map_storage_first(const struct map *map);

/*
 * Before Linux 5.9 a storage map served one program: map_storage_claim() is
 * -EBUSY when another has it (CS-34).  In environments of the later rules both
 * do nothing.  @prog is an identity only.
 */
int map_storage_claim(struct map *map, const struct prog *prog);
void map_storage_disclaim(struct map *map, const struct prog *prog);

#endif
