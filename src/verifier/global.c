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
#include "verifier/memory.h"
#include "verifier/walk.h"
#include "vm/ctx.h"

#define MAX_ARGS 5u

#define TAG_CTX 1u
#define TAG_NONNULL 2u
#define TAG_NULLABLE 4u

static const struct tag {
	const char *name;
	u32 flag;
} tags[] = {
	{ "ctx", TAG_CTX },
	{ "nonnull", TAG_NONNULL },
	{ "nullable", TAG_NULLABLE },
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

/* The tags of argument @arg of the function with type @id; -1: not known. */
static int arg_tags(struct verifier *v, u32 id, u32 arg)
{
	const struct btf *btf = v->prog->btf;
	u32 flags = 0, before;

	for (u32 i = 1; i < btf->nr_types; i++) {
		const struct btf_type *t = btf_type_by_id(btf, i);
		const char *name;

		if (btf_kind(t) != BTF_KIND_DECL_TAG || t->type != id ||
		    *(const s32 *)(t + 1) != (s32)arg)
			continue;
		name = btf_name(btf, t->name_off);
		if (strncmp(name, "arg:", 4))
			continue;
		before = flags;
		for (u32 n = 0; n < ARRAY_SIZE(tags); n++)
			if (!strcmp(name + 4, tags[n].name))
				flags |= tags[n].flag;
		if (flags == before) {
			log_printf(v->log,
				   "arg#%u has unsupported set of tags\n", arg);
			return -1;
		}
	}
	return (int)flags;
}

/* A pointer to the struct that the program's type calls its context. */
static bool is_ctx_pointer(const struct verifier *v, const struct btf_type *t)
{
	const struct ctx_type *ctx = ctx_type_of(v->prog->type);
	const struct btf *btf = v->prog->btf;
	const struct btf_type *to = skip_modifiers(btf, t->type);

	return ctx && btf_kind(to) == BTF_KIND_STRUCT &&
	       !strcmp(btf_name(btf, to->name_off), ctx->name);
}

/* The pointer type @t, an argument with tags @flags, points to memory. */
static int memory_arg(struct verifier *v, const struct btf_type *t, u32 arg,
		      u32 flags, struct func_arg *out)
{
	const struct btf *btf = v->prog->btf;
	u32 id = t->type, size;

	if (!id || !btf_type_id_size(btf, &id, &size)) {
		log_printf(v->log,
			   "arg#%u reference type('%s') size cannot be "
			   "determined: %d\n",
			   arg,
			   btf_name(btf,
				    btf_type_by_id(btf, t->type)->name_off),
			   -EINVAL);
		return -EINVAL;
	}
	*out = (struct func_arg){
		.kind = FUNC_ARG_MEM,
		.nullable = !(flags & TAG_NONNULL),
		.size = size,
	};
	return 0;
}

static int arg_of(struct verifier *v, u32 nr, u32 arg,
		  const struct btf_param *param, struct func_arg *out)
{
	const struct btf_type *t = skip_modifiers(v->prog->btf, param->type);
	int flags = arg_tags(v, func_type_id(v, nr), arg);

	if (flags < 0)
		return -EINVAL;
	if (btf_kind(t) == BTF_KIND_PTR) {
		if (!(flags & (int)TAG_CTX) && !is_ctx_pointer(v, t))
			return memory_arg(v, t, arg, (u32)flags, out);
		*out = (struct func_arg){ .kind = FUNC_ARG_CTX };
		return 0;
	}
	if (flags) {
		log_printf(v->log,
			   "arg#%u has pointer tag, but is not a pointer "
			   "type\n",
			   arg);
		return -EINVAL;
	}
	if (is_number(t)) {
		*out = (struct func_arg){ .kind = FUNC_ARG_NUMBER };
		return 0;
	}
	log_printf(v->log, "Arg#%u type in %s() is not supported yet.\n", arg,
		   func_name(v, nr));
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

static int check_memory(struct verifier *v, u32 regno,
			const struct func_arg *arg)
{
	struct reg *reg = &verifier_regs(v)[regno];
	u8 flags = reg->flags;
	int err;

	if (reg_is_null(reg))
		return 0;
	if (!arg->nullable && flags & REG_MAYBE_NULL) {
		log_printf(v->log, "arg#%u is expected to be non-NULL\n",
			   regno - 1);
		return -EINVAL;
	}
	reg->flags &= (u8)~REG_MAYBE_NULL;
	err = memory_check(v, regno, arg->size, ACCESS_READ, true);
	if (!err)
		err = memory_check(v, regno, arg->size, ACCESS_WRITE, true);
	verifier_regs(v)[regno].flags = flags;
	return err ? -EINVAL : 0;
}

static int check_arg(struct verifier *v, u32 regno, const struct func_arg *arg)
{
	const struct reg *reg = &verifier_regs(v)[regno];

	switch (arg->kind) {
	case FUNC_ARG_NUMBER:
		if (reg->kind == REG_SCALAR)
			return 0;
		log_printf(v->log, "R%u is not a scalar\n", regno);
		return -EINVAL;
	case FUNC_ARG_CTX:
		if (reg->kind == REG_CTX)
			return pointer_check_fixed(v, reg, regno, false);
		log_printf(v->log, "arg#%u expects pointer to ctx\n",
			   regno - 1);
		return -EINVAL;
	default:
		return check_memory(v, regno, arg);
	}
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
