/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps under fire: readers as programs are, writers as system calls are, all on
 * few keys.  Each value says its key in every word, so that a reader sees a
 * value that is another's or was freed.  ThreadSanitizer sees the rest.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "map_world.h"
#include "object/env.h"
#include "object/map.h"
#include "object/map_ringbuf.h"

#define THREADS 4
#define KEYS 24u
#define ROUNDS 4000u

static struct cgbpf_env *env;
static struct cgbpf_task *task;

struct worker {
	pthread_t thread;
	struct map *map;
	int fd;
	u32 nr;
	u32 wrong;
};

static void check(struct worker *worker, const u64 *value, u32 key)
{
	/* a program that adds a key leaves the other CPUs' values zero */
	bool zero_fits = map_is_percpu(worker->map);

	for (int i = 0; i < 4; i++) {
		u64 word = __atomic_load_n(&value[i], __ATOMIC_RELAXED);

		if (word != key && (word || !zero_fits))
			worker->wrong++;
	}
}

static void as_program(struct worker *worker, u32 key, u32 what)
{
	struct map *map = worker->map;
	u64 value[4] = { key, key, key, key }, *found;
	u32 cpu = worker->nr;

	rcu_read_lock();
	found = map->ops->lookup(map, &key, cpu);
	if (found)
		check(worker, found, key);
	if (what % 4 == 0)
		map->ops->update(map, &key, value, what % 3, cpu);
	if (what % 4 == 1 && map->ops->remove)
		map->ops->remove(map, &key);
	if (found)
		check(worker, found, key);
	rcu_read_unlock();
}

static void as_user(struct worker *worker, u32 key, u32 what)
{
	u64 value[4 * THREADS];
	u32 keys[KEYS * 2], count = KEYS, token, next;
	u64 *values;

	for (u32 i = 0; i < ARRAY_SIZE(value); i++)
		value[i] = key;
	switch (what % 5) {
	case 0:
		world_update(task, worker->fd, &key, value, BPF_ANY);
		break;
	case 1:
		if (!world_lookup(task, worker->fd, &key, value))
			check(worker, value, key);
		break;
	case 2:
		world_delete(task, worker->fd, &key);
		break;
	case 3:
		world_next(task, worker->fd, &key, &next);
		break;
	default:
		values = calloc(KEYS, sizeof(value));
		world_batch(task,
			    what % 2 ? BPF_MAP_LOOKUP_BATCH
				     : BPF_MAP_LOOKUP_AND_DELETE_BATCH,
			    worker->fd, NULL, &token, keys, values, &count);
		free(values);
	}
}

static void *work(void *data)
{
	struct worker *worker = data;
	u64 state = worker->nr + 1;

	for (u32 i = 0; i < ROUNDS; i++) {
		u32 key, what;

		state = state * 6364136223846793005ull + 1442695040888963407ull;
		key = (u32)(state >> 33) % KEYS;
		what = (u32)(state >> 45) % 60;
		if (worker->nr % 2)
			as_user(worker, key, what);
		else
			as_program(worker, key, what);
	}
	return NULL;
}

static u32 run(const char *name, u32 type, u32 max_entries, u32 flags)
{
	struct worker workers[THREADS] = { 0 };
	u32 wrong = 0;
	struct map *map;
	int fd = world_map(task, type, 4, 32, max_entries, flags);

	if (fd < 0 || map_get_by_fd(task, fd, &map, NULL)) {
		printf("%s: not made: %d\n", name, fd);
		return 1;
	}
	for (u32 i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .map = map, .fd = fd, .nr = i };
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	}
	for (u32 i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		wrong += workers[i].wrong;
	}
	map_put(map);
	cgbpf_close(task, fd);
	printf("%s: %u wrong values\n", name, wrong);
	return wrong;
}

/* Producers of records, and a consumer that reads them as libbpf does. */
static void *produce(void *data)
{
	struct worker *worker = data;

	for (u32 i = 0; i < ROUNDS; i++) {
		u64 *record = ringbuf_reserve(worker->map, 32);

		if (!record)
			continue;
		for (int word = 0; word < 4; word++)
			record[word] = worker->nr;
		if (i % 5)
			ringbuf_submit(record, 0);
		else
			ringbuf_discard(record, 0);
		__atomic_add_fetch(&worker->wrong, i % 5 ? 1 : 0,
				   __ATOMIC_RELAXED);
	}
	return NULL;
}

static u32 consume(struct map *map, u32 *seen)
{
	size_t size;
	u8 *view = map->ops->mmap(map, &size);
	u64 *consumer = (u64 *)view, *producer = (u64 *)(view + PAGE_SIZE);
	u64 pos = *consumer, wrong = 0;

	while (pos < __atomic_load_n(producer, __ATOMIC_ACQUIRE)) {
		u8 *at = view + 2 * PAGE_SIZE + pos % map->max_entries;
		u32 len = __atomic_load_n((u32 *)at, __ATOMIC_ACQUIRE);
		u64 *record = (u64 *)(at + 8);

		if (len & BPF_RINGBUF_BUSY_BIT)
			break;
		if (!(len & BPF_RINGBUF_DISCARD_BIT)) {
			wrong += len != 32 || record[0] != record[3];
			++*seen;
		}
		pos += 40;
		__atomic_store_n(consumer, pos, __ATOMIC_RELEASE);
	}
	return (u32)wrong;
}

static u32 run_ring(void)
{
	struct worker workers[THREADS] = { 0 };
	int fd = world_map(task, BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0);
	u32 wrong = 0, seen = 0, sent = 0;
	struct map *map;

	if (fd < 0 || map_get_by_fd(task, fd, &map, NULL))
		return 1;
	for (u32 i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .map = map, .nr = i };
		pthread_create(&workers[i].thread, NULL, produce, &workers[i]);
	}
	for (u32 i = 0; i < ROUNDS; i++)
		wrong += consume(map, &seen);
	for (u32 i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		sent += workers[i].wrong;
	}
	wrong += consume(map, &seen);
	printf("ringbuf: %u sent, %u seen, %u wrong\n", sent, seen, wrong);
	map_put(map);
	cgbpf_close(task, fd);
	return wrong + (sent != seen);
}

int main(void)
{
	struct cgbpf_env_opts opts = { .size = sizeof(opts), .cpus = THREADS };
	u32 wrong = 0;

	if (cgbpf_env_new(&env, &opts))
		return 1;
	task = cgbpf_env_task(env);
	wrong += run("hash", BPF_MAP_TYPE_HASH, KEYS / 2, 0);
	wrong += run("hash, lazy", BPF_MAP_TYPE_HASH, KEYS, BPF_F_NO_PREALLOC);
	wrong += run("percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, KEYS, 0);
	wrong += run("lru_hash", BPF_MAP_TYPE_LRU_HASH, KEYS / 2, 0);
	wrong += run("lru_hash, split", BPF_MAP_TYPE_LRU_HASH, KEYS / 2,
		     BPF_F_NO_COMMON_LRU);
	wrong += run_ring();
	cgbpf_env_free(env);
	return wrong ? 1 : 0;
}
