/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Map commands on one element.  Keys and values are copied in whole before the
 * map is asked, and out whole after: the map's own operations see our memory
 * only, and a fault of the caller's changes nothing (but an element that
 * LOOKUP_AND_DELETE could not hand over is gone, as in the kernel).
 */
#include "syscall/syscall.h"

#include "base/alloc.h"
#include "object/map.h"
#include "syscall/map.h"

int sys_map_create(struct call *call)
{
	const struct attr_map_create *attr = &call->attr.map_create;
	struct map *map;
	int fd;

	fd = map_create(&map, call->task, attr);
	if (fd)
		return fd;
	fd = task_install(call->task, &map_file_ops, map,
			  (u32)map_file_mode(attr->map_flags));
	if (fd < 0) {
		map_user_put(map);
		map_put(map);
	}
	return fd;
}

/* ------------------------------------------------- one call on one element */

int elem_call_begin(struct elem_call *elem, struct cgbpf_task *task, u32 fd,
		    u32 mode)
{
	u32 has;
	int err;

	*elem = (struct elem_call){ .task = task };
	err = map_get_by_fd(task, (int)fd, &elem->map, &has);
	if (err)
		return err;
	if (mode & FILE_WRITE) {
		map_write_begin(elem->map);
		elem->writes = true;
		/* a freeze either sees this writer or is seen by it */
		if (__atomic_load_n(&elem->map->frozen, __ATOMIC_SEQ_CST))
			has &= ~FILE_WRITE;
	}
	if ((has & mode) != mode) {
		elem_call_end(elem);
		return -EPERM;
	}
	return 0;
}

void elem_call_end(struct elem_call *elem)
{
	mem_free(elem->key);
	mem_free(elem->value);
	if (elem->writes)
		map_write_end(elem->map);
	map_put(elem->map);
}

int elem_flags_check(const struct map *map, u64 flags)
{
	return flags & BPF_F_LOCK && map->spin_lock_off < 0 ? -EINVAL : 0;
}

/* A map without keys wants no key. */
static int elem_copy_key(struct elem_call *elem, u64 key)
{
	u32 size = elem->map->key_size;

	if (!size)
		return key ? -EINVAL : 0;
	elem->key = mem_alloc(size);
	if (!elem->key)
		return -ENOMEM;
	return task_copy_in(elem->task, elem->key, key, size);
}

static int elem_alloc_value(struct elem_call *elem)
{
	elem->value_size = map_user_value_size(elem->map);
	elem->value = mem_zalloc(elem->value_size);
	return elem->value ? 0 : -ENOMEM;
}

static int elem_copy_value(struct elem_call *elem, u64 value)
{
	int err = elem_alloc_value(elem);

	if (err)
		return err;
	return task_copy_in(elem->task, elem->value, value, elem->value_size);
}

static bool read_begin(const struct map *map)
{
	if (!map->ops->sleeps)
		rcu_read_lock();
	return !map->ops->sleeps;
}

static void read_end(bool locked)
{
	if (locked)
		rcu_read_unlock();
}

int map_read_elem(struct map *map, const void *key, void *value, u64 flags)
{
	bool locked;
	int err;

	if (!map->ops->read)
		return -ENOTSUPP;
	locked = read_begin(map);
	err = map->ops->read(map, key, value, flags);
	read_end(locked);
	return err;
}

int map_write_elem(struct map *map, struct cgbpf_task *task, const void *key,
		   const void *value, u64 flags)
{
	bool locked;
	int err;

	if (!map->ops->write)
		return -ENOTSUPP;
	locked = read_begin(map);
	err = map->ops->write(map, task, key, value, flags);
	read_end(locked);
	return err;
}

int map_remove_elem(struct map *map, const void *key)
{
	bool locked;
	int err;

	if (!map->ops->remove)
		return -ENOTSUPP;
	locked = read_begin(map);
	err = map->ops->remove(map, key);
	read_end(locked);
	return err;
}

int map_next_key(struct map *map, const void *key, void *next)
{
	int err;

	if (!map->ops->next_key)
		return -ENOTSUPP;
	rcu_read_lock();
	err = map->ops->next_key(map, key, next);
	rcu_read_unlock();
	return err;
}

void map_wait_programs(const struct map *map)
{
	if (map->inner_meta)
		synchronize_rcu();
}

/* --------------------------------------------------------------- commands */

static int lookup_elem(struct elem_call *elem, const struct attr_map_elem *attr)
{
	int err;

	err = elem_flags_check(elem->map, attr->flags);
	if (err)
		return err;
	err = elem_copy_key(elem, attr->key);
	if (err)
		return err;
	if (elem->map->type == BPF_MAP_TYPE_BLOOM_FILTER)
		err = elem_copy_value(elem, attr->value); /* is it in? */
	else
		err = elem_alloc_value(elem);
	if (err)
		return err;
	err = map_read_elem(elem->map, elem->key, elem->value, attr->flags);
	if (err)
		return err;
	return task_copy_out(elem->task, attr->value, elem->value,
			     elem->value_size);
}

int sys_map_lookup_elem(struct call *call)
{
	const struct attr_map_elem *attr = &call->attr.map_elem;
	struct elem_call elem;
	int err;

	if (attr->flags & ~(u64)BPF_F_LOCK)
		return -EINVAL;
	err = elem_call_begin(&elem, call->task, attr->map_fd, FILE_READ);
	if (err)
		return err;
	err = lookup_elem(&elem, attr);
	elem_call_end(&elem);
	return err;
}

static int update_elem(struct elem_call *elem, const struct attr_map_elem *attr)
{
	int err;

	err = elem_flags_check(elem->map, attr->flags);
	if (err)
		return err;
	err = elem_copy_key(elem, attr->key);
	if (err)
		return err;
	err = elem_copy_value(elem, attr->value);
	if (err)
		return err;
	err = map_write_elem(elem->map, elem->task, elem->key, elem->value,
			     attr->flags);
	if (!err)
		map_wait_programs(elem->map);
	return err;
}

int sys_map_update_elem(struct call *call)
{
	const struct attr_map_elem *attr = &call->attr.map_elem;
	struct elem_call elem;
	int err;

	err = elem_call_begin(&elem, call->task, attr->map_fd, FILE_WRITE);
	if (err)
		return err;
	err = update_elem(&elem, attr);
	elem_call_end(&elem);
	return err;
}

int sys_map_delete_elem(struct call *call)
{
	const struct attr_map_elem *attr = &call->attr.map_elem;
	struct elem_call elem;
	int err;

	err = elem_call_begin(&elem, call->task, attr->map_fd, FILE_WRITE);
	if (err)
		return err;
	err = elem_copy_key(&elem, attr->key);
	if (!err)
		err = map_remove_elem(elem.map, elem.key);
	if (!err)
		map_wait_programs(elem.map);
	elem_call_end(&elem);
	return err;
}

static int next_key(struct elem_call *elem, const struct attr_map_elem *attr)
{
	int err;

	if (attr->key) {
		err = elem_copy_key(elem, attr->key);
		if (err)
			return err;
	}
	elem->value = mem_zalloc(elem->map->key_size);
	if (!elem->value)
		return -ENOMEM;
	err = map_next_key(elem->map, elem->key, elem->value);
	if (err)
		return err;
	return task_copy_out(elem->task, attr->next_key, elem->value,
			     elem->map->key_size);
}

int sys_map_get_next_key(struct call *call)
{
	const struct attr_map_elem *attr = &call->attr.map_elem;
	struct elem_call elem;
	int err;

	err = elem_call_begin(&elem, call->task, attr->map_fd, FILE_READ);
	if (err)
		return err;
	err = next_key(&elem, attr);
	elem_call_end(&elem);
	return err;
}

static bool is_queue(const struct map *map)
{
	return map->type == BPF_MAP_TYPE_QUEUE ||
	       map->type == BPF_MAP_TYPE_STACK;
}

static int lookup_and_delete(struct elem_call *elem,
			     const struct attr_map_elem *attr)
{
	struct map *map = elem->map;
	int err;

	if (attr->flags && is_queue(map))
		return -EINVAL;
	err = elem_flags_check(map, attr->flags);
	if (err)
		return err;
	err = elem_copy_key(elem, attr->key);
	if (err)
		return err;
	err = elem_alloc_value(elem);
	if (err)
		return err;
	if (!map->ops->read_and_remove)
		return -ENOTSUPP;
	rcu_read_lock();
	err = map->ops->read_and_remove(map, elem->key, elem->value,
					attr->flags);
	rcu_read_unlock();
	if (err)
		return err;
	return task_copy_out(elem->task, attr->value, elem->value,
			     elem->value_size);
}

int sys_map_lookup_and_delete_elem(struct call *call)
{
	const struct attr_map_elem *attr = &call->attr.map_elem;
	struct elem_call elem;
	int err;

	if (attr->flags & ~(u64)BPF_F_LOCK)
		return -EINVAL;
	err = elem_call_begin(&elem, call->task, attr->map_fd,
			      FILE_READ | FILE_WRITE);
	if (err)
		return err;
	err = lookup_and_delete(&elem, attr);
	elem_call_end(&elem);
	return err;
}

int sys_map_freeze(struct call *call)
{
	struct map *map;
	u32 mode;
	int err;

	err = map_get_by_fd(call->task, (int)call->attr.map_elem.map_fd, &map,
			    &mode);
	if (err)
		return err;
	if (map_has_fields(map))
		err = -ENOTSUPP;
	else if (!(mode & FILE_WRITE))
		err = -EPERM;
	else
		err = map_freeze(map);
	map_put(map);
	return err;
}
