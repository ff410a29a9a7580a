/* SPDX-License-Identifier: BSD-2-Clause */
/* Map calls in few words, on an environment or on the live kernel. */
#ifndef CGBPF_TESTS_MAP_WORLD_H
#define CGBPF_TESTS_MAP_WORLD_H

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/uapi.h"
#include "cgbpf.h"

/* @task NULL: the live kernel. */
static inline int world_bpf(struct cgbpf_task *task, int cmd, union attr *attr,
			    u32 size)
{
	long ret;

	if (task)
		return cgbpf_bpf(task, cmd, (union bpf_attr *)attr, size);
	ret = syscall(SYS_bpf, cmd, attr, size);
	return ret < 0 ? -errno : (int)ret;
}

static inline int world_map(struct cgbpf_task *task, u32 type, u32 key_size,
			    u32 value_size, u32 max_entries, u32 flags)
{
	union attr attr = { .map_create = {
				    .map_type = type,
				    .key_size = key_size,
				    .value_size = value_size,
				    .max_entries = max_entries,
				    .map_flags = flags,
			    } };

	return world_bpf(task, BPF_MAP_CREATE, &attr, sizeof(attr.map_create));
}

static inline int world_outer(struct cgbpf_task *task, u32 type,
			      u32 max_entries, int inner)
{
	union attr attr = { .map_create = {
				    .map_type = type,
				    .key_size = 4,
				    .value_size = 4,
				    .max_entries = max_entries,
				    .inner_map_fd = (u32)inner,
			    } };

	return world_bpf(task, BPF_MAP_CREATE, &attr, sizeof(attr.map_create));
}

static inline int world_elem(struct cgbpf_task *task, int cmd, int fd,
			     const void *key, void *value, u64 flags)
{
	union attr attr = { .map_elem = {
				    .map_fd = (u32)fd,
				    .key = ptr_to_u64(key),
				    .value = ptr_to_u64(value),
				    .flags = flags,
			    } };

	return world_bpf(task, cmd, &attr, sizeof(attr.map_elem));
}

static inline int world_update(struct cgbpf_task *task, int fd, const void *key,
			       const void *value, u64 flags)
{
	return world_elem(task, BPF_MAP_UPDATE_ELEM, fd, key,
			  (void *)(uintptr_t)value, flags);
}

static inline int world_lookup(struct cgbpf_task *task, int fd, const void *key,
			       void *value)
{
	return world_elem(task, BPF_MAP_LOOKUP_ELEM, fd, key, value, 0);
}

static inline int world_delete(struct cgbpf_task *task, int fd, const void *key)
{
	return world_elem(task, BPF_MAP_DELETE_ELEM, fd, key, NULL, 0);
}

static inline int world_next(struct cgbpf_task *task, int fd, const void *key,
			     void *next)
{
	return world_elem(task, BPF_MAP_GET_NEXT_KEY, fd, key, next, 0);
}

/* *count: in and out */
static inline int world_batch(struct cgbpf_task *task, int cmd, int fd,
			      const void *in, void *out, void *keys,
			      void *values, u32 *count)
{
	union attr attr = { .map_batch = {
				    .map_fd = (u32)fd,
				    .in_batch = ptr_to_u64(in),
				    .out_batch = ptr_to_u64(out),
				    .keys = ptr_to_u64(keys),
				    .values = ptr_to_u64(values),
				    .count = *count,
			    } };
	int err = world_bpf(task, cmd, &attr, sizeof(attr.map_batch));

	*count = attr.map_batch.count;
	return err;
}

static inline int world_close(struct cgbpf_task *task, int fd)
{
	return task ? cgbpf_close(task, fd) : close(fd);
}

#endif
