/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Effective arrays.
 *
 * An array belongs to an attach point, the one whose cgroup has a list that is
 * not empty; all cgroups below it without such a point of their own use it.
 * So a change at a cgroup concerns the arrays of its own point and of those
 * below it in the tree of points, however many cgroups there are (AT-11).
 *
 * Guarantees
 * 1. A reader loads one pointer, and so sees for one event either all of a
 *    change or nothing of it.  Old arrays are freed after a grace period.
 * 2. Two phases: effective_prepare() allocates for all points concerned, then
 *    effective_publish() stores pointers; the mutex is held from one to the
 *    other, so nothing that was prepared is out of date.
 * 3. A program leaves (effective_remove()) or is swapped (effective_replace())
 *    in place, with one store for each array: this needs no memory, and so
 *    cannot fail (KB-10).  A slot whose program left is NULL, which readers
 *    skip.
 * 4. Taking out is exact: a point has an array only while its own list is not
 *    empty, so what its ancestors add does not depend on the entry that
 *    left (an ancestor's OVERRIDE program stays hidden); and a point whose
 *    list became empty gives up its array for its ancestors'.
 * 5. Slots are found by entry, which is in an array at most once, and never by
 *    program or by position (KB-9).
 */
#include "cgroup/effective.h"

#include "base/alloc.h"
#include "cgroup/attach.h"
#include "object/prog.h"

const struct effective *cgroup_effective(const struct cgbpf_cgroup *cgroup,
					 enum cgroup_atype atype)
{
	for (; cgroup; cgroup = cgroup->parent) {
		const struct attach_point *point =
			attach_point_of(cgroup, atype);
		const struct effective *effective;

		if (!point)
			continue;
		effective = rcu_dereference(point->effective);
		if (effective)
			return effective;
	}
	return NULL;
}

/* Does @level's list run in @cgroup, where @nr programs nearer to it do? */
static bool level_counts(const struct attach_point *level, u32 nr)
{
	return level->nr && (!nr || (level->mode & BPF_F_ALLOW_MULTI));
}

static u32 preorder_count(const struct attach_point *point)
{
	struct attach_entry *entry;
	u32 nr = 0;

	cds_list_for_each_entry (entry, &point->entries, of_point)
		nr += !!(entry->flags & BPF_F_PREORDER);
	return nr;
}

static void item_fill(struct effective_item *item,
		      const struct attach_entry *entry)
{
	item->prog = attach_entry_prog(entry);
	item->entry = entry;
	for (int i = 0; i < STORAGE_TYPES; i++)
		item->storage[i] = entry->storages.storage[i];
}

/*
 * The order (AT-6, AT-7): the preorder programs of all levels, the root's
 * first; then the others, the cgroup's own first; in list order in a level.
 */
static void effective_fill(struct effective *effective,
			   const struct attach_point *point, u32 preorder)
{
	u32 front = preorder; /* items from here to preorder are filled */
	u32 back = preorder;  /* items from preorder to here are filled */
	u32 nr = 0;

	for (const struct attach_point *level = point; level;
	     level = level->up) {
		struct attach_entry *entry;
		u32 pre;

		if (!level_counts(level, nr))
			continue;
		front -= preorder_count(level);
		pre = front;
		cds_list_for_each_entry (entry, &level->entries, of_point) {
			bool first = entry->flags & BPF_F_PREORDER;

			item_fill(&effective->items[first ? pre++ : back++],
				  entry);
		}
		nr += level->nr;
	}
	ASSERT(!front && back == nr && nr == effective->nr);
}

static int effective_make(struct effective **out,
			  const struct attach_point *point)
{
	struct effective *effective;
	u32 nr = 0, preorder = 0;

	for (const struct attach_point *level = point; level;
	     level = level->up) {
		if (!level_counts(level, nr))
			continue;
		nr += level->nr;
		preorder += preorder_count(level);
	}
	effective = mem_alloc(sizeof(*effective) +
			      nr * sizeof(effective->items[0]));
	if (!effective)
		return -ENOMEM;
	effective->nr = nr;
	effective_fill(effective, point, preorder);
	*out = effective;
	return 0;
}

static void effective_free_rcu(struct rcu_cb *cb)
{
	mem_free(container_of(cb, struct effective, rcu));
}

void effective_free(struct effective *effective)
{
	if (effective)
		rcu_defer(&effective->rcu, effective_free_rcu);
}

/* @top and all below it, one after the other; NULL after the last. */
static struct attach_point *point_next(struct attach_point *at,
				       const struct attach_point *top)
{
	if (!cds_list_empty(&at->below))
		return cds_list_first_entry(&at->below, struct attach_point,
					    beside);
	for (; at != top; at = at->up)
		if (at->beside.next != &at->up->below)
			return cds_list_entry(at->beside.next,
					      struct attach_point, beside);
	return NULL;
}

int effective_prepare(struct attach_point *top)
{
	struct attach_point *point;
	int err;

	for (point = top; point; point = point_next(point, top)) {
		if (!point->nr)
			continue; /* nothing of its own: no array */
		err = effective_make(&point->next, point);
		if (err) {
			effective_abort(top);
			return err;
		}
	}
	return 0;
}

void effective_abort(struct attach_point *top)
{
	struct attach_point *point;

	for (point = top; point; point = point_next(point, top)) {
		mem_free(point->next);
		point->next = NULL;
	}
}

void effective_publish(struct attach_point *top)
{
	struct attach_point *point;

	for (point = top; point; point = point_next(point, top)) {
		struct effective *old = point->effective;

		rcu_assign_pointer(point->effective, point->next);
		point->next = NULL;
		effective_free(old);
	}
}

static struct effective_item *item_find(struct effective *effective,
					const struct attach_entry *entry)
{
	for (u32 i = 0; effective && i < effective->nr; i++)
		if (effective->items[i].entry == entry)
			return &effective->items[i];
	return NULL; /* its program is overridden here (KB-11) */
}

void effective_remove(struct attach_point *top,
		      const struct attach_entry *entry)
{
	struct effective *old = top->effective;
	struct attach_point *point;

	if (!top->nr) {
		rcu_assign_pointer(top->effective, NULL);
		effective_free(old);
	}
	for (point = top; point; point = point_next(point, top)) {
		struct effective_item *item =
			item_find(point->effective, entry);

		if (!item)
			continue;
		rcu_assign_pointer(item->prog, NULL);
		item->entry = NULL; /* its memory may be another's soon */
	}
}

void effective_replace(struct attach_point *top,
		       const struct attach_entry *entry,
		       const struct prog *prog)
{
	struct attach_point *point;

	for (point = top; point; point = point_next(point, top)) {
		struct effective_item *item =
			item_find(point->effective, entry);

		if (item)
			rcu_assign_pointer(item->prog, prog);
	}
}
