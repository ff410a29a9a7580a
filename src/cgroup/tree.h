/* SPDX-License-Identifier: BSD-2-Clause */
/* Making, removing and finding cgroups: all with env->cgroup_mutex held. */
#ifndef CGBPF_CGROUP_TREE_H
#define CGBPF_CGROUP_TREE_H

#include "cgroup/cgroup.h"

/* *out is borrowed.  -EINVAL, -ENAMETOOLONG, -ENOENT, -EEXIST, -ENOMEM. */
int cgroup_new_locked(struct cgbpf_cgroup *parent, const char *name, size_t len,
		      struct cgbpf_cgroup **out);
/* -ENOENT if it was removed; -EBUSY: the root, or it has children. */
int cgroup_remove_locked(struct cgbpf_cgroup *cgroup);
/* The one at @path below @from, borrowed: -ENOENT. */
int cgroup_find_locked(struct cgbpf_cgroup *from, const char *path, size_t len,
		       struct cgbpf_cgroup **out);

#endif
