/* SPDX-License-Identifier: BSD-2-Clause */
/* Access to device nodes: CGROUP_DEVICE programs. */
#include "vm/device.h"

#include "hook/hook.h"

int cgbpf_run_device(struct cgbpf_cgroup *cgroup, uint16_t type,
		     uint16_t access, uint32_t major, uint32_t minor,
		     const struct cgbpf_actor *actor,
		     struct cgbpf_verdict *verdict)
{
	struct device_ctx ctx = {
		.access_type = (u32)access << 16 | type,
		.major = major,
		.minor = minor,
	};
	struct hook hook;

	hook_init(&hook, cgroup, ATYPE_DEVICE, &ctx, actor, verdict);
	verdict->error = hook_run(&hook, 0);
	return 0;
}
