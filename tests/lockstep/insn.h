/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BPF instructions as C expressions, for programs that tests write by hand.
 * Map instructions take a handle (lockstep.h) where the kernel wants an fd.
 */
#ifndef LOCKSTEP_INSN_H
#define LOCKSTEP_INSN_H

#include <linux/bpf.h>

#define INSN(c, d, s, o, i)                 \
	((struct bpf_insn){ .code = (c),    \
			    .dst_reg = (d), \
			    .src_reg = (s), \
			    .off = (o),     \
			    .imm = (i) })

#define R0 BPF_REG_0
#define R1 BPF_REG_1
#define R2 BPF_REG_2
#define R3 BPF_REG_3
#define R4 BPF_REG_4
#define R5 BPF_REG_5
#define R6 BPF_REG_6
#define R7 BPF_REG_7
#define R8 BPF_REG_8
#define R9 BPF_REG_9
#define FP BPF_REG_10

/* op: BPF_ADD, BPF_MOV, ...: 64 bits wide */
#define OPI(op, d, i) INSN(BPF_ALU64 | BPF_K | (op), d, 0, 0, i)
#define OPR(op, d, s) INSN(BPF_ALU64 | BPF_X | (op), d, s, 0, 0)
#define MOVI(d, i) OPI(BPF_MOV, d, i)
#define MOVR(d, s) OPR(BPF_MOV, d, s)
/* size: BPF_B, BPF_H, BPF_W, BPF_DW */
#define LOAD(size, d, s, o) INSN(BPF_LDX | BPF_MEM | (size), d, s, o, 0)
#define STORE(size, d, o, s) INSN(BPF_STX | BPF_MEM | (size), d, s, o, 0)
#define STOREI(size, d, o, i) INSN(BPF_ST | BPF_MEM | (size), d, 0, o, i)
#define ATOMIC_ADD(size, d, o, s) \
	INSN(BPF_STX | BPF_ATOMIC | (size), d, s, o, BPF_ADD)
#define JMPI(op, d, i, o) INSN(BPF_JMP | BPF_K | (op), d, 0, o, i)
#define JMPR(op, d, s, o) INSN(BPF_JMP | BPF_X | (op), d, s, o, 0)
#define GOTO(o) INSN(BPF_JMP | BPF_JA, 0, 0, o, 0)
#define CALL(helper) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_##helper)
#define EXIT() INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* two slots each */
#define LD64(d, s, lo, hi) \
	INSN(BPF_LD | BPF_DW | BPF_IMM, d, s, 0, lo), INSN(0, 0, 0, 0, hi)
#define LDMAP(d, map) LD64(d, BPF_PSEUDO_MAP_FD, map, 0)
#define LDVALUE(d, map, off) LD64(d, BPF_PSEUDO_MAP_VALUE, map, off)

#endif
