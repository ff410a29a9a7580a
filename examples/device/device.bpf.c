// SPDX-License-Identifier: BSD-2-Clause
// A device policy: /dev/null, zero, full, random, urandom and terminals for
// reading and writing, nothing else, and no mknod.  What is refused is counted.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct refusals {
	__u32 count;
	__u32 major, minor; // of the last one
};

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, struct bpf_cgroup_storage_key);
	__type(value, struct refusals);
} refused SEC(".maps");

static __always_inline int allowed(struct bpf_cgroup_dev_ctx *ctx)
{
	// the low half is the device's kind, the high half what is wanted of it
	if ((ctx->access_type & 0xffff) != BPF_DEVCG_DEV_CHAR)
		return 0;
	if (ctx->access_type >> 16 & BPF_DEVCG_ACC_MKNOD)
		return 0;
	if (ctx->major == 1)
		return ctx->minor == 3 || ctx->minor == 5 || ctx->minor == 7 ||
		       ctx->minor == 8 || ctx->minor == 9;
	return ctx->major == 5 && ctx->minor == 0;
}

SEC("cgroup/dev")
int policy(struct bpf_cgroup_dev_ctx *ctx)
{
	struct refusals *r;

	if (allowed(ctx))
		return 1;
	r = bpf_get_local_storage(&refused, 0);
	__sync_fetch_and_add(&r->count, 1);
	r->major = ctx->major;
	r->minor = ctx->minor;
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
