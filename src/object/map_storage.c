/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Storages of one map: a list, newest first, for iteration, and a hash table
 * for lookup, both read under RCU.
 *
 * The table is open addressing with linear probing over pointers:
 *
 * 1. A slot goes from NULL to a storage to GONE, never back: so a probe may
 *    stop at the first NULL, and sees each storage that was linked before it
 *    started and is not unlinked before it ends.
 * 2. At most half of the slots are used (not NULL).  When an insertion would
 *    break that, a new table is made from the live storages, with room to
 *    spare, and published in one store; readers of the old one finish in it.
 * 3. map_storage_alloc() makes room, so that map_storage_link() cannot fail.
 *
 * Values of the shared kind are replaced by storing one pointer, so an update
 * needs nothing of the hierarchy: if its storage is unlinked meanwhile,
 * the storage's own grace period has not begun to end, and what frees the
 * storage frees the value it finds then.
 *
 * Values that were replaced go through the map's pool:
 *
 * 4. fresh: replaced since the callback was queued; aging: replaced before, so
 *    nobody reads them when it comes; spare: nobody's, for new values.  Each
 *    callback moves them on, frees the spares that nobody wanted since the
 *    last one, and queues itself as long as there is something to move.
 * 5. So an update under way costs no allocation and no callback of its own,
 *    and a map that is left alone soon keeps nothing.
 */
#include "object/map_storage.h"

#include <string.h>

#include "base/alloc.h"

/* What the kernel takes: U16_MAX less its own header; a per-CPU chunk. */
#define STORAGE_MAX_VALUE 65407u
#define STORAGE_MAX_PERCPU_VALUE 32768u

#define STORAGE_FLAGS                                                        \
	(BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_RDONLY_PROG | \
	 BPF_F_WRONLY_PROG)

#define TABLE_MIN_SLOTS 8u
/* What unlinked storages leave behind. */
#define GONE ((struct storage *)1)

struct storage_table {
	struct rcu_cb rcu;
	u32 mask;
	u32 used; /* slots that are not NULL */
	struct storage *slot[];
};

/* The buffer behind storage->value of a shared storage. */
struct storage_value {
	struct storage_value *next; /* in the pool */
	u8 data[] __attribute__((aligned(16)));
};

struct value_pool {
	pthread_mutex_t lock;
	struct storage_value *fresh, *aging, *spare;
	bool queued; /* the callback, which has the map until it has run */
	bool ended;  /* the map was to be freed meanwhile */
	struct rcu_cb rcu;
};

struct map_storage {
	struct map map;
	struct value_pool pool;
	struct storage_table *table; /* RCU */
	struct storage *newest;	     /* RCU */
	u32 nr;
	const struct prog *claimed; /* CS-34: atomic */
};

static struct map_storage *to_storage_map(const struct map *map)
{
	return container_of(map, struct map_storage, map);
}

/* ------------------------------------------------------------- hash table */

static u32 key_hash(const struct map *map, const struct storage_key *key)
{
	u64 hash = key->cgroup_id;

	if (map_storage_isolated(map))
		hash ^= (u64)key->attach_type << 40;
	return (u32)((hash * 0x9e3779b97f4a7c15ull) >> 32);
}

static bool key_equal(const struct map *map, const struct storage_key *a,
		      const struct storage_key *b)
{
	return a->cgroup_id == b->cgroup_id &&
	       (!map_storage_isolated(map) || a->attach_type == b->attach_type);
}

static void table_free_rcu(struct rcu_cb *cb)
{
	mem_free(container_of(cb, struct storage_table, rcu));
}

static void table_insert(struct storage_table *table, struct storage *storage)
{
	u32 i = key_hash(storage->map, &storage->key);

	while (table->slot[i & table->mask])
		i++;
	table->used++;
	rcu_assign_pointer(table->slot[i & table->mask], storage);
}

static struct storage_table *table_alloc(u32 slots)
{
	struct storage_table *table;

	table = mem_zalloc(sizeof(*table) + slots * sizeof(table->slot[0]));
	if (table)
		table->mask = slots - 1;
	return table;
}

/* Room for one more, by invariant 2. */
static int table_reserve(struct map_storage *maps)
{
	struct storage_table *old = maps->table, *table;
	u32 slots = TABLE_MIN_SLOTS;

	if ((old->used + 1) * 2 <= old->mask + 1)
		return 0;
	while (slots < (maps->nr + 1) * 4)
		slots *= 2;
	table = table_alloc(slots);
	if (!table)
		return -ENOMEM;
	for (struct storage *s = maps->newest; s; s = s->older)
		table_insert(table, s);
	rcu_assign_pointer(maps->table, table);
	rcu_defer(&old->rcu, table_free_rcu);
	return 0;
}

struct storage *map_storage_find(const struct map *map,
				 const struct storage_key *key)
{
	const struct map_storage *maps = to_storage_map(map);
	struct storage_table *table = rcu_dereference(maps->table);
	struct storage *storage;

	for (u32 i = key_hash(map, key);; i++) {
		storage = rcu_dereference(table->slot[i & table->mask]);
		if (!storage)
			return NULL;
		if (storage != GONE && key_equal(map, &storage->key, key))
			return storage;
	}
}

/* ----------------------------------------------------- storages, one by one */

static struct storage_value *value_of(void *data)
{
	return container_of(data, struct storage_value, data);
}

/* *out: a value of the map's kind, all zero */
static int value_alloc(void **out, const struct map *map)
{
	struct storage_value *value;
	void *base;

	if (map_storage_type(map) == STORAGE_PERCPU) {
		base = mem_zalloc_aligned(CACHE_LINE, map->obj.env->nr_cpus *
							      cpu_stride(map));
		if (!base)
			return -ENOMEM;
		*out = base;
		return 0;
	}
	value = mem_zalloc(sizeof(*value) + map->value_size);
	if (!value)
		return -ENOMEM;
	*out = value->data;
	return 0;
}

static void value_free(const struct map *map, void *value)
{
	if (map_storage_type(map) == STORAGE_PERCPU)
		mem_free(value);
	else
		mem_free(value_of(value));
}

int map_storage_alloc(struct storage **out, struct map *map,
		      const struct storage_key *key)
{
	struct storage *storage;
	int err;

	err = table_reserve(to_storage_map(map));
	if (err)
		return err;
	storage = mem_zalloc(sizeof(*storage));
	if (!storage)
		return -ENOMEM;
	storage->map = map;
	storage->key = *key;
	err = value_alloc(&storage->value, map);
	if (err) {
		mem_free(storage);
		return err;
	}
	*out = storage;
	return 0;
}

static void storage_free(struct storage *storage, bool percpu)
{
	mem_free(percpu ? storage->value : value_of(storage->value));
	mem_free(storage);
}

void map_storage_free(struct storage *storage)
{
	value_free(storage->map, storage->value);
	mem_free(storage);
}

/* By then the map may be gone: one callback for each kind. */
static void storage_free_shared_rcu(struct rcu_cb *cb)
{
	storage_free(container_of(cb, struct storage, rcu), false);
}

static void storage_free_percpu_rcu(struct rcu_cb *cb)
{
	storage_free(container_of(cb, struct storage, rcu), true);
}

void map_storage_free_rcu(struct storage *storage)
{
	bool percpu = map_storage_type(storage->map) == STORAGE_PERCPU;

	rcu_defer(&storage->rcu,
		  percpu ? storage_free_percpu_rcu : storage_free_shared_rcu);
}

struct storage *map_storage_first(const struct map *map)
{
	return rcu_dereference(to_storage_map(map)->newest);
}

void map_storage_link(struct storage *storage)
{
	struct map_storage *maps = to_storage_map(storage->map);

	ASSERT((maps->table->used + 1) * 2 <= maps->table->mask + 1);
	table_insert(maps->table, storage);
	maps->nr++;
	storage->newer = NULL;
	storage->older = maps->newest;
	if (storage->older)
		storage->older->newer = storage;
	rcu_assign_pointer(maps->newest, storage);
}

void map_storage_unlink(struct storage *storage)
{
	struct map_storage *maps = to_storage_map(storage->map);
	struct storage_table *table = maps->table;
	u32 i = key_hash(storage->map, &storage->key);

	while (table->slot[i & table->mask] != storage)
		i++;
	rcu_assign_pointer(table->slot[i & table->mask], GONE);
	maps->nr--;
	if (storage->older)
		storage->older->newer = storage->newer;
	/* its own way on stays: a reader may be at it */
	if (storage->newer)
		rcu_assign_pointer(storage->newer->older, storage->older);
	else
		rcu_assign_pointer(maps->newest, storage->older);
}

/* --------------------------------------------------------- replaced values */

static void values_free(struct storage_value *value)
{
	while (value) {
		struct storage_value *next = value->next;

		mem_free(value);
		value = next;
	}
}

static void maps_free(struct map_storage *maps)
{
	values_free(maps->pool.fresh);
	values_free(maps->pool.aging);
	values_free(maps->pool.spare);
	pthread_mutex_destroy(&maps->pool.lock);
	mem_free(maps->table);
	mem_free(maps);
}

static void pool_age(struct rcu_cb *cb)
{
	struct value_pool *pool = container_of(cb, struct value_pool, rcu);
	struct storage_value *unwanted, *idle = NULL;
	bool ended;

	pthread_mutex_lock(&pool->lock);
	unwanted = pool->spare;
	pool->spare = pool->aging;
	pool->aging = pool->fresh;
	pool->fresh = NULL;
	ended = pool->ended;
	pool->queued = pool->aging && !ended;
	if (pool->queued) {
		rcu_defer(&pool->rcu, pool_age);
	} else if (!ended) {
		idle = pool->spare;
		pool->spare = NULL;
	}
	pthread_mutex_unlock(&pool->lock);
	values_free(unwanted);
	values_free(idle);
	if (ended)
		maps_free(container_of(pool, struct map_storage, pool));
}

/* A buffer for a new value: what is in it does not matter. */
static struct storage_value *pool_take(struct map_storage *maps)
{
	struct value_pool *pool = &maps->pool;
	struct storage_value *value = pool->spare;

	if (likely(value)) {
		pool->spare = value->next;
		return value;
	}
	return mem_alloc(sizeof(*value) + maps->map.value_size);
}

static void pool_retire(struct value_pool *pool, struct storage_value *value)
{
	struct storage_value **list;

	list = pool->queued ? &pool->fresh : &pool->aging;
	value->next = *list;
	*list = value;
	if (!pool->queued)
		rcu_defer(&pool->rcu, pool_age);
	pool->queued = true;
}

/* One update at a time for each map; readers need not know. */
static int value_replace(struct storage *storage, const void *value)
{
	struct map_storage *maps = to_storage_map(storage->map);
	struct storage_value *next;
	void *old;

	pthread_mutex_lock(&maps->pool.lock);
	next = pool_take(maps);
	if (next) {
		memcpy(next->data, value, maps->map.value_size);
		map_value_init(&maps->map, next->data);
		old = storage->value;
		rcu_assign_pointer(storage->value, (void *)next->data);
		pool_retire(&maps->pool, value_of(old));
	}
	pthread_mutex_unlock(&maps->pool.lock);
	return next ? 0 : -ENOMEM;
}

/* No reader and no writer is left: all may go, but for a queued callback. */
static void pool_end(struct map_storage *maps)
{
	struct value_pool *pool = &maps->pool;
	bool queued;

	pthread_mutex_lock(&pool->lock);
	queued = pool->queued;
	pool->ended = true;
	pthread_mutex_unlock(&pool->lock);
	if (!queued)
		maps_free(maps);
}

/* ------------------------------------------------------- one program (CS-34)
 */

static bool per_attachment(const struct map *map)
{
	return map->obj.env->storage_mode == CGBPF_STORAGE_PER_ATTACHMENT;
}

int map_storage_claim(struct map *map, const struct prog *prog)
{
	struct map_storage *maps = to_storage_map(map);
	const struct prog *owner = NULL;

	if (!per_attachment(map) ||
	    __atomic_compare_exchange_n(&maps->claimed, &owner, prog, false,
					__ATOMIC_RELAXED, __ATOMIC_RELAXED) ||
	    owner == prog)
		return 0;
	return -EBUSY;
}

void map_storage_disclaim(struct map *map, const struct prog *prog)
{
	struct map_storage *maps = to_storage_map(map);

	if (per_attachment(map))
		__atomic_compare_exchange_n(&maps->claimed, &prog, NULL, false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/* ------------------------------------------------------------ the map types */

static int storage_alloc_check(struct cgbpf_env *env,
			       const struct attr_map_create *attr)
{
	u32 limit = attr->map_type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE
			    ? STORAGE_MAX_PERCPU_VALUE
			    : STORAGE_MAX_VALUE;

	if (attr->key_size != sizeof(struct bpf_cgroup_storage_key) &&
	    (attr->key_size != sizeof(u64) ||
	     env->storage_mode == CGBPF_STORAGE_PER_ATTACHMENT))
		return -EINVAL;
	if (!attr->value_size)
		return -EINVAL;
	if (attr->value_size > limit)
		return -E2BIG;
	if (attr->map_flags & ~STORAGE_FLAGS)
		return -EINVAL;
	if ((attr->map_flags & BPF_F_RDONLY_PROG) &&
	    (attr->map_flags & BPF_F_WRONLY_PROG))
		return -EINVAL;
	if (attr->max_entries)
		return -EINVAL;
	return 0;
}

static int storage_map_alloc(struct map **out, struct cgbpf_env *env,
			     const struct attr_map_create *attr,
			     struct cgbpf_task *task)
{
	struct map_storage *maps = mem_zalloc(sizeof(*maps));

	(void)task;
	if (!maps)
		return -ENOMEM;
	maps->table = table_alloc(TABLE_MIN_SLOTS);
	if (!maps->table) {
		mem_free(maps);
		return -ENOMEM;
	}
	map_init(&maps->map, env, attr);
	pthread_mutex_init(&maps->pool.lock, NULL);
	*out = &maps->map;
	return 0;
}

static void storage_map_free(struct map *map)
{
	struct map_storage *maps = to_storage_map(map);

	map->obj.env->cgroup_ops->storage_map_free(map);
	ASSERT(!maps->nr);
	pool_end(maps);
}

/* CS-6: { 64 bits; 32 bits } for 16 bytes of key, 64 bits for 8. */
static int storage_check_btf(const struct map *map, const struct btf *btf,
			     u32 key_id, u32 value_id)
{
	const struct btf_type *key;
	const struct btf_member *member;
	u32 size;

	(void)value_id;
	if (!map_storage_isolated(map))
		return btf_is_reg_int(btf, key_id, 64) ? 0 : -EINVAL;
	key = btf_type_id_size(btf, &key_id, &size);
	if (!key || BTF_INFO_KIND(key->info) != BTF_KIND_STRUCT ||
	    BTF_INFO_VLEN(key->info) != 2)
		return -EINVAL;
	/* in a struct with bit fields the upper byte is a member's width */
	member = (const struct btf_member *)(key + 1);
	if (member[0].offset != 0 || !btf_is_reg_int(btf, member[0].type, 64) ||
	    member[1].offset != 64 || !btf_is_reg_int(btf, member[1].type, 32))
		return -EINVAL;
	return 0;
}

/* ---------------------------------------------------- user space's operations
 */

/* Padding and, in a shared map, the attach type are no part of it (KB-22). */
static struct storage_key key_read(const struct map *map, const void *user)
{
	struct storage_key key = { 0 };

	memcpy(&key.cgroup_id, user, sizeof(key.cgroup_id));
	if (map_storage_isolated(map))
		memcpy(&key.attach_type, (const u8 *)user + sizeof(u64),
		       sizeof(key.attach_type));
	return key;
}

static struct storage *storage_find(const struct map *map, const void *user)
{
	struct storage_key key = key_read(map, user);

	return map_storage_find(map, &key);
}

static int storage_next_key(struct map *map, const void *key, void *next)
{
	struct bpf_cgroup_storage_key out = { 0 };
	struct storage *storage;

	if (key) {
		storage = storage_find(map, key);
		if (storage)
			storage = rcu_dereference(storage->older);
	} else {
		storage = map_storage_first(map);
	}
	if (!storage)
		return -ENOENT;
	out.cgroup_inode_id = storage->key.cgroup_id;
	out.attach_type = storage->key.attach_type;
	memcpy(next, &out, map->key_size);
	return 0;
}

static int storage_read(struct map *map, const void *key, void *value,
			u64 flags)
{
	struct storage *storage = storage_find(map, key);
	void *data;

	if (!storage)
		return -ENOENT;
	data = rcu_dereference(storage->value);
	if (flags & BPF_F_LOCK)
		map_copy_value_locked(map, value, data, true);
	else
		map_copy_value(map, value, data);
	map_value_init(map, value);
	return 0;
}

static int storage_write(struct map *map, struct cgbpf_task *task,
			 const void *key, const void *value, u64 flags)
{
	struct storage *storage;

	(void)task;
	if (flags & ~(u64)(BPF_F_LOCK | BPF_EXIST))
		return -EINVAL;
	if ((flags & BPF_F_LOCK) && map->spin_lock_off < 0)
		return -EINVAL;
	storage = storage_find(map, key);
	if (!storage)
		return -ENOENT;
	if (flags & BPF_F_LOCK) {
		map_copy_value_locked(map, rcu_dereference(storage->value),
				      value, false);
		return 0;
	}
	return value_replace(storage, value);
}

static int storage_read_percpu(struct map *map, const void *key, void *value,
			       u64 flags)
{
	struct storage *storage = storage_find(map, key);

	(void)flags;
	if (!storage)
		return -ENOENT;
	map_percpu_read(map, value, storage->value);
	return 0;
}

static int storage_write_percpu(struct map *map, struct cgbpf_task *task,
				const void *key, const void *value, u64 flags)
{
	struct storage *storage;

	(void)task;
	if (flags != BPF_ANY && flags != BPF_EXIST)
		return -EINVAL;
	storage = storage_find(map, key);
	if (!storage)
		return -ENOENT;
	map_percpu_write(map, storage->value, value);
	return 0;
}

/* CS-30: only the cgroup's or the map's end ends a storage. */
static int storage_remove(struct map *map, const void *key)
{
	(void)map;
	(void)key;
	return -EINVAL;
}

static u64 storage_mem_usage(const struct map *map)
{
	(void)map;
	return sizeof(struct map_storage);
}

const struct map_ops map_cgroup_storage_ops = {
	.name = "cgroup_storage",
	.alloc_check = storage_alloc_check,
	.alloc = storage_map_alloc,
	.free = storage_map_free,
	.check_btf = storage_check_btf,
	.remove = storage_remove,
	.next_key = storage_next_key,
	.read = storage_read,
	.write = storage_write,
	.no_inner = true,
	.mem_usage = storage_mem_usage,
};

const struct map_ops map_percpu_cgroup_storage_ops = {
	.name = "percpu_cgroup_storage",
	.alloc_check = storage_alloc_check,
	.alloc = storage_map_alloc,
	.free = storage_map_free,
	.check_btf = storage_check_btf,
	.remove = storage_remove,
	.next_key = storage_next_key,
	.read = storage_read_percpu,
	.write = storage_write_percpu,
	.no_inner = true,
	.mem_usage = storage_mem_usage,
};
