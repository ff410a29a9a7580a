/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fields: of the context, and of sockets.
 *
 * What programs see there is a struct that is nowhere in memory, so every
 * access must be known to be one of a field, at a constant offset; aux->ctx
 * says which, and translation makes of it what it really is (vm/ctx.h).
 * memory.c sees to it that an instruction goes through one kind of pointer
 * only, on all paths, so that there is one field for each.
 */
#include "verifier/access.h"
#include "verifier/show.h"
#include "verifier/walk.h"
#include "vm/ctx.h"

/* What a register holds that such a field was loaded into. */
static const struct {
	u8 kind, flags;
} loaded[] = {
	[CTX_SCALAR] = { REG_SCALAR, 0 },
	[CTX_DATA] = { REG_PACKET, 0 },
	[CTX_DATA_META] = { REG_PACKET_META, 0 },
	[CTX_DATA_END] = { REG_PACKET_END, 0 },
	[CTX_SOCK] = { REG_SOCK, 0 },
	[CTX_SOCK_COMMON] = { REG_SOCK_COMMON, REG_MAYBE_NULL },
	[CTX_OPTVAL] = { REG_PACKET, 0 },
	[CTX_OPTVAL_END] = { REG_PACKET_END, 0 },
};
static_assert(ARRAY_SIZE(loaded) == CTX_OPTVAL_END + 1, "a kind is missing");

static void load_field(struct verifier *v, const struct ctx_field *field,
		       int regno)
{
	struct reg *reg = &verifier_regs(v)[regno];
	u8 kind = loaded[field->kind].kind;

	if (kind == REG_SCALAR) {
		reg_set_unknown(reg);
		return;
	}
	reg_set_pointer(reg, kind, loaded[field->kind].flags);
	if (reg->flags & REG_MAYBE_NULL)
		reg->id = verifier_new_id(v);
}

/* NULL: there is none that can be accessed so. */
static const struct ctx_field *find_field(const struct verifier *v,
					  const struct touch *t)
{
	const struct ctx_field *field;

	if (t->off < 0)
		return NULL;
	field = ctx_find(v->prog, (u32)t->off, t->size,
			 t->access == ACCESS_WRITE);
	/* half a pointer has no sign */
	if (field && field->kind != CTX_SCALAR && t->sign_extends)
		return NULL;
	return field;
}

int ctx_access(struct verifier *v, const struct touch *t)
{
	const struct ctx_field *field;
	int err = pointer_check_fixed(v, t->reg, t->regno, false);

	if (err)
		return err;
	field = find_field(v, t);
	if (!field) {
		log_printf(v->log,
			   "invalid bpf_context access off=%d size=%u\n",
			   t->off, t->size);
		return -EACCES;
	}
	v->prog->aux[v->insn].ctx = field;
	if (t->access == ACCESS_READ && t->value >= 0)
		load_field(v, field, t->value);
	return 0;
}

static const struct ctx_type *sock_type(const struct reg *reg)
{
	switch (reg->kind) {
	case REG_SOCK:
		return ctx_sock_type();
	case REG_SOCK_COMMON:
		return ctx_sock_common_type();
	default:
		return ctx_tcp_sock_type();
	}
}

int sock_access(struct verifier *v, const struct touch *t)
{
	const struct ctx_field *field = NULL;
	char name[REG_NAME_MAX];

	if (t->access == ACCESS_WRITE) {
		log_printf(v->log, "R%u cannot write into %s\n", t->regno,
			   reg_name(t->reg, name));
		return -EACCES;
	}
	if (t->off >= 0)
		field = ctx_type_find(sock_type(t->reg), (u32)t->off, t->size);
	if (!field) {
		log_printf(v->log, "R%u invalid %s access off=%d size=%u\n",
			   t->regno, reg_name(t->reg, name), t->off, t->size);
		return -EACCES;
	}
	v->prog->aux[v->insn].ctx = field;
	region_loaded(v, t);
	return 0;
}
