/* SPDX-License-Identifier: BSD-2-Clause */
#include "vm/retval.h"

#define ANY ~0u

/* The first line that fits decides. */
static const struct retval_rule {
	u32 prog_type, attach_type;
	struct retval_range range;
} rules[] = {
#define RULE(type, attach, min, max)          \
	{                                     \
		BPF_PROG_TYPE_##type, attach, \
		{                             \
			min, max              \
		}                             \
	}
	RULE(CGROUP_SKB, BPF_CGROUP_INET_EGRESS, 0, 3),
	RULE(CGROUP_SKB, ANY, 0, 1),
	RULE(CGROUP_SOCK, ANY, 0, 1),
	RULE(CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_BIND, 0, 3),
	RULE(CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_BIND, 0, 3),
	/* nothing to refuse: the message or the name is there already */
	RULE(CGROUP_SOCK_ADDR, BPF_CGROUP_UDP4_RECVMSG, 1, 1),
	RULE(CGROUP_SOCK_ADDR, BPF_CGROUP_UDP6_RECVMSG, 1, 1),
	RULE(CGROUP_SOCK_ADDR, BPF_CGROUP_UNIX_RECVMSG, 1, 1),
	RULE(CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_GETPEERNAME, 1, 1),
	RULE(CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_GETPEERNAME, 1, 1),
	RULE(CGROUP_SOCK_ADDR, BPF_CGROUP_UNIX_GETPEERNAME, 1, 1),
	RULE(CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_GETSOCKNAME, 1, 1),
	RULE(CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_GETSOCKNAME, 1, 1),
	RULE(CGROUP_SOCK_ADDR, BPF_CGROUP_UNIX_GETSOCKNAME, 1, 1),
	RULE(CGROUP_SOCK_ADDR, ANY, 0, 1),
	RULE(CGROUP_SOCKOPT, ANY, 0, 1),
	RULE(CGROUP_DEVICE, ANY, 0, 1),
	RULE(CGROUP_SYSCTL, ANY, 0, 1),
	RULE(SOCK_OPS, ANY, 0, 1),
#undef RULE
};

const struct retval_range *retval_range_of(const struct prog *prog)
{
	for (u32 i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].prog_type == prog->type &&
		    (rules[i].attach_type == ANY ||
		     rules[i].attach_type == prog->expected_attach_type))
			return &rules[i].range;
	return NULL;
}

bool retval_binds_attach_type(const struct prog *prog, s64 value)
{
	return prog->type == BPF_PROG_TYPE_CGROUP_SKB &&
	       prog->expected_attach_type == BPF_CGROUP_INET_EGRESS &&
	       (value == 2 || value == 3);
}
