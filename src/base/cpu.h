/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPU slots: the "possible CPUs" of an environment.
 *
 * 1. A run holds one slot from cpu_enter() to cpu_leave(); no other thread
 *    has that slot meanwhile, so per-CPU values are written by one run only.
 * 2. It is the slot of the CPU the thread is on when that is free, else any
 *    free one, else the thread waits.
 * 3. A run inside a run (same thread, same slots) shares the outer one's slot,
 *    as an interrupt shares the CPU.
 */
#ifndef CGBPF_BASE_CPU_H
#define CGBPF_BASE_CPU_H

#include "base/types.h"

struct cpu_slots;

int cpu_slots_new(struct cpu_slots **out, u32 nr);
void cpu_slots_free(struct cpu_slots *slots);
u32 cpu_enter(struct cpu_slots *slots);
/* hold this very slot @cpu (< nr): waits until it is free */
u32 cpu_enter_on(struct cpu_slots *slots, u32 cpu);
void cpu_leave(struct cpu_slots *slots, u32 cpu);

#endif
