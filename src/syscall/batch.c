/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Map commands on many elements.
 *
 * 1. attr.count is written back: how many elements were done, whole ones only,
 *    also when the call fails halfway; not when it fails before it starts.
 * 2. Types made of buckets hand out whole buckets; the token is the number of
 *    the next bucket.  The other types go key by key; the token is the last
 *    key handed out.
 */
#include "syscall/syscall.h"

#include <string.h>

#include "base/alloc.h"
#include "syscall/map.h"

static int put_count(struct call *call, u32 count)
{
	return CALL_PUT(call, map_batch.count, count);
}

static int batch_flags_check(const struct map *map,
			     const struct attr_map_batch *attr)
{
	if (attr->elem_flags & ~(u64)BPF_F_LOCK)
		return -EINVAL;
	return elem_flags_check(map, attr->elem_flags);
}

static int batch_alloc(struct elem_call *elem)
{
	elem->value_size = map_user_value_size(elem->map);
	elem->key = mem_zalloc(elem->map->key_size);
	elem->value = mem_zalloc(elem->value_size);
	return elem->key && elem->value ? 0 : -ENOMEM;
}

/* ------------------------------------------------------- update and delete */

static int batch_in(struct elem_call *elem, const struct attr_map_batch *attr,
		    u32 i, bool values)
{
	size_t key_size = elem->map->key_size;
	int err;

	err = task_copy_in(elem->task, elem->key, attr->keys + i * key_size,
			   key_size);
	if (err || !values)
		return err;
	return task_copy_in(elem->task, elem->value,
			    attr->values + i * elem->value_size,
			    elem->value_size);
}

static int batch_update_one(struct elem_call *elem,
			    const struct attr_map_batch *attr, u32 i)
{
	int err = batch_in(elem, attr, i, true);

	if (err)
		return err;
	return map_write_elem(elem->map, elem->task, elem->key, elem->value,
			      attr->elem_flags);
}

static int batch_delete_one(struct elem_call *elem,
			    const struct attr_map_batch *attr, u32 i)
{
	int err = batch_in(elem, attr, i, false);

	return err ? err : map_remove_elem(elem->map, elem->key);
}

static int batch_change(struct call *call, struct elem_call *elem,
			int (*one)(struct elem_call *elem,
				   const struct attr_map_batch *attr, u32 i))
{
	const struct attr_map_batch *attr = &call->attr.map_batch;
	u32 done;
	int err;

	err = batch_flags_check(elem->map, attr);
	if (err || !attr->count)
		return err;
	err = batch_alloc(elem);
	if (err)
		return err;
	for (done = 0; done < attr->count; done++) {
		err = one(elem, attr, done);
		if (err)
			break;
	}
	if (put_count(call, done))
		return -EFAULT;
	return err;
}

/* ------------------------------------------------------- lookup, key by key */

struct batch_walk {
	void *prev; /* the last key looked at, or where to start */
	bool started;
	u32 done;
};

/* Writes element walk->done of the caller's arrays. */
static int walk_out(struct elem_call *elem, const struct attr_map_batch *attr,
		    u32 i)
{
	size_t key_size = elem->map->key_size;
	int err;

	err = task_copy_out(elem->task, attr->keys + i * key_size, elem->key,
			    key_size);
	if (err)
		return err;
	return task_copy_out(elem->task, attr->values + i * elem->value_size,
			     elem->value, elem->value_size);
}

/* -ENOENT: all were seen.  Keys without a value are passed over. */
static int walk(struct elem_call *elem, const struct attr_map_batch *attr,
		struct batch_walk *walk)
{
	int err;

	while (walk->done < attr->count) {
		err = map_next_key(elem->map, walk->started ? walk->prev : NULL,
				   elem->key);
		if (err)
			return err;
		err = map_read_elem(elem->map, elem->key, elem->value,
				    attr->elem_flags);
		if (!err) {
			err = walk_out(elem, attr, walk->done);
			walk->done += !err;
		}
		if (err && err != -ENOENT)
			return -EFAULT;
		memcpy(walk->prev, elem->key, elem->map->key_size);
		walk->started = true;
	}
	return 0;
}

static int batch_lookup_keys(struct call *call, struct elem_call *elem,
			     struct batch_walk *at)
{
	const struct attr_map_batch *attr = &call->attr.map_batch;
	u32 key_size = elem->map->key_size;
	int err;

	err = batch_alloc(elem);
	if (err)
		return err;
	if (attr->in_batch) {
		err = task_copy_in(elem->task, at->prev, attr->in_batch,
				   key_size);
		at->started = true;
	}
	if (!err)
		err = walk(elem, attr, at);
	if (err == -EFAULT)
		return err;
	if (put_count(call, at->done) ||
	    (at->done &&
	     task_copy_out(elem->task, attr->out_batch, at->prev, key_size)))
		return -EFAULT;
	return err;
}

/* ----------------------------------------------------- lookup, by buckets */

/* Whole buckets to the caller's arrays, until they are full or -ENOENT. */
static int walk_buckets(struct elem_call *elem,
			const struct attr_map_batch *attr, bool remove,
			u32 *bucket, u32 *done)
{
	struct map *map = elem->map;
	size_t key_size = map->key_size, value_size = elem->value_size;
	int nr;

	for (; *bucket < map->ops->nr_buckets(map); (*bucket)++) {
		rcu_read_lock();
		nr = map->ops->read_bucket(map, *bucket, attr->count - *done,
					   attr->elem_flags, remove, &elem->key,
					   &elem->value);
		rcu_read_unlock();
		if (nr == -ENOSPC && *done)
			return 0;
		if (nr < 0)
			return nr;
		if (task_copy_out(elem->task, attr->keys + *done * key_size,
				  elem->key, nr * key_size) ||
		    task_copy_out(elem->task, attr->values + *done * value_size,
				  elem->value, nr * value_size))
			return -EFAULT;
		*done += (u32)nr;
	}
	return -ENOENT;
}

static int batch_lookup_buckets(struct call *call, struct elem_call *elem,
				bool remove)
{
	const struct attr_map_batch *attr = &call->attr.map_batch;
	u32 bucket = 0, done = 0;
	int err;

	if (attr->in_batch &&
	    task_copy_in(elem->task, &bucket, attr->in_batch, sizeof(bucket)))
		return -EFAULT;
	if (bucket >= elem->map->ops->nr_buckets(elem->map))
		return -ENOENT;
	elem->value_size = map_user_value_size(elem->map);
	err = walk_buckets(elem, attr, remove, &bucket, &done);
	if (err == -EFAULT || err == -ENOMEM)
		return err;
	if (task_copy_out(elem->task, attr->out_batch, &bucket,
			  sizeof(bucket)) ||
	    put_count(call, done))
		return -EFAULT;
	return err;
}

static int batch_lookup(struct call *call, struct elem_call *elem, bool remove)
{
	const struct attr_map_batch *attr = &call->attr.map_batch;
	bool buckets = elem->map->ops->nr_buckets;
	struct batch_walk at = { 0 };
	int err;

	err = batch_flags_check(elem->map, attr);
	if (err)
		return err;
	if (buckets && attr->flags)
		return -EINVAL;
	if (!attr->count)
		return 0;
	if (put_count(call, 0))
		return -EFAULT;
	if (buckets)
		return batch_lookup_buckets(call, elem, remove);
	at.prev = mem_zalloc(elem->map->key_size);
	if (!at.prev)
		return -ENOMEM;
	err = batch_lookup_keys(call, elem, &at);
	mem_free(at.prev);
	return err;
}

/* --------------------------------------------------------------- commands */

static int batch_run(struct call *call, struct elem_call *elem, u32 command)
{
	if (!(elem->map->ops->batch & command))
		return -ENOTSUPP;
	switch (command) {
	case MAP_BATCH_LOOKUP:
		return batch_lookup(call, elem, false);
	case MAP_BATCH_LOOKUP_DELETE:
		return batch_lookup(call, elem, true);
	case MAP_BATCH_UPDATE:
		return batch_change(call, elem, batch_update_one);
	default:
		return batch_change(call, elem, batch_delete_one);
	}
}

static int batch_command(struct call *call, u32 command, u32 mode)
{
	struct elem_call elem;
	int err;

	err = elem_call_begin(&elem, call->task, call->attr.map_batch.map_fd,
			      mode);
	if (err)
		return err;
	err = batch_run(call, &elem, command);
	if (mode & FILE_WRITE)
		map_wait_programs(elem.map);
	elem_call_end(&elem);
	return err;
}

int sys_map_lookup_batch(struct call *call)
{
	return batch_command(call, MAP_BATCH_LOOKUP, FILE_READ);
}

int sys_map_lookup_and_delete_batch(struct call *call)
{
	return batch_command(call, MAP_BATCH_LOOKUP_DELETE,
			     FILE_READ | FILE_WRITE);
}

int sys_map_update_batch(struct call *call)
{
	return batch_command(call, MAP_BATCH_UPDATE, FILE_WRITE);
}

int sys_map_delete_batch(struct call *call)
{
	return batch_command(call, MAP_BATCH_DELETE, FILE_WRITE);
}
