/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Object ids, as bpf(2) gives them: from 1 upwards, each used once.
 *
 * The table is an array sorted by id, because a new id is always the largest:
 * adding appends, looking up is a binary search, the next id is the next entry.
 */
#ifndef CGBPF_BASE_IDTABLE_H
#define CGBPF_BASE_IDTABLE_H

#include <pthread.h>

#include "base/types.h"

struct idtable_entry {
	u32 id;
	void *item;
};

struct idtable {
	pthread_mutex_t lock;
	struct idtable_entry *entries;
	u32 nr, capacity, last_id;
};

void idtable_init(struct idtable *table);
void idtable_destroy(struct idtable *table);
/* Gives @item a new id; -ENOMEM.  @get, see below, can find it at once. */
int idtable_add(struct idtable *table, void *item, u32 *id);
void idtable_remove(struct idtable *table, u32 id);
/*
 * Takes a reference by @get under the table's lock: an item on its way out,
 * for which @get says no, counts as absent.  NULL if there is none.
 */
void *idtable_get(struct idtable *table, u32 id, bool (*get)(void *item));
/* The smallest id above @after, or 0. */
u32 idtable_next(struct idtable *table, u32 after);

#endif
