// SPDX-License-Identifier: BSD-2-Clause
/*
 * Rewrites captures for the tests: other kinds of file, other link types,
 * more packets, fewer bytes.
 *
 *	capture_tool raw IN OUT		the IP packets alone
 *	capture_tool null IN OUT	after a BSD loopback header
 *	capture_tool vlan IN OUT	Ethernet, tagged: VLAN 7
 *	capture_tool qinq IN OUT	tagged twice: 802.1ad 100, VLAN 7
 *	capture_tool token IN OUT	as token ring, which is not read
 *	capture_tool pcapng IN OUT	the same in the other format
 *	capture_tool repeat N IN OUT	all of it N times
 *	capture_tool wire N IN OUT	says that they had N bytes on the wire
 *	capture_tool count IN		prints how many packets there are
 *	capture_tool sum IN		prints a checksum of the packets
 */
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned char out[1 << 18];

static void die(const char *what, const char *why)
{
	fprintf(stderr, "capture_tool: %s: %s\n", what, why);
	exit(1);
}

static pcap_t *open_in(const char *path)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline_with_tstamp_precision(
		path, PCAP_TSTAMP_PRECISION_NANO, error);

	if (!pcap)
		die(path, error);
	return pcap;
}

/* Bytes before the IP header, and the EtherType. */
static unsigned int link_header(int link_type, const unsigned char *p,
				unsigned int *type)
{
	unsigned int at, len;

	switch (link_type) {
	case DLT_EN10MB:
		at = 12;
		len = 14;
		break;
	case DLT_LINUX_SLL:
		at = 14;
		len = 16;
		break;
	case DLT_LINUX_SLL2:
		at = 0;
		len = 20;
		break;
	default:
		die("input", "link type");
		return 0;
	}
	*type = (unsigned int)p[at] << 8 | p[at + 1];
	return len;
}

static unsigned int put_ethernet(unsigned char *p, const char *kind,
				 unsigned int type)
{
	unsigned int n = 12;

	memset(p, 2, n);
	if (!strcmp(kind, "qinq")) {
		memcpy(p + n, "\x88\xa8\x00\x64", 4);
		n += 4;
	}
	memcpy(p + n, "\x81\x00\x00\x07", 4);
	n += 4;
	p[n++] = (unsigned char)(type >> 8);
	p[n++] = (unsigned char)type;
	return n;
}

static unsigned int put_null(unsigned char *p, unsigned int type)
{
	uint32_t family = type == 0x86dd ? 30 : 2;

	memcpy(p, &family, sizeof(family));
	return sizeof(family);
}

static unsigned int put_header(unsigned char *p, const char *kind,
			       unsigned int type)
{
	if (!strcmp(kind, "raw") || !strcmp(kind, "token"))
		return 0;
	return strcmp(kind, "null") ? put_ethernet(p, kind, type)
				    : put_null(p, type);
}

static int link_type_of(const char *kind)
{
	if (!strcmp(kind, "raw"))
		return DLT_RAW;
	if (!strcmp(kind, "null"))
		return DLT_NULL;
	return strcmp(kind, "token") ? DLT_EN10MB : DLT_IEEE802;
}

static void relink(const char *kind, const char *from, const char *to)
{
	pcap_t *in = open_in(from);
	pcap_t *dead = pcap_open_dead_with_tstamp_precision(
		link_type_of(kind), 262144, PCAP_TSTAMP_PRECISION_NANO);
	pcap_dumper_t *dump = pcap_dump_open(dead, to);
	const unsigned char *data;
	struct pcap_pkthdr *h;

	if (!dump)
		die(to, pcap_geterr(dead));
	while (pcap_next_ex(in, &h, &data) == 1) {
		struct pcap_pkthdr changed = *h;
		unsigned int type, skip, n;

		skip = link_header(pcap_datalink(in), data, &type);
		n = put_header(out, kind, type);
		memcpy(out + n, data + skip, h->caplen - skip);
		changed.caplen = h->caplen - skip + n;
		changed.len = h->len - skip + n;
		pcap_dump((unsigned char *)dump, &changed, out);
	}
	pcap_dump_close(dump);
	pcap_close(dead);
	pcap_close(in);
}

static void put32(FILE *f, uint32_t value)
{
	fwrite(&value, sizeof(value), 1, f);
}

/* A section header, an interface and a block for each packet: no options but
 * the resolution of times. */
static void to_pcapng(const char *from, const char *to)
{
	pcap_t *in = open_in(from);
	FILE *f = fopen(to, "wb");
	const unsigned char *data;
	struct pcap_pkthdr *h;

	if (!f)
		die(to, "cannot be written");
	put32(f, 0x0a0d0d0a);
	put32(f, 28);
	put32(f, 0x1a2b3c4d);
	put32(f, 1);
	put32(f, UINT32_MAX);
	put32(f, UINT32_MAX);
	put32(f, 28);
	put32(f, 1);
	put32(f, 32);
	put32(f, (uint32_t)(pcap_datalink(in) == DLT_LINUX_SLL2
				    ? 276
				    : pcap_datalink(in)));
	put32(f, 262144);
	put32(f, 1 << 16 | 9);
	put32(f, 9);
	put32(f, 0);
	put32(f, 32);
	while (pcap_next_ex(in, &h, &data) == 1) {
		uint64_t time = (uint64_t)h->ts.tv_sec * 1000000000u +
				(uint64_t)h->ts.tv_usec;
		uint32_t padded = (h->caplen + 3) & ~3u;

		put32(f, 6);
		put32(f, 32 + padded);
		put32(f, 0);
		put32(f, (uint32_t)(time >> 32));
		put32(f, (uint32_t)time);
		put32(f, h->caplen);
		put32(f, h->len);
		fwrite(data, 1, h->caplen, f);
		fwrite("\0\0\0", 1, padded - h->caplen, f);
		put32(f, 32 + padded);
	}
	fclose(f);
	pcap_close(in);
}

static void wire(long n, const char *from, const char *to)
{
	pcap_t *in = open_in(from);
	pcap_dumper_t *dump = pcap_dump_open(in, to);
	const unsigned char *data;
	struct pcap_pkthdr *h;

	if (!dump)
		die(to, pcap_geterr(in));
	while (pcap_next_ex(in, &h, &data) == 1) {
		h->len = (bpf_u_int32)n;
		pcap_dump((unsigned char *)dump, h, data);
	}
	pcap_dump_close(dump);
	pcap_close(in);
}

static void repeat(long n, const char *from, const char *to)
{
	pcap_t *in = open_in(from);
	pcap_dumper_t *dump = pcap_dump_open(in, to);
	const unsigned char *data;
	struct pcap_pkthdr *h;

	if (!dump)
		die(to, pcap_geterr(in));
	while (n-- > 0) {
		while (pcap_next_ex(in, &h, &data) == 1)
			pcap_dump((unsigned char *)dump, h, data);
		pcap_close(in);
		in = open_in(from);
	}
	pcap_dump_close(dump);
	pcap_close(in);
}

/* FNV-1a, and how many. */
static void sum(const char *from, int only_count)
{
	uint64_t hash = 0xcbf29ce484222325u, packets = 0;
	pcap_t *in = open_in(from);
	const unsigned char *data;
	struct pcap_pkthdr *h;

	while (pcap_next_ex(in, &h, &data) == 1) {
		packets++;
		for (unsigned int i = 0; i < h->caplen; i++)
			hash = (hash ^ data[i]) * 0x100000001b3u;
	}
	pcap_close(in);
	if (only_count)
		printf("%" PRIu64 "\n", packets);
	else
		printf("%016" PRIx64 "\n", hash);
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";

	if (argc == 3 && (!strcmp(what, "count") || !strcmp(what, "sum")))
		sum(argv[2], !strcmp(what, "count"));
	else if (argc == 5 && !strcmp(what, "repeat"))
		repeat(atol(argv[2]), argv[3], argv[4]);
	else if (argc == 5 && !strcmp(what, "wire"))
		wire(atol(argv[2]), argv[3], argv[4]);
	else if (argc == 4 && !strcmp(what, "pcapng"))
		to_pcapng(argv[2], argv[3]);
	else if (argc == 4)
		relink(what, argv[2], argv[3]);
	else
		die("usage", "see the head of its source");
	return 0;
}
