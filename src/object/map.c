/* SPDX-License-Identifier: BSD-2-Clause */
#include "object/map.h"

#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "object/btf_field.h"
#include "object/task.h"

#define SHA256_SIZE 32u

/* ------------------------------------------------ references and freeing */

static void map_free_rcu(struct rcu_cb *cb)
{
	struct map *map = container_of(cb, struct map, rcu);
	struct btf *btf = map->btf;

	mem_free(map->excl_prog_hash);
	pthread_mutex_destroy(&map->freeze_lock);
	map->ops->free(map);
	if (btf)
		object_put(&btf->obj);
}

static void map_release(struct object *obj)
{
	rcu_defer(&map_of(obj)->rcu, map_free_rcu);
}

static const struct object_ops map_object_ops = {
	.kind = OBJECT_MAP,
	.release = map_release,
};

void map_get(struct map *map)
{
	object_get(&map->obj);
}

void map_put(struct map *map)
{
	if (map)
		object_put(&map->obj);
}

void map_user_get(struct map *map)
{
	__atomic_add_fetch(&map->users, 1, __ATOMIC_RELAXED);
}

void map_user_put(struct map *map)
{
	if (__atomic_sub_fetch(&map->users, 1, __ATOMIC_ACQ_REL))
		return;
	if (map->ops->release_users)
		map->ops->release_users(map);
}

static void map_file_release(struct file *file)
{
	struct map *map = file->priv;

	map_user_put(map);
	map_put(map);
}

const struct file_ops map_file_ops = {
	.name = "anon_inode:bpf-map",
	.release = map_file_release,
};

int map_get_by_fd(struct cgbpf_task *task, int fd, struct map **out, u32 *mode)
{
	struct file *file;
	struct map *map;
	int err;

	err = task_file(task, fd, &map_file_ops, &file);
	if (err)
		return err;
	map = file->priv;
	map_get(map);
	if (mode) {
		*mode = file->mode;
		if (__atomic_load_n(&map->frozen, __ATOMIC_ACQUIRE))
			*mode &= ~FILE_WRITE;
	}
	file_put(file);
	*out = map;
	return 0;
}

/* ------------------------------------------------------ flags and freezing */

int map_file_mode(u32 flags)
{
	switch (flags & (BPF_F_RDONLY | BPF_F_WRONLY)) {
	case BPF_F_RDONLY | BPF_F_WRONLY:
		return -EINVAL;
	case BPF_F_RDONLY:
		return FILE_READ;
	case BPF_F_WRONLY:
		return FILE_WRITE;
	default:
		return FILE_READ | FILE_WRITE;
	}
}

bool map_access_ok(u32 flags)
{
	const u32 both = BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG;

	return (flags & both) != both;
}

u32 map_prog_access(const struct map *map)
{
	if (map->flags & BPF_F_RDONLY_PROG)
		return MAP_CAN_READ;
	if (map->flags & BPF_F_WRONLY_PROG)
		return MAP_CAN_WRITE;
	return MAP_CAN_READ | MAP_CAN_WRITE;
}

bool map_wants_node(const struct attr_map_create *attr)
{
	return attr->map_flags & BPF_F_NUMA_NODE && attr->numa_node != ~0u;
}

bool map_has_fields(const struct map *map)
{
	return map->fields;
}

void map_write_begin(struct map *map)
{
	__atomic_add_fetch(&map->writers, 1, __ATOMIC_SEQ_CST);
}

void map_write_end(struct map *map)
{
	__atomic_sub_fetch(&map->writers, 1, __ATOMIC_RELEASE);
}

int map_freeze(struct map *map)
{
	int err = 0;

	if (map_has_fields(map))
		return -ENOTSUPP;
	pthread_mutex_lock(&map->freeze_lock);
	if (__atomic_load_n(&map->writers, __ATOMIC_SEQ_CST) || map->frozen)
		err = -EBUSY;
	else
		__atomic_store_n(&map->frozen, true, __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(&map->freeze_lock);
	return err;
}

/* ------------------------------------------------------------ what it is */

bool map_is_percpu(const struct map *map)
{
	switch (map->type) {
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE:
		return true;
	default:
		return false;
	}
}

bool map_is_storage(const struct map *map)
{
	return map->type == BPF_MAP_TYPE_CGROUP_STORAGE ||
	       map->type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

size_t map_user_value_size(const struct map *map)
{
	if (map_is_percpu(map))
		return round_up((size_t)map->value_size, 8) *
		       map->obj.env->nr_cpus;
	return map->value_size;
}

bool map_meta_equal(const struct map *meta, const struct map *inner)
{
	return meta->type == inner->type && meta->key_size == inner->key_size &&
	       meta->value_size == inner->value_size &&
	       meta->flags == inner->flags && meta->fields == inner->fields &&
	       meta->spin_lock_off == inner->spin_lock_off &&
	       meta->timer_off == inner->timer_off;
}

int object_name_check(const char name[UAPI_OBJ_NAME_LEN])
{
	for (u32 i = 0; i < UAPI_OBJ_NAME_LEN; i++) {
		unsigned char c = (unsigned char)name[i];

		if (!c)
			return 0;
		if (c > 127 || (!isalnum(c) && c != '_' && c != '.'))
			return -EINVAL;
	}
	return -EINVAL;
}

/* ---------------------------------------------------------------- making */

void map_init(struct map *map, struct cgbpf_env *env,
	      const struct attr_map_create *attr)
{
	object_init(&map->obj, env, &map_object_ops);
	map->ops = map_ops_of(attr->map_type);
	map->type = attr->map_type;
	map->key_size = attr->key_size;
	map->value_size = attr->value_size;
	map->max_entries = attr->max_entries;
	/* these two are the first fd's, not the map's */
	map->flags = attr->map_flags & ~(BPF_F_RDONLY | BPF_F_WRONLY);
	map->map_extra = attr->map_extra;
	map->spin_lock_off = -ENOENT;
	map->timer_off = -ENOENT;
	map->users = 1;
	pthread_mutex_init(&map->freeze_lock, NULL);
}

void map_abort(struct map *map)
{
	pthread_mutex_destroy(&map->freeze_lock);
}

/* What needs no map yet, in the kernel's order. */
static int create_check(struct cgbpf_task *task,
			const struct attr_map_create *attr,
			const struct map_ops **ops)
{
	struct file *file;
	int mode, err;

	/* only struct_ops maps have values of the kernel's own types */
	if (attr->btf_vmlinux_value_type_id)
		return -EINVAL;
	if (attr->btf_key_type_id && !attr->btf_value_type_id)
		return -EINVAL;
	if (attr->map_type != BPF_MAP_TYPE_BLOOM_FILTER && attr->map_extra)
		return -EINVAL;
	mode = map_file_mode(attr->map_flags);
	if (mode < 0)
		return mode;
	if (map_wants_node(attr) && attr->numa_node)
		return -EINVAL; /* an environment is one node */
	*ops = map_ops_of(attr->map_type);
	if (!*ops)
		return -EINVAL;
	if ((*ops)->alloc_check) {
		struct attr_map_create plain = *attr;

		plain.map_flags &= ~UAPI_F_TOKEN_FD;
		err = (*ops)->alloc_check(task->env, &plain);
		if (err)
			return err;
	}
	if (attr->map_flags & UAPI_F_TOKEN_FD) {
		/* there are no tokens: whatever that fd is, it is none */
		file = task->ops->fd_get(task, attr->map_token_fd);
		err = file ? -EINVAL : -EBADF;
		file_put(file);
		return err;
	}
	if (attr->map_ifindex) {
		/* of the devices there is only loopback, which takes none */
		if (attr->map_type != BPF_MAP_TYPE_ARRAY &&
		    attr->map_type != BPF_MAP_TYPE_HASH)
			return -EINVAL;
		return attr->map_ifindex == 1 ? -EOPNOTSUPP : -EINVAL;
	}
	return 0;
}

#define MAP_BIT(type) (1ull << BPF_MAP_TYPE_##type)
#define MAPS_LOCK                                               \
	(MAP_BIT(HASH) | MAP_BIT(ARRAY) | MAP_BIT(SK_STORAGE) | \
	 MAP_BIT(CGROUP_STORAGE))
#define MAPS_OWN (MAP_BIT(HASH) | MAP_BIT(LRU_HASH) | MAP_BIT(ARRAY))
#define MAPS_KPTR                                                     \
	(MAPS_OWN | MAP_BIT(PERCPU_HASH) | MAP_BIT(LRU_PERCPU_HASH) | \
	 MAP_BIT(PERCPU_ARRAY) | MAP_BIT(SK_STORAGE))

/* Which map types may have which special fields in their values. */
static const struct {
	u32 fields;
	u64 map_types;
} field_rules[] = {
	{ BTF_FIELDS_LOCK, MAPS_LOCK },
	{ BTF_FIELD_BIT(BTF_FIELD_TIMER) | BTF_FIELD_BIT(BTF_FIELD_WORKQUEUE) |
		  BTF_FIELD_BIT(BTF_FIELD_TASK_WORK) | BTF_FIELDS_ROOT,
	  MAPS_OWN },
	{ BTF_FIELDS_KPTR | BTF_FIELD_BIT(BTF_FIELD_REFCOUNT), MAPS_KPTR },
	{ BTF_FIELD_BIT(BTF_FIELD_UPTR), 0 },
};

/*
 * A value whose fields are not well formed does not fail the map, but makes it
 * one without fields, as in the kernel: programs that want them are refused.
 */
static int create_fields(struct map *map, const struct btf *btf, u32 value_id)
{
	struct btf_fields found;
	u32 mask = 0;

	for (u32 i = 0; i < ARRAY_SIZE(field_rules); i++)
		mask |= field_rules[i].fields;
	if (btf_fields_find(btf, value_id, mask, &found) || !found.nr)
		return 0;
	if (map->flags & (BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG))
		return -EACCES;
	for (u32 i = 0; i < ARRAY_SIZE(field_rules); i++)
		if (found.mask & field_rules[i].fields &&
		    !(field_rules[i].map_types >> map->type & 1))
			return -EOPNOTSUPP;
	map->fields = found.mask;
	map->spin_lock_off = btf_fields_offset(&found, BTF_FIELD_SPIN_LOCK);
	map->timer_off = btf_fields_offset(&found, BTF_FIELD_TIMER);
	return btf_fields_check_owners(btf, &found);
}

static int create_check_btf(struct map *map, const struct btf *btf, u32 key_id,
			    u32 value_id)
{
	u32 size;
	int err;

	if (key_id) {
		if (!btf_type_id_size(btf, &key_id, &size) ||
		    size != map->key_size)
			return -EINVAL;
	} else if (!map->ops->check_btf) {
		return -EINVAL;
	}
	if (!btf_type_id_size(btf, &value_id, &size) || size != map->value_size)
		return -EINVAL;
	err = create_fields(map, btf, value_id);
	if (err)
		return err;
	if (map->ops->check_btf)
		return map->ops->check_btf(map, btf, key_id, value_id);
	return 0;
}

static int create_btf(struct map *map, struct cgbpf_task *task,
		      const struct attr_map_create *attr)
{
	struct file *file;
	int err;

	if (!attr->btf_key_type_id && !attr->btf_value_type_id)
		return 0;
	err = task_file(task, (int)attr->btf_fd, &btf_file_ops, &file);
	if (err)
		return err;
	map->btf = file->priv;
	object_get(&map->btf->obj);
	file_put(file);
	err = create_check_btf(map, map->btf, attr->btf_key_type_id,
			       attr->btf_value_type_id);
	if (err)
		return err;
	map->btf_key_type_id = attr->btf_key_type_id;
	map->btf_value_type_id = attr->btf_value_type_id;
	return 0;
}

static int create_excl(struct map *map, struct cgbpf_task *task,
		       const struct attr_map_create *attr)
{
	if (!attr->excl_prog_hash)
		return attr->excl_prog_hash_size ? -EINVAL : 0;
	if (attr->excl_prog_hash_size != SHA256_SIZE)
		return -EINVAL;
	map->excl_prog_hash = mem_alloc(SHA256_SIZE);
	if (!map->excl_prog_hash)
		return -ENOMEM;
	return task_copy_in(task, map->excl_prog_hash, attr->excl_prog_hash,
			    SHA256_SIZE);
}

int map_create(struct map **out, struct cgbpf_task *task,
	       const struct attr_map_create *attr)
{
	const struct map_ops *ops = NULL;
	struct map *map;
	int err;

	err = create_check(task, attr, &ops);
	if (err)
		return err;
	err = ops->alloc(&map, task->env, attr, task);
	if (err)
		return err;
	ASSERT(map->ops == ops);
	err = object_name_check(attr->map_name);
	if (err)
		goto free;
	memcpy(map->name, attr->map_name,
	       strnlen(attr->map_name, UAPI_OBJ_NAME_LEN));
	err = create_btf(map, task, attr);
	if (err)
		goto free;
	err = create_excl(map, task, attr);
	if (err)
		goto free;
	err = object_publish(&map->obj);
	if (err)
		goto free;
	*out = map;
	return 0;

free:
	/* nobody has seen it: no grace period needed */
	map_free_rcu(&map->rcu);
	return err;
}
