/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Internet checksum: 32-bit one's complement sums of 16-bit words in
 * network order, and how they change when bytes do.
 */
#ifndef CGBPF_VM_CSUM_H
#define CGBPF_VM_CSUM_H

#include "base/types.h"

struct skb_ctx;

static inline u32 csum_add(u32 a, u32 b)
{
	u32 sum = a + b;

	return sum + (sum < b);
}

static inline u32 csum_sub(u32 a, u32 b)
{
	return csum_add(a, ~b);
}

/* The 16-bit checksum of a sum: its complement, folded. */
static inline u16 csum_fold(u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static inline u32 csum_unfold(u16 csum)
{
	return csum;
}

/* The sum of @len bytes that begin at an even offset, added to @sum. */
u32 csum_partial(const void *data, size_t len, u32 sum);
/* Two bytes of the sum's block changed from @old to @new: @csum points to
 * the checksum in the header. */
void csum_replace2(void *csum, u16 old, u16 new);
/* @len bytes at @at, @offset into the packet, become @with: the sum of the
 * whole, where the packet has one, follows. */
void skb_csum_replace(struct skb_ctx *skb, const void *at, const void *with,
		      u32 len, u32 offset);

#endif
