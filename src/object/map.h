/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A map: what all map types share.  One file for each type (map_hash.c, ...)
 * holds its constant struct map_ops; map_type.c has the one table of types.
 *
 * Lifecycle
 *	made	map_create(); one reference and one user.
 *	in use	references (progs, outer maps, fds, pins) keep the memory; users
 *		(fds and pins only) keep the contents of maps that hold other
 *		objects: the last user's leaving calls ops->release_users(),
 *		which breaks prog array cycles.
 *	frozen	user space may write no more (BPF_MAP_FREEZE).
 *	freed	ops->free() runs after a grace period: no reader is left.
 *
 * Per-CPU values lie side by side: value of CPU c at base + c * cpu_stride().
 */
#ifndef CGBPF_OBJECT_MAP_H
#define CGBPF_OBJECT_MAP_H

#include "base/rcu.h"
#include "base/uapi.h"
#include "object/btf.h"
#include "object/env.h"
#include "object/file.h"
#include "object/object.h"

struct cgbpf_task;
struct map;
struct map_ops;
struct prog;

#define MAP_CAN_READ 1u	 /* programs may read values */
#define MAP_CAN_WRITE 2u /* programs may write values */

#define MAP_BATCH_LOOKUP 1u
#define MAP_BATCH_LOOKUP_DELETE 2u
#define MAP_BATCH_UPDATE 4u
#define MAP_BATCH_DELETE 8u

#define MAP_ACCESS_FLAGS \
	(BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG)
#define MAP_MAX_PERCPU_VALUE 32768u

struct map {
	struct object obj;
	const struct map_ops *ops;
	enum bpf_map_type type;
	u32 key_size, value_size, max_entries, flags;
	u64 map_extra;
	char name[UAPI_OBJ_NAME_LEN];

	struct btf *btf; /* or NULL */
	u32 btf_key_type_id, btf_value_type_id;
	int spin_lock_off; /* in the value, or -ENOENT */
	int timer_off;	   /* ditto */
	u32 fields;	   /* BTF_FIELD_BIT() of all special fields */

	long users;   /* fds and pins: atomic */
	bool frozen;  /* atomic; both under freeze_lock when they meet */
	long writers; /* system calls and writable mmaps under way */
	pthread_mutex_t freeze_lock;

	struct map *inner_meta; /* of map-in-map: the template, or NULL */
	u8 *excl_prog_hash;	/* SHA-256 of the one prog allowed, or NULL */
	struct rcu_cb rcu;
};

struct map_ops {
	const char *name; /* as bpftool shows it: "hash" */
	/* -errno if the attributes do not make one of this type */
	int (*alloc_check)(struct cgbpf_env *env,
			   const struct attr_map_create *attr);
	/*
	 * Allocates the type's own struct, which starts with struct map, gives
	 * it to map_init(), and adds what the type needs.  It may then round
	 * max_entries.  -ENOMEM, -E2BIG, -EINVAL.
	 */
	int (*alloc)(struct map **out, struct cgbpf_env *env,
		     const struct attr_map_create *attr,
		     struct cgbpf_task *task);
	void (*free)(struct map *map);
	void (*release_users)(struct map *map);

	/*
	 * BTF of key and value (ids without modifiers and typedefs) fits this
	 * type?  key_id 0: none given.  NULL: only sizes matter, and there must
	 * be a key.
	 */
	int (*check_btf)(const struct map *map, const struct btf *btf,
			 u32 key_id, u32 value_id);

	/*
	 * Programs' operations, in a read side of RCU on CPU slot @cpu.
	 * lookup: where the value is (for per-CPU maps: @cpu's), or NULL; for
	 * map-in-map the inner struct map.  NULL op: -ENOTSUPP.
	 */
	void *(*lookup)(struct map *map, const void *key, u32 cpu);
	int (*update)(struct map *map, const void *key, const void *value,
		      u64 flags, u32 cpu);
	int (*remove)(struct map *map, const void *key);
	int (*push)(struct map *map, const void *value, u64 flags);
	int (*pop)(struct map *map, void *value);
	int (*peek)(struct map *map, void *value);
	/* Calls @each for all elements until it returns non-zero: how many. */
	long (*for_each)(struct map *map, u32 cpu,
			 long (*each)(void *data, struct map *map,
				      const void *key, void *value),
			 void *data);

	/*
	 * User space's operations: whole values as the system call sees them,
	 * map_user_value_size() bytes; in a read side of RCU unless the op
	 * says that it sleeps (ops->sleeps).  For maps of fds, @value is a u32
	 * fd of @task on write and an id on read.  NULL op: -ENOTSUPP.
	 */
	int (*next_key)(struct map *map, const void *key, void *next);
	int (*read)(struct map *map, const void *key, void *value, u64 flags);
	int (*write)(struct map *map, struct cgbpf_task *task, const void *key,
		     const void *value, u64 flags);
	int (*read_and_remove)(struct map *map, const void *key, void *value,
			       u64 flags);
	bool sleeps;

	/*
	 * The batch commands that the type has, MAP_BATCH_*.  Those that read
	 * go over next_key, unless the type is made of buckets: then a batch
	 * is whole buckets, and its token a u32 bucket number.
	 */
	u32 batch;
	u32 (*nr_buckets)(const struct map *map);
	/*
	 * Copies the elements of one bucket to buffers (mem_realloc()ed to
	 * fit), as read() would, and with @remove removes them: in one step
	 * for other writers.  How many; -ENOSPC: more than @max, nothing done;
	 * -ENOMEM.
	 */
	int (*read_bucket)(struct map *map, u32 bucket, u32 max, u64 flags,
			   bool remove, void **keys, void **values);

	/* mmap, where there is one: the memory and its size in bytes */
	void *(*mmap)(struct map *map, size_t *size);
	/* Address of the value at byte @off for BPF_PSEUDO_MAP_VALUE. */
	int (*direct_value)(const struct map *map, u32 off, void **addr);
	/* May @inner stand in for the template @meta? NULL: map_meta_equal() */
	bool (*meta_equal)(const struct map *meta, const struct map *inner);
	bool no_inner; /* may never be an inner map */
	u64 (*mem_usage)(const struct map *map);
};

/* The one table of map types: NULL where this library has none. */
const struct map_ops *map_ops_of(u32 type);

extern const struct file_ops map_file_ops;

/* The first thing of every ops->alloc(): fills the members all maps have. */
void map_init(struct map *map, struct cgbpf_env *env,
	      const struct attr_map_create *attr);
/* Undoes map_init() in an ops->alloc() that fails later. */
void map_abort(struct map *map);
/*
 * map_create() - BPF_MAP_CREATE without its fd: checks @attr as the kernel
 * does (tail and size are the dispatcher's), resolves BTF and inner map fds
 * through @task.  *out has one reference and is published.
 */
int map_create(struct map **out, struct cgbpf_task *task,
	       const struct attr_map_create *attr);
/* FILE_READ/FILE_WRITE for flags (BPF_F_RDONLY, BPF_F_WRONLY): or -EINVAL */
int map_file_mode(u32 flags);
/* The map behind @fd with a reference; -EBADF, -EINVAL.  *mode: the fd's,
 * less FILE_WRITE when frozen. */
int map_get_by_fd(struct cgbpf_task *task, int fd, struct map **out, u32 *mode);
void map_get(struct map *map);
void map_put(struct map *map);
/* Around each change from user space: map_freeze() waits for none of them. */
void map_write_begin(struct map *map);
void map_write_end(struct map *map);
/* -ENOTSUPP with special fields; -EBUSY: writers are under way, or frozen. */
int map_freeze(struct map *map);
void map_user_get(struct map *map);
void map_user_put(struct map *map);

static inline struct map *map_of(struct object *obj)
{
	return container_of(obj, struct map, obj);
}

/* Bytes between two CPUs' values of a per-CPU map, in our memory. */
static inline size_t cpu_stride(const struct map *map)
{
	return round_up((size_t)map->value_size, 64);
}

bool map_is_percpu(const struct map *map);
bool map_is_storage(const struct map *map);
/* Flags fit each other: not RDONLY_PROG and WRONLY_PROG at once. */
bool map_access_ok(u32 flags);
/* BPF_F_NUMA_NODE with a node: types that have per-CPU values refuse it. */
bool map_wants_node(const struct attr_map_create *attr);
/* The value has a bpf_spin_lock, bpf_timer: never frozen, mapped or copied. */
bool map_has_fields(const struct map *map);
/* bytes of a value as the system call passes it */
size_t map_user_value_size(const struct map *map);
/* MAP_CAN_READ | MAP_CAN_WRITE by BPF_F_RDONLY_PROG, BPF_F_WRONLY_PROG */
u32 map_prog_access(const struct map *map);
bool map_meta_equal(const struct map *meta, const struct map *inner);

/*
 * Value copies.  A spin lock in the value is never copied: map_copy_value()
 * leaves the target's as it is; with _locked it is taken around the copy
 * (BPF_F_LOCK).  From user space to all CPUs and back: value i at
 * i * round_up(value_size, 8), padding zeroed on the way out (KB-6).
 */
void map_copy_value(const struct map *map, void *dst, const void *src);
void map_copy_value_locked(const struct map *map, void *dst, const void *src,
			   bool lock_src);
void map_value_init(const struct map *map, void *value); /* zero lock, timer */
void map_percpu_read(const struct map *map, void *user, const void *base);
void map_percpu_write(const struct map *map, void *base, const void *user);

/* bpf_spin_lock: a u32 of the value.  Spins, then yields. */
void spin_lock(u32 *lock);
void spin_unlock(u32 *lock);

/* Names of objects: letters, digits, '_', '.'; NUL terminated in 16 bytes. */
int object_name_check(const char name[UAPI_OBJ_NAME_LEN]);

#endif
