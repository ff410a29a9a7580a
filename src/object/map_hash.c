/* SPDX-License-Identifier: BSD-2-Clause */
/* HASH and PERCPU_HASH: the hash table as it is. */
#include "object/map_htab.h"

static void *hash_lookup(struct map *map, const void *key, u32 cpu)
{
	struct htab_elem *elem = htab_find(to_htab(map), key);

	(void)cpu;
	return elem ? htab_value(to_htab(map), elem) : NULL;
}

static void *percpu_hash_lookup(struct map *map, const void *key, u32 cpu)
{
	struct htab_elem *elem = htab_find(to_htab(map), key);

	if (!elem)
		return NULL;
	return (u8 *)htab_value(to_htab(map), elem) + cpu * cpu_stride(map);
}

static int hash_update(struct map *map, const void *key, const void *value,
		       u64 flags, u32 cpu)
{
	return htab_update(to_htab(map), key, value, flags, cpu, false);
}

static int hash_write(struct map *map, struct cgbpf_task *task, const void *key,
		      const void *value, u64 flags)
{
	(void)task;
	return htab_update(to_htab(map), key, value, flags, 0, true);
}

const struct map_ops map_hash_ops = {
	.name = "hash",
	.alloc_check = htab_alloc_check,
	.alloc = htab_alloc,
	.free = htab_free,
	.lookup = hash_lookup,
	.update = hash_update,
	.remove = htab_remove,
	.for_each = htab_for_each,
	.next_key = htab_next_key,
	.read = htab_read,
	.write = hash_write,
	.read_and_remove = htab_read_and_remove,
	.batch = MAP_BATCH_LOOKUP | MAP_BATCH_LOOKUP_DELETE | MAP_BATCH_UPDATE |
		 MAP_BATCH_DELETE,
	.nr_buckets = htab_nr_buckets,
	.read_bucket = htab_read_bucket,
	.mem_usage = htab_mem_usage,
};

const struct map_ops map_percpu_hash_ops = {
	.name = "percpu_hash",
	.alloc_check = htab_alloc_check,
	.alloc = htab_alloc,
	.free = htab_free,
	.lookup = percpu_hash_lookup,
	.update = hash_update,
	.remove = htab_remove,
	.for_each = htab_for_each,
	.next_key = htab_next_key,
	.read = htab_read,
	.write = hash_write,
	.read_and_remove = htab_read_and_remove,
	.batch = MAP_BATCH_LOOKUP | MAP_BATCH_LOOKUP_DELETE | MAP_BATCH_UPDATE |
		 MAP_BATCH_DELETE,
	.nr_buckets = htab_nr_buckets,
	.read_bucket = htab_read_bucket,
	.mem_usage = htab_mem_usage,
};
