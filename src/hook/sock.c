/* SPDX-License-Identifier: BSD-2-Clause */
/* Events of a socket's life: CGROUP_SOCK programs. */
#include "hook/hook.h"
#include "vm/sock.h"

int cgbpf_run_sock(struct cgbpf_sock *sk, int attach_type,
		   const struct cgbpf_actor *actor,
		   struct cgbpf_verdict *verdict)
{
	int atype = attach_type_index(attach_type);
	struct hook hook;

	if (atype < 0 ||
	    attach_types[atype].prog_type != BPF_PROG_TYPE_CGROUP_SOCK)
		return -EINVAL;
	hook_init(&hook, sk->cgroup, atype, sk, actor, verdict);
	verdict->error = hook_run(&hook, 0);
	return 0;
}
