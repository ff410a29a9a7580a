/* SPDX-License-Identifier: BSD-2-Clause */
/* What comparisons tell of the packet's end.  See packet.c. */
#ifndef CGBPF_VERIFIER_PACKET_H
#define CGBPF_VERIFIER_PACKET_H

#include "verifier/checks.h"

/*
 * packet_branch_taken() - does the jump "@a op @b" go: 1, 0; -1: not known
 */
int packet_branch_taken(const struct reg *a, const struct reg *b, u8 op);
/*
 * packet_compare() - the jump "registers @a op @b" has forked, into @taken and
 * @not: what both know of the packet then.  Other pointers: nothing.
 */
void packet_compare(struct state *taken, struct state * not, u32 a, u32 b,
		    u8 op);

#endif
