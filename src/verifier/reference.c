/* SPDX-License-Identifier: BSD-2-Clause */
#include "verifier/reference.h"

int reference_acquire(struct verifier *v, u32 *id)
{
	(void)id;
	log_printf(v->log, "not yet\n");
	return -ENOSYS;
}

int reference_release(struct verifier *v, u32 id)
{
	(void)id;
	log_printf(v->log, "not yet\n");
	return -ENOSYS;
}

void reference_forget(struct state *state, u32 id)
{
	(void)state;
	(void)id;
}

int reference_check_none(struct verifier *v, const char *what)
{
	(void)what;
	log_printf(v->log, "not yet\n");
	return -ENOSYS;
}

int lock_take(struct verifier *v, const struct reg *reg, u32 regno)
{
	(void)reg;
	(void)regno;
	log_printf(v->log, "not yet\n");
	return -ENOSYS;
}

int lock_drop(struct verifier *v, const struct reg *reg, u32 regno)
{
	(void)reg;
	(void)regno;
	log_printf(v->log, "not yet\n");
	return -ENOSYS;
}

bool lock_held(const struct state *state)
{
	return state_count_refs(state, REF_LOCK);
}
