/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A packet, as SOCKET_FILTER, SCHED_CLS and CGROUP_SKB programs see it behind
 * struct __sk_buff.
 *
 * One linear buffer: head <= data <= data_end <= limit.  SCHED_CLS programs
 * start at the link layer header, the others at the network header.
 */
#ifndef CGBPF_VM_SKB_H
#define CGBPF_VM_SKB_H

#include "base/types.h"
#include "vm/sock.h"

/* What skb->ip_summed says of skb->csum. */
enum skb_csum {
	SKB_CSUM_NONE,
	SKB_CSUM_UNNECESSARY,
	SKB_CSUM_COMPLETE,
	SKB_CSUM_PARTIAL,
};

#define SKB_NO_MAC (~0u)

struct skb_ctx {
	u8 *data, *data_end, *data_meta;
	struct cgbpf_sock *sk; /* never NULL */

	/* as in struct __sk_buff */
	u32 len, pkt_type, mark;
	u16 queue_mapping, queue_mapping_zero; /* stores keep 16 bits */
	u32 protocol;			       /* network order */
	u32 vlan_present, vlan_tci, vlan_proto;
	u32 priority, ingress_ifindex, ifindex;
	u16 tc_index, tc_index_zero;
	u32 cb[5];
	u32 hash;
	u16 tc_classid, tc_classid_zero;
	u32 napi_id;
	u32 wire_len, gso_segs, gso_size;
	u32 tstamp_type; /* one byte of it */
	u64 tstamp, hwtstamp;

	u8 *head, *limit;     /* the whole buffer */
	u32 mac_off, net_off; /* of the headers, from head, or SKB_NO_MAC */
	enum skb_csum ip_summed;
	u32 csum_level;
	u32 csum;	 /* 32-bit one's complement sum, not folded */
	bool hash_valid; /* else bpf_get_hash_recalc() calculates one */
};

/*
 * skb_load() - @size (1, 2, 4) bytes at @off from the first byte, as LD_ABS and
 * LD_IND read them: network order turned to host's; negative offsets are
 * SKF_NET_OFF and SKF_LL_OFF.  False: outside the packet.
 */
bool skb_load(const struct skb_ctx *skb, s32 off, u32 size, u64 *value);

#endif
