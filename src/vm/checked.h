/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of a checked run, shared by checked.c (the loop), checked_mem.c
 * (loads and stores) and checked_call.c (helpers).  See checked.c.
 */
#ifndef CGBPF_VM_CHECKED_H
#define CGBPF_VM_CHECKED_H

#include "vm/helper.h"
#include "vm/interp.h"

#define CHECKED_SLOTS (VM_STACK_SIZE / 8)
#define CHECKED_MAX_REFS 32u
/* Instructions of one activation (main program, tail-called program, or one
 * call of a callback), and of the whole run: see checked.c, 6. */
#define CHECKED_BUDGET 1000000u
#define CHECKED_TOTAL (256ull << 20)

enum cap_kind {
	CAP_NONE, /* never written: may not be read */
	CAP_SCALAR,
	CAP_CTX,
	CAP_STACK, /* id: the frame's serial */
	CAP_MAP,   /* the map itself: object */
	CAP_VALUE, /* a value of object, a map */
	CAP_KEY,   /* a key of object, a map */
	CAP_PACKET /* id: the packet's generation */,
	CAP_PACKET_END,
	CAP_OPTVAL,
	CAP_MEM, /* a ring buffer record; id: its reference */
	CAP_SOCK,
	CAP_SOCK_COMMON,
	CAP_TCP_SOCK,
	CAP_FUNC,
	CAP_KINDS,
};

#define CAP_READ 1u
#define CAP_WRITE 2u

/* What a value gives access to. */
struct cap {
	u64 base, size;
	struct map *object;
	u32 id;
	u8 kind, perms;
};

struct creg {
	u64 value;
	struct cap cap;
};

struct checked_frame {
	struct creg saved[4]; /* the caller's R6 to R9 */
	const struct xinsn *ret;
	const struct prog *prog; /* the caller's */
	u32 serial;
	u64 spilled; /* a bit for each slot that holds a pointer */
	struct cap spill[CHECKED_SLOTS];
	u64 stack[CHECKED_SLOTS];
};

struct checked_ref {
	u32 id; /* 0: free */
	bool sock;
	u64 value;
};

struct checked {
	struct run *run;
	struct fault *fault;
	bool faulted;
	u32 pc;
	u32 depth;	/* frames in use */
	u32 serial;	/* of the last frame, of the last reference */
	u32 packet_gen; /* packet pointers of others are dead */
	u64 left;	/* instructions of the run */
	u32 nr_refs;
	struct cap callback_ctx; /* of the helper under way */
	const struct creg *args; /* its registers, or NULL */
	struct checked_ref refs[CHECKED_MAX_REFS];
	struct checked_frame frames[VM_MAX_FRAMES];
};

#define CAP_SCALAR_INIT ((struct cap){ .kind = CAP_SCALAR })

/* Ends the run; always false. */
bool checked_fault(struct checked *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
const char *cap_name(const struct cap *cap);

/* checked_mem.c; false: a violation, which has been told.  @regno: to tell. */
bool checked_load(struct checked *c, const struct creg *from, u32 regno,
		  s64 off, u32 size, struct creg *to);
bool checked_store(struct checked *c, const struct creg *to, u32 regno, s64 off,
		   u32 size, const struct creg *value);
/* Where an atomic instruction works, or NULL; what was there was @old. */
void *checked_atomic(struct checked *c, const struct creg *to, u32 regno,
		     s64 off, u32 size, struct cap *old);
/* @size bytes of memory for a helper, or NULL. */
void *checked_range(struct checked *c, const struct creg *ptr, u32 regno,
		    u64 size, bool write);
/*
 * How many of @size bytes at @addr a helper may read for the program, where
 * @addr is just a number: those that a pointer in a register, or on the stack,
 * gives access to.  No violation.
 */
u64 checked_readable(struct checked *c, u64 addr, u64 size);

/* checked_call.c */
bool checked_call(struct checked *c, const struct helper *helper,
		  struct creg *reg);
/* All that is still held is given back: was there any? */
bool checked_drop_refs(struct checked *c);
struct cap checked_ctx_cap(const struct run *run);
struct cap checked_value_cap(struct map *map, u64 base);

#endif
