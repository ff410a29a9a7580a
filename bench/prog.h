/* SPDX-License-Identifier: BSD-2-Clause */
/* The programs that are measured: CGROUP_SKB, the same for both sides. */
#ifndef CGBPF_BENCH_PROG_H
#define CGBPF_BENCH_PROG_H

#include "bench.h"

enum bench_prog {
	PROG_EMPTY,   /* return 1 */
	PROG_STORAGE, /* bpf_get_local_storage(), two adds */
	PROG_HASH,    /* the same, in a hash map by the packet's cgroup */
	PROG_COMPUTE, /* COMPUTE_LOOPS times COMPUTE_INSNS instructions */
	PROG_LONG,    /* LONG_INSNS instructions, one after the other */
};

#define COMPUTE_LOOPS 1000
#define COMPUTE_INSNS 22
#define LONG_INSNS 4000

/* How a program of ours is run. */
enum bench_mode {
	MODE_CHECKED, /* as one that nobody verified */
	MODE_FAST,    /* as one that was verified */
};

/* A map that PROG_STORAGE or PROG_HASH uses, else -1; and the program: fds. */
int bench_prog_map(const struct bench_side *side, enum bench_prog which);
int bench_prog_load(const struct bench_side *side, enum bench_prog which,
		    int map_fd);
/* Of ours only, before it is attached. */
void bench_prog_mode(const struct bench_side *side, int fd,
		     enum bench_mode mode);
void bench_attach(const struct bench_side *side, int cgroup_fd, int prog_fd);
void bench_detach(const struct bench_side *side, int cgroup_fd, int prog_fd);

#endif
