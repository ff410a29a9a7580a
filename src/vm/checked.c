/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checked interpreter: runs programs that nobody has verified.
 *
 * 1. Beside each register's value is a capability: what memory (or map,
 *    context, socket) the value gives access to.  It comes from where the
 *    value came from (R1, R10, a helper's result, a context field) and moves
 *    with it through mov, add and sub, and through aligned 8-byte stack slots.
 *    Any other result is a scalar, which gives access to nothing.
 * 2. A load or store is made only when the address is inside what the
 *    register's capability allows, and what that is about still exists: the
 *    frame has not exited, the packet has not moved, the reference is held.
 * 3. Registers and results that were never written are not read.  The stack
 *    reads as zero, as the kernel lets privileged programs read it.
 * 4. Helpers are called when every argument fits the prototype.
 * 5. At the end no lock and no reference is held, and R0 is in the range that
 *    the program's type has.
 * 6. A run ends: an activation (the main program, a tail-called program, a
 *    callback's call) has CHECKED_BUDGET instructions, which is what the
 *    kernel's verifier walks at most; the run has CHECKED_TOTAL.  Those that
 *    were verified end anyway, but whoever runs them may set a limit.
 * 7. Whoever breaks a rule ends the run: what it held is given back, the
 *    result is 0.  Nothing was read or written that was not allowed.
 *
 * So what the verifier accepts must run here without a violation, and this is
 * how fuzzing finds its mistakes.  The meaning of each instruction is the
 * table's (vm/insn.h), the same text as the fast interpreter's.
 */
#include "vm/checked.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "vm/retval.h"
#include "vm/skb.h"

#define UNWATCHED __attribute__((no_sanitize("thread")))

bool checked_fault(struct checked *c, const char *fmt, ...)
{
	va_list args;

	if (c->faulted)
		return false;
	c->faulted = true;
	if (!c->fault)
		return false;
	c->fault->pc = c->pc;
	va_start(args, fmt);
	vsnprintf(c->fault->reason, sizeof(c->fault->reason), fmt, args);
	va_end(args);
	return false;
}

static bool is_pointer(const struct creg *reg)
{
	return reg->cap.kind != CAP_SCALAR;
}

/* Pointers that may be moved by adding @delta to them. */
static bool may_move(const struct cap *cap, u64 delta)
{
	switch (cap->kind) {
	case CAP_MAP:
		return !delta;
	case CAP_PACKET_END:
	case CAP_SOCK:
	case CAP_SOCK_COMMON:
	case CAP_TCP_SOCK:
		return false;
	default:
		return true;
	}
}

/*
 * What is no arithmetic for pointers.  A verified program may do it with one
 * that it loaded as a number, and gets a number.
 */
static bool no_pointer(struct checked *c, struct creg *dst, const char *fmt,
		       u32 regno, const char *what)
{
	if (!c->run->prog->verified)
		return checked_fault(c, fmt, regno, what);
	dst->cap = CAP_SCALAR_INIT;
	return true;
}

static bool move_pointer(struct checked *c, const struct xinsn *insn,
			 struct creg *dst, const struct creg *src)
{
	bool add = insn->op == XOP_ADD64X || insn->op == XOP_ADD64K;
	const struct creg *ptr = is_pointer(dst) ? dst : src;
	u64 delta = ptr == src ? dst->value : src ? src->value : (u64)insn->imm;

	if (is_pointer(dst) && src && is_pointer(src)) {
		if (add)
			return no_pointer(c, dst,
					  "R%u pointer += %s prohibited",
					  insn->dst, "pointer");
		dst->cap = CAP_SCALAR_INIT;
		return true;
	}
	if (!add && ptr != dst)
		return no_pointer(c, dst,
				  "R%u tried to subtract pointer from %s",
				  insn->dst, "scalar");
	if (!may_move(&ptr->cap, delta))
		return no_pointer(c, dst,
				  "R%u pointer arithmetic on %s prohibited",
				  insn->dst, cap_name(&ptr->cap));
	if (!add && dst->cap.kind == CAP_STACK)
		return no_pointer(c, dst,
				  "R%u subtraction from %s pointer prohibited",
				  insn->dst, "stack");
	dst->cap = ptr->cap;
	return true;
}

/*
 * The capability of an ALU result when dst or @src (NULL: an immediate) is
 * not a scalar.  The value is computed by the caller, after this.
 */
static bool alu_caps(struct checked *c, const struct xinsn *insn,
		     struct creg *dst, const struct creg *src)
{
	if (src && src->cap.kind == CAP_NONE)
		return checked_fault(c, "R%u !read_ok", insn->src);
	switch (insn->op) {
	case XOP_MOV64X:
		dst->cap = src->cap;
		return true;
	case XOP_MOV64K:
	case XOP_MOV32X:
	case XOP_MOV32K:
		dst->cap = CAP_SCALAR_INIT;
		return true;
	default:
		break;
	}
	if (dst->cap.kind == CAP_NONE)
		return checked_fault(c, "R%u !read_ok", insn->dst);
	switch (insn->op) {
	case XOP_ADD64X:
	case XOP_ADD64K:
	case XOP_SUB64X:
	case XOP_SUB64K:
		return move_pointer(c, insn, dst, src);
	case XOP_SUB32X:
	case XOP_SUB32K:
		dst->cap = CAP_SCALAR_INIT;
		return true;
	default:
		return no_pointer(
			c, dst,
			"R%u pointer arithmetic with %s operator prohibited",
			insn->dst, insn_descs[insn->op].sign);
	}
}

/* ---- frames ---- */

static bool frame_push(struct checked *c, struct creg *reg)
{
	struct checked_frame *frame = &c->frames[c->depth];

	if (c->depth == VM_MAX_FRAMES)
		return checked_fault(c,
				     "the call stack of %u frames is too deep",
				     VM_MAX_FRAMES + 1);
	c->depth++;
	frame->serial = ++c->serial;
	frame->spilled = 0;
	memset(frame->stack, 0, sizeof(frame->stack));
	memcpy(frame->saved, &reg[6], sizeof(frame->saved));
	for (u32 i = 6; i <= 9; i++)
		reg[i].cap.kind = CAP_NONE;
	reg[10].value = ptr_to_u64(frame->stack) + VM_STACK_SIZE;
	reg[10].cap = (struct cap){ .kind = CAP_STACK,
				    .base = ptr_to_u64(frame->stack),
				    .size = VM_STACK_SIZE,
				    .id = frame->serial,
				    .perms = CAP_READ | CAP_WRITE };
	reg[0].cap.kind = CAP_NONE;
	return true;
}

/* Back in the caller; its R10 is made anew, R1 to R5 are gone. */
static void frame_pop(struct checked *c, struct creg *reg)
{
	struct checked_frame *frame = &c->frames[--c->depth];
	struct checked_frame *caller = frame - 1;

	memcpy(&reg[6], frame->saved, sizeof(frame->saved));
	for (u32 i = 1; i <= 5; i++)
		reg[i].cap.kind = CAP_NONE;
	if (!c->depth)
		return;
	reg[10].value = ptr_to_u64(caller->stack) + VM_STACK_SIZE;
	reg[10].cap.base = ptr_to_u64(caller->stack);
	reg[10].cap.id = caller->serial;
}

/* May the outermost function of an activation end with this R0? */
static bool check_end(struct checked *c, const struct creg *r0, u32 base,
		      u32 refs)
{
	const struct prog *prog = c->run->prog;
	const struct retval_range *range = retval_range_of(prog);
	static const struct retval_range of_callback = { 0, 1 };

	if (r0->cap.kind == CAP_NONE)
		return checked_fault(c, "R0 !read_ok");
	if (base)
		range = &of_callback;
	if (c->nr_refs != refs)
		return checked_fault(c, "Unreleased reference");
	if (range && r0->cap.kind != CAP_SCALAR)
		return checked_fault(c,
				     "At program exit the register R0 is not a "
				     "known value (%s)",
				     cap_name(&r0->cap));
	if (!retval_fits(range, r0->value))
		return checked_fault(
			c,
			"At %s the register R0 has value %lld should have "
			"been in [%lld, %lld]",
			base ? "callback return" : "program exit",
			(long long)r0->value, (long long)range->min,
			(long long)range->max);
	return true;
}

/* What a tail call needs; *target NULL: falls through. */
static bool check_tail_call(struct checked *c, const struct creg *reg,
			    const struct prog **target)
{
	if (reg[1].cap.kind != CAP_CTX || reg[1].value != reg[1].cap.base)
		return checked_fault(c, "R1 type=%s expected=ctx",
				     cap_name(&reg[1].cap));
	if (reg[2].cap.kind != CAP_MAP ||
	    reg[2].cap.object->type != BPF_MAP_TYPE_PROG_ARRAY)
		return checked_fault(c, "R2 type=%s expected=map_ptr",
				     cap_name(&reg[2].cap));
	if (reg[3].cap.kind == CAP_NONE)
		return checked_fault(c, "R3 !read_ok");
	if (c->run->held_lock)
		return checked_fault(c, "tail_call would lead to a lock leak");
	if (c->nr_refs)
		return checked_fault(c,
				     "tail_call would lead to reference leak");
	*target = vm_tail_call(c->run, reg[2].cap.object, (u32)reg[3].value);
	return true;
}

static void load_special(const struct xinsn *insn, struct creg *dst)
{
	struct map *map = insn[1].ptr;
	void *base;

	dst->value = (u64)insn->imm;
	dst->cap = (struct cap){ .base = dst->value };
	switch (insn->op) {
	case XOP_LDMAP:
		dst->cap.kind = CAP_MAP;
		dst->cap.object = insn->ptr;
		break;
	case XOP_LDVALUE:
		if (map->ops->direct_value(map, 0, &base))
			base = insn->ptr;
		dst->cap = checked_value_cap(map, ptr_to_u64(base));
		break;
	default:
		dst->cap.kind = CAP_FUNC;
	}
}

/* ---- the loop ---- */

#define DST (&reg[insn->dst])
#define SRC (&reg[insn->src])

#define NEED(r, n)                                             \
	do {                                                   \
		if (unlikely((r)->cap.kind == CAP_NONE)) {     \
			checked_fault(c, "R%u !read_ok", (n)); \
			goto fault;                            \
		}                                              \
	} while (0)

#define BOTH_SCALARS(x, y) \
	((x)->cap.kind == CAP_SCALAR && (y)->cap.kind == CAP_SCALAR)

#define EXEC_ALUX(u, s, meaning)                         \
	{                                                \
		INSN_TYPES(u, s);                        \
		U a = (U)DST->value, b = (U)SRC->value;  \
		(void)a;                                 \
		if (unlikely(!BOTH_SCALARS(DST, SRC)) && \
		    !alu_caps(c, insn, DST, SRC))        \
			goto fault;                      \
		DST->value = (U)(meaning);               \
		break;                                   \
	}
#define EXEC_ALUK(u, s, meaning)                             \
	{                                                    \
		INSN_TYPES(u, s);                            \
		U a = (U)DST->value, b = (U)insn->imm;       \
		(void)a;                                     \
		if (unlikely(DST->cap.kind != CAP_SCALAR) && \
		    !alu_caps(c, insn, DST, NULL))           \
			goto fault;                          \
		DST->value = (U)(meaning);                   \
		break;                                       \
	}
#define EXEC_UNARY(u, s, meaning)           \
	{                                   \
		INSN_TYPES(u, s);           \
		U a = (U)DST->value;        \
		NEED(DST, insn->dst);       \
		DST->cap.kind = CAP_SCALAR; \
		DST->value = (U)(meaning);  \
		break;                      \
	}
#define EXEC_MOVSX(u, s, meaning)           \
	{                                   \
		INSN_TYPES(u, s);           \
		U b = (U)SRC->value;        \
		NEED(SRC, insn->src);       \
		DST->cap = CAP_SCALAR_INIT; \
		DST->value = (U)(meaning);  \
		break;                      \
	}
#define EXEC_JMPX(u, s, meaning)                        \
	{                                               \
		INSN_TYPES(u, s);                       \
		U a = (U)DST->value, b = (U)SRC->value; \
		NEED(SRC, insn->src);                   \
		NEED(DST, insn->dst);                   \
		if (meaning)                            \
			insn += insn->off;              \
		break;                                  \
	}
#define EXEC_JMPK(u, s, meaning)                       \
	{                                              \
		INSN_TYPES(u, s);                      \
		U a = (U)DST->value, b = (U)insn->imm; \
		NEED(DST, insn->dst);                  \
		if (meaning)                           \
			insn += insn->off;             \
		break;                                 \
	}
#define EXEC_JA(u, s, meaning)     \
	{                          \
		insn += insn->off; \
		break;             \
	}
#define EXEC_LDX(u, s, meaning)                                            \
	{                                                                  \
		INSN_TYPES(u, s);                                          \
		U m;                                                       \
		NEED(SRC, insn->src);                                      \
		if (!checked_load(c, SRC, insn->src, insn->off, sizeof(U), \
				  DST))                                    \
			goto fault;                                        \
		m = (U)DST->value;                                         \
		if (DST->cap.kind == CAP_SCALAR)                           \
			DST->value = (meaning);                            \
		break;                                                     \
	}
#define EXEC_STX(u, s, meaning)                                             \
	{                                                                   \
		NEED(SRC, insn->src);                                       \
		NEED(DST, insn->dst);                                       \
		if (!checked_store(c, DST, insn->dst, insn->off, sizeof(u), \
				   SRC))                                    \
			goto fault;                                         \
		break;                                                      \
	}
#define EXEC_ST(u, s, meaning)                                              \
	{                                                                   \
		struct creg b = { .value = (u64)insn->imm,                  \
				  .cap = CAP_SCALAR_INIT };                 \
		NEED(DST, insn->dst);                                       \
		if (!checked_store(c, DST, insn->dst, insn->off, sizeof(u), \
				   &b))                                     \
			goto fault;                                         \
		break;                                                      \
	}
#define ATOMIC_PLACE(u, s)                                                 \
	INSN_TYPES(u, s);                                                  \
	struct cap old;                                                    \
	U *p, b = (U)SRC->value;                                           \
	NEED(SRC, insn->src);                                              \
	NEED(DST, insn->dst);                                              \
	p = checked_atomic(c, DST, insn->dst, insn->off, sizeof(U), &old); \
	if (!p)                                                            \
	goto fault
#define EXEC_ATOMIC(u, s, meaning)  \
	{                           \
		ATOMIC_PLACE(u, s); \
		(void)(meaning);    \
		break;              \
	}
#define EXEC_FETCH(u, s, meaning)       \
	{                               \
		ATOMIC_PLACE(u, s);     \
		SRC->value = (meaning); \
		SRC->cap = old;         \
		break;                  \
	}
#define EXEC_CMPXCHG(u, s, meaning)       \
	{                                 \
		u64 r0 = reg[0].value;    \
		NEED(&reg[0], 0);         \
		ATOMIC_PLACE(u, s);       \
		reg[0].value = (meaning); \
		reg[0].cap = old;         \
		break;                    \
	}
/* A plain access that is checked, then an atomic one that is made. */
#define EXEC_LOADACQ(u, s, meaning)                                        \
	{                                                                  \
		NEED(SRC, insn->src);                                      \
		if (!checked_load(c, SRC, insn->src, insn->off, sizeof(u), \
				  DST))                                    \
			goto fault;                                        \
		__atomic_thread_fence(__ATOMIC_ACQUIRE);                   \
		break;                                                     \
	}
#define EXEC_STOREREL(u, s, meaning)                                        \
	{                                                                   \
		NEED(SRC, insn->src);                                       \
		NEED(DST, insn->dst);                                       \
		__atomic_thread_fence(__ATOMIC_RELEASE);                    \
		if (!checked_store(c, DST, insn->dst, insn->off, sizeof(u), \
				   SRC))                                    \
			goto fault;                                         \
		break;                                                      \
	}
#define EXEC_LD64(u, s, meaning)             \
	{                                    \
		DST->value = (u64)insn->imm; \
		DST->cap = CAP_SCALAR_INIT;  \
		insn++;                      \
		break;                       \
	}
#define EXEC_PACKET(u, s, meaning, off)                             \
	{                                                           \
		u64 m;                                              \
		if (reg[6].cap.kind != CAP_CTX) {                   \
			checked_fault(c, "R6 type=%s expected=ctx", \
				      cap_name(&reg[6].cap));       \
			goto fault;                                 \
		}                                                   \
		reg[0] = (struct creg){ .cap = CAP_SCALAR_INIT };   \
		for (u32 i = 1; i <= 5; i++)                        \
			reg[i].cap.kind = CAP_NONE;                 \
		if (!skb_load(c->run->ctx, (off), sizeof(u), &m))   \
			goto leave;                                 \
		reg[0].value = (meaning);                           \
		break;                                              \
	}
#define EXEC_LDABS(u, s, meaning) EXEC_PACKET(u, s, meaning, (s32)insn->imm)
#define EXEC_LDIND(u, s, meaning)                                      \
	{                                                              \
		u32 at = (u32)SRC->value;                              \
		NEED(SRC, insn->src);                                  \
		EXEC_PACKET(u, s, meaning, (s32)(at + (u32)insn->imm)) \
	}
#define EXEC_CALL(u, s, meaning)                         \
	{                                                \
		if (!checked_call(c, insn->helper, reg)) \
			goto fault;                      \
		break;                                   \
	}
#define EXEC_EXIT(u, s, meaning) goto leave;

static bool has_limit(const struct checked *c)
{
	return c->fault && c->fault->limit;
}

static u64 budget_of(const struct checked *c, const struct prog *prog)
{
	if (prog->verified)
		return has_limit(c) ? c->left : UINT64_MAX;
	return min(c->left, (u64)CHECKED_BUDGET);
}

/* Activations inside this one may have spent what it had in view. */
static void budget_spend(struct checked *c, const struct prog *prog, u64 nr)
{
	if (!prog->verified || has_limit(c))
		c->left -= min(nr, c->left);
}

UNWATCHED
static u64 checked_loop(struct checked *c, const struct xinsn *insn,
			struct creg reg[11])
{
	const u32 base = c->depth, refs = c->nr_refs;
	const struct prog *prog = c->run->prog, *target = NULL;
	u64 start = budget_of(c, prog), left = start;
	u64 result = 0;

	if (!frame_push(c, reg))
		return 1;
	for (;; insn++) {
		c->pc = (u32)(insn - prog->xinsns);
		if (unlikely(!left)) {
			checked_fault(c, "too many instructions");
			goto fault;
		}
		left--;
		switch (insn->op) {
#define R(name, form, code, variant, sign, U, S, meaning) \
	case XOP_##name:                                  \
		EXEC_##form(U, S, meaning)
			INSN_TABLE(R)
#undef R
		case XOP_NOP:
			break;
		case XOP_LDMAP:
		case XOP_LDVALUE:
		case XOP_LDFUNC:
			load_special(insn, DST);
			insn++;
			break;
		case XOP_CALLFUNC:
		case XOP_CALLCLEAR:
			if (!frame_push(c, reg))
				goto fault;
			c->frames[c->depth - 1].ret = insn;
			c->frames[c->depth - 1].prog = prog;
			insn += insn->off;
			break;
		case XOP_TAILCALL:
			if (!check_tail_call(c, reg, &target))
				goto fault;
			for (u32 i = 1; i <= 5; i++)
				reg[i].cap.kind = CAP_NONE;
			if (!target) {
				if (is_pointer(&reg[0]))
					reg[0] = (struct creg){
						.cap = CAP_SCALAR_INIT
					};
				break;
			}
			c->run->prog = target;
			if (!target->checked) {
				c->run->checked = NULL;
				reg[0].value = vm_enter(c->run);
				reg[0].cap = CAP_SCALAR_INIT;
				c->run->checked = c;
				goto leave;
			}
			budget_spend(c, prog, start - left);
			start = left = budget_of(c, target);
			prog = target;
			c->frames[c->depth - 1].spilled = 0;
			for (u32 i = 0; i <= 9; i++)
				reg[i].cap.kind = CAP_NONE;
			reg[1].value = ptr_to_u64(c->run->ctx);
			reg[1].cap = checked_ctx_cap(c->run);
			insn = prog->xinsns - 1;
			break;
		case XOP_DEAD:
			checked_fault(c, "an instruction that the verifier "
					 "did not come to");
			goto fault;
		default:
			checked_fault(c, "not for the checked interpreter");
			goto fault;
		}
		continue;
	leave:
		if (c->depth == base + 1) {
			if (!check_end(c, &reg[0], base, refs))
				goto fault;
			result = reg[0].value;
			break;
		}
		if (reg[0].cap.kind == CAP_STACK) {
			checked_fault(c, "cannot return stack pointer to the "
					 "caller");
			goto fault;
		}
		insn = c->frames[c->depth - 1].ret;
		prog = c->frames[c->depth - 1].prog;
		c->run->prog = prog;
		frame_pop(c, reg);
	}
fault:
	budget_spend(c, prog, start - left);
	c->depth = base;
	return c->faulted ? base != 0 : result;
}

u64 checked_run(struct run *run, struct fault *fault)
{
	struct checked *outer = run->checked, c;
	struct creg reg[11];
	u64 result;

	c.run = run;
	c.fault = fault;
	c.faulted = false;
	c.depth = c.serial = c.packet_gen = c.nr_refs = 0;
	c.left = has_limit(&c) ? fault->limit : CHECKED_TOTAL;
	c.callback_ctx = CAP_SCALAR_INIT;
	c.args = NULL;
	memset(c.refs, 0, sizeof(c.refs));
	memset(reg, 0, sizeof(reg));
	reg[1].value = ptr_to_u64(run->ctx);
	reg[1].cap = checked_ctx_cap(run);
	run->checked = &c;
	result = checked_loop(&c, run->prog->xinsns, reg);
	if (!c.faulted && run->held_lock)
		checked_fault(&c, "bpf_spin_unlock is missing");
	checked_drop_refs(&c);
	run->checked = outer;
	return c.faulted ? 0 : result;
}

static void callback_arg(struct checked *c, struct creg *reg,
			 enum callback_arg kind, struct map *map)
{
	switch (kind) {
	case CALLBACK_SCALAR:
		reg->cap = CAP_SCALAR_INIT;
		break;
	case CALLBACK_MAP:
		reg->cap = (struct cap){ .kind = CAP_MAP,
					 .base = reg->value,
					 .object = map };
		break;
	case CALLBACK_KEY:
		reg->cap = (struct cap){ .kind = CAP_KEY,
					 .base = reg->value,
					 .size = map->key_size,
					 .object = map,
					 .perms = CAP_READ };
		break;
	case CALLBACK_VALUE:
		reg->cap = checked_value_cap(map, reg->value);
		break;
	case CALLBACK_CTX:
		reg->cap = c->callback_ctx;
		break;
	}
}

u64 checked_callback(struct run *run, const struct xinsn *insn,
		     const struct callback *callback, const u64 args[5])
{
	struct checked *c = run->checked;
	struct creg reg[11];
	u32 pc = c->pc;
	u64 result;

	if (c->faulted)
		return 1;
	memset(reg, 0, sizeof(reg));
	for (u32 i = 0; i < 5; i++) {
		reg[i + 1].value = args[i];
		callback_arg(c, &reg[i + 1], callback->args[i], callback->map);
	}
	result = checked_loop(c, insn, reg);
	if (!c->faulted)
		c->pc = pc;
	return result;
}
