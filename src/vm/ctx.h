/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Contexts: what R1 points to, for each program type.
 *
 * The program sees a uapi struct (struct __sk_buff, ...); behind it is one of
 * our own structs (struct skb_ctx, ...).  One table for each program type
 * says for every uapi field where it really is.  The checked interpreter
 * looks accesses up in it at run time; for verified programs the access
 * becomes a plain load or store when the program is translated.
 */
#ifndef CGBPF_VM_CTX_H
#define CGBPF_VM_CTX_H

#include "base/uapi.h"

struct prog;

enum ctx_kind {
	CTX_SCALAR,
	CTX_DATA, /* pointer to the packet's first byte */
	CTX_DATA_META,
	CTX_DATA_END, /* pointer past its last byte */
	CTX_SOCK,     /* pointer to a socket, or NULL */
	CTX_OPTVAL,   /* pointer to the option's bytes */
	CTX_OPTVAL_END,
};

#define CTX_READ 1u
#define CTX_WRITE 2u
#define CTX_NARROW 4u /* 1, 2, 4 byte reads of parts are fine */
#define CTX_WIDE 8u   /* an 8-byte access of two neighbours is fine */

struct ctx_field {
	u16 off, size; /* in the uapi struct; arrays: the whole array */
	u8 elem;       /* size of one array element, else == size */
	u8 kind;       /* enum ctx_kind */
	u8 flags;
	u8 deref; /* 1: src_off is in the struct that src_ptr points to */
	u16 src_off, src_size; /* where it is in our struct */
	u16 src_ptr;
	u64 read_atypes, write_atypes; /* sets of enum cgroup_atype; ~0: all */
};

struct ctx_type {
	u32 prog_type;
	u32 size;	  /* of the uapi struct */
	const char *name; /* "__sk_buff" */
	const struct ctx_field *fields;
	u32 nr_fields;
};

/* NULL: no such program type here. */
const struct ctx_type *ctx_type_of(u32 prog_type);
/*
 * ctx_find() - the field that @prog may access at @off for @size bytes; NULL:
 * the kernel would refuse it.
 */
const struct ctx_field *ctx_find(const struct prog *prog, u32 off, u32 size,
				 bool write);
/* The same for struct bpf_sock and bpf_tcp_sock, reached by pointer. */
const struct ctx_type *ctx_sock_type(void);
const struct ctx_type *ctx_tcp_sock_type(void);

#endif
