/* SPDX-License-Identifier: BSD-2-Clause */
/* The log of a BTF load: types as "[id] KIND name details message". */
#include <stdarg.h>
#include <stdio.h>

#include "object/btf_check.h"

static const char *const kind_names[] = {
	[BTF_KIND_UNKN] = "UNKNOWN",	  [BTF_KIND_INT] = "INT",
	[BTF_KIND_PTR] = "PTR",		  [BTF_KIND_ARRAY] = "ARRAY",
	[BTF_KIND_STRUCT] = "STRUCT",	  [BTF_KIND_UNION] = "UNION",
	[BTF_KIND_ENUM] = "ENUM",	  [BTF_KIND_FWD] = "FWD",
	[BTF_KIND_TYPEDEF] = "TYPEDEF",	  [BTF_KIND_VOLATILE] = "VOLATILE",
	[BTF_KIND_CONST] = "CONST",	  [BTF_KIND_RESTRICT] = "RESTRICT",
	[BTF_KIND_FUNC] = "FUNC",	  [BTF_KIND_FUNC_PROTO] = "FUNC_PROTO",
	[BTF_KIND_VAR] = "VAR",		  [BTF_KIND_DATASEC] = "DATASEC",
	[BTF_KIND_FLOAT] = "FLOAT",	  [BTF_KIND_DECL_TAG] = "DECL_TAG",
	[BTF_KIND_TYPE_TAG] = "TYPE_TAG", [BTF_KIND_ENUM64] = "ENUM64",
};
static_assert(ARRAY_SIZE(kind_names) == NR_BTF_KINDS, "a kind has no name");

const char *btf_kind_name(u32 kind)
{
	return kind < ARRAY_SIZE(kind_names) ? kind_names[kind] : "UNKNOWN";
}

const char *btf_log_name(const struct btf *btf, u32 offset)
{
	const char *name = offset ? btf_name(btf, offset) : "(anon)";

	return name ? name : "(invalid-name-offset)";
}

static const char *encoding_name(u32 encoding)
{
	switch (encoding) {
	case 0:
		return "(none)";
	case BTF_INT_SIGNED:
		return "SIGNED";
	case BTF_INT_CHAR:
		return "CHAR";
	case BTF_INT_BOOL:
		return "BOOL";
	default:
		return "UNKN";
	}
}

static void log_param(struct btf_check *c, const char *sep,
		      const struct btf_param *param)
{
	if (!param->type)
		log_printf(c->log, "%svararg", sep);
	else
		log_printf(c->log, "%s%u %s", sep, param->type,
			   btf_log_name(c->btf, param->name_off));
}

static void log_proto(struct btf_check *c, const struct btf_type *t)
{
	const struct btf_param *params = btf_params(t);
	u32 nr = btf_vlen(t);

	log_printf(c->log, "return=%u args=(", t->type);
	if (!nr)
		log_printf(c->log, "void");
	for (u32 i = 0; i < nr; i++) {
		/* only the last one can be "..." */
		if (!params[i].type && i + 1 < nr)
			log_printf(c->log, "%s0 %s", i ? ", " : "",
				   btf_log_name(c->btf, params[i].name_off));
		else
			log_param(c, i ? ", " : "", &params[i]);
	}
	log_printf(c->log, ")");
}

static void log_details(struct btf_check *c, const struct btf_type *t)
{
	u32 data;

	switch (btf_kind(t)) {
	case BTF_KIND_INT:
		data = btf_int(t);
		log_printf(c->log,
			   "size=%u bits_offset=%u nr_bits=%u encoding=%s",
			   t->size, BTF_INT_OFFSET(data), BTF_INT_BITS(data),
			   encoding_name(BTF_INT_ENCODING(data)));
		break;
	case BTF_KIND_ARRAY:
		log_printf(c->log, "type_id=%u index_type_id=%u nr_elems=%u",
			   btf_array(t)->type, btf_array(t)->index_type,
			   btf_array(t)->nelems);
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
	case BTF_KIND_DATASEC:
		log_printf(c->log, "size=%u vlen=%u", t->size, btf_vlen(t));
		break;
	case BTF_KIND_FWD:
		log_printf(c->log, "%s", btf_kflag(t) ? "union" : "struct");
		break;
	case BTF_KIND_FUNC_PROTO:
		log_proto(c, t);
		break;
	case BTF_KIND_VAR:
		log_printf(c->log, "type_id=%u linkage=%u", t->type,
			   ((const struct btf_var *)(t + 1))->linkage);
		break;
	case BTF_KIND_FLOAT:
		log_printf(c->log, "size=%u", t->size);
		break;
	case BTF_KIND_DECL_TAG:
		log_printf(
			c->log, "type=%u component_idx=%d", t->type,
			((const struct btf_decl_tag *)(t + 1))->component_idx);
		break;
	default:
		log_printf(c->log, "type_id=%u", t->type);
		break;
	}
}

static void log_message(struct btf_check *c, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

/* " message" and the end of the line */
static void log_message(struct btf_check *c, const char *fmt, va_list ap)
{
	char text[128];

	if (fmt) {
		vsnprintf(text, sizeof(text), fmt, ap);
		log_printf(c->log, " %s", text);
	}
	log_printf(c->log, "\n");
}

/* A name is cut with the piece it is in (LOG_PIECE_MAX): pieces are those of
 * the kernel. */
static void log_head(struct btf_check *c, const struct btf_type *t,
		     const char *end)
{
	log_printf(c->log, "[%u] %s %s%s", c->id, btf_kind_name(btf_kind(t)),
		   btf_log_name(c->btf, t->name_off), end);
}

void btf_log_type(struct btf_check *c, const struct btf_type *t,
		  const char *fmt, ...)
{
	va_list ap;

	if (!log_on(c->log))
		return;
	log_head(c, t, " ");
	log_details(c, t);
	va_start(ap, fmt);
	log_message(c, fmt, ap);
	va_end(ap);
}

void btf_log_basic(struct btf_check *c, const struct btf_type *t,
		   const char *fmt, ...)
{
	va_list ap;

	if (!log_on(c->log))
		return;
	log_head(c, t, "");
	va_start(ap, fmt);
	log_message(c, fmt, ap);
	va_end(ap);
}

void btf_log_member(struct btf_check *c, const struct btf_type *t,
		    const struct btf_member *m, const char *fmt, ...)
{
	const char *name;
	va_list ap;

	if (!log_on(c->log))
		return;
	/* When resolving, the line of the struct is far above: say it again. */
	if (c->resolving)
		btf_log_type(c, t, NULL);
	name = btf_log_name(c->btf, m->name_off);
	if (btf_kflag(t))
		log_printf(c->log,
			   "\t%s type_id=%u bitfield_size=%u bits_offset=%u",
			   name, m->type, BTF_MEMBER_BITFIELD_SIZE(m->offset),
			   BTF_MEMBER_BIT_OFFSET(m->offset));
	else
		log_printf(c->log, "\t%s type_id=%u bits_offset=%u", name,
			   m->type, m->offset);
	va_start(ap, fmt);
	log_message(c, fmt, ap);
	va_end(ap);
}

void btf_log_secinfo(struct btf_check *c, const struct btf_type *t,
		     const struct btf_var_secinfo *info, const char *fmt, ...)
{
	va_list ap;

	if (!log_on(c->log))
		return;
	if (c->resolving)
		btf_log_type(c, t, NULL);
	log_printf(c->log, "\t type_id=%u offset=%u size=%u", info->type,
		   info->offset, info->size);
	va_start(ap, fmt);
	log_message(c, fmt, ap);
	va_end(ap);
}

void btf_log_header(struct btf_check *c)
{
	const struct btf_header *hdr = &c->hdr;

	log_printf(c->log, "magic: 0x%x\nversion: %u\nflags: 0x%x\n",
		   hdr->magic, hdr->version, hdr->flags);
	log_printf(c->log, "hdr_len: %u\n", hdr->hdr_len);
	log_printf(c->log, "type_off: %u\ntype_len: %u\n", hdr->type_off,
		   hdr->type_len);
	log_printf(c->log, "str_off: %u\nstr_len: %u\n", hdr->str_off,
		   hdr->str_len);
	log_printf(c->log, "btf_total_size: %u\n", c->btf->data_size);
}
