/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fast interpreter: for verified programs.
 *
 * 1. It checks nothing: the verifier has shown that every access is good, that
 *    functions nest no deeper than VM_MAX_FRAMES, and that the end is reached.
 * 2. Each function's frame is VM_STACK_SIZE bytes of one array, R10 points to
 *    its end; a call saves R6 to R9 and moves R10 by one frame.
 * 3. A tail call out of the outermost function continues in this loop; out of
 *    an inner one it is a new activation, whose result is the function's.
 *    Tail calls are counted by the run, so this nests 33 deep at most.
 * 4. Stacks are not cleared but for functions that may read what they have not
 *    written: these see zeroes, and nothing that others left.
 */
#include "vm/interp.h"

#include <string.h>

#include "vm/helper.h"
#include "vm/skb.h"

struct frame {
	u64 saved[4]; /* R6 to R9 */
	const struct xinsn *ret;
};

/*
 * A program's accesses to shared memory race as its author lets them; that is
 * not for a tool that watches over this library to judge.
 */
#define UNWATCHED __attribute__((no_sanitize("thread")))

#define DST reg[insn->dst]
#define SRC reg[insn->src]
#define ADDR(base) ((void *)(uintptr_t)((base) + (u64)(s64)insn->off))

#define NEXT                            \
	do {                            \
		insn++;                 \
		goto *labels[insn->op]; \
	} while (0)
#define JUMP                            \
	do {                            \
		insn += insn->off + 1;  \
		goto *labels[insn->op]; \
	} while (0)

#define EXEC_ALUX(u, s, meaning)          \
	{                                 \
		INSN_TYPES(u, s);         \
		U a = (U)DST, b = (U)SRC; \
		(void)a;                  \
		DST = (U)(meaning);       \
		NEXT;                     \
	}
#define EXEC_ALUK(u, s, meaning)                \
	{                                       \
		INSN_TYPES(u, s);               \
		U a = (U)DST, b = (U)insn->imm; \
		(void)a;                        \
		DST = (U)(meaning);             \
		NEXT;                           \
	}
#define EXEC_UNARY(u, s, meaning)   \
	{                           \
		INSN_TYPES(u, s);   \
		U a = (U)DST;       \
		DST = (U)(meaning); \
		NEXT;               \
	}
#define EXEC_MOVSX(u, s, meaning)   \
	{                           \
		INSN_TYPES(u, s);   \
		U b = (U)SRC;       \
		DST = (U)(meaning); \
		NEXT;               \
	}
#define EXEC_JMPX(u, s, meaning)          \
	{                                 \
		INSN_TYPES(u, s);         \
		U a = (U)DST, b = (U)SRC; \
		if (meaning)              \
			JUMP;             \
		NEXT;                     \
	}
#define EXEC_JMPK(u, s, meaning)                \
	{                                       \
		INSN_TYPES(u, s);               \
		U a = (U)DST, b = (U)insn->imm; \
		if (meaning)                    \
			JUMP;                   \
		NEXT;                           \
	}
#define EXEC_JA(u, s, meaning) JUMP;
#define EXEC_LDX(u, s, meaning)          \
	{                                \
		INSN_TYPES(u, s);        \
		U m = MEM(U, ADDR(SRC)); \
		DST = (meaning);         \
		NEXT;                    \
	}
#define EXEC_STX(u, s, meaning)                \
	{                                      \
		INSN_TYPES(u, s);              \
		U b = (U)SRC;                  \
		MEM(U, ADDR(DST)) = (meaning); \
		NEXT;                          \
	}
#define EXEC_ST(u, s, meaning)                 \
	{                                      \
		INSN_TYPES(u, s);              \
		U b = (U)insn->imm;            \
		MEM(U, ADDR(DST)) = (meaning); \
		NEXT;                          \
	}
#define EXEC_ATOMIC(u, s, meaning)            \
	{                                     \
		INSN_TYPES(u, s);             \
		U *p = ADDR(DST), b = (U)SRC; \
		(void)(meaning);              \
		NEXT;                         \
	}
#define EXEC_FETCH(u, s, meaning)             \
	{                                     \
		INSN_TYPES(u, s);             \
		U *p = ADDR(DST), b = (U)SRC; \
		SRC = (meaning);              \
		NEXT;                         \
	}
#define EXEC_CMPXCHG(u, s, meaning)           \
	{                                     \
		INSN_TYPES(u, s);             \
		U *p = ADDR(DST), b = (U)SRC; \
		u64 r0 = reg[0];              \
		reg[0] = (meaning);           \
		NEXT;                         \
	}
#define EXEC_LOADACQ(u, s, meaning) \
	{                           \
		INSN_TYPES(u, s);   \
		U *p = ADDR(SRC);   \
		DST = (meaning);    \
		NEXT;               \
	}
#define EXEC_STOREREL(u, s, meaning)          \
	{                                     \
		INSN_TYPES(u, s);             \
		U *p = ADDR(DST), b = (U)SRC; \
		meaning;                      \
		NEXT;                         \
	}
#define EXEC_LD64(u, s, meaning)    \
	{                           \
		INSN_TYPES(u, s);   \
		U b = (U)insn->imm; \
		DST = (meaning);    \
		insn++;             \
		NEXT;               \
	}
#define EXEC_PACKET(u, s, meaning, off)                          \
	{                                                        \
		u64 m;                                           \
		if (!skb_load(run->ctx, (off), sizeof(u), &m)) { \
			reg[0] = 0;                              \
			goto leave;                              \
		}                                                \
		reg[0] = (meaning);                              \
		NEXT;                                            \
	}
#define EXEC_LDABS(u, s, meaning) EXEC_PACKET(u, s, meaning, (s32)insn->imm)
#define EXEC_LDIND(u, s, meaning) \
	EXEC_PACKET(u, s, meaning, (s32)((u32)SRC + (u32)insn->imm))
#define EXEC_CALL(u, s, meaning)                                          \
	{                                                                 \
		INSN_TYPES(u, s);                                         \
		reg[0] = insn->helper->fn(reg[1], reg[2], reg[3], reg[4], \
					  reg[5], run);                   \
		NEXT;                                                     \
	}
#define EXEC_EXIT(u, s, meaning) goto leave;

#define DEREF(U, T)                                                  \
	{                                                            \
		char *base = u64_to_ptr(                             \
			MEM(u64, u64_to_ptr(SRC + (u64)insn->imm))); \
		DST = (u64)(T)MEM(U, base + insn->off);              \
		NEXT;                                                \
	}
#define STDEREFK(U)                                                            \
	{                                                                      \
		char *base =                                                   \
			u64_to_ptr(MEM(u64, u64_to_ptr(DST + (u64)insn->at))); \
		MEM(U, base + insn->off) = (U)insn->value;                     \
		NEXT;                                                          \
	}
#define STDEREF(U)                                                   \
	{                                                            \
		char *base = u64_to_ptr(                             \
			MEM(u64, u64_to_ptr(DST + (u64)insn->imm))); \
		MEM(U, base + insn->off) = (U)SRC;                   \
		NEXT;                                                \
	}

/* The frame whose R10 is @fp. */
static void frame_clear(u64 fp)
{
	memset(u64_to_ptr(fp - VM_STACK_SIZE), 0, VM_STACK_SIZE);
}

UNWATCHED
u64 interp_run(struct run *run, const struct xinsn *insn, u64 r1, u64 r2,
	       u64 r3, u64 r4, u64 r5)
{
	static const void *const labels[NR_XOPS] = {
#define R(name, ...) [XOP_##name] = &&do_##name,
		INSN_TABLE(R) INSN_TRANSLATED(R)
#undef R
	};
	u64 stack[VM_STACK_SIZE / 8 * VM_MAX_FRAMES];
	struct frame frames[VM_MAX_FRAMES], *frame = frames;
	const struct prog *target;
	u64 reg[11];

	reg[1] = r1;
	reg[2] = r2;
	reg[3] = r3;
	reg[4] = r4;
	reg[5] = r5;
	reg[10] = (u64)(uintptr_t)stack + VM_STACK_SIZE;
	if (unlikely(run->prog->clears_stack))
		frame_clear(reg[10]);
	goto *labels[insn->op];

#define R(name, form, code, variant, sign, U, S, meaning) \
	do_##name : EXEC_##form(U, S, meaning)
	INSN_TABLE(R)
#undef R

do_NOP:
	NEXT;
do_LDMAP:
do_LDVALUE:
do_LDFUNC:
	DST = (u64)insn->imm;
	insn++;
	NEXT;
do_CALLCLEAR:
	frame_clear(reg[10] + VM_STACK_SIZE);
	/* fallthrough */
do_CALLFUNC:
	ASSERT(frame < &frames[VM_MAX_FRAMES - 1]);
	__builtin_memcpy(frame->saved, &reg[6], sizeof(frame->saved));
	frame->ret = insn + 1;
	frame++;
	reg[10] += VM_STACK_SIZE;
	JUMP;
do_TAILCALL:
	target = vm_tail_call(run, u64_to_ptr(reg[2]), (u32)reg[3]);
	if (!target)
		NEXT;
	if (frame == frames && !target->checked) {
		run->prog = target;
		insn = target->xinsns;
		if (unlikely(target->clears_stack))
			frame_clear(reg[10]);
		goto *labels[insn->op];
	} else {
		const struct prog *prog = run->prog;

		run->prog = target;
		reg[0] = vm_enter(run);
		run->prog = prog;
	}
	goto leave;
do_STORAGE:
	reg[0] = ptr_to_u64(
		rcu_dereference(run->storage[STORAGE_SHARED]->value));
	NEXT;
do_STORAGECPU:
	reg[0] = ptr_to_u64(run->storage[STORAGE_PERCPU]->value) +
		 run->cpu * (u64)insn->imm;
	NEXT;
do_DEREFB:
	DEREF(u8, u8)
do_DEREFH:
	DEREF(u16, u16)
do_DEREFW:
	DEREF(u32, u32)
do_DEREFDW:
	DEREF(u64, u64)
do_DEREFSB:
	DEREF(u8, s8)
do_DEREFSH:
	DEREF(u16, s16)
do_DEREFSW:
	DEREF(u32, s32)
do_STDEREFB:
	STDEREF(u8)
do_STDEREFH:
	STDEREF(u16)
do_STDEREFW:
	STDEREF(u32)
do_STDEREFDW:
	STDEREF(u64)
do_STDEREFKB:
	STDEREFK(u8)
do_STDEREFKH:
	STDEREFK(u16)
do_STDEREFKW:
	STDEREFK(u32)
do_STDEREFKDW:
	STDEREFK(u64)
do_DEAD:
	return 0;

leave:
	if (frame == frames)
		return reg[0];
	frame--;
	__builtin_memcpy(&reg[6], frame->saved, sizeof(frame->saved));
	reg[10] -= VM_STACK_SIZE;
	insn = frame->ret;
	goto *labels[insn->op];
}
