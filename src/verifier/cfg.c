/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control flow graph: functions, and which instructions are reached.
 *
 * 1. prog->subprogs is sorted by start; [0] starts at 0.  Who calls a
 *    function, or takes its address, made it one.
 * 2. Every jump stays in its function; every function ends in an exit or a
 *    jump.  So instructions follow one another only within a function.
 * 3. Every instruction is reached from the program's first: a depth-first
 *    walk with its own stack marks them (info->reached).  Jumping back is legal.
 */
#include "base/alloc.h"
#include "verifier/checks.h"
#include "vm/insn.h"

/* ------------------------------------------------------------- functions */

u32 subprog_of(const struct prog *prog, u32 i)
{
	u32 low = 0, high = prog->nr_subprogs;

	while (high - low > 1) {
		u32 mid = (low + high) / 2;

		if (prog->subprogs[mid].start <= i)
			low = mid;
		else
			high = mid;
	}
	return low;
}

static bool subprog_starts(const struct prog *prog, u32 i)
{
	return prog->nr_subprogs &&
	       prog->subprogs[subprog_of(prog, i)].start == i;
}

static int add_subprog(struct verifier *v, s64 start)
{
	struct prog *prog = v->prog;
	struct subprog *all;
	u32 at;

	if (start < 0 || start >= prog->len) {
		log_printf(v->log, "call to invalid destination\n");
		return -EINVAL;
	}
	if (subprog_starts(prog, (u32)start))
		return 0;
	if (prog->nr_subprogs >= PROG_MAX_SUBPROGS) {
		log_printf(v->log, "too many subprograms\n");
		return -E2BIG;
	}
	all = mem_realloc(prog->subprogs,
			  (prog->nr_subprogs + 1) * sizeof(*all));
	if (!all)
		return -ENOMEM;
	for (at = prog->nr_subprogs; at && all[at - 1].start > start; at--)
		all[at] = all[at - 1];
	all[at] = (struct subprog){ .start = (u32)start };
	prog->subprogs = all;
	prog->nr_subprogs++;
	return 0;
}

static s64 func_target(u32 i, const struct bpf_insn *insn)
{
	return (s64)i + insn->imm + 1;
}

int find_subprogs(struct verifier *v)
{
	const struct prog *prog = v->prog;
	int err;

	err = add_subprog(v, 0);
	for (u32 i = 0; i < prog->len && !err; i++) {
		const struct bpf_insn *insn = &prog->insns[i];

		if (insn_is_func_call(insn) || insn_is_func_ref(insn))
			err = add_subprog(v, func_target(i, insn));
		else if (insn_is_call(insn) &&
			 insn->src_reg == BPF_PSEUDO_KFUNC_CALL) {
			log_printf(v->log,
				   "calling kernel function is not "
				   "allowed: there is no kernel here\n");
			err = -EINVAL;
		}
	}
	if (err || !(v->log->level & LOG_LEVEL2))
		return err;
	for (u32 i = 0; i < prog->nr_subprogs; i++)
		log_printf(v->log, "func#%u @%u\n", i, prog->subprogs[i].start);
	return 0;
}

/* ------------------------------------------------------------------ jumps */

static bool is_goto(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_JA) ||
	       insn->code == (BPF_JMP32 | BPF_JA);
}

bool insn_is_jump(const struct bpf_insn *insn)
{
	u8 class = BPF_CLASS(insn->code);

	return (class == BPF_JMP || class == BPF_JMP32) &&
	       BPF_OP(insn->code) != BPF_CALL && BPF_OP(insn->code) != BPF_EXIT;
}

static bool is_exit(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_EXIT);
}

static s64 jump_target(u32 i, const struct bpf_insn *insn)
{
	s64 distance = insn->code == (BPF_JMP32 | BPF_JA) ? insn->imm
							  : insn->off;

	return (s64)i + distance + 1;
}

void insn_successors(const struct prog *prog, u32 i, struct insn_next *next)
{
	const struct bpf_insn *insn = &prog->insns[i];

	next->nr = 0;
	if (is_exit(insn))
		return;
	if (!is_goto(insn))
		next->to[next->nr++] = i + (insn_is_ld64(insn) ? 2 : 1);
	if (insn_is_jump(insn))
		next->to[next->nr++] = (u32)jump_target(i, insn);
}

static void note_facts(struct subprog *subprog, const struct bpf_insn *insn)
{
	u8 mode = BPF_MODE(insn->code);

	if (insn_is_helper_call(insn) && insn->imm == BPF_FUNC_tail_call)
		subprog->has_tail_call = true;
	if (BPF_CLASS(insn->code) == BPF_LD &&
	    (mode == BPF_ABS || mode == BPF_IND))
		subprog->has_ld_abs = true;
}

static int check_subprog(struct verifier *v, struct subprog *subprog, u32 end)
{
	const struct bpf_insn *insns = v->prog->insns;

	for (u32 i = subprog->start; i < end; i++) {
		note_facts(subprog, &insns[i]);
		if (insn_is_jump(&insns[i])) {
			s64 to = jump_target(i, &insns[i]);

			if (to < subprog->start || to >= end) {
				log_printf(v->log,
					   "jump out of range from insn %u to "
					   "%lld\n",
					   i, (long long)to);
				return -EINVAL;
			}
		}
	}
	if (!is_exit(&insns[end - 1]) && !is_goto(&insns[end - 1])) {
		log_printf(v->log, "last insn is not an exit or jmp\n");
		return -EINVAL;
	}
	return 0;
}

int check_subprogs(struct verifier *v)
{
	struct prog *prog = v->prog;
	int err = 0;

	for (u32 i = 0; i < prog->nr_subprogs && !err; i++)
		err = check_subprog(v, &prog->subprogs[i],
				    i + 1 < prog->nr_subprogs
					    ? prog->subprogs[i + 1].start
					    : prog->len);
	return err;
}

/* ------------------------------------------------------------------- walk */

struct walk {
	u32 *todo; /* instructions seen, whose successors were not looked at */
	u32 nr;
};

static void walk_to(struct walk *walk, struct verifier *v, s64 to)
{
	ASSERT(to >= 0 && to < v->prog->len);
	if (v->infos[to].reached)
		return;
	v->infos[to].reached = true;
	walk->todo[walk->nr++] = (u32)to;
}

static void walk_from(struct walk *walk, struct verifier *v, u32 i)
{
	const struct bpf_insn *insn = &v->prog->insns[i];
	struct insn_next next;

	if (insn_is_func_call(insn) || insn_is_func_ref(insn))
		walk_to(walk, v, func_target(i, insn));
	insn_successors(v->prog, i, &next);
	while (next.nr)
		walk_to(walk, v, next.to[--next.nr]);
}

static int check_reached(struct verifier *v)
{
	const struct prog *prog = v->prog;

	for (u32 i = 0; i < prog->len; i++) {
		if (!v->infos[i].reached) {
			log_printf(v->log, "unreachable insn %u\n", i);
			return -EINVAL;
		}
		if (!insn_is_ld64(&prog->insns[i]))
			continue;
		if (v->infos[i + 1].reached) {
			log_printf(v->log,
				   "jump into the middle of ldimm64 insn %u\n",
				   i);
			return -EINVAL;
		}
		i++;
	}
	return 0;
}

int check_cfg(struct verifier *v)
{
	struct walk walk = { .todo = mem_calloc(v->prog->len, sizeof(u32)) };

	if (!walk.todo)
		return -ENOMEM;
	walk_to(&walk, v, 0);
	while (walk.nr)
		walk_from(&walk, v, walk.todo[--walk.nr]);
	mem_free(walk.todo);
	return check_reached(v);
}
