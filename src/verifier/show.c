/* SPDX-License-Identifier: BSD-2-Clause */
#include "verifier/show.h"

#include <stdio.h>

#include "vm/vm.h"

void show_insn(struct verifier *v)
{
	char text[128];

	if (!log_on(v->log))
		return;
	insn_print(text, sizeof(text), verifier_insn(v),
		   v->insn + 1 < v->prog->len ? verifier_insn(v) + 1 : NULL);
	log_printf(v->log, "%u: %s\n", v->insn, text);
}

void show_state(struct verifier *v, const struct state *state, u32 frame,
		bool all)
{
	(void)v;
	(void)state;
	(void)frame;
	(void)all;
}

void show_path(struct verifier *v)
{
	log_printf(v->log, "\nfrom %u to %u:\n", v->prev, v->insn);
}

void show_safe(struct verifier *v)
{
	log_printf(v->log, "%u: safe\n", v->insn);
}

void show_stats(struct verifier *v)
{
	log_printf(v->log,
		   "processed %u insns (limit %u) max_states_per_insn %u "
		   "total_states %u peak_states %u mark_read %u\n",
		   v->insns_processed, PROG_MAX_INSNS, v->max_states_per_insn,
		   v->total_states, v->peak_states, v->mark_read);
}
