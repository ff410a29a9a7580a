/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stages of verification, in the order in which verifier_check() takes
 * them.  Each returns 0 or the errno of the refusal, with its reason in the
 * log.
 */
#ifndef CGBPF_VERIFIER_CHECKS_H
#define CGBPF_VERIFIER_CHECKS_H

#include "base/log.h"
#include "object/prog.h"

struct cgbpf_task;

struct verifier {
	struct prog *prog;
	struct cgbpf_task *task;
	const struct attr_prog_load *attr;
	u64 uattr;
	struct log *log;
};

/* refs.c: the maps of attr->fd_array, when the caller said how many */
int check_fd_array(struct verifier *v);
/* cfg.c: where functions begin: main at 0, then every call's target */
int find_subprogs(struct verifier *v);
/* cfg.c: no jump leaves its function, no function falls into the next */
int check_subprogs(struct verifier *v);
/* refs.c: 64-bit loads mean what they say; maps are held; opcodes exist */
int resolve_refs(struct verifier *v);
/* cfg.c: every instruction is reached, none in the middle of another */
int check_cfg(struct verifier *v);
/* insn.c: registers, reserved fields, constants of each instruction */
int check_insns(struct verifier *v);
/* calls.c: callbacks are static functions that BTF tells about */
int check_calls(struct verifier *v);

/* flow.c: what registers hold, where that is the same on all paths */
int check_flow(struct verifier *v);
/* frames.c: functions nest 8 deep at most, in 512 bytes of stack */
int check_frames(struct verifier *v);

/* The function that instruction @i belongs to. */
u32 subprog_of(const struct prog *prog, u32 i);

#endif
