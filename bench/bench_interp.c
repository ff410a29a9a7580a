/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an interpreted instruction costs: a loop of 1,000 iterations of 22
 * instructions, in both interpreters.  Medians of 15 runs of a few million
 * instructions each, in processor time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cgbpf.h"
#include "object/prog.h"
#include "object/task.h"
#include "verifier/verifier.h"
#include "vm/run.h"
#include "vm/skb.h"
#include "vm/vm.h"

#define LOOPS 1000
#define ROUNDS 15

static struct bpf_insn insns[64];
static u32 nr;

static void add(u8 code, u8 dst, u8 src, s16 off, s32 imm)
{
	struct bpf_insn insn = { .code = code, .off = off, .imm = imm };

	insn.dst_reg = dst & 15;
	insn.src_reg = src & 15;
	insns[nr++] = insn;
}

/* The body: xorshift, sums, a store and a load, two branches not taken. */
static u32 build(void)
{
	u32 start;

	add(0xb7, 0, 0, 0, 1);
	add(0xb7, 1, 0, 0, LOOPS);
	add(0xb7, 2, 0, 0, 12345);
	start = nr;
	for (int i = 0; i < 2; i++) {
		add(0xbf, 3, 2, 0, 0); /* r3 = r2 */
		add(0x67, 3, 0, 0, 13);
		add(0xaf, 2, 3, 0, 0);
		add(0xbf, 3, 2, 0, 0);
		add(0x77, 3, 0, 0, 7);
		add(0xaf, 2, 3, 0, 0);
		add(0x0f, 0, 2, 0, 0);
		add(0x7b, 10, 0, -8, 0);
		add(0x79, 4, 10, -8, 0);
		add(0x15, 2, 0, 2, 0);
	}
	/* both jumps above land inside the body */
	add(0x07, 1, 0, 0, -1);
	add(0x55, 1, 0, (s16)(start - nr - 1), 0);
	add(0x95, 0, 0, 0, 0);
	return (nr - 1 - start) * LOOPS;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static int bench(struct cgbpf_env *env, bool checked, u32 executed)
{
	struct cgbpf_task *task = cgbpf_env_task(env);
	static const struct attr_prog_load attr;
	double ns[ROUNDS];
	struct skb_ctx ctx = { 0 };
	struct run run = { .env = env, .cred = &task->cred, .ctx = &ctx };
	u32 repeat = checked ? 20 : 200;
	struct fault fault = { 0 };
	struct prog *prog;
	struct log log;
	int err;

	log_init(&log, 1, 4096);
	err = prog_alloc(&prog, env, nr);
	if (err)
		return err;
	prog->type = BPF_PROG_TYPE_SOCKET_FILTER;
	memcpy(prog->insns, insns, nr * sizeof(insns[0]));
	err = verifier_check(prog, task, &attr, 0, &log);
	prog->checked = checked;
	if (!err)
		err = vm_translate(prog);
	if (err) {
		fprintf(stderr, "%s", log.buf ? log.buf : "");
		goto out;
	}
	run.prog = prog;
	for (int i = 0; i < ROUNDS; i++) {
		double start = now();

		for (u32 j = 0; j < repeat; j++)
			vm_run(&run, &fault);
		ns[i] = (now() - start) / repeat / executed;
	}
	if (fault.reason[0])
		fprintf(stderr, "fault: %s\n", fault.reason);
	qsort(ns, ROUNDS, sizeof(ns[0]), compare);
	printf("%-8s %6.2f ns per instruction\n", checked ? "checked" : "fast",
	       ns[ROUNDS / 2]);
out:
	log_destroy(&log);
	prog_put(prog);
	return err;
}

int main(void)
{
	u32 executed = build();
	struct cgbpf_env *env;
	int err;

	if (cgbpf_env_new(&env, NULL))
		return 1;
	err = bench(env, false, executed);
	if (!err)
		err = bench(env, true, executed);
	cgbpf_env_free(env);
	return err != 0;
}
