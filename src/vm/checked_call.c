/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helper calls of the checked interpreter: every argument against the
 * helper's prototype, and what the result gives access to.  See checked.c.
 */
#include <string.h>

#include "vm/checked.h"

/* What the arguments of one call said. */
struct call_args {
	struct map *map;
	u64 alloc_size;
	u32 released; /* the reference that the helper takes, or 0 */
};

struct cap checked_ctx_cap(const struct run *run)
{
	return (struct cap){ .kind = CAP_CTX, .base = ptr_to_u64(run->ctx) };
}

struct cap checked_value_cap(struct map *map, u64 base)
{
	u32 access = map_prog_access(map);

	return (struct cap){
		.kind = CAP_VALUE,
		.base = base,
		.size = map->value_size,
		.object = map,
		.perms = (access & MAP_CAN_READ ? CAP_READ : 0) |
			 (access & MAP_CAN_WRITE ? CAP_WRITE : 0),
	};
}

static bool want(struct checked *c, const struct creg *reg, u32 regno,
		 enum cap_kind kind)
{
	static const char *const what[CAP_KINDS] = {
		[CAP_SCALAR] = "scalar",   [CAP_CTX] = "ctx",
		[CAP_STACK] = "fp",	   [CAP_MAP] = "map_ptr",
		[CAP_MEM] = "mem",	   [CAP_FUNC] = "func",
		[CAP_VALUE] = "map_value",
	};

	if (reg->cap.kind == kind &&
	    (kind == CAP_SCALAR || kind == CAP_STACK || kind == CAP_VALUE ||
	     reg->value == reg->cap.base))
		return true;
	return checked_fault(c, "R%u type=%s expected=%s", regno,
			     cap_name(&reg->cap), what[kind]);
}

static bool is_null(const struct creg *reg)
{
	return reg->cap.kind == CAP_SCALAR && !reg->value;
}

/* The helpers that write to a map, for which BPF_F_RDONLY_PROG is no. */
static bool helper_writes_map(u32 id)
{
	return id == BPF_FUNC_map_update_elem ||
	       id == BPF_FUNC_map_delete_elem || id == BPF_FUNC_map_push_elem ||
	       id == BPF_FUNC_map_pop_elem;
}

static bool arg_map(struct checked *c, const struct helper *helper,
		    const struct creg *reg, u32 regno, struct call_args *args)
{
	if (!want(c, reg, regno, CAP_MAP))
		return false;
	args->map = reg->cap.object;
	if (!helper_takes_map(helper->id, args->map->type))
		return checked_fault(
			c, "cannot pass map_type %d into func bpf_%s#%u",
			args->map->type, helper->name, helper->id);
	if (helper_writes_map(helper->id) &&
	    !(map_prog_access(args->map) & MAP_CAN_WRITE))
		return checked_fault(c, "write into map forbidden");
	return true;
}

static bool arg_sock(struct checked *c, const struct creg *reg, u32 regno)
{
	u8 kind = reg->cap.kind;

	return kind == CAP_SOCK || kind == CAP_SOCK_COMMON ||
	       kind == CAP_TCP_SOCK ||
	       checked_fault(c, "R%u type=%s expected=sock", regno,
			     cap_name(&reg->cap));
}

/* Something that this call gives back. */
static bool arg_release(struct checked *c, const struct creg *reg, u32 regno,
			struct call_args *args)
{
	if (!reg->cap.id || reg->value != reg->cap.base)
		return checked_fault(
			c, "R%u must be referenced when passed to release",
			regno);
	for (u32 i = 0; i < CHECKED_MAX_REFS; i++)
		if (c->refs[i].id == reg->cap.id) {
			args->released = reg->cap.id;
			return true;
		}
	return checked_fault(c, "R%u has been released before", regno);
}

static bool arg_const_str(struct checked *c, const struct creg *reg, u32 regno)
{
	const struct cap *cap = &reg->cap;
	u64 at = reg->value - cap->base;

	if (!want(c, reg, regno, CAP_VALUE))
		return false;
	if (!cap->object->frozen || cap->perms & CAP_WRITE)
		return checked_fault(c, "R%u does not point to a readonly map",
				     regno);
	if (at >= cap->size ||
	    !memchr(u64_to_ptr(reg->value), 0, cap->size - at))
		return checked_fault(c, "R%u: no string that ends in the map",
				     regno);
	return true;
}

static bool arg_spin_lock(struct checked *c, const struct helper *helper,
			  const struct creg *reg, u32 regno)
{
	const struct cap *cap = &reg->cap;
	u64 at = reg->value - cap->base;

	if (!want(c, reg, regno, CAP_VALUE))
		return false;
	if (cap->object->spin_lock_off < 0 ||
	    at != (u64)cap->object->spin_lock_off)
		return checked_fault(
			c,
			"R%u off %llu doesn't point to 'struct bpf_spin_lock'",
			regno, (unsigned long long)at);
	if (helper->id == BPF_FUNC_spin_lock && c->run->held_lock)
		return checked_fault(
			c, "Locking two bpf_spin_locks are not allowed");
	if (helper->id == BPF_FUNC_spin_unlock &&
	    c->run->held_lock != u64_to_ptr(reg->value))
		return checked_fault(c, "bpf_spin_unlock of different lock");
	return true;
}

static bool arg_size(struct checked *c, const struct helper *helper,
		     const struct creg *reg, u32 i)
{
	enum arg_type mem = helper->args[i - 1];
	u64 size = reg[i + 1].value;

	if (!want(c, &reg[i + 1], i + 1, CAP_SCALAR))
		return false;
	if (!size && helper->args[i] == ARG_SIZE)
		return checked_fault(c, "R%u invalid zero-sized read", i + 1);
	if (!size && is_null(&reg[i]) &&
	    (mem == ARG_MEM_OR_NULL || mem == ARG_MEM_OUT_OR_NULL))
		return true;
	return checked_range(c, &reg[i], i, size,
			     mem == ARG_MEM_OUT || mem == ARG_MEM_OUT_OR_NULL);
}

/* Argument @i (0..4), in R[i + 1]. */
static bool check_arg(struct checked *c, const struct helper *helper,
		      const struct creg *reg, u32 i, struct call_args *args)
{
	const struct creg *arg = &reg[i + 1];
	u32 n = i + 1;

	if (helper->args[i] == ARG_CTX_IN_CLS &&
	    c->run->prog->type != BPF_PROG_TYPE_SCHED_CLS)
		return true;
	if (arg->cap.kind == CAP_NONE)
		return checked_fault(c, "R%u !read_ok", n);
	switch (helper->args[i]) {
	case ARG_NONE:
	case ARG_ANYTHING:
	case ARG_MEM: /* with its size */
	case ARG_MEM_OR_NULL:
	case ARG_MEM_OUT:
	case ARG_MEM_OUT_OR_NULL:
		return true;
	case ARG_CTX_OR_NULL:
		return is_null(arg) || want(c, arg, n, CAP_CTX);
	case ARG_CTX:
	case ARG_CTX_IN_CLS:
		return want(c, arg, n, CAP_CTX);
	case ARG_MAP:
		return arg_map(c, helper, arg, n, args);
	case ARG_MAP_KEY:
		return checked_range(c, arg, n, args->map->key_size, false);
	case ARG_MAP_VALUE_OR_NULL:
		if (is_null(arg))
			return true;
		/* fallthrough */
	case ARG_MAP_VALUE:
		return checked_range(c, arg, n, args->map->value_size, false);
	case ARG_MAP_VALUE_OUT:
		return checked_range(c, arg, n, args->map->value_size, true);
	case ARG_SIZE:
	case ARG_SIZE_OR_ZERO:
		return arg_size(c, helper, reg, i);
	case ARG_CONST_ALLOC_SIZE:
		args->alloc_size = arg->value;
		return want(c, arg, n, CAP_SCALAR);
	case ARG_LONG_OUT:
		return checked_range(c, arg, n, 8, true);
	case ARG_CONST_STR:
		return arg_const_str(c, arg, n);
	case ARG_SPIN_LOCK:
		return arg_spin_lock(c, helper, arg, n);
	case ARG_ALLOC_MEM:
		return want(c, arg, n, CAP_MEM) && arg_release(c, arg, n, args);
	case ARG_CTX_OR_SOCK:
		if (c->run->prog->type == BPF_PROG_TYPE_CGROUP_SOCKOPT)
			return arg_sock(c, arg, n);
		return want(c, arg, n, CAP_CTX);
	case ARG_SOCK_OR_CTX:
		if (c->run->prog->type == BPF_PROG_TYPE_CGROUP_SOCK)
			return want(c, arg, n, CAP_CTX);
		return arg_sock(c, arg, n);
	case ARG_SOCK_COMMON:
	case ARG_SOCK:
		return arg_sock(c, arg, n);
	case ARG_SOCK_RELEASE:
		return arg_sock(c, arg, n) && arg_release(c, arg, n, args);
	case ARG_FUNC:
		return want(c, arg, n, CAP_FUNC);
	case ARG_STACK_OR_NULL:
		c->callback_ctx = arg->cap;
		return is_null(arg) || want(c, arg, n, CAP_STACK);
	case ARG_CONST_ZERO:
		return (want(c, arg, n, CAP_SCALAR) && !arg->value) ||
		       c->faulted ||
		       checked_fault(c, "R%u: flags must be 0", n);
	}
	return checked_fault(c, "R%u: an argument of unknown kind", n);
}

static void ref_drop(struct checked *c, u32 id)
{
	for (u32 i = 0; i < CHECKED_MAX_REFS; i++)
		if (c->refs[i].id == id) {
			c->refs[i].id = 0;
			c->nr_refs--;
			return;
		}
}

static void ref_give_back(struct checked *c, const struct checked_ref *ref)
{
	const struct helper *helper = helper_by_id(
		ref->sock ? BPF_FUNC_sk_release : BPF_FUNC_ringbuf_discard);

	if (helper)
		helper->fn(ref->value, 0, 0, 0, 0, c->run);
}

bool checked_drop_refs(struct checked *c)
{
	if (!c->nr_refs)
		return false;
	for (u32 i = 0; i < CHECKED_MAX_REFS; i++)
		if (c->refs[i].id) {
			ref_give_back(c, &c->refs[i]);
			c->refs[i].id = 0;
		}
	c->nr_refs = 0;
	return true;
}

static bool ref_take(struct checked *c, struct creg *r0, bool sock)
{
	struct checked_ref ref = { .id = ++c->serial,
				   .sock = sock,
				   .value = r0->value };

	for (u32 i = 0; i < CHECKED_MAX_REFS; i++)
		if (!c->refs[i].id) {
			c->refs[i] = ref;
			c->nr_refs++;
			r0->cap.id = ref.id;
			return true;
		}
	ref_give_back(c, &ref);
	return checked_fault(c, "more than %u references at once",
			     CHECKED_MAX_REFS);
}

static void plain_cap(struct creg *r0, enum cap_kind kind)
{
	r0->cap.kind = r0->value ? kind : CAP_SCALAR;
	r0->cap.base = r0->value;
}

static bool check_result(struct checked *c, const struct helper *helper,
			 const struct call_args *args, struct creg *r0)
{
	r0->cap = CAP_SCALAR_INIT;
	switch (helper->ret) {
	case RET_INTEGER:
		return true;
	case RET_VOID:
		r0->cap.kind = CAP_NONE;
		return true;
	case RET_MAP_VALUE:
	case RET_MAP_VALUE_OR_NULL:
		if (!r0->value || !args->map)
			return true;
		if (args->map->inner_meta) {
			plain_cap(r0, CAP_MAP);
			r0->cap.object = u64_to_ptr(r0->value);
			return true;
		}
		r0->cap = checked_value_cap(args->map, r0->value);
		return true;
	case RET_ALLOC_MEM_OR_NULL:
		plain_cap(r0, CAP_MEM);
		r0->cap.size = args->alloc_size;
		r0->cap.perms = CAP_READ | CAP_WRITE;
		return !r0->value || ref_take(c, r0, false);
	case RET_SOCK_OR_NULL:
		plain_cap(r0, CAP_SOCK);
		return true;
	case RET_TCP_SOCK_OR_NULL:
		plain_cap(r0, CAP_TCP_SOCK);
		return true;
	case RET_SOCK_REF_OR_NULL:
		plain_cap(r0, CAP_SOCK);
		return !r0->value || ref_take(c, r0, true);
	case RET_SOCK_COMMON_REF_OR_NULL:
		plain_cap(r0, CAP_SOCK_COMMON);
		return !r0->value || ref_take(c, r0, true);
	}
	return true;
}

/* Registers beyond the prototype may be read by helpers with a format: what
 * the program did not write is not told. */
static u64 arg_value(const struct creg *reg)
{
	return reg->cap.kind == CAP_NONE ? 0 : reg->value;
}

bool checked_call(struct checked *c, const struct helper *helper,
		  struct creg *reg)
{
	const struct creg *outer_args = c->args;
	struct cap outer_ctx = c->callback_ctx;
	struct call_args args = { 0 };

	if (c->run->held_lock && helper->id != BPF_FUNC_spin_unlock &&
	    helper->id != BPF_FUNC_spin_lock)
		return checked_fault(
			c, "function calls are not allowed while holding a "
			   "lock");
	for (u32 i = 0; i < 5 && helper->args[i] != ARG_NONE; i++)
		if (!check_arg(c, helper, reg, i, &args))
			return false;
	c->args = reg;
	reg[0].value = helper->fn(arg_value(&reg[1]), arg_value(&reg[2]),
				  arg_value(&reg[3]), arg_value(&reg[4]),
				  arg_value(&reg[5]), c->run);
	c->args = outer_args;
	c->callback_ctx = outer_ctx;
	/* taken away before anything else can end the run */
	if (args.released)
		ref_drop(c, args.released);
	if (c->faulted)
		return false;
	if (helper->changes_packet)
		c->packet_gen++;
	for (u32 i = 1; i <= 5; i++)
		reg[i].cap.kind = CAP_NONE;
	return check_result(c, helper, &args, &reg[0]);
}
