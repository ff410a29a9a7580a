/* SPDX-License-Identifier: BSD-2-Clause */
/* RINGBUF: records from programs to user space, through shared memory. */
#ifndef CGBPF_OBJECT_MAP_RINGBUF_H
#define CGBPF_OBJECT_MAP_RINGBUF_H

#include "object/map_types.h"

/*
 * What helpers call, from any thread.  A record is @size bytes, 8 aligned, its
 * program's alone until it is submitted or discarded.
 */
/* NULL: no room */
void *ringbuf_reserve(struct map *map, u64 size);
/* @flags: BPF_RB_NO_WAKEUP, BPF_RB_FORCE_WAKEUP */
void ringbuf_submit(void *record, u64 flags);
void ringbuf_discard(void *record, u64 flags);
/* 0, -EINVAL for other flags, -EAGAIN without room */
int ringbuf_output(struct map *map, const void *data, u64 size, u64 flags);
/* @what: BPF_RB_AVAIL_DATA and the like; 0 for others */
u64 ringbuf_query(struct map *map, u64 what);

/*
 * A counter that goes up when a consumer is to be woken: a futex(2) word.
 * poll(2) on the fd would return when there is data.
 */
u32 *ringbuf_wakeups(struct map *map);

#endif
