/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers of XDP programs: where the frame starts and ends, bytes of it.
 *
 * The buffer begins with what a driver keeps there; then there is head room,
 * meta data, the packet, tail room.  Fragments, if any, follow the packet.
 */
#include "vm/helper_fn.h"

#include <string.h>

#include "vm/xdp.h"

#define FRAME_STRUCT 40u
#define ETH_LEN 14
#define META_MAX 255u

static u32 frame_len(const struct xdp_ctx *xdp)
{
	return xdp->data_end - xdp->data + xdp->frags_len;
}

HELPER(xdp_get_buff_len)
{
	return frame_len(u64_to_ptr(r1));
}

HELPER(xdp_adjust_head)
{
	struct xdp_ctx *xdp = u64_to_ptr(r1);
	size_t meta = xdp->data - xdp->data_meta;
	s32 offset = r2;

	if (offset < xdp->head + FRAME_STRUCT + meta - xdp->data ||
	    offset > xdp->data_end - ETH_LEN - xdp->data)
		return -EINVAL;
	memmove(xdp->data_meta + offset, xdp->data_meta, meta);
	xdp->data_meta += offset;
	xdp->data += offset;
	return 0;
}

HELPER(xdp_adjust_meta)
{
	struct xdp_ctx *xdp = u64_to_ptr(r1);
	s32 offset = r2;
	s64 meta = xdp->data - xdp->data_meta - (s64)offset;

	if (offset < xdp->head + FRAME_STRUCT - xdp->data_meta || meta < 0)
		return -EINVAL;
	if (meta % 4 || meta > META_MAX)
		return -EACCES;
	xdp->data_meta += offset;
	return 0;
}

/* The last fragment grows inside its page only. */
static int frags_adjust(struct xdp_ctx *xdp, s32 offset)
{
	u32 last = (xdp->frags_len - 1) % PAGE_SIZE + 1, less;

	if (offset >= 0) {
		if ((u32)offset > PAGE_SIZE - last)
			return -EINVAL;
		memset(xdp->frags + xdp->frags_len, 0, offset);
		xdp->frags_len += offset;
		return 0;
	}
	if (-(s64)offset > (s64)frame_len(xdp) - ETH_LEN)
		return -EINVAL;
	less = min(xdp->frags_len, (u32)-offset);
	xdp->frags_len -= less;
	xdp->data_end -= (u32)-offset - less;
	return 0;
}

HELPER(xdp_adjust_tail)
{
	struct xdp_ctx *xdp = u64_to_ptr(r1);
	s32 offset = r2;

	if (xdp->frags_len)
		return frags_adjust(xdp, offset);
	if (offset > xdp->limit - xdp->data_end ||
	    offset < ETH_LEN - (xdp->data_end - xdp->data))
		return -EINVAL;
	if (offset > 0)
		memset(xdp->data_end, 0, offset);
	xdp->data_end += offset;
	return 0;
}

/* Are @len bytes at @offset inside the frame? */
static int range_check(const struct xdp_ctx *xdp, u32 offset, u32 len)
{
	if (offset > 0xffff || len > 0xffff)
		return -EFAULT;
	return offset + len > frame_len(xdp) ? -EINVAL : 0;
}

/* How much of @len at @offset is in the first part, not in fragments. */
static u32 first_part(const struct xdp_ctx *xdp, u32 offset, u32 len)
{
	u32 linear = xdp->data_end - xdp->data;

	return offset < linear ? min(len, linear - offset) : 0;
}

static u8 *frag_at(const struct xdp_ctx *xdp, u32 offset)
{
	return xdp->frags + (offset - (xdp->data_end - xdp->data));
}

HELPER(xdp_load_bytes)
{
	const struct xdp_ctx *xdp = u64_to_ptr(r1);
	u32 offset = r2, len = r4, part;
	int err = range_check(xdp, offset, len);
	u8 *to = u64_to_ptr(r3);

	if (err)
		return err;
	part = first_part(xdp, offset, len);
	memcpy(to, xdp->data + offset, part);
	if (part < len)
		memcpy(to + part, frag_at(xdp, offset + part), len - part);
	return 0;
}

HELPER(xdp_store_bytes)
{
	const struct xdp_ctx *xdp = u64_to_ptr(r1);
	u32 offset = r2, len = r4, part;
	int err = range_check(xdp, offset, len);
	const u8 *from = u64_to_ptr(r3);

	if (err)
		return err;
	part = first_part(xdp, offset, len);
	memcpy(xdp->data + offset, from, part);
	if (part < len)
		memcpy(frag_at(xdp, offset + part), from + part, len - part);
	return 0;
}
