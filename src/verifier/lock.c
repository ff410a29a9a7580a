/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Spin locks: from bpf_spin_lock() to bpf_spin_unlock() a path does nothing
 * that takes long.
 *
 * 1. A lock is told apart by its map and by the id of the pointer to the
 *    value: each lookup gives a new one, so what is unlocked is what was
 *    locked, whatever the key.  A map's one direct value has the id 0.
 * 2. One lock at most is held; it is a REF_LOCK of the state.
 * 3. While it is held no helper but bpf_spin_unlock() is called (call.c), nor
 *    does the program end (reference.c).
 */
#include "object/map.h"
#include "verifier/reference.h"

/* @reg points to the lock of a value. */
static int lock_check(struct verifier *v, const struct reg *reg, u32 regno)
{
	s64 off = reg->off + (s64)reg->s.var_off.value;

	if (!tnum_is_const(reg->s.var_off)) {
		log_printf(v->log,
			   "R%u doesn't have constant offset. bpf_spin_lock "
			   "has to be at the constant offset\n",
			   regno);
		return -EINVAL;
	}
	if (!reg->map->btf) {
		log_printf(v->log,
			   "map '%s' has to have BTF in order to use "
			   "bpf_spin_lock\n",
			   reg->map->name);
		return -EINVAL;
	}
	if (reg->map->spin_lock_off < 0) {
		log_printf(v->log, "map '%s' has no valid bpf_spin_lock\n",
			   reg->map->name);
		return -EINVAL;
	}
	if (off != reg->map->spin_lock_off) {
		log_printf(v->log,
			   "off %lld doesn't point to 'struct bpf_spin_lock' "
			   "that is at %d\n",
			   (long long)off, reg->map->spin_lock_off);
		return -EINVAL;
	}
	return 0;
}

int lock_take(struct verifier *v, const struct reg *reg, u32 regno)
{
	struct ref ref = {
		.kind = REF_LOCK,
		.id = reg->id,
		.insn = v->insn,
		.map = reg->map,
	};
	int err = lock_check(v, reg, regno);

	if (err)
		return err;
	if (lock_held(v->cur)) {
		log_printf(v->log,
			   "Locking two bpf_spin_locks are not allowed\n");
		return -EINVAL;
	}
	return state_add_ref(v->cur, &ref);
}

int lock_drop(struct verifier *v, const struct reg *reg, u32 regno)
{
	struct ref *ref;
	int err = lock_check(v, reg, regno);

	if (err)
		return err;
	if (!lock_held(v->cur)) {
		log_printf(v->log, "bpf_spin_unlock without taking a lock\n");
		return -EINVAL;
	}
	ref = state_find_ref(v->cur, REF_LOCK, reg->id);
	if (!ref || ref->map != reg->map) {
		log_printf(v->log, "bpf_spin_unlock of different lock\n");
		return -EINVAL;
	}
	state_drop_ref(v->cur, ref);
	return 0;
}

bool lock_held(const struct state *state)
{
	return state_count_refs(state, REF_LOCK);
}
