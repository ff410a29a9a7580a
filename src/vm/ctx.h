/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Contexts: what R1 points to, for each program type.
 *
 * The program sees a uapi struct (struct __sk_buff, ...); behind it is one of
 * our own structs (struct skb_ctx, ...).  One table for each program type
 * says for every uapi field where it really is.  The checked interpreter
 * looks accesses up in it at run time; for verified programs the access
 * becomes a plain load or store when the program is translated.
 *
 * Our structs keep every field in its uapi size, so that an access of @size
 * bytes at uapi offset @off, for which ctx_find() gave @field, is always
 *
 *	base	= the context, or with CTX_DEREF the pointer in it at src_ptr
 *	CTX_SCALAR:
 *		load	@size bytes at base + src_off + (@off - field->off)
 *		store	the same, but src_size bytes where that is less
 *	other kinds, read only:
 *		load	the 8-byte pointer at base + src_off
 *
 * and pointers used as a base are never NULL.
 */
#ifndef CGBPF_VM_CTX_H
#define CGBPF_VM_CTX_H

#include "base/uapi.h"

struct prog;

enum ctx_kind {
	CTX_SCALAR,
	CTX_DATA, /* pointer to the packet's first byte */
	CTX_DATA_META,
	CTX_DATA_END,	 /* pointer past its last byte */
	CTX_SOCK,	 /* pointer to a full socket, never NULL */
	CTX_SOCK_COMMON, /* pointer to a socket's common part, or NULL */
	CTX_OPTVAL,	 /* pointer to the option's bytes */
	CTX_OPTVAL_END,
};

#define CTX_READ 1u
#define CTX_WRITE 2u
#define CTX_NARROW 4u	     /* aligned 1 and 2 byte reads anywhere in it */
#define CTX_NARROW_START 8u  /* narrow reads at its first byte only */
#define CTX_WIDE 16u	     /* aligned 8-byte access inside an array */
#define CTX_ANY 32u	     /* any aligned access, read or write (cb) */
#define CTX_DEREF 64u	     /* src_off is in what src_ptr points to */
#define CTX_DEVMAP_ONLY 128u /* only with BPF_XDP_DEVMAP */

struct ctx_field {
	u16 off, size; /* in the uapi struct; arrays: the whole array */
	u8 elem;       /* size of one array element, else == size */
	u8 kind;       /* enum ctx_kind */
	u16 flags;
	u16 src_off, src_size; /* where it is in our struct */
	u16 src_ptr;
	u64 read_atypes, write_atypes; /* sets of enum cgroup_atype; ~0: all */
	const char *name;
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
/*
 * The same for what programs reach by pointer, read only: struct bpf_sock of a
 * full socket (CTX_SOCK), its common part (CTX_SOCK_COMMON), bpf_tcp_sock.
 */
const struct ctx_type *ctx_sock_type(void);
const struct ctx_type *ctx_sock_common_type(void);
const struct ctx_type *ctx_tcp_sock_type(void);
const struct ctx_field *ctx_type_find(const struct ctx_type *type, u32 off,
				      u32 size);

#endif
