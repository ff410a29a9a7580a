/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * liburcu's hash table as the maps use it: readers without a lock, writers
 * under one, old elements freed after a grace period.  It shows that our
 * annotations tell ThreadSanitizer what liburcu's uninstrumented code orders:
 * release before an element is added, acquire when one is found.
 */
#include "threads.h"

#include "base/alloc.h"
#include "base/rcu.h"

#define NR_THREADS 8u
#define ROUNDS 3000u
#define KEYS 32u

struct elem {
	struct cds_lfht_node node;
	struct rcu_cb rcu;
	u32 key, value, copy; /* value and copy are equal */
};

static struct cds_lfht *table;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static u32 made, freed; /* atomic */

static int match(struct cds_lfht_node *node, const void *key)
{
	rcu_tsan_acquire(node);
	return container_of(node, struct elem, node)->key == *(const u32 *)key;
}

static void elem_free(struct rcu_cb *cb)
{
	mem_free(container_of(cb, struct elem, rcu));
	__atomic_add_fetch(&freed, 1, __ATOMIC_RELAXED);
}

static struct elem *elem_new(u32 key, u32 value)
{
	struct elem *elem = mem_zalloc(sizeof(*elem));

	CHECK(elem);
	cds_lfht_node_init(&elem->node);
	elem->key = key;
	elem->value = value;
	elem->copy = value;
	rcu_tsan_release(&elem->node);
	__atomic_add_fetch(&made, 1, __ATOMIC_RELAXED);
	return elem;
}

static void elem_drop(struct cds_lfht_node *node)
{
	rcu_defer(&container_of(node, struct elem, node)->rcu, elem_free);
}

static void set(u32 key, u32 value)
{
	struct elem *elem = elem_new(key, value);
	struct cds_lfht_node *old;

	pthread_mutex_lock(&lock);
	rcu_read_lock();
	old = cds_lfht_add_replace(table, key, match, &key, &elem->node);
	rcu_read_unlock();
	pthread_mutex_unlock(&lock);
	if (old)
		elem_drop(old);
}

static void unset(u32 key)
{
	struct cds_lfht_node *node;
	struct cds_lfht_iter iter;

	pthread_mutex_lock(&lock);
	rcu_read_lock();
	cds_lfht_lookup(table, key, match, &key, &iter);
	node = cds_lfht_iter_get_node(&iter);
	if (node && cds_lfht_del(table, node))
		node = NULL;
	rcu_read_unlock();
	pthread_mutex_unlock(&lock);
	if (node)
		elem_drop(node);
}

static void get(u32 key)
{
	struct cds_lfht_node *node;
	struct cds_lfht_iter iter;

	rcu_read_lock();
	cds_lfht_lookup(table, key, match, &key, &iter);
	node = cds_lfht_iter_get_node(&iter);
	if (node) {
		const struct elem *elem = container_of(node, struct elem, node);

		CHECK(elem->key == key && elem->value == elem->copy);
	}
	rcu_read_unlock();
}

static void work(u32 index, void *arg)
{
	(void)arg;
	for (u32 i = 0; i < ROUNDS; i++) {
		u32 key = (i * 7 + index) % KEYS;

		if (i % 8 == 0)
			set(key, i);
		else if (i % 8 == 4)
			unset(key);
		else
			get(key);
	}
}

int main(void)
{
	table = cds_lfht_new_flavor(16, 16, 16, 0, &urcu_bp_flavor, NULL);
	CHECK(table);
	threads_run(NR_THREADS, work, NULL);
	for (u32 key = 0; key < KEYS; key++)
		unset(key);
	rcu_barrier();
	CHECK(!cds_lfht_destroy(table, NULL));
	CHECK(made == NR_THREADS * ROUNDS / 8);
	CHECK(freed == made);
	return 0;
}
