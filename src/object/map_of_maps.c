/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ARRAY_OF_MAPS and HASH_OF_MAPS.
 *
 * The template (map->inner_meta) is made from the inner_map_fd given at
 * creation: a bare struct map that says what programs may expect of any inner
 * map.  It holds no elements, has no id, and nobody but the outer map.
 */
#include "base/alloc.h"
#include "object/map_fd_array.h"
#include "object/map_htab.h"
#include "object/task.h"

/* ----------------------------------------------------------------- template */

static void meta_free(struct map *meta)
{
	if (!meta)
		return;
	if (meta->btf)
		object_put(&meta->btf->obj);
	mem_free(meta);
}

static int meta_new(struct map **out, struct cgbpf_task *task, u32 fd)
{
	struct map *inner, *meta;
	int err;

	err = map_get_by_fd(task, (int)fd, &inner, NULL);
	if (err)
		return err;
	err = -EINVAL;
	if (inner->inner_meta) /* one level only */
		goto put;
	err = -ENOTSUPP;
	if (inner->ops->no_inner)
		goto put;
	err = -ENOMEM;
	meta = mem_zalloc(sizeof(*meta));
	if (!meta)
		goto put;
	meta->obj.env = inner->obj.env;
	meta->ops = inner->ops;
	meta->type = inner->type;
	meta->key_size = inner->key_size;
	meta->value_size = inner->value_size;
	meta->max_entries = inner->max_entries;
	meta->flags = inner->flags;
	meta->fields = inner->fields;
	meta->spin_lock_off = inner->spin_lock_off;
	meta->timer_off = inner->timer_off;
	meta->btf = inner->btf;
	meta->btf_key_type_id = inner->btf_key_type_id;
	meta->btf_value_type_id = inner->btf_value_type_id;
	if (meta->btf)
		object_get(&meta->btf->obj);
	*out = meta;
	err = 0;
put:
	map_put(inner);
	return err;
}

static int inner_get(struct map *map, struct cgbpf_task *task, int fd,
		     void **object)
{
	const struct map *meta = map->inner_meta;
	bool (*equal)(const struct map *, const struct map *) =
		meta->ops->meta_equal ? meta->ops->meta_equal : map_meta_equal;
	struct map *inner;
	int err;

	err = map_get_by_fd(task, fd, &inner, NULL);
	if (err)
		return err;
	if (!equal(meta, inner)) {
		map_put(inner);
		return -EINVAL;
	}
	*object = inner;
	return 0;
}

static void inner_put(struct map *map, void *object)
{
	(void)map;
	map_put(object);
}

static u32 inner_id(const void *object)
{
	return ((const struct map *)object)->obj.id;
}

/* -------------------------------------------------------------- ARRAY_OF_MAPS */

static const struct fd_array_kind array_of_maps_kind = {
	.get = inner_get,
	.put = inner_put,
	.id = inner_id,
};

static int array_of_maps_alloc(struct map **out, struct cgbpf_env *env,
			       const struct attr_map_create *attr,
			       struct cgbpf_task *task)
{
	struct map *meta;
	int err;

	err = meta_new(&meta, task, attr->inner_map_fd);
	if (err)
		return err;
	err = fd_array_alloc(out, env, attr, sizeof(struct fd_array),
			     &array_of_maps_kind);
	if (err)
		meta_free(meta);
	else
		(*out)->inner_meta = meta;
	return err;
}

static void array_of_maps_free(struct map *map)
{
	meta_free(map->inner_meta);
	fd_array_free(map);
}

static void *array_of_maps_lookup(struct map *map, const void *key, u32 cpu)
{
	u32 index;

	(void)cpu;
	__builtin_memcpy(&index, key, sizeof(index));
	return fd_array_at(map, index);
}

const struct map_ops map_array_of_maps_ops = {
	.name = "array_of_maps",
	.alloc_check = fd_array_alloc_check,
	.alloc = array_of_maps_alloc,
	.free = array_of_maps_free,
	.check_btf = fd_array_no_btf,
	.lookup = array_of_maps_lookup,
	.remove = fd_array_remove,
	.next_key = map_array_next_key,
	.read = fd_array_read,
	.write = fd_array_write,
	.batch = MAP_BATCH_LOOKUP | MAP_BATCH_UPDATE,
	.no_inner = true,
	.mem_usage = fd_array_mem_usage,
};

/* --------------------------------------------------------------- HASH_OF_MAPS */

static int hash_of_maps_alloc_check(struct cgbpf_env *env,
				    const struct attr_map_create *attr)
{
	if (attr->value_size != sizeof(u32))
		return -EINVAL;
	return htab_alloc_check(env, attr);
}

static int hash_of_maps_alloc(struct map **out, struct cgbpf_env *env,
			      const struct attr_map_create *attr,
			      struct cgbpf_task *task)
{
	struct map *meta;
	int err;

	err = meta_new(&meta, task, attr->inner_map_fd);
	if (err)
		return err;
	err = htab_alloc(out, env, attr, task);
	if (err)
		meta_free(meta);
	else
		(*out)->inner_meta = meta;
	return err;
}

static void hash_of_maps_free(struct map *map)
{
	meta_free(map->inner_meta);
	htab_free(map);
}

static void *hash_of_maps_lookup(struct map *map, const void *key, u32 cpu)
{
	struct htab_elem *elem = htab_find(to_htab(map), key);

	(void)cpu;
	return elem ? *(struct map **)htab_value(to_htab(map), elem) : NULL;
}

static int hash_of_maps_write(struct map *map, struct cgbpf_task *task,
			      const void *key, const void *value, u64 flags)
{
	void *inner;
	int fd, err;

	__builtin_memcpy(&fd, value, sizeof(fd));
	err = inner_get(map, task, fd, &inner);
	if (err)
		return err;
	err = htab_update(to_htab(map), key, &inner, flags, 0, true);
	if (err)
		map_put(inner);
	return err;
}

const struct map_ops map_hash_of_maps_ops = {
	.name = "hash_of_maps",
	.alloc_check = hash_of_maps_alloc_check,
	.alloc = hash_of_maps_alloc,
	.free = hash_of_maps_free,
	.check_btf = fd_array_no_btf,
	.lookup = hash_of_maps_lookup,
	.remove = htab_remove,
	.next_key = htab_next_key,
	.read = htab_read,
	.write = hash_of_maps_write,
	.batch = MAP_BATCH_LOOKUP | MAP_BATCH_LOOKUP_DELETE | MAP_BATCH_UPDATE |
		 MAP_BATCH_DELETE,
	.nr_buckets = htab_nr_buckets,
	.read_bucket = htab_read_bucket,
	.no_inner = true,
	.mem_usage = htab_mem_usage,
};
