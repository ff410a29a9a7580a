/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one table of attach types that cgroups have: which program type fits,
 * how people write them, and a dense index for tables and bit sets.
 */
#ifndef CGBPF_OBJECT_ATTACH_TYPE_H
#define CGBPF_OBJECT_ATTACH_TYPE_H

#include "base/uapi.h"

/* X(index, attach type, program type, name) - name: as bpftool writes it */
#define CGROUP_ATTACH_TYPES(X)                                               \
	X(INET_INGRESS, BPF_CGROUP_INET_INGRESS, CGROUP_SKB,                 \
	  "cgroup_inet_ingress")                                             \
	X(INET_EGRESS, BPF_CGROUP_INET_EGRESS, CGROUP_SKB,                   \
	  "cgroup_inet_egress")                                              \
	X(SOCK_CREATE, BPF_CGROUP_INET_SOCK_CREATE, CGROUP_SOCK,             \
	  "cgroup_inet_sock_create")                                         \
	X(SOCK_OPS, BPF_CGROUP_SOCK_OPS, SOCK_OPS, "cgroup_sock_ops")        \
	X(DEVICE, BPF_CGROUP_DEVICE, CGROUP_DEVICE, "cgroup_device")         \
	X(INET4_BIND, BPF_CGROUP_INET4_BIND, CGROUP_SOCK_ADDR,               \
	  "cgroup_inet4_bind")                                               \
	X(INET6_BIND, BPF_CGROUP_INET6_BIND, CGROUP_SOCK_ADDR,               \
	  "cgroup_inet6_bind")                                               \
	X(INET4_CONNECT, BPF_CGROUP_INET4_CONNECT, CGROUP_SOCK_ADDR,         \
	  "cgroup_inet4_connect")                                            \
	X(INET6_CONNECT, BPF_CGROUP_INET6_CONNECT, CGROUP_SOCK_ADDR,         \
	  "cgroup_inet6_connect")                                            \
	X(UNIX_CONNECT, BPF_CGROUP_UNIX_CONNECT, CGROUP_SOCK_ADDR,           \
	  "cgroup_unix_connect")                                             \
	X(INET4_POST_BIND, BPF_CGROUP_INET4_POST_BIND, CGROUP_SOCK,          \
	  "cgroup_inet4_post_bind")                                          \
	X(INET6_POST_BIND, BPF_CGROUP_INET6_POST_BIND, CGROUP_SOCK,          \
	  "cgroup_inet6_post_bind")                                          \
	X(UDP4_SENDMSG, BPF_CGROUP_UDP4_SENDMSG, CGROUP_SOCK_ADDR,           \
	  "cgroup_udp4_sendmsg")                                             \
	X(UDP6_SENDMSG, BPF_CGROUP_UDP6_SENDMSG, CGROUP_SOCK_ADDR,           \
	  "cgroup_udp6_sendmsg")                                             \
	X(UNIX_SENDMSG, BPF_CGROUP_UNIX_SENDMSG, CGROUP_SOCK_ADDR,           \
	  "cgroup_unix_sendmsg")                                             \
	X(SYSCTL, BPF_CGROUP_SYSCTL, CGROUP_SYSCTL, "cgroup_sysctl")         \
	X(UDP4_RECVMSG, BPF_CGROUP_UDP4_RECVMSG, CGROUP_SOCK_ADDR,           \
	  "cgroup_udp4_recvmsg")                                             \
	X(UDP6_RECVMSG, BPF_CGROUP_UDP6_RECVMSG, CGROUP_SOCK_ADDR,           \
	  "cgroup_udp6_recvmsg")                                             \
	X(UNIX_RECVMSG, BPF_CGROUP_UNIX_RECVMSG, CGROUP_SOCK_ADDR,           \
	  "cgroup_unix_recvmsg")                                             \
	X(GETSOCKOPT, BPF_CGROUP_GETSOCKOPT, CGROUP_SOCKOPT,                 \
	  "cgroup_getsockopt")                                               \
	X(SETSOCKOPT, BPF_CGROUP_SETSOCKOPT, CGROUP_SOCKOPT,                 \
	  "cgroup_setsockopt")                                               \
	X(INET4_GETPEERNAME, BPF_CGROUP_INET4_GETPEERNAME, CGROUP_SOCK_ADDR, \
	  "cgroup_inet4_getpeername")                                        \
	X(INET6_GETPEERNAME, BPF_CGROUP_INET6_GETPEERNAME, CGROUP_SOCK_ADDR, \
	  "cgroup_inet6_getpeername")                                        \
	X(UNIX_GETPEERNAME, BPF_CGROUP_UNIX_GETPEERNAME, CGROUP_SOCK_ADDR,   \
	  "cgroup_unix_getpeername")                                         \
	X(INET4_GETSOCKNAME, BPF_CGROUP_INET4_GETSOCKNAME, CGROUP_SOCK_ADDR, \
	  "cgroup_inet4_getsockname")                                        \
	X(INET6_GETSOCKNAME, BPF_CGROUP_INET6_GETSOCKNAME, CGROUP_SOCK_ADDR, \
	  "cgroup_inet6_getsockname")                                        \
	X(UNIX_GETSOCKNAME, BPF_CGROUP_UNIX_GETSOCKNAME, CGROUP_SOCK_ADDR,   \
	  "cgroup_unix_getsockname")                                         \
	X(SOCK_RELEASE, BPF_CGROUP_INET_SOCK_RELEASE, CGROUP_SOCK,           \
	  "cgroup_inet_sock_release")

enum cgroup_atype {
#define X(index, attach, prog, name) ATYPE_##index,
	CGROUP_ATTACH_TYPES(X)
#undef X
	NR_ATYPES,
};

struct attach_type {
	u32 uapi; /* enum bpf_attach_type */
	u32 prog_type;
	const char *name;
};

extern const struct attach_type attach_types[NR_ATYPES];

/* The index of a uapi attach type, or -EINVAL if no cgroup has it. */
int attach_type_index(u32 uapi);
/* By the name in the table, with or without "cgroup_" and "inet_" in front. */
int attach_type_by_name(const char *name);

#endif
