/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli/table.h"

#define SECOND 1000000000u

static u64 now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * SECOND + (u64)ts.tv_nsec;
}

void progress_start(struct progress *progress, off_t total)
{
	u64 start = now();

	*progress = (struct progress){
		.wanted = isatty(STDERR_FILENO),
		.start = start,
		.next = start + SECOND,
		.total = total,
	};
}

void progress_update(struct progress *progress, u64 packets, off_t done)
{
	char count[32], rate[32];
	u64 time;

	if (!progress->wanted)
		return;
	time = now();
	if (time < progress->next)
		return;
	progress->next = time + SECOND / 10;
	progress->shown = true;
	with_commas(count, packets);
	with_commas(rate, packets * 1000 /
				  max((time - progress->start) / 1000000, 1ul));
	fprintf(stderr, "\r\033[K%s packets, %s a second", count, rate);
	if (progress->total)
		fprintf(stderr, ", %d %%",
			(int)(done * 100.0 / (double)progress->total));
	fflush(stderr);
}

double progress_end(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	return (double)(now() - progress->start) / SECOND;
}
