/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies of values between maps, programs and user space.
 *
 * 1. Values are read and written while programs run: there is no lock unless
 *    the value has one and is asked for.  So copies are made of relaxed atomic
 *    words, as wide as both addresses allow: a reader may see old and new
 *    words mixed, never half of an aligned word.
 * 2. The bytes of a bpf_spin_lock and a bpf_timer belong to the place where
 *    the value lives, and are never copied.
 */
#include "object/map.h"

#include <sched.h>
#include <string.h>

#define COPY_LOOP(type)                                                      \
	for (; n >= sizeof(type);                                            \
	     n -= sizeof(type), d += sizeof(type), s += sizeof(type))        \
	__atomic_store_n((type *)d,                                          \
			 __atomic_load_n((const type *)s, __ATOMIC_RELAXED), \
			 __ATOMIC_RELAXED)

static void copy_words(void *dst, const void *src, size_t n)
{
	u8 *d = dst;
	const u8 *s = src;
	uintptr_t both = (uintptr_t)dst | (uintptr_t)src;

	if (!(both & 7))
		COPY_LOOP(u64);
	if (!(both & 3))
		COPY_LOOP(u32);
	COPY_LOOP(u8);
}

/* Copy what lies before a special field at @off, and step over that field. */
static size_t copy_up_to(void *dst, const void *src, size_t from, int off,
			 size_t size)
{
	if (off < 0 || (size_t)off < from)
		return from;
	copy_words((u8 *)dst + from, (const u8 *)src + from, off - from);
	return off + size;
}

void map_copy_value(const struct map *map, void *dst, const void *src)
{
	int lock = map->spin_lock_off, timer = map->timer_off;
	size_t from = 0;

	if (unlikely(lock >= 0 || timer >= 0)) {
		if (lock < timer)
			from = copy_up_to(dst, src, from, lock, 4);
		from = copy_up_to(dst, src, from, timer, 16);
		from = copy_up_to(dst, src, from, lock, 4);
	}
	copy_words((u8 *)dst + from, (const u8 *)src + from,
		   map->value_size - from);
}

void map_copy_value_locked(const struct map *map, void *dst, const void *src,
			   bool lock_src)
{
	u8 *base = lock_src ? (u8 *)(uintptr_t)src : dst;
	u32 *lock = (u32 *)(base + map->spin_lock_off);

	ASSERT(map->spin_lock_off >= 0);
	spin_lock(lock);
	map_copy_value(map, dst, src);
	spin_unlock(lock);
}

void map_value_init(const struct map *map, void *value)
{
	if (map->spin_lock_off >= 0)
		memset((u8 *)value + map->spin_lock_off, 0, 4);
	if (map->timer_off >= 0)
		memset((u8 *)value + map->timer_off, 0, 16);
}

void map_percpu_read(const struct map *map, void *user, const void *base)
{
	size_t step = round_up((size_t)map->value_size, 8);

	for (u32 cpu = 0; cpu < map->obj.env->nr_cpus; cpu++) {
		u8 *to = (u8 *)user + cpu * step;

		map_copy_value(map, to,
			       (const u8 *)base + cpu * cpu_stride(map));
		memset(to + map->value_size, 0, step - map->value_size);
	}
}

void map_percpu_write(const struct map *map, void *base, const void *user)
{
	size_t step = round_up((size_t)map->value_size, 8);

	for (u32 cpu = 0; cpu < map->obj.env->nr_cpus; cpu++)
		map_copy_value(map, (u8 *)base + cpu * cpu_stride(map),
			       (const u8 *)user + cpu * step);
}

void spin_lock(u32 *lock)
{
	u32 tries = 0, free = 0;

	while (!__atomic_compare_exchange_n(
		lock, &free, 1, true, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
		free = 0;
		if (++tries % 128 == 0)
			sched_yield();
	}
}

void spin_unlock(u32 *lock)
{
	__atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}
