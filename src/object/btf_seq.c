/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values as the kernel's bpf file system shows them, byte for byte, which is
 * meant for people who debug and has oddities that are kept here:
 *
 * 1. Whatever is in something is followed by a comma, the last one as well.
 * 2. An opening bracket is left out for elements of arrays and all in them (up
 *    to the end of the next inner array), and for members of qualified types.
 * 3. Elements of arrays without a size of their own (pointers, arrays) all
 *    show the first one.
 * 4. Arrays of single bytes are characters up to the first NUL.
 * 5. Bit fields, and ints of other than 8, 16, 32, 64 bits, are hexadecimal.
 * 6. Enums are read as 4 bytes, whatever their size; ENUM64 as 8.
 */
#include <string.h>

#include "object/btf_check.h"
#include "object/btf_text.h"

#define NAME_ITERATIONS 10

struct seq {
	struct value_walk walk;
	struct text *text;
	u32 depth;
	bool array_member;
	bool chars;	  /* the innermost array is one of single bytes ... */
	bool chars_ended; /* ... and its NUL has been met */
	const struct btf_type *type; /* being shown; NULL after its end */
	u32 type_id;
	const struct btf_member *member;
};

static void seq_show(struct seq *s, const struct btf_type *t, u32 id,
		     const u8 *data, u32 bit);

static const struct btf_type *skip_qualifiers(const struct btf *btf, u32 id)
{
	const struct btf_type *t = btf_type_by_id(btf, id);

	while (btf_is_modifier(t) && btf_kind(t) != BTF_KIND_TYPEDEF)
		t = btf_type_by_id(btf, t->type);
	return t;
}

/* What stands before a value: a bracket, by the type it is declared with. */
static const char *bracket(const struct seq *s)
{
	const struct btf *btf = s->walk.btf;
	const struct btf_type *t =
		btf_type_by_id(btf, s->member ? s->member->type : s->type_id);
	bool array = false, ptr = false;
	u32 i, next;

	if (s->array_member)
		return "";
	for (i = 0; i < NAME_ITERATIONS; i++) {
		next = 0;
		if (btf_kind(t) == BTF_KIND_TYPEDEF) {
			next = t->type;
		} else if (btf_kind(t) == BTF_KIND_ARRAY) {
			array = true;
			next = btf_array(t)->type;
		} else if (btf_kind(t) == BTF_KIND_PTR) {
			ptr = true;
			next = t->type;
		}
		if (!next)
			break;
		t = skip_qualifiers(btf, next);
	}
	if (i == NAME_ITERATIONS || ptr)
		return "";
	if (array)
		return "[";
	return btf_is_struct(t) ? "{" : "";
}

static const char *delimiter(const struct seq *s)
{
	if (!s->depth)
		return "";
	return s->type && btf_kind(s->type) == BTF_KIND_UNION ? "|" : ",";
}

static void start_type(struct seq *s, const struct btf_type *t, u32 id)
{
	s->type = t;
	s->type_id = id;
}

static void end_type(struct seq *s)
{
	s->type = NULL;
	s->type_id = 0;
}

static void start_aggregate(struct seq *s, const struct btf_type *t, u32 id)
{
	start_type(s, t, id);
	text_printf(s->text, "%s", bracket(s));
	s->depth++;
}

static void end_aggregate(struct seq *s, const char *closing)
{
	s->depth--;
	text_printf(s->text, "%s%s", closing, delimiter(s));
	end_type(s);
}

/* One value between its bracket and delimiter. */
#define put_value(s, fmt, ...)                                         \
	text_printf((s)->text, "%s" fmt "%s", bracket(s), __VA_ARGS__, \
		    delimiter(s))

static void show_hex(struct seq *s, unsigned __int128 value)
{
	unsigned long long high = (unsigned long long)(value >> 64);
	unsigned long long low = (unsigned long long)value;

	if (high)
		put_value(s, "0x%llx%016llx", high, low);
	else
		put_value(s, "0x%llx", low);
}

static void show_byte(struct seq *s, const u8 *data, bool is_signed)
{
	u8 c;

	value_read(&s->walk, &c, data, 1);
	if (s->chars && (s->chars_ended || !c)) {
		s->chars_ended = true;
		return;
	}
	if (s->chars && btf_char_printable((char)c))
		put_value(s, "'%c'", c);
	else if (is_signed)
		put_value(s, "%d", (s8)c);
	else
		put_value(s, "%u", c);
}

static void show_int(struct seq *s, const struct btf_type *t, const u8 *data,
		     u32 bit)
{
	u32 d = btf_int(t), bits = BTF_INT_BITS(d);
	bool is_signed = BTF_INT_ENCODING(d) & BTF_INT_SIGNED;
	u64 value = 0;

	bit += BTF_INT_OFFSET(d);
	if (bit || (bits != 8 && bits != 16 && bits != 32 && bits != 64)) {
		show_hex(s,
			 value_bits(&s->walk, data + bit / 8, bit % 8, bits));
		return;
	}
	if (bits == 8) {
		show_byte(s, data, is_signed);
		return;
	}
	value_read(&s->walk, &value, data, bits / 8);
	if (is_signed)
		put_value(s, "%lld",
			  (long long)(value << (64 - bits)) >> (64 - bits));
	else
		put_value(s, "%llu", (unsigned long long)value);
}

static void show_enum(struct seq *s, const struct btf_type *t, const u8 *data)
{
	const struct btf_enum *e = btf_enums(t);
	s32 value;

	value_read(&s->walk, &value, data, sizeof(value));
	for (u32 i = 0; i < btf_vlen(t); i++)
		if (e[i].val == value) {
			put_value(s, "%s",
				  btf_log_name(s->walk.btf, e[i].name_off));
			return;
		}
	if (btf_kflag(t))
		put_value(s, "%d", value);
	else
		put_value(s, "%u", (u32)value);
}

static void show_enum64(struct seq *s, const struct btf_type *t, const u8 *data)
{
	const struct btf_enum64 *e = btf_enums64(t);
	u64 value;

	value_read(&s->walk, &value, data, sizeof(value));
	for (u32 i = 0; i < btf_vlen(t); i++)
		if (btf_enum64_value(&e[i]) == value) {
			put_value(s, "%s",
				  btf_log_name(s->walk.btf, e[i].name_off));
			return;
		}
	if (btf_kflag(t))
		put_value(s, "%lld", (long long)value);
	else
		put_value(s, "%llu", (unsigned long long)value);
}

static void show_ptr(struct seq *s, const u8 *data)
{
	u64 value;

	value_read(&s->walk, &value, data, sizeof(value));
	put_value(s, "0x%016llx", (unsigned long long)value);
}

static void show_array(struct seq *s, const struct btf_type *t, u32 id,
		       const u8 *data, u32 bit)
{
	const struct btf_array *array = btf_array(t);
	const struct btf_type *elem =
		btf_skip_modifiers(s->walk.btf, array->type, NULL);
	u32 size = btf_has_size(elem) ? elem->size : 0;

	s->chars =
		btf_kind(elem) == BTF_KIND_INT &&
		(size == 1 || BTF_INT_ENCODING(btf_int(elem)) == BTF_INT_CHAR);
	s->chars_ended = false;
	start_aggregate(s, t, id);
	for (u32 i = 0; i < array->nelems && value_step(&s->walk); i++) {
		s->array_member = true;
		s->member = NULL;
		seq_show(s, elem, array->type, data, bit);
		data += size;
		s->array_member = false;
		s->member = NULL;
		if (s->chars_ended)
			break;
	}
	s->chars = false;
	s->chars_ended = false;
	end_aggregate(s, "]");
}

static void show_struct(struct seq *s, const struct btf_type *t, u32 id,
			const u8 *data)
{
	const struct btf_member *m = btf_members(t);

	start_aggregate(s, t, id);
	for (u32 i = 0; i < btf_vlen(t) && value_step(&s->walk); i++, m++) {
		const struct btf_type *mt =
			btf_type_by_id(s->walk.btf, m->type);
		u32 offset = btf_member_bit_offset(t, m);
		u32 bits = btf_member_bitfield_size(t, m);
		const u8 *at = data + offset / 8;

		s->member = m;
		if (bits) {
			start_type(s, mt, m->type);
			show_hex(s, value_bits(&s->walk, at, offset % 8, bits));
			end_type(s);
		} else {
			seq_show(s, mt, m->type, at, offset % 8);
		}
		s->member = NULL;
	}
	end_aggregate(s, "}");
}

static void show_section(struct seq *s, const struct btf_type *t, u32 id,
			 const u8 *data)
{
	const struct btf_var_secinfo *info = btf_secinfos(t);

	start_type(s, t, id);
	put_value(s, "section (\"%s\") = {",
		  btf_log_name(s->walk.btf, t->name_off));
	for (u32 i = 0; i < btf_vlen(t); i++, info++) {
		if (i)
			text_printf(s->text, ",");
		seq_show(s, btf_type_by_id(s->walk.btf, info->type), info->type,
			 data + info->offset, 0);
	}
	end_type(s);
}

static void show_scalar(struct seq *s, const struct btf_type *t, u32 id,
			const u8 *data, u32 bit)
{
	start_type(s, t, id);
	switch (btf_kind(t)) {
	case BTF_KIND_INT:
		show_int(s, t, data, bit);
		break;
	case BTF_KIND_ENUM:
		show_enum(s, t, data);
		break;
	case BTF_KIND_ENUM64:
		show_enum64(s, t, data);
		break;
	default:
		show_ptr(s, data);
		break;
	}
	end_type(s);
}

/* Recursion is bounded by walk.levels. */
static void seq_show(struct seq *s, const struct btf_type *t, u32 id,
		     const u8 *data, u32 bit)
{
	if (btf_is_modifier(t) || btf_kind(t) == BTF_KIND_VAR) {
		id = s->walk.btf->resolved[id];
		t = btf_type_by_id(s->walk.btf, id);
	}
	if (!s->walk.levels)
		return;
	s->walk.levels--;
	switch (btf_kind(t)) {
	case BTF_KIND_INT:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
	case BTF_KIND_PTR:
		show_scalar(s, t, id, data, bit);
		break;
	case BTF_KIND_ARRAY:
		show_array(s, t, id, data, bit);
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		show_struct(s, t, id, data);
		break;
	case BTF_KIND_DATASEC:
		show_section(s, t, id, data);
		break;
	default:
		text_printf(s->text, "<unsupported kind:%u>", btf_kind(t));
		break;
	}
	s->walk.levels++;
}

void btf_seq_show(struct text *text, const struct btf *btf, u32 id,
		  const void *data)
{
	u32 value_id = id, size = 0;
	struct seq s = { .text = text };

	btf_type_id_size(btf, &value_id, &size);
	value_walk_init(&s.walk, btf, data, size);
	seq_show(&s, btf_type_by_id(btf, id), id, data, 0);
}
