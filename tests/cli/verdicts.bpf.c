// SPDX-License-Identifier: BSD-2-Clause
// Each program one way to judge; what the command's tests attach.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, struct bpf_cgroup_storage_key);
	__type(value, __u64);
} seen SEC(".maps");

// no BTF of the value: shown as bytes
struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__uint(key_size, 16);
	__uint(value_size, 4);
} plain SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE);
	__type(key, struct bpf_cgroup_storage_key);
	__type(value, __u64);
} order SEC(".maps");

static __always_inline void note(void)
{
	__u64 *n = bpf_get_local_storage(&seen, 0);

	*n += 1;
}

SEC("cgroup_skb/egress")
int pass(struct __sk_buff *skb)
{
	note();
	return 1;
}

SEC("cgroup_skb/egress")
int drop(struct __sk_buff *skb)
{
	note();
	return 0;
}

SEC("cgroup_skb/egress")
int slow(struct __sk_buff *skb)
{
	return 3;
}

SEC("cgroup_skb/egress")
int drop_slow(struct __sk_buff *skb)
{
	return 2;
}

SEC("cgroup_skb/ingress")
int in(struct __sk_buff *skb)
{
	note();
	return 1;
}

// goes where the user says
SEC("cgroup/skb")
int anywhere(struct __sk_buff *skb)
{
	note();
	return 1;
}

SEC("cgroup_skb/egress")
int bytes(struct __sk_buff *skb)
{
	__u32 *n = bpf_get_local_storage(&plain, 0);

	*n = 0x04030201;
	return 1;
}

SEC("cgroup_skb/egress")
int per_cpu(struct __sk_buff *skb)
{
	__u64 *n = bpf_get_local_storage(&order, 0);

	*n += 1;
	return 1;
}

SEC("cgroup_skb/egress")
int trace(struct __sk_buff *skb)
{
	bpf_printk("length %d", skb->len);
	return 1;
}

SEC("cgroup_skb/egress")
int trace2(struct __sk_buff *skb)
{
	bpf_printk("second");
	return 1;
}

// none for a cgroup
SEC("xdp")
int none(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
