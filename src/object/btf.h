/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BTF: types that came with a map or a program, checked as hostile input.
 *
 * 1. After btf_new() every type id, name offset, member and size of it is
 *    good: accessors need no checks, and no chain of types is endless.
 * 2. An object is immutable; its data is the caller's bytes, copied once.
 */
#ifndef CGBPF_OBJECT_BTF_H
#define CGBPF_OBJECT_BTF_H

#include "base/uapi.h"
#include "object/file.h"
#include "object/object.h"

struct cgbpf_task;
struct log;

struct btf {
	struct object obj;
	void *memory; /* holds data, placed so that types are aligned */
	void *data;   /* the whole, as loaded: header, types, strings */
	u32 data_size;
	const char *strings;
	u32 strings_len;
	u32 nr_types; /* with type 0, void */
	const struct btf_type **types;
	u32 *sizes;    /* by type id: 0 for what has no size */
	u32 *resolved; /* by type id: without modifiers, typedefs and VAR */
};

#define BTF_MAX_SIZE (16u << 20)
#define BTF_MAX_DEPTH 32 /* nested types, and modifiers in a row */

extern const struct file_ops btf_file_ops;

/*
 * Checks and copies @size bytes at @data.  The reason goes to @log, which may
 * be NULL.  -EINVAL, -ENOTSUPP, -E2BIG, -EEXIST (a loop of types), -ELOOP,
 * -ENOMEM: as BPF_BTF_LOAD.  *out has one reference and no id yet.
 */
int btf_new(struct btf **out, struct cgbpf_env *env, const void *data, u32 size,
	    struct log *log);
void btf_get(struct btf *btf);
void btf_put(struct btf *btf);
/* With a reference; -EBADF, -EINVAL. */
int btf_get_by_fd(struct cgbpf_task *task, int fd, struct btf **out);

static inline struct btf *btf_of(struct object *obj)
{
	return container_of(obj, struct btf, obj);
}

/*
 * NULL if @id is out of range; id 0 is void.  Inline, for the name is taken in
 * libbpf.a, with which a loader is linked.
 */
static inline const struct btf_type *btf_type_by_id(const struct btf *btf,
						    u32 id)
{
	return id < btf->nr_types ? btf->types[id] : NULL;
}

/* The name at a string offset; NULL if out of range. */
const char *btf_name(const struct btf *btf, u32 offset);
/*
 * btf_type_id_size() - the type behind modifiers and typedefs, and its size.
 * *id is set to that type's id.  NULL if it has no size.
 */
const struct btf_type *btf_type_id_size(const struct btf *btf, u32 *id,
					u32 *size);
static inline u32 btf_kind(const struct btf_type *t)
{
	return BTF_INFO_KIND(t->info);
}

static inline u32 btf_vlen(const struct btf_type *t)
{
	return BTF_INFO_VLEN(t->info);
}

static inline bool btf_kflag(const struct btf_type *t)
{
	return BTF_INFO_KFLAG(t->info);
}

/* What follows a struct btf_type, by its kind. */
static inline u32 btf_int(const struct btf_type *t)
{
	return *(const u32 *)(t + 1);
}

static inline const struct btf_array *btf_array(const struct btf_type *t)
{
	return (const struct btf_array *)(t + 1);
}

static inline const struct btf_member *btf_members(const struct btf_type *t)
{
	return (const struct btf_member *)(t + 1);
}

static inline const struct btf_enum *btf_enums(const struct btf_type *t)
{
	return (const struct btf_enum *)(t + 1);
}

static inline const struct btf_enum64 *btf_enums64(const struct btf_type *t)
{
	return (const struct btf_enum64 *)(t + 1);
}

static inline u64 btf_enum64_value(const struct btf_enum64 *e)
{
	return (u64)e->val_hi32 << 32 | e->val_lo32;
}

static inline const struct btf_param *btf_params(const struct btf_type *t)
{
	return (const struct btf_param *)(t + 1);
}

static inline const struct btf_var_secinfo *
btf_secinfos(const struct btf_type *t)
{
	return (const struct btf_var_secinfo *)(t + 1);
}

static inline u32 btf_member_bit_offset(const struct btf_type *t,
					const struct btf_member *m)
{
	return btf_kflag(t) ? BTF_MEMBER_BIT_OFFSET(m->offset) : m->offset;
}

static inline u32 btf_member_bitfield_size(const struct btf_type *t,
					   const struct btf_member *m)
{
	return btf_kflag(t) ? BTF_MEMBER_BITFIELD_SIZE(m->offset) : 0;
}

static inline bool btf_is_modifier(const struct btf_type *t)
{
	switch (btf_kind(t)) {
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		return true;
	default:
		return false;
	}
}

static inline bool btf_is_struct(const struct btf_type *t)
{
	return btf_kind(t) == BTF_KIND_STRUCT || btf_kind(t) == BTF_KIND_UNION;
}

/* Type 0, the only one of kind UNKN. */
static inline bool btf_is_void(const struct btf_type *t)
{
	return btf_kind(t) == BTF_KIND_UNKN;
}

/* Types with a size of their own, in btf_type.size. */
static inline bool btf_has_size(const struct btf_type *t)
{
	switch (btf_kind(t)) {
	case BTF_KIND_INT:
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_ENUM:
	case BTF_KIND_DATASEC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_ENUM64:
		return true;
	default:
		return false;
	}
}

/* An int of 1, 2, 4, 8 or 16 whole bytes, without bit offset. */
bool btf_int_is_regular(const struct btf_type *t);
/* The type with modifiers and typedefs taken off; *id, if given, is set. */
const struct btf_type *btf_skip_modifiers(const struct btf *btf, u32 type_id,
					  u32 *id);

/*
 * btf_find_field() - offset of the one field of struct (or section) @id whose
 * type is a struct named @name, one of those of btf_field.h, which has @size
 * and @align.  Structs in the struct are searched as well.  -ENOENT: none;
 * -EINVAL: not a struct; -E2BIG: more than one; any error of
 * btf_fields_find(): the fields of @id, of whatever kind, are not well formed.
 */
int btf_find_field(const struct btf *btf, u32 id, const char *name, u32 size,
		   u32 align);
/*
 * btf_is_reg_int() - is type @id an int of @bits bits, without bit offset?
 */
bool btf_is_reg_int(const struct btf *btf, u32 id, u32 bits);

/*
 * btf_show() - the value at @data of type @id as text, one line: numbers,
 * {member = value, ...}, [a, b], "text" for char arrays, enum names.  Writes
 * at most @size bytes with a NUL, returns the length it would have needed, as
 * snprintf.  @json: as JSON.
 */
int btf_show(const struct btf *btf, u32 id, const void *data, char *buf,
	     size_t size, bool json);

#endif
