// SPDX-License-Identifier: BSD-2-Clause
// Lets the first packets that leave a cgroup go, and no more.  The budget is
// a read-only variable, which a loader may set before the load.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile __u64 budget = 4;

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, struct bpf_cgroup_storage_key);
	__type(value, __u64);
} sent SEC(".maps");

SEC("cgroup_skb/egress")
int limit(struct __sk_buff *skb)
{
	__u64 *n = bpf_get_local_storage(&sent, 0);

	return __sync_fetch_and_add(n, 1) < budget;
}

char _license[] SEC("license") = "Dual BSD/GPL";
