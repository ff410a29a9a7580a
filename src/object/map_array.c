/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ARRAY and PERCPU_ARRAY: all elements are there from the start, zeroed, and
 * never go.  Keys are u32 indices.
 *
 * ARRAY values are 8 byte aligned, side by side.  PERCPU_ARRAY has for each
 * index the values of all CPUs side by side, cpu_stride() apart.
 */
#include "object/map_types.h"

#include <limits.h>

#include "base/alloc.h"

struct map_array {
	struct map map;
	u8 *values;
	size_t elem_size;
	size_t mapped; /* bytes of values that are whole pages, or 0 */
};

static struct map_array *to_array(const struct map *map)
{
	return container_of(map, struct map_array, map);
}

static u32 key_index(const void *key)
{
	u32 index;

	__builtin_memcpy(&index, key, sizeof(index));
	return index;
}

static void *array_elem(const struct map *map, u32 index)
{
	const struct map_array *array = to_array(map);

	return array->values + array->elem_size * index;
}

static int array_alloc_check(struct cgbpf_env *env,
			     const struct attr_map_create *attr)
{
	const u32 inner = BPF_F_MMAPABLE | BPF_F_INNER_MAP;
	bool percpu = attr->map_type == BPF_MAP_TYPE_PERCPU_ARRAY;

	(void)env;
	if (!attr->max_entries || attr->key_size != 4 || !attr->value_size ||
	    attr->map_flags & ~(BPF_F_NUMA_NODE | inner | MAP_ACCESS_FLAGS) ||
	    !map_access_ok(attr->map_flags))
		return -EINVAL;
	if (percpu && (map_wants_node(attr) || attr->map_flags & inner))
		return -EINVAL;
	if (attr->value_size > INT_MAX)
		return -E2BIG;
	if (percpu && attr->value_size > MAP_MAX_PERCPU_VALUE)
		return -E2BIG;
	return 0;
}

static int array_alloc(struct map **out, struct cgbpf_env *env,
		       const struct attr_map_create *attr,
		       struct cgbpf_task *task)
{
	struct map_array *array = mem_zalloc(sizeof(*array));
	size_t total;

	(void)task;
	if (!array)
		return -ENOMEM;
	map_init(&array->map, env, attr);
	if (map_is_percpu(&array->map))
		array->elem_size = cpu_stride(&array->map) * env->nr_cpus;
	else
		array->elem_size = round_up((size_t)attr->value_size, 8);
	if (__builtin_mul_overflow(array->elem_size, (size_t)attr->max_entries,
				   &total) ||
	    total > SSIZE_MAX)
		goto no_memory;
	if (attr->map_flags & BPF_F_MMAPABLE) {
		array->mapped = round_up(total, PAGE_SIZE);
		array->values = mem_map(array->mapped);
	} else {
		array->values = mem_calloc(attr->max_entries, array->elem_size);
	}
	if (!array->values)
		goto no_memory;
	*out = &array->map;
	return 0;

no_memory:
	map_abort(&array->map);
	mem_free(array);
	return -ENOMEM;
}

static void array_free(struct map *map)
{
	struct map_array *array = to_array(map);

	if (array->mapped)
		mem_unmap(array->values, array->mapped);
	else
		mem_free(array->values);
	mem_free(array);
}

static int array_check_btf(const struct map *map, const struct btf *btf,
			   u32 key_id, u32 value_id)
{
	const struct btf_type *value;

	if (key_id)
		return btf_is_reg_int(btf, key_id, 32) ? 0 : -EINVAL;
	/* .bss, .data and .rodata have no key */
	if (map->type != BPF_MAP_TYPE_ARRAY || map->max_entries != 1)
		return -EINVAL;
	value = btf_type_by_id(btf, value_id);
	return BTF_INFO_KIND(value->info) == BTF_KIND_DATASEC ? 0 : -EINVAL;
}

static void *array_lookup(struct map *map, const void *key, u32 cpu)
{
	u32 index = key_index(key);

	(void)cpu;
	return index < map->max_entries ? array_elem(map, index) : NULL;
}

static void *percpu_array_lookup(struct map *map, const void *key, u32 cpu)
{
	u32 index = key_index(key);

	if (index >= map->max_entries)
		return NULL;
	return (u8 *)array_elem(map, index) + cpu * cpu_stride(map);
}

static int array_update_check(const struct map *map, u32 index, u64 flags)
{
	if ((flags & ~(u64)BPF_F_LOCK) > BPF_EXIST)
		return -EINVAL;
	if (index >= map->max_entries)
		return -E2BIG;
	if (flags & BPF_NOEXIST)
		return -EEXIST;
	if (flags & BPF_F_LOCK && map->spin_lock_off < 0)
		return -EINVAL;
	return 0;
}

static int array_update(struct map *map, const void *key, const void *value,
			u64 flags, u32 cpu)
{
	u32 index = key_index(key);
	int err = array_update_check(map, index, flags);

	(void)cpu;
	if (err)
		return err;
	if (flags & BPF_F_LOCK)
		map_copy_value_locked(map, array_elem(map, index), value,
				      false);
	else
		map_copy_value(map, array_elem(map, index), value);
	return 0;
}

static int percpu_array_update(struct map *map, const void *key,
			       const void *value, u64 flags, u32 cpu)
{
	int err = array_update_check(map, key_index(key), flags);

	if (err)
		return err;
	map_copy_value(map, percpu_array_lookup(map, key, cpu), value);
	return 0;
}

static int array_remove(struct map *map, const void *key)
{
	(void)map;
	(void)key;
	return -EINVAL;
}

static long array_for_each(struct map *map, u32 cpu,
			   long (*each)(void *data, struct map *map,
					const void *key, void *value),
			   void *data)
{
	size_t offset = map_is_percpu(map) ? cpu * cpu_stride(map) : 0;
	u32 i;

	for (i = 0; i < map->max_entries; i++) {
		u32 key = i;

		if (each(data, map, &key, (u8 *)array_elem(map, i) + offset))
			return (long)i + 1;
	}
	return i;
}

int map_array_next_key(struct map *map, const void *key, void *next)
{
	u32 index = key ? key_index(key) : ~0u;

	if (index >= map->max_entries)
		index = 0;
	else if (index == map->max_entries - 1)
		return -ENOENT;
	else
		index++;
	__builtin_memcpy(next, &index, sizeof(index));
	return 0;
}

static int array_read(struct map *map, const void *key, void *value, u64 flags)
{
	void *elem = array_lookup(map, key, 0);

	if (!elem)
		return -ENOENT;
	if (flags & BPF_F_LOCK)
		map_copy_value_locked(map, value, elem, true);
	else
		map_copy_value(map, value, elem);
	return 0;
}

static int array_write(struct map *map, struct cgbpf_task *task,
		       const void *key, const void *value, u64 flags)
{
	(void)task;
	return array_update(map, key, value, flags, 0);
}

static int percpu_array_read(struct map *map, const void *key, void *value,
			     u64 flags)
{
	void *elem = array_lookup(map, key, 0);

	(void)flags;
	if (!elem)
		return -ENOENT;
	map_percpu_read(map, value, elem);
	return 0;
}

static int percpu_array_write(struct map *map, struct cgbpf_task *task,
			      const void *key, const void *value, u64 flags)
{
	u32 index = key_index(key);
	int err;

	(void)task;
	if (flags > BPF_EXIST)
		return -EINVAL;
	err = array_update_check(map, index, flags);
	if (err)
		return err;
	map_percpu_write(map, array_elem(map, index), value);
	return 0;
}

static void *array_mmap(struct map *map, size_t *size)
{
	struct map_array *array = to_array(map);

	if (!array->mapped)
		return NULL;
	*size = array->mapped;
	return array->values;
}

static int array_direct_value(const struct map *map, u32 off, void **addr)
{
	if (map->max_entries != 1)
		return -ENOTSUPP;
	if (off >= map->value_size)
		return -EINVAL;
	*addr = to_array(map)->values + off;
	return 0;
}

static bool array_meta_equal(const struct map *meta, const struct map *inner)
{
	if (!map_meta_equal(meta, inner))
		return false;
	/* programs index the template's length unless told not to */
	return meta->flags & BPF_F_INNER_MAP ||
	       meta->max_entries == inner->max_entries;
}

static u64 array_mem_usage(const struct map *map)
{
	return sizeof(struct map_array) +
	       to_array(map)->elem_size * (u64)map->max_entries;
}

const struct map_ops map_array_ops = {
	.name = "array",
	.alloc_check = array_alloc_check,
	.alloc = array_alloc,
	.free = array_free,
	.check_btf = array_check_btf,
	.lookup = array_lookup,
	.update = array_update,
	.remove = array_remove,
	.for_each = array_for_each,
	.next_key = map_array_next_key,
	.read = array_read,
	.write = array_write,
	.batch = MAP_BATCH_LOOKUP | MAP_BATCH_UPDATE,
	.mmap = array_mmap,
	.direct_value = array_direct_value,
	.meta_equal = array_meta_equal,
	.mem_usage = array_mem_usage,
};

const struct map_ops map_percpu_array_ops = {
	.name = "percpu_array",
	.alloc_check = array_alloc_check,
	.alloc = array_alloc,
	.free = array_free,
	.check_btf = array_check_btf,
	.lookup = percpu_array_lookup,
	.update = percpu_array_update,
	.remove = array_remove,
	.for_each = array_for_each,
	.next_key = map_array_next_key,
	.read = percpu_array_read,
	.write = percpu_array_write,
	.batch = MAP_BATCH_LOOKUP | MAP_BATCH_UPDATE,
	.mem_usage = array_mem_usage,
};
