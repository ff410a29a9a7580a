/* SPDX-License-Identifier: BSD-2-Clause */
/* The two interpreters, for each other and for vm/run.c only. */
#ifndef CGBPF_VM_INTERP_H
#define CGBPF_VM_INTERP_H

#include "vm/insn.h"
#include "vm/run.h"

#define VM_STACK_SIZE 512u /* of one function */
#define VM_MAX_FRAMES 8u   /* functions under way, as the kernel */
#define VM_MAX_TAIL_CALLS 33u

/* Runs from @insn, of run->prog, until its function exits: R0. */
u64 interp_run(struct run *run, const struct xinsn *insn, u64 r1, u64 r2,
	       u64 r3, u64 r4, u64 r5);

/* The same, every access checked; 0 and *fault (or NULL) after a violation. */
u64 checked_run(struct run *run, struct fault *fault);
u64 checked_callback(struct run *run, const struct xinsn *insn,
		     const struct callback *callback, const u64 args[5]);

/* run->prog has just been set: runs it in the interpreter that it needs. */
u64 vm_enter(struct run *run);

/*
 * The program that bpf_tail_call(@map, @index) goes to; NULL: none, or the
 * run has made its 33 tail calls: execution falls through.
 */
const struct prog *vm_tail_call(struct run *run, struct map *map, u32 index);

#endif
