/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Test runs of programs on packets.
 *
 * The caller's data is an Ethernet frame.  SCHED_CLS programs see all of it;
 * the others start at the network header, and their result has an Ethernet
 * header of zeroes in front.  An environment has one device, "lo", number 1.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>

#include "base/alloc.h"
#include "hook/hook.h"
#include "hook/socket.h"
#include "hook/test_run.h"
#include "vm/csum.h"
#include "vm/skb.h"

#define HEADROOM 64u  /* what Linux keeps in front of a packet, */
#define TAILROOM 320u /* and behind it, in a page */
#define WIRE_LEN_MAX 65536u
#define GSO_SEGS_MAX 65535u
#define STATE_CLOSE 7u

struct skb_test {
	struct skb_ctx skb;
	struct cgbpf_sock sk;
	struct __sk_buff ctx;
	bool has_ctx, l2;
	u32 csum_off; /* of what the whole packet's sum is over */
};

static int frame_read(const struct test *test, struct skb_ctx *skb)
{
	u32 size = test->attr->data_size_in;

	if (size < ETH_HLEN || size > PAGE_SIZE - HEADROOM - TAILROOM)
		return -EINVAL;
	skb->head = mem_zalloc(PAGE_SIZE);
	if (!skb->head)
		return -ENOMEM;
	skb->limit = skb->head + PAGE_SIZE - TAILROOM;
	skb->data = skb->head + HEADROOM;
	skb->data_end = skb->data + size;
	return task_copy_in(test->task, skb->data, test->attr->data_in, size);
}

/* To whom the frame is: lo's own and broadcast addresses are all zero. */
static u32 pkt_type_of(const u8 *mac)
{
	static const u8 lo[ETH_ALEN];

	if (mac[0] & 1)
		return PACKET_MULTICAST;
	return memcmp(mac, lo, ETH_ALEN) ? PACKET_OTHERHOST : PACKET_HOST;
}

/* Its ethertype, network order, or what stands for frames that have none. */
static u16 protocol_of(const struct skb_ctx *skb)
{
	const u8 *eth = skb->data, *payload = eth + ETH_HLEN;
	u16 type;

	memcpy(&type, eth + 2 * ETH_ALEN, 2);
	if (ntohs(type) >= ETH_P_802_3_MIN)
		return type;
	if (skb->data_end - payload >= 2 && payload[0] == 0xff &&
	    payload[1] == 0xff)
		return htons(ETH_P_802_3);
	return htons(ETH_P_802_2);
}

/* The link layer: where headers are, and whose packet it is. */
static int frame_parse(struct skb_test *t)
{
	struct skb_ctx *skb = &t->skb;
	struct cgbpf_sock *sk = &t->sk;
	const u8 *ip = skb->data + ETH_HLEN;
	size_t room = skb->data_end - ip;

	skb->mac_off = skb->data - skb->head;
	skb->net_off = ip - skb->head;
	skb->pkt_type = pkt_type_of(skb->data);
	skb->protocol = protocol_of(skb);
	skb->ifindex = 1;
	sk->state = STATE_CLOSE;
	sk->rx_queue_mapping = -1;
	switch (ntohs(skb->protocol)) {
	case ETH_P_IP:
		if (room < 20)
			return -EINVAL;
		sk->family = AF_INET;
		memcpy(&sk->src_ip4, ip + 12, 4);
		memcpy(&sk->dst_ip4, ip + 16, 4);
		break;
	case ETH_P_IPV6:
		if (room < 40)
			return -EINVAL;
		sk->family = AF_INET6;
		memcpy(sk->src_ip6, ip + 8, 16);
		memcpy(sk->dst_ip6, ip + 24, 16);
		break;
	}
	if (!t->l2)
		skb->data += ETH_HLEN;
	skb->data_meta = skb->data;
	skb->len = skb->data_end - skb->data;
	return 0;
}

/* Members of __sk_buff that a caller may set, in order; the rest is zero. */
static const struct {
	u16 from, to;
} settable[] = {
#define SPAN(first, last)                                             \
	{                                                             \
		offsetof(struct __sk_buff, first),                    \
			offsetof(struct __sk_buff, last) +            \
				sizeof(((struct __sk_buff *)0)->last) \
	}
	SPAN(mark, mark),
	SPAN(priority, ifindex),
	SPAN(cb, cb),
	SPAN(tstamp, gso_segs),
	SPAN(gso_size, gso_size),
	SPAN(hwtstamp, hwtstamp),
#undef SPAN
};

static bool others_zero(const struct __sk_buff *ctx)
{
	const u8 *bytes = (const u8 *)ctx;
	u32 off = 0;

	for (size_t i = 0; i <= ARRAY_SIZE(settable); i++) {
		bool last = i == ARRAY_SIZE(settable);
		u32 end = last ? sizeof(*ctx) : settable[i].from;

		for (; off < end; off++)
			if (bytes[off])
				return false;
		if (!last)
			off = settable[i].to;
	}
	return true;
}

static int ctx_to_skb(struct skb_test *t)
{
	const struct __sk_buff *ctx = &t->ctx;
	struct skb_ctx *skb = &t->skb;

	/* without a context not even the length is known */
	if (!t->has_ctx)
		return 0;
	skb->wire_len = skb->len;
	if (!others_zero(ctx))
		return -EINVAL;
	if (ctx->wire_len &&
	    (ctx->wire_len < skb->len || ctx->wire_len > WIRE_LEN_MAX))
		return -EINVAL;
	if (ctx->gso_segs > GSO_SEGS_MAX)
		return -EINVAL;
	skb->mark = ctx->mark;
	skb->priority = ctx->priority;
	skb->ingress_ifindex = ctx->ingress_ifindex;
	skb->tstamp = ctx->tstamp;
	skb->hwtstamp = ctx->hwtstamp;
	memcpy(skb->cb, ctx->cb, sizeof(skb->cb));
	if (ctx->wire_len)
		skb->wire_len = ctx->wire_len;
	skb->gso_segs = ctx->gso_segs;
	skb->gso_size = (u16)ctx->gso_size;
	return 0;
}

static void ctx_from_skb(struct skb_test *t)
{
	const struct skb_ctx *skb = &t->skb;
	struct __sk_buff *ctx = &t->ctx;

	ctx->mark = skb->mark;
	ctx->priority = skb->priority;
	ctx->ingress_ifindex = skb->ingress_ifindex;
	ctx->ifindex = skb->ifindex;
	ctx->tstamp = skb->tstamp;
	memcpy(ctx->cb, skb->cb, sizeof(skb->cb));
	ctx->wire_len = skb->wire_len;
	ctx->gso_segs = skb->gso_segs;
	ctx->hwtstamp = skb->hwtstamp;
}

/* The sum over the packet from its network header on. */
static u32 whole_csum(const struct skb_ctx *skb)
{
	const u8 *net = skb->head + skb->net_off;

	return csum_partial(net, skb->data_end - net, 0);
}

static int skb_prepare(struct test *test, struct skb_test *t)
{
	int err;

	err = frame_read(test, &t->skb);
	if (err)
		return err;
	err = test_ctx_read(test, &t->ctx, sizeof(t->ctx), &t->has_ctx);
	if (err)
		return err;
	if (t->ctx.ifindex > 1)
		return -ENODEV;
	err = frame_parse(t);
	if (err)
		return err;
	err = ctx_to_skb(t);
	if (err)
		return err;
	if (test->attr->flags & BPF_F_TEST_SKB_CHECKSUM_COMPLETE) {
		t->skb.csum = whole_csum(&t->skb);
		t->skb.ip_summed = SKB_CSUM_COMPLETE;
	}
	return 0;
}

static int skb_finish(struct test *test, struct skb_test *t)
{
	struct skb_ctx *skb = &t->skb;
	int err;

	if (!t->l2) {
		skb->data -= ETH_HLEN;
		memset(skb->data, 0, ETH_HLEN);
	}
	if (test->attr->flags & BPF_F_TEST_SKB_CHECKSUM_COMPLETE &&
	    csum_fold(skb->csum) != csum_fold(whole_csum(skb)))
		return -EBADMSG;
	err = test_data_write(test, skb->data, skb->data_end - skb->data, NULL,
			      0);
	if (err || !t->has_ctx)
		return err;
	ctx_from_skb(t);
	return test_ctx_write(test, &t->ctx, sizeof(t->ctx));
}

int test_run_skb(struct test *test, struct prog *prog)
{
	const struct attr_test_run *attr = test->attr;
	struct skb_test t = { .l2 = prog->type == BPF_PROG_TYPE_SCHED_CLS };
	int err;

	if (attr->flags & ~BPF_F_TEST_SKB_CHECKSUM_COMPLETE || attr->cpu ||
	    attr->batch_size)
		return -EINVAL;
	sock_temporary(&t.sk, prog->obj.env, NULL);
	t.skb.sk = &t.sk;
	err = skb_prepare(test, &t);
	if (!err)
		err = test_runs(test, prog, &t.skb);
	if (!err)
		err = skb_finish(test, &t);
	mem_free(t.skb.head);
	sock_temporary_end(&t.sk);
	return err;
}
