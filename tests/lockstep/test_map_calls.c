/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Map calls on an environment and on the live kernel, side by side: random
 * calls on a small map of each type, results and outputs compared.  Types
 * whose iteration order is their own are compared as sets.
 *
 * usage: lockstep_map_calls [SEED [STEPS]]
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "map_world.h"

#define SKIP 77
#define MAX_VALUE 512
#define MAX_BATCH 12

struct shape {
	const char *name;
	u32 type, key_size, value_size, max_entries, flags;
	bool any_order; /* of iteration */
	bool evicts;	/* when full: never filled here */
};

static const struct shape shapes[] = {
	{ "hash", BPF_MAP_TYPE_HASH, 4, 7, 8, 0, true, false },
	{ "hash lazy", BPF_MAP_TYPE_HASH, 4, 8, 8, BPF_F_NO_PREALLOC, true,
	  false },
	{ "array", BPF_MAP_TYPE_ARRAY, 4, 5, 6, 0, false, false },
	{ "percpu hash", BPF_MAP_TYPE_PERCPU_HASH, 4, 4, 8, 0, true, false },
	{ "percpu array", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 3, 6, 0, false, false },
	{ "lru", BPF_MAP_TYPE_LRU_HASH, 4, 8, 4096, 0, true, true },
	{ "lru percpu", BPF_MAP_TYPE_LRU_PERCPU_HASH, 4, 12, 4096, 0, true,
	  true },
	{ "lpm", BPF_MAP_TYPE_LPM_TRIE, 6, 8, 12, BPF_F_NO_PREALLOC, false,
	  false },
	{ "queue", BPF_MAP_TYPE_QUEUE, 0, 8, 5, 0, false, false },
	{ "stack", BPF_MAP_TYPE_STACK, 0, 8, 5, 0, false, false },
	{ "bloom", BPF_MAP_TYPE_BLOOM_FILTER, 0, 8, 200000, 0, false, false },
	{ "ringbuf", BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0, false, false },
	{ "prog array", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0, false, false },
	{ "array of maps", BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 4, 0, false,
	  false },
	{ "hash of maps", BPF_MAP_TYPE_HASH_OF_MAPS, 4, 4, 4, 0, true, false },
	{ "storage", BPF_MAP_TYPE_CGROUP_STORAGE, 8, 8, 0, 0, false, false },
};

static struct cgbpf_task *task;
static u64 state;
static unsigned int differences;
static u32 cpus;

static u32 pick(u32 n)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(state >> 33) % n;
}

struct side {
	struct cgbpf_task *task;
	int fd, inner;
	u8 value[MAX_VALUE], keys[MAX_BATCH * 8], values[MAX_BATCH * MAX_VALUE];
	u8 next[8];
	u32 count;
	int ret;
};

/* Values are fds on the way in: the inner map's, which prog arrays refuse. */
static bool takes_fds(const struct shape *shape)
{
	return shape->type == BPF_MAP_TYPE_PROG_ARRAY ||
	       shape->type == BPF_MAP_TYPE_ARRAY_OF_MAPS ||
	       shape->type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

static bool holds_maps(const struct shape *shape)
{
	return shape->type == BPF_MAP_TYPE_ARRAY_OF_MAPS ||
	       shape->type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

static void side_open(struct side *side, struct cgbpf_task *t,
		      const struct shape *shape)
{
	side->task = t;
	side->inner = world_map(t, BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0);
	if (holds_maps(shape))
		side->fd = world_outer(t, shape->type, shape->max_entries,
				       side->inner);
	else
		side->fd = world_map(t, shape->type, shape->key_size,
				     shape->value_size, shape->max_entries,
				     shape->flags);
}

static void side_close(struct side *side)
{
	world_close(side->task, side->inner);
	if (side->fd >= 0)
		world_close(side->task, side->fd);
}

static u32 user_size(const struct shape *shape)
{
	switch (shape->type) {
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
		return round_up(shape->value_size, 8) * cpus;
	default:
		return shape->value_size;
	}
}

static void pick_key(const struct shape *shape, u8 key[8])
{
	static const u8 bytes[] = { 0, 0x80, 0xc0, 0xff };
	u32 n = pick(12);

	memset(key, 0, 8);
	if (shape->type != BPF_MAP_TYPE_LPM_TRIE) {
		memcpy(key, &n, 4);
		return;
	}
	n = pick(19); /* two bits too many, now and then */
	memcpy(key, &n, 4);
	key[4] = bytes[pick(4)];
	key[5] = bytes[pick(4)];
}

struct step {
	int cmd;
	bool no_key;
	u64 flags;
	u8 key[8], value[MAX_VALUE], keys[MAX_BATCH * 8];
	u8 values[MAX_BATCH * MAX_VALUE];
	u32 count;
};

static void pick_step(const struct shape *shape, struct step *step)
{
	static const int cmds[] = {
		BPF_MAP_UPDATE_ELEM,
		BPF_MAP_UPDATE_ELEM,
		BPF_MAP_UPDATE_ELEM,
		BPF_MAP_LOOKUP_ELEM,
		BPF_MAP_DELETE_ELEM,
		BPF_MAP_GET_NEXT_KEY,
		BPF_MAP_LOOKUP_AND_DELETE_ELEM,
		BPF_MAP_UPDATE_BATCH,
		BPF_MAP_DELETE_BATCH,
		BPF_MAP_LOOKUP_BATCH,
	};
	static const u64 flags[] = { 0, 0, 0, 0, 1, 2, 3, 4, 5, 8 };

	memset(step, 0, sizeof(*step));
	step->cmd = cmds[pick(ARRAY_SIZE(cmds))];
	step->no_key = pick(8) ? !shape->key_size : pick(2);
	if (step->cmd == BPF_MAP_UPDATE_ELEM || !pick(16))
		step->flags = flags[pick(ARRAY_SIZE(flags))];
	pick_key(shape, step->key);
	step->count = pick(MAX_BATCH);
	for (u32 i = 0; i < sizeof(step->value); i++)
		step->value[i] = (u8)pick(4);
	for (u32 i = 0; i < MAX_BATCH && shape->key_size; i++)
		pick_key(shape, step->keys + i * shape->key_size);
	for (u32 i = 0; i < sizeof(step->values); i++)
		step->values[i] = (u8)pick(256);
}

static void run_batch(const struct shape *shape, const struct step *step,
		      struct side *side)
{
	bool reads = step->cmd == BPF_MAP_LOOKUP_BATCH;

	/* whole maps only, where the order is the type's own */
	side->count = reads ? MAX_BATCH : step->count;
	memset(side->values, 0, sizeof(side->values));
	if (!reads) {
		memcpy(side->keys, step->keys, sizeof(side->keys));
		memcpy(side->values, step->values, sizeof(side->values));
		if (takes_fds(shape))
			for (u32 i = 0; i < MAX_BATCH; i++)
				memcpy(side->values + i * 4, &side->inner, 4);
	}
	side->ret = world_batch(side->task, step->cmd, side->fd, NULL,
				side->next, side->keys, side->values,
				&side->count);
}

static void run_step(const struct shape *shape, const struct step *step,
		     struct side *side)
{
	const void *key = step->no_key ? NULL : step->key;

	memset(side->next, 0, sizeof(side->next));
	memcpy(side->value, step->value, sizeof(side->value));
	side->count = 0;
	switch (step->cmd) {
	case BPF_MAP_UPDATE_BATCH:
	case BPF_MAP_DELETE_BATCH:
	case BPF_MAP_LOOKUP_BATCH:
		run_batch(shape, step, side);
		return;
	case BPF_MAP_GET_NEXT_KEY:
		side->ret = world_next(side->task, side->fd, key, side->next);
		return;
	case BPF_MAP_DELETE_ELEM:
		side->ret = world_delete(side->task, side->fd, key);
		return;
	default:
		if (step->cmd == BPF_MAP_UPDATE_ELEM && takes_fds(shape))
			memcpy(side->value, &side->inner, 4);
		side->ret = world_elem(side->task, step->cmd, side->fd, key,
				       side->value, step->flags);
	}
}

static void differ(const struct shape *shape, const struct step *step, u32 nr,
		   const char *what, const struct side *a, const struct side *b)
{
	differences++;
	fprintf(stderr,
		"%s step %u: cmd %d flags %llu: %s differs: kernel %d/%u, here "
		"%d/%u\n",
		shape->name, nr, step->cmd, (unsigned long long)step->flags,
		what, a->ret, a->count, b->ret, b->count);
}

/* KB-6: between two CPUs' values the kernel has what it copied too much. */
static bool values_equal(const struct shape *shape, const u8 *a, const u8 *b,
			 u32 nr)
{
	u32 step = user_size(shape) == shape->value_size
			   ? shape->value_size
			   : round_up(shape->value_size, 8);
	u32 parts = step ? nr * user_size(shape) / step : 0;

	for (u32 i = 0; i < parts; i++)
		if (memcmp(a + i * step, b + i * step, shape->value_size))
			return false;
	return true;
}

/* Values read by fd are ids, which differ. */
static void compare(const struct shape *shape, const struct step *step, u32 nr,
		    const struct side *a, const struct side *b)
{
	bool any = shape->any_order;

	if (step->cmd == BPF_MAP_GET_NEXT_KEY && any && !step->no_key)
		return; /* which key is the last one is the order's matter */
	if (a->ret != b->ret)
		differ(shape, step, nr, "result", a, b);
	else if (a->count != b->count)
		differ(shape, step, nr, "count", a, b);
	else if (step->cmd == BPF_MAP_GET_NEXT_KEY && !any &&
		 memcmp(a->next, b->next, sizeof(a->next)))
		differ(shape, step, nr, "next key", a, b);
	else if (!takes_fds(shape) && step->cmd != BPF_MAP_GET_NEXT_KEY &&
		 !values_equal(shape, a->value, b->value, 1))
		differ(shape, step, nr, "value", a, b);
	else if (step->cmd == BPF_MAP_LOOKUP_BATCH && !a->ret && !any &&
		 (memcmp(a->keys, b->keys, a->count * shape->key_size) ||
		  !values_equal(shape, a->values, b->values, a->count)))
		differ(shape, step, nr, "batch", a, b);
}

/* Everything in the kernel's map is in ours, and as much. */
static void compare_all(const struct shape *shape, u32 nr, struct side *a,
			struct side *b)
{
	struct step step = { .cmd = BPF_MAP_GET_NEXT_KEY };
	u32 in_a = 0, in_b = 0;
	u8 key[8], next[8];
	void *from = NULL;

	while (!world_next(a->task, a->fd, from, next)) {
		in_a++;
		memcpy(key, next, sizeof(key));
		from = key;
		memset(a->value, 0, MAX_VALUE);
		memset(b->value, 0, MAX_VALUE);
		a->ret = world_lookup(a->task, a->fd, key, a->value);
		b->ret = world_lookup(b->task, b->fd, key, b->value);
		if (a->ret != b->ret ||
		    (!holds_maps(shape) &&
		     !values_equal(shape, a->value, b->value, 1)))
			differ(shape, &step, nr, "content", a, b);
	}
	for (from = NULL; !world_next(b->task, b->fd, from, next); in_b++) {
		memcpy(key, next, sizeof(key));
		from = key;
	}
	a->count = in_a;
	b->count = in_b;
	if (in_a != in_b)
		differ(shape, &step, nr, "number", a, b);
}

static int run_shape(const struct shape *shape, u32 steps)
{
	static struct side kernel, here;
	static struct step step;

	side_open(&kernel, NULL, shape);
	side_open(&here, task, shape);
	if (kernel.fd < 0 || here.fd < 0) {
		fprintf(stderr, "%s: kernel %d, here %d\n", shape->name,
			kernel.fd, here.fd);
		if (kernel.fd == -EPERM)
			return SKIP;
		differences++;
	}
	for (u32 i = 0; i < steps && differences < 20; i++) {
		pick_step(shape, &step);
		if (shape->evicts && i % 1000 == 999)
			continue;
		run_step(shape, &step, &kernel);
		run_step(shape, &step, &here);
		compare(shape, &step, i, &kernel, &here);
		if (i % 16 == 0)
			compare_all(shape, i, &kernel, &here);
	}
	side_close(&kernel);
	side_close(&here);
	return 0;
}

static u32 kernel_cpus(void)
{
	u32 nr = 0;
	char *line = NULL;
	size_t size = 0;
	FILE *f = fopen("/sys/devices/system/cpu/possible", "r");

	if (f && getline(&line, &size, f) > 0) {
		char *dash = strrchr(line, '-');

		nr = (u32)atoi(dash ? dash + 1 : line) + 1;
	}
	if (f)
		fclose(f);
	free(line);
	return nr;
}

int main(int argc, char **argv)
{
	u64 seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	u32 steps = argc > 2 ? (u32)atoi(argv[2]) : 3000;
	struct cgbpf_env_opts opts = { .size = sizeof(opts) };
	struct cgbpf_env *env;

	cpus = opts.cpus = kernel_cpus();
	if (!cpus || cpus * 16 > MAX_VALUE) {
		puts("skipped: CPUs unknown or too many");
		return SKIP;
	}
	if (cgbpf_env_new(&env, &opts))
		return 1;
	task = cgbpf_env_task(env);
	for (u32 i = 0; i < ARRAY_SIZE(shapes); i++) {
		state = seed * 1000003 + i;
		if (run_shape(&shapes[i], steps) == SKIP) {
			puts("skipped: bpf(2) is not allowed");
			cgbpf_env_free(env);
			return SKIP;
		}
	}
	cgbpf_env_free(env);
	printf("seed %llu: %zu map types, %u steps each, %u differences\n",
	       (unsigned long long)seed, ARRAY_SIZE(shapes), steps,
	       differences);
	return differences ? 1 : 0;
}
