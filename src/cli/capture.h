/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A capture file, one packet at a time: never more than one is in memory.
 *
 * <pcap/pcap.h> and <linux/bpf.h> both define struct bpf_insn, differently:
 * only capture.c and writer.c see the former.
 */
#ifndef CGBPF_CLI_CAPTURE_H
#define CGBPF_CLI_CAPTURE_H

#include <sys/time.h>

#include "base/types.h"
#include "cgbpf.h"

struct capture {
	const char *path;
	struct pcap *pcap;
	int link_type;
	off_t size; /* of the file, 0 if unknown */
	u8 *buf;    /* the present frame, writable */
	size_t capacity;
};

struct frame {
	struct timeval time;  /* with ns in tv_usec */
	u32 captured, length; /* bytes: kept, and on the wire */
	u8 *data;	      /* captured bytes, from the link header */
	/* what is inside it; not for others than IP (is_ip) */
	bool is_ip;
	int family;
	const void *src, *dst; /* addresses, in @data */
	struct cgbpf_packet packet;
};

/* Errors are said in @error. */
int capture_open(struct capture *capture, const char *path, char *error,
		 size_t size);
void capture_close(struct capture *capture);
/* 1: there is a frame, good until the next call; 0: the end; -1: an error */
int capture_next(struct capture *capture, struct frame *frame, char *error,
		 size_t size);
/* Bytes of the file read so far. */
off_t capture_position(const struct capture *capture);

/* A filter of pcap-filter(7) for frames of one capture. */
struct filter;

int filter_new(struct filter **out, const struct capture *capture,
	       const char *text, char *error, size_t size);
void filter_free(struct filter *filter);
bool filter_fits(const struct filter *filter, const struct frame *frame);

#endif
