/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The environment's bpf file system, rooted at BPFFS_ROOT: directories, and
 * pins that hold a reference on a map, prog or link.
 */
#ifndef CGBPF_OBJECT_BPFFS_H
#define CGBPF_OBJECT_BPFFS_H

#include "base/types.h"
#include "object/object.h"

#define BPFFS_ROOT "/sys/fs/bpf"

struct bpffs;

int bpffs_new(struct bpffs **out);
void bpffs_free(struct bpffs *fs);
/*
 * All take absolute paths.  -EPERM: outside BPFFS_ROOT; -ENOENT: no such
 * parent or entry; -EEXIST; -ENOTDIR; -ENOTEMPTY; -EINVAL; -ENAMETOOLONG.
 */
int bpffs_mkdir(struct bpffs *fs, const char *path);
int bpffs_pin(struct bpffs *fs, const char *path, struct object *obj);
/* *out carries a reference */
int bpffs_get(struct bpffs *fs, const char *path, struct object **out);
/* a pin, or an empty directory */
int bpffs_remove(struct bpffs *fs, const char *path);
/* Calls @each for every entry of a directory, in name order; obj is NULL for
 * a directory. */
int bpffs_list(struct bpffs *fs, const char *path,
	       void (*each)(void *data, const char *name, struct object *obj),
	       void *data);

#endif
