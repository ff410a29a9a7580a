/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Effective programs: what runs for an event in a cgroup, in order.
 *
 * Shared, not copied: a cgroup with no program of its own for an attach type
 * uses its nearest ancestor's array.
 */
#ifndef CGBPF_CGROUP_EFFECTIVE_H
#define CGBPF_CGROUP_EFFECTIVE_H

#include "cgroup/cgroup.h"
#include "object/map_storage.h"

struct attach_entry;
struct attach_point;
struct prog;

struct effective_item {
	/* Read it with effective_prog(). */
	const struct prog *prog;
	/* Of the attachment, not of the event (CS-18): what
	 * bpf_get_local_storage() gives the program. */
	struct storage *storage[STORAGE_TYPES];
	/* Whose it is: an identity, for changes only (KB-9). */
	const struct attach_entry *entry;
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

/* The program of an item; NULL: skip it, it was detached. */
static inline const struct prog *
effective_prog(const struct effective_item *item)
{
	return rcu_dereference(item->prog);
}

/*
 * All below: with the mutex held.
 *
 * effective_prepare() makes new arrays of what the lists of @point and those
 * below it say now; then either effective_publish() or effective_abort(),
 * neither of which can fail.  -ENOMEM.
 */
int effective_prepare(struct attach_point *point);
void effective_publish(struct attach_point *point);
void effective_abort(struct attach_point *point);
/* Takes @entry, which has left @point's list, out of all arrays, in place. */
void effective_remove(struct attach_point *point,
		      const struct attach_entry *entry);
/* Runs @prog for @entry of @point in all arrays, in place. */
void effective_replace(struct attach_point *point,
		       const struct attach_entry *entry,
		       const struct prog *prog);
/* Frees an array that no point has any more, after a grace period. */
void effective_free(struct effective *effective);

#endif
