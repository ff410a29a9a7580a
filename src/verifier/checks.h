/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the rooms of the verifier share: struct verifier, and its stages in
 * the order in which verifier_check() takes them.
 *
 * Every function that returns an int here and in the rooms' headers returns 0
 * or the errno of the refusal, whose reason is in the log by then.
 */
#ifndef CGBPF_VERIFIER_CHECKS_H
#define CGBPF_VERIFIER_CHECKS_H

#include "base/log.h"
#include "object/prog.h"
#include "verifier/state.h"

struct cgbpf_task;
struct func;
struct live;
struct prune;

/* What is known of one instruction, whatever the path. */
struct insn_info {
	u16 live; /* bit n: Rn may be read from here on before it is written */
	bool reached;	       /* cfg.c: from the program's start */
	bool prune_point;      /* states are compared here */
	bool jump_point;       /* paths meet: must be in the history */
	bool force_checkpoint; /* and a state is always remembered */
	bool calls_callback;   /* a helper that calls back is called here */
	u32 cycle;	       /* see points.c */
	u8 base; /* of a load or store: 1 + what it went through */
};

/* A path that is still to be walked, from its state before @insn. */
struct branch {
	struct state *state;
	u32 insn, prev;
	u64 log_pos; /* see log_reset() */
};

struct verifier {
	struct prog *prog;
	struct cgbpf_task *task;
	const struct attr_prog_load *attr;
	u64 uattr;
	struct log *log;
	bool strict_align; /* BPF_F_STRICT_ALIGNMENT */
	bool test_states;  /* BPF_F_TEST_STATE_FREQ: remember each one */

	struct insn_info *infos; /* by instruction */
	struct func *funcs;	 /* by function: see global.h */

	/* The path under way. */
	struct state *cur;
	u32 insn; /* the one that is looked at */
	u32 prev; /* the one before it on this path */
	u32 next; /* where the path goes on; a room that jumps sets it */
	struct step *step; /* of this instruction, in cur->steps, or NULL */
	u32 ids;	   /* the last that was given out */
	u32 walked;	   /* function whose walk this is: 0, or a global one */

	struct branch *branches; /* a stack */
	u32 nr_branches, max_branches;
	struct prune *prune;
	struct live *live;

	/* What the log shows after an instruction: changed since the last. */
	u32 changed_regs;
	u64 changed_slots;
	u32 shown_line; /* 1 + index of the source line shown last */
	u64 insn_end;	/* log_pos() when an instruction had been shown */
	u64 insn_width; /* how long its line is */
	bool new_path;	/* has to be introduced */

	/* Statistics */
	u32 insns_processed, jumps_processed;
	u32 prev_insns_processed, prev_jumps_processed; /* at last state */
	u32 total_states, peak_states, max_states_per_insn, mark_read;
	u64 start_ns;
};

/* resolve.c: the maps of attr->fd_array, when the caller said how many */
int check_fd_array(struct verifier *v);
/* cfg.c: where functions begin: main at 0, then every call's target */
int find_subprogs(struct verifier *v);
/* cfg.c: no jump leaves its function, no function falls into the next */
int check_subprogs(struct verifier *v);
/* resolve.c: 64-bit loads mean what they say; maps are held; opcodes exist */
int resolve_refs(struct verifier *v);
/* cfg.c: every instruction is reached, none in the middle of another */
int check_cfg(struct verifier *v);
/* points.c: infos' prune and jump points, calls_callback, cycle */
int find_points(struct verifier *v);
/* live.c: infos' live */
int live_compute(struct verifier *v);
/* walk.c: every path of the program, then of each global function it calls */
int walk(struct verifier *v);
/* frames.c: functions nest 8 deep at most, in 512 bytes of stack */
int check_frames(struct verifier *v);

/* The function that instruction @i belongs to. */
u32 subprog_of(const struct prog *prog, u32 i);

/* Where instruction @i can go on in its function; a call returns. */
struct insn_next {
	u32 nr;
	u32 to[2]; /* of a jump, its target last */
};

void insn_successors(const struct prog *prog, u32 i, struct insn_next *next);
/* A jump, conditional or not: neither call nor exit. */
bool insn_is_jump(const struct bpf_insn *insn);

static inline const struct bpf_insn *verifier_insn(const struct verifier *v)
{
	return &v->prog->insns[v->insn];
}

static inline struct insn_info *verifier_info(const struct verifier *v)
{
	return &v->infos[v->insn];
}

/* The registers of the innermost frame. */
static inline struct reg *verifier_regs(const struct verifier *v)
{
	return state_frame(v->cur)->regs;
}

#endif
