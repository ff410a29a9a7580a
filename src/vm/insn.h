/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one table of instructions: RFC 9669, versions 1 to 4, and Linux's
 * acquire loads and release stores.
 *
 * What is an instruction here is a line of INSN_TABLE.  From it come what is
 * valid, the text of the disassembler, and both interpreters; the meaning is
 * written once, in the last column, and nowhere else.
 *
 *	R(name, form, code, variant, sign, U, S, meaning)
 *
 * name		XOP_name is its number in struct xinsn
 * form		which operands it has, and where they are: enum insn_form
 * code		the opcode byte
 * variant	what tells apart instructions with the same opcode byte:
 *		insn_variant() says which field of the instruction that is
 * sign		how people write the operation
 * U, S		the unsigned and signed type of what is computed or moved
 * meaning	the result, as a U (loads: a u64), of
 *		a	the destination register
 *		b	the source register, or the sign-extended immediate
 *		m	what was loaded; of a packet: in host order
 *		p	the address, as a U *
 *		r0	R0
 *		For jumps: whether to jump.  a and b have been cut to U.
 */
#ifndef CGBPF_VM_INSN_H
#define CGBPF_VM_INSN_H

#include "base/uapi.h"
#include "vm/xinsn.h"

/* Modes and operations that older headers lack. */
#define INSN_MEMSX 0x80u
#define INSN_LOAD_ACQ 0x100
#define INSN_STORE_REL 0x110

enum insn_form {
	FORM_NONE,
	FORM_ALUX,     /* dst = f(dst, src) */
	FORM_ALUK,     /* dst = f(dst, imm) */
	FORM_UNARY,    /* dst = f(dst) */
	FORM_MOVSX,    /* dst = f(src) */
	FORM_JMPX,     /* if f(dst, src) goto off */
	FORM_JMPK,     /* if f(dst, imm) goto off */
	FORM_JA,       /* goto off; JAL: goto imm */
	FORM_LDX,      /* dst = *(src + off) */
	FORM_STX,      /* *(dst + off) = src */
	FORM_ST,       /* *(dst + off) = imm */
	FORM_ATOMIC,   /* f(dst + off, src) */
	FORM_FETCH,    /* src = f(dst + off, src) */
	FORM_CMPXCHG,  /* r0 = f(dst + off, r0, src) */
	FORM_LOADACQ,  /* dst = f(src + off) */
	FORM_STOREREL, /* f(dst + off, src) */
	FORM_LD64,     /* dst = imm64, of two slots */
	FORM_LDABS,    /* r0 = packet[imm] */
	FORM_LDIND,    /* r0 = packet[src + imm] */
	FORM_CALL,
	FORM_EXIT,
	INSN_FORMS,
};

/* clang-format off */
#define ALU_ROWS(R, name, op, variant, sign, meaning)                        \
	R(name##64X, ALUX, 0x0f | op, variant, sign, u64, s64, meaning)      \
	R(name##64K, ALUK, 0x07 | op, variant, sign, u64, s64, meaning)      \
	R(name##32X, ALUX, 0x0c | op, variant, sign, u32, s32, meaning)      \
	R(name##32K, ALUK, 0x04 | op, variant, sign, u32, s32, meaning)

#define JMP_ROWS(R, name, op, sign, meaning)                                 \
	R(name##64X, JMPX, 0x0d | op, 0, sign, u64, s64, meaning)            \
	R(name##64K, JMPK, 0x05 | op, 0, sign, u64, s64, meaning)            \
	R(name##32X, JMPX, 0x0e | op, 0, sign, u32, s32, meaning)            \
	R(name##32K, JMPK, 0x06 | op, 0, sign, u32, s32, meaning)

#define MEM_ROWS(R, size, code, U, S)                                        \
	R(LDX##size, LDX, 0x61 | code, 0, "", U, S, m)                       \
	R(ST##size, ST, 0x62 | code, 0, "", U, S, b)                         \
	R(STX##size, STX, 0x63 | code, 0, "", U, S, b)                       \
	R(LOADACQ##size, LOADACQ, 0xc3 | code, INSN_LOAD_ACQ, "load_acquire",\
	  U, S, __atomic_load_n(p, __ATOMIC_ACQUIRE))                        \
	R(STOREREL##size, STOREREL, 0xc3 | code, INSN_STORE_REL,             \
	  "store_release", U, S, __atomic_store_n(p, b, __ATOMIC_RELEASE))

#define ATOMIC_ROWS(R, name, op, sign, func)                                 \
	R(A##name##W, ATOMIC, 0xc3, op, sign, u32, s32,                      \
	  func(p, b, __ATOMIC_RELAXED))                                      \
	R(A##name##DW, ATOMIC, 0xdb, op, sign, u64, s64,                     \
	  func(p, b, __ATOMIC_RELAXED))                                      \
	R(F##name##W, FETCH, 0xc3, op | BPF_FETCH, #name, u32, s32,          \
	  func(p, b, __ATOMIC_SEQ_CST))                                      \
	R(F##name##DW, FETCH, 0xdb, op | BPF_FETCH, #name, u64, s64,         \
	  func(p, b, __ATOMIC_SEQ_CST))

/* Division by zero gives 0, modulo zero leaves a; the one quotient that does
 * not fit wraps, as two's complement does.  Shift counts are cut. */
#define INSN_TABLE(R)                                                        \
	ALU_ROWS(R, ADD, 0x00, 0, "+=", a + b)                               \
	ALU_ROWS(R, SUB, 0x10, 0, "-=", a - b)                               \
	ALU_ROWS(R, MUL, 0x20, 0, "*=", a * b)                               \
	ALU_ROWS(R, DIV, 0x30, 0, "/=", b ? a / b : 0)                       \
	ALU_ROWS(R, SDIV, 0x30, 1, "s/=", b == 0 ? 0 : b == (U)-1 ? 0 - a :  \
		 (U)((S)a / (S)b))                                           \
	ALU_ROWS(R, OR, 0x40, 0, "|=", a | b)                                \
	ALU_ROWS(R, AND, 0x50, 0, "&=", a & b)                               \
	ALU_ROWS(R, LSH, 0x60, 0, "<<=", a << (b & (sizeof(U) * 8 - 1)))     \
	ALU_ROWS(R, RSH, 0x70, 0, ">>=", a >> (b & (sizeof(U) * 8 - 1)))     \
	R(NEG64, UNARY, 0x87, 0, "-", u64, s64, 0 - a)                       \
	R(NEG32, UNARY, 0x84, 0, "-", u32, s32, 0 - a)                       \
	ALU_ROWS(R, MOD, 0x90, 0, "%=", b ? a % b : a)                       \
	ALU_ROWS(R, SMOD, 0x90, 1, "s%=", b == 0 ? a : b == (U)-1 ? 0 :      \
		 (U)((S)a % (S)b))                                           \
	ALU_ROWS(R, XOR, 0xa0, 0, "^=", a ^ b)                               \
	ALU_ROWS(R, MOV, 0xb0, 0, "=", b)                                    \
	R(MOVSB64, MOVSX, 0xbf, 8, "(s8)", u64, s64, (U)(S)(s8)b)            \
	R(MOVSH64, MOVSX, 0xbf, 16, "(s16)", u64, s64, (U)(S)(s16)b)         \
	R(MOVSW64, MOVSX, 0xbf, 32, "(s32)", u64, s64, (U)(S)(s32)b)         \
	R(MOVSB32, MOVSX, 0xbc, 8, "(s8)", u32, s32, (U)(S)(s8)b)            \
	R(MOVSH32, MOVSX, 0xbc, 16, "(s16)", u32, s32, (U)(S)(s16)b)         \
	ALU_ROWS(R, ARSH, 0xc0, 0, "s>>=",                                   \
		 (U)((S)a >> (b & (sizeof(U) * 8 - 1))))                     \
	R(LE16, UNARY, 0xd4, 16, "le16", u64, s64, (u16)a)                   \
	R(LE32, UNARY, 0xd4, 32, "le32", u64, s64, (u32)a)                   \
	R(LE64, UNARY, 0xd4, 64, "le64", u64, s64, a)                        \
	R(BE16, UNARY, 0xdc, 16, "be16", u64, s64, __builtin_bswap16((u16)a))\
	R(BE32, UNARY, 0xdc, 32, "be32", u64, s64, __builtin_bswap32((u32)a))\
	R(BE64, UNARY, 0xdc, 64, "be64", u64, s64, __builtin_bswap64(a))     \
	R(SWAP16, UNARY, 0xd7, 16, "bswap16", u64, s64,                      \
	  __builtin_bswap16((u16)a))                                         \
	R(SWAP32, UNARY, 0xd7, 32, "bswap32", u64, s64,                      \
	  __builtin_bswap32((u32)a))                                         \
	R(SWAP64, UNARY, 0xd7, 64, "bswap64", u64, s64, __builtin_bswap64(a))\
	R(JA, JA, 0x05, 0, "goto", u64, s64, true)                           \
	R(JAL, JA, 0x06, 0, "gotol", u64, s64, true)                         \
	JMP_ROWS(R, JEQ, 0x10, "==", a == b)                                 \
	JMP_ROWS(R, JGT, 0x20, ">", a > b)                                   \
	JMP_ROWS(R, JGE, 0x30, ">=", a >= b)                                 \
	JMP_ROWS(R, JSET, 0x40, "&", (a & b) != 0)                           \
	JMP_ROWS(R, JNE, 0x50, "!=", a != b)                                 \
	JMP_ROWS(R, JSGT, 0x60, "s>", (S)a > (S)b)                           \
	JMP_ROWS(R, JSGE, 0x70, "s>=", (S)a >= (S)b)                         \
	JMP_ROWS(R, JLT, 0xa0, "<", a < b)                                   \
	JMP_ROWS(R, JLE, 0xb0, "<=", a <= b)                                 \
	JMP_ROWS(R, JSLT, 0xc0, "s<", (S)a < (S)b)                           \
	JMP_ROWS(R, JSLE, 0xd0, "s<=", (S)a <= (S)b)                         \
	R(CALL, CALL, 0x85, 0, "call", u64, s64, 0)                          \
	R(EXIT, EXIT, 0x95, 0, "exit", u64, s64, 0)                          \
	MEM_ROWS(R, W, 0x00, u32, s32)                                       \
	MEM_ROWS(R, H, 0x08, u16, s16)                                       \
	MEM_ROWS(R, B, 0x10, u8, s8)                                         \
	MEM_ROWS(R, DW, 0x18, u64, s64)                                      \
	R(LDXSW, LDX, 0x81, 0, "", u32, s32, (u64)(s64)(S)m)                 \
	R(LDXSH, LDX, 0x89, 0, "", u16, s16, (u64)(s64)(S)m)                 \
	R(LDXSB, LDX, 0x91, 0, "", u8, s8, (u64)(s64)(S)m)                   \
	ATOMIC_ROWS(R, add, BPF_ADD, "+=", __atomic_fetch_add)               \
	ATOMIC_ROWS(R, or, BPF_OR, "|=", __atomic_fetch_or)                  \
	ATOMIC_ROWS(R, and, BPF_AND, "&=", __atomic_fetch_and)               \
	ATOMIC_ROWS(R, xor, BPF_XOR, "^=", __atomic_fetch_xor)               \
	R(XCHGW, FETCH, 0xc3, BPF_XCHG, "xchg", u32, s32,                    \
	  __atomic_exchange_n(p, b, __ATOMIC_SEQ_CST))                       \
	R(XCHGDW, FETCH, 0xdb, BPF_XCHG, "xchg", u64, s64,                   \
	  __atomic_exchange_n(p, b, __ATOMIC_SEQ_CST))                       \
	R(CMPXCHGW, CMPXCHG, 0xc3, BPF_CMPXCHG, "cmpxchg", u32, s32,         \
	  __sync_val_compare_and_swap(p, (U)r0, b))                           \
	R(CMPXCHGDW, CMPXCHG, 0xdb, BPF_CMPXCHG, "cmpxchg", u64, s64,        \
	  __sync_val_compare_and_swap(p, (U)r0, b))                           \
	R(LD64, LD64, 0x18, 0, "", u64, s64, b)                              \
	R(LDABSW, LDABS, 0x20, 0, "", u32, s32, m)                             \
	R(LDABSH, LDABS, 0x28, 0, "", u16, s16, m)                             \
	R(LDABSB, LDABS, 0x30, 0, "", u8, s8, m)                             \
	R(LDINDW, LDIND, 0x40, 0, "", u32, s32, m)                             \
	R(LDINDH, LDIND, 0x48, 0, "", u16, s16, m)                             \
	R(LDINDB, LDIND, 0x50, 0, "", u8, s8, m)

/* What only translation makes: R(name). */
#define INSN_TRANSLATED(R)                                                   \
	R(NOP)         /* second slot of a 64-bit load: carries its map */   \
	R(LDMAP)       /* dst = the map at ptr */                            \
	R(LDVALUE)     /* dst = imm, an address in a value of the map after */ \
	R(LDFUNC)      /* dst = the xinsn at ptr: a callback */              \
	R(CALLFUNC)    /* call the function at off */                        \
	R(CALLCLEAR)   /* ditto, which reads its stack before it writes */   \
	R(DEAD)        /* no path comes here: ends the program with 0 */     \
	R(TAILCALL)                                                          \
	R(STORAGE)     /* r0 = the run's shared storage's value */           \
	R(STORAGECPU)  /* r0 = its per-CPU storage's value of this CPU */    \
	R(DEREFB)      /* dst = *(u8 *)(*(char **)(src + imm) + off) */      \
	R(DEREFH)                                                            \
	R(DEREFW)                                                            \
	R(DEREFDW)                                                           \
	R(DEREFSB)     /* ditto, signed */                                   \
	R(DEREFSH)                                                           \
	R(DEREFSW)                                                           \
	R(STDEREFB)    /* *(u8 *)(*(char **)(dst + imm) + off) = src */      \
	R(STDEREFH)                                                          \
	R(STDEREFW)                                                          \
	R(STDEREFDW)                                                         \
	R(STDEREFKB)   /* *(u8 *)(*(char **)(dst + at) + off) = value */     \
	R(STDEREFKH)                                                         \
	R(STDEREFKW)                                                         \
	R(STDEREFKDW)
/* clang-format on */

enum xop {
#define R(name, ...) XOP_##name,
	INSN_TABLE(R)
	INSN_TRANSLATED(R)
#undef R
		NR_XOPS,
};

#define R(...) +1
enum {
	NR_INSNS = INSN_TABLE(R)
}; /* those that programs can be made of */
#undef R

struct insn_desc {
	u8 code, form;
	u8 size; /* bytes computed or moved */
	bool sign_extends;
	s32 variant;
	const char *sign;
};

extern const struct insn_desc insn_descs[NR_INSNS];

/*
 * insn_decode() - the line of the table for @insn, an enum xop; -EINVAL if
 * there is none.  Reserved fields are not looked at.
 */
int insn_decode(const struct bpf_insn *insn);
/* Is there any instruction with this opcode byte? */
bool insn_code_known(u8 code);

/*
 * insn_eval() - what the ALU instruction or conditional jump @xop makes of the
 * constants @a and @b (b: also the immediate): the result, or whether it jumps.
 */
u64 insn_eval(int xop, u64 a, u64 b);

static inline bool insn_is_ld64(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_IMM | BPF_DW);
}

static inline bool insn_is_func_ref(const struct bpf_insn *insn)
{
	return insn_is_ld64(insn) && insn->src_reg == BPF_PSEUDO_FUNC;
}

static inline bool insn_is_call(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL);
}

static inline bool insn_is_func_call(const struct bpf_insn *insn)
{
	return insn_is_call(insn) && insn->src_reg == BPF_PSEUDO_CALL;
}

static inline bool insn_is_helper_call(const struct bpf_insn *insn)
{
	return insn_is_call(insn) && !insn->src_reg;
}

/*
 * Memory that programs touch may lie anywhere: these types say so to the
 * compiler, and are one plain access on machines that can.
 */
#define UNALIGNED(type, name) \
	typedef type name __attribute__((aligned(1), may_alias, unused))
UNALIGNED(u8, unaligned_u8);
UNALIGNED(u16, unaligned_u16);
UNALIGNED(u32, unaligned_u32);
UNALIGNED(u64, unaligned_u64);
#define MEM(type, ptr) (*(unaligned_##type *)(ptr))

/* What a meaning calls its types, where it is used. */
#define INSN_TYPES(u, s)                     \
	typedef u U __attribute__((unused)); \
	typedef s S __attribute__((unused)); \
	UNALIGNED(u, unaligned_U)

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	      "the table's le and be, and narrow context loads, say so");

#endif
