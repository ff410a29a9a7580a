/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arrays of objects: PROG_ARRAY, CGROUP_ARRAY, ARRAY_OF_MAPS.
 *
 * User space puts an fd in; the array keeps what that refers to, with a
 * reference, and programs get the object itself.
 */
#ifndef CGBPF_OBJECT_MAP_FD_ARRAY_H
#define CGBPF_OBJECT_MAP_FD_ARRAY_H

#include "object/map_types.h"

struct prog;

/* What an array of one type does with its objects. */
struct fd_array_kind {
	/* The object behind @fd, with a reference: -errno if it does not fit */
	int (*get)(struct map *map, struct cgbpf_task *task, int fd,
		   void **object);
	void (*put)(struct map *map, void *object);
	u32 (*id)(const void *object);
};

struct fd_array {
	struct map map;
	const struct fd_array_kind *kind;
	void **objects; /* RCU: max_entries of them, or NULL each */
};

int fd_array_alloc_check(struct cgbpf_env *env,
			 const struct attr_map_create *attr);
/* @size: of the type's own struct, which starts with struct fd_array */
int fd_array_alloc(struct map **out, struct cgbpf_env *env,
		   const struct attr_map_create *attr, size_t size,
		   const struct fd_array_kind *kind);
void fd_array_clear(struct map *map);
void fd_array_free(struct map *map);
int fd_array_read(struct map *map, const void *key, void *value, u64 flags);
int fd_array_write(struct map *map, struct cgbpf_task *task, const void *key,
		   const void *value, u64 flags);
int fd_array_remove(struct map *map, const void *key);
int fd_array_no_btf(const struct map *map, const struct btf *btf, u32 key_id,
		    u32 value_id);
u64 fd_array_mem_usage(const struct map *map);

/* In a read side of RCU: the object, or NULL. */
static inline void *fd_array_at(const struct map *map, u32 index)
{
	const struct fd_array *array = container_of(map, struct fd_array, map);

	if (index >= map->max_entries)
		return NULL;
	return rcu_dereference(array->objects[index]);
}

#endif
