// SPDX-License-Identifier: BSD-2-Clause
// Two ways to block a port.  One forgets that a packet may be short:
//
//	cgbpf verify refused.bpf.o
#include <linux/bpf.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define BLOCKED bpf_htons(53)

SEC("cgroup_skb/egress")
int careless(struct __sk_buff *skb)
{
	struct iphdr *ip = (void *)(long)skb->data;
	struct udphdr *udp = (void *)(ip + 1);

	return udp->dest != BLOCKED;
}

SEC("cgroup_skb/egress")
int careful(struct __sk_buff *skb)
{
	struct iphdr *ip = (void *)(long)skb->data;
	struct udphdr *udp = (void *)(ip + 1);

	if ((void *)(udp + 1) > (void *)(long)skb->data_end)
		return 1;
	return udp->dest != BLOCKED;
}

char _license[] SEC("license") = "GPL";
