/* SPDX-License-Identifier: BSD-2-Clause */
/* The join of storage maps and cgroups: rules CS-14 to CS-27, CS-34, CS-35. */
#ifndef CGBPF_CGROUP_STORAGE_H
#define CGBPF_CGROUP_STORAGE_H

#include "cgroup/cgroup.h"
#include "object/map_storage.h"

struct prog;

/* What one attachment gets: for each storage map of its program. */
struct storage_set {
	struct storage *storage[STORAGE_TYPES];
	bool is_new[STORAGE_TYPES]; /* made for this attach, not linked yet */
};

/* All of them with env->cgroup_mutex held, but for the last. */

/* Finds or makes; publishes nothing: -ENOMEM. */
int storage_set_prepare(struct storage_set *set, struct cgbpf_cgroup *cgroup,
			const struct prog *prog, u32 attach_type);
/* Links the new ones to map and cgroup: cannot fail. */
void storage_set_publish(struct storage_set *set, struct cgbpf_cgroup *cgroup);
/* Frees the new ones. */
void storage_set_abort(struct storage_set *set);
/* Per-attachment mode: an attachment's end ends its storages (CS-35). */
void storage_set_end(struct storage_set *set);
/* The attachment runs @prog from now on: forgets what that does not use. */
void storage_set_trim(struct storage_set *set, const struct prog *prog);
/* All storages of a cgroup that is being released. */
void storage_release_cgroup(struct cgbpf_cgroup *cgroup);
/* All storages of a map that is being freed: cgroup_ops->storage_map_free. */
void storage_release_map(struct map *map);

#endif
