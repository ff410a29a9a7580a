/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hash table behind HASH and PERCPU_HASH (map_hash.c), and with other rules
 * on top the LRU kinds (map_lru.c) and HASH_OF_MAPS (map_of_maps.c).
 *
 * 1. The table is liburcu's cds_lfht with a fixed number of buckets.  The hash
 *    given to it is the bucket number only, so that the elements of one bucket
 *    are its "duplicates" and a bucket can be walked: that is how batches are
 *    made of whole buckets.  The full hash is in the element and compared
 *    before the key.
 * 2. Readers take no lock.  Writers take the stripe lock of the key's bucket,
 *    and no other stripe while they hold it; under it a key's presence, the
 *    flags and the room for it are decided in one step.
 * 3. An element's key never changes while it is in.  The value of an element
 *    is replaced with the element, as in the kernel: a program that holds the
 *    old value keeps it.  Only per-CPU values and locked ones (BPF_F_LOCK)
 *    are written in place.
 * 4. What was removed is reused or freed after a grace period, by an RCU
 *    callback; the table's memory outlives the last of those (holders).
 * 5. Preallocated maps have the memory for max_entries elements from the start
 *    (untouched pages cost nothing); only what waits for a grace period can
 *    make them allocate more.
 */
#include "object/map_htab.h"

#include <limits.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"

#define HTAB_MAX_BUCKETS (1u << 20)
/* where the kernel says no: its allocator's limit less its element header */
#define HTAB_MAX_ELEM ((4u << 20) - 48u)

/* ------------------------------------------------------------------ hashing */

static inline u64 mix(u64 h, u64 word)
{
	h = (h ^ word) * 0x9e3779b97f4a7c15ull;
	return h ^ (h >> 29);
}

static u32 htab_hash(const struct htab *htab, const void *key)
{
	u32 left = htab->map.key_size;
	u64 h = ((u64)left << 32) ^ htab->seed, word;
	const u8 *p = key;

	for (; left >= 8; left -= 8, p += 8) {
		memcpy(&word, p, 8);
		h = mix(h, word);
	}
	if (left) {
		word = 0;
		memcpy(&word, p, left);
		h = mix(h, word);
	}
	h *= 0xbf58476d1ce4e5b9ull;
	return (u32)(h >> 32);
}

static u32 hash_bucket(const struct htab *htab, u32 hash)
{
	return hash & (htab->nr_buckets - 1);
}

static u32 *hash_stripe(struct htab *htab, u32 bucket)
{
	return &htab->stripes[bucket % HTAB_STRIPES];
}

/* ------------------------------------------------------------------- lookup */

struct htab_probe {
	const struct htab *htab;
	const void *key;
	u32 hash;
};

static int probe_match(struct cds_lfht_node *node, const void *arg)
{
	const struct htab_probe *probe = arg;
	const struct htab_elem *elem =
		container_of(node, struct htab_elem, node);

	rcu_tsan_acquire(node);
	return elem->hash == probe->hash &&
	       !memcmp(elem->key, probe->key, probe->htab->map.key_size);
}

static struct htab_elem *probe_find(const struct htab_probe *probe,
				    struct cds_lfht_iter *iter)
{
	struct cds_lfht_node *node;

	cds_lfht_lookup(probe->htab->table,
			hash_bucket(probe->htab, probe->hash), probe_match,
			probe, iter);
	node = cds_lfht_iter_get_node(iter);
	return node ? container_of(node, struct htab_elem, node) : NULL;
}

struct htab_elem *htab_find(const struct htab *htab, const void *key)
{
	struct htab_probe probe = { htab, key, htab_hash(htab, key) };
	struct cds_lfht_iter iter;

	return probe_find(&probe, &iter);
}

static struct htab_elem *iter_elem(struct cds_lfht_iter *iter)
{
	struct cds_lfht_node *node = cds_lfht_iter_get_node(iter);

	if (!node)
		return NULL;
	rcu_tsan_acquire(node);
	return container_of(node, struct htab_elem, node);
}

static int match_any(struct cds_lfht_node *node, const void *arg)
{
	(void)node;
	(void)arg;
	return 1;
}

static struct htab_elem *bucket_first(struct htab *htab, u32 bucket,
				      struct cds_lfht_iter *iter)
{
	cds_lfht_lookup(htab->table, bucket, match_any, NULL, iter);
	return iter_elem(iter);
}

static struct htab_elem *bucket_next(struct htab *htab,
				     struct cds_lfht_iter *iter)
{
	cds_lfht_next_duplicate(htab->table, match_any, NULL, iter);
	return iter_elem(iter);
}

/* ----------------------------------------------------- elements and memory */

static bool elem_pooled(const struct htab *htab, const struct htab_elem *elem)
{
	const u8 *p = (const u8 *)elem;

	return p >= htab->pool &&
	       p < htab->pool + htab->pool_size * htab->elem_size;
}

static struct htab_elem *pool_take(struct htab *htab)
{
	struct htab_elem *elem = NULL;

	if (!htab->pool)
		return NULL;
	spin_lock(&htab->pool_lock);
	if (htab->pool_free) {
		elem = htab->pool_free;
		htab->pool_free = elem->next;
	} else if (htab->pool_fresh < htab->pool_size) {
		elem = (void *)(htab->pool +
				htab->elem_size * htab->pool_fresh++);
	}
	spin_unlock(&htab->pool_lock);
	return elem;
}

static struct htab_elem *elem_alloc(struct htab *htab)
{
	struct htab_elem *elem = pool_take(htab);

	if (!elem)
		elem = mem_zalloc_aligned(CACHE_LINE, htab->elem_size);
	if (!elem)
		return NULL;
	cds_lfht_node_init(&elem->node);
	elem->htab = htab;
	elem->on_lru = false;
	__atomic_store_n(&elem->referenced, 0, __ATOMIC_RELAXED);
	return elem;
}

static void elem_free(struct htab *htab, struct htab_elem *elem)
{
	if (!elem_pooled(htab, elem)) {
		mem_free(elem);
		return;
	}
	spin_lock(&htab->pool_lock);
	elem->next = htab->pool_free;
	htab->pool_free = elem;
	spin_unlock(&htab->pool_lock);
}

static void htab_unhold(struct htab *htab)
{
	if (__atomic_sub_fetch(&htab->holders, 1, __ATOMIC_ACQ_REL))
		return;
	mem_free(htab->pool_mem);
	mem_free(htab->quotas);
	mem_free(htab);
}

static void elem_free_rcu(struct rcu_cb *cb)
{
	struct htab_elem *elem = container_of(cb, struct htab_elem, rcu);
	struct htab *htab = elem->htab;

	elem_free(htab, elem);
	htab_unhold(htab);
}

/* What the element holds goes with it; a program may still look at it. */
static void elem_put_value(struct htab *htab, struct htab_elem *elem)
{
	if (htab->of_maps)
		map_put(*(struct map **)htab_value(htab, elem));
}

/* @elem is out of the table, by this thread. */
static void elem_retire(struct htab *htab, struct htab_elem *elem)
{
	if (htab->is_lru)
		lru_unlink(htab, elem);
	elem_put_value(htab, elem);
	__atomic_add_fetch(&htab->holders, 1, __ATOMIC_RELAXED);
	rcu_defer(&elem->rcu, elem_free_rcu);
}

static struct htab_quota *elem_quota(struct htab *htab,
				     const struct htab_elem *elem)
{
	return &htab->quotas[elem->quota];
}

static bool quota_take(struct htab_quota *quota)
{
	u32 used = __atomic_load_n(&quota->used, __ATOMIC_RELAXED);

	while (used < quota->capacity)
		if (__atomic_compare_exchange_n(&quota->used, &used, used + 1,
						true, __ATOMIC_RELAXED,
						__ATOMIC_RELAXED))
			return true;
	return false;
}

static void quota_give(struct htab_quota *quota)
{
	__atomic_sub_fetch(&quota->used, 1, __ATOMIC_RELAXED);
}

/* ------------------------------------------------------------ making, ending
 */

int htab_alloc_check(struct cgbpf_env *env, const struct attr_map_create *attr)
{
	u32 type = attr->map_type, flags = attr->map_flags;
	bool percpu = type == BPF_MAP_TYPE_PERCPU_HASH ||
		      type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
	bool is_lru = type == BPF_MAP_TYPE_LRU_HASH ||
		      type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
	bool own_lru = flags & BPF_F_NO_COMMON_LRU;

	(void)env;
	if (flags & ~(BPF_F_NO_PREALLOC | BPF_F_NO_COMMON_LRU |
		      BPF_F_NUMA_NODE | BPF_F_ZERO_SEED | MAP_ACCESS_FLAGS) ||
	    !map_access_ok(flags))
		return -EINVAL;
	if (own_lru && !is_lru)
		return -EINVAL;
	if (is_lru && flags & BPF_F_NO_PREALLOC)
		return -ENOTSUPP;
	if (map_wants_node(attr) && (percpu || own_lru))
		return -EINVAL;
	if (!attr->max_entries || !attr->key_size || !attr->value_size)
		return -EINVAL;
	if ((u64)attr->key_size + attr->value_size >= HTAB_MAX_ELEM)
		return -E2BIG;
	if (percpu && attr->value_size > MAP_MAX_PERCPU_VALUE)
		return -E2BIG;
	return 0;
}

/* BPF_F_NO_COMMON_LRU shares the room equally, as the kernel does. */
static u32 quota_split(struct map *map, u32 nr)
{
	u64 up = ((u64)map->max_entries + nr - 1) / nr * nr;

	if (up > UINT32_MAX)
		up -= nr;
	map->max_entries = (u32)up;
	return (u32)(up / nr);
}

static int htab_alloc_quotas(struct htab *htab)
{
	bool split = htab->map.flags & BPF_F_NO_COMMON_LRU;
	u32 nr = split ? htab->map.obj.env->nr_cpus : 1, capacity;

	capacity = split ? quota_split(&htab->map, nr) : htab->map.max_entries;
	htab->quotas =
		mem_zalloc_aligned(CACHE_LINE, nr * sizeof(htab->quotas[0]));
	if (!htab->quotas)
		return -ENOMEM;
	htab->nr_quotas = nr;
	for (u32 i = 0; i < nr; i++) {
		htab->quotas[i].capacity = capacity;
		CDS_INIT_LIST_HEAD(&htab->quotas[i].lru);
	}
	return 0;
}

static void htab_layout(struct htab *htab)
{
	const struct map *map = &htab->map;
	size_t value = map->value_size;

	htab->value_off = sizeof(struct htab_elem) +
			  (u32)round_up((size_t)map->key_size, 8);
	if (htab->percpu) {
		htab->value_off = round_up(htab->value_off, CACHE_LINE);
		value = cpu_stride(map) * map->obj.env->nr_cpus;
	} else if (htab->of_maps) {
		value = sizeof(struct map *);
	}
	htab->elem_size = htab->value_off + round_up(value, 8);
	if (htab->percpu)
		htab->elem_size = round_up(htab->elem_size, CACHE_LINE);
}

/* Writers that replace need an element more each, for a moment. */
static int htab_alloc_pool(struct htab *htab)
{
	u32 nr = htab->map.max_entries;
	size_t size;

	if (htab->map.flags & BPF_F_NO_PREALLOC)
		return 0;
	nr += min(htab->map.obj.env->nr_cpus, UINT32_MAX - nr);
	if (__builtin_mul_overflow(htab->elem_size, (size_t)nr, &size) ||
	    size > SSIZE_MAX)
		return -ENOMEM;
	/* not aligned by the allocator: that would touch every page */
	htab->pool_mem = mem_calloc(1, size + CACHE_LINE);
	if (!htab->pool_mem)
		return -ENOMEM;
	htab->pool =
		u64_to_ptr(round_up(ptr_to_u64(htab->pool_mem), CACHE_LINE));
	htab->pool_size = nr;
	return 0;
}

static u32 buckets_for(u32 max_entries)
{
	u32 nr = 1;

	while (nr < max_entries && nr < HTAB_MAX_BUCKETS)
		nr *= 2;
	return nr;
}

int htab_alloc(struct map **out, struct cgbpf_env *env,
	       const struct attr_map_create *attr, struct cgbpf_task *task)
{
	struct htab *htab;
	int err = -E2BIG;

	(void)task;
	/* the kernel's table of buckets would pass 4 GiB */
	if (attr->max_entries > 1u << 27)
		return -E2BIG;
	htab = mem_zalloc(sizeof(*htab));
	if (!htab)
		return -ENOMEM;
	map_init(&htab->map, env, attr);
	htab->holders = 1;
	htab->percpu = map_is_percpu(&htab->map);
	htab->is_lru = attr->map_type == BPF_MAP_TYPE_LRU_HASH ||
		       attr->map_type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
	htab->of_maps = attr->map_type == BPF_MAP_TYPE_HASH_OF_MAPS;
	if (!(attr->map_flags & BPF_F_ZERO_SEED) &&
	    getrandom(&htab->seed, sizeof(htab->seed), GRND_NONBLOCK) < 0)
		htab->seed = (u32)(uintptr_t)htab;
	htab_layout(htab);
	err = htab_alloc_quotas(htab);
	if (err)
		goto fail;
	err = htab_alloc_pool(htab);
	if (err)
		goto fail;
	htab->nr_buckets = buckets_for(htab->map.max_entries);
	htab->table = cds_lfht_new_flavor(htab->nr_buckets, htab->nr_buckets,
					  htab->nr_buckets, 0, &urcu_bp_flavor,
					  NULL);
	err = -ENOMEM;
	if (!htab->table)
		goto fail;
	*out = &htab->map;
	return 0;

fail:
	map_abort(&htab->map);
	htab_unhold(htab);
	return err;
}

void htab_free(struct map *map)
{
	struct htab *htab = to_htab(map);
	struct htab_elem *elem;
	struct cds_lfht_iter iter;
	int err;

	/* nobody is left, but the table wants its readers marked */
	rcu_read_lock();
	cds_lfht_first(htab->table, &iter);
	while ((elem = iter_elem(&iter))) {
		cds_lfht_next(htab->table, &iter);
		err = cds_lfht_del(htab->table, &elem->node);
		ASSERT(!err);
		elem_put_value(htab, elem);
		elem_free(htab, elem);
	}
	rcu_read_unlock();
	err = cds_lfht_destroy(htab->table, NULL);
	ASSERT(!err);
	(void)err;
	htab_unhold(htab);
}

/* ------------------------------------------------------------------ reading */

static void htab_read_elem(struct htab *htab, const struct htab_elem *elem,
			   void *value, u64 flags)
{
	const struct map *map = &htab->map;
	void *from = htab_value(htab, elem);

	if (htab->of_maps) {
		u32 id = (*(struct map **)from)->obj.id;

		memcpy(value, &id, sizeof(id));
	} else if (htab->percpu) {
		map_percpu_read(map, value, from);
	} else if (flags & BPF_F_LOCK) {
		map_copy_value_locked(map, value, from, true);
	} else {
		map_copy_value(map, value, from);
	}
}

int htab_read(struct map *map, const void *key, void *value, u64 flags)
{
	struct htab *htab = to_htab(map);
	struct htab_elem *elem = htab_find(htab, key);

	if (!elem)
		return -ENOENT;
	htab_read_elem(htab, elem, value, flags);
	return 0;
}

int htab_next_key(struct map *map, const void *key, void *next)
{
	struct htab *htab = to_htab(map);
	struct cds_lfht_iter iter;
	struct htab_elem *elem = NULL;

	if (key) {
		struct htab_probe probe = { htab, key, htab_hash(htab, key) };

		elem = probe_find(&probe, &iter);
	}
	if (elem)
		cds_lfht_next(htab->table, &iter);
	else
		cds_lfht_first(htab->table, &iter);
	elem = iter_elem(&iter);
	if (!elem)
		return -ENOENT;
	memcpy(next, elem->key, map->key_size);
	return 0;
}

long htab_for_each(struct map *map, u32 cpu,
		   long (*each)(void *data, struct map *map, const void *key,
				void *value),
		   void *data)
{
	struct htab *htab = to_htab(map);
	size_t offset = htab->percpu ? cpu * cpu_stride(map) : 0;
	struct cds_lfht_iter iter;
	struct htab_elem *elem;
	long nr = 0;

	cds_lfht_first(htab->table, &iter);
	while ((elem = iter_elem(&iter))) {
		nr++;
		if (each(data, map, elem->key,
			 (u8 *)htab_value(htab, elem) + offset))
			break;
		cds_lfht_next(htab->table, &iter);
	}
	return nr;
}

u64 htab_mem_usage(const struct map *map)
{
	const struct htab *htab = to_htab(map);
	u64 nr = htab->pool_size;

	if (!htab->pool)
		for (u32 i = 0; i < htab->nr_quotas; i++)
			nr += __atomic_load_n(&htab->quotas[i].used,
					      __ATOMIC_RELAXED);
	return sizeof(*htab) + htab->nr_buckets * sizeof(struct cds_lfht_node) +
	       nr * htab->elem_size;
}

/* ------------------------------------------------------------------- update */

static int update_flags_check(const struct htab_elem *old, u64 flags)
{
	flags &= ~(u64)BPF_F_LOCK;
	if (old && flags == BPF_NOEXIST)
		return -EEXIST;
	if (!old && flags == BPF_EXIST)
		return -ENOENT;
	return 0;
}

static void value_write_new(struct htab *htab, void *to, const void *value,
			    u32 cpu, bool all_cpus)
{
	const struct map *map = &htab->map;

	if (htab->of_maps) {
		memcpy(to, value, sizeof(struct map *));
	} else if (!htab->percpu) {
		map_copy_value(map, to, value);
		map_value_init(map, to);
	} else if (all_cpus) {
		map_percpu_write(map, to, value);
	} else {
		memset(to, 0, cpu_stride(map) * map->obj.env->nr_cpus);
		map_copy_value(map, (u8 *)to + cpu * cpu_stride(map), value);
	}
}

static void value_write_in_place(struct htab *htab, void *to, const void *value,
				 u32 cpu, bool all_cpus)
{
	const struct map *map = &htab->map;

	if (!htab->percpu)
		map_copy_value_locked(map, to, value, false);
	else if (all_cpus)
		map_percpu_write(map, to, value);
	else
		map_copy_value(map, (u8 *)to + cpu * cpu_stride(map), value);
}

struct htab_change {
	struct htab_probe probe;
	const void *value;
	u64 flags;
	u32 cpu;
	u32 quota;
	bool all_cpus;
};

/* Puts a new element in, in place of @old if there is one. */
static int update_insert(struct htab *htab, const struct htab_change *change,
			 struct htab_elem *old, struct cds_lfht_iter *iter)
{
	u32 bucket = hash_bucket(htab, change->probe.hash);
	struct htab_elem *elem = elem_alloc(htab);
	int err;

	if (!elem)
		return -ENOMEM;
	elem->hash = change->probe.hash;
	elem->quota = old ? old->quota : change->quota;
	memcpy(elem->key, change->probe.key, htab->map.key_size);
	value_write_new(htab, htab_value(htab, elem), change->value,
			change->cpu, change->all_cpus);
	elem->referenced = old != NULL;
	rcu_tsan_release(&elem->node);
	if (old) {
		err = cds_lfht_replace(htab->table, iter, bucket, probe_match,
				       &change->probe, &elem->node);
		ASSERT(!err);
		(void)err;
	} else {
		cds_lfht_add(htab->table, bucket, &elem->node);
	}
	if (htab->is_lru)
		lru_link(htab, elem);
	return 0;
}

/* Under the stripe.  -EAGAIN: no room, for a new key of an LRU map. */
static int update_locked(struct htab *htab, const struct htab_change *change,
			 struct htab_elem **replaced)
{
	struct htab_quota *quota = &htab->quotas[change->quota];
	struct cds_lfht_iter iter;
	struct htab_elem *old = probe_find(&change->probe, &iter);
	int err = update_flags_check(old, change->flags);

	if (err)
		return err;
	if (old && (htab->percpu || change->flags & BPF_F_LOCK)) {
		value_write_in_place(htab, htab_value(htab, old), change->value,
				     change->cpu, change->all_cpus);
		__atomic_store_n(&old->referenced, 1, __ATOMIC_RELAXED);
		return 0;
	}
	if (!old && !quota_take(quota))
		return htab->is_lru ? -EAGAIN : -E2BIG;
	err = update_insert(htab, change, old, &iter);
	if (err && !old)
		quota_give(quota);
	if (!err)
		*replaced = old;
	return err;
}

int htab_update(struct htab *htab, const void *key, const void *value,
		u64 flags, u32 cpu, bool all_cpus)
{
	struct htab_change change = {
		.probe = { htab, key, htab_hash(htab, key) },
		.value = value,
		.flags = flags,
		.cpu = cpu,
		.quota = cpu % htab->nr_quotas,
		.all_cpus = all_cpus,
	};
	struct htab_elem *replaced = NULL;
	u32 *stripe;
	int err;

	if (flags & BPF_F_LOCK) {
		if (htab->map.spin_lock_off < 0 || htab->percpu)
			return -EINVAL;
		flags &= ~(u64)BPF_F_LOCK;
	}
	if (flags > BPF_EXIST)
		return -EINVAL;
	stripe = hash_stripe(htab, hash_bucket(htab, change.probe.hash));
	for (;;) {
		spin_lock(stripe);
		err = update_locked(htab, &change, &replaced);
		spin_unlock(stripe);
		if (err != -EAGAIN)
			break;
		lru_evict(htab, &htab->quotas[change.quota]);
	}
	if (replaced)
		elem_retire(htab, replaced);
	return err;
}

/* ------------------------------------------------------------------- remove */

static void elem_removed(struct htab *htab, struct htab_elem *elem)
{
	quota_give(elem_quota(htab, elem));
	elem_retire(htab, elem);
}

bool htab_remove_elem(struct htab *htab, struct htab_elem *elem)
{
	u32 *stripe = hash_stripe(htab, hash_bucket(htab, elem->hash));
	int err;

	spin_lock(stripe);
	err = cds_lfht_del(htab->table, &elem->node);
	spin_unlock(stripe);
	if (err)
		return false;
	elem_removed(htab, elem);
	return true;
}

static int htab_take_out(struct htab *htab, const void *key, void *value,
			 u64 flags)
{
	struct htab_probe probe = { htab, key, htab_hash(htab, key) };
	u32 *stripe = hash_stripe(htab, hash_bucket(htab, probe.hash));
	struct cds_lfht_iter iter;
	struct htab_elem *elem;
	int err;

	spin_lock(stripe);
	elem = probe_find(&probe, &iter);
	if (elem) {
		if (value)
			htab_read_elem(htab, elem, value, flags);
		err = cds_lfht_del(htab->table, &elem->node);
		ASSERT(!err);
		(void)err;
	}
	spin_unlock(stripe);
	if (!elem)
		return -ENOENT;
	elem_removed(htab, elem);
	return 0;
}

int htab_remove(struct map *map, const void *key)
{
	return htab_take_out(to_htab(map), key, NULL, 0);
}

int htab_read_and_remove(struct map *map, const void *key, void *value,
			 u64 flags)
{
	return htab_take_out(to_htab(map), key, value, flags);
}

/* ------------------------------------------------------------------ batches */

u32 htab_nr_buckets(const struct map *map)
{
	return to_htab(map)->nr_buckets;
}

static void bucket_copy(struct htab *htab, u32 bucket, u64 flags, void *keys,
			void *values)
{
	size_t value_size = map_user_value_size(&htab->map);
	struct cds_lfht_iter iter;
	struct htab_elem *elem = bucket_first(htab, bucket, &iter);

	for (u32 i = 0; elem; i++) {
		memcpy((u8 *)keys + (size_t)i * htab->map.key_size, elem->key,
		       htab->map.key_size);
		htab_read_elem(htab, elem, (u8 *)values + i * value_size,
			       flags);
		elem = bucket_next(htab, &iter);
	}
}

static u32 bucket_count(struct htab *htab, u32 bucket)
{
	struct cds_lfht_iter iter;
	u32 nr = 0;

	for (struct htab_elem *elem = bucket_first(htab, bucket, &iter); elem;
	     elem = bucket_next(htab, &iter))
		nr++;
	return nr;
}

static void bucket_empty(struct htab *htab, u32 bucket)
{
	struct cds_lfht_iter iter;
	struct htab_elem *elem = bucket_first(htab, bucket, &iter), *next;
	int err;

	for (; elem; elem = next) {
		next = bucket_next(htab, &iter);
		err = cds_lfht_del(htab->table, &elem->node);
		ASSERT(!err);
		(void)err;
		elem_removed(htab, elem);
	}
}

static int buffer_fit(void **buf, size_t size)
{
	void *grown = mem_realloc(*buf, size);

	if (!grown)
		return -ENOMEM;
	*buf = grown;
	return 0;
}

int htab_read_bucket(struct map *map, u32 bucket, u32 max, u64 flags,
		     bool remove, void **keys, void **values)
{
	struct htab *htab = to_htab(map);
	u32 *stripe = hash_stripe(htab, bucket), room, nr;
	bool fits;

	/* no memory is got under the stripe: so try until the room is enough */
	do {
		room = bucket_count(htab, bucket);
		if (!room)
			return 0;
		if (room > max)
			return -ENOSPC;
		if (buffer_fit(keys, (size_t)room * map->key_size) ||
		    buffer_fit(values, room * map_user_value_size(map)))
			return -ENOMEM;
		spin_lock(stripe);
		nr = bucket_count(htab, bucket);
		fits = nr <= room;
		if (fits) {
			memset(*values, 0, nr * map_user_value_size(map));
			bucket_copy(htab, bucket, flags, *keys, *values);
			if (remove)
				bucket_empty(htab, bucket);
		}
		spin_unlock(stripe);
	} while (!fits);
	return (int)nr;
}
