/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The second pass over BTF: what each type refers to exists, fits, and never
 * comes back to itself.
 *
 * Depth first over references, on a stack of our own that is BTF_MAX_DEPTH
 * deep, so no input makes this recurse.  The stack's goal says where a path
 * may stop:
 *
 * 1. Resolving a struct, union or array stops at pointers: a struct may hold a
 *    pointer to itself.
 * 2. Resolving a pointer stops at anything but pointers and modifiers: that is
 *    where a loop of pointers would be.
 * 3. A type that is met again before it is resolved is a loop (-EEXIST); a
 *    path that is too deep is -E2BIG.
 * 4. While this runs, btf->resolved of a modifier, pointer or variable is what
 *    it refers to, without modifiers as far as the goal went; btf->sizes is
 *    set for arrays.  btf_check_types() completes both for all at the end.
 *
 * Order matters: whether some odd BTF is refused depends on which types were
 * resolved before, so the types are visited in the kernel's order.
 */
#include "base/alloc.h"
#include "object/btf_check.h"

static int bad(struct btf_check *c, const struct btf_type *t, const char *why)
{
	btf_log_type(c, t, "%s", why);
	return -EINVAL;
}

static int bad_member(struct btf_check *c, const struct btf_type *t,
		      const struct btf_member *m, const char *why)
{
	btf_log_member(c, t, m, "%s", why);
	return -EINVAL;
}

static const struct btf_type *type_at(const struct btf_check *c, u32 id)
{
	return id < c->btf->nr_types ? c->btf->types[id] : NULL;
}

static bool needs_resolve(const struct btf_type *t)
{
	switch (btf_kind(t)) {
	case BTF_KIND_PTR:
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_ARRAY:
	case BTF_KIND_VAR:
	case BTF_KIND_FUNC:
	case BTF_KIND_DECL_TAG:
	case BTF_KIND_DATASEC:
		return true;
	default:
		return btf_is_modifier(t);
	}
}

/* Types that refer to others but that no type may refer to. */
static bool is_top_only(const struct btf_type *t)
{
	return btf_kind(t) == BTF_KIND_VAR || btf_kind(t) == BTF_KIND_DATASEC ||
	       btf_kind(t) == BTF_KIND_DECL_TAG;
}

static bool is_sizeless(const struct btf_type *t)
{
	return btf_is_void(t) || btf_kind(t) == BTF_KIND_FWD ||
	       btf_kind(t) == BTF_KIND_FUNC ||
	       btf_kind(t) == BTF_KIND_FUNC_PROTO;
}

static bool is_resolved(const struct btf_check *c, u32 id)
{
	return c->visit[id] == BTF_RESOLVED;
}

static bool is_sink(const struct btf_check *c, const struct btf_type *t)
{
	switch (c->goal) {
	case BTF_GOAL_PTR:
		return !btf_is_modifier(t) && btf_kind(t) != BTF_KIND_PTR;
	case BTF_GOAL_AGGREGATE:
		return !btf_is_modifier(t) && btf_kind(t) != BTF_KIND_ARRAY &&
		       !btf_is_struct(t);
	default:
		return !needs_resolve(t);
	}
}

static bool must_follow(const struct btf_check *c, u32 id)
{
	return !is_sink(c, c->btf->types[id]) && !is_resolved(c, id);
}

static int push(struct btf_check *c, u32 id)
{
	const struct btf_type *t = c->btf->types[id];

	if (c->depth == BTF_MAX_DEPTH)
		return -E2BIG;
	if (c->visit[id] != BTF_UNSEEN)
		return -EEXIST;
	c->visit[id] = BTF_VISITED;
	c->stack[c->depth++] = (struct btf_frame){ .t = t, .id = id };
	if (c->goal == BTF_GOAL_ANY) {
		if (btf_kind(t) == BTF_KIND_PTR)
			c->goal = BTF_GOAL_PTR;
		else if (btf_is_struct(t) || btf_kind(t) == BTF_KIND_ARRAY)
			c->goal = BTF_GOAL_AGGREGATE;
	}
	return 0;
}

static int pop(struct btf_check *c, u32 resolved, u32 size)
{
	u32 id = c->stack[--c->depth].id;

	c->btf->resolved[id] = resolved;
	c->btf->sizes[id] = size;
	c->visit[id] = BTF_RESOLVED;
	return 0;
}

static bool own_size(const struct btf *btf, u32 id, u32 *size)
{
	const struct btf_type *t = btf->types[id];

	if (btf_has_size(t))
		*size = t->size;
	else if (btf_kind(t) == BTF_KIND_ARRAY)
		*size = btf->sizes[id];
	else if (btf_kind(t) == BTF_KIND_PTR)
		*size = sizeof(u64);
	else
		return false;
	return true;
}

const struct btf_type *btf_known_size(const struct btf *btf, u32 *id, u32 *size)
{
	u32 at = *id, found;

	if (at >= btf->nr_types || is_sizeless(btf->types[at]))
		return NULL;
	if (!own_size(btf, at, &found)) {
		at = btf->resolved[at];
		if (!own_size(btf, at, &found))
			return NULL;
	}
	*id = at;
	if (size)
		*size = found;
	return btf->types[at];
}

/* Members: does one of type @mt, at @m->offset bits, fit in struct @t? */

static int check_plain_member(struct btf_check *c, const struct btf_type *t,
			      const struct btf_member *m, u32 size)
{
	if (m->offset % 8)
		return bad_member(c, t, m, "Member is not byte aligned");
	/* the first pass made sure that the offset is inside */
	if (t->size - m->offset / 8 < size)
		return bad_member(c, t, m, "Member exceeds struct_size");
	return 0;
}

/* @bits bits at bit @offset of struct @t */
static int check_bits(struct btf_check *c, const struct btf_type *t,
		      const struct btf_member *m, u32 offset, u32 bits)
{
	u32 copied = bits + offset % 8;

	if (copied > 128)
		return bad_member(c, t, m, "nr_copy_bits exceeds 128");
	if (t->size < offset / 8 || t->size - offset / 8 < (copied + 7) / 8)
		return bad_member(c, t, m, "Member exceeds struct_size");
	return 0;
}

static int check_int_member(struct btf_check *c, const struct btf_type *t,
			    const struct btf_member *m, u32 data)
{
	if (UINT32_MAX - m->offset < BTF_INT_OFFSET(data))
		return bad_member(c, t, m, "bits_offset exceeds U32_MAX");
	return check_bits(c, t, m, m->offset + BTF_INT_OFFSET(data),
			  BTF_INT_BITS(data));
}

static int check_float_member(struct btf_check *c, const struct btf_type *t,
			      const struct btf_member *m, u32 size)
{
	u32 align = min(size, (u32)sizeof(u64)) * 8;

	if (m->offset % align)
		return bad_member(c, t, m, "Member is not properly aligned");
	if ((u64)m->offset / 8 + size > t->size)
		return bad_member(c, t, m, "Member exceeds struct_size");
	return 0;
}

static int check_bitfield_int(struct btf_check *c, const struct btf_type *t,
			      const struct btf_member *m,
			      const struct btf_type *mt)
{
	u32 offset = BTF_MEMBER_BIT_OFFSET(m->offset);
	u32 bits = BTF_MEMBER_BITFIELD_SIZE(m->offset);
	u32 all = BTF_INT_BITS(btf_int(mt));

	if (!btf_int_is_regular(mt))
		return bad_member(c, t, m, "Invalid member base type");
	if (!bits && offset % 8)
		return bad_member(c, t, m, "Invalid member offset");
	if (bits > all)
		return bad_member(c, t, m, "Invalid member bitfield_size");
	return check_bits(c, t, m, offset, bits ? bits : all);
}

static int check_bitfield_enum(struct btf_check *c, const struct btf_type *t,
			       const struct btf_member *m)
{
	u32 offset = BTF_MEMBER_BIT_OFFSET(m->offset);
	u32 bits = BTF_MEMBER_BITFIELD_SIZE(m->offset);

	if (!bits && offset % 8)
		return bad_member(c, t, m, "Member is not byte aligned");
	/* 32 bits, also for enums of another size: as the kernel */
	if (bits > 32)
		return bad_member(c, t, m, "Invalid member bitfield_size");
	if (!bits)
		bits = 32;
	if (t->size < (offset + bits + 7) / 8)
		return bad_member(c, t, m, "Member exceeds struct_size");
	return 0;
}

static int check_member(struct btf_check *c, const struct btf_type *t,
			const struct btf_member *member)
{
	struct btf_member m = *member;
	const struct btf_type *mt = c->btf->types[m.type];
	bool bitfields = btf_kflag(t);
	u32 size;

	if (btf_is_modifier(mt)) {
		mt = btf_known_size(c->btf, &m.type, NULL);
		if (!mt)
			return bad_member(c, t, member, "Invalid member");
	}
	switch (btf_kind(mt)) {
	case BTF_KIND_INT:
		return bitfields ? check_bitfield_int(c, t, &m, mt)
				 : check_int_member(c, t, &m, btf_int(mt));
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return bitfields ? check_bitfield_enum(c, t, &m)
				 : check_plain_member(c, t, &m, mt->size);
	case BTF_KIND_FLOAT:
	case BTF_KIND_PTR:
	case BTF_KIND_ARRAY:
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		break;
	default:
		btf_log_basic(c, t,
			      bitfields ? "Unsupported check_kflag_member"
					: "Unsupported check_member");
		return -EINVAL;
	}
	if (bitfields && BTF_MEMBER_BITFIELD_SIZE(m.offset))
		return bad_member(c, t, &m, "Invalid member bitfield_size");
	if (!own_size(c->btf, m.type, &size))
		size = 0;
	if (btf_kind(mt) == BTF_KIND_FLOAT)
		return check_float_member(c, t, &m, size);
	return check_plain_member(c, t, &m, size);
}

/*
 * Resolving one type: each goes one step, which is either to push what has to
 * come first, or to pop the type itself.
 */

static int resolve_struct(struct btf_check *c, struct btf_frame *frame)
{
	const struct btf_type *t = frame->t;
	const struct btf_member *m = btf_members(t) + frame->next;
	const struct btf_type *mt;
	int err;

	/* what made us wait was the member before */
	if (frame->next) {
		err = check_member(c, t, m - 1);
		if (err)
			return err;
	}
	for (u32 i = frame->next; i < btf_vlen(t); i++, m++) {
		mt = type_at(c, m->type);
		if (!mt || is_sizeless(mt) || is_top_only(mt))
			return bad_member(c, t, m, "Invalid member");
		if (must_follow(c, m->type)) {
			frame->next = i + 1;
			return push(c, m->type);
		}
		err = check_member(c, t, m);
		if (err)
			return err;
	}
	return pop(c, 0, 0);
}

static int resolve_array(struct btf_check *c, struct btf_frame *frame)
{
	const struct btf_array *array = btf_array(frame->t);
	u32 elem = array->type, index = array->index_type, size;
	const struct btf_type *t;

	t = type_at(c, index);
	if (!t || is_sizeless(t) || is_top_only(t))
		return bad(c, frame->t, "Invalid index");
	if (must_follow(c, index))
		return push(c, index);
	t = btf_known_size(c->btf, &index, NULL);
	if (!t || btf_kind(t) != BTF_KIND_INT || !btf_int_is_regular(t))
		return bad(c, frame->t, "Invalid index");

	t = type_at(c, elem);
	if (!t || is_sizeless(t) || is_top_only(t))
		return bad(c, frame->t, "Invalid elem");
	if (must_follow(c, elem))
		return push(c, elem);
	t = btf_known_size(c->btf, &elem, &size);
	if (!t)
		return bad(c, frame->t, "Invalid elem");
	if (btf_kind(t) == BTF_KIND_INT && !btf_int_is_regular(t))
		return bad(c, frame->t, "Invalid array of int");
	if (array->nelems && size > UINT32_MAX / array->nelems)
		return bad(c, frame->t, "Array size overflows U32_MAX");
	return pop(c, elem, size * array->nelems);
}

/*
 * A modifier that was resolved for an aggregate stopped at a pointer.  The
 * pointer may lead back to here: the id to follow, or 0.
 */
static u32 unfinished_ptr(const struct btf_check *c, u32 id)
{
	u32 at;

	if (!btf_is_modifier(c->btf->types[id]))
		return 0;
	at = c->btf->resolved[id];
	if (btf_kind(c->btf->types[at]) != BTF_KIND_PTR || !must_follow(c, at))
		return 0;
	return at;
}

/* What PTR and modifiers lead to has a size, or may do without. */
static int finish_ref(struct btf_check *c, const struct btf_type *t, u32 id)
{
	if (!btf_known_size(c->btf, &id, NULL)) {
		if (is_resolved(c, id))
			id = c->btf->resolved[id];
		if (!btf_is_void(c->btf->types[id]) &&
		    btf_kind(c->btf->types[id]) != BTF_KIND_FWD &&
		    btf_kind(c->btf->types[id]) != BTF_KIND_FUNC_PROTO)
			return bad(c, t, "Invalid type_id");
	}
	return pop(c, id, 0);
}

static int resolve_modifier(struct btf_check *c, struct btf_frame *frame)
{
	u32 id = frame->t->type;
	const struct btf_type *next = type_at(c, id);

	if (!next || is_top_only(next))
		return bad(c, frame->t, "Invalid type_id");
	if (must_follow(c, id))
		return push(c, id);
	return finish_ref(c, frame->t, id);
}

static int resolve_ptr(struct btf_check *c, struct btf_frame *frame)
{
	u32 id = frame->t->type, ptr;
	const struct btf_type *next = type_at(c, id);

	if (!next || is_top_only(next))
		return bad(c, frame->t, "Invalid type_id");
	if (must_follow(c, id))
		return push(c, id);
	ptr = unfinished_ptr(c, id);
	if (ptr)
		return push(c, ptr);
	return finish_ref(c, frame->t, id);
}

static int resolve_var(struct btf_check *c, struct btf_frame *frame)
{
	u32 id = frame->t->type, ptr;
	const struct btf_type *next = type_at(c, id);

	if (!next || is_top_only(next))
		return bad(c, frame->t, "Invalid type_id");
	if (must_follow(c, id))
		return push(c, id);
	ptr = unfinished_ptr(c, id);
	if (ptr)
		return push(c, ptr);
	if (!btf_known_size(c->btf, &id, NULL))
		return bad(c, frame->t, "Invalid type_id");
	return pop(c, id, 0);
}

static int resolve_func(struct btf_check *c, struct btf_frame *frame)
{
	const struct btf_type *proto = type_at(c, frame->t->type);
	const struct btf_param *params;

	if (!proto || btf_kind(proto) != BTF_KIND_FUNC_PROTO)
		return bad(c, frame->t, "Invalid type_id");
	params = btf_params(proto);
	if (c->visit[frame->t->type] == BTF_NAMED)
		return pop(c, frame->t->type, 0);
	for (u32 i = 0; i < btf_vlen(proto); i++)
		if (!params[i].name_off && params[i].type) {
			btf_log_type(c, frame->t, "Invalid arg#%u", i + 1);
			return -EINVAL;
		}
	/* many functions may share a long prototype: look at it once */
	c->visit[frame->t->type] = BTF_NAMED;
	return pop(c, frame->t->type, 0);
}

static int resolve_datasec(struct btf_check *c, struct btf_frame *frame)
{
	const struct btf_type *t = frame->t, *var;
	const struct btf_var_secinfo *info = btf_secinfos(t) + frame->next;
	u32 id, size;

	c->goal = BTF_GOAL_ANY;
	for (u32 i = frame->next; i < btf_vlen(t); i++, info++) {
		var = type_at(c, info->type);
		if (!var || btf_kind(var) != BTF_KIND_VAR) {
			btf_log_secinfo(c, t, info, "Not a VAR kind member");
			return -EINVAL;
		}
		if (must_follow(c, info->type)) {
			frame->next = i + 1;
			return push(c, info->type);
		}
		id = var->type;
		if (!btf_known_size(c->btf, &id, &size)) {
			btf_log_secinfo(c, t, info, "Invalid type");
			return -EINVAL;
		}
		if (info->size < size) {
			btf_log_secinfo(c, t, info, "Invalid size");
			return -EINVAL;
		}
	}
	return pop(c, 0, 0);
}

static bool is_tag_target(const struct btf_type *t)
{
	return btf_kind(t) == BTF_KIND_FUNC || btf_is_struct(t) ||
	       btf_kind(t) == BTF_KIND_VAR || btf_kind(t) == BTF_KIND_TYPEDEF;
}

static int resolve_decl_tag(struct btf_check *c, struct btf_frame *frame)
{
	const struct btf_type *t = frame->t, *target = type_at(c, t->type);
	const struct btf_decl_tag *tag = (const struct btf_decl_tag *)(t + 1);
	u32 parts = 0;

	if (!target || !is_tag_target(target))
		return bad(c, t, "Invalid type_id");
	if (must_follow(c, t->type))
		return push(c, t->type);
	if (tag->component_idx != -1) {
		/* a member or an argument; variables have no parts */
		if (btf_is_struct(target))
			parts = btf_vlen(target);
		else if (btf_kind(target) == BTF_KIND_FUNC)
			parts = btf_vlen(c->btf->types[target->type]);
		if ((u32)tag->component_idx >= parts)
			return bad(c, t, "Invalid component_idx");
	}
	return pop(c, t->type, 0);
}

static int resolve_step(struct btf_check *c, struct btf_frame *frame)
{
	switch (btf_kind(frame->t)) {
	case BTF_KIND_PTR:
		return resolve_ptr(c, frame);
	case BTF_KIND_ARRAY:
		return resolve_array(c, frame);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return resolve_struct(c, frame);
	case BTF_KIND_VAR:
		return resolve_var(c, frame);
	case BTF_KIND_FUNC:
		return resolve_func(c, frame);
	case BTF_KIND_DATASEC:
		return resolve_datasec(c, frame);
	case BTF_KIND_DECL_TAG:
		return resolve_decl_tag(c, frame);
	default:
		if (btf_is_modifier(frame->t))
			return resolve_modifier(c, frame);
		btf_log_basic(c, frame->t, "Unsupported resolve");
		return -EINVAL;
	}
}

/* Did resolving a reference end where references end? */
static bool is_settled(const struct btf_check *c, u32 id)
{
	const struct btf_type *t = c->btf->types[id], *to;

	if (!is_resolved(c, id))
		return false;
	to = c->btf->types[c->btf->resolved[id]];
	if (btf_is_modifier(t) || btf_kind(t) == BTF_KIND_PTR ||
	    btf_kind(t) == BTF_KIND_VAR)
		return !btf_is_modifier(to) && btf_kind(to) != BTF_KIND_VAR &&
		       btf_kind(to) != BTF_KIND_DATASEC;
	return true;
}

static int resolve(struct btf_check *c, u32 id)
{
	const struct btf_type *t = c->btf->types[id];
	u32 saved = c->id;
	int err;

	c->goal = BTF_GOAL_ANY;
	err = push(c, id);
	while (!err && c->depth) {
		struct btf_frame *frame = &c->stack[c->depth - 1];

		c->id = frame->id;
		err = resolve_step(c, frame);
	}
	c->id = id;
	if (err == -E2BIG)
		btf_log_type(c, t, "Exceeded max resolving depth:%u",
			     BTF_MAX_DEPTH);
	else if (err == -EEXIST)
		btf_log_type(c, t, "Loop detected");
	else if (!err && !is_settled(c, id))
		err = bad(c, t, "Invalid resolve state");
	c->id = saved;
	return err;
}

static int resolve_unless_done(struct btf_check *c, u32 id)
{
	if (!needs_resolve(c->btf->types[id]) || is_resolved(c, id))
		return 0;
	return resolve(c, id);
}

static int check_param(struct btf_check *c, const struct btf_type *proto, u32 i)
{
	const struct btf_param *param = btf_params(proto) + i;
	const struct btf_type *t = type_at(c, param->type);
	u32 id = param->type;
	int err;

	if (!t || is_top_only(t))
		goto invalid;
	if (param->name_off && (!btf_offset_valid(c->btf, param->name_off) ||
				!btf_identifier_valid(c->btf, param->name_off)))
		goto invalid;
	err = resolve_unless_done(c, id);
	if (err)
		return err;
	if (btf_known_size(c->btf, &id, NULL))
		return 0;
invalid:
	btf_log_type(c, proto, "Invalid arg#%u", i + 1);
	return -EINVAL;
}

static int check_return(struct btf_check *c, const struct btf_type *proto)
{
	const struct btf_type *t = type_at(c, proto->type);
	u32 id = proto->type;
	int err;

	if (!id)
		return 0;
	if (!t || is_top_only(t))
		return bad(c, proto, "Invalid return type");
	err = resolve_unless_done(c, id);
	if (err)
		return err;
	if (!btf_known_size(c->btf, &id, NULL))
		return bad(c, proto, "Invalid return type");
	return 0;
}

static int check_proto(struct btf_check *c, const struct btf_type *proto)
{
	const struct btf_param *params = btf_params(proto);
	u32 nr = btf_vlen(proto);
	int err = check_return(c, proto);

	if (err)
		return err;
	/* a last one without type and name is "..." */
	if (nr && !params[nr - 1].type) {
		if (params[nr - 1].name_off) {
			btf_log_type(c, proto, "Invalid arg#%u", nr);
			return -EINVAL;
		}
		nr--;
	}
	for (u32 i = 0; !err && i < nr; i++)
		err = check_param(c, proto, i);
	return err;
}

/* Makes sizes and resolved mean what btf.h says, for every type. */
static void settle(struct btf *btf)
{
	u32 id, size;

	for (id = 0; id < btf->nr_types; id++) {
		const struct btf_type *t = btf->types[id];

		if (!btf_is_modifier(t) && btf_kind(t) != BTF_KIND_VAR)
			btf->resolved[id] = id;
	}
	for (id = 0; id < btf->nr_types; id++)
		if (own_size(btf, btf->resolved[id], &size))
			btf->sizes[id] = size;
}

int btf_check_types(struct btf_check *c)
{
	struct btf *btf = c->btf;
	int err = 0;

	btf->sizes = mem_calloc(btf->nr_types, sizeof(*btf->sizes));
	btf->resolved = mem_calloc(btf->nr_types, sizeof(*btf->resolved));
	c->visit = mem_calloc(btf->nr_types, sizeof(*c->visit));
	if (!btf->sizes || !btf->resolved || !c->visit) {
		err = -ENOMEM;
		goto out;
	}
	c->resolving = true;
	for (u32 id = 1; !err && id < btf->nr_types; id++) {
		c->id = id;
		err = resolve_unless_done(c, id);
		if (!err && btf_kind(btf->types[id]) == BTF_KIND_FUNC_PROTO)
			err = check_proto(c, btf->types[id]);
	}
	if (!err)
		settle(btf);
out:
	mem_free(c->visit);
	return err;
}
