/* SPDX-License-Identifier: BSD-2-Clause */
/* A pinned map as text, as cat(1) shows it in a bpf file system. */
#ifndef CGBPF_OBJECT_MAP_SHOW_H
#define CGBPF_OBJECT_MAP_SHOW_H

#include <sys/types.h>

#include "object/map.h"

/*
 * map_show() - a header line, then "key: value" a line; per-CPU values one CPU
 * a line.  Writes at most @size bytes with a NUL; the length of the whole, as
 * snprintf; -EIO if the map has no BTF, or its type no text; -ENOMEM.
 */
ssize_t map_show(struct map *map, char *buf, size_t size);

#endif
