/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PROG_ARRAY.
 *
 * A program that tail calls runs on with its context, its stack's depth and
 * its storages; so all programs of one array must agree on what those are.
 * The first one that is put in, or loaded with the array, is the owner:
 *
 * 1. The others have its type, expected attach type (KB-3) and, for XDP,
 *    fragments.
 * 2. The others have its storage maps (CS-12, KB-1), or none; but one without
 *    may not tail call on, since what it calls would find no storage (KB-2).
 * 3. The owner is remembered for as long as the map lives.
 *
 * Programs hold the arrays they use, and arrays hold programs: the last user
 * (fd, pin) that leaves an array empties it.
 */
#include "object/map_prog_array.h"

#include "base/alloc.h"
#include "object/prog.h"

/* enum of the uapi since 5.18: not in all headers */
#define F_XDP_HAS_FRAGS (1u << 5)

struct prog_array {
	struct fd_array array;
	u32 owner_lock; /* what follows is written once, under it */
	bool owned;
	u32 type, expected_attach_type, flags;
	u32 storage_id[STORAGE_TYPES]; /* of the maps, or 0 */
};

static struct prog_array *to_prog_array(struct map *map)
{
	return container_of(map, struct prog_array, array.map);
}

static u32 compat_flags(const struct prog *prog)
{
	return prog->prog_flags & (F_XDP_HAS_FRAGS | BPF_F_SLEEPABLE);
}

static u32 storage_id(const struct prog *prog, u32 type)
{
	return prog->storage_map[type] ? prog->storage_map[type]->obj.id : 0;
}

static bool tail_calls(const struct prog *prog)
{
	for (u32 i = 0; i < prog->nr_subprogs; i++)
		if (prog->subprogs[i].has_tail_call)
			return true;
	return false;
}

static void owner_set(struct prog_array *owner, const struct prog *prog)
{
	owner->type = prog->type;
	owner->expected_attach_type = prog->expected_attach_type;
	owner->flags = compat_flags(prog);
	for (u32 i = 0; i < STORAGE_TYPES; i++)
		owner->storage_id[i] = storage_id(prog, i);
	owner->owned = true;
}

static bool owner_fits(const struct prog_array *owner, const struct prog *prog)
{
	if (owner->type != prog->type ||
	    owner->expected_attach_type != prog->expected_attach_type ||
	    owner->flags != compat_flags(prog))
		return false;
	for (u32 i = 0; i < STORAGE_TYPES; i++) {
		u32 id = storage_id(prog, i);

		if (owner->storage_id[i] != id && (id || tail_calls(prog)))
			return false;
	}
	return true;
}

bool map_prog_compatible(struct map *map, const struct prog *prog)
{
	struct prog_array *owner = to_prog_array(map);
	bool fits = true;

	spin_lock(&owner->owner_lock);
	if (owner->owned)
		fits = owner_fits(owner, prog);
	else
		owner_set(owner, prog);
	spin_unlock(&owner->owner_lock);
	return fits;
}

static int prog_array_get(struct map *map, struct cgbpf_task *task, int fd,
			  void **object)
{
	struct prog *prog;
	int err;

	err = prog_get_by_fd(task, fd, &prog);
	if (err)
		return err;
	if (!map_prog_compatible(map, prog)) {
		prog_put(prog);
		return -EINVAL;
	}
	*object = prog;
	return 0;
}

static void prog_array_put(struct map *map, void *object)
{
	(void)map;
	prog_put(object);
}

static u32 prog_array_id(const void *object)
{
	return ((const struct prog *)object)->obj.id;
}

static const struct fd_array_kind prog_array_kind = {
	.get = prog_array_get,
	.put = prog_array_put,
	.id = prog_array_id,
};

static int prog_array_alloc(struct map **out, struct cgbpf_env *env,
			    const struct attr_map_create *attr,
			    struct cgbpf_task *task)
{
	(void)task;
	return fd_array_alloc(out, env, attr, sizeof(struct prog_array),
			      &prog_array_kind);
}

static int prog_array_check_btf(const struct map *map, const struct btf *btf,
				u32 key_id, u32 value_id)
{
	(void)map;
	(void)btf;
	(void)value_id;
	return key_id ? 0 : -EINVAL;
}

const struct map_ops map_prog_array_ops = {
	.name = "prog_array",
	.alloc_check = fd_array_alloc_check,
	.alloc = prog_array_alloc,
	.free = fd_array_free,
	.release_users = fd_array_clear,
	.check_btf = prog_array_check_btf,
	.remove = fd_array_remove,
	.next_key = map_array_next_key,
	.read = fd_array_read,
	.write = fd_array_write,
	.no_inner = true,
	.mem_usage = fd_array_mem_usage,
};
