/* SPDX-License-Identifier: BSD-2-Clause */
/* Loads and stores of the checked interpreter: see checked.c. */
#include "vm/checked.h"
#include "vm/ctx.h"

/* Programs' accesses race as their authors let them. */
#define UNWATCHED __attribute__((no_sanitize("thread")))

static const char *const cap_names[CAP_KINDS] = {
	[CAP_NONE] = "uninitialised",
	[CAP_SCALAR] = "scalar",
	[CAP_CTX] = "ctx",
	[CAP_STACK] = "fp",
	[CAP_MAP] = "map_ptr",
	[CAP_VALUE] = "map_value",
	[CAP_KEY] = "map_key",
	[CAP_PACKET] = "pkt",
	[CAP_PACKET_END] = "pkt_end",
	[CAP_OPTVAL] = "optval",
	[CAP_MEM] = "mem",
	[CAP_SOCK] = "sock",
	[CAP_SOCK_COMMON] = "sock_common",
	[CAP_TCP_SOCK] = "tcp_sock",
	[CAP_FUNC] = "func",
};

const char *cap_name(const struct cap *cap)
{
	return cap_names[cap->kind];
}

static struct checked_frame *frame_of(struct checked *c, const struct cap *cap)
{
	for (u32 i = 0; i < c->depth; i++)
		if (c->frames[i].serial == cap->id)
			return &c->frames[i];
	return NULL;
}

static bool ref_held(const struct checked *c, u32 id)
{
	for (u32 i = 0; i < CHECKED_MAX_REFS; i++)
		if (c->refs[i].id == id)
			return true;
	return false;
}

/* Is what the capability is about still there? */
static bool cap_alive(struct checked *c, const struct cap *cap, u32 regno)
{
	switch (cap->kind) {
	case CAP_STACK:
		return frame_of(c, cap) ||
		       checked_fault(c, "R%u: fp of a function that has exited",
				     regno);
	case CAP_PACKET:
		return cap->id == c->packet_gen ||
		       checked_fault(c, "R%u: pkt, before the packet changed",
				     regno);
	case CAP_MEM:
	case CAP_SOCK:
	case CAP_SOCK_COMMON:
	case CAP_TCP_SOCK:
		return !cap->id || ref_held(c, cap->id) ||
		       checked_fault(c, "R%u: %s, after its release", regno,
				     cap_name(cap));
	default:
		return true;
	}
}

static bool cap_is_alive(struct checked *c, const struct cap *cap)
{
	switch (cap->kind) {
	case CAP_STACK:
		return frame_of(c, cap);
	case CAP_PACKET:
		return cap->id == c->packet_gen;
	default:
		return !cap->id || ref_held(c, cap->id);
	}
}

static bool overlaps(s64 off, u64 size, int field, u64 field_size)
{
	return field >= 0 && off < field + (s64)field_size &&
	       field < off + (s64)size;
}

/* Values hide their lock and timer from plain accesses. */
static bool value_hidden(const struct cap *cap, s64 off, u64 size)
{
	return overlaps(off, size, cap->object->spin_lock_off, 4) ||
	       overlaps(off, size, cap->object->timer_off, 16);
}

/*
 * mem_at() - @size bytes at @ptr + @off if the capability has them, else NULL
 * and a violation.
 */
static void *mem_at(struct checked *c, const struct creg *ptr, u32 regno,
		    s64 off, u64 size, bool write)
{
	const struct cap *cap = &ptr->cap;
	s64 at = (s64)(ptr->value + (u64)off - cap->base);
	u32 perm = write ? CAP_WRITE : CAP_READ;

	if (!cap->perms) {
		checked_fault(c, "R%u invalid mem access '%s'", regno,
			      cap_name(cap));
		return NULL;
	}
	if (at < 0 || (u64)at > cap->size || size > cap->size - (u64)at) {
		checked_fault(c,
			      "R%u invalid access to %s, size=%llu off=%lld "
			      "access=%llu",
			      regno, cap_name(cap),
			      (unsigned long long)cap->size, (long long)at,
			      (unsigned long long)size);
		return NULL;
	}
	if (!(cap->perms & perm)) {
		checked_fault(c, "R%u %s into %s forbidden", regno,
			      write ? "write" : "read", cap_name(cap));
		return NULL;
	}
	if (!cap_alive(c, cap, regno))
		return NULL;
	if (cap->kind == CAP_VALUE && value_hidden(cap, at, size)) {
		checked_fault(c, "R%u: lock or timer of the value at off=%lld",
			      regno, (long long)at);
		return NULL;
	}
	return u64_to_ptr(cap->base + (u64)at);
}

/* The slots of @frame that @size bytes at @at touch, as bits. */
static u64 slot_bits(const struct checked_frame *frame, const void *at,
		     u64 size)
{
	u64 off = (u64)((const char *)at - (const char *)frame->stack);
	u64 first = off / 8, last = size ? (off + size - 1) / 8 : first;
	u64 upto_last = last == 63 ? ~0ull : (1ull << (last + 1)) - 1;

	return size ? upto_last & ~((1ull << first) - 1) : 0;
}

/* Pointers that are overwritten are no pointers any more. */
static void stack_forget(struct checked *c, const struct cap *cap,
			 const void *at, u64 size)
{
	struct checked_frame *frame = frame_of(c, cap);

	frame->spilled &= ~slot_bits(frame, at, size);
}

static bool stack_aligned(struct checked *c, const struct creg *ptr, u32 regno,
			  s64 off, u32 size)
{
	if (ptr->cap.kind != CAP_STACK ||
	    !((ptr->value + (u64)off) & (size - 1)))
		return true;
	return checked_fault(c, "R%u misaligned stack access size %u", regno,
			     size);
}

UNWATCHED
static u64 load_plain(const void *at, u32 size)
{
	return size == 1   ? MEM(u8, at)
	       : size == 2 ? MEM(u16, at)
	       : size == 4 ? MEM(u32, at)
			   : MEM(u64, at);
}

UNWATCHED
static void store_plain(void *at, u32 size, u64 value)
{
	if (size == 1)
		MEM(u8, at) = (u8)value;
	else if (size == 2)
		MEM(u16, at) = (u16)value;
	else if (size == 4)
		MEM(u32, at) = (u32)value;
	else
		MEM(u64, at) = value;
}

/* ---- contexts and sockets: fields of a table, not memory ---- */

static u64 field_at(const struct ctx_field *field, u64 base, u32 off)
{
	if (field->flags & CTX_DEREF)
		base = load_plain(u64_to_ptr(base + field->src_ptr), 8);
	return base + field->src_off + (off - field->off);
}

/* The context's pointer of that kind, or 0. */
static u64 ctx_pointer(const struct run *run, enum ctx_kind kind)
{
	const struct ctx_type *type = ctx_type_of(run->prog->type);

	for (u32 i = 0; i < type->nr_fields; i++) {
		const struct ctx_field *field = &type->fields[i];

		if (field->kind == kind)
			return load_plain(
				u64_to_ptr(field_at(field, ptr_to_u64(run->ctx),
						    field->off)),
				8);
	}
	return 0;
}

static bool may_write_packet(const struct prog *prog)
{
	return prog->type == BPF_PROG_TYPE_XDP ||
	       prog->type == BPF_PROG_TYPE_SCHED_CLS;
}

static struct cap range_cap(struct checked *c, enum cap_kind kind, u64 base,
			    enum ctx_kind end, bool write)
{
	u64 limit = ctx_pointer(c->run, end);

	return (struct cap){ .kind = kind,
			     .base = base,
			     .size = limit > base ? limit - base : 0,
			     .id = c->packet_gen,
			     .perms = CAP_READ | (write ? CAP_WRITE : 0) };
}

/* The pointer that a context field of @kind holds. */
static struct cap pointer_cap(struct checked *c, enum ctx_kind kind, u64 value)
{
	bool write = may_write_packet(c->run->prog);

	if (!value)
		return CAP_SCALAR_INIT;
	switch (kind) {
	case CTX_DATA:
		return range_cap(c, CAP_PACKET, value, CTX_DATA_END, write);
	case CTX_DATA_META:
		return range_cap(c, CAP_PACKET, value, CTX_DATA, write);
	case CTX_OPTVAL:
		return range_cap(c, CAP_OPTVAL, value, CTX_OPTVAL_END, true);
	case CTX_DATA_END:
	case CTX_OPTVAL_END:
		return (struct cap){ .kind = CAP_PACKET_END, .base = value };
	case CTX_SOCK:
		return (struct cap){ .kind = CAP_SOCK, .base = value };
	case CTX_SOCK_COMMON:
		return (struct cap){ .kind = CAP_SOCK_COMMON, .base = value };
	default:
		return CAP_SCALAR_INIT;
	}
}

static const struct ctx_field *field_find(struct checked *c,
					  const struct creg *from, u32 off,
					  u32 size, bool write)
{
	const struct ctx_type *type;

	switch (from->cap.kind) {
	case CAP_CTX:
		return ctx_find(c->run->prog, off, size, write);
	case CAP_SOCK:
		type = ctx_sock_type();
		break;
	case CAP_SOCK_COMMON:
		type = ctx_sock_common_type();
		break;
	default:
		type = ctx_tcp_sock_type();
	}
	return write ? NULL : ctx_type_find(type, off, size);
}

static const struct ctx_field *field_checked(struct checked *c,
					     const struct creg *reg, u32 regno,
					     s64 off, u32 size, bool write)
{
	const struct ctx_field *field = NULL;

	if (!cap_alive(c, &reg->cap, regno))
		return NULL;
	if (reg->value != reg->cap.base) {
		checked_fault(c,
			      "dereference of modified %s ptr R%u off=%lld "
			      "disallowed",
			      cap_name(&reg->cap), regno,
			      (long long)(reg->value - reg->cap.base));
		return NULL;
	}
	if (off >= 0 && off < 0x10000)
		field = field_find(c, reg, (u32)off, size, write);
	if (!field)
		checked_fault(c, "invalid bpf_context access off=%lld size=%u",
			      (long long)off, size);
	return field;
}

static bool field_load(struct checked *c, const struct creg *from, u32 regno,
		       s64 off, u32 size, struct creg *to)
{
	const struct ctx_field *field =
		field_checked(c, from, regno, off, size, false);
	u64 at;

	if (!field)
		return false;
	at = field_at(field, from->cap.base, (u32)off);
	if (field->kind == CTX_SCALAR) {
		to->value = load_plain(u64_to_ptr(at), size);
		to->cap = CAP_SCALAR_INIT;
	} else {
		to->value = load_plain(u64_to_ptr(at), 8);
		to->cap = pointer_cap(c, field->kind, to->value);
	}
	return true;
}

static bool field_store(struct checked *c, const struct creg *to, u32 regno,
			s64 off, u32 size, u64 value)
{
	const struct ctx_field *field =
		field_checked(c, to, regno, off, size, true);

	if (!field)
		return false;
	store_plain(u64_to_ptr(field_at(field, to->cap.base, (u32)off)),
		    min(size, (u32)field->src_size), value);
	return true;
}

static bool has_fields(const struct cap *cap)
{
	return cap->kind == CAP_CTX || cap->kind == CAP_SOCK ||
	       cap->kind == CAP_SOCK_COMMON || cap->kind == CAP_TCP_SOCK;
}

/* ---- */

/* What @size bytes at @at of the stack are: a whole pointer, or a number. */
static struct cap filled(struct checked *c, const struct cap *from,
			 const void *at, u32 size)
{
	struct checked_frame *frame = frame_of(c, from);
	u64 bits = slot_bits(frame, at, size);

	return size == 8 && (frame->spilled & bits)
		       ? frame->spill[__builtin_ctzll(bits)]
		       : CAP_SCALAR_INIT;
}

/* Verified programs may read parts of pointers, by an offset that varies. */
static bool may_fill(struct checked *c, const struct creg *from, const void *at,
		     u32 regno, u32 size)
{
	if (size == 8 || c->run->prog->verified ||
	    !(frame_of(c, &from->cap)->spilled &
	      slot_bits(frame_of(c, &from->cap), at, size)))
		return true;
	return checked_fault(c, "R%u invalid size of register fill", regno);
}

bool checked_load(struct checked *c, const struct creg *from, u32 regno,
		  s64 off, u32 size, struct creg *to)
{
	const void *at;
	struct creg loaded = { .cap = CAP_SCALAR_INIT };

	if (has_fields(&from->cap)) {
		if (!field_load(c, from, regno, off, size, &loaded))
			return false;
		*to = loaded;
		return true;
	}
	at = mem_at(c, from, regno, off, size, false);
	if (!at || !stack_aligned(c, from, regno, off, size))
		return false;
	loaded.value = load_plain(at, size);
	if (from->cap.kind == CAP_STACK) {
		if (!may_fill(c, from, at, regno, size))
			return false;
		loaded.cap = filled(c, &from->cap, at, size);
	}
	*to = loaded;
	return true;
}

bool checked_store(struct checked *c, const struct creg *to, u32 regno, s64 off,
		   u32 size, const struct creg *value)
{
	void *at;

	if (has_fields(&to->cap))
		return field_store(c, to, regno, off, size, value->value);
	at = mem_at(c, to, regno, off, size, true);
	if (!at || !stack_aligned(c, to, regno, off, size))
		return false;
	store_plain(at, size, value->value);
	if (to->cap.kind == CAP_STACK) {
		struct checked_frame *frame = frame_of(c, &to->cap);
		u64 bits = slot_bits(frame, at, size);

		frame->spilled &= ~bits;
		if (size == 8 && value->cap.kind != CAP_SCALAR) {
			frame->spilled |= bits;
			frame->spill[__builtin_ctzll(bits)] = value->cap;
		}
	}
	return true;
}

void *checked_atomic(struct checked *c, const struct creg *to, u32 regno,
		     s64 off, u32 size, struct cap *old)
{
	void *at;

	*old = CAP_SCALAR_INIT;
	if (has_fields(&to->cap) || to->cap.kind == CAP_PACKET) {
		checked_fault(c, "BPF_ATOMIC stores into R%u %s is not allowed",
			      regno, cap_name(&to->cap));
		return NULL;
	}
	at = mem_at(c, to, regno, off, size, false);
	if (!at || !mem_at(c, to, regno, off, size, true))
		return NULL;
	if (ptr_to_u64(at) & (size - 1)) {
		checked_fault(c, "R%u misaligned value access size %u", regno,
			      size);
		return NULL;
	}
	if (to->cap.kind == CAP_STACK) {
		*old = filled(c, &to->cap, at, size);
		stack_forget(c, &to->cap, at, size);
	}
	return at;
}

void *checked_range(struct checked *c, const struct creg *ptr, u32 regno,
		    u64 size, bool write)
{
	void *at = mem_at(c, ptr, regno, 0, size, write);

	if (at && write && ptr->cap.kind == CAP_STACK)
		stack_forget(c, &ptr->cap, at, size);
	return at;
}

static u64 readable_by(struct checked *c, const struct cap *cap, u64 addr)
{
	/* registers that are dead keep the rest of what they had */
	if (cap->kind == CAP_NONE)
		return 0;
	if (!(cap->perms & CAP_READ) || addr < cap->base ||
	    addr - cap->base >= cap->size || !cap_is_alive(c, cap))
		return 0;
	return cap->size - (addr - cap->base);
}

static u64 readable_in_frame(struct checked *c,
			     const struct checked_frame *frame, u64 addr)
{
	u64 most = 0;

	for (u32 i = 0; i < ARRAY_SIZE(frame->saved); i++)
		most = max(most, readable_by(c, &frame->saved[i].cap, addr));
	for (u32 i = 0; i < CHECKED_SLOTS; i++)
		if (frame->spilled >> i & 1)
			most = max(most,
				   readable_by(c, &frame->spill[i], addr));
	return most;
}

u64 checked_readable(struct checked *c, u64 addr, u64 size)
{
	u64 most = 0;

	for (u32 i = 1; c->args && i <= 10; i++)
		most = max(most, readable_by(c, &c->args[i].cap, addr));
	for (u32 i = 0; i < c->depth; i++)
		most = max(most, readable_in_frame(c, &c->frames[i], addr));
	return min(most, size);
}
