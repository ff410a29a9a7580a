/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What readers found stays what it was until they are done: writers replace
 * a value all the time, and free each old one exactly once, by rcu_defer() or
 * after synchronize_rcu().
 */
#include "threads.h"

#include "base/alloc.h"
#include "base/rcu.h"

#define READERS 6u
#define WRITERS 3u
#define ROUNDS 2000u
#define POISON 0xdeadbeefu

struct value {
	struct rcu_cb rcu;
	u32 a, b; /* always equal */
};

static struct value *shared;
static u32 made, freed; /* atomic */

static struct value *value_new(u32 n)
{
	struct value *value = mem_alloc(sizeof(*value));

	CHECK(value);
	value->a = n;
	value->b = n;
	__atomic_add_fetch(&made, 1, __ATOMIC_RELAXED);
	return value;
}

static void value_free(struct value *value)
{
	value->a = POISON;
	mem_free(value);
	__atomic_add_fetch(&freed, 1, __ATOMIC_RELAXED);
}

static void value_free_rcu(struct rcu_cb *cb)
{
	value_free(container_of(cb, struct value, rcu));
}

static void write_values(u32 index)
{
	for (u32 i = 0; i < ROUNDS; i++) {
		struct value *fresh = value_new(i + index), *old;

		old = __atomic_exchange_n(&shared, fresh, __ATOMIC_ACQ_REL);
		if (i % 200 == 0) {
			synchronize_rcu();
			value_free(old);
		} else {
			rcu_defer(&old->rcu, value_free_rcu);
		}
	}
}

static void read_values(void)
{
	for (u32 i = 0; i < 4 * ROUNDS; i++) {
		const struct value *value;
		u32 a;

		rcu_read_lock();
		value = rcu_dereference(shared);
		a = value->a;
		rcu_read_lock(); /* read sides nest */
		CHECK(value->b == a && a != POISON);
		rcu_read_unlock();
		CHECK(value->b == a && value->a == a);
		rcu_read_unlock();
	}
}

static void work(u32 index, void *arg)
{
	(void)arg;
	if (index < WRITERS)
		write_values(index);
	else
		read_values();
}

int main(void)
{
	shared = value_new(0);
	threads_run(READERS + WRITERS, work, NULL);
	rcu_barrier();
	value_free(shared);
	CHECK(made == WRITERS * ROUNDS + 1);
	CHECK(freed == made);
	return 0;
}
