/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A capture that is written: whole or not at all.  A regular file appears
 * under its name with writer_commit(), in place of one that was there before.
 */
#ifndef CGBPF_CLI_WRITER_H
#define CGBPF_CLI_WRITER_H

#include "cli/capture.h"

struct writer {
	const char *path;
	char *temporary; /* NULL: written to @path itself, which is no file */
	struct pcap_dumper *dumper;
};

/* -errno */
int writer_open(struct writer *writer, const char *path,
		const struct capture *like);
void writer_add(struct writer *writer, const struct frame *frame);
int writer_commit(struct writer *writer);
/* After a commit it does nothing. */
void writer_abort(struct writer *writer);

#endif
