// SPDX-License-Identifier: BSD-2-Clause
// Packets and bytes of a cgroup, each way: twice, in the two kinds of cgroup
// storage.  Both programs use both maps.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct traffic {
	__u64 packets;
	__u64 bytes;
};

// The key has an attach type: each direction has a storage of its own.
struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, struct bpf_cgroup_storage_key);
	__type(value, struct traffic);
} each_way SEC(".maps");

// The key is the cgroup alone: both directions share one storage (Linux 5.9).
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE);
	__type(key, __u64);
	__type(value, struct traffic);
} both_ways SEC(".maps");

static __always_inline void count(struct traffic *to, __u32 bytes)
{
	__sync_fetch_and_add(&to->packets, 1);
	__sync_fetch_and_add(&to->bytes, bytes);
}

SEC("cgroup_skb/egress")
int egress(struct __sk_buff *skb)
{
	count(bpf_get_local_storage(&each_way, 0), skb->len);
	count(bpf_get_local_storage(&both_ways, 0), skb->len);
	return 1;
}

SEC("cgroup_skb/ingress")
int ingress(struct __sk_buff *skb)
{
	count(bpf_get_local_storage(&each_way, 0), skb->len);
	count(bpf_get_local_storage(&both_ways, 0), skb->len);
	return 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
