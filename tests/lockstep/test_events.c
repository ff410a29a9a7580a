/* SPDX-License-Identifier: BSD-2-Clause */
/* Real packets and the same ones here: CGROUP_SKB. */
#include "scene.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <unistd.h>

#define SKB(field) ((int)offsetof(struct __sk_buff, field))
#define SK(field) ((int)offsetof(struct bpf_sock, field))
#define PORT_A 6000
#define PORT_B 5000
#define ETH_IP 0x0800
#define ETH_IP6 0x86dd
#define STATE_CLOSE 7

static const char text[] = "hello";

#define TEXT_LEN 5

/* ---- what programs see of a packet and its socket ---- */

static void rec_sock(struct recorder *rec, int ret)
{
	static const int fields[] = {
		SK(bound_dev_if), SK(family),	SK(type),	SK(protocol),
		SK(mark),	  SK(priority), SK(src_ip4),	SK(src_ip6[3]),
		SK(src_port),	  SK(dst_ip4),	SK(dst_ip6[3]), SK(state)
	};

	REC(rec, LOAD(BPF_DW, R1, R6, SKB(sk)), JMPI(BPF_JNE, R1, 0, 2),
	    MOVI(R0, ret), EXIT(), CALL(sk_fullsock), JMPI(BPF_JNE, R0, 0, 2),
	    MOVI(R0, ret), EXIT(), MOVR(R9, R0));
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		REC(rec, LOAD(BPF_W, R8, R9, (s16)fields[i]));
		rec_reg(rec, R8);
	}
	REC(rec, LOAD(BPF_H, R8, R9, SK(dst_port)));
	rec_reg(rec, R8);
}

static int skb_recorder(int map, u32 attach_type)
{
	static const int fields[] = { SKB(len),
				      SKB(pkt_type),
				      SKB(mark),
				      SKB(queue_mapping),
				      SKB(protocol),
				      SKB(vlan_present),
				      SKB(priority),
				      SKB(ingress_ifindex),
				      SKB(ifindex),
				      SKB(tc_index),
				      SKB(cb),
				      SKB(family),
				      SKB(remote_ip4),
				      SKB(local_ip4),
				      SKB(remote_ip6[3]),
				      SKB(local_ip6[3]),
				      SKB(remote_port),
				      SKB(local_port) };
	struct recorder rec;

	rec_begin(&rec, map);
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		rec_field(&rec, BPF_W, fields[i]);
	rec_sock(&rec, 1);
	return rec_load(&rec, attach_type, 1);
}

/* ---- a datagram from A to B ---- */

struct datagram {
	int family;
	bool recverr; /* the sender wants to hear of congestion */
};

static socklen_t local(struct sockaddr_storage *ss, int family, u16 port)
{
	struct sockaddr_in *in = (void *)ss;
	struct sockaddr_in6 *in6 = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	ss->ss_family = (sa_family_t)family;
	in->sin_port = htons(port);
	if (family == AF_INET) {
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(*in);
	}
	in6->sin6_addr = in6addr_loopback;
	return sizeof(*in6);
}

static int bound(int family, int type, u16 port)
{
	struct sockaddr_storage ss;
	socklen_t len = local(&ss, family, port);
	int fd = socket(family, type, 0), one = 1;

	must("socket", fd);
	must("reuse", setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, 4));
	must("bind", bind(fd, (struct sockaddr *)&ss, len));
	return fd;
}

static void datagram_real(struct stage *stage)
{
	const struct datagram *dgram = stage->arg;
	int a = bound(dgram->family, SOCK_DGRAM, PORT_A);
	int b = bound(dgram->family, SOCK_DGRAM, PORT_B);
	struct sockaddr_storage ss;
	socklen_t len = local(&ss, dgram->family, PORT_B);
	char buf[16];
	int one = 1;

	if (dgram->recverr)
		must("IP_RECVERR",
		     dgram->family == AF_INET
			     ? setsockopt(a, IPPROTO_IP, IP_RECVERR, &one, 4)
			     : setsockopt(a, IPPROTO_IPV6, IPV6_RECVERR, &one,
					  4));
	note_call(stage,
		  sendto(a, text, TEXT_LEN, 0, (struct sockaddr *)&ss, len));
	note_call(stage, recv(b, buf, sizeof(buf), MSG_DONTWAIT));
}

static struct cgbpf_sock *sock_at(struct cgbpf_cgroup *cgroup, int family,
				  int type, u32 state, u16 src, u16 dst)
{
	struct cgbpf_sock_info info = {
		.size = sizeof(info),
		.family = family,
		.type = type,
		.protocol = type == SOCK_DGRAM ? IPPROTO_UDP : IPPROTO_TCP,
		.state = state,
		.src_port = htons(src),
		.dst_port = htons(dst),
	};
	struct cgbpf_sock *sk;

	if (family == AF_INET) {
		info.src_ip4 = htonl(INADDR_LOOPBACK);
		info.dst_ip4 = dst ? info.src_ip4 : 0;
	} else {
		info.src_ip6[15] = 1;
		info.dst_ip6[15] = dst ? 1 : 0;
	}
	OK(cgbpf_sock_new(cgroup, &info, &sk));
	return sk;
}

struct frame {
	u8 bytes[256];
	struct cgbpf_packet packet;
};

/* IP header and @len bytes of transport header and data after it */
static void frame_make(struct frame *frame, int family, u8 protocol, u32 len)
{
	struct iphdr *ip = (void *)frame->bytes;
	struct ip6_hdr *ip6 = (void *)frame->bytes;

	memset(frame, 0, sizeof(*frame));
	frame->packet = (struct cgbpf_packet){
		.size = sizeof(frame->packet),
		.data = frame->bytes,
		.ifindex = 1,
	};
	if (family == AF_INET) {
		ip->version = 4;
		ip->ihl = 5;
		ip->tot_len = htons((u16)(sizeof(*ip) + len));
		ip->protocol = protocol;
		ip->saddr = ip->daddr = htonl(INADDR_LOOPBACK);
		frame->packet.protocol = ETH_IP;
		frame->packet.len = sizeof(*ip) + len;
	} else {
		ip6->ip6_vfc = 0x60;
		ip6->ip6_plen = htons((u16)len);
		ip6->ip6_nxt = protocol;
		ip6->ip6_src = ip6->ip6_dst = in6addr_loopback;
		frame->packet.protocol = ETH_IP6;
		frame->packet.len = sizeof(*ip6) + len;
	}
}

static void *transport(struct frame *frame, int family)
{
	return frame->bytes + (family == AF_INET ? sizeof(struct iphdr)
						 : sizeof(struct ip6_hdr));
}

/* Out of one socket and into the other: did it arrive? */
static struct cgbpf_verdict pass(struct frame *frame, struct cgbpf_sock *from,
				 struct cgbpf_sock *to, bool *arrived)
{
	struct cgbpf_verdict out, in;

	OK(cgbpf_run_skb(NULL, from, BPF_CGROUP_INET_EGRESS, &frame->packet,
			 NULL, &out));
	*arrived = false;
	if (out.error)
		return out;
	frame->packet.ingress_ifindex = 1;
	OK(cgbpf_run_skb(NULL, to, BPF_CGROUP_INET_INGRESS, &frame->packet,
			 NULL, &in));
	*arrived = !in.error;
	return out;
}

static void datagram_ours(struct stage *stage)
{
	const struct datagram *dgram = stage->arg;
	struct cgbpf_sock *a = sock_at(stage->cgroup, dgram->family, SOCK_DGRAM,
				       STATE_CLOSE, PORT_A, 0);
	struct cgbpf_sock *b = sock_at(stage->cgroup, dgram->family, SOCK_DGRAM,
				       STATE_CLOSE, PORT_B, 0);
	struct cgbpf_verdict verdict;
	struct frame frame;
	struct udphdr *udp;
	bool arrived;
	int error;

	frame_make(&frame, dgram->family, IPPROTO_UDP, sizeof(*udp) + TEXT_LEN);
	udp = transport(&frame, dgram->family);
	udp->source = htons(PORT_A);
	udp->dest = htons(PORT_B);
	udp->len = htons(sizeof(*udp) + TEXT_LEN);
	memcpy(udp + 1, text, TEXT_LEN);
	verdict = pass(&frame, a, b, &arrived);
	error = verdict.error;
	/* UDP tells of congestion only who asked */
	if (error == -ENOBUFS && !dgram->recverr)
		error = 0;
	note(stage, error ? error : TEXT_LEN);
	note(stage, arrived ? TEXT_LEN : -EAGAIN);
	cgbpf_sock_put(a);
	cgbpf_sock_put(b);
}

static const struct datagram datagrams[] = {
	{ AF_INET, false },
	{ AF_INET, true },
	{ AF_INET6, false },
	{ AF_INET6, true },
};

#define NR_DATAGRAMS (sizeof(datagrams) / sizeof(*datagrams))

static int hang(const char *path, int prog, u32 attach_type, u32 flags)
{
	int cgroup = MUST(ls_cgroup(ls, path));

	OK(ls_attach(ls, cgroup, prog, attach_type, BPF_F_ALLOW_MULTI | flags));
	return cgroup;
}

static void packet_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_DATAGRAMS; i++) {
		int in = record_map(), out = record_map();
		char path[16];
		int cgroup;

		snprintf(path, sizeof(path), "/f%zu", i);
		cgroup = hang(path, skb_recorder(in, BPF_CGROUP_INET_INGRESS),
			      BPF_CGROUP_INET_INGRESS, 0);
		OK(ls_attach(ls, cgroup,
			     skb_recorder(out, BPF_CGROUP_INET_EGRESS),
			     BPF_CGROUP_INET_EGRESS, BPF_F_ALLOW_MULTI));
		scene(path, datagram_real, datagram_ours, &datagrams[i]);
		ls_doing(ls, "egress, %zu", i);
		rec_compare(out, NULL);
		ls_doing(ls, "ingress, %zu", i);
		rec_compare(in, NULL);
	}
}

/* Appends @digit to the number in @order, counts in the cgroup's storage. */
static int marker(u32 attach_type, int order, int storage, int digit, int ret)
{
	return LS_PROG(ls, BPF_PROG_TYPE_CGROUP_SKB, attach_type, MOVI(R2, 0),
		       LDMAP(R1, storage), CALL(get_local_storage), MOVI(R1, 1),
		       ATOMIC_ADD(BPF_DW, R0, 0, R1), LDVALUE(R1, order, 0),
		       LOAD(BPF_DW, R2, R1, 0), OPI(BPF_MUL, R2, 10),
		       OPI(BPF_ADD, R2, digit), STORE(BPF_DW, R1, 0, R2),
		       MOVI(R0, ret), EXIT());
}

static u64 order_of(int order)
{
	u32 zero = 0;
	u64 value = 0;

	OK(ls_lookup(ls, order, &zero, &value, 0));
	return value;
}

/* AT-6, AT-7, CS-18: three levels, one storage each, preorder among them */
static void three_levels(void **state)
{
	static const char *const paths[] = { "/t", "/t/u", "/t/u/v" };
	static const u32 ways[] = { BPF_CGROUP_INET_INGRESS,
				    BPF_CGROUP_INET_EGRESS };
	int storage = MUST(ls_storage_map(ls, false, true));
	int percpu = MUST(ls_storage_map(ls, true, true));
	int order[2], cgroup[3];

	(void)state;
	for (int way = 0; way < 2; way++)
		order[way] = MUST(ls_map(ls, BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0));
	for (int i = 0; i < 3; i++)
		cgroup[i] = MUST(ls_cgroup(ls, paths[i]));
	for (int i = 0; i < 3; i++)
		for (int way = 0; way < 2; way++)
			for (int pre = 0; pre < 2; pre++)
				OK(ls_attach(ls, cgroup[i],
					     marker(ways[way], order[way],
						    pre ? percpu : storage,
						    1 + i * 2 + pre, 1),
					     ways[way],
					     BPF_F_ALLOW_MULTI |
						     (pre ? BPF_F_PREORDER
							  : 0)));
	ls_doing(ls, "/t/u/v");
	scene(paths[2], datagram_real, datagram_ours, &datagrams[0]);
	for (int way = 0; way < 2; way++)
		assert_int_equal(order_of(order[way]), 246531);
	ls_doing(ls, "/t/u");
	scene(paths[1], datagram_real, datagram_ours, &datagrams[2]);
	for (int way = 0; way < 2; way++)
		assert_int_equal(order_of(order[way]), 2465312431);
	for (int level = 0; level < 3; level++) {
		u64 sum;

		OK(ls_storage_get(ls, storage, cgroup[level], 0, &sum));
		assert_int_equal(sum, level == 2 ? 2 : 4);
		OK(ls_storage_get(ls, percpu, cgroup[level], 0, &sum));
		assert_int_equal(sum, level == 2 ? 2 : 4);
	}
}

/* AT-17, AT-18: all that two egress programs can say together */
static void egress_verdicts(void **state)
{
	int order = MUST(ls_map(ls, BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0));
	int storage = MUST(ls_storage_map(ls, false, true));
	int prog[4][2];

	(void)state;
	for (int ret = 0; ret < 4; ret++)
		for (int i = 0; i < 2; i++)
			prog[ret][i] = marker(BPF_CGROUP_INET_EGRESS, order,
					      storage, ret + 1 + i * 4, ret);
	for (int one = 0; one < 4; one++)
		for (int two = 0; two < 4; two++) {
			char path[32], child[40];

			snprintf(path, sizeof(path), "/v%d%d", one, two);
			snprintf(child, sizeof(child), "%s/c", path);
			hang(path, prog[one][0], BPF_CGROUP_INET_EGRESS, 0);
			hang(child, prog[two][1], BPF_CGROUP_INET_EGRESS, 0);
			for (size_t i = 0; i < NR_DATAGRAMS; i++) {
				ls_doing(ls, "%d then %d, datagram %zu", two,
					 one, i);
				scene(child, datagram_real, datagram_ours,
				      &datagrams[i]);
				order_of(order);
			}
		}
}

static void ingress_verdicts(void **state)
{
	int order = MUST(ls_map(ls, BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0));
	int storage = MUST(ls_storage_map(ls, true, true));

	(void)state;
	for (int one = 0; one < 2; one++)
		for (int two = 0; two < 2; two++) {
			char path[32], child[40];

			snprintf(path, sizeof(path), "/w%d%d", one, two);
			snprintf(child, sizeof(child), "%s/c", path);
			hang(path,
			     marker(BPF_CGROUP_INET_INGRESS, order, storage, 1,
				    one),
			     BPF_CGROUP_INET_INGRESS, 0);
			hang(child,
			     marker(BPF_CGROUP_INET_INGRESS, order, storage, 2,
				    two),
			     BPF_CGROUP_INET_INGRESS, 0);
			ls_doing(ls, "%d then %d", two, one);
			for (size_t i = 0; i < NR_DATAGRAMS; i += 2)
				scene(child, datagram_real, datagram_ours,
				      &datagrams[i]);
			order_of(order);
		}
}

/*
 * ---- a TCP connection: its handshake and data of the accepted socket, up to
 * where the kernel may put off or merge what it sends
 */

struct connection {
	int family, in, out;
};

static int tcp_recorder(int map, u32 attach_type, bool ip6, int ret)
{
	struct recorder rec;
	int off = (int)(ip6 ? sizeof(struct ip6_hdr) : sizeof(struct iphdr));

	rec_begin(&rec, map);
	/* ports and flags of the TCP header */
	REC(&rec, STOREI(BPF_DW, FP, -16, 0), STOREI(BPF_DW, FP, -8, 0),
	    MOVR(R1, R6), MOVI(R2, off), MOVR(R3, FP), OPI(BPF_ADD, R3, -16),
	    MOVI(R4, 14), CALL(skb_load_bytes), LOAD(BPF_W, R8, FP, -16));
	rec_reg(&rec, R8);
	REC(&rec, LOAD(BPF_B, R8, FP, -3));
	rec_reg(&rec, R8);
	rec_field(&rec, BPF_W, SKB(local_port));
	rec_field(&rec, BPF_W, SKB(remote_port));
	rec_field(&rec, BPF_W, SKB(remote_ip4));
	rec_field(&rec, BPF_W, SKB(local_ip4));
	rec_field(&rec, BPF_W, SKB(local_ip6[3]));
	rec_field(&rec, BPF_W, SKB(remote_ip6[3]));
	return rec_load(&rec, attach_type, ret);
}

static void note_records(struct stage *stage, const struct connection *how)
{
	struct record rec;

	stage_read(stage, how->in, &rec);
	note_bytes(stage, &rec, sizeof(rec));
	stage_read(stage, how->out, &rec);
	note_bytes(stage, &rec, sizeof(rec));
}

/* The one after the handshake's three */
static void note_last(struct stage *stage, int map)
{
	struct record rec;

	stage_read(stage, map, &rec);
	note_bytes(stage, rec.events[3], sizeof(rec.events[3]));
}

static void connection_real(struct stage *stage)
{
	const struct connection *how = stage->arg;
	int listener = bound(how->family, SOCK_STREAM, PORT_B);
	int client = bound(how->family, SOCK_STREAM, PORT_A);
	struct sockaddr_storage ss;
	socklen_t len = local(&ss, how->family, PORT_B);
	int accepted;

	must("listen", listen(listener, 1));
	note_call(stage, connect(client, (struct sockaddr *)&ss, len));
	accepted = accept(listener, NULL, NULL);
	must("accept", accepted);
	note_records(stage, how);
	must("write", write(accepted, text, TEXT_LEN));
	note_last(stage, how->out);
}

static void segment(int family, u8 flags, struct cgbpf_sock *from,
		    struct cgbpf_sock *to, bool back)
{
	struct cgbpf_verdict verdict;
	struct frame frame;
	struct tcphdr *tcp;
	bool arrived;

	frame_make(&frame, family, IPPROTO_TCP, sizeof(*tcp));
	tcp = transport(&frame, family);
	tcp->source = htons(back ? PORT_B : PORT_A);
	tcp->dest = htons(back ? PORT_A : PORT_B);
	((u8 *)tcp)[13] = flags;
	verdict = pass(&frame, from, to, &arrived);
	assert_int_equal(verdict.error, 0);
	assert_true(arrived);
}

static struct cgbpf_sock *accepted_by(struct cgbpf_sock *listener)
{
	struct cgbpf_sock_info info = { .size = sizeof(info) };
	struct cgbpf_sock *sk;

	cgbpf_sock_read(listener, &info);
	info.state = TCP_ESTABLISHED;
	info.dst_port = htons(PORT_A);
	memcpy(info.dst_ip6, info.src_ip6, 16);
	OK(cgbpf_sock_accept(listener, &info, &sk));
	return sk;
}

static void connection_ours(struct stage *stage)
{
	const struct connection *how = stage->arg;
	int family = how->family;
	struct cgbpf_sock *listener = sock_at(
		stage->cgroup, family, SOCK_STREAM, TCP_LISTEN, PORT_B, 0);
	struct cgbpf_sock *client = sock_at(stage->cgroup, family, SOCK_STREAM,
					    TCP_SYN_SENT, PORT_A, PORT_B);
	struct cgbpf_sock *sk = accepted_by(listener);

	note(stage, 0);
	segment(family, TH_SYN, client, listener, false);
	segment(family, TH_SYN | TH_ACK, listener, client, true);
	segment(family, TH_ACK, client, listener, false);
	note_records(stage, how);
	segment(family, TH_PUSH | TH_ACK, sk, client, true);
	note_last(stage, how->out);
	cgbpf_sock_put(sk);
	cgbpf_sock_put(client);
	cgbpf_sock_put(listener);
}

static void connections(void **state)
{
	static const int families[] = { AF_INET, AF_INET6 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct connection how = { families[i], record_map(),
					  record_map() };
		bool ip6 = how.family == AF_INET6;

		hang(ip6 ? "/h6" : "/h4",
		     tcp_recorder(how.in, BPF_CGROUP_INET_INGRESS, ip6, 1),
		     BPF_CGROUP_INET_INGRESS, 0);
		hang(ip6 ? "/h6/c" : "/h4/c",
		     tcp_recorder(how.out, BPF_CGROUP_INET_EGRESS, ip6, 1),
		     BPF_CGROUP_INET_EGRESS, 0);
		ls_doing(ls, "IPv%d", ip6 ? 6 : 4);
		scene(ip6 ? "/h6/c" : "/h4/c", connection_real, connection_ours,
		      &how);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(packet_fields),   cmocka_unit_test(three_levels),
	cmocka_unit_test(egress_verdicts), cmocka_unit_test(ingress_verdicts),
	cmocka_unit_test(connections),
};

DIRECTED_MAIN("events", tests)
