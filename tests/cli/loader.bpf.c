// SPDX-License-Identifier: BSD-2-Clause
// What libbpf does for objects: global data of all kinds, pinning by name,
// calls between functions.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile __u32 factor = 2;
__u32 total = 100;
__u32 zeroed;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} pinned SEC(".maps");

static __noinline __u32 scaled(__u32 n)
{
	return n * factor;
}

SEC("cgroup_skb/egress")
int count(struct __sk_buff *skb)
{
	__u32 key = 0, *n = bpf_map_lookup_elem(&pinned, &key);

	total += scaled(skb->len);
	zeroed++;
	if (n)
		*n += 1;
	return 1;
}

char _license[] SEC("license") = "GPL";
