/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/idtable.h"

#include <string.h>

#include "base/alloc.h"

void idtable_init(struct idtable *table)
{
	memset(table, 0, sizeof(*table));
	pthread_mutex_init(&table->lock, NULL);
}

void idtable_destroy(struct idtable *table)
{
	ASSERT(!table->nr);
	mem_free(table->entries);
	pthread_mutex_destroy(&table->lock);
}

/* Index of the first entry whose id is above @after. */
static u32 idtable_above(const struct idtable *table, u32 after)
{
	u32 low = 0, high = table->nr;

	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (table->entries[mid].id > after)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

static int idtable_grow(struct idtable *table)
{
	u32 capacity = table->capacity ? table->capacity * 2 : 16;
	struct idtable_entry *entries;

	if (table->nr < table->capacity)
		return 0;
	entries = mem_realloc(table->entries, capacity * sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	table->entries = entries;
	table->capacity = capacity;
	return 0;
}

/* env teardown counts without the lock */
static void idtable_set_nr(struct idtable *table, u32 nr)
{
	__atomic_store_n(&table->nr, nr, __ATOMIC_RELAXED);
}

int idtable_add(struct idtable *table, void *item, u32 *id)
{
	int err;

	pthread_mutex_lock(&table->lock);
	err = idtable_grow(table);
	if (!err) {
		*id = ++table->last_id;
		table->entries[table->nr] =
			(struct idtable_entry){ .id = *id, .item = item };
		idtable_set_nr(table, table->nr + 1);
	}
	pthread_mutex_unlock(&table->lock);
	return err;
}

void idtable_remove(struct idtable *table, u32 id)
{
	u32 i;

	pthread_mutex_lock(&table->lock);
	i = idtable_above(table, id - 1);
	ASSERT(i < table->nr && table->entries[i].id == id);
	idtable_set_nr(table, table->nr - 1);
	memmove(&table->entries[i], &table->entries[i + 1],
		(table->nr - i) * sizeof(table->entries[0]));
	pthread_mutex_unlock(&table->lock);
}

void *idtable_get(struct idtable *table, u32 id, bool (*get)(void *item))
{
	void *item = NULL;
	u32 i;

	if (!id)
		return NULL;
	pthread_mutex_lock(&table->lock);
	i = idtable_above(table, id - 1);
	if (i < table->nr && table->entries[i].id == id &&
	    get(table->entries[i].item))
		item = table->entries[i].item;
	pthread_mutex_unlock(&table->lock);
	return item;
}

u32 idtable_next(struct idtable *table, u32 after)
{
	u32 id = 0, i;

	pthread_mutex_lock(&table->lock);
	i = idtable_above(table, after);
	if (i < table->nr)
		id = table->entries[i].id;
	pthread_mutex_unlock(&table->lock);
	return id;
}
