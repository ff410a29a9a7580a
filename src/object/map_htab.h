/* SPDX-License-Identifier: BSD-2-Clause */
/* The hash table behind HASH, LRU_HASH, their per-CPU kinds, HASH_OF_MAPS. */
#ifndef CGBPF_OBJECT_MAP_HTAB_H
#define CGBPF_OBJECT_MAP_HTAB_H

#include "object/map_types.h"

/*
 * What an element's life is.  "in" elements are found by readers; a retired
 * one is on its way through a grace period and back to the pool.
 */
struct htab_elem {
	struct cds_lfht_node node;
	union {
		struct rcu_cb rcu;	/* retired */
		struct htab_elem *next; /* in the pool */
	};
	struct htab *htab;
	struct cds_list_head lru; /* LRU kinds: under the quota's lock */
	u32 quota;		  /* whose room it takes */
	bool on_lru;
	u8 referenced; /* used since the last eviction came by: atomic */
	u32 hash;
	u8 key[] __attribute__((aligned(8)));
};

/*
 * Room for elements: one for the whole map, or with BPF_F_NO_COMMON_LRU one
 * for each CPU.  LRU kinds also keep their elements in it, youngest first.
 */
struct htab_quota {
	u32 used, capacity; /* used: atomic */
	u32 lock;
	struct cds_list_head lru;
} __attribute__((aligned(CACHE_LINE)));

#define HTAB_STRIPES 64u

struct htab {
	struct map map;
	struct cds_lfht *table;
	u32 nr_buckets; /* a power of two */
	u32 seed;
	u32 value_off;
	size_t elem_size;
	bool percpu, is_lru, of_maps;

	struct htab_quota *quotas;
	u32 nr_quotas;

	/* the pool: all elements a preallocated map can have at once */
	u32 pool_lock;
	u32 pool_size, pool_fresh; /* elements, and how many were ever used */
	void *pool_mem;
	u8 *pool; /* pool_mem, aligned */
	struct htab_elem *pool_free;

	long holders;		   /* the map, and each retired element */
	u32 stripes[HTAB_STRIPES]; /* writers of a bucket take one */
};

static inline struct htab *to_htab(const struct map *map)
{
	return container_of(map, struct htab, map);
}

static inline void *htab_value(const struct htab *htab,
			       const struct htab_elem *elem)
{
	return (u8 *)(uintptr_t)elem + htab->value_off;
}

int htab_alloc_check(struct cgbpf_env *env, const struct attr_map_create *attr);
int htab_alloc(struct map **out, struct cgbpf_env *env,
	       const struct attr_map_create *attr, struct cgbpf_task *task);
void htab_free(struct map *map);

/* All below: in a read side of RCU. */
struct htab_elem *htab_find(const struct htab *htab, const void *key);
int htab_update(struct htab *htab, const void *key, const void *value,
		u64 flags, u32 cpu, bool all_cpus);
int htab_remove(struct map *map, const void *key);
/* Takes @elem out if it still is in: its memory goes after a grace period. */
bool htab_remove_elem(struct htab *htab, struct htab_elem *elem);
int htab_next_key(struct map *map, const void *key, void *next);
int htab_read(struct map *map, const void *key, void *value, u64 flags);
int htab_read_and_remove(struct map *map, const void *key, void *value,
			 u64 flags);
u32 htab_nr_buckets(const struct map *map);
int htab_read_bucket(struct map *map, u32 bucket, u32 max, u64 flags,
		     bool remove, void **keys, void **values);
long htab_for_each(struct map *map, u32 cpu,
		   long (*each)(void *data, struct map *map, const void *key,
				void *value),
		   void *data);
u64 htab_mem_usage(const struct map *map);

/* map_lru.c: the order of elements */
void lru_link(struct htab *htab, struct htab_elem *elem);
void lru_unlink(struct htab *htab, struct htab_elem *elem);
/* Makes room in @quota by removing an element that was not used lately. */
void lru_evict(struct htab *htab, struct htab_quota *quota);

#endif
