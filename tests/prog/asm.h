/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small assembler for text cases: the syntax is that of the kernel's log
 * (and of insn_print()), with labels.
 *
 *	r1 = 5			r1 += r2		w1 s/= -3
 *	r1 = (s8)r2		r1 = bswap16 r1		w1 = -w1
 *	r1 = 0x123456789 ll	r1 = map[name]		r1 = map[name]+8
 *	r1 = func[label]
 *	r1 = *(u32 *)(r2 + 4)	*(u16 *)(r10 - 2) = r1	*(u8 *)(r1 + 0) = 7
 *	lock *(u64 *)(r1 + 0) += r2
 *	r2 = atomic_fetch_add((u64 *)(r1 + 0), r2)
 *	r2 = atomic_xchg((u32 *)(r1 + 0), r2)
 *	r0 = atomic_cmpxchg((u64 *)(r1 + 0), r0, r2)
 *	r1 = load_acquire((u8 *)(r2 + 0))
 *	store_release((u8 *)(r2 + 0), r1)
 *	r0 = *(u16 *)skb[12]	r0 = *(u8 *)skb[r7 + 2]
 *	goto label		gotol label		goto +3
 *	if r1 s> -1 goto label	if w1 & w2 goto label
 *	call bpf_map_lookup_elem	call 1		call label
 *	exit
 *	.raw 0x07 1 2 -3 4	opcode dst src off imm
 *	label:
 */
#ifndef CGBPF_TESTS_PROG_ASM_H
#define CGBPF_TESTS_PROG_ASM_H

#include "base/uapi.h"

#define ASM_MAX 8192
#define ASM_LABELS 256
#define ASM_NAME 48 /* of anything, with its NUL */

struct asm_ref {
	u32 insn;
	char label[ASM_NAME];
	enum {
		ASM_OFF,
		ASM_IMM
	} where;
};

struct asm_map {
	char name[ASM_NAME];
	int fd;
};

struct assembler {
	struct bpf_insn insns[ASM_MAX];
	u32 nr;
	struct {
		char name[ASM_NAME];
		u32 at;
	} labels[ASM_LABELS];
	u32 nr_labels;
	struct asm_ref refs[ASM_MAX];
	u32 nr_refs;
	const struct asm_map *maps;
	u32 nr_maps;
};

/* One line; false: it makes no sense. */
bool asm_line(struct assembler *as, const char *line);
/* Resolves labels; false: *label is not there. */
bool asm_finish(struct assembler *as, const char **label);

#endif
