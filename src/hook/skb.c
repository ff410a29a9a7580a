/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets of a socket: CGROUP_SKB programs.
 *
 * Each program of an egress event says two things: bit 0, may the packet go;
 * bit 1, is there congestion (AT-18).  The packet goes if all let it; there is
 * congestion if any says so.  The sender hears of congestion in both cases: as
 * Linux tells it, by -ENOBUFS for a packet that did not go.
 */
#include "vm/skb.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "base/opts.h"
#include "hook/hook.h"
#include "hook/socket.h"

#define EGRESS_CONGESTION 1u /* in hook->flags */

/* The ports in front of a transport header, network order; none: zeroes. */
static void ports_of(const struct cgbpf_packet *packet, size_t off, u8 protocol,
		     u16 ports[2])
{
	memset(ports, 0, 4);
	if ((protocol == IPPROTO_TCP || protocol == IPPROTO_UDP) &&
	    off + 4 <= packet->len)
		memcpy(ports, (const u8 *)packet->data + off, 4);
}

/*
 * A packet whose socket is not modelled belongs to a socket as the packet
 * shows it: its addresses and ports, from the side that we are on.
 */
static void sock_of_packet(struct cgbpf_sock *sk, bool egress,
			   const struct cgbpf_packet *packet)
{
	struct cgbpf_sock_info info = {
		.size = sizeof(info),
		.rx_queue_mapping = CGBPF_NO_QUEUE,
	};
	const u8 *ip = packet->data;
	u16 ports[2];

	if (packet->protocol == ETH_P_IP && packet->len >= 20) {
		info.family = AF_INET;
		info.protocol = ip[9];
		ports_of(packet, (ip[0] & 15) * 4u, ip[9], ports);
		memcpy(&info.src_ip4, ip + (egress ? 12 : 16), 4);
		memcpy(&info.dst_ip4, ip + (egress ? 16 : 12), 4);
	} else if (packet->protocol == ETH_P_IPV6 && packet->len >= 40) {
		info.family = AF_INET6;
		info.protocol = ip[6];
		ports_of(packet, 40, ip[6], ports);
		memcpy(info.src_ip6, ip + (egress ? 8 : 24), 16);
		memcpy(info.dst_ip6, ip + (egress ? 24 : 8), 16);
	} else {
		return;
	}
	info.type = info.protocol == IPPROTO_TCP   ? SOCK_STREAM
		    : info.protocol == IPPROTO_UDP ? SOCK_DGRAM
						   : SOCK_RAW;
	info.src_port = ports[!egress];
	info.dst_port = ports[egress];
	sock_fill(sk, &info);
}

static void ctx_fill(struct skb_ctx *ctx, struct cgbpf_sock *sk,
		     const struct cgbpf_packet *packet)
{
	u8 *data = packet->data;

	*ctx = (struct skb_ctx){
		.data = data,
		.data_end = data + packet->len,
		.data_meta = data,
		.sk = sk,
		.len = packet->wire_len ? packet->wire_len : packet->len,
		.pkt_type = packet->pkt_type,
		.mark = packet->mark,
		.queue_mapping = packet->queue_mapping,
		.protocol = htons(packet->protocol),
		.vlan_present = packet->vlan_present,
		.vlan_tci = packet->vlan_tci,
		.vlan_proto = packet->vlan_proto,
		.priority = packet->priority,
		.ingress_ifindex = packet->ingress_ifindex,
		.ifindex = packet->ifindex,
		.tc_index = packet->tc_index,
		.hash = packet->hash,
		.napi_id = packet->napi_id,
		.tstamp = packet->tstamp,
		.hwtstamp = packet->hwtstamp,
		.gso_segs = packet->gso_segs,
		.gso_size = packet->gso_size,
		.head = data,
		.limit = data + packet->len,
		.mac_off = SKB_NO_MAC,
	};
	memcpy(ctx->cb, packet->cb, sizeof(ctx->cb));
}

int cgbpf_run_skb(struct cgbpf_cgroup *cgroup, struct cgbpf_sock *sock,
		  int attach_type, struct cgbpf_packet *packet,
		  const struct cgbpf_actor *actor,
		  struct cgbpf_verdict *verdict)
{
	bool egress = attach_type == BPF_CGROUP_INET_EGRESS;
	enum cgroup_atype atype = egress ? ATYPE_INET_EGRESS
					 : ATYPE_INET_INGRESS;
	struct cgbpf_sock guess;
	struct skb_ctx ctx;
	struct hook hook;
	int err;

	if (!egress && attach_type != BPF_CGROUP_INET_INGRESS)
		return -EINVAL;
	err = OPTS_CHECK(packet);
	if (err)
		return err;
	if (sock)
		cgroup = sock->cgroup;
	if (!cgroup)
		return -EINVAL;
	hook_init(&hook, cgroup, atype, &ctx, actor, verdict);
	if (!hook_enter(&hook))
		return 0;
	if (!sock) {
		sock_temporary(&guess, cgroup->env, cgroup);
		sock_of_packet(&guess, egress, packet);
	}
	ctx_fill(&ctx, sock ? sock : &guess, packet);
	hook.skb = &ctx;
	hook.takes_flags = egress;

	verdict->error = hook_finish(&hook, 0);
	verdict->congestion = hook.flags & EGRESS_CONGESTION;
	if (verdict->error && verdict->congestion)
		verdict->error = -ENOBUFS;
	packet->mark = ctx.mark;
	packet->priority = ctx.priority;
	packet->tstamp = ctx.tstamp;
	if (!sock)
		sock_temporary_end(&guess);
	return 0;
}
