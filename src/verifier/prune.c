/* SPDX-License-Identifier: BSD-2-Clause */
#include "verifier/prune.h"

int prune_init(struct verifier *v)
{
	(void)v;
	return 0;
}

void prune_free(struct verifier *v)
{
	(void)v;
}

int prune_visit(struct verifier *v)
{
	(void)v;
	return 0;
}

void prune_end(struct verifier *v, struct state *state)
{
	(void)v;
	(void)state;
}
