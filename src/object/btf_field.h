/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fields with a meaning of their own: locks, timers, kernel pointers, lists
 * and trees, found in a struct by their type's name (pointers: by a tag).
 */
#ifndef CGBPF_OBJECT_BTF_FIELD_H
#define CGBPF_OBJECT_BTF_FIELD_H

#include "object/btf.h"

enum btf_field_kind {
	BTF_FIELD_SPIN_LOCK,
	BTF_FIELD_RES_SPIN_LOCK,
	BTF_FIELD_TIMER,
	BTF_FIELD_WORKQUEUE,
	BTF_FIELD_TASK_WORK,
	BTF_FIELD_LIST_HEAD,
	BTF_FIELD_LIST_NODE,
	BTF_FIELD_RB_ROOT,
	BTF_FIELD_RB_NODE,
	BTF_FIELD_REFCOUNT,
	BTF_FIELD_KPTR_UNREF,
	BTF_FIELD_KPTR_REF,
	BTF_FIELD_KPTR_PERCPU,
	BTF_FIELD_UPTR,
	BTF_FIELD_KINDS,
};

#define BTF_FIELD_BIT(kind) (1u << (kind))
#define BTF_FIELDS_LOCK                       \
	(BTF_FIELD_BIT(BTF_FIELD_SPIN_LOCK) | \
	 BTF_FIELD_BIT(BTF_FIELD_RES_SPIN_LOCK))
#define BTF_FIELDS_ROOT \
	(BTF_FIELD_BIT(BTF_FIELD_LIST_HEAD) | BTF_FIELD_BIT(BTF_FIELD_RB_ROOT))
#define BTF_FIELDS_NODE \
	(BTF_FIELD_BIT(BTF_FIELD_LIST_NODE) | BTF_FIELD_BIT(BTF_FIELD_RB_NODE))
#define BTF_FIELDS_KPTR                        \
	(BTF_FIELD_BIT(BTF_FIELD_KPTR_UNREF) | \
	 BTF_FIELD_BIT(BTF_FIELD_KPTR_REF) |   \
	 BTF_FIELD_BIT(BTF_FIELD_KPTR_PERCPU))

/* what a map's value may hold: all but the nodes */
#define BTF_FIELDS_OF_MAPS \
	((BTF_FIELD_BIT(BTF_FIELD_KINDS) - 1) & ~BTF_FIELDS_NODE)

#define BTF_FIELDS_MAX 11

struct btf_field {
	enum btf_field_kind kind;
	u32 offset;
	u32 type_id;	  /* what a root holds, or a pointer points to */
	const char *node; /* of a root: the member that links what it holds */
};

struct btf_fields {
	u32 nr, mask; /* mask: BTF_FIELD_BIT() of the kinds there are */
	struct btf_field field[BTF_FIELDS_MAX];
};

/* "bpf_spin_lock", "kptr", ... as programs and messages call it */
const char *btf_field_name(enum btf_field_kind kind);
u32 btf_field_size(enum btf_field_kind kind);

/*
 * btf_fields_find() - the fields of kinds @mask in struct or section @id.
 * -EINVAL: no struct, or not well formed; -E2BIG: too many, or two of a kind
 * that may be there once; -EEXIST: they overlap; -ENOENT: a root of nothing.
 */
int btf_fields_find(const struct btf *btf, u32 id, u32 mask,
		    struct btf_fields *out);
/* Offset of the one field of @kind, or -ENOENT. */
int btf_fields_offset(const struct btf_fields *fields,
		      enum btf_field_kind kind);
/* Roots hold types with nodes and without roots: -EFAULT, -ELOOP, or the
 * errors of btf_fields_find(). */
int btf_fields_check_owners(const struct btf *btf,
			    const struct btf_fields *fields);

#endif
