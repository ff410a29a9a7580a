/* SPDX-License-Identifier: BSD-2-Clause */
#include "prog.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "object/prog.h"
#include "vm/insn.h"
#include "vm/vm.h"

#define INSN(c, d, s, o, i)                 \
	((struct bpf_insn){ .code = (c),    \
			    .dst_reg = (d), \
			    .src_reg = (s), \
			    .off = (o),     \
			    .imm = (i) })
#define ALU(op, d, i) INSN(BPF_ALU64 | BPF_K | (op), d, 0, 0, i)
#define ALUX(op, d, s) INSN(BPF_ALU64 | BPF_X | (op), d, s, 0, 0)
#define MOV(d, i) ALU(BPF_MOV, d, i)
#define MOVX(d, s) ALUX(BPF_MOV, d, s)
#define MAP(d, fd)                                                    \
	INSN(BPF_LD | BPF_IMM | BPF_DW, d, BPF_PSEUDO_MAP_FD, 0, fd), \
		INSN(0, 0, 0, 0, 0)
#define LOAD(d, s, o) INSN(BPF_LDX | BPF_MEM | BPF_DW, d, s, o, 0)
#define STORE(d, o, s) INSN(BPF_STX | BPF_MEM | BPF_DW, d, s, o, 0)
#define STOREK(d, o, i) INSN(BPF_ST | BPF_MEM | BPF_DW, d, 0, o, i)
#define JMP(op, d, i, o) INSN(BPF_JMP | BPF_K | (op), d, 0, o, i)
#define CALL(f) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, f)
#define EXIT INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

/* *(u64 *)R0 += 1; *(u64 *)(R0 + 8) += 64: six instructions */
#define TWO_ADDS                                                          \
	LOAD(1, 0, 0), ALU(BPF_ADD, 1, 1), STORE(0, 0, 1), LOAD(1, 0, 8), \
		ALU(BPF_ADD, 1, 64), STORE(0, 8, 1)

#define VALUE_SIZE 16

static int load(const struct bench_side *side, const struct bpf_insn *insns,
		u32 nr)
{
	union attr attr = { .prog_load = {
				    .prog_type = BPF_PROG_TYPE_CGROUP_SKB,
				    .insns = ptr_to_u64(insns),
				    .insn_cnt = nr,
				    .license = ptr_to_u64("GPL"),
			    } };

	return bench_ok(bench_bpf(side, BPF_PROG_LOAD, &attr), "PROG_LOAD");
}

static int load_empty(const struct bench_side *side)
{
	const struct bpf_insn insns[] = { MOV(0, 1), EXIT };

	return load(side, insns, ARRAY_SIZE(insns));
}

static int load_storage(const struct bench_side *side, int map)
{
	const struct bpf_insn insns[] = {
		MAP(1, map), MOV(2, 0), CALL(BPF_FUNC_get_local_storage),
		TWO_ADDS,    MOV(0, 1), EXIT,
	};

	return load(side, insns, ARRAY_SIZE(insns));
}

static int load_hash(const struct bench_side *side, int map)
{
	const struct bpf_insn insns[] = {
		CALL(BPF_FUNC_skb_cgroup_id),
		STORE(10, -8, 0),
		MAP(1, map),
		MOVX(2, 10),
		ALU(BPF_ADD, 2, -8),
		CALL(BPF_FUNC_map_lookup_elem),
		JMP(BPF_JEQ, 0, 0, 8),
		TWO_ADDS,
		MOV(0, 1),
		EXIT,
		/* the first packet */
		STOREK(10, -24, 0),
		STOREK(10, -16, 0),
		MAP(1, map),
		MOVX(2, 10),
		ALU(BPF_ADD, 2, -8),
		MOVX(3, 10),
		ALU(BPF_ADD, 3, -24),
		MOV(4, 0),
		CALL(BPF_FUNC_map_update_elem),
		MOV(0, 1),
		EXIT,
	};

	return load(side, insns, ARRAY_SIZE(insns));
}

static int load_compute(const struct bench_side *side)
{
	const struct bpf_insn insns[] = {
		MOV(0, 1),
		MOV(1, 2),
		MOV(2, 3),
		MOV(3, 5),
		MOV(4, 7),
		MOV(6, COMPUTE_LOOPS),
		/* COMPUTE_INSNS from here */
		ALUX(BPF_ADD, 0, 1),
		ALUX(BPF_XOR, 1, 2),
		ALU(BPF_MUL, 2, 31),
		ALUX(BPF_ADD, 2, 3),
		MOVX(5, 3),
		ALU(BPF_RSH, 5, 7),
		ALUX(BPF_XOR, 3, 5),
		ALU(BPF_LSH, 4, 3),
		ALUX(BPF_OR, 4, 0),
		ALUX(BPF_SUB, 0, 4),
		ALU(BPF_AND, 4, 0xffffff),
		ALUX(BPF_ADD, 1, 4),
		MOVX(5, 1),
		ALU(BPF_LSH, 5, 9),
		ALUX(BPF_XOR, 1, 5),
		ALU(BPF_ADD, 3, 17),
		ALUX(BPF_MUL, 3, 2),
		ALUX(BPF_XOR, 0, 3),
		ALU(BPF_ARSH, 0, 1),
		ALUX(BPF_ADD, 2, 0),
		ALU(BPF_SUB, 6, 1),
		JMP(BPF_JNE, 6, 0, -COMPUTE_INSNS),
		MOV(0, 1),
		EXIT,
	};

	static_assert(ARRAY_SIZE(insns) == COMPUTE_INSNS + 8, "one loop");
	return load(side, insns, ARRAY_SIZE(insns));
}

static int load_long(const struct bench_side *side)
{
	static struct bpf_insn insns[LONG_INSNS];

	for (u32 i = 0; i < LONG_INSNS; i++)
		insns[i] = ALU(BPF_ADD, 0, 1);
	insns[0] = MOV(0, 0);
	insns[LONG_INSNS - 2] = MOV(0, 1);
	insns[LONG_INSNS - 1] = EXIT;
	return load(side, insns, LONG_INSNS);
}

int bench_prog_map(const struct bench_side *side, enum bench_prog which)
{
	union attr attr = { .map_create = { .map_type = BPF_MAP_TYPE_HASH,
					    .key_size = sizeof(u64),
					    .value_size = VALUE_SIZE,
					    .max_entries = 1024 } };

	if (which == PROG_STORAGE) {
		attr.map_create.map_type = BPF_MAP_TYPE_CGROUP_STORAGE;
		attr.map_create.max_entries = 0;
	} else if (which != PROG_HASH) {
		return -1;
	}
	return bench_ok(bench_bpf(side, BPF_MAP_CREATE, &attr), "MAP_CREATE");
}

int bench_prog_load(const struct bench_side *side, enum bench_prog which,
		    int map_fd)
{
	switch (which) {
	case PROG_EMPTY:
		return load_empty(side);
	case PROG_STORAGE:
		return load_storage(side, map_fd);
	case PROG_HASH:
		return load_hash(side, map_fd);
	case PROG_COMPUTE:
		return load_compute(side);
	case PROG_LONG:
		return load_long(side);
	}
	abort();
}

/*
 * Translates again, for the interpreter that is wanted.  What the verifier
 * knew of the instructions is gone; of these programs it is the maps only.
 */
void bench_prog_mode(const struct bench_side *side, int fd,
		     enum bench_mode mode)
{
	struct prog *prog;

	bench_ok(prog_get_by_fd(side->task, fd, &prog), "program");
	prog->aux = mem_calloc(prog->len, sizeof(*prog->aux));
	if (!prog->aux)
		bench_die("no memory");
	for (u32 i = 0; i < prog->len; i++) {
		prog->aux[i].seen = true;
		if (prog->xinsns[i].op == XOP_LDMAP)
			prog->aux[i].map = prog->xinsns[i].ptr;
	}
	prog->checked = mode == MODE_CHECKED;
	bench_ok(vm_translate(prog), "translating");
	prog_put(prog);
}

void bench_attach(const struct bench_side *side, int cgroup_fd, int prog_fd)
{
	union attr attr = { .prog_attach = {
				    .target_fd = (u32)cgroup_fd,
				    .attach_bpf_fd = (u32)prog_fd,
				    .attach_type = BPF_CGROUP_INET_EGRESS,
				    .attach_flags = BPF_F_ALLOW_MULTI,
			    } };

	bench_ok(bench_bpf(side, BPF_PROG_ATTACH, &attr), "PROG_ATTACH");
}

void bench_detach(const struct bench_side *side, int cgroup_fd, int prog_fd)
{
	union attr attr = { .prog_attach = {
				    .target_fd = (u32)cgroup_fd,
				    .attach_bpf_fd = (u32)prog_fd,
				    .attach_type = BPF_CGROUP_INET_EGRESS,
			    } };

	bench_ok(bench_bpf(side, BPF_PROG_DETACH, &attr), "PROG_DETACH");
}
