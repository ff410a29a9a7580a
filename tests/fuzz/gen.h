/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs for the verifier, made of bytes.  See gen.c.
 *
 * Map references name a map of the world by its number (imm), which the world
 * replaces by an fd when the program is loaded.
 */
#ifndef CGBPF_TESTS_FUZZ_GEN_H
#define CGBPF_TESTS_FUZZ_GEN_H

#include "base/uapi.h"

#define GEN_MAX_INSNS 1024
#define GEN_MAX_FUNCS 6
#define NR_GEN_KINDS 8

enum gen_map {
	MAP_RANDOM, /* array, one value of random bytes: inputs of a run */
	MAP_ARRAY,
	MAP_HASH,
	MAP_LOCK,  /* array, values with a bpf_spin_lock */
	MAP_CONST, /* array, frozen, read only for programs */
	MAP_RINGBUF,
	MAP_TAIL, /* prog array: one for each kind of program */
	NR_GEN_MAPS,
};

struct gen_map_desc {
	u32 type, key_size, value_size, max_entries, flags;
	bool lock;
};

extern const struct gen_map_desc gen_maps[NR_GEN_MAPS];

struct gen_prog {
	u32 kind; /* below NR_GEN_KINDS: type and attach_type as a number */
	u32 type, attach_type, flags;
	u32 nr;
	struct bpf_insn insns[GEN_MAX_INSNS];
	u32 nr_funcs; /* main not counted */
	u32 funcs[GEN_MAX_FUNCS];
};

/* gen_prog() - the program that @size bytes at @in are */
void gen_prog(struct gen_prog *prog, const u8 *in, size_t size);

#endif
