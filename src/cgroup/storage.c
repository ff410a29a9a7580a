/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Storages: the join of maps and cgroups.
 *
 * A storage belongs to one map and one cgroup and is in the lists of both, or
 * in neither.  Programs reach it through effective arrays, by pointer.
 *
 * Guarantees
 * 1. Found or made at attach, for the cgroup of the attachment: one for each
 *    key (CS-14, CS-15, CS-18, CS-22).  The mutex is held from the search to
 *    the publishing, so two attaches never make two (CS-23).
 * 2. Published last: storage_set_publish() is called when nothing can fail any
 *    more, and cannot fail itself; what is not published is freed by
 *    storage_set_abort() and nobody has seen it (CS-16, CS-17).
 * 3. Freed by what goes first, cgroup or map, each exactly once: both take it
 *    out of both lists under the mutex, so the other does not find it (CS-24,
 *    CS-25).  A detach frees nothing (CS-19).
 * 4. No program in an effective array outlives its storages: a cgroup is
 *    released after its arrays are; a map is freed after every program that
 *    uses it, and such a program is in no array.
 * 5. Freed after a grace period: runs finish on valid memory (CS-27).
 *
 * With the rules before Linux 5.9 (CGBPF_STORAGE_PER_ATTACHMENT) each attach
 * makes its own, and storage_set_end() ends it at detach (CS-35).
 */
#include "cgroup/storage.h"

#include <string.h>

#include "object/prog.h"

static bool per_attachment(const struct cgbpf_cgroup *cgroup)
{
	return cgroup->env->storage_mode == CGBPF_STORAGE_PER_ATTACHMENT;
}

int storage_set_prepare(struct storage_set *set, struct cgbpf_cgroup *cgroup,
			const struct prog *prog, u32 attach_type)
{
	struct storage_key key = {
		.cgroup_id = cgroup->id,
		.attach_type = attach_type,
	};
	int err;

	memset(set, 0, sizeof(*set));
	for (int i = 0; i < STORAGE_TYPES; i++) {
		struct map *map = prog->storage_map[i];

		if (!map)
			continue;
		if (!per_attachment(cgroup))
			set->storage[i] = map_storage_find(map, &key);
		if (set->storage[i])
			continue;
		err = map_storage_alloc(&set->storage[i], map, &key);
		if (err) {
			storage_set_abort(set);
			return err;
		}
		set->is_new[i] = true;
	}
	return 0;
}

void storage_set_publish(struct storage_set *set, struct cgbpf_cgroup *cgroup)
{
	for (int i = 0; i < STORAGE_TYPES; i++) {
		struct storage *storage = set->storage[i];

		if (!set->is_new[i])
			continue;
		storage->cgroup = cgroup;
		cds_list_add(&storage->of_cgroup, &cgroup->storages);
		map_storage_link(storage);
		set->is_new[i] = false;
	}
}

void storage_set_abort(struct storage_set *set)
{
	for (int i = 0; i < STORAGE_TYPES; i++) {
		if (set->is_new[i])
			map_storage_free(set->storage[i]);
		set->storage[i] = NULL;
		set->is_new[i] = false;
	}
}

static void storage_end(struct storage *storage)
{
	cds_list_del(&storage->of_cgroup);
	map_storage_unlink(storage);
	map_storage_free_rcu(storage);
}

static void storage_set_drop(struct storage_set *set, int i)
{
	struct storage *storage = set->storage[i];

	if (storage && per_attachment(storage->cgroup))
		storage_end(storage);
	set->storage[i] = NULL;
}

void storage_set_end(struct storage_set *set)
{
	for (int i = 0; i < STORAGE_TYPES; i++)
		storage_set_drop(set, i);
}

void storage_set_trim(struct storage_set *set, const struct prog *prog)
{
	for (int i = 0; i < STORAGE_TYPES; i++)
		if (!prog->storage_map[i])
			storage_set_drop(set, i);
}

void storage_release_cgroup(struct cgbpf_cgroup *cgroup)
{
	struct storage *storage, *tmp;

	cds_list_for_each_entry_safe (storage, tmp, &cgroup->storages,
				      of_cgroup)
		storage_end(storage);
}

void storage_release_map(struct map *map)
{
	struct cgbpf_env *env = map->obj.env;
	struct storage *storage;

	pthread_mutex_lock(&env->cgroup_mutex);
	while ((storage = map_storage_first(map)))
		storage_end(storage);
	pthread_mutex_unlock(&env->cgroup_mutex);
}
