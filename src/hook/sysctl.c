/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads and writes of /proc/sys: CGROUP_SYSCTL programs. */
#include "vm/sysctl.h"

#include <string.h>

#include "base/alloc.h"
#include "base/opts.h"
#include "hook/hook.h"

/*
 * A program may replace what is written by up to a page less a byte.  Without
 * memory the programs run all the same and see no new value: as in Linux they
 * decide what that means.
 */
int cgbpf_run_sysctl(struct cgbpf_cgroup *cgroup, struct cgbpf_sysctl *sysctl,
		     const struct cgbpf_actor *actor,
		     struct cgbpf_verdict *verdict)
{
	struct sysctl_ctx ctx = {
		.write = sysctl->write,
		.file_pos = sysctl->pos,
		.name = sysctl->name,
		.current = sysctl->current,
		.current_len = sysctl->current_len,
	};
	struct hook hook;
	int err;

	err = OPTS_CHECK(sysctl);
	if (err)
		return err;
	if (sysctl->write && (sysctl->capacity < PAGE_SIZE ||
			      sysctl->new_len > sysctl->capacity))
		return -EINVAL;
	sysctl->changed = false;
	hook_init(&hook, cgroup, ATYPE_SYSCTL, &ctx, actor, verdict);
	if (!hook_enabled(cgroup, ATYPE_SYSCTL))
		return 0;
	if (sysctl->write && sysctl->new_value && sysctl->new_len) {
		ctx.new_value = mem_alloc(PAGE_SIZE);
		if (ctx.new_value) {
			ctx.new_len = min(sysctl->new_len, (size_t)PAGE_SIZE);
			memcpy(ctx.new_value, sysctl->new_value, ctx.new_len);
		}
	}
	verdict->error = hook_run(&hook, 0);
	sysctl->pos = ctx.file_pos;
	if (!verdict->error && ctx.new_updated) {
		memcpy(sysctl->new_value, ctx.new_value, ctx.new_len + 1);
		sysctl->new_len = ctx.new_len;
		sysctl->changed = true;
	}
	mem_free(ctx.new_value);
	return 0;
}
