/* SPDX-License-Identifier: BSD-2-Clause */
/* What the map commands on one and on many elements share. */
#ifndef CGBPF_SYSCALL_MAP_H
#define CGBPF_SYSCALL_MAP_H

#include "object/map.h"
#include "object/task.h"

/* A call on a map: what it holds until elem_call_end(). */
struct elem_call {
	struct cgbpf_task *task;
	struct map *map;
	void *key, *value;
	size_t value_size;
	bool writes;
};

/* The map behind @fd, if that allows @mode: -EBADF, -EINVAL, -EPERM. */
int elem_call_begin(struct elem_call *elem, struct cgbpf_task *task, u32 fd,
		    u32 mode);
void elem_call_end(struct elem_call *elem);

/* BPF_F_LOCK without a lock in the value is -EINVAL. */
int elem_flags_check(const struct map *map, u64 flags);

/* The map's operation, or -ENOTSUPP. */
int map_read_elem(struct map *map, const void *key, void *value, u64 flags);
int map_write_elem(struct map *map, struct cgbpf_task *task, const void *key,
		   const void *value, u64 flags);
int map_remove_elem(struct map *map, const void *key);
int map_next_key(struct map *map, const void *key, void *next);

/*
 * After a change of a map of maps: programs that still use what was replaced
 * are done when the call returns.
 */
void map_wait_programs(const struct map *map);

#endif
