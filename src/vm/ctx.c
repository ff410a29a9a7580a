/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables of contexts.  One line for each uapi field: where it is in our
 * struct, and who may do what with it.
 */
#include "vm/ctx.h"

#include "object/attach_type.h"
#include "object/prog.h"
#include "vm/device.h"
#include "vm/skb.h"
#include "vm/sock.h"
#include "vm/sock_addr.h"
#include "vm/sockopt.h"
#include "vm/sysctl.h"
#include "vm/xdp.h"

#define R CTX_READ
#define RN (CTX_READ | CTX_NARROW)
#define RS (CTX_READ | CTX_NARROW_START)
#define RW (CTX_READ | CTX_WRITE)
#define RWN (CTX_READ | CTX_WRITE | CTX_NARROW)
#define AT(atype) (1ull << ATYPE_##atype)
#define ALL (~0ull)

static_assert(NR_ATYPES <= 64, "sets of attach types are 64 bits");

#define SIZEOF(type, member) sizeof(((type *)0)->member)

/* One field of uapi struct @u, all of whose attach types may read and write */
#define FIELD(u, field, knd, flg, rd, wr, ours, src)                           \
	{                                                                      \
		.off = offsetof(u, field), .size = SIZEOF(u, field),           \
		.elem = SIZEOF(u, field) > 8 ? 4 : SIZEOF(u, field),           \
		.kind = (knd), .flags = (flg), .src_off = offsetof(ours, src), \
		.src_size = SIZEOF(ours, src), .read_atypes = (rd),            \
		.write_atypes = (wr), .name = #field,                          \
	}

/* The same, behind pointer @ptr of our struct, in struct @there */
#define FIELD_DEREF(u, field, flg, ours, ptr, there, src)            \
	{                                                            \
		.off = offsetof(u, field), .size = SIZEOF(u, field), \
		.elem = SIZEOF(u, field) > 8 ? 4 : SIZEOF(u, field), \
		.kind = CTX_SCALAR, .flags = (flg) | CTX_DEREF,      \
		.src_off = offsetof(there, src),                     \
		.src_size = SIZEOF(there, src),                      \
		.src_ptr = offsetof(ours, ptr), .read_atypes = ALL,  \
		.write_atypes = ALL, .name = #field,                 \
	}

/* ------------------------------------------------------------- __sk_buff */

/*
 * X(field, kind, ours, flags for SOCKET_FILTER, SCHED_CLS, CGROUP_SKB)
 * XS(field, the socket's, ...)
 * No flags: that type has no such field.
 */
#define SKB_FIELDS(X, XS)                                           \
	X(len, CTX_SCALAR, len, RN, RN, RN)                         \
	X(pkt_type, CTX_SCALAR, pkt_type, RN, RN, RN)               \
	X(mark, CTX_SCALAR, mark, RN, RWN, RWN)                     \
	X(queue_mapping, CTX_SCALAR, queue_mapping, RN, RWN, RN)    \
	X(protocol, CTX_SCALAR, protocol, RN, RN, RN)               \
	X(vlan_present, CTX_SCALAR, vlan_present, RN, RN, RN)       \
	X(vlan_tci, CTX_SCALAR, vlan_tci, RN, RN, RN)               \
	X(vlan_proto, CTX_SCALAR, vlan_proto, RN, RN, RN)           \
	X(priority, CTX_SCALAR, priority, RN, RWN, RWN)             \
	X(ingress_ifindex, CTX_SCALAR, ingress_ifindex, RN, RN, RN) \
	X(ifindex, CTX_SCALAR, ifindex, RN, RN, RN)                 \
	X(tc_index, CTX_SCALAR, tc_index, RN, RWN, RN)              \
	X(cb, CTX_SCALAR, cb, CTX_ANY, CTX_ANY, CTX_ANY)            \
	X(hash, CTX_SCALAR, hash, RN, RN, RN)                       \
	X(tc_classid, CTX_SCALAR, tc_classid, 0, RWN, 0)            \
	X(data, CTX_DATA, data, 0, R, R)                            \
	X(data_end, CTX_DATA_END, data_end, 0, R, R)                \
	X(napi_id, CTX_SCALAR, napi_id, RN, RN, RN)                 \
	XS(family, family, 0, 0, RN)                                \
	XS(remote_ip4, dst_ip4, 0, 0, R)                            \
	XS(local_ip4, src_ip4, 0, 0, R)                             \
	XS(remote_ip6, dst_ip6, 0, 0, R)                            \
	XS(local_ip6, src_ip6, 0, 0, R)                             \
	XS(remote_port, remote_port, 0, 0, RN)                      \
	XS(local_port, src_port, 0, 0, RN)                          \
	X(data_meta, CTX_DATA_META, data_meta, 0, R, 0)             \
	X(tstamp, CTX_SCALAR, tstamp, 0, RW, RW)                    \
	X(wire_len, CTX_SCALAR, wire_len, 0, RN, 0)                 \
	X(gso_segs, CTX_SCALAR, gso_segs, RN, RN, RN)               \
	X(sk, CTX_SOCK_COMMON, sk, R, R, R)                         \
	X(gso_size, CTX_SCALAR, gso_size, RN, RN, RN)               \
	X(tstamp_type, CTX_SCALAR, tstamp_type, 0, R, 0)            \
	X(hwtstamp, CTX_SCALAR, hwtstamp, 0, R, R)

#define SKB(field, kind, src, flags)                                          \
	FIELD(struct __sk_buff, field, kind, flags, ALL, ALL, struct skb_ctx, \
	      src)
#define SKB_SK(field, src, flags)                                       \
	FIELD_DEREF(struct __sk_buff, field, flags, struct skb_ctx, sk, \
		    struct cgbpf_sock, src)

static const struct ctx_field socket_filter_fields[] = {
#define X(field, kind, src, sf, cls, cg) SKB(field, kind, src, sf),
#define XS(field, src, sf, cls, cg) SKB_SK(field, src, sf),
	SKB_FIELDS(X, XS)
#undef X
#undef XS
};

static const struct ctx_field sched_cls_fields[] = {
#define X(field, kind, src, sf, cls, cg) SKB(field, kind, src, cls),
#define XS(field, src, sf, cls, cg) SKB_SK(field, src, cls),
	SKB_FIELDS(X, XS)
#undef X
#undef XS
};

static const struct ctx_field cgroup_skb_fields[] = {
#define X(field, kind, src, sf, cls, cg) SKB(field, kind, src, cg),
#define XS(field, src, sf, cls, cg) SKB_SK(field, src, cg),
	SKB_FIELDS(X, XS)
#undef X
#undef XS
};

/* ------------------------------------------------------------------- xdp */

#define XDP(field, kind, flags)                                            \
	FIELD(struct xdp_md, field, kind, flags, ALL, ALL, struct xdp_ctx, \
	      field)

static const struct ctx_field xdp_fields[] = {
	XDP(data, CTX_DATA, R),
	XDP(data_end, CTX_DATA_END, R),
	XDP(data_meta, CTX_DATA_META, R),
	XDP(ingress_ifindex, CTX_SCALAR, R),
	XDP(rx_queue_index, CTX_SCALAR, R),
	XDP(egress_ifindex, CTX_SCALAR, R | CTX_DEVMAP_ONLY),
};

/* -------------------------------------------------------------- bpf_sock */

#define MADE (AT(SOCK_CREATE) | AT(SOCK_RELEASE))
#define BOUND4 AT(INET4_POST_BIND)
#define BOUND6 AT(INET6_POST_BIND)

/* X(field, flags as the context, who reads, who writes, flags by pointer, and
 * of what is common to all kinds of sockets) */
#define SOCK_FIELDS(X)                              \
	X(bound_dev_if, RW, MADE, MADE, R, R)       \
	X(family, RS, ALL, 0, RS, RS)               \
	X(type, RS, ALL, 0, RS, 0)                  \
	X(protocol, RS, ALL, 0, RS, 0)              \
	X(mark, RW, MADE, MADE, R, 0)               \
	X(priority, RW, MADE, MADE, R, 0)           \
	X(src_ip4, RN, BOUND4, 0, RN, RN)           \
	X(src_ip6, RN, BOUND6, 0, RN, RN)           \
	X(src_port, RS, BOUND4 | BOUND6, 0, RS, RS) \
	X(dst_port, RN, ALL, 0, RN, RN)             \
	X(dst_ip4, RN, ALL, 0, RN, RN)              \
	X(dst_ip6, RN, ALL, 0, RN, RN)              \
	X(state, RS, ALL, 0, RS, RS)                \
	X(rx_queue_mapping, RS, ALL, 0, RS, RS)

#define SOCK(field, flags, rd, wr)                               \
	FIELD(struct bpf_sock, field, CTX_SCALAR, flags, rd, wr, \
	      struct cgbpf_sock, field)

/* dst_port is two bytes, and may be read as the four it once was */
#define SOCK_DST_PORT4                                                 \
	{                                                              \
		.off = offsetof(struct bpf_sock, dst_port), .size = 4, \
		.elem = 4, .kind = CTX_SCALAR, .flags = R,             \
		.src_off = offsetof(struct cgbpf_sock, dst_port),      \
		.src_size = 4, .read_atypes = ALL, .write_atypes = 0,  \
		.name = "dst_port",                                    \
	}

static const struct ctx_field cgroup_sock_fields[] = {
#define X(field, ctx, rd, wr, full, common) SOCK(field, ctx, rd, wr),
	SOCK_FIELDS(X)
#undef X
		SOCK_DST_PORT4,
};

static const struct ctx_field sock_fields[] = {
#define X(field, ctx, rd, wr, full, common) SOCK(field, full, ALL, 0),
	SOCK_FIELDS(X)
#undef X
		SOCK_DST_PORT4,
};

static const struct ctx_field sock_common_fields[] = {
#define X(field, ctx, rd, wr, full, common) SOCK(field, common, ALL, 0),
	SOCK_FIELDS(X)
#undef X
		SOCK_DST_PORT4,
};

/* ---------------------------------------------------------- bpf_tcp_sock */

static_assert(offsetof(struct bpf_tcp_sock, sacked_out) == 19 * 4, "words");

/* The names of its words do not matter: all are plain, aligned and read only */
#define TCP_WORDS                                                              \
	{                                                                      \
		.off = 0, .size = 20 * 4, .elem = 4, .kind = CTX_SCALAR,       \
		.flags = R, .src_off = offsetof(struct cgbpf_sock, tcp.words), \
		.src_size = 20 * 4, .read_atypes = ALL, .name = "words",       \
	}
#define TCP(field)                                               \
	FIELD(struct bpf_tcp_sock, field, CTX_SCALAR, R, ALL, 0, \
	      struct cgbpf_sock, tcp.field)

static const struct ctx_field tcp_sock_fields[] = {
	TCP_WORDS,
	TCP(bytes_received),
	TCP(bytes_acked),
	TCP(dsack_dups),
	TCP(delivered),
	TCP(delivered_ce),
	TCP(icsk_retransmits),
};

/* --------------------------------------------------------- bpf_sock_addr */

#define ADDR4                                                         \
	(AT(INET4_BIND) | AT(INET4_CONNECT) | AT(INET4_GETPEERNAME) | \
	 AT(INET4_GETSOCKNAME) | AT(UDP4_SENDMSG) | AT(UDP4_RECVMSG))
#define ADDR6                                                         \
	(AT(INET6_BIND) | AT(INET6_CONNECT) | AT(INET6_GETPEERNAME) | \
	 AT(INET6_GETSOCKNAME) | AT(UDP6_SENDMSG) | AT(UDP6_RECVMSG))

#define ADDR(field, flags, who)                                         \
	FIELD(struct bpf_sock_addr, field, CTX_SCALAR, flags, who, who, \
	      struct sock_addr_ctx, field)
#define ADDR_SK(field)                                                        \
	FIELD_DEREF(struct bpf_sock_addr, field, R, struct sock_addr_ctx, sk, \
		    struct cgbpf_sock, field)

static const struct ctx_field sock_addr_fields[] = {
	ADDR(user_family, R, ALL),
	ADDR(user_ip4, RWN, ADDR4),
	ADDR(user_ip6, RWN | CTX_WIDE, ADDR6),
	/* a store reaches the two bytes of the port only */
	{ .off = offsetof(struct bpf_sock_addr, user_port),
	  .size = 4,
	  .elem = 4,
	  .kind = CTX_SCALAR,
	  .flags = RWN,
	  .src_off = offsetof(struct sock_addr_ctx, user_port),
	  .src_size = 2,
	  .read_atypes = ALL,
	  .write_atypes = ALL,
	  .name = "user_port" },
	ADDR_SK(family),
	ADDR_SK(type),
	ADDR_SK(protocol),
	ADDR(msg_src_ip4, RWN, AT(UDP4_SENDMSG)),
	ADDR(msg_src_ip6, RWN | CTX_WIDE, AT(UDP6_SENDMSG)),
	FIELD(struct bpf_sock_addr, sk, CTX_SOCK, R, ALL, 0,
	      struct sock_addr_ctx, sk),
};

/* ----------------------------------------------------------- bpf_sockopt */

#define OPT(field, kind, flags, rd, wr)                       \
	FIELD(struct bpf_sockopt, field, kind, flags, rd, wr, \
	      struct sockopt_ctx, field)

static const struct ctx_field sockopt_fields[] = {
	OPT(sk, CTX_SOCK, R, ALL, 0),
	OPT(optval, CTX_OPTVAL, R, ALL, 0),
	OPT(optval_end, CTX_OPTVAL_END, R, ALL, 0),
	OPT(level, CTX_SCALAR, RW, ALL, AT(SETSOCKOPT)),
	OPT(optname, CTX_SCALAR, RW, ALL, AT(SETSOCKOPT)),
	OPT(optlen, CTX_SCALAR, RW, ALL, ALL),
	{ .off = offsetof(struct bpf_sockopt, retval),
	  .size = 4,
	  .elem = 4,
	  .kind = CTX_SCALAR,
	  .flags = RW | CTX_DEREF,
	  .src_off = 0,
	  .src_size = 4,
	  .src_ptr = offsetof(struct sockopt_ctx, retval),
	  .read_atypes = AT(GETSOCKOPT),
	  .write_atypes = AT(GETSOCKOPT),
	  .name = "retval" },
};

/* ---------------------------------------------------- bpf_cgroup_dev_ctx */

#define DEV(field, flags)                                                  \
	FIELD(struct bpf_cgroup_dev_ctx, field, CTX_SCALAR, flags, ALL, 0, \
	      struct device_ctx, field)

static const struct ctx_field device_fields[] = {
	DEV(access_type, RN),
	DEV(major, R),
	DEV(minor, R),
};

/* ------------------------------------------------------------ bpf_sysctl */

static const struct ctx_field sysctl_fields[] = {
	FIELD(struct bpf_sysctl, write, CTX_SCALAR, RN, ALL, 0,
	      struct sysctl_ctx, write),
	/* the lower half of a position of eight bytes */
	{ .off = offsetof(struct bpf_sysctl, file_pos),
	  .size = 4,
	  .elem = 4,
	  .kind = CTX_SCALAR,
	  .flags = RWN,
	  .src_off = offsetof(struct sysctl_ctx, file_pos),
	  .src_size = 4,
	  .read_atypes = ALL,
	  .write_atypes = ALL,
	  .name = "file_pos" },
};

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	      "lower halves and narrow reads are at the first byte");

/* ------------------------------------------------------------- all types */

#define TYPE(ptype, uapi, table)                                 \
	{                                                        \
		.prog_type = ptype, .size = sizeof(struct uapi), \
		.name = #uapi, .fields = table,                  \
		.nr_fields = ARRAY_SIZE(table),                  \
	}

static const struct ctx_type ctx_types[] = {
	TYPE(BPF_PROG_TYPE_SOCKET_FILTER, __sk_buff, socket_filter_fields),
	TYPE(BPF_PROG_TYPE_SCHED_CLS, __sk_buff, sched_cls_fields),
	TYPE(BPF_PROG_TYPE_XDP, xdp_md, xdp_fields),
	TYPE(BPF_PROG_TYPE_CGROUP_SKB, __sk_buff, cgroup_skb_fields),
	TYPE(BPF_PROG_TYPE_CGROUP_SOCK, bpf_sock, cgroup_sock_fields),
	TYPE(BPF_PROG_TYPE_CGROUP_DEVICE, bpf_cgroup_dev_ctx, device_fields),
	TYPE(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, bpf_sock_addr, sock_addr_fields),
	TYPE(BPF_PROG_TYPE_CGROUP_SYSCTL, bpf_sysctl, sysctl_fields),
	TYPE(BPF_PROG_TYPE_CGROUP_SOCKOPT, bpf_sockopt, sockopt_fields),
};

static const struct ctx_type sock_type =
	TYPE(BPF_PROG_TYPE_UNSPEC, bpf_sock, sock_fields);
static const struct ctx_type sock_common_type =
	TYPE(BPF_PROG_TYPE_UNSPEC, bpf_sock, sock_common_fields);
static const struct ctx_type tcp_sock_type =
	TYPE(BPF_PROG_TYPE_UNSPEC, bpf_tcp_sock, tcp_sock_fields);

const struct ctx_type *ctx_type_of(u32 prog_type)
{
	for (size_t i = 0; i < ARRAY_SIZE(ctx_types); i++)
		if (ctx_types[i].prog_type == prog_type)
			return &ctx_types[i];
	return NULL;
}

const struct ctx_type *ctx_sock_type(void)
{
	return &sock_type;
}

const struct ctx_type *ctx_sock_common_type(void)
{
	return &sock_common_type;
}

const struct ctx_type *ctx_tcp_sock_type(void)
{
	return &tcp_sock_type;
}

/* Do @size bytes at @off of @field's struct make an access of it? */
static bool field_fits(const struct ctx_field *field, u32 off, u32 size,
		       bool write)
{
	u32 at = off - field->off;

	if (off < field->off || at + size > field->size)
		return false;
	if (field->flags & CTX_ANY)
		return true;
	if (!(field->flags & (write ? CTX_WRITE : CTX_READ)))
		return false;
	if (size == field->elem || (size == 8 && field->flags & CTX_WIDE))
		return true;
	if (write || size > field->elem)
		return false;
	return field->flags & CTX_NARROW ||
	       (field->flags & CTX_NARROW_START && at == 0);
}

static bool size_aligned(u32 off, u32 size)
{
	return (size == 1 || size == 2 || size == 4 || size == 8) &&
	       off % size == 0;
}

const struct ctx_field *ctx_find(const struct prog *prog, u32 off, u32 size,
				 bool write)
{
	const struct ctx_type *type = ctx_type_of(prog->type);
	int atype = attach_type_index(prog->expected_attach_type);
	u64 bit = atype < 0 ? 0 : 1ull << atype;

	if (!type || !size_aligned(off, size))
		return NULL;
	for (u32 i = 0; i < type->nr_fields; i++) {
		const struct ctx_field *field = &type->fields[i];
		u64 who = write ? field->write_atypes : field->read_atypes;

		if (!field_fits(field, off, size, write))
			continue;
		if (who != ALL && !(who & bit))
			continue;
		if (field->flags & CTX_DEVMAP_ONLY &&
		    prog->expected_attach_type != BPF_XDP_DEVMAP)
			continue;
		return field;
	}
	return NULL;
}

const struct ctx_field *ctx_type_find(const struct ctx_type *type, u32 off,
				      u32 size)
{
	if (!size_aligned(off, size))
		return NULL;
	for (u32 i = 0; i < type->nr_fields; i++)
		if (field_fits(&type->fields[i], off, size, false))
			return &type->fields[i];
	return NULL;
}
