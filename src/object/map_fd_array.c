/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the arrays of objects share.  An index is changed by one atomic
 * exchange; whoever takes an object out drops the array's reference on it.  The
 * objects themselves end after a grace period, so that a program may go on
 * with what it found.
 */
#include "object/map_fd_array.h"

#include <string.h>

#include "base/alloc.h"
#include "object/task.h"

static struct fd_array *to_fd_array(const struct map *map)
{
	return container_of(map, struct fd_array, map);
}

static u32 key_index(const void *key)
{
	u32 index;

	memcpy(&index, key, sizeof(index));
	return index;
}

int fd_array_alloc_check(struct cgbpf_env *env,
			 const struct attr_map_create *attr)
{
	const u32 flags = BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY;

	(void)env;
	if (attr->value_size != sizeof(u32) || attr->key_size != sizeof(u32) ||
	    !attr->max_entries || attr->map_flags & ~flags)
		return -EINVAL;
	return 0;
}

int fd_array_alloc(struct map **out, struct cgbpf_env *env,
		   const struct attr_map_create *attr, size_t size,
		   const struct fd_array_kind *kind)
{
	struct fd_array *array = mem_zalloc(size);

	if (!array)
		return -ENOMEM;
	map_init(&array->map, env, attr);
	array->kind = kind;
	array->objects = mem_calloc(attr->max_entries, sizeof(void *));
	if (!array->objects) {
		map_abort(&array->map);
		mem_free(array);
		return -ENOMEM;
	}
	*out = &array->map;
	return 0;
}

static void *fd_array_swap(struct fd_array *array, u32 index, void *object)
{
	return __atomic_exchange_n(&array->objects[index], object,
				   __ATOMIC_ACQ_REL);
}

void fd_array_clear(struct map *map)
{
	struct fd_array *array = to_fd_array(map);

	for (u32 i = 0; i < map->max_entries; i++) {
		void *object;

		/* most are empty, in pages that were never touched */
		if (!__atomic_load_n(&array->objects[i], __ATOMIC_RELAXED))
			continue;
		object = fd_array_swap(array, i, NULL);
		if (object)
			array->kind->put(map, object);
	}
}

void fd_array_free(struct map *map)
{
	fd_array_clear(map);
	mem_free(to_fd_array(map)->objects);
	mem_free(to_fd_array(map));
}

int fd_array_read(struct map *map, const void *key, void *value, u64 flags)
{
	const struct fd_array *array = to_fd_array(map);
	void *object;
	u32 id;

	(void)flags;
	if (!array->kind->id)
		return -ENOTSUPP;
	object = fd_array_at(map, key_index(key));
	if (!object)
		return -ENOENT;
	id = array->kind->id(object);
	memcpy(value, &id, sizeof(id));
	return 0;
}

int fd_array_write(struct map *map, struct cgbpf_task *task, const void *key,
		   const void *value, u64 flags)
{
	struct fd_array *array = to_fd_array(map);
	u32 index = key_index(key);
	void *object;
	int fd, err;

	if (flags != BPF_ANY)
		return -EINVAL;
	if (index >= map->max_entries)
		return -E2BIG;
	memcpy(&fd, value, sizeof(fd));
	err = array->kind->get(map, task, fd, &object);
	if (err)
		return err;
	object = fd_array_swap(array, index, object);
	if (object)
		array->kind->put(map, object);
	return 0;
}

int fd_array_remove(struct map *map, const void *key)
{
	struct fd_array *array = to_fd_array(map);
	u32 index = key_index(key);
	void *object;

	if (index >= map->max_entries)
		return -E2BIG;
	object = fd_array_swap(array, index, NULL);
	if (!object)
		return -ENOENT;
	array->kind->put(map, object);
	return 0;
}

int fd_array_no_btf(const struct map *map, const struct btf *btf, u32 key_id,
		    u32 value_id)
{
	(void)map;
	(void)btf;
	(void)key_id;
	(void)value_id;
	return -ENOTSUPP;
}

u64 fd_array_mem_usage(const struct map *map)
{
	return sizeof(struct fd_array) + (u64)map->max_entries * sizeof(void *);
}
