/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the log says of a walk.
 *
 * 1. At levels 1 and 2 each instruction is shown before it is looked at, and
 *    before it, on a line of its own, the source line that it comes from, once
 *    per run of instructions of that line.
 * 2. What an instruction changed or used is shown after it, on the same line
 *    if nothing has been said in between, else on a line with the number of
 *    the next one.  Only registers and slots that were touched are shown; all
 *    of them where a path starts.
 * 3. At level 1 the log is that of one path: where one ends, what it said
 *    since it forked is taken back (log_reset()).  At the end of a good program
 *    nothing is left but statistics.  At level 2 it all stays, and each
 *    path is introduced: "from 3 to 7: ...".
 * 4. At level 4 alone there are only statistics, and the reason of a refusal.
 */
#include "verifier/show.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "object/btf.h"
#include "vm/insn.h"
#include "vm/vm.h"

#define LEVELS (LOG_LEVEL1 | LOG_LEVEL2)
#define STATE_COLUMN 40u
#define STATE_STEP 8u

bool show_on(const struct verifier *v)
{
	return v->log && v->log->level & LEVELS;
}

static void everything_changed(struct verifier *v)
{
	v->changed_regs = ~0u;
	v->changed_slots = ~0ull;
}

void show_nothing_changed(struct verifier *v)
{
	v->changed_regs = 0;
	v->changed_slots = 0;
}

/* ------------------------------------------------------------- source lines */

static const struct bpf_line_info *line_at(const struct prog *prog, u32 i)
{
	return (const void *)((const char *)prog->line_info +
			      (size_t)i * prog->line_info_rec_size);
}

static u32 line_number(const struct bpf_line_info *line)
{
	return line->line_col >> 10;
}

/* The last line that begins at or before @insn; -1: there are none. */
static int find_line(const struct prog *prog, u32 insn)
{
	u32 lo = 0, hi = prog->nr_line_info;

	if (!hi || insn >= prog->len)
		return -1;
	while (hi - lo > 1) {
		u32 middle = lo + (hi - lo) / 2;

		if (line_at(prog, middle)->insn_off <= insn)
			lo = middle;
		else
			hi = middle;
	}
	return (int)lo;
}

static bool same_line(const struct bpf_line_info *a,
		      const struct bpf_line_info *b)
{
	return a->file_name_off == b->file_name_off &&
	       line_number(a) == line_number(b);
}

static const char *without_dirs(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void show_line(struct verifier *v, u32 insn, const char *prefix)
{
	const struct prog *prog = v->prog;
	const struct bpf_line_info *line;
	const char *text, *file;
	int at;

	if (!log_on(v->log))
		return;
	at = find_line(prog, insn);
	if (at < 0 || (u32)at + 1 == v->shown_line)
		return;
	line = line_at(prog, (u32)at);
	if (v->shown_line && same_line(line, line_at(prog, v->shown_line - 1)))
		return;
	text = btf_name(prog->btf, line->line_off);
	file = btf_name(prog->btf, line->file_name_off);
	while (isspace((unsigned char)*text))
		text++;
	log_printf(v->log, "%s%s", prefix, text);
	log_printf(v->log, " @ %s:%u\n", without_dirs(file), line_number(line));
	v->shown_line = (u32)at + 1;
}

/* ------------------------------------------------------------- instructions */

/* Spaces after @column characters of an instruction, up to its state. */
static u32 padding(u64 column)
{
	u64 to = max(column + STATE_STEP / 2, (u64)STATE_COLUMN);

	return (u32)(round_up(to, (u64)STATE_STEP) - column - 1);
}

void show_changes(struct verifier *v)
{
	if (!show_on(v))
		return;
	if (v->insn_end && v->insn_end == log_pos(v->log)) {
		log_reset(v->log, v->insn_end - 1);
		log_printf(v->log, "%*c;", (int)padding(v->insn_width), ' ');
	} else {
		log_printf(v->log, "%u:", v->insn);
	}
	show_state(v, v->cur, v->cur->cur, false);
}

void show_insn(struct verifier *v)
{
	const struct bpf_insn *insn = verifier_insn(v);
	char text[128];
	u64 start;

	if (!show_on(v))
		return;
	if (v->new_path && v->log->level & LOG_LEVEL2) {
		log_printf(v->log, "\nfrom %u to %u:", v->prev, v->insn);
		show_state(v, v->cur, v->cur->cur, true);
		v->new_path = false;
	}
	if (v->changed_regs || v->changed_slots)
		show_changes(v);
	show_line(v, v->insn, "; ");
	start = log_pos(v->log);
	insn_print(text, sizeof(text), insn,
		   v->insn + 1 < v->prog->len ? insn + 1 : NULL);
	log_printf(v->log, "%u: %s\n", v->insn, text);
	v->insn_end = log_pos(v->log);
	v->insn_width = v->insn_end - start;
}

void show_live(struct verifier *v)
{
	const struct prog *prog = v->prog;

	if (!log_on(v->log) || !(v->log->level & LOG_LEVEL2))
		return;
	log_printf(v->log, "Live regs before insn:\n");
	for (u32 i = 0; i < prog->len; i++) {
		const struct bpf_insn *insn = &prog->insns[i];
		char regs[NR_REGS] = { 0 }, text[128];

		for (u32 r = 0; r < REG_FP; r++)
			regs[r] = v->infos[i].live >> r & 1 ? (char)('0' + r)
							    : '.';
		insn_print(text, sizeof(text), insn,
			   i + 1 < prog->len ? insn + 1 : NULL);
		if (v->infos[i].cycle)
			log_printf(v->log, "%3u ", v->infos[i].cycle);
		else
			log_printf(v->log, "    ");
		log_printf(v->log, "%3u: %s %s\n", i, regs, text);
		i += insn_is_ld64(insn);
	}
}

/* -------------------------------------------------------------------- paths */

void show_walk(struct verifier *v)
{
	everything_changed(v);
	v->shown_line = 0;
	v->new_path = false;
}

void show_path(struct verifier *v)
{
	everything_changed(v);
	v->new_path = true;
}

void show_safe(struct verifier *v)
{
	if (!show_on(v))
		return;
	if (v->new_path)
		log_printf(v->log, "\nfrom %u to %u: safe\n", v->prev, v->insn);
	else
		log_printf(v->log, "%u: safe\n", v->insn);
}

void show_call(struct verifier *v)
{
	if (!show_on(v))
		return;
	log_printf(v->log, "caller:\n");
	show_state(v, v->cur, v->cur->cur - 1, true);
	log_printf(v->log, "callee:\n");
	show_state(v, v->cur, v->cur->cur, true);
}

void show_return(struct verifier *v)
{
	if (!show_on(v))
		return;
	log_printf(v->log, "returning from callee:\n");
	show_state(v, v->cur, v->cur->cur, true);
}

void show_returned(struct verifier *v)
{
	v->new_path = true;
	if (!show_on(v))
		return;
	log_printf(v->log, "to caller at %u:\n", v->next);
	show_state(v, v->cur, v->cur->cur, true);
}

/* --------------------------------------------------------------- statistics */

static void show_depths(struct verifier *v)
{
	struct timespec now;
	u64 ns;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ns = (u64)now.tv_sec * 1000000000u + (u64)now.tv_nsec - v->start_ns;
	log_printf(v->log, "verification time %llu usec\n",
		   (unsigned long long)ns / 1000);
	log_printf(v->log, "stack depth ");
	for (u32 i = 0; i < v->prog->nr_subprogs; i++)
		log_printf(v->log, "%s%u", i ? "+" : "",
			   v->prog->subprogs[i].stack_depth);
	log_printf(v->log, "\n");
}

void show_stats(struct verifier *v)
{
	if (!log_on(v->log))
		return;
	if (v->log->level & LOG_STATS)
		show_depths(v);
	log_printf(v->log,
		   "processed %u insns (limit %u) max_states_per_insn %u "
		   "total_states %u peak_states %u mark_read %u\n",
		   v->insns_processed, PROG_MAX_INSNS, v->max_states_per_insn,
		   v->total_states, v->peak_states, v->mark_read);
}
