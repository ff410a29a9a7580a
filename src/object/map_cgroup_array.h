/* SPDX-License-Identifier: BSD-2-Clause */
/* CGROUP_ARRAY: cgroups that programs ask about. */
#ifndef CGBPF_OBJECT_MAP_CGROUP_ARRAY_H
#define CGBPF_OBJECT_MAP_CGROUP_ARRAY_H

#include "object/map_fd_array.h"

struct cgbpf_cgroup;

/* In a read side of RCU: NULL if nothing is there. */
static inline struct cgbpf_cgroup *map_cgroup_at(const struct map *map,
						 u32 index)
{
	return fd_array_at(map, index);
}

#endif
