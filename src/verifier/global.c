/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Global functions: walked once, by themselves, whoever calls them.
 *
 * 1. What a global function may assume of its arguments is what its BTF says:
 *    an integer or enum is any number, a pointer to the program type's context
 *    is that, any other pointer is memory of the size of what it points to, or
 *    NULL.  Tags ("arg:ctx", "arg:nonnull") say more.
 * 2. Whoever calls it must pass that.  It gets back a number of which nothing
 *    is known.
 * 3. So both sides are checked without the other, and a function that is
 *    called a hundred times is walked once.
 */
#include "verifier/global.h"

#include <string.h>

#include "object/btf.h"
#include "object/btf_check.h"
#include "verifier/memory.h"
#include "verifier/walk.h"
#include "vm/ctx.h"

#define MAX_ARGS 5u

#define TAG_CTX 1u
#define TAG_NONNULL 2u
#define TAG_NULLABLE 4u
#define TAG_TRUSTED 8u
#define TAG_UNTRUSTED 16u
#define TAG_ARENA 32u

static const struct tag {
	const char *name;
	u32 flag;
} tags[] = {
	{ "arg:ctx", TAG_CTX },
	{ "arg:nonnull", TAG_NONNULL },
	{ "arg:nullable", TAG_NULLABLE },
	{ "arg:trusted", TAG_TRUSTED },
	{ "arg:untrusted", TAG_UNTRUSTED },
	{ "arg:arena", TAG_ARENA },
};

/* An argument as its function's BTF declares it. */
struct declared {
	u32 arg; /* from 0 */
	u32 tags;
	const struct btf_type *type; /* these two without modifiers */
	const struct btf_type *to;   /* of a pointer: what it points to */
	u32 to_id;
};

/* ------------------------------------------------------------------- BTF */

static u32 func_type_id(const struct verifier *v, u32 nr)
{
	const struct bpf_func_info *info = v->prog->func_info;

	return info ? info[nr].type_id : 0;
}

const char *func_name(const struct verifier *v, u32 nr)
{
	const struct btf *btf = v->prog->btf;
	u32 id = func_type_id(v, nr);

	return id ? btf_name(btf, btf_type_by_id(btf, id)->name_off) : "";
}

static const struct btf_type *skip_modifiers(const struct btf *btf, u32 id)
{
	return btf_type_by_id(btf, btf->resolved[id]);
}

static bool is_number(const struct btf_type *t)
{
	u32 kind = btf_kind(t);

	return kind == BTF_KIND_INT || kind == BTF_KIND_ENUM ||
	       kind == BTF_KIND_ENUM64;
}

static u32 tag_by_name(const char *name)
{
	for (u32 i = 0; i < ARRAY_SIZE(tags); i++)
		if (!strcmp(name, tags[i].name))
			return tags[i].flag;
	return 0;
}

/* Which tags the function with type @id gives its argument d->arg. */
static int read_tags(struct verifier *v, u32 id, struct declared *d)
{
	const struct btf *btf = v->prog->btf;

	for (u32 i = 1; i < btf->nr_types; i++) {
		const struct btf_type *t = btf_type_by_id(btf, i);
		const char *name;
		u32 flag;

		if (btf_kind(t) != BTF_KIND_DECL_TAG || t->type != id ||
		    *(const s32 *)(t + 1) != (s32)d->arg)
			continue;
		name = btf_name(btf, t->name_off);
		if (strncmp(name, "arg:", 4))
			continue;
		flag = tag_by_name(name);
		if (!flag) {
			log_printf(v->log,
				   "arg#%u has unsupported set of tags\n",
				   d->arg);
			return -EOPNOTSUPP;
		}
		d->tags |= flag;
	}
	return 0;
}

static int refuse_tags(struct verifier *v, const struct declared *d)
{
	log_printf(v->log, "arg#%u has invalid combination of tags\n", d->arg);
	return -EINVAL;
}

/* ----------------------------------------------------------- BTF: context */

/* The kernel's own structs behind these have other names. */
static const struct projection {
	const char *seen, *own;
} projections[] = {
	{ "__sk_buff", "sk_buff" },
	{ "xdp_md", "xdp_buff" },
};

static bool names_ctx(const char *ctx, const char *name)
{
	for (u32 i = 0; i < ARRAY_SIZE(projections); i++)
		if (!strcmp(ctx, projections[i].seen) &&
		    !strcmp(name, projections[i].own))
			return true;
	return !strcmp(ctx, name);
}

/* A pointer to the struct that the program's type calls its context. */
static bool is_ctx_pointer(const struct verifier *v, const struct declared *d)
{
	const struct ctx_type *ctx = ctx_type_of(v->prog->type);

	return ctx && btf_is_struct(d->to) &&
	       names_ctx(ctx->name, btf_name(v->prog->btf, d->to->name_off));
}

/* "arg:ctx" is believed of void *, but of no other struct's pointer. */
static int check_ctx_tag(struct verifier *v, const struct declared *d)
{
	const struct ctx_type *ctx = ctx_type_of(v->prog->type);
	const char *name = btf_name(v->prog->btf, d->to->name_off);

	if (btf_is_void(d->to))
		return 0;
	if (!*name) {
		log_printf(v->log, "arg#%u type doesn't have a name\n", d->arg);
		return -EINVAL;
	}
	if (btf_is_struct(d->to) && !strcmp(name, ctx->name))
		return 0;
	log_printf(v->log, "arg#%u should be `struct %s *`\n", d->arg,
		   ctx->name);
	return -EINVAL;
}

static int ctx_arg(struct verifier *v, const struct declared *d,
		   struct func_arg *out)
{
	int err = 0;

	if (d->tags & ~TAG_CTX)
		return refuse_tags(v, d);
	if (d->tags & TAG_CTX)
		err = check_ctx_tag(v, d);
	if (!err)
		*out = (struct func_arg){ .kind = FUNC_ARG_CTX };
	return err;
}

/* ---------------------------------------------------- BTF: other pointers */

static bool is_dynptr_pointer(const struct verifier *v,
			      const struct declared *d)
{
	bool is_struct = btf_is_struct(d->to) ||
			 (btf_kind(d->to) == BTF_KIND_FWD && !btf_kflag(d->to));

	return is_struct &&
	       !strcmp(btf_name(v->prog->btf, d->to->name_off), "bpf_dynptr");
}

/* "STRUCT foo", and what is wrong with a pointer to it */
static void refuse_reference(struct verifier *v, const struct declared *d,
			     const char *why)
{
	log_printf(v->log, "arg#%u reference type('%s %s') %s\n", d->arg,
		   btf_kind_name(btf_kind(d->to)),
		   btf_name(v->prog->btf, d->to->name_off), why);
}

/* Of the kernel's types, of which there are none here. */
static int kernel_arg(struct verifier *v, const struct declared *d)
{
	bool plain = btf_is_void(d->to) || is_number(d->to);

	if (d->tags & TAG_TRUSTED) {
		if (d->tags & TAG_NONNULL)
			return refuse_tags(v, d);
	} else if (d->tags & ~TAG_UNTRUSTED) {
		log_printf(v->log,
			   "arg#%u untrusted cannot be combined with any other "
			   "tags\n",
			   d->arg);
		return -EINVAL;
	} else if (plain) {
		log_printf(v->log,
			   "arg#%u: memory that may not be there is not for "
			   "programs here\n",
			   d->arg);
		return -EINVAL;
	}
	refuse_reference(v, d, "has no matches");
	return -ENOENT;
}

static int arena_arg(struct verifier *v, const struct declared *d)
{
	log_printf(v->log,
		   d->tags & ~TAG_ARENA
			   ? "arg#%u arena cannot be combined with any "
			     "other tags\n"
			   : "arg#%u: there are no arenas here\n",
		   d->arg);
	return -EINVAL;
}

static int memory_arg(struct verifier *v, const struct declared *d,
		      struct func_arg *out)
{
	u32 id = d->to_id, size;

	if (d->tags & TAG_NULLABLE)
		return refuse_tags(v, d);
	if (!id || !btf_type_id_size(v->prog->btf, &id, &size)) {
		refuse_reference(v, d, "size cannot be determined: -22");
		return -EINVAL;
	}
	*out = (struct func_arg){
		.kind = FUNC_ARG_MEM,
		.nullable = !(d->tags & TAG_NONNULL),
		.size = size,
	};
	return 0;
}

static int pointer_arg(struct verifier *v, const struct declared *d,
		       struct func_arg *out)
{
	if ((d->tags & TAG_CTX) || is_ctx_pointer(v, d))
		return ctx_arg(v, d, out);
	if (is_dynptr_pointer(v, d)) {
		*out = (struct func_arg){ .kind = FUNC_ARG_DYNPTR };
		return d->tags ? refuse_tags(v, d) : 0;
	}
	if (d->tags & (TAG_TRUSTED | TAG_UNTRUSTED))
		return kernel_arg(v, d);
	if (d->tags & TAG_ARENA)
		return arena_arg(v, d);
	return memory_arg(v, d, out);
}

/* ------------------------------------------------------- BTF: the function */

static int arg_of(struct verifier *v, u32 nr, u32 arg,
		  const struct btf_param *param, struct func_arg *out)
{
	const struct btf *btf = v->prog->btf;
	struct declared d = {
		.arg = arg,
		.type = skip_modifiers(btf, param->type),
	};
	int err = read_tags(v, func_type_id(v, nr), &d);

	if (err)
		return err;
	if (btf_kind(d.type) == BTF_KIND_PTR) {
		d.to = btf_skip_modifiers(btf, d.type->type, &d.to_id);
		return pointer_arg(v, &d, out);
	}
	if (d.tags) {
		log_printf(v->log,
			   "arg#%u has pointer tag, but is not a pointer "
			   "type\n",
			   arg);
		return -EINVAL;
	}
	if (is_number(d.type)) {
		*out = (struct func_arg){ .kind = FUNC_ARG_NUMBER };
		return 0;
	}
	log_printf(v->log, "Arg#%u type %s in %s() is not supported yet.\n",
		   arg, btf_kind_name(btf_kind(d.type)), func_name(v, nr));
	return -EINVAL;
}

static int args_read(struct verifier *v, u32 nr, struct func *func)
{
	const struct btf *btf = v->prog->btf;
	const struct btf_type *proto;
	int err = 0;

	if (!func_type_id(v, nr) || !func->global)
		return -EINVAL;
	proto = btf_type_by_id(btf,
			       btf_type_by_id(btf, func_type_id(v, nr))->type);
	if (btf_vlen(proto) > MAX_ARGS) {
		log_printf(v->log,
			   "Global function %s() with %u > %u args. Buggy "
			   "compiler.\n",
			   func_name(v, nr), btf_vlen(proto), MAX_ARGS);
		return -EINVAL;
	}
	if (!proto->type || !is_number(skip_modifiers(btf, proto->type))) {
		log_printf(v->log,
			   "Global function %s() doesn't return scalar. Only "
			   "those are supported.\n",
			   func_name(v, nr));
		return -EINVAL;
	}
	func->nr_args = btf_vlen(proto);
	for (u32 i = 0; i < func->nr_args && !err; i++)
		err = arg_of(v, nr, i, &btf_params(proto)[i], &func->args[i]);
	return err;
}

int func_args(struct verifier *v, u32 nr)
{
	struct func *func = &v->funcs[nr];

	if (!func->args_known)
		func->args_err = args_read(v, nr, func);
	func->args_known = true;
	return func->args_err;
}

/* ----------------------------------------------------------- both sides */

/* Memory may be reached into; objects may not. */
static int check_off(struct verifier *v, u32 regno)
{
	const struct reg *reg = &verifier_regs(v)[regno];

	switch (reg->kind) {
	case REG_SCALAR:
	case REG_MAP_VALUE:
	case REG_MAP_KEY:
	case REG_STACK:
	case REG_PACKET_META:
	case REG_PACKET:
	case REG_MEM:
		return 0;
	default:
		return pointer_check_fixed(v, reg, regno, false);
	}
}

/* What may be NULL is looked at as if it were not. */
static int check_bytes(struct verifier *v, u32 regno, u32 size)
{
	u8 flags = verifier_regs(v)[regno].flags;
	int err;

	verifier_regs(v)[regno].flags &= (u8)~REG_MAYBE_NULL;
	err = memory_check(v, regno, size, ACCESS_READ, true);
	if (!err)
		err = memory_check(v, regno, size, ACCESS_WRITE, true);
	verifier_regs(v)[regno].flags = flags;
	return err ? -EINVAL : 0;
}

static int check_memory(struct verifier *v, u32 regno,
			const struct func_arg *arg)
{
	const struct reg *reg = &verifier_regs(v)[regno];
	bool null = reg_is_null(reg);
	int err = null ? 0 : check_bytes(v, regno, arg->size);

	if (err)
		return err;
	/* Linux 6.18 lets the number 0 through, to be dereferenced */
	if (!arg->nullable && (null || reg->flags & REG_MAYBE_NULL)) {
		log_printf(v->log, "arg#%u is expected to be non-NULL\n",
			   regno - 1);
		return -EINVAL;
	}
	return 0;
}

static int check_arg(struct verifier *v, u32 regno, const struct func_arg *arg)
{
	const struct reg *reg = &verifier_regs(v)[regno];
	int err = 0;

	if (arg->kind == FUNC_ARG_NUMBER) {
		if (reg->kind == REG_SCALAR)
			return 0;
		log_printf(v->log, "R%u is not a scalar\n", regno);
		return -EINVAL;
	}
	if (arg->kind == FUNC_ARG_DYNPTR) {
		log_printf(v->log,
			   "arg#%u expected pointer to stack or const struct "
			   "bpf_dynptr\n",
			   regno - 1);
		return -EINVAL;
	}
	err = check_off(v, regno);
	if (err || arg->kind == FUNC_ARG_MEM)
		return err ? err : check_memory(v, regno, arg);
	if (reg->kind == REG_CTX && !(reg->flags & REG_MAYBE_NULL))
		return 0;
	log_printf(v->log, "arg#%u expects pointer to ctx\n", regno - 1);
	return -EINVAL;
}

int func_check_args(struct verifier *v, u32 nr)
{
	const struct func *func = &v->funcs[nr];
	int err = func_args(v, nr);

	for (u32 i = 0; i < func->nr_args && !err; i++)
		err = check_arg(v, i + 1, &func->args[i]);
	if (err)
		log_printf(v->log,
			   "Caller passes invalid args into func#%u ('%s')\n",
			   nr, func_name(v, nr));
	return err;
}

void func_enter_args(struct verifier *v, u32 nr, struct reg *regs)
{
	const struct func *func = &v->funcs[nr];

	for (u32 i = 0; i < func->nr_args; i++) {
		const struct func_arg *arg = &func->args[i];
		struct reg *reg = &regs[i + 1];

		if (arg->kind == FUNC_ARG_NUMBER) {
			reg_set_unknown(reg);
		} else if (arg->kind == FUNC_ARG_CTX) {
			reg_set_pointer(reg, REG_CTX, 0);
		} else {
			reg_set_pointer(reg, REG_MEM,
					arg->nullable ? REG_MAYBE_NULL : 0);
			reg->mem_size = arg->size;
			reg->id = arg->nullable ? verifier_new_id(v) : 0;
		}
	}
}
