/* SPDX-License-Identifier: BSD-2-Clause */
/* Every program type with every attach type that makes a difference. */
#ifndef CGBPF_TESTS_LOCKSTEP_PROG_KINDS_H
#define CGBPF_TESTS_LOCKSTEP_PROG_KINDS_H

#include "object/attach_type.h"
#include "object/prog.h"

struct prog_kind {
	u32 type, attach_type;
	const char *name;
};

static const struct prog_kind prog_kinds[] = {
	{ BPF_PROG_TYPE_SOCKET_FILTER, 0, "socket_filter" },
	{ BPF_PROG_TYPE_SCHED_CLS, 0, "sched_cls" },
	{ BPF_PROG_TYPE_XDP, 0, "xdp" },
	{ BPF_PROG_TYPE_XDP, BPF_XDP_DEVMAP, "xdp_devmap" },
#define X(index, attach, prog, name) { BPF_PROG_TYPE_##prog, attach, name },
	CGROUP_ATTACH_TYPES(X)
#undef X
};

#define NR_PROG_KINDS (sizeof(prog_kinds) / sizeof(prog_kinds[0]))

#endif
