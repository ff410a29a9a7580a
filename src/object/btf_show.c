/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values as text for people, and as JSON for programs.
 *
 *			text			JSON
 *	int		-1			-1
 *	bool		true			true
 *	char array	"text"			"text"	(if it is text)
 *	enum		NAME			"NAME"	(or the number)
 *	pointer		0xffff0000		"0xffff0000"
 *	float		1.5			1.5	(NaN and such: null)
 *	struct		{a = 1, b = 2}		{"a":1,"b":2}
 *	array		[1, 2]			[1,2]
 *
 * Members of unnamed structs and unions show as their parent's.  What cannot
 * be shown (void, too deep, too much) is "?" in text and null in JSON.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "object/btf_text.h"

struct show {
	struct value_walk walk;
	struct text text;
	bool json;
};

static void show_type(struct show *s, u32 id, const u8 *data, u32 bit);

static void show_unknown(struct show *s)
{
	text_printf(&s->text, s->json ? "null" : "?");
}

/* A string in quotes.  Bytes are Latin-1: JSON wants them as code points. */
static void show_string(struct show *s, const char *str, size_t len)
{
	text_printf(&s->text, "\"");
	for (size_t i = 0; i < len; i++) {
		u8 c = (u8)str[i];

		if (c == '"' || c == '\\')
			text_printf(&s->text, "\\%c", c);
		else if (c < ' ' || c >= 0x7f)
			text_printf(&s->text, s->json ? "\\u%04x" : "\\x%02x",
				    c);
		else
			text_printf(&s->text, "%c", c);
	}
	text_printf(&s->text, "\"");
}

static void show_name(struct show *s, const char *name)
{
	if (s->json)
		show_string(s, name, strlen(name));
	else
		text_printf(&s->text, "%s", name);
}

static void show_number(struct show *s, unsigned __int128 value, bool negative)
{
	char digits[48];
	size_t at = sizeof(digits);

	digits[--at] = '\0';
	do {
		digits[--at] = (char)('0' + (int)(value % 10));
		value /= 10;
	} while (value);
	text_printf(&s->text, "%s%s", negative ? "-" : "", digits + at);
}

/* @value of @bits bits */
static void show_int(struct show *s, unsigned __int128 value, u32 bits,
		     u32 encoding)
{
	bool negative = encoding == BTF_INT_SIGNED && bits &&
			value >> (bits - 1) & 1;

	if (encoding == BTF_INT_BOOL) {
		text_printf(&s->text, value ? "true" : "false");
		return;
	}
	if (negative) {
		value = -value;
		if (bits < 128)
			value &= ((unsigned __int128)1 << bits) - 1;
	}
	show_number(s, value, negative);
}

static const char *enum_name(const struct btf *btf, const struct btf_type *t,
			     u64 value, u64 mask)
{
	u64 candidate;
	u32 name;

	for (u32 i = 0; i < btf_vlen(t); i++) {
		if (btf_kind(t) == BTF_KIND_ENUM64) {
			candidate = btf_enum64_value(&btf_enums64(t)[i]);
			name = btf_enums64(t)[i].name_off;
		} else {
			/* sign extended, for enums of 8 bytes */
			candidate = (u64)(s64)btf_enums(t)[i].val;
			name = btf_enums(t)[i].name_off;
		}
		if ((candidate & mask) == value)
			return btf_name(btf, name);
	}
	return NULL;
}

static void show_enum(struct show *s, const struct btf_type *t, u64 value,
		      u32 bits)
{
	u64 mask = bits >= 64 ? UINT64_MAX : (1ull << bits) - 1;
	const char *name = enum_name(s->walk.btf, t, value, mask);

	if (name)
		show_name(s, name);
	else
		show_int(s, value, bits, btf_kflag(t) ? BTF_INT_SIGNED : 0);
}

/* A number of a format that is not known, from its highest byte on. */
static void show_bytes(struct show *s, const u8 *data, u32 size)
{
	u8 byte;

	text_printf(&s->text, s->json ? "\"0x" : "0x");
	while (size--) {
		value_read(&s->walk, &byte, data + size, 1);
		text_printf(&s->text, "%02x", byte);
	}
	text_printf(&s->text, s->json ? "\"" : "");
}

static void show_float(struct show *s, const struct btf_type *t, const u8 *data)
{
	double value;
	float f;

	switch (t->size) {
	case sizeof(float):
		value_read(&s->walk, &f, data, sizeof(f));
		value = (double)f;
		break;
	case sizeof(double):
		value_read(&s->walk, &value, data, sizeof(value));
		break;
	default: /* formats the compiler here need not have: 2, 12, 16 */
		show_bytes(s, data, t->size);
		return;
	}
	if (isfinite(value))
		text_printf(&s->text, "%.*g", t->size == sizeof(f) ? 9 : 17,
			    value);
	else if (s->json)
		show_unknown(s);
	else
		text_printf(&s->text, "%f", value);
}

static void show_ptr(struct show *s, const u8 *data)
{
	u64 value;

	value_read(&s->walk, &value, data, sizeof(value));
	text_printf(&s->text, s->json ? "\"0x%llx\"" : "0x%llx",
		    (unsigned long long)value);
}

/* Is an element of this type a character, not a small number? */
static bool is_char(const struct btf *btf, const struct btf_type *t)
{
	if (btf_kind(t) != BTF_KIND_INT || t->size != 1)
		return false;
	return BTF_INT_ENCODING(btf_int(t)) == BTF_INT_CHAR ||
	       !strcmp(btf_name(btf, t->name_off), "char");
}

/* Shows @n chars if they are text, with nothing but zeros behind its end. */
static bool show_chars(struct show *s, const u8 *data, u32 n)
{
	u32 len = 0;

	if (n > (size_t)(s->walk.end - data))
		return false;
	while (len < n && data[len] >= ' ' && data[len] < 0x7f)
		len++;
	for (u32 i = len; i < n; i++)
		if (data[i])
			return false;
	show_string(s, (const char *)data, len);
	return true;
}

static void show_array(struct show *s, const struct btf_type *t, const u8 *data)
{
	const struct btf_array *array = btf_array(t);
	u32 id = array->type, size = 0;
	const struct btf_type *elem = btf_type_id_size(s->walk.btf, &id, &size);

	if (!elem) {
		show_unknown(s);
		return;
	}
	if (array->nelems && is_char(s->walk.btf, elem) &&
	    show_chars(s, data, array->nelems))
		return;
	text_printf(&s->text, "[");
	for (u32 i = 0; i < array->nelems; i++, data += size) {
		if (i)
			text_printf(&s->text, s->json ? "," : ", ");
		if (!value_step(&s->walk)) {
			show_unknown(s);
			break;
		}
		show_type(s, id, data, 0);
	}
	text_printf(&s->text, "]");
}

static void show_bitfield(struct show *s, const struct btf_type *t,
			  const u8 *data, u32 bit, u32 bits)
{
	unsigned __int128 value = value_bits(&s->walk, data, bit, bits);

	if (btf_kind(t) == BTF_KIND_INT)
		show_int(s, value, bits, BTF_INT_ENCODING(btf_int(t)));
	else
		show_enum(s, t, (u64)value, bits);
}

static void show_key(struct show *s, const char *name, bool first)
{
	if (!first)
		text_printf(&s->text, s->json ? "," : ", ");
	show_name(s, name);
	text_printf(&s->text, s->json ? ":" : " = ");
}

/* The members of @t, after those of its parent unless @first.  Are there now
 * none yet? */
static bool show_members(struct show *s, const struct btf_type *t,
			 const u8 *data, bool first)
{
	const struct btf_member *m = btf_members(t);

	for (u32 i = 0; i < btf_vlen(t); i++, m++) {
		u32 offset = btf_member_bit_offset(t, m), id = m->type;
		u32 bits = btf_member_bitfield_size(t, m);
		const struct btf_type *mt =
			btf_type_id_size(s->walk.btf, &id, NULL);
		const u8 *at = data + offset / 8;

		if (!mt || !value_step(&s->walk))
			break;
		if (!m->name_off) {
			/* without a name, the rest is padding */
			if (!btf_is_struct(mt) || !s->walk.levels)
				continue;
			s->walk.levels--;
			first = show_members(s, mt, at, first);
			s->walk.levels++;
			continue;
		}
		show_key(s, btf_name(s->walk.btf, m->name_off), first);
		first = false;
		if (bits)
			show_bitfield(s, mt, at, offset % 8, bits);
		else
			show_type(s, id, at, offset % 8);
	}
	return first;
}

static void show_section(struct show *s, const struct btf_type *t,
			 const u8 *data)
{
	const struct btf_var_secinfo *info = btf_secinfos(t);

	text_printf(&s->text, "{");
	for (u32 i = 0; i < btf_vlen(t); i++, info++) {
		const struct btf_type *var =
			btf_type_by_id(s->walk.btf, info->type);

		show_key(s, btf_name(s->walk.btf, var->name_off), !i);
		show_type(s, var->type, data + info->offset, 0);
	}
	text_printf(&s->text, "}");
}

static void show_whole_int(struct show *s, const struct btf_type *t,
			   const u8 *data, u32 bit)
{
	u32 d = btf_int(t), bits = BTF_INT_BITS(d);

	bit += BTF_INT_OFFSET(d);
	show_int(s, value_bits(&s->walk, data + bit / 8, bit % 8, bits), bits,
		 BTF_INT_ENCODING(d));
}

static void show_known(struct show *s, const struct btf_type *t, const u8 *data,
		       u32 bit)
{
	switch (btf_kind(t)) {
	case BTF_KIND_INT:
		show_whole_int(s, t, data, bit);
		break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		show_enum(s, t, (u64)value_bits(&s->walk, data, 0, t->size * 8),
			  t->size * 8);
		break;
	case BTF_KIND_FLOAT:
		show_float(s, t, data);
		break;
	case BTF_KIND_PTR:
		show_ptr(s, data);
		break;
	case BTF_KIND_ARRAY:
		show_array(s, t, data);
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		text_printf(&s->text, "{");
		show_members(s, t, data, true);
		text_printf(&s->text, "}");
		break;
	case BTF_KIND_DATASEC:
		show_section(s, t, data);
		break;
	default:
		show_unknown(s);
		break;
	}
}

/* Recursion is bounded by walk.levels. */
static void show_type(struct show *s, u32 id, const u8 *data, u32 bit)
{
	const struct btf_type *t = btf_type_id_size(s->walk.btf, &id, NULL);

	if (!t || !s->walk.levels) {
		show_unknown(s);
		return;
	}
	s->walk.levels--;
	show_known(s, t, data, bit);
	s->walk.levels++;
}

int btf_show(const struct btf *btf, u32 id, const void *data, char *buf,
	     size_t size, bool json)
{
	struct show s = { .json = json };
	u32 value_id = id, value_size = 0;

	text_init(&s.text, buf, size);
	btf_type_id_size(btf, &value_id, &value_size);
	value_walk_init(&s.walk, btf, data, value_size);
	show_type(&s, id, data, 0);
	return (int)min(s.text.len, (size_t)INT32_MAX);
}
