/* SPDX-License-Identifier: BSD-2-Clause */
/* Instructions written by hand, for tests: one macro for each shape. */
#ifndef CGBPF_TESTS_INSN_MACROS_H
#define CGBPF_TESTS_INSN_MACROS_H

#include <linux/bpf.h>

#define I_RAW(op, d, s, o, i)               \
	((struct bpf_insn){ .code = (op),   \
			    .dst_reg = (d), \
			    .src_reg = (s), \
			    .off = (o),     \
			    .imm = (i) })

#define I_MOV_IMM(d, i) I_RAW(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define I_MOV_REG(d, s) I_RAW(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define I_MOV32_REG(d, s) I_RAW(BPF_ALU | BPF_MOV | BPF_X, d, s, 0, 0)
/* I_ALU_IMM(BPF_ADD, r, 1), ... */
#define I_ALU_IMM(op, d, i) I_RAW(BPF_ALU64 | (op) | BPF_K, d, 0, 0, i)
#define I_ALU_REG(op, d, s) I_RAW(BPF_ALU64 | (op) | BPF_X, d, s, 0, 0)
/* sizes: BPF_B, BPF_H, BPF_W, BPF_DW */
#define I_LDX(sz, d, s, o) I_RAW(BPF_LDX | BPF_MEM | (sz), d, s, o, 0)
#define I_STX(sz, d, s, o) I_RAW(BPF_STX | BPF_MEM | (sz), d, s, o, 0)
#define I_ST(sz, d, o, i) I_RAW(BPF_ST | BPF_MEM | (sz), d, 0, o, i)
#define I_JMP_IMM(op, d, i, o) I_RAW(BPF_JMP | (op) | BPF_K, d, 0, o, i)
#define I_JMP_REG(op, d, s, o) I_RAW(BPF_JMP | (op) | BPF_X, d, s, o, 0)
#define I_JA(o) I_RAW(BPF_JMP | BPF_JA, 0, 0, o, 0)
#define I_CALL(func) I_RAW(BPF_JMP | BPF_CALL, 0, 0, 0, func)
#define I_CALL_REL(o) I_RAW(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, o)
#define I_EXIT() I_RAW(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* two slots */
#define I_LD_MAP_FD(d, fd)                                             \
	I_RAW(BPF_LD | BPF_DW | BPF_IMM, d, BPF_PSEUDO_MAP_FD, 0, fd), \
		I_RAW(0, 0, 0, 0, 0)
#define I_LD_MAP_VALUE(d, fd, o)                                          \
	I_RAW(BPF_LD | BPF_DW | BPF_IMM, d, BPF_PSEUDO_MAP_VALUE, 0, fd), \
		I_RAW(0, 0, 0, 0, o)
#define I_LD_FUNC(d, o)                                             \
	I_RAW(BPF_LD | BPF_DW | BPF_IMM, d, BPF_PSEUDO_FUNC, 0, o), \
		I_RAW(0, 0, 0, 0, 0)
/* r0 = @r; exit */
#define I_RETURN(r) I_MOV_IMM(BPF_REG_0, r), I_EXIT()

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
#define R10 BPF_REG_10

#define INSNS(...) ((struct bpf_insn[]){ __VA_ARGS__ })
#define NR_INSNS(...) (sizeof(INSNS(__VA_ARGS__)) / sizeof(struct bpf_insn))

#endif
