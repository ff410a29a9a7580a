// SPDX-License-Identifier: BSD-2-Clause
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, __u64);
	__type(value, __u64);
} bytes SEC(".maps");

SEC("cgroup_skb/egress")
int count_bytes(struct __sk_buff *skb)
{
	__u64 *n = bpf_get_local_storage(&bytes, 0);

	*n += skb->len;
	return 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
