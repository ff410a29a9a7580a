/* SPDX-License-Identifier: BSD-2-Clause */
/* PROG_ARRAY: where tail calls go. */
#ifndef CGBPF_OBJECT_MAP_PROG_ARRAY_H
#define CGBPF_OBJECT_MAP_PROG_ARRAY_H

#include "object/map_fd_array.h"

struct prog;

/*
 * map_prog_compatible() - may @prog be in @map, or tail call through it?
 *
 * The first program asked for becomes the owner: all others must be like it.
 * Programs that use the map are asked for when they are loaded.
 */
bool map_prog_compatible(struct map *map, const struct prog *prog);

/* In a read side of RCU: the program to go on with, or NULL. */
static inline struct prog *map_prog_at(const struct map *map, u32 index)
{
	return fd_array_at(map, index);
}

#endif
