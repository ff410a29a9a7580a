/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers that move a packet's ends: of SCHED_CLS programs, which see packets
 * in test runs only, where the buffer is of our own memory and may move.
 */
#include "vm/helper_fn.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <string.h>

#include "base/alloc.h"
#include "vm/csum.h"
#include "vm/skb.h"

#define PACKET_MAX (16u * 1024)
#define BUFFER_MAX (4u << 20) /* Linux has no larger ones */
#define CSUM_LEVEL_MAX 3u

/* Room for @head more bytes in front and @tail behind: -ENOMEM. */
static int skb_grow(struct skb_ctx *skb, u32 head, u32 tail)
{
	size_t used = skb->limit - skb->head, before = skb->data - skb->head;
	size_t len = skb->data_end - skb->data;
	size_t more = head > before ? head - before : 0;
	size_t size = used + more + tail;
	u8 *buf;

	if (!more && tail <= (size_t)(skb->limit - skb->data_end))
		return 0;
	buf = mem_zalloc(size);
	if (!buf)
		return -ENOMEM;
	memcpy(buf + more, skb->head, used);
	skb->data_meta = buf + more + (skb->data_meta - skb->head);
	mem_free(skb->head);
	skb->head = buf;
	skb->limit = buf + size;
	skb->data = buf + more + before;
	skb->data_end = skb->data + len;
	skb->mac_off += more;
	skb->net_off += more;
	return 0;
}

HELPER(skb_change_tail)
{
	struct skb_ctx *skb = u64_to_ptr(r1);
	u32 len = skb->data_end - skb->data, new_len = r2;
	u32 least = skb->head + skb->net_off - skb->data;
	int err;

	if (r3 || new_len > PACKET_MAX || new_len < least)
		return -EINVAL;
	if (new_len > len) {
		err = skb_grow(skb, 0, new_len - len);
		if (err)
			return err;
		memset(skb->data_end, 0, new_len - len);
	}
	skb->data_end = skb->data + new_len;
	skb->len = new_len;
	skb->data_meta = skb->data;
	if (skb->ip_summed == SKB_CSUM_COMPLETE)
		skb->ip_summed = SKB_CSUM_NONE;
	return 0;
}

HELPER(skb_change_head)
{
	struct skb_ctx *skb = u64_to_ptr(r1);
	u32 room = r2;
	int err;

	/* a packet that is cut into segments later may be longer */
	if (r3 || room > INT32_MAX ||
	    (!skb->gso_size && skb->len + room > PACKET_MAX))
		return -EINVAL;
	if (room > BUFFER_MAX)
		return -ENOMEM;
	err = skb_grow(skb, room, 0);
	if (err)
		return err;
	skb->data -= room;
	memset(skb->data, 0, room);
	skb->mac_off = skb->data - skb->head;
	skb->len += room;
	skb->data_meta = skb->data;
	return 0;
}

HELPER(csum_level)
{
	struct skb_ctx *skb = u64_to_ptr(r1);
	bool checked = skb->ip_summed == SKB_CSUM_UNNECESSARY;

	switch (r2) {
	case BPF_CSUM_LEVEL_INC:
		if (checked && skb->csum_level < CSUM_LEVEL_MAX)
			skb->csum_level++;
		if (skb->ip_summed == SKB_CSUM_NONE) {
			skb->ip_summed = SKB_CSUM_UNNECESSARY;
			skb->csum_level = 0;
		}
		return 0;
	case BPF_CSUM_LEVEL_DEC:
		if (checked && skb->csum_level)
			skb->csum_level--;
		else if (checked)
			skb->ip_summed = SKB_CSUM_NONE;
		return 0;
	case BPF_CSUM_LEVEL_RESET:
		if (checked)
			skb->ip_summed = SKB_CSUM_NONE;
		skb->csum_level = 0;
		return 0;
	case BPF_CSUM_LEVEL_QUERY:
		return checked ? skb->csum_level : (u64)-EACCES;
	default:
		return -EINVAL;
	}
}

/* The time and what clock it is of: real, monotonic, atomic. */
HELPER(skb_set_tstamp)
{
	struct skb_ctx *skb = u64_to_ptr(r1);
	u32 type = r3;

	if (skb->protocol != htons(ETH_P_IP) &&
	    skb->protocol != htons(ETH_P_IPV6))
		return -EOPNOTSUPP;
	if (type > 2 || (type && !r2))
		return -EINVAL;
	skb->tstamp = r2;
	skb->tstamp_type = type;
	return 0;
}
