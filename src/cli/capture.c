/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/capture.h"

#include <linux/if_ether.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"

#define IP4_HEADER 20
#define IP6_HEADER 40
#define VLAN_TAG 4

static u16 get_be16(const u8 *p)
{
	return (u16)(p[0] << 8 | p[1]);
}

static u32 get_be32(const u8 *p)
{
	return (u32)get_be16(p) << 16 | get_be16(p + 2);
}

/*
 * Link types.  Each parser says where the IP header is and which EtherType
 * it has; -1 for a frame too short.  Tags of VLANs are common to all.
 */
static int parse_ethernet(const u8 *p, size_t len, struct cgbpf_packet *packet)
{
	if (len < ETH_HLEN)
		return -1;
	packet->protocol = get_be16(p + 12);
	return ETH_HLEN;
}

/* The version of the IP header itself says what follows. */
static int parse_raw(const u8 *p, size_t len, struct cgbpf_packet *packet)
{
	if (len < 1)
		return -1;
	packet->protocol = p[0] >> 4 == 6 ? ETH_P_IPV6 : ETH_P_IP;
	return 0;
}

/* BSD loopback: an address family in the byte order of the machine that
 * captured, or in network order; IPv6's number differs between systems. */
static int parse_loopback(const u8 *p, size_t len, struct cgbpf_packet *packet)
{
	u32 family;

	if (len < 4)
		return -1;
	family = get_be32(p);
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	switch (family) {
	case 2:
		packet->protocol = ETH_P_IP;
		break;
	case 10:
	case 24:
	case 28:
	case 30:
		packet->protocol = ETH_P_IPV6;
		break;
	default:
		packet->protocol = 0;
	}
	return 4;
}

static int parse_cooked(const u8 *p, size_t len, struct cgbpf_packet *packet)
{
	if (len < 16)
		return -1;
	packet->protocol = get_be16(p + 14);
	return 16;
}

static int parse_cooked2(const u8 *p, size_t len, struct cgbpf_packet *packet)
{
	if (len < 20)
		return -1;
	packet->protocol = get_be16(p);
	packet->ifindex = get_be32(p + 4);
	return 20;
}

static const struct link_type {
	int dlt;
	int (*parse)(const u8 *p, size_t len, struct cgbpf_packet *packet);
} link_types[] = {
	{ DLT_EN10MB, parse_ethernet },	 { DLT_RAW, parse_raw },
	{ DLT_IPV4, parse_raw },	 { DLT_IPV6, parse_raw },
	{ DLT_NULL, parse_loopback },	 { DLT_LOOP, parse_loopback },
	{ DLT_LINUX_SLL, parse_cooked }, { DLT_LINUX_SLL2, parse_cooked2 },
};

static const struct link_type *link_type_of(int dlt)
{
	for (size_t i = 0; i < ARRAY_SIZE(link_types); i++)
		if (link_types[i].dlt == dlt)
			return &link_types[i];
	return NULL;
}

/* Steps over VLAN tags; the outermost one is the packet's. */
static int parse_vlan(const u8 *p, size_t len, int off,
		      struct cgbpf_packet *packet)
{
	while (packet->protocol == ETH_P_8021Q ||
	       packet->protocol == ETH_P_8021AD) {
		if (len < (size_t)off + VLAN_TAG)
			return -1;
		if (!packet->vlan_present) {
			packet->vlan_present = 1;
			packet->vlan_proto = packet->protocol;
			packet->vlan_tci = get_be16(p + off);
		}
		packet->protocol = get_be16(p + off + 2);
		off += VLAN_TAG;
	}
	return off;
}

/*
 * What the IP header says of itself, checked as the kernel's receive path
 * does: what it would throw away before any program sees it is no packet.
 * Lengths of zero (segmentation offload) mean all that is there.
 */
static bool parse_ip(struct frame *frame, u8 *ip, u32 len, u32 wire_len)
{
	struct cgbpf_packet *packet = &frame->packet;
	u32 header, total;

	if (packet->protocol == ETH_P_IP) {
		if (len < IP4_HEADER || ip[0] >> 4 != 4)
			return false;
		header = (ip[0] & 15) * 4u;
		total = get_be16(ip + 2);
		if (header < IP4_HEADER || (total && total < header))
			return false;
		frame->family = AF_INET;
		frame->src = ip + 12;
		frame->dst = ip + 16;
	} else if (packet->protocol == ETH_P_IPV6) {
		if (len < IP6_HEADER || ip[0] >> 4 != 6)
			return false;
		total = get_be16(ip + 4);
		if (total)
			total += IP6_HEADER;
		frame->family = AF_INET6;
		frame->src = ip + 8;
		frame->dst = ip + 24;
	} else {
		return false;
	}
	/* Ethernet pads short packets */
	packet->wire_len = total ? min(total, wire_len) : wire_len;
	packet->len = min(len, packet->wire_len);
	packet->data = ip;
	return true;
}

static void parse_frame(const struct link_type *type, struct frame *frame)
{
	struct cgbpf_packet *packet = &frame->packet;
	/* hostile captures say that they have more than there was */
	u32 len = min(frame->captured, frame->length);
	int off = type->parse(frame->data, len, packet);

	if (off >= 0)
		off = parse_vlan(frame->data, len, off, packet);
	if (off < 0)
		return;
	frame->is_ip = parse_ip(frame, frame->data + off, len - (u32)off,
				frame->length - (u32)off);
	packet->tstamp = (u64)frame->time.tv_sec * 1000000000u +
			 (u64)frame->time.tv_usec;
}

int capture_open(struct capture *capture, const char *path, char *error,
		 size_t size)
{
	struct capture c = { .path = path };
	char reason[PCAP_ERRBUF_SIZE];
	const char *name;
	struct stat st;

	c.pcap = pcap_open_offline_with_tstamp_precision(
		path, PCAP_TSTAMP_PRECISION_NANO, reason);
	if (!c.pcap) {
		/* some of libpcap's reasons begin with the name */
		size_t n = strlen(path);
		bool named = !strncmp(reason, path, n) && reason[n] == ':';

		snprintf(error, size, "%s", named ? reason + n + 2 : reason);
		return -EINVAL;
	}
	c.link_type = pcap_datalink(c.pcap);
	if (!link_type_of(c.link_type)) {
		name = pcap_datalink_val_to_name(c.link_type);
		snprintf(error, size, "its link type, %s, is not supported",
			 name ? name : "unknown");
		pcap_close(c.pcap);
		return -EINVAL;
	}
	if (!fstat(fileno(pcap_file(c.pcap)), &st) && S_ISREG(st.st_mode))
		c.size = st.st_size;
	*capture = c;
	return 0;
}

void capture_close(struct capture *capture)
{
	pcap_close(capture->pcap);
	mem_free(capture->buf);
}

int capture_next(struct capture *capture, struct frame *frame, char *error,
		 size_t size)
{
	struct pcap_pkthdr *header;
	const u8 *data;
	int ret = pcap_next_ex(capture->pcap, &header, &data);

	if (ret == PCAP_ERROR_BREAK)
		return 0;
	if (ret != 1) {
		snprintf(error, size, "%s", pcap_geterr(capture->pcap));
		return -1;
	}
	if (header->caplen > capture->capacity) {
		size_t capacity = max(header->caplen, 65536u);
		u8 *buf = mem_realloc(capture->buf, capacity);

		if (!buf) {
			snprintf(error, size, "%s", strerror(ENOMEM));
			return -1;
		}
		capture->buf = buf;
		capture->capacity = capacity;
	}
	*frame = (struct frame){
		.time = header->ts,
		.captured = header->caplen,
		.length = header->len,
		.data = capture->buf,
		.packet = { .size = sizeof(struct cgbpf_packet) },
	};
	if (header->caplen)
		memcpy(frame->data, data, header->caplen);
	parse_frame(link_type_of(capture->link_type), frame);
	return 1;
}

off_t capture_position(const struct capture *capture)
{
	return ftello(pcap_file(capture->pcap));
}

struct filter {
	struct bpf_program program;
};

int filter_new(struct filter **out, const struct capture *capture,
	       const char *text, char *error, size_t size)
{
	struct filter *filter = mem_zalloc(sizeof(*filter));

	if (!filter) {
		snprintf(error, size, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	if (pcap_compile(capture->pcap, &filter->program, text, 1,
			 PCAP_NETMASK_UNKNOWN)) {
		snprintf(error, size, "%s", pcap_geterr(capture->pcap));
		mem_free(filter);
		return -EINVAL;
	}
	*out = filter;
	return 0;
}

void filter_free(struct filter *filter)
{
	pcap_freecode(&filter->program);
	mem_free(filter);
}

bool filter_fits(const struct filter *filter, const struct frame *frame)
{
	struct pcap_pkthdr header = {
		.ts = frame->time,
		.caplen = frame->captured,
		.len = frame->length,
	};

	return pcap_offline_filter(&filter->program, &header, frame->data);
}
