/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench.h"

#include <math.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BATCHES 31
#define BATCH_NS 1e6

const struct bench_side bench_kernel = { .name = "live kernel" };

void bench_die(const char *fmt, ...)
{
	va_list args;

	fputs("bench: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

int bench_ok(int err, const char *what)
{
	if (err < 0)
		bench_die("%s: %s", what, strerror(-err));
	return err;
}

void bench_pin(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)sched_getcpu(), &set);
	bench_ok(sched_setaffinity(0, sizeof(set), &set), "pinning");
}

/* ---------------------------------------------------------------- the table */

static void value_text(char *buf, size_t size, enum bench_unit unit,
		       double value)
{
	static const char *const time[] = { "ns", "us", "ms", "s" };
	int scale = 0;

	if (isnan(value)) {
		snprintf(buf, size, "-");
	} else if (unit == BENCH_BYTES && value >= 1048576) {
		snprintf(buf, size, "%.1f MiB", value / 1048576);
	} else if (unit == BENCH_BYTES) {
		snprintf(buf, size, "%.0f B", value);
	} else if (unit == BENCH_RATE) {
		snprintf(buf, size, "%.2f M/s", value / 1e6);
	} else {
		for (; value >= 1000 && scale < 3; scale++)
			value /= 1000;
		snprintf(buf, size, value < 100 ? "%.2f %s" : "%.0f %s", value,
			 time[scale]);
	}
}

static void goal_text(char *buf, size_t size, const struct bench_row *row)
{
	char value[32];
	bool reached;

	buf[0] = '\0';
	if (row->goal_ratio > 0) {
		reached = row->ours <= row->goal_ratio * row->kernel;
		snprintf(buf, size, "<= %.1fx%s", row->goal_ratio,
			 reached ? ", reached" : "");
	} else if (row->goal > 0) {
		reached = row->ours > 0 && row->ours <= row->goal;
		value_text(value, sizeof(value), row->unit, row->goal);
		snprintf(buf, size, "<= %s%s", value,
			 reached ? ", reached" : "");
	}
}

static void line(const char *what, const char *ours, const char *kernel,
		 const char *ratio, const char *goal)
{
	printf("  %-52s %11s %11s %7s  %s\n", what, ours, kernel, ratio, goal);
	fflush(stdout);
}

void bench_title(const char *title)
{
	printf("\n%s\n", title);
	line("", "ours", bench_kernel.name, "ratio", "to reach");
}

void bench_row(const struct bench_row *row)
{
	char ours[32], kernel[32], ratio[32] = "-", goal[64];

	value_text(ours, sizeof(ours), row->unit, row->ours);
	value_text(kernel, sizeof(kernel), row->unit, row->kernel);
	if (row->ours > 0 && row->kernel > 0)
		snprintf(ratio, sizeof(ratio), "%.3g", row->ours / row->kernel);
	goal_text(goal, sizeof(goal), row);
	line(row->what, ours, kernel, ratio, goal);
}

/* --------------------------------------------------------------------- time */

static double clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

double bench_cpu_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

double bench_clock_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_median(double *values, size_t nr)
{
	qsort(values, nr, sizeof(*values), compare);
	return values[nr / 2];
}

static double batch_ns(void (*loop)(void *data, u32 n), void *data, u32 n)
{
	double start = bench_cpu_ns();

	loop(data, n);
	return bench_cpu_ns() - start;
}

static u32 batch_size(void (*loop)(void *data, u32 n), void *data)
{
	u32 n = 1;

	while (batch_ns(loop, data, n) < BATCH_NS)
		n *= 2;
	return n;
}

double bench_above(void (*loop)(void *data, u32 n), void *data, void *base)
{
	double values[BATCHES];
	u32 n = batch_size(loop, base);

	for (int i = 0; i < BATCHES; i++) {
		values[i] = batch_ns(loop, data, n);
		values[i] = (values[i] - batch_ns(loop, base, n)) / n;
	}
	return bench_median(values, BATCHES);
}

double bench_loop(void (*loop)(void *data, u32 n), void *data)
{
	double values[BATCHES];
	u32 n = batch_size(loop, data);

	for (int i = 0; i < BATCHES; i++)
		values[i] = batch_ns(loop, data, n) / n;
	return bench_median(values, BATCHES);
}

/* ---------------------------------------------------------------- two sides */

int bench_bpf(const struct bench_side *side, int cmd, union attr *attr)
{
	long ret;

	if (side->task)
		return cgbpf_bpf(side->task, cmd, (union bpf_attr *)attr,
				 sizeof(*attr));
	ret = syscall(SYS_bpf, cmd, attr, sizeof(*attr));
	return ret < 0 ? -errno : (int)ret;
}

void bench_close(const struct bench_side *side, int fd)
{
	if (side->task)
		cgbpf_close(side->task, fd);
	else
		close(fd);
}

bool bench_has_kernel(void)
{
	union attr attr = { .map_create = { .map_type = BPF_MAP_TYPE_ARRAY,
					    .key_size = 4,
					    .value_size = 4,
					    .max_entries = 1 } };
	int fd;

	if (geteuid())
		return false;
	fd = bench_bpf(&bench_kernel, BPF_MAP_CREATE, &attr);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}
