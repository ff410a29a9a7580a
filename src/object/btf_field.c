/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding fields of special meaning, and the check of BTF_LOAD that structs
 * with such fields are well formed.
 *
 * 1. Only struct types and variables of sections are searched, with the
 *    structs and arrays in them; unions are not.
 * 2. A field counts by the name of its type; one that has another size, is no
 *    struct or is ill aligned is plain data.
 * 3. Pointers are told by the tag behind them.  There are no kernel types
 *    here, so every pointer is one to a type of the BTF itself.
 * 4. The work is bounded by the size of the BTF, whatever it says: a struct
 *    without fields is walked once, a search ends with BTF_FIELDS_MAX fields,
 *    and names are looked up in an index.
 */
#include "object/btf_field.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "object/btf_check.h"

struct field_type {
	const char *name;
	u32 size, align;
	bool once; /* of one struct */
};

static const struct field_type field_types[] = {
	[BTF_FIELD_SPIN_LOCK] = { "bpf_spin_lock", 4, 4, true },
	[BTF_FIELD_RES_SPIN_LOCK] = { "bpf_res_spin_lock", 4, 4, true },
	[BTF_FIELD_TIMER] = { "bpf_timer", 16, 8, true },
	[BTF_FIELD_WORKQUEUE] = { "bpf_wq", 16, 8, true },
	[BTF_FIELD_TASK_WORK] = { "bpf_task_work", 8, 8, true },
	[BTF_FIELD_LIST_HEAD] = { "bpf_list_head", 16, 8, false },
	[BTF_FIELD_LIST_NODE] = { "bpf_list_node", 24, 8, false },
	[BTF_FIELD_RB_ROOT] = { "bpf_rb_root", 16, 8, false },
	[BTF_FIELD_RB_NODE] = { "bpf_rb_node", 32, 8, false },
	[BTF_FIELD_REFCOUNT] = { "bpf_refcount", 4, 4, false },
	/* pointers: the value of the tag */
	[BTF_FIELD_KPTR_UNREF] = { "kptr_untrusted", 8, 8, false },
	[BTF_FIELD_KPTR_REF] = { "kptr", 8, 8, false },
	[BTF_FIELD_KPTR_PERCPU] = { "percpu_kptr", 8, 8, false },
	[BTF_FIELD_UPTR] = { "uptr", 8, 8, false },
};
static_assert(ARRAY_SIZE(field_types) == BTF_FIELD_KINDS, "a kind is missing");

#define FIRST_PTR BTF_FIELD_KPTR_UNREF

/* The kinds that make a struct one that BTF_LOAD looks at. */
#define MARKING_KINDS                                           \
	(BTF_FIELD_BIT(BTF_FIELD_SPIN_LOCK) | BTF_FIELDS_ROOT | \
	 BTF_FIELDS_NODE | BTF_FIELD_BIT(BTF_FIELD_REFCOUNT))
#define OBJECT_KINDS                       \
	(MARKING_KINDS | BTF_FIELDS_KPTR | \
	 BTF_FIELD_BIT(BTF_FIELD_RES_SPIN_LOCK))

/*
 * A search through one or many structs, with what it has learnt of the BTF.
 * The fields of the struct at hand are added to @out.
 */
struct search {
	const struct btf *btf;
	u32 mask;
	struct btf_fields *out;
	u8 *heights; /* by type id: levels of a struct without fields, or 0 */
	u32 *tags;   /* ids of "contains:" tags, by type and component */
	u32 nr_tags;
	u32 *structs; /* ids of structs, by name and then id */
	u32 nr_structs;
};

static const char contains[] = "contains:";

static int struct_search(struct search *s, u32 id, u32 level, u32 *height);

const char *btf_field_name(enum btf_field_kind kind)
{
	/* the tag says more than the name */
	if (kind == BTF_FIELD_KPTR_UNREF)
		kind = BTF_FIELD_KPTR_REF;
	return field_types[kind].name;
}

u32 btf_field_size(enum btf_field_kind kind)
{
	return field_types[kind].size;
}

static const char *type_name(const struct btf *btf, const struct btf_type *t)
{
	return btf_log_name(btf, t->name_off);
}

static bool is_tag(const struct btf_type *t)
{
	return btf_kind(t) == BTF_KIND_TYPE_TAG;
}

/* Is @t a tagged pointer of a kind in @mask?  1, 0, or -EINVAL: badly. */
static int ptr_kind(const struct btf *btf, const struct btf_type *t, u32 mask,
		    struct btf_field *field)
{
	u32 kind = FIRST_PTR;

	if (btf_kind(t) == BTF_KIND_VOLATILE)
		t = btf->types[t->type];
	if (btf_kind(t) != BTF_KIND_PTR)
		return 0;
	t = btf->types[t->type];
	if (!is_tag(t) || btf_kflag(t))
		return 0;
	if (is_tag(btf->types[t->type]))
		return -EINVAL;
	while (kind < BTF_FIELD_KINDS &&
	       strcmp(type_name(btf, t), field_types[kind].name))
		kind++;
	if (kind == BTF_FIELD_KINDS)
		return -EINVAL;
	if (!(mask & BTF_FIELD_BIT(kind)))
		return 0;
	t = btf_skip_modifiers(btf, t->type, &field->type_id);
	if (btf_kind(t) != BTF_KIND_STRUCT)
		return -EINVAL;
	field->kind = kind;
	return 1;
}

static int search_init(struct search *s, const struct btf *btf, u32 mask)
{
	*s = (struct search){ .btf = btf, .mask = mask };
	s->heights = mem_calloc(btf->nr_types, sizeof(*s->heights));
	return s->heights ? 0 : -ENOMEM;
}

static void search_done(struct search *s)
{
	mem_free(s->heights);
	mem_free(s->tags);
	mem_free(s->structs);
}

static s32 tag_component(const struct btf_type *t)
{
	return ((const struct btf_decl_tag *)(t + 1))->component_idx;
}

static int compare_tags(const void *a, const void *b, void *data)
{
	const struct btf *btf = data;
	const struct btf_type *x = btf->types[*(const u32 *)a];
	const struct btf_type *y = btf->types[*(const u32 *)b];

	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	return tag_component(x) < tag_component(y)   ? -1
	       : tag_component(x) > tag_component(y) ? 1
						     : 0;
}

static int compare_structs(const void *a, const void *b, void *data)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;
	const struct btf *btf = data;
	int cmp = strcmp(type_name(btf, btf->types[x]),
			 type_name(btf, btf->types[y]));

	return cmp ? cmp : x < y ? -1 : 1;
}

/* Made when the first root is met: few BTFs have one. */
static int search_index(struct search *s)
{
	const struct btf *btf = s->btf;

	if (s->structs)
		return 0;
	if (!s->tags)
		s->tags = mem_calloc(btf->nr_types, sizeof(*s->tags));
	s->structs = mem_calloc(btf->nr_types, sizeof(*s->structs));
	if (!s->tags || !s->structs)
		return -ENOMEM;
	for (u32 id = 1; id < btf->nr_types; id++) {
		const struct btf_type *t = btf->types[id];

		if (btf_kind(t) == BTF_KIND_STRUCT)
			s->structs[s->nr_structs++] = id;
		else if (btf_kind(t) == BTF_KIND_DECL_TAG &&
			 !strncmp(type_name(btf, t), contains,
				  sizeof(contains) - 1))
			s->tags[s->nr_tags++] = id;
	}
	qsort_r(s->tags, s->nr_tags, sizeof(*s->tags), compare_tags,
		(void *)btf);
	qsort_r(s->structs, s->nr_structs, sizeof(*s->structs), compare_structs,
		(void *)btf);
	return 0;
}

/* strcmp() of @name and the @len bytes at @value */
static int compare_part(const char *name, const char *value, size_t len)
{
	int cmp = strncmp(name, value, len);

	return cmp ? cmp : name[len] ? 1 : 0;
}

/* The first struct named as the @len bytes at @name say, or 0. */
static u32 struct_by_name(const struct search *s, const char *name, size_t len)
{
	const struct btf *btf = s->btf;
	u32 low = 0, high = s->nr_structs;

	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (compare_part(type_name(btf, btf->types[s->structs[mid]]),
				 name, len) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == s->nr_structs ||
	    compare_part(type_name(btf, btf->types[s->structs[low]]), name,
			 len))
		return 0;
	return s->structs[low];
}

/* The first tag of component @i of @owner, in s->tags. */
static u32 first_tag(const struct search *s, u32 owner, s32 i)
{
	u32 low = 0, high = s->nr_tags;

	while (low < high) {
		u32 mid = low + (high - low) / 2;
		const struct btf_type *t = s->btf->types[s->tags[mid]];

		if (t->type < owner ||
		    (t->type == owner && tag_component(t) < i))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool is_tag_of(const struct search *s, u32 at, u32 owner, s32 i)
{
	const struct btf_type *t;

	if (at >= s->nr_tags)
		return false;
	t = s->btf->types[s->tags[at]];
	return t->type == owner && tag_component(t) == i;
}

/*
 * What a root holds: a tag "contains:TYPE:NODE" on component @i of type @owner
 * says so; there must be one such tag.
 */
static int root_target(struct search *s, u32 owner, s32 i,
		       struct btf_field *field)
{
	const char *value, *colon;
	int err = search_index(s);
	u32 at, id;

	if (err)
		return err;
	at = first_tag(s, owner, i);
	if (!is_tag_of(s, at, owner, i) || is_tag_of(s, at + 1, owner, i))
		return -EINVAL;
	value = type_name(s->btf, s->btf->types[s->tags[at]]) +
		sizeof(contains) - 1;
	colon = strchr(value, ':');
	if (!colon)
		return -EINVAL;
	id = struct_by_name(s, value, (size_t)(colon - value));
	if (!id)
		return -ENOENT;
	if (!colon[1])
		return -EINVAL;
	field->type_id = id;
	field->node = colon + 1;
	return 0;
}

/* @nr fields were just added: again for each further element of an array. */
static int repeat(struct btf_fields *out, u32 nr, u32 times, u32 size)
{
	struct btf_field *first = &out->field[out->nr - nr];

	for (u32 i = 0; i < nr; i++)
		if (first[i].kind < FIRST_PTR &&
		    !(BTF_FIELD_BIT(first[i].kind) & BTF_FIELDS_ROOT))
			return -EINVAL;
	if ((u64)nr * (times - 1) > BTF_FIELDS_MAX - out->nr)
		return -E2BIG;
	for (u32 n = 1; n < times; n++)
		for (u32 i = 0; i < nr; i++) {
			out->field[out->nr] = first[i];
			out->field[out->nr++].offset += n * size;
		}
	return 0;
}

static int nested_search(struct search *s, u32 id, u32 offset, u32 times,
			 u32 level, u32 *height)
{
	const struct btf_type *t = s->btf->types[id];
	u32 before = s->out->nr, own = 1;
	int err;

	if (++level >= BTF_MAX_DEPTH)
		return -E2BIG;
	if (s->heights[id]) {
		own = s->heights[id];
		*height = max(*height, own + 1);
		return level + own > BTF_MAX_DEPTH ? -E2BIG : 0;
	}
	err = struct_search(s, id, level, &own);
	*height = max(*height, own + 1);
	if (err)
		return err;
	if (s->out->nr == before) {
		s->heights[id] = (u8)own;
		return 0;
	}
	for (u32 i = before; i < s->out->nr; i++)
		s->out->field[i].offset += offset;
	return times > 1 ? repeat(s->out, s->out->nr - before, times, t->size)
			 : 0;
}

/* The kind that @t's name says, if it is looked for; BTF_FIELD_KINDS: none. */
static int named_kind(struct search *s, const struct btf_type *t, u32 *seen,
		      u32 *kind)
{
	const char *name = type_name(s->btf, t);

	for (*kind = 0; *kind < FIRST_PTR; ++*kind) {
		if (!(s->mask & BTF_FIELD_BIT(*kind)) ||
		    strcmp(name, field_types[*kind].name))
			continue;
		if (!field_types[*kind].once)
			return 0;
		if (*seen & BTF_FIELD_BIT(*kind))
			return -E2BIG;
		*seen |= BTF_FIELD_BIT(*kind);
		return 0;
	}
	*kind = BTF_FIELD_KINDS;
	return 0;
}

/* From an array's type to the element's, and how many there are; -E2BIG. */
static int strip_arrays(const struct btf *btf, u32 *id, u32 *times)
{
	const struct btf_type *t = btf->types[*id];

	*times = 1;
	for (u32 i = 0; btf_kind(t) == BTF_KIND_ARRAY; i++) {
		if (i == BTF_MAX_DEPTH)
			return -E2BIG;
		*times *= btf_array(t)->nelems;
		*id = btf_array(t)->type;
		t = btf->types[*id];
	}
	return 0;
}

/* A member of a struct, or a variable of a section. */
struct place {
	u32 owner;     /* the struct, or the VAR */
	s32 component; /* as in a DECL_TAG */
	u32 type_id;
	u32 offset;
	u32 expected; /* bytes, or 0 */
};

static int field_search(struct search *s, const struct place *place, u32 id,
			u32 times, u32 kind)
{
	struct btf_field field = { .offset = place->offset, .kind = kind };
	const struct btf_type *t = s->btf->types[id];
	bool named = kind != BTF_FIELD_KINDS;
	const struct field_type *type =
		&field_types[named ? kind : BTF_FIELD_KPTR_REF];
	int ret;

	if ((place->expected && place->expected != type->size * times) ||
	    place->offset % type->align)
		return 0;
	if (!named) {
		ret = ptr_kind(s->btf, t, s->mask, &field);
		if (ret <= 0)
			return ret;
	} else if (btf_kind(t) != BTF_KIND_STRUCT || t->size != type->size) {
		return 0;
	} else if (BTF_FIELD_BIT(kind) & BTF_FIELDS_ROOT) {
		ret = root_target(s, place->owner, place->component, &field);
		if (ret)
			return ret;
	}
	if (s->out->nr == BTF_FIELDS_MAX)
		return -E2BIG;
	s->out->field[s->out->nr++] = field;
	return times > 1 ? repeat(s->out, 1, times, type->size) : 0;
}

static int place_search(struct search *s, const struct place *place, u32 *seen,
			u32 level, u32 *height)
{
	const struct btf_type *t;
	u32 times, kind, id = place->type_id;
	int err = strip_arrays(s->btf, &id, &times);

	if (err || !times)
		return err;
	t = s->btf->types[id];
	err = named_kind(s, t, seen, &kind);
	if (err)
		return err;
	if (kind != BTF_FIELD_KINDS || btf_kind(t) != BTF_KIND_STRUCT)
		return field_search(s, place, id, times, kind);
	if (place->expected && place->expected != t->size * times)
		return 0;
	return nested_search(s, id, place->offset, times, level, height);
}

/* Recursion is bounded: level counts up to BTF_MAX_DEPTH. */
static int struct_search(struct search *s, u32 id, u32 level, u32 *height)
{
	const struct btf_type *t = s->btf->types[id];
	const struct btf_member *m = btf_members(t);
	u32 seen = 0, bits;
	int err = 0;

	for (u32 i = 0; !err && i < btf_vlen(t); i++, m++) {
		struct place place = { .owner = id,
				       .component = (s32)i,
				       .type_id = m->type };

		bits = btf_member_bit_offset(t, m);
		if (bits % 8)
			return -EINVAL;
		place.offset = bits / 8;
		err = place_search(s, &place, &seen, level, height);
	}
	return err;
}

static int section_search(struct search *s, const struct btf_type *t)
{
	const struct btf_var_secinfo *info = btf_secinfos(t);
	u32 seen = 0, height = 0;
	int err = 0;

	for (u32 i = 0; !err && i < btf_vlen(t); i++, info++) {
		struct place place = {
			.owner = info->type,
			.component = -1,
			.type_id = s->btf->types[info->type]->type,
			.offset = info->offset,
			.expected = info->size,
		};

		err = place_search(s, &place, &seen, 0, &height);
	}
	return err;
}

/* The member that links what a root holds: one, and of the right type. */
static int check_root(const struct btf *btf, const struct btf_field *root)
{
	enum btf_field_kind kind = root->kind == BTF_FIELD_LIST_HEAD
					   ? BTF_FIELD_LIST_NODE
					   : BTF_FIELD_RB_NODE;
	const struct btf_type *t = btf->types[root->type_id], *node = NULL;
	const struct btf_member *m = btf_members(t);

	for (u32 i = 0; i < btf_vlen(t); i++, m++) {
		if (strcmp(root->node, btf_log_name(btf, m->name_off)))
			continue;
		if (node)
			return -EINVAL;
		node = btf->types[m->type];
		if (btf_kind(node) != BTF_KIND_STRUCT ||
		    strcmp(field_types[kind].name, type_name(btf, node)))
			return -EINVAL;
		if (btf_member_bit_offset(node, m) %
		    (8 * field_types[kind].align))
			return -EINVAL;
	}
	return node ? 0 : -ENOENT;
}

static int check_found(const struct btf *btf, struct btf_fields *out)
{
	u32 end = 0, both = BTF_FIELDS_LOCK;
	int err;

	for (u32 i = 0; i < out->nr; i++) {
		struct btf_field *field = &out->field[i];

		if (field->offset < end)
			return -EEXIST;
		end = field->offset + field_types[field->kind].size;
		out->mask |= BTF_FIELD_BIT(field->kind);
		if (BTF_FIELD_BIT(field->kind) & BTF_FIELDS_ROOT) {
			err = check_root(btf, field);
			if (err)
				return err;
		}
	}
	if ((out->mask & both) == both)
		return -EINVAL;
	/* lists and trees are protected by a lock */
	if (out->mask & BTF_FIELDS_ROOT && !(out->mask & both))
		return -EINVAL;
	/* in a list and in a tree at once: needs to be counted */
	if ((out->mask & BTF_FIELDS_NODE) == BTF_FIELDS_NODE &&
	    !(out->mask & BTF_FIELD_BIT(BTF_FIELD_REFCOUNT)))
		return -EINVAL;
	return 0;
}

static int search(struct search *s, u32 id, struct btf_fields *out)
{
	const struct btf_type *t = btf_type_by_id(s->btf, id);
	u32 height = 0;
	int err = -EINVAL;

	memset(out, 0, sizeof(*out));
	s->out = out;
	if (t && btf_kind(t) == BTF_KIND_STRUCT)
		err = struct_search(s, id, 0, &height);
	else if (t && btf_kind(t) == BTF_KIND_DATASEC)
		err = section_search(s, t);
	return err ? err : check_found(s->btf, out);
}

int btf_fields_find(const struct btf *btf, u32 id, u32 mask,
		    struct btf_fields *out)
{
	struct btf_fields found;
	struct search s;
	int err = search_init(&s, btf, mask);

	if (err)
		return err;
	err = search(&s, id, &found);
	if (!err)
		*out = found;
	search_done(&s);
	return err;
}

int btf_fields_offset(const struct btf_fields *fields, enum btf_field_kind kind)
{
	for (u32 i = 0; i < fields->nr; i++)
		if (fields->field[i].kind == kind)
			return (int)fields->field[i].offset;
	return -ENOENT;
}

int btf_find_field(const struct btf *btf, u32 id, const char *name, u32 size,
		   u32 align)
{
	struct btf_fields fields;
	u32 kind = 0;
	int err;

	id = btf_type_by_id(btf, id) ? btf->resolved[id] : id;
	while (kind < FIRST_PTR && strcmp(field_types[kind].name, name))
		kind++;
	ASSERT(kind < FIRST_PTR && field_types[kind].size == size &&
	       field_types[kind].align == align);
	(void)size;
	(void)align;
	err = btf_fields_find(btf, id, BTF_FIELDS_OF_MAPS, &fields);
	return err ? err : btf_fields_offset(&fields, kind);
}

/* Which types are of a marking kind?  One bool by type id. */
static u32 mark_types(const struct btf *btf, bool *marked)
{
	struct btf_field field;
	u32 nr = 0;

	for (u32 kind = 0; kind < FIRST_PTR; kind++) {
		if (!(MARKING_KINDS & BTF_FIELD_BIT(kind)))
			continue;
		/* the first struct of that name only */
		for (u32 id = 1; id < btf->nr_types; id++) {
			if (btf_kind(btf->types[id]) != BTF_KIND_STRUCT ||
			    strcmp(type_name(btf, btf->types[id]),
				   field_types[kind].name))
				continue;
			marked[id] = true;
			nr++;
			break;
		}
	}
	for (u32 id = 1; id < btf->nr_types; id++)
		if (ptr_kind(btf, btf->types[id], BTF_FIELDS_KPTR, &field) ==
		    1) {
			marked[id] = true;
			nr++;
		}
	return nr;
}

static bool is_marked(const struct btf_type *t, const bool *marked)
{
	const struct btf_member *m = btf_members(t);

	if (btf_kind(t) != BTF_KIND_STRUCT)
		return false;
	for (u32 i = 0; i < btf_vlen(t); i++)
		if (marked[m[i].type])
			return true;
	return false;
}

/* The fields of struct @id as a type of objects: -EFAULT if it has none. */
static int object_fields(struct search *s, u32 id, const bool *marked,
			 struct btf_fields *fields)
{
	int err;

	if (!is_marked(s->btf->types[id], marked))
		return -EFAULT;
	err = search(s, id, fields);
	if (!err && !fields->nr)
		err = -EFAULT;
	return err;
}

static int check_owners(struct search *s, const struct btf_fields *fields,
			const bool *marked)
{
	struct btf_fields held;
	int err;

	for (u32 i = 0; i < fields->nr; i++) {
		if (!(BTF_FIELD_BIT(fields->field[i].kind) & BTF_FIELDS_ROOT))
			continue;
		err = object_fields(s, fields->field[i].type_id, marked, &held);
		if (err)
			return err;
		/* what is held and holds could hold itself */
		if (fields->mask & BTF_FIELDS_NODE &&
		    held.mask & BTF_FIELDS_ROOT)
			return -ELOOP;
	}
	return 0;
}

static int check_structs(struct search *s, const bool *marked)
{
	struct btf_fields fields;
	int err = 0;

	for (u32 id = 1; !err && id < s->btf->nr_types; id++)
		if (is_marked(s->btf->types[id], marked))
			err = object_fields(s, id, marked, &fields);
	for (u32 id = 1; !err && id < s->btf->nr_types; id++) {
		if (!is_marked(s->btf->types[id], marked))
			continue;
		err = object_fields(s, id, marked, &fields);
		if (!err)
			err = check_owners(s, &fields, marked);
	}
	return err;
}

/* Checks @fields, or if NULL all structs of @btf. */
static int check_marked(const struct btf *btf, const struct btf_fields *fields)
{
	bool *marked = mem_calloc(btf->nr_types, sizeof(*marked));
	struct search s;
	u32 nr;
	int err;

	if (!marked)
		return -ENOMEM;
	err = search_init(&s, btf, OBJECT_KINDS);
	if (err)
		goto out;
	nr = mark_types(btf, marked);
	if (fields)
		err = check_owners(&s, fields, marked);
	else if (nr)
		err = check_structs(&s, marked);
	search_done(&s);
out:
	mem_free(marked);
	return err;
}

int btf_fields_check_owners(const struct btf *btf,
			    const struct btf_fields *fields)
{
	return fields->mask & BTF_FIELDS_ROOT ? check_marked(btf, fields) : 0;
}

int btf_check_fields(const struct btf *btf)
{
	return check_marked(btf, NULL);
}
