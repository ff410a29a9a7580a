/* SPDX-License-Identifier: BSD-2-Clause */
/* The constant tables that map_type.c collects: one for each map type. */
#ifndef CGBPF_OBJECT_MAP_TYPES_H
#define CGBPF_OBJECT_MAP_TYPES_H

#include "object/map.h"

/* X(uapi type, operations) */
#define MAP_TYPES(X)                                            \
	X(HASH, map_hash_ops)                                   \
	X(ARRAY, map_array_ops)                                 \
	X(PROG_ARRAY, map_prog_array_ops)                       \
	X(PERCPU_HASH, map_percpu_hash_ops)                     \
	X(PERCPU_ARRAY, map_percpu_array_ops)                   \
	X(CGROUP_ARRAY, map_cgroup_array_ops)                   \
	X(LRU_HASH, map_lru_hash_ops)                           \
	X(LRU_PERCPU_HASH, map_lru_percpu_hash_ops)             \
	X(LPM_TRIE, map_lpm_trie_ops)                           \
	X(ARRAY_OF_MAPS, map_array_of_maps_ops)                 \
	X(HASH_OF_MAPS, map_hash_of_maps_ops)                   \
	X(CGROUP_STORAGE, map_cgroup_storage_ops)               \
	X(PERCPU_CGROUP_STORAGE, map_percpu_cgroup_storage_ops) \
	X(QUEUE, map_queue_ops)                                 \
	X(STACK, map_stack_ops)                                 \
	X(SK_STORAGE, map_sk_storage_ops)                       \
	X(RINGBUF, map_ringbuf_ops)                             \
	X(BLOOM_FILTER, map_bloom_filter_ops)

#define X(type, ops) extern const struct map_ops ops;
MAP_TYPES(X)
#undef X

/* map_array.c: for all types indexed by a u32 */
int map_array_next_key(struct map *map, const void *key, void *next);

#endif
