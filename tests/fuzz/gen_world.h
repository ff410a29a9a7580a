/* SPDX-License-Identifier: BSD-2-Clause */
/* Where generated programs are loaded and run. */
#ifndef CGBPF_TESTS_FUZZ_GEN_WORLD_H
#define CGBPF_TESTS_FUZZ_GEN_WORLD_H

#include "base/log.h"
#include "fuzz/gen.h"
#include "object/prog.h"
#include "vm/run.h"

struct gen_world {
	struct cgbpf_env *env; /* NULL: the live kernel */
	struct cgbpf_task *task;
	struct cgbpf_cgroup *cgroup;
	struct cgbpf_sock *sock;
	int btf, maps[NR_GEN_MAPS], tails[NR_GEN_KINDS];
	struct map *objects[NR_GEN_MAPS];
};

/* false: cannot be made, as without privileges on the live kernel */
bool gen_world_init(struct gen_world *world, bool live);
void gen_world_exit(struct gen_world *world);

/* The verdict of an environment: 0 and a program, or -errno and a log. */
int gen_world_load(struct gen_world *world, const struct gen_prog *gen,
		   struct log *log, struct prog **out);
/* The live kernel's: 0 or -errno. */
int gen_world_ask(struct gen_world *world, const struct gen_prog *gen,
		  char *log, u32 log_size);
/* Everything that programs read becomes something else. */
void gen_world_shuffle(struct gen_world *world, u64 *seed);
/*
 * One run in the checked interpreter, or the fast one.  false: a violation,
 * which is in @fault.
 */
bool gen_world_run(struct gen_world *world, struct prog *prog, u64 seed,
		   struct fault *fault, u64 *result);
u32 gen_random(u64 *seed);

#endif
