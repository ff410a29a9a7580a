/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LRU_HASH and LRU_PERCPU_HASH: a hash table that is never full.
 *
 * 1. Elements of a quota are in a list, youngest first.  A program's lookup,
 *    and an update of a key that is there, mark the element as used; looking
 *    from user space does not.
 * 2. A new key without room evicts: from the oldest on, a used element loses
 *    its mark and becomes the youngest, the first unused one goes.  So what
 *    was used since the last pass stays, and a pass always ends.
 * 3. The quota's lock is innermost: stripe lock, then quota lock.  Eviction
 *    takes the victim off the list first and lets go of the quota's lock
 *    before it takes the victim's stripe.  Whoever takes the element out of
 *    the table frees it; on_lru tells whether it is still in the list.
 *
 * The order is not exactly the kernel's, which keeps active and inactive lists
 * and per-CPU caches of free elements, and evicts a few at a time.
 */
#include "object/map_htab.h"

#include <sched.h>

void lru_link(struct htab *htab, struct htab_elem *elem)
{
	struct htab_quota *quota = &htab->quotas[elem->quota];

	spin_lock(&quota->lock);
	cds_list_add(&elem->lru, &quota->lru);
	elem->on_lru = true;
	spin_unlock(&quota->lock);
}

void lru_unlink(struct htab *htab, struct htab_elem *elem)
{
	struct htab_quota *quota = &htab->quotas[elem->quota];

	spin_lock(&quota->lock);
	if (elem->on_lru)
		cds_list_del(&elem->lru);
	elem->on_lru = false;
	spin_unlock(&quota->lock);
}

static struct htab_elem *pick_victim(struct htab_quota *quota)
{
	struct htab_elem *elem = NULL;

	spin_lock(&quota->lock);
	while (!cds_list_empty(&quota->lru)) {
		elem = cds_list_entry(quota->lru.prev, struct htab_elem, lru);
		cds_list_del(&elem->lru);
		if (!__atomic_exchange_n(&elem->referenced, 0,
					 __ATOMIC_RELAXED)) {
			elem->on_lru = false;
			break;
		}
		cds_list_add(&elem->lru, &quota->lru);
	}
	spin_unlock(&quota->lock);
	return elem;
}

void lru_evict(struct htab *htab, struct htab_quota *quota)
{
	struct htab_elem *victim = pick_victim(quota);

	if (victim)
		htab_remove_elem(htab, victim);
	else
		sched_yield(); /* room taken, element not yet linked */
}

static void mark_used(struct htab_elem *elem)
{
	if (!__atomic_load_n(&elem->referenced, __ATOMIC_RELAXED))
		__atomic_store_n(&elem->referenced, 1, __ATOMIC_RELAXED);
}

static void *lru_lookup(struct map *map, const void *key, u32 cpu)
{
	struct htab_elem *elem = htab_find(to_htab(map), key);

	(void)cpu;
	if (!elem)
		return NULL;
	mark_used(elem);
	return htab_value(to_htab(map), elem);
}

static void *lru_percpu_lookup(struct map *map, const void *key, u32 cpu)
{
	struct htab_elem *elem = htab_find(to_htab(map), key);

	if (!elem)
		return NULL;
	mark_used(elem);
	return (u8 *)htab_value(to_htab(map), elem) + cpu * cpu_stride(map);
}

static int lru_update(struct map *map, const void *key, const void *value,
		      u64 flags, u32 cpu)
{
	return htab_update(to_htab(map), key, value, flags, cpu, false);
}

/* User space is on a CPU too, as far as its quota is concerned. */
static int lru_write(struct map *map, struct cgbpf_task *task, const void *key,
		     const void *value, u64 flags)
{
	int cpu = sched_getcpu();

	(void)task;
	return htab_update(to_htab(map), key, value, flags,
			   cpu < 0 ? 0 : (u32)cpu % map->obj.env->nr_cpus,
			   true);
}

const struct map_ops map_lru_hash_ops = {
	.name = "lru_hash",
	.alloc_check = htab_alloc_check,
	.alloc = htab_alloc,
	.free = htab_free,
	.lookup = lru_lookup,
	.update = lru_update,
	.remove = htab_remove,
	.for_each = htab_for_each,
	.next_key = htab_next_key,
	.read = htab_read,
	.write = lru_write,
	.read_and_remove = htab_read_and_remove,
	.batch = MAP_BATCH_LOOKUP | MAP_BATCH_LOOKUP_DELETE | MAP_BATCH_UPDATE |
		 MAP_BATCH_DELETE,
	.nr_buckets = htab_nr_buckets,
	.read_bucket = htab_read_bucket,
	.mem_usage = htab_mem_usage,
};

const struct map_ops map_lru_percpu_hash_ops = {
	.name = "lru_percpu_hash",
	.alloc_check = htab_alloc_check,
	.alloc = htab_alloc,
	.free = htab_free,
	.lookup = lru_percpu_lookup,
	.update = lru_update,
	.remove = htab_remove,
	.for_each = htab_for_each,
	.next_key = htab_next_key,
	.read = htab_read,
	.write = lru_write,
	.read_and_remove = htab_read_and_remove,
	.batch = MAP_BATCH_LOOKUP | MAP_BATCH_LOOKUP_DELETE | MAP_BATCH_UPDATE |
		 MAP_BATCH_DELETE,
	.nr_buckets = htab_nr_buckets,
	.read_bucket = htab_read_bucket,
	.mem_usage = htab_mem_usage,
};
