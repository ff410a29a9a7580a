/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * References: what was taken must be given back, on every path, once.
 *
 * 1. A helper that hands out a socket or a record adds a reference to the
 *    state; every register and spill that holds it, or was made of it by
 *    another helper, carries its number in ref_id.
 * 2. Giving it back, or finding that it is NULL, takes it from the state.
 *    What carried its number is a number of no meaning after.
 * 3. A path may not leave the program, by its end or by a tail call, with a
 *    reference in its state or a lock held.
 */
#include "verifier/reference.h"

#include "verifier/walk.h"
#include "vm/helper.h"

int reference_acquire(struct verifier *v, u32 *id)
{
	struct ref ref = {
		.kind = REF_POINTER,
		.id = verifier_new_id(v),
		.insn = v->insn,
	};
	int err = state_add_ref(v->cur, &ref);

	if (!err)
		*id = ref.id;
	return err;
}

int reference_release(struct verifier *v, u32 id)
{
	struct ref *ref = state_find_ref(v->cur, REF_POINTER, id);
	struct reg *reg;

	if (!ref) {
		log_printf(v->log,
			   "func bpf_%s#%d reference has not been acquired "
			   "before\n",
			   helper_name((u32)verifier_insn(v)->imm),
			   verifier_insn(v)->imm);
		return -EINVAL;
	}
	state_drop_ref(v->cur, ref);
	for_each_reg(v->cur, frame, reg, n) if (reg->ref_id == id)
		reg_set_unknown(reg);
	return 0;
}

void reference_forget(struct state *state, u32 id)
{
	struct ref *ref = state_find_ref(state, REF_POINTER, id);

	if (ref)
		state_drop_ref(state, ref);
}

int reference_check_none(struct verifier *v, const char *what)
{
	const struct state *state = v->cur;

	if (lock_held(state)) {
		log_printf(v->log,
			   "%s cannot be used inside bpf_spin_lock-ed region\n",
			   what);
		return -EINVAL;
	}
	/* what a function holds, who called it may give back */
	if (state->cur || !state_count_refs(state, REF_POINTER))
		return 0;
	for (u32 i = 0; i < state->nr_refs; i++)
		log_printf(v->log, "Unreleased reference id=%u alloc_insn=%u\n",
			   state->refs[i].id, state->refs[i].insn);
	log_printf(v->log, "%s would lead to reference leak\n", what);
	return -EINVAL;
}
