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

struct log;

struct btf {
	struct object obj;
	void *data; /* the whole, as loaded: header, types, strings */
	u32 data_size;
	const char *strings;
	u32 nr_types; /* with type 0, void */
	const struct btf_type **types;
	u32 *sizes;    /* resolved sizes, by type id */
	u32 *resolved; /* by type id: without modifiers and typedefs */
};

extern const struct file_ops btf_file_ops;

/* Checks and copies @size bytes at @data.  The reason goes to @log, which may
 * be NULL.  -EINVAL, -ENOTSUPP, -E2BIG, -ENOMEM, as BPF_BTF_LOAD. */
int btf_new(struct btf **out, struct cgbpf_env *env, const void *data, u32 size,
	    struct log *log);

static inline struct btf *btf_of(struct object *obj)
{
	return container_of(obj, struct btf, obj);
}

/* NULL if @id is out of range; id 0 is void. */
const struct btf_type *btf_type_by_id(const struct btf *btf, u32 id);
/* The name at a string offset; NULL if out of range. */
const char *btf_name(const struct btf *btf, u32 offset);
/*
 * btf_type_id_size() - the type behind modifiers and typedefs, and its size.
 * *id is set to that type's id.  NULL if it has no size.
 */
const struct btf_type *btf_type_id_size(const struct btf *btf, u32 *id,
					u32 *size);
/*
 * btf_find_field() - offset of the one member (arrays not searched) of struct
 * type @id that is a struct named @name ("bpf_spin_lock", "bpf_timer") of
 * size @size and alignment @align.  -ENOENT: none; -E2BIG: more than one;
 * -EINVAL: not a struct, or ill aligned.
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
