/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Effective programs: what runs for an event in a cgroup, in order.
 *
 * Shared, not copied: a cgroup with no attach point of its own for an attach
 * type uses its nearest ancestor's array.
 */
#ifndef CGBPF_CGROUP_EFFECTIVE_H
#define CGBPF_CGROUP_EFFECTIVE_H

#include "cgroup/cgroup.h"
#include "object/map_storage.h"

struct effective_item {
	const struct prog *prog;
	struct storage *storage[STORAGE_TYPES];
	/* of the attachment, not of the event: what bpf_get_local_storage()
	 * is about */
	u32 flags;
};

struct effective {
	u32 nr;
	struct rcu_cb rcu;
	struct effective_item items[];
};

/*
 * cgroup_effective() - the array for an event in @cgroup; NULL: nothing runs.
 * In a read side of RCU; the array, its programs and storages are good until
 * it ends.  A few loads for each level up to the nearest attach point.
 */
const struct effective *cgroup_effective(const struct cgbpf_cgroup *cgroup,
					 enum cgroup_atype atype);

#endif
