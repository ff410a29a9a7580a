/* SPDX-License-Identifier: BSD-2-Clause */
/* How far a long run is, on a terminal's standard error. */
#ifndef CGBPF_CLI_PROGRESS_H
#define CGBPF_CLI_PROGRESS_H

#include <sys/types.h>

#include "base/types.h"

struct progress {
	bool wanted, shown;
	u64 start, next; /* ns */
	off_t total;	 /* bytes, 0 if unknown */
};

void progress_start(struct progress *progress, off_t total);
/* May be called often: looks at the clock and no more, most of the time. */
void progress_update(struct progress *progress, u64 packets, off_t done);
/* Takes the line away.  Returns the seconds since the start. */
double progress_end(struct progress *progress);

#endif
