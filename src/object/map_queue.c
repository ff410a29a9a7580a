/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QUEUE and STACK: values without keys, in a ring of slots under one lock.
 *
 * A queue gives its oldest value, a stack its youngest.  A full one takes
 * another value with BPF_EXIST only, which drops the oldest.
 */
#include "object/map_types.h"

#include <limits.h>
#include <string.h>

#include "base/alloc.h"

#define QUEUE_MAX_VALUE (4u << 20)

struct map_queue {
	struct map map;
	u32 lock;
	u32 oldest, nr;
	u8 *values;
};

static struct map_queue *to_queue(struct map *map)
{
	return container_of(map, struct map_queue, map);
}

static int queue_alloc_check(struct cgbpf_env *env,
			     const struct attr_map_create *attr)
{
	(void)env;
	if (!attr->max_entries || attr->key_size || !attr->value_size ||
	    attr->map_flags & ~(BPF_F_NUMA_NODE | MAP_ACCESS_FLAGS) ||
	    !map_access_ok(attr->map_flags))
		return -EINVAL;
	return attr->value_size > QUEUE_MAX_VALUE ? -E2BIG : 0;
}

static int queue_alloc(struct map **out, struct cgbpf_env *env,
		       const struct attr_map_create *attr,
		       struct cgbpf_task *task)
{
	struct map_queue *queue = mem_zalloc(sizeof(*queue));

	(void)task;
	if (!queue)
		return -ENOMEM;
	map_init(&queue->map, env, attr);
	queue->values = mem_calloc(attr->max_entries, attr->value_size);
	if (!queue->values) {
		map_abort(&queue->map);
		mem_free(queue);
		return -ENOMEM;
	}
	*out = &queue->map;
	return 0;
}

static void queue_free(struct map *map)
{
	mem_free(to_queue(map)->values);
	mem_free(to_queue(map));
}

/* The slot of the value that is @age values younger than the oldest. */
static u8 *queue_slot(struct map_queue *queue, u32 age)
{
	u64 slot = ((u64)queue->oldest + age) % queue->map.max_entries;

	return queue->values + slot * queue->map.value_size;
}

static void drop_oldest(struct map_queue *queue)
{
	queue->oldest = (queue->oldest + 1) % queue->map.max_entries;
	queue->nr--;
}

static int queue_push(struct map *map, const void *value, u64 flags)
{
	struct map_queue *queue = to_queue(map);
	int err = 0;

	if (flags != BPF_ANY && flags != BPF_EXIST)
		return -EINVAL;
	spin_lock(&queue->lock);
	if (queue->nr == map->max_entries) {
		if (flags == BPF_EXIST)
			drop_oldest(queue);
		else
			err = -E2BIG;
	}
	if (!err)
		memcpy(queue_slot(queue, queue->nr++), value, map->value_size);
	spin_unlock(&queue->lock);
	return err;
}

static int queue_take(struct map *map, void *value, bool remove)
{
	struct map_queue *queue = to_queue(map);
	bool youngest = map->type == BPF_MAP_TYPE_STACK;
	int err = 0;

	spin_lock(&queue->lock);
	if (!queue->nr) {
		memset(value, 0, map->value_size);
		err = -ENOENT;
	} else {
		memcpy(value, queue_slot(queue, youngest ? queue->nr - 1 : 0),
		       map->value_size);
		if (remove && youngest)
			queue->nr--;
		else if (remove)
			drop_oldest(queue);
	}
	spin_unlock(&queue->lock);
	return err;
}

static int queue_pop(struct map *map, void *value)
{
	return queue_take(map, value, true);
}

static int queue_peek(struct map *map, void *value)
{
	return queue_take(map, value, false);
}

static int queue_read(struct map *map, const void *key, void *value, u64 flags)
{
	(void)key;
	(void)flags;
	return queue_take(map, value, false);
}

static int queue_write(struct map *map, struct cgbpf_task *task,
		       const void *key, const void *value, u64 flags)
{
	(void)task;
	(void)key;
	return queue_push(map, value, flags);
}

static int queue_read_and_remove(struct map *map, const void *key, void *value,
				 u64 flags)
{
	(void)key;
	(void)flags;
	return queue_take(map, value, true);
}

static int queue_remove(struct map *map, const void *key)
{
	(void)map;
	(void)key;
	return -EINVAL;
}

static int queue_next_key(struct map *map, const void *key, void *next)
{
	(void)map;
	(void)key;
	(void)next;
	return -EINVAL;
}

static u64 queue_mem_usage(const struct map *map)
{
	return sizeof(struct map_queue) +
	       (u64)map->max_entries * map->value_size;
}

const struct map_ops map_queue_ops = {
	.name = "queue",
	.alloc_check = queue_alloc_check,
	.alloc = queue_alloc,
	.free = queue_free,
	.remove = queue_remove,
	.push = queue_push,
	.pop = queue_pop,
	.peek = queue_peek,
	.next_key = queue_next_key,
	.read = queue_read,
	.write = queue_write,
	.read_and_remove = queue_read_and_remove,
	.mem_usage = queue_mem_usage,
};

const struct map_ops map_stack_ops = {
	.name = "stack",
	.alloc_check = queue_alloc_check,
	.alloc = queue_alloc,
	.free = queue_free,
	.remove = queue_remove,
	.push = queue_push,
	.pop = queue_pop,
	.peek = queue_peek,
	.next_key = queue_next_key,
	.read = queue_read,
	.write = queue_write,
	.read_and_remove = queue_read_and_remove,
	.mem_usage = queue_mem_usage,
};
