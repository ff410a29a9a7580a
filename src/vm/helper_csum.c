/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers on checksums. */
#include "vm/helper_fn.h"

#include <string.h>

#include "vm/csum.h"
#include "vm/skb.h"

#define CSUM_MANGLED_0 0xffff

/* Eight bytes at a time: programs see the sum before it is folded, so it is
 * made as Linux makes it. */
u32 csum_partial(const void *data, size_t len, u32 sum)
{
	const u8 *at = data;
	u64 wide = sum, word;

	while (len) {
		size_t part = min(len, sizeof(word));

		word = 0;
		memcpy(&word, at, part);
		wide += word;
		wide += wide < word;
		at += part;
		len -= part;
	}
	return csum_add(wide >> 32, (u32)wide);
}

/* The checksum at @csum after its block's sum changed by @diff. */
static void csum_replace_by_diff(void *csum, u32 diff)
{
	u16 old, new;

	memcpy(&old, csum, 2);
	new = csum_fold(csum_add(diff, ~csum_unfold(old)));
	memcpy(csum, &new, 2);
}

void csum_replace2(void *csum, u16 old, u16 new)
{
	u32 sum;
	u16 was;

	memcpy(&was, csum, 2);
	sum = (u16)~was + (u16)~old + new;
	was = csum_fold(sum);
	memcpy(csum, &was, 2);
}

static void csum_replace4(void *csum, u32 old, u32 new)
{
	u16 was;

	memcpy(&was, csum, 2);
	was = csum_fold(csum_add(csum_sub(~csum_unfold(was), old), new));
	memcpy(csum, &was, 2);
}

/* A sum that begins at an odd offset is the other one with bytes swapped. */
static u32 csum_at(u32 sum, u32 offset)
{
	return offset & 1 ? sum >> 8 | sum << 24 : sum;
}

void skb_csum_replace(struct skb_ctx *skb, const void *at, const void *with,
		      u32 len, u32 offset)
{
	if (skb->ip_summed != SKB_CSUM_COMPLETE)
		return;
	skb->csum =
		csum_sub(skb->csum, csum_at(csum_partial(at, len, 0), offset));
	skb->csum = csum_add(skb->csum,
			     csum_at(csum_partial(with, len, 0), offset));
}

HELPER(csum_diff)
{
	const u8 *from = u64_to_ptr(r1), *to = u64_to_ptr(r3);
	u32 from_size = r2, to_size = r4, sum;

	if (!from_size && !to_size)
		return (u32)r5;
	/* the sum of what goes, subtracted; the sum of what comes, added */
	sum = r5;
	if (from_size)
		sum = csum_sub(sum, csum_partial(from, from_size, 0));
	if (to_size)
		sum = csum_add(sum, csum_partial(to, to_size, 0));
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

HELPER(csum_update)
{
	struct skb_ctx *skb = u64_to_ptr(r1);

	if (skb->ip_summed != SKB_CSUM_COMPLETE)
		return -ENOTSUPP;
	return skb->csum = csum_add(skb->csum, r2);
}

/* Where a checksum of the packet is: NULL if outside or badly placed. */
static u8 *csum_field(struct skb_ctx *skb, u32 offset)
{
	if (offset > 0xffff || offset & 1)
		return NULL;
	if (offset + 2 > skb->data_end - skb->data)
		return NULL;
	return skb->data + offset;
}

HELPER(l3_csum_replace)
{
	u8 *csum;

	if (r5 & ~(u64)BPF_F_HDR_FIELD_MASK)
		return -EINVAL;
	csum = csum_field(u64_to_ptr(r1), r2);
	if (!csum)
		return -EFAULT;
	switch (r5) {
	case 0:
		if (r3)
			return -EINVAL;
		csum_replace_by_diff(csum, r4);
		return 0;
	case 2:
		csum_replace2(csum, r3, r4);
		return 0;
	case 4:
		csum_replace4(csum, r3, r4);
		return 0;
	default:
		return -EINVAL;
	}
}

/*
 * A transport checksum's block changed by @diff (as a sum).  With a pseudo
 * header and a sum over the whole packet, that sum changes with the checksum:
 * the pseudo header is not in it.  A partial checksum covers only the pseudo
 * header, and is kept uncomplemented.
 */
static void l4_replace_by_diff(struct skb_ctx *skb, u8 *csum, u32 diff,
			       bool pseudo, bool ipv6)
{
	u16 was;

	if (skb->ip_summed != SKB_CSUM_PARTIAL) {
		csum_replace_by_diff(csum, diff);
		if (skb->ip_summed == SKB_CSUM_COMPLETE && pseudo && !ipv6)
			skb->csum = ~csum_add(diff, ~skb->csum);
	} else if (pseudo) {
		memcpy(&was, csum, 2);
		was = ~csum_fold(csum_add(diff, csum_unfold(was)));
		memcpy(csum, &was, 2);
	}
}

HELPER(l4_csum_replace)
{
	const u64 known = BPF_F_MARK_MANGLED_0 | BPF_F_MARK_ENFORCE |
			  BPF_F_PSEUDO_HDR | BPF_F_HDR_FIELD_MASK |
			  1ull << 7 /* BPF_F_IPV6 */;
	struct skb_ctx *skb = u64_to_ptr(r1);
	bool pseudo = r5 & BPF_F_PSEUDO_HDR, mmzero = r5 & BPF_F_MARK_MANGLED_0;
	u16 value;
	u8 *csum;

	if (r5 & ~known)
		return -EINVAL;
	csum = csum_field(skb, r2);
	if (!csum)
		return -EFAULT;
	memcpy(&value, csum, 2);
	if (mmzero && !(r5 & BPF_F_MARK_ENFORCE) && !value)
		return 0;
	switch (r5 & BPF_F_HDR_FIELD_MASK) {
	case 0:
		if (r3)
			return -EINVAL;
		l4_replace_by_diff(skb, csum, r4, pseudo, r5 & 1ull << 7);
		break;
	case 2:
		l4_replace_by_diff(skb, csum, csum_add((u16)r4, ~(u32)(u16)r3),
				   pseudo, false);
		break;
	case 4:
		l4_replace_by_diff(skb, csum, csum_add(r4, ~(u32)r3), pseudo,
				   false);
		break;
	default:
		return -EINVAL;
	}
	memcpy(&value, csum, 2);
	if (mmzero && !value) {
		value = CSUM_MANGLED_0;
		memcpy(csum, &value, 2);
	}
	return 0;
}
