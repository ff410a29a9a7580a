// SPDX-License-Identifier: BSD-2-Clause
// No kernel takes this: the flags of bpf_get_local_storage() must be zero.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, __u64);
	__type(value, __u64);
} map SEC(".maps");

SEC("cgroup_skb/egress")
int a_program_with_a_long_name(struct __sk_buff *skb)
{
	__u64 *n = bpf_get_local_storage(&map, 1);

	*n += 1;
	return 1;
}

SEC("cgroup_skb/egress")
int good(struct __sk_buff *skb)
{
	return 1;
}

char _license[] SEC("license") = "GPL";
