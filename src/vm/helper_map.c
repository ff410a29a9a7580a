/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers on maps and their values. */
#include "vm/helper_fn.h"

#include "object/map.h"
#include "object/map_storage.h"

static struct map *map_arg(u64 r)
{
	return u64_to_ptr(r);
}

HELPER(map_lookup_elem)
{
	struct map *map = map_arg(r1);

	if (!map->ops->lookup)
		return 0;
	return ptr_to_u64(map->ops->lookup(map, u64_to_ptr(r2), run->cpu));
}

HELPER(map_update_elem)
{
	struct map *map = map_arg(r1);

	if (!map->ops->update)
		return -EOPNOTSUPP;
	return map->ops->update(map, u64_to_ptr(r2), u64_to_ptr(r3), r4,
				run->cpu);
}

HELPER(map_delete_elem)
{
	struct map *map = map_arg(r1);

	if (!map->ops->remove)
		return -EOPNOTSUPP;
	return map->ops->remove(map, u64_to_ptr(r2));
}

HELPER(map_push_elem)
{
	struct map *map = map_arg(r1);

	return map->ops->push ? map->ops->push(map, u64_to_ptr(r2), r3)
			      : -EOPNOTSUPP;
}

HELPER(map_pop_elem)
{
	struct map *map = map_arg(r1);

	return map->ops->pop ? map->ops->pop(map, u64_to_ptr(r2)) : -EOPNOTSUPP;
}

HELPER(map_peek_elem)
{
	struct map *map = map_arg(r1);

	return map->ops->peek ? map->ops->peek(map, u64_to_ptr(r2))
			      : -EOPNOTSUPP;
}

HELPER(map_lookup_percpu_elem)
{
	struct map *map = map_arg(r1);

	if ((u32)r3 >= run->env->nr_cpus)
		return 0;
	return ptr_to_u64(map->ops->lookup(map, u64_to_ptr(r2), r3));
}

/* The storage is the run's, not the map's: of the attachment (CS-18, KB-7). */
HELPER(get_local_storage)
{
	struct map *map = map_arg(r1);
	enum storage_type type = map_storage_type(map);
	struct storage *storage = run->storage[type];
	u8 *value;

	ASSERT(storage);
	value = rcu_dereference(storage->value);
	if (type == STORAGE_PERCPU)
		value += run->cpu * cpu_stride(map);
	return ptr_to_u64(value);
}

HELPER(spin_lock)
{
	run->held_lock = u64_to_ptr(r1);
	spin_lock(run->held_lock);
	return 0;
}

HELPER(spin_unlock)
{
	run->held_lock = NULL;
	spin_unlock(u64_to_ptr(r1));
	return 0;
}
