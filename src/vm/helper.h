/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one table of helpers: what the verifier checks, the interpreter calls,
 * the disassembler names and docs/helpers.md lists.
 */
#ifndef CGBPF_VM_HELPER_H
#define CGBPF_VM_HELPER_H

#include "base/uapi.h"

struct prog;
struct run;

enum arg_type {
	ARG_NONE,
	ARG_ANYTHING,
	ARG_CTX,
	ARG_CTX_OR_NULL,
	/* the context; in CGROUP_SOCKOPT programs a socket pointer instead */
	ARG_CTX_OR_SOCK,
	/* a socket pointer; in CGROUP_SOCK programs the context instead */
	ARG_SOCK_OR_CTX,
	/* the context; nothing in programs other than SCHED_CLS */
	ARG_CTX_IN_CLS,
	ARG_MAP,	   /* the map itself, a constant */
	ARG_MAP_KEY,	   /* key_size bytes to read */
	ARG_MAP_VALUE,	   /* value_size bytes to read */
	ARG_MAP_VALUE_OUT, /* value_size bytes to write */
	ARG_MEM,	   /* memory to read: a size argument follows */
	ARG_MEM_OR_NULL,
	ARG_MEM_OUT, /* memory to write: a size argument follows */
	ARG_MEM_OUT_OR_NULL,
	ARG_MAP_VALUE_OR_NULL, /* value_size bytes to read */
	ARG_SIZE,	       /* > 0, of the memory before */
	ARG_SIZE_OR_ZERO,
	ARG_CONST_ALLOC_SIZE, /* constant: the size of the result's memory */
	ARG_LONG_OUT,	      /* 8 bytes to write: strtol's result */
	ARG_CONST_STR,	      /* NUL terminated, in a read-only frozen map */
	ARG_SPIN_LOCK,	      /* the bpf_spin_lock of a map value */
	ARG_ALLOC_MEM,	      /* a ring buffer record: released here */
	ARG_SOCK_COMMON,      /* a socket pointer of any kind */
	ARG_SOCK,	      /* ditto; Linux also takes its own pointers */
	ARG_SOCK_RELEASE,     /* a referenced socket: released here */
	ARG_FUNC,	      /* a callback of the same program */
	ARG_STACK_OR_NULL,    /* passed through to a callback */
	ARG_CONST_ZERO,	      /* flags that must be the constant 0 */
};

enum ret_type {
	RET_INTEGER,
	RET_VOID,
	RET_MAP_VALUE,	       /* never NULL: local storage */
	RET_MAP_VALUE_OR_NULL, /* or an inner map */
	RET_ALLOC_MEM_OR_NULL, /* a reference: must be released */
	RET_SOCK_OR_NULL,      /* a full socket without a reference */
	RET_TCP_SOCK_OR_NULL,
	RET_SOCK_REF_OR_NULL, /* with one: must be released */
	RET_SOCK_COMMON_REF_OR_NULL,
};

/* numbers from here up are no helper's in Linux 6.18 */
#define HELPER_IDS 212u

#define PT(type) (1ull << BPF_PROG_TYPE_##type)

struct helper {
	u32 id;		  /* enum bpf_func_id */
	const char *name; /* without "bpf_" */
	/* NULL: the interpreter itself does it (tail_call) */
	u64 (*fn)(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5, struct run *run);
	enum ret_type ret;
	enum arg_type args[5];
	u64 prog_types; /* a set of PT() */
	bool gpl_only;
	bool changes_packet; /* packet pointers die */
	bool takes_packet;   /* arguments may point into the packet */
	/* takes numbers for addresses of what it prints (%s): who calls it runs
	 * in the checked interpreter, which knows what is the program's own */
	bool reads_numbers;
	/* Of these types, the further limits: NULL if none. */
	bool (*allowed)(const struct prog *prog);
};

/* NULL: this library has no helper with that number. */
const struct helper *helper_by_id(u32 id);
/* Its name even when we lack it ("bpf_" not included), or NULL. */
const char *helper_name(u32 id);
/* Why we lack a helper that Linux has; NULL for one that is here. */
const char *helper_absence(u32 id);
/* May @prog call it, as the kernel says for its type and attach type? */
bool helper_allowed(const struct helper *helper, const struct prog *prog);
/* May @helper (lookup, update, tail_call, ...) take a map of this type?  One
 * rule for each map type, as check_map_func_compatibility in words. */
bool helper_takes_map(u32 helper_id, u32 map_type);

#endif
