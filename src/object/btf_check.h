/* SPDX-License-Identifier: BSD-2-Clause */
/* What the checks of BTF share; private to object/btf*.c. */
#ifndef CGBPF_OBJECT_BTF_CHECK_H
#define CGBPF_OBJECT_BTF_CHECK_H

#include "base/log.h"
#include "object/btf.h"

enum btf_visit {
	BTF_UNSEEN,
	BTF_VISITED,
	BTF_RESOLVED,
	BTF_NAMED, /* a FUNC_PROTO: all its parameters have names */
};

/* What the type at the bottom of the stack is resolved for. */
enum btf_goal {
	BTF_GOAL_ANY,
	BTF_GOAL_PTR,
	BTF_GOAL_AGGREGATE, /* struct, union, array */
};

struct btf_frame {
	const struct btf_type *t;
	u32 id;
	u32 next; /* member to go on with */
};

struct btf_check {
	struct btf *btf;
	struct log *log;
	struct btf_header hdr;
	u32 id; /* of the type the log speaks of */
	bool resolving;
	u8 *visit; /* enum btf_visit by type id */
	enum btf_goal goal;
	u32 depth;
	struct btf_frame stack[BTF_MAX_DEPTH];
};

#define BTF_INFO_MASK 0x9f00ffffu

/* btf_log.c: lines as the kernel writes them; @fmt NULL: nothing to add */
void btf_log_type(struct btf_check *c, const struct btf_type *t,
		  const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* the same without the kind's details, which may not be readable yet */
void btf_log_basic(struct btf_check *c, const struct btf_type *t,
		   const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void btf_log_member(struct btf_check *c, const struct btf_type *t,
		    const struct btf_member *m, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void btf_log_secinfo(struct btf_check *c, const struct btf_type *t,
		     const struct btf_var_secinfo *info, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void btf_log_header(struct btf_check *c);
/* "(anon)" for offset 0 */
const char *btf_log_name(const struct btf *btf, u32 offset);
const char *btf_kind_name(u32 kind);

/* btf_name.c */
bool btf_offset_valid(const struct btf *btf, u32 offset);
bool btf_identifier_valid(const struct btf *btf, u32 offset);
bool btf_section_valid(const struct btf *btf, u32 offset);
bool btf_char_printable(char c);

/* btf_meta.c: every type by itself; fills btf->types */
int btf_check_metas(struct btf_check *c);
/* btf_resolve.c: types together; fills btf->sizes and btf->resolved */
int btf_check_types(struct btf_check *c);
/* btf_field.c: structs with fields of special meaning */
int btf_check_fields(const struct btf *btf);

/* While resolving: as btf_type_id_size(), on what is resolved so far. */
const struct btf_type *btf_known_size(const struct btf *btf, u32 *id,
				      u32 *size);

#endif
