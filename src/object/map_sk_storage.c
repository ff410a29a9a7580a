/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SK_STORAGE.
 *
 * 1. A storage is in two lists, its owner's and its map's, or in none.  Both
 *    change under the environment's sk_storage_lock: owner and map may end at
 *    once, and each ends all storages it finds.
 * 2. Programs look up in the owner's list without a lock: a socket has a few.
 * 3. An unlinked storage stays readable until a grace period is over.
 */
#include "object/map_sk_storage.h"

#include <string.h>

#include "base/alloc.h"
#include "object/task.h"

/* U16_MAX less the kernel's headers */
#define SK_STORAGE_MAX_VALUE 65407u

struct sk_storage {
	struct map *map; /* no reference: the map's end ends it */
	struct cds_list_head of_owner, of_map;
	struct rcu_cb rcu;
	u8 value[] __attribute__((aligned(8)));
};

struct map_sk_storage {
	struct map map;
	struct cds_list_head storages;
};

static struct map_sk_storage *to_sk_map(struct map *map)
{
	return container_of(map, struct map_sk_storage, map);
}

static void storage_free_rcu(struct rcu_cb *cb)
{
	mem_free(container_of(cb, struct sk_storage, rcu));
}

/* Under the lock. */
static void storage_unlink(struct sk_storage *storage)
{
	cds_list_del_rcu(&storage->of_owner);
	cds_list_del(&storage->of_map);
	rcu_defer(&storage->rcu, storage_free_rcu);
}

static void storage_link(struct sk_storage *storage,
			 struct sk_storage_owner *owner)
{
	cds_list_add_rcu(&storage->of_owner, &owner->storages);
	cds_list_add(&storage->of_map, &to_sk_map(storage->map)->storages);
}

static struct sk_storage *storage_find(const struct map *map,
				       const struct sk_storage_owner *owner)
{
	struct sk_storage *storage;

	cds_list_for_each_entry_rcu (storage, &owner->storages, of_owner)
		if (storage->map == map)
			return storage;
	return NULL;
}

static struct sk_storage *storage_new(struct map *map, const void *init)
{
	struct sk_storage *storage =
		mem_zalloc(sizeof(*storage) + map->value_size);

	if (!storage)
		return NULL;
	storage->map = map;
	if (init)
		map_copy_value(map, storage->value, init);
	return storage;
}

void sk_storage_owner_init(struct sk_storage_owner *owner)
{
	CDS_INIT_LIST_HEAD(&owner->storages);
}

void sk_storage_owner_end(struct sk_storage_owner *owner, struct cgbpf_env *env)
{
	struct sk_storage *storage, *next;

	spin_lock(&env->sk_storage_lock);
	cds_list_for_each_entry_safe (storage, next, &owner->storages, of_owner)
		storage_unlink(storage);
	spin_unlock(&env->sk_storage_lock);
}

int sk_storage_clone(struct sk_storage_owner *to,
		     const struct sk_storage_owner *from, struct cgbpf_env *env)
{
	struct sk_storage *storage, *copy;
	int err = 0;

	spin_lock(&env->sk_storage_lock);
	cds_list_for_each_entry (storage, &from->storages, of_owner) {
		if (!(storage->map->flags & BPF_F_CLONE))
			continue;
		copy = storage_new(storage->map, NULL);
		if (!copy) {
			err = -ENOMEM;
			break;
		}
		if (storage->map->spin_lock_off >= 0)
			map_copy_value_locked(storage->map, copy->value,
					      storage->value, true);
		else
			map_copy_value(storage->map, copy->value,
				       storage->value);
		storage_link(copy, to);
	}
	spin_unlock(&env->sk_storage_lock);
	if (err)
		sk_storage_owner_end(to, env);
	return err;
}

void *sk_storage_get(struct map *map, const struct sk_storage_owner *owner)
{
	struct sk_storage *storage = storage_find(map, owner);

	return storage ? storage->value : NULL;
}

void *sk_storage_get_or_make(struct map *map, struct sk_storage_owner *owner,
			     const void *init)
{
	u32 *lock = &map->obj.env->sk_storage_lock;
	struct sk_storage *storage = storage_find(map, owner), *new;

	if (storage)
		return storage->value;
	new = storage_new(map, init);
	if (!new)
		return NULL;
	spin_lock(lock);
	storage = storage_find(map, owner);
	if (!storage)
		storage_link(new, owner);
	spin_unlock(lock);
	if (!storage)
		return new->value;
	mem_free(new);
	return storage->value;
}

int sk_storage_delete(struct map *map, struct sk_storage_owner *owner)
{
	u32 *lock = &map->obj.env->sk_storage_lock;
	struct sk_storage *storage;

	spin_lock(lock);
	storage = storage_find(map, owner);
	if (storage)
		storage_unlink(storage);
	spin_unlock(lock);
	return storage ? 0 : -ENOENT;
}

/* ------------------------------------------------------------- the map type */

static int sk_storage_alloc_check(struct cgbpf_env *env,
				  const struct attr_map_create *attr)
{
	(void)env;
	if (attr->map_flags & ~(BPF_F_NO_PREALLOC | BPF_F_CLONE) ||
	    !(attr->map_flags & BPF_F_NO_PREALLOC) || attr->max_entries ||
	    attr->key_size != sizeof(int) || !attr->value_size ||
	    !attr->btf_key_type_id || !attr->btf_value_type_id)
		return -EINVAL;
	return attr->value_size > SK_STORAGE_MAX_VALUE ? -E2BIG : 0;
}

static int sk_storage_alloc(struct map **out, struct cgbpf_env *env,
			    const struct attr_map_create *attr,
			    struct cgbpf_task *task)
{
	struct map_sk_storage *sk_map = mem_zalloc(sizeof(*sk_map));

	(void)task;
	if (!sk_map)
		return -ENOMEM;
	map_init(&sk_map->map, env, attr);
	CDS_INIT_LIST_HEAD(&sk_map->storages);
	*out = &sk_map->map;
	return 0;
}

static void sk_storage_map_free(struct map *map)
{
	u32 *lock = &map->obj.env->sk_storage_lock;
	struct sk_storage *storage, *next;

	spin_lock(lock);
	cds_list_for_each_entry_safe (storage, next, &to_sk_map(map)->storages,
				      of_map)
		storage_unlink(storage);
	spin_unlock(lock);
	mem_free(map);
}

static int sk_storage_check_btf(const struct map *map, const struct btf *btf,
				u32 key_id, u32 value_id)
{
	(void)map;
	(void)value_id;
	return key_id && btf_is_reg_int(btf, key_id, 32) ? 0 : -EINVAL;
}

/*
 * User space names a socket by an fd of its own, and a caller's fds that are
 * ours are none.
 */
static int sock_of_key(struct cgbpf_task *task, const void *key)
{
	struct file *file;
	int fd;

	memcpy(&fd, key, sizeof(fd));
	file = task->ops->fd_get(task, fd);
	file_put(file);
	return file ? -ENOTSOCK : -EBADF;
}

static int sk_storage_read(struct map *map, const void *key, void *value,
			   u64 flags)
{
	(void)value;
	(void)flags;
	return sock_of_key(map->obj.env->task, key);
}

static int sk_storage_write(struct map *map, struct cgbpf_task *task,
			    const void *key, const void *value, u64 flags)
{
	(void)map;
	(void)value;
	(void)flags;
	return sock_of_key(task, key);
}

static int sk_storage_remove(struct map *map, const void *key)
{
	return sock_of_key(map->obj.env->task, key);
}

const struct map_ops map_sk_storage_ops = {
	.name = "sk_storage",
	.alloc_check = sk_storage_alloc_check,
	.alloc = sk_storage_alloc,
	.free = sk_storage_map_free,
	.check_btf = sk_storage_check_btf,
	.remove = sk_storage_remove,
	.read = sk_storage_read,
	.write = sk_storage_write,
};
