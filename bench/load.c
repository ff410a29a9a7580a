/* SPDX-License-Identifier: BSD-2-Clause */
/* What BPF_PROG_LOAD costs, with the close of the fd that it gives. */
#include "bench.h"
#include "prog.h"

struct loads {
	const struct bench_side *side;
	enum bench_prog which;
	int map;
};

static void load_loop(void *data, u32 n)
{
	struct loads *loads = data;

	for (u32 i = 0; i < n; i++)
		bench_close(loads->side,
			    bench_prog_load(loads->side, loads->which,
					    loads->map));
}

static double load_ns(const struct bench_side *side, enum bench_prog which)
{
	struct loads loads = { .side = side, .which = which };
	double ns;

	loads.map = bench_prog_map(side, which);
	ns = bench_loop(load_loop, &loads);
	if (loads.map >= 0)
		bench_close(side, loads.map);
	return ns;
}

static void row(const struct bench_side *ours, const char *what,
		enum bench_prog which)
{
	bench_row(&(struct bench_row){
		.what = what,
		.ours = load_ns(ours, which),
		.kernel = bench_has_kernel() ? load_ns(&bench_kernel, which)
					     : BENCH_NONE,
		.goal = 1e6 });
}

void bench_load(void)
{
	struct bench_side ours = { .name = "ours" };
	struct cgbpf_env *env;

	bench_ok(cgbpf_env_new(&env, NULL), "environment");
	ours.task = cgbpf_env_task(env);
	bench_title("Load a program: the kernel's with its JIT");
	row(&ours, "two adds to a storage, 12 instructions", PROG_STORAGE);
	row(&ours, "two adds in a hash map, 28 instructions", PROG_HASH);
	row(&ours, "a loop, 1,000 times 22 instructions", PROG_COMPUTE);
	row(&ours, "4,000 instructions, one after the other", PROG_LONG);
	cgbpf_env_free(env);
}
