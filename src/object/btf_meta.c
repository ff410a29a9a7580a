/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first pass over BTF: each type by itself.  What a type refers to is not
 * known to exist yet, only that its id could be one.
 *
 * Each check returns the bytes the kind takes after struct btf_type, or
 * -errno, and has logged the type.
 */
#include "base/alloc.h"
#include "object/btf_check.h"

typedef s32 (*meta_check)(struct btf_check *c, const struct btf_type *t,
			  u32 left);

static bool id_valid(u32 id)
{
	return id <= BTF_MAX_TYPE;
}

static int bad(struct btf_check *c, const struct btf_type *t, const char *why)
{
	btf_log_type(c, t, "%s", why);
	return -EINVAL;
}

/* Are there @needed more bytes? */
static bool has_room(struct btf_check *c, const struct btf_type *t, u32 left,
		     u32 needed)
{
	if (left >= needed)
		return true;
	btf_log_basic(c, t, "meta_left:%u meta_needed:%u", left, needed);
	return false;
}

static bool named(struct btf_check *c, const struct btf_type *t)
{
	return t->name_off && btf_identifier_valid(c->btf, t->name_off);
}

static bool named_or_anonymous(struct btf_check *c, const struct btf_type *t)
{
	return !t->name_off || btf_identifier_valid(c->btf, t->name_off);
}

static s32 int_check(struct btf_check *c, const struct btf_type *t, u32 left)
{
	u32 data, bits, encoding;

	if (!has_room(c, t, left, sizeof(data)))
		return -EINVAL;
	if (btf_vlen(t))
		return bad(c, t, "vlen != 0");
	if (btf_kflag(t))
		return bad(c, t, "Invalid btf_info kind_flag");
	data = btf_int(t);
	if (data & ~0x0fffffffu) {
		btf_log_basic(c, t, "Invalid int_data:%x", data);
		return -EINVAL;
	}
	bits = BTF_INT_BITS(data) + BTF_INT_OFFSET(data);
	if (bits > 128)
		return bad(c, t, "nr_bits exceeds 128");
	if ((bits + 7) / 8 > t->size)
		return bad(c, t, "nr_bits exceeds type_size");
	encoding = BTF_INT_ENCODING(data);
	if (encoding && encoding != BTF_INT_SIGNED &&
	    encoding != BTF_INT_CHAR && encoding != BTF_INT_BOOL) {
		btf_log_type(c, t, "Unsupported encoding");
		return -ENOTSUPP;
	}
	btf_log_type(c, t, NULL);
	return sizeof(data);
}

/* PTR and the modifiers */
static s32 ref_check(struct btf_check *c, const struct btf_type *t, u32 left)
{
	bool name_good;

	(void)left;
	if (btf_vlen(t))
		return bad(c, t, "vlen != 0");
	if (btf_kflag(t) && btf_kind(t) != BTF_KIND_TYPE_TAG)
		return bad(c, t, "Invalid btf_info kind_flag");
	if (!id_valid(t->type))
		return bad(c, t, "Invalid type_id");
	if (btf_kind(t) == BTF_KIND_TYPEDEF)
		name_good = named(c, t);
	else if (btf_kind(t) == BTF_KIND_TYPE_TAG)
		name_good = *btf_name(c->btf, t->name_off);
	else
		name_good = !t->name_off;
	if (!name_good)
		return bad(c, t, "Invalid name");
	btf_log_type(c, t, NULL);
	return 0;
}

static s32 fwd_check(struct btf_check *c, const struct btf_type *t, u32 left)
{
	(void)left;
	if (btf_vlen(t))
		return bad(c, t, "vlen != 0");
	if (t->type)
		return bad(c, t, "type != 0");
	if (!named(c, t))
		return bad(c, t, "Invalid name");
	btf_log_type(c, t, NULL);
	return 0;
}

static s32 array_check(struct btf_check *c, const struct btf_type *t, u32 left)
{
	const struct btf_array *array = btf_array(t);

	if (!has_room(c, t, left, sizeof(*array)))
		return -EINVAL;
	if (t->name_off)
		return bad(c, t, "Invalid name");
	if (btf_vlen(t))
		return bad(c, t, "vlen != 0");
	if (btf_kflag(t))
		return bad(c, t, "Invalid btf_info kind_flag");
	if (t->size)
		return bad(c, t, "size != 0");
	if (!array->type || !id_valid(array->type))
		return bad(c, t, "Invalid elem");
	if (!array->index_type || !id_valid(array->index_type))
		return bad(c, t, "Invalid index");
	btf_log_type(c, t, NULL);
	return sizeof(*array);
}

static const char *member_fault(struct btf_check *c, const struct btf_type *t,
				const struct btf_member *m, u32 last)
{
	u32 offset = btf_member_bit_offset(t, m);

	if (m->name_off && !btf_identifier_valid(c->btf, m->name_off))
		return "Invalid name";
	if (!m->type || !id_valid(m->type))
		return "Invalid type_id";
	if (btf_kind(t) == BTF_KIND_UNION && offset)
		return "Invalid member bits_offset";
	/* equal: the member before may take no room */
	if (last > offset)
		return "Invalid member bits_offset";
	if (offset / 8 + !!(offset % 8) > t->size)
		return "Member bits_offset exceeds its struct size";
	return NULL;
}

static s32 struct_check(struct btf_check *c, const struct btf_type *t, u32 left)
{
	u32 needed = btf_vlen(t) * (u32)sizeof(struct btf_member), last = 0;
	const struct btf_member *m = btf_members(t);
	const char *fault;

	if (!has_room(c, t, left, needed))
		return -EINVAL;
	if (!named_or_anonymous(c, t))
		return bad(c, t, "Invalid name");
	btf_log_type(c, t, NULL);
	for (u32 i = 0; i < btf_vlen(t); i++, m++) {
		if (!btf_offset_valid(c->btf, m->name_off)) {
			btf_log_member(c, t, m, "Invalid member name_offset:%u",
				       m->name_off);
			return -EINVAL;
		}
		fault = member_fault(c, t, m, last);
		if (fault) {
			btf_log_member(c, t, m, "%s", fault);
			return -EINVAL;
		}
		btf_log_member(c, t, m, NULL);
		last = btf_member_bit_offset(t, m);
	}
	return (s32)needed;
}

/* One enumerator's name; its value is logged by the caller. */
static int enumerator_check(struct btf_check *c, const struct btf_type *t,
			    u32 name_off)
{
	if (!btf_offset_valid(c->btf, name_off)) {
		log_printf(c->log, "\tInvalid name_offset:%u", name_off);
		return -EINVAL;
	}
	if (!name_off || !btf_identifier_valid(c->btf, name_off))
		return bad(c, t, "Invalid name");
	return 0;
}

static int enum_head_check(struct btf_check *c, const struct btf_type *t,
			   u32 left, u32 needed)
{
	if (!has_room(c, t, left, needed))
		return -EINVAL;
	if (t->size != 1 && t->size != 2 && t->size != 4 && t->size != 8)
		return bad(c, t, "Unexpected size");
	if (!named_or_anonymous(c, t))
		return bad(c, t, "Invalid name");
	btf_log_type(c, t, NULL);
	return 0;
}

static s32 enum_check(struct btf_check *c, const struct btf_type *t, u32 left)
{
	u32 needed = btf_vlen(t) * (u32)sizeof(struct btf_enum);
	const struct btf_enum *e = btf_enums(t);
	int err = enum_head_check(c, t, left, needed);

	for (u32 i = 0; !err && i < btf_vlen(t); i++, e++) {
		err = enumerator_check(c, t, e->name_off);
		if (!err && log_on(c->log))
			log_printf(c->log,
				   btf_kflag(t) ? "\t%s val=%d\n"
						: "\t%s val=%u\n",
				   btf_log_name(c->btf, e->name_off), e->val);
	}
	return err ? err : (s32)needed;
}

static s32 enum64_check(struct btf_check *c, const struct btf_type *t, u32 left)
{
	u32 needed = btf_vlen(t) * (u32)sizeof(struct btf_enum64);
	const struct btf_enum64 *e = btf_enums64(t);
	int err = enum_head_check(c, t, left, needed);

	for (u32 i = 0; !err && i < btf_vlen(t); i++, e++) {
		err = enumerator_check(c, t, e->name_off);
		if (!err && log_on(c->log))
			log_printf(c->log,
				   btf_kflag(t) ? "\t%s val=%lld\n"
						: "\t%s val=%llu\n",
				   btf_log_name(c->btf, e->name_off),
				   (long long)btf_enum64_value(e));
	}
	return err ? err : (s32)needed;
}

static s32 proto_check(struct btf_check *c, const struct btf_type *t, u32 left)
{
	u32 needed = btf_vlen(t) * (u32)sizeof(struct btf_param);

	if (!has_room(c, t, left, needed))
		return -EINVAL;
	if (t->name_off)
		return bad(c, t, "Invalid name");
	if (btf_kflag(t))
		return bad(c, t, "Invalid btf_info kind_flag");
	btf_log_type(c, t, NULL);
	return (s32)needed;
}

static s32 func_check(struct btf_check *c, const struct btf_type *t, u32 left)
{
	(void)left;
	if (!named(c, t))
		return bad(c, t, "Invalid name");
	if (btf_vlen(t) > BTF_FUNC_GLOBAL)
		return bad(c, t, "Invalid func linkage");
	if (btf_kflag(t))
		return bad(c, t, "Invalid btf_info kind_flag");
	btf_log_type(c, t, NULL);
	return 0;
}

static s32 var_check(struct btf_check *c, const struct btf_type *t, u32 left)
{
	const struct btf_var *var = (const struct btf_var *)(t + 1);

	if (!has_room(c, t, left, sizeof(*var)))
		return -EINVAL;
	if (btf_vlen(t))
		return bad(c, t, "vlen != 0");
	if (btf_kflag(t))
		return bad(c, t, "Invalid btf_info kind_flag");
	if (!named(c, t))
		return bad(c, t, "Invalid name");
	if (!t->type || !id_valid(t->type))
		return bad(c, t, "Invalid type_id");
	if (var->linkage != BTF_VAR_STATIC &&
	    var->linkage != BTF_VAR_GLOBAL_ALLOCATED)
		return bad(c, t, "Linkage not supported");
	btf_log_type(c, t, NULL);
	return sizeof(*var);
}

static const char *secinfo_fault(const struct btf_type *t,
				 const struct btf_var_secinfo *info, u64 last)
{
	if (!info->type || !id_valid(info->type))
		return "Invalid type_id";
	if (info->offset < last || info->offset >= t->size)
		return "Invalid offset";
	if (!info->size || info->size > t->size)
		return "Invalid size";
	/* 32 bits wide, as the kernel adds them */
	if (info->offset + info->size > t->size)
		return "Invalid offset+size";
	return NULL;
}

static s32 datasec_check(struct btf_check *c, const struct btf_type *t,
			 u32 left)
{
	u32 needed = btf_vlen(t) * (u32)sizeof(struct btf_var_secinfo);
	const struct btf_var_secinfo *info = btf_secinfos(t);
	u64 last = 0, sum = 0;
	const char *fault;

	if (!has_room(c, t, left, needed))
		return -EINVAL;
	if (!t->size)
		return bad(c, t, "size == 0");
	if (btf_kflag(t))
		return bad(c, t, "Invalid btf_info kind_flag");
	if (!t->name_off || !btf_section_valid(c->btf, t->name_off))
		return bad(c, t, "Invalid name");
	btf_log_type(c, t, NULL);
	for (u32 i = 0; i < btf_vlen(t); i++, info++) {
		fault = secinfo_fault(t, info, last);
		if (fault) {
			btf_log_secinfo(c, t, info, "%s", fault);
			return -EINVAL;
		}
		btf_log_secinfo(c, t, info, NULL);
		last = info->offset + info->size;
		sum += info->size;
	}
	if (t->size < sum)
		return bad(c, t, "Invalid btf_info size");
	return (s32)needed;
}

static s32 float_check(struct btf_check *c, const struct btf_type *t, u32 left)
{
	(void)left;
	if (btf_vlen(t))
		return bad(c, t, "vlen != 0");
	if (btf_kflag(t))
		return bad(c, t, "Invalid btf_info kind_flag");
	if (t->size != 2 && t->size != 4 && t->size != 8 && t->size != 12 &&
	    t->size != 16)
		return bad(c, t, "Invalid type_size");
	btf_log_type(c, t, NULL);
	return 0;
}

static s32 decl_tag_check(struct btf_check *c, const struct btf_type *t,
			  u32 left)
{
	const struct btf_decl_tag *tag = (const struct btf_decl_tag *)(t + 1);

	if (!has_room(c, t, left, sizeof(*tag)))
		return -EINVAL;
	if (!*btf_name(c->btf, t->name_off))
		return bad(c, t, "Invalid value");
	if (btf_vlen(t))
		return bad(c, t, "vlen != 0");
	if (tag->component_idx < -1)
		return bad(c, t, "Invalid component_idx");
	btf_log_type(c, t, NULL);
	return sizeof(*tag);
}

static const meta_check checks[] = {
	[BTF_KIND_UNKN] = NULL,		  [BTF_KIND_INT] = int_check,
	[BTF_KIND_PTR] = ref_check,	  [BTF_KIND_ARRAY] = array_check,
	[BTF_KIND_STRUCT] = struct_check, [BTF_KIND_UNION] = struct_check,
	[BTF_KIND_ENUM] = enum_check,	  [BTF_KIND_FWD] = fwd_check,
	[BTF_KIND_TYPEDEF] = ref_check,	  [BTF_KIND_VOLATILE] = ref_check,
	[BTF_KIND_CONST] = ref_check,	  [BTF_KIND_RESTRICT] = ref_check,
	[BTF_KIND_FUNC] = func_check,	  [BTF_KIND_FUNC_PROTO] = proto_check,
	[BTF_KIND_VAR] = var_check,	  [BTF_KIND_DATASEC] = datasec_check,
	[BTF_KIND_FLOAT] = float_check,	  [BTF_KIND_DECL_TAG] = decl_tag_check,
	[BTF_KIND_TYPE_TAG] = ref_check,  [BTF_KIND_ENUM64] = enum64_check,
};
static_assert(ARRAY_SIZE(checks) == NR_BTF_KINDS, "a kind has no check");

/* The bytes of one type in a section with @left to go, or -errno. */
static s32 type_check(struct btf_check *c, const struct btf_type *t, u32 left)
{
	s32 more;

	if (left < sizeof(*t)) {
		log_printf(c->log, "[%u] meta_left:%u meta_needed:%zu", c->id,
			   left, sizeof(*t));
		return -EINVAL;
	}
	if (t->info & ~BTF_INFO_MASK) {
		log_printf(c->log, "[%u] Invalid btf_info:%x", c->id, t->info);
		return -EINVAL;
	}
	if (btf_kind(t) >= ARRAY_SIZE(checks) || !checks[btf_kind(t)]) {
		log_printf(c->log, "[%u] Invalid kind:%u", c->id, btf_kind(t));
		return -EINVAL;
	}
	if (!btf_offset_valid(c->btf, t->name_off)) {
		log_printf(c->log, "[%u] Invalid name_offset:%u", c->id,
			   t->name_off);
		return -EINVAL;
	}
	more = checks[btf_kind(t)](c, t, left - (u32)sizeof(*t));
	return more < 0 ? more : more + (s32)sizeof(*t);
}

static const struct btf_type void_type;

static int types_reserve(struct btf *btf, u32 *capacity)
{
	const struct btf_type **types;
	u32 more;

	if (btf->nr_types < *capacity)
		return 0;
	more = *capacity ? *capacity * 2 : 64;
	types = mem_realloc(btf->types, more * sizeof(*types));
	if (!types)
		return -ENOMEM;
	btf->types = types;
	*capacity = more;
	return 0;
}

/* More types than ids are checked, but nobody can name them. */
static int types_add(struct btf_check *c, const struct btf_type *t,
		     u32 *capacity)
{
	int err;

	if (c->btf->nr_types == BTF_MAX_TYPE) {
		log_printf(c->log, "Exceeded max num of types");
		return 0;
	}
	err = types_reserve(c->btf, capacity);
	if (!err)
		c->btf->types[c->btf->nr_types++] = t;
	return err;
}

int btf_check_metas(struct btf_check *c)
{
	const char *base = (const char *)c->btf->data + c->hdr.hdr_len;
	const char *cur = base + c->hdr.type_off;
	struct btf *btf = c->btf;
	u32 left = c->hdr.type_len, capacity = 0;
	s32 size;
	int err;

	err = types_reserve(btf, &capacity);
	if (err)
		return err;
	btf->types[btf->nr_types++] = &void_type;
	for (c->id = 1; left; c->id++) {
		size = type_check(c, (const struct btf_type *)cur, left);
		if (size < 0)
			return size;
		err = types_add(c, (const struct btf_type *)cur, &capacity);
		if (err)
			return err;
		cur += size;
		left -= (u32)size;
	}
	return 0;
}
