/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Translated instructions: what the interpreters and the JIT run.
 *
 * One for each instruction slot of the program (the second half of a 64-bit
 * load becomes XOP_NOP and is jumped over), so that jump offsets, subprogram
 * starts and line info keep their meaning.  Map pointers are addresses,
 * helper calls point to the helper, context accesses known statically are
 * loads at an offset of our own context structs.
 */
#ifndef CGBPF_VM_XINSN_H
#define CGBPF_VM_XINSN_H

#include "object/prog.h"

struct xinsn {
	u16 op;	     /* enum xop, vm/insn.h */
	u8 dst, src; /* registers 0..10 */
	s32 off;     /* memory offset, or jump distance in xinsns */
	union {
		s64 imm;
		struct {
			s32 value, at; /* of STDEREFK */
		};
		void *ptr; /* a map, or a value of it */
		const struct helper *helper;
	};
};

static_assert(sizeof(struct xinsn) == 16, "four to a cache line");

#endif
