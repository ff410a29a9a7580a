/* SPDX-License-Identifier: BSD-2-Clause */
/* The vm room's face: translate once, run many times, show. */
#ifndef CGBPF_VM_VM_H
#define CGBPF_VM_VM_H

#include "object/prog.h"
#include "vm/run.h"

/* prog->insns and ->aux to ->xinsns: -ENOMEM, or -EINVAL for what cannot run.
 */
int vm_translate(struct prog *prog);
void vm_free(struct prog *prog);

/* One instruction as text, as the kernel's log writes it: "r0 = *(u32 *)(r1
 * +76)".  Returns its length, as snprintf; @next is the slot after, for 64-bit
 * loads, or NULL. */
int insn_print(char *buf, size_t size, const struct bpf_insn *insn,
	       const struct bpf_insn *next);

#endif
