/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps: what lockstep with the kernel cannot show. Failing allocations, limits,
 * programs' side of the operations, eviction, records of a ring.
 */
#include "unit.h"

#include "map_world.h"
#include "object/env.h"
#include "object/map.h"
#include "object/map_ringbuf.h"
#include "object/map_sk_storage.h"

static struct cgbpf_env *env;
static struct cgbpf_task *task;

static int setup(void **state)
{
	struct cgbpf_env_opts opts = { .size = sizeof(opts), .cpus = 4 };

	(void)state;
	if (cgbpf_env_new(&env, &opts))
		return -1;
	task = cgbpf_env_task(env);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	cgbpf_env_free(env);
	return 0;
}

static struct map *map_behind(int fd)
{
	struct map *map;

	assert_int_equal(map_get_by_fd(task, fd, &map, NULL), 0);
	map_put(map); /* the fd holds it */
	return map;
}

static int update_u32(int fd, u32 key, u64 value, u64 flags)
{
	return world_update(task, fd, &key, &value, flags);
}

static int has_u32(int fd, u32 key)
{
	u64 value[8];

	return !world_lookup(task, fd, &key, value);
}

/* ------------------------------------------------------ failing allocations */

struct fault_case {
	u32 type, key_size, value_size, max_entries, flags;
};

static int create_and_use(void *arg)
{
	const struct fault_case *c = arg;
	u8 key[8] = { 8 }, value[512] = { 1 };
	int fd, err;

	fd = world_map(task, c->type, c->key_size, c->value_size,
		       c->max_entries, c->flags);
	if (fd < 0) {
		cgbpf_env_sync(env);
		return fd;
	}
	err = c->type == BPF_MAP_TYPE_RINGBUF
		      ? 0
		      : world_update(task, fd, c->key_size ? key : NULL, value,
				     0);
	cgbpf_close(task, fd);
	cgbpf_env_sync(env);
	return err;
}

static void test_faults(void **state)
{
	static const struct fault_case cases[] = {
		{ BPF_MAP_TYPE_HASH, 4, 8, 4, 0 },
		{ BPF_MAP_TYPE_HASH, 4, 8, 4, BPF_F_NO_PREALLOC },
		{ BPF_MAP_TYPE_PERCPU_HASH, 4, 8, 4, 0 },
		{ BPF_MAP_TYPE_LRU_HASH, 4, 8, 4, 0 },
		{ BPF_MAP_TYPE_LRU_PERCPU_HASH, 4, 8, 8, BPF_F_NO_COMMON_LRU },
		{ BPF_MAP_TYPE_ARRAY, 4, 8, 9, 0 },
		{ BPF_MAP_TYPE_ARRAY, 4, 8, 9, BPF_F_MMAPABLE },
		{ BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 9, 0 },
		{ BPF_MAP_TYPE_LPM_TRIE, 8, 8, 4, BPF_F_NO_PREALLOC },
		{ BPF_MAP_TYPE_QUEUE, 0, 8, 4, 0 },
		{ BPF_MAP_TYPE_STACK, 0, 8, 4, 0 },
		{ BPF_MAP_TYPE_BLOOM_FILTER, 0, 8, 4, 0 },
		{ BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0 },
	};

	(void)state;
	/* the table of fds grows once, before anything is counted */
	cgbpf_close(task, world_map(task, BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0));
	cgbpf_env_sync(env);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		unit_each_fault(create_and_use, (void *)&cases[i]);
}

/* -------------------------------------------------------------------- limits */

/* KB-22: exactly the limit is fine, one more is not. */
static void test_limits(void **state)
{
	static u8 value[4][32768];
	u32 key = 0, bad = 1;
	int fd;

	(void)state;
	assert_int_equal(world_map(task, BPF_MAP_TYPE_PERCPU_ARRAY, 4, 32769, 1,
				   0),
			 -E2BIG);
	fd = world_map(task, BPF_MAP_TYPE_PERCPU_ARRAY, 4, 32768, 1, 0);
	assert_true(fd >= 0);
	memset(value, 7, sizeof(value));
	assert_int_equal(world_update(task, fd, &key, value, 0), 0);
	memset(value, 0, sizeof(value));
	assert_int_equal(world_lookup(task, fd, &key, value), 0);
	assert_int_equal(value[3][32767], 7);
	assert_int_equal(world_update(task, fd, &bad, value, 0), -E2BIG);
	cgbpf_close(task, fd);
	assert_int_equal(world_map(task, BPF_MAP_TYPE_HASH, 8, (4 << 20) - 56,
				   1, BPF_F_NO_PREALLOC),
			 -E2BIG);
	fd = world_map(task, BPF_MAP_TYPE_HASH, 8, (4 << 20) - 57, 1,
		       BPF_F_NO_PREALLOC);
	assert_true(fd >= 0);
	cgbpf_close(task, fd);
}

/* KB-6: what lies after a short per-CPU value is zero on the way out. */
static void test_percpu_padding(void **state)
{
	u32 key = 1;
	u64 in[4], out[4];
	int fd = world_map(task, BPF_MAP_TYPE_PERCPU_HASH, 4, 3, 4, 0);

	(void)state;
	memset(in, 0xff, sizeof(in));
	memset(out, 0xee, sizeof(out));
	assert_int_equal(world_update(task, fd, &key, in, 0), 0);
	assert_int_equal(world_lookup(task, fd, &key, out), 0);
	for (int cpu = 0; cpu < 4; cpu++)
		assert_true(out[cpu] == 0xffffff);
	cgbpf_close(task, fd);
}

/* --------------------------------------------------------------- hash tables */

/* A program that holds a value keeps it when user space replaces it. */
static void test_hash_held_value(void **state)
{
	int fd = world_map(task, BPF_MAP_TYPE_HASH, 4, 8, 1, 0);
	struct map *map = map_behind(fd);
	u32 key = 5;
	u64 *held;

	(void)state;
	assert_int_equal(update_u32(fd, key, 1, 0), 0);
	rcu_read_lock();
	held = map->ops->lookup(map, &key, 0);
	assert_non_null(held);
	for (u64 i = 2; i < 100; i++)
		assert_int_equal(update_u32(fd, key, i, BPF_EXIST), 0);
	assert_true(*held == 1);
	held = map->ops->lookup(map, &key, 0);
	assert_true(*held == 99);
	rcu_read_unlock();
	assert_int_equal(update_u32(fd, 6, 1, 0), -E2BIG);
	cgbpf_close(task, fd);
}

static void test_percpu_hash_program(void **state)
{
	int fd = world_map(task, BPF_MAP_TYPE_PERCPU_HASH, 4, 8, 4, 0);
	struct map *map = map_behind(fd);
	u32 key = 5;
	u64 value = 9, out[4];

	(void)state;
	rcu_read_lock();
	assert_int_equal(map->ops->update(map, &key, &value, 0, 2), 0);
	value = 4;
	assert_int_equal(map->ops->update(map, &key, &value, BPF_NOEXIST, 1),
			 -EEXIST);
	assert_int_equal(map->ops->update(map, &key, &value, BPF_EXIST, 1), 0);
	assert_true(*(u64 *)map->ops->lookup(map, &key, 2) == 9);
	rcu_read_unlock();
	assert_int_equal(world_lookup(task, fd, &key, out), 0);
	assert_true(!out[0] && out[1] == 4 && out[2] == 9 && !out[3]);
	cgbpf_close(task, fd);
}

static long count_each(void *data, struct map *map, const void *key,
		       void *value)
{
	(void)map;
	(void)key;
	*(u64 *)data += *(u64 *)value;
	return *(u64 *)data >= 6;
}

static void test_for_each(void **state)
{
	int fd = world_map(task, BPF_MAP_TYPE_HASH, 4, 8, 8, 0);
	struct map *map = map_behind(fd);
	u64 sum = 0;

	(void)state;
	for (u32 i = 0; i < 8; i++)
		assert_int_equal(update_u32(fd, i, 2, 0), 0);
	rcu_read_lock();
	assert_int_equal(map->ops->for_each(map, 0, count_each, &sum), 3);
	rcu_read_unlock();
	assert_true(sum == 6);
	cgbpf_close(task, fd);
}

/* Batches with a small buffer: -ENOSPC says so, and nothing is lost. */
static void test_hash_batches(void **state)
{
	int fd = world_map(task, BPF_MAP_TYPE_HASH, 4, 8, 1000, 0);
	u32 keys[64], token = 0, count, total = 0, room = 1;
	u64 values[64];
	void *in = NULL;
	int err;

	(void)state;
	for (u32 i = 0; i < 1000; i++)
		assert_int_equal(update_u32(fd, i, i * 3, 0), 0);
	do {
		count = room;
		err = world_batch(task, BPF_MAP_LOOKUP_AND_DELETE_BATCH, fd, in,
				  &token, keys, values, &count);
		if (err == -ENOSPC) {
			assert_int_equal(count, 0);
			room++;
		} else {
			assert_true(!err || err == -ENOENT);
		}
		for (u32 i = 0; i < count; i++)
			assert_true(values[i] == keys[i] * 3);
		total += count;
		in = &token;
	} while (err != -ENOENT);
	assert_int_equal(total, 1000);
	assert_int_equal(world_next(task, fd, NULL, keys), -ENOENT);
	cgbpf_close(task, fd);
}

/* ---------------------------------------------------------------------- LRU */

static void test_lru(void **state)
{
	int fd = world_map(task, BPF_MAP_TYPE_LRU_HASH, 4, 8, 16, 0);
	struct map *map = map_behind(fd);
	u32 kept = 3, nr = 0;

	(void)state;
	for (u32 i = 0; i < 16; i++)
		assert_int_equal(update_u32(fd, i, i, 0), 0);
	/* what a program keeps using stays, however many come by */
	for (u32 i = 100; i < 400; i++) {
		rcu_read_lock();
		assert_non_null(map->ops->lookup(map, &kept, 0));
		rcu_read_unlock();
		assert_int_equal(update_u32(fd, i, i, 0), 0);
		assert_true(has_u32(fd, i));
	}
	assert_true(has_u32(fd, kept));
	assert_false(has_u32(fd, 4));
	for (u32 i = 0; i < 400; i++)
		nr += has_u32(fd, i);
	assert_int_equal(nr, 16);
	/* replacing takes no room of others */
	assert_int_equal(update_u32(fd, kept, 7, BPF_EXIST), 0);
	for (u32 i = nr = 0; i < 400; i++)
		nr += has_u32(fd, i);
	assert_int_equal(nr, 16);
	cgbpf_close(task, fd);
}

/* BPF_F_NO_COMMON_LRU: one CPU's keys never push out another's. */
static void test_lru_split(void **state)
{
	int fd = world_map(task, BPF_MAP_TYPE_LRU_HASH, 4, 8, 15,
			   BPF_F_NO_COMMON_LRU);
	struct map *map = map_behind(fd);
	u64 value = 1;

	(void)state;
	assert_int_equal(map->max_entries, 16); /* 4 for each CPU */
	rcu_read_lock();
	for (u32 i = 0; i < 4; i++)
		assert_int_equal(map->ops->update(map, &i, &value, 0, 0), 0);
	for (u32 i = 10; i < 100; i++)
		assert_int_equal(map->ops->update(map, &i, &value, 0, 1), 0);
	for (u32 i = 0; i < 4; i++)
		assert_non_null(map->ops->lookup(map, &i, 0));
	rcu_read_unlock();
	cgbpf_close(task, fd);
}

/* ------------------------------------------------------------ modes, freezing */

static void test_modes(void **state)
{
	int rd = world_map(task, BPF_MAP_TYPE_ARRAY, 4, 8, 1, BPF_F_RDONLY);
	int wr = world_map(task, BPF_MAP_TYPE_ARRAY, 4, 8, 1, BPF_F_WRONLY);
	union attr freeze = { .map_elem.map_fd = (u32)wr };
	u32 key = 0;
	u64 value = 0;

	(void)state;
	assert_int_equal(update_u32(rd, 0, 1, 0), -EPERM);
	assert_int_equal(world_lookup(task, rd, &key, &value), 0);
	assert_int_equal(update_u32(wr, 0, 1, 0), 0);
	assert_int_equal(world_lookup(task, wr, &key, &value), -EPERM);
	assert_int_equal(world_bpf(task, BPF_MAP_FREEZE, &freeze, 4), 0);
	assert_int_equal(update_u32(wr, 0, 1, 0), -EPERM);
	assert_int_equal(world_bpf(task, BPF_MAP_FREEZE, &freeze, 4), -EPERM);
	cgbpf_close(task, rd);
	cgbpf_close(task, wr);
}

/* ------------------------------------------------------------ maps of maps */

static void test_of_maps(void **state)
{
	static const u32 types[] = { BPF_MAP_TYPE_ARRAY_OF_MAPS,
				     BPF_MAP_TYPE_HASH_OF_MAPS };
	int inner = world_map(task, BPF_MAP_TYPE_HASH, 4, 8, 4, 0);
	int like = world_map(task, BPF_MAP_TYPE_HASH, 4, 8, 99, 0);
	int other = world_map(task, BPF_MAP_TYPE_HASH, 4, 4, 4, 0);
	u32 key = 1, id;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		int fd = world_outer(task, types[i], 4, inner);
		struct map *map = map_behind(fd);

		assert_int_equal(world_outer(task, types[i], 4, fd), -EINVAL);
		assert_int_equal(world_outer(task, types[i], 4, -1), -EBADF);
		assert_int_equal(world_update(task, fd, &key, &other, 0),
				 -EINVAL);
		assert_int_equal(world_lookup(task, fd, &key, &id), -ENOENT);
		assert_int_equal(world_update(task, fd, &key, &like, 0), 0);
		assert_int_equal(world_lookup(task, fd, &key, &id), 0);
		assert_int_equal(id, map_behind(like)->obj.id);
		rcu_read_lock();
		assert_ptr_equal(map->ops->lookup(map, &key, 0),
				 map_behind(like));
		rcu_read_unlock();
		assert_int_equal(world_update(task, fd, &key, &inner, 0), 0);
		assert_int_equal(world_delete(task, fd, &key), 0);
		assert_int_equal(world_delete(task, fd, &key), -ENOENT);
		assert_int_equal(world_update(task, fd, &key, &inner, 0), 0);
		cgbpf_close(task, fd);
	}
	cgbpf_close(task, inner);
	cgbpf_close(task, like);
	cgbpf_close(task, other);
}

/* -------------------------------------------------------------------- rings */

static void test_ringbuf(void **state)
{
	int fd = world_map(task, BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0);
	struct map *map = map_behind(fd);
	size_t size;
	u8 *view = map->ops->mmap(map, &size), *data = view + 8192;
	u64 *consumer = (u64 *)view, *producer = (u64 *)(view + 4096);
	u32 before = *ringbuf_wakeups(map), *len;
	void *record[3];

	(void)state;
	assert_int_equal(size, 2 * 4096 + 2 * 4096);
	assert_null(ringbuf_reserve(map, 4096 - 7));
	record[0] = ringbuf_reserve(map, 1000);
	record[1] = ringbuf_reserve(map, 2000);
	assert_null(ringbuf_reserve(map, 2000));
	assert_true(*producer == 1008 + 2008);
	len = (u32 *)data;
	assert_int_equal(*len, 1000 | BPF_RINGBUF_BUSY_BIT);
	ringbuf_discard(record[1], 0);
	assert_int_equal(*ringbuf_wakeups(map), before);
	ringbuf_submit(record[0], 0);
	assert_int_equal(*ringbuf_wakeups(map), before + 1);
	assert_int_equal(*len, 1000);
	assert_int_equal(*(u32 *)(data + 1008), 2000 | BPF_RINGBUF_DISCARD_BIT);
	*consumer = *producer;
	assert_true(!ringbuf_query(map, BPF_RB_AVAIL_DATA));
	assert_true(ringbuf_query(map, BPF_RB_RING_SIZE) == 4096);
	/* over the end: the same bytes are at both ends of the view */
	record[2] = ringbuf_reserve(map, 2000);
	memset(record[2], 0x5a, 2000);
	ringbuf_submit(record[2], BPF_RB_NO_WAKEUP);
	assert_int_equal(*ringbuf_wakeups(map), before + 1);
	assert_int_equal(data[(*producer - 1) % 4096], 0x5a);
	assert_int_equal(data[(*producer - 1) % 4096 + 4096], 0x5a);
	assert_int_equal(ringbuf_output(map, "x", 1, 4), -EINVAL);
	assert_int_equal(ringbuf_output(map, "x", 1, 0), 0);
	assert_int_equal(ringbuf_output(map, view, 3000, 0), -EAGAIN);
	cgbpf_close(task, fd);
}

/* ------------------------------------------------------- storages of sockets */

/* The map type asks for BTF, which is not what this is about. */
static struct map *sk_map(u32 flags)
{
	struct attr_map_create attr = {
		.map_type = BPF_MAP_TYPE_SK_STORAGE,
		.key_size = 4,
		.value_size = 8,
		.map_flags = BPF_F_NO_PREALLOC | flags,
	};
	const struct map_ops *ops = map_ops_of(attr.map_type);
	struct map *map;

	assert_int_equal(ops->alloc(&map, env, &attr, task), 0);
	return map;
}

static void test_sk_storage(void **state)
{
	struct map *plain = sk_map(0), *cloned = sk_map(BPF_F_CLONE);
	struct sk_storage_owner sock, child;
	u64 *value, init = 7;

	(void)state;
	sk_storage_owner_init(&sock);
	sk_storage_owner_init(&child);
	rcu_read_lock();
	assert_null(sk_storage_get(plain, &sock));
	assert_int_equal(sk_storage_delete(plain, &sock), -ENOENT);
	value = sk_storage_get_or_make(plain, &sock, &init);
	assert_true(*value == 7);
	assert_ptr_equal(sk_storage_get_or_make(plain, &sock, NULL), value);
	value = sk_storage_get_or_make(cloned, &sock, NULL);
	*value = 3;
	assert_int_equal(sk_storage_clone(&child, &sock, env), 0);
	assert_null(sk_storage_get(plain, &child));
	assert_true(*(u64 *)sk_storage_get(cloned, &child) == 3);
	assert_int_equal(sk_storage_delete(plain, &sock), 0);
	assert_null(sk_storage_get(plain, &sock));
	rcu_read_unlock();
	sk_storage_owner_end(&sock, env);
	map_put(cloned); /* ends the child's */
	map_put(plain);
	cgbpf_env_sync(env);
	assert_true(cds_list_empty(&child.storages));
	sk_storage_owner_end(&child, env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_faults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_percpu_padding, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_hash_held_value, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_percpu_hash_program, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_for_each, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hash_batches, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_lru, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lru_split, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_modes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_of_maps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ringbuf, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sk_storage, setup,
						teardown),
	};

	return UNIT_RUN(tests);
}
