/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers on packets: bytes, hash, cgroup. */
#include "vm/helper_fn.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/pkt_cls.h>
#include <string.h>

#include "object/map.h"
#include "object/map_cgroup_array.h"
#include "vm/csum.h"
#include "vm/skb.h"

static u32 skb_len(const struct skb_ctx *skb)
{
	return skb->data_end - skb->data;
}

bool skb_load(const struct skb_ctx *skb, s32 off, u32 size, u64 *value)
{
	const u8 *at = skb->data;
	s64 from = off;
	u32 word;

	if (off < 0 && off >= SKF_NET_OFF) {
		at = skb->head + skb->net_off;
		from -= SKF_NET_OFF;
	} else if (off < 0 && off >= SKF_LL_OFF && skb->mac_off != SKB_NO_MAC) {
		at = skb->head + skb->mac_off;
		from -= SKF_LL_OFF;
	} else if (off < 0) {
		return false;
	}
	if (from + size > skb->data_end - at)
		return false;
	at += from;
	word = at[0];
	for (u32 i = 1; i < size; i++)
		word = word << 8 | at[i];
	*value = word;
	return true;
}

HELPER(skb_load_bytes)
{
	const struct skb_ctx *skb = u64_to_ptr(r1);
	u32 offset = r2, len = r4;

	if (offset > INT32_MAX || (u64)offset + len > skb_len(skb)) {
		memset(u64_to_ptr(r3), 0, len);
		return -EFAULT;
	}
	memcpy(u64_to_ptr(r3), skb->data + offset, len);
	return 0;
}

HELPER(skb_load_bytes_relative)
{
	const struct skb_ctx *skb = u64_to_ptr(r1);
	u32 offset = r2, len = r4, start = r5;
	const u8 *from;

	if (offset > 0xffff || start > BPF_HDR_START_NET)
		goto fault;
	if (start == BPF_HDR_START_MAC && skb->mac_off == SKB_NO_MAC)
		goto fault;
	from = skb->head +
	       (start == BPF_HDR_START_MAC ? skb->mac_off : skb->net_off);
	if ((s64)offset + len > skb->data_end - from)
		goto fault;
	memcpy(u64_to_ptr(r3), from + offset, len);
	return 0;
fault:
	memset(u64_to_ptr(r3), 0, len);
	return -EFAULT;
}

static void hash_clear(struct skb_ctx *skb)
{
	skb->hash = 0;
	skb->hash_valid = false;
}

HELPER(skb_store_bytes)
{
	struct skb_ctx *skb = u64_to_ptr(r1);
	u32 offset = r2, len = r4;
	u8 *at;

	if (r5 & ~(u64)(BPF_F_RECOMPUTE_CSUM | BPF_F_INVALIDATE_HASH))
		return -EINVAL;
	if (offset > INT32_MAX || (u64)offset + len > skb_len(skb))
		return -EFAULT;
	at = skb->data + offset;
	if (r5 & BPF_F_RECOMPUTE_CSUM)
		skb_csum_replace(skb, at, u64_to_ptr(r3), len, offset);
	memcpy(at, u64_to_ptr(r3), len);
	if (r5 & BPF_F_INVALIDATE_HASH)
		hash_clear(skb);
	return 0;
}

/* All of it is linear and writable already. */
HELPER(skb_pull_data)
{
	const struct skb_ctx *skb = u64_to_ptr(r1);

	return (u32)r2 > skb_len(skb) ? -ENOMEM : 0;
}

HELPER(skb_change_type)
{
	struct skb_ctx *skb = u64_to_ptr(r1);
	u32 type = r2;

	if (skb->pkt_type > PACKET_OTHERHOST || type > PACKET_OTHERHOST)
		return -EINVAL;
	skb->pkt_type = type;
	return 0;
}

/* Marks an ECN capable IP packet as having met congestion: 1 if it is so. */
HELPER(skb_ecn_set_ce)
{
	struct skb_ctx *skb = u64_to_ptr(r1);
	u8 *ip = skb->head + skb->net_off;
	size_t room = skb->data_end - ip;

	if (skb->protocol == htons(ETH_P_IP) && room >= 20) {
		u16 old, new;

		if (!(ip[1] & 3))
			return 0;
		memcpy(&old, ip, 2);
		ip[1] |= 3;
		memcpy(&new, ip, 2);
		csum_replace2(ip + 10, old, new);
		return 1;
	}
	if (skb->protocol == htons(ETH_P_IPV6) && room >= 40) {
		u32 old, new;

		/* the class is in the last nibble of byte 0 and the first of 1
		 */
		if (!(ip[1] & 0x30))
			return 0;
		memcpy(&old, ip, 4);
		ip[1] |= 0x30;
		memcpy(&new, ip, 4);
		if (skb->ip_summed == SKB_CSUM_COMPLETE)
			skb->csum = csum_add(csum_sub(skb->csum, old), new);
		return 1;
	}
	return 0;
}

/* A hash over addresses and ports, the same for all packets of a flow. */
static u32 flow_hash(const struct skb_ctx *skb)
{
	const u8 *ip = skb->head + skb->net_off;
	size_t room = skb->data_end - ip, from = 0, to = 0;
	u32 hash = 2166136261u;

	if (skb->protocol == htons(ETH_P_IP) && room >= 24) {
		from = 12;
		to = ip[9] == IPPROTO_TCP || ip[9] == IPPROTO_UDP ? 24 : 20;
	} else if (skb->protocol == htons(ETH_P_IPV6) && room >= 44) {
		from = 8;
		to = ip[6] == IPPROTO_TCP || ip[6] == IPPROTO_UDP ? 44 : 40;
	}
	for (size_t i = from; i < to; i++)
		hash = (hash ^ ip[i]) * 16777619u;
	return hash ? hash : 1;
}

HELPER(get_hash_recalc)
{
	struct skb_ctx *skb = u64_to_ptr(r1);

	if (!skb->hash_valid) {
		skb->hash = flow_hash(skb);
		skb->hash_valid = true;
	}
	return skb->hash;
}

HELPER(set_hash_invalid)
{
	hash_clear(u64_to_ptr(r1));
	return 0;
}

HELPER(set_hash)
{
	struct skb_ctx *skb = u64_to_ptr(r1);

	skb->hash = r2;
	skb->hash_valid = true;
	return 0;
}

/* No routes here, so none has a realm. */
HELPER(get_route_realm)
{
	return 0;
}

HELPER(skb_under_cgroup)
{
	const struct skb_ctx *skb = u64_to_ptr(r1);
	struct map *map = u64_to_ptr(r2);
	struct cgbpf_cgroup *cgroup;
	u32 index = r3;

	if (!skb->sk->cgroup)
		return -ENOENT;
	if (index >= map->max_entries)
		return -E2BIG;
	cgroup = map_cgroup_at(map, index);
	if (!cgroup)
		return -EAGAIN;
	return run->env->cgroup_ops->is_descendant(skb->sk->cgroup, cgroup);
}

HELPER(skb_cgroup_id)
{
	const struct skb_ctx *skb = u64_to_ptr(r1);

	return helper_sk_cgroup_id(ptr_to_u64(skb->sk), 0, 0, 0, 0, run);
}

HELPER(skb_ancestor_cgroup_id)
{
	const struct skb_ctx *skb = u64_to_ptr(r1);

	return helper_sk_ancestor_cgroup_id(ptr_to_u64(skb->sk), r2, 0, 0, 0,
					    run);
}

HELPER(skb_cgroup_classid)
{
	return 0;
}

/* No device is behind a run: the verdict is all there is. */
HELPER(redirect)
{
	if (run->prog->type == BPF_PROG_TYPE_XDP)
		return r2 ? XDP_ABORTED : XDP_REDIRECT;
	return r2 & ~(u64)BPF_F_INGRESS ? TC_ACT_SHOT : TC_ACT_REDIRECT;
}
