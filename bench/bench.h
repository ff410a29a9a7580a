/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the measurements share: time, medians, the table, and the two sides: an
 * environment of ours, and the live kernel where we may ask it.
 *
 * 1. One thread, pinned to one CPU.  Loops are timed by the thread's CPU time,
 *    so that other work on the machine counts as little as it can; single
 *    calls by the clock.
 * 2. What is shown is the median of several batches.
 * 3. Both sides do the same calls, one after the other, in one run.
 */
#ifndef CGBPF_BENCH_H
#define CGBPF_BENCH_H

#include "base/uapi.h"
#include "cgbpf.h"

/* No figure: not measured, or there is no such thing. */
#define BENCH_NONE __builtin_nan("")

/* How a row's figures read. */
enum bench_unit {
	BENCH_NS,
	BENCH_BYTES,
	BENCH_RATE, /* a second: more is better */
};

struct bench_row {
	const char *what;
	enum bench_unit unit;
	double ours, kernel;
	double goal;	   /* of ours, in the same unit; 0: none */
	double goal_ratio; /* of ours to the kernel's; 0: none */
};

void bench_pin(void);
void bench_title(const char *title);
/* Prints at once. */
void bench_row(const struct bench_row *row);
/* A failure ends the program: a figure that is wrong is worse than none. */
__attribute__((noreturn, format(printf, 1, 2))) void bench_die(const char *fmt,
							       ...);
/* @err as it came, if it is not negative. */
int bench_ok(int err, const char *what);

double bench_median(double *values, size_t nr);
double bench_cpu_ns(void);
double bench_clock_ns(void);
/*
 * bench_loop() - ns for one of the @n things that @loop(@data, @n) does: the
 * median of batches that are long enough for the clock.
 */
double bench_loop(void (*loop)(void *data, u32 n), void *data);
/*
 * bench_above() - ns that @loop takes more for @data than for @base: batches in
 * turn, so that what the machine does meanwhile is no difference; the median.
 */
double bench_above(void (*loop)(void *data, u32 n), void *data, void *base);

/* One of the two sides. */
struct bench_side {
	const char *name;
	struct cgbpf_task *task; /* NULL: the live kernel */
};

extern const struct bench_side bench_kernel;

/* May we load programs into the live kernel? */
bool bench_has_kernel(void);
/* bpf(2): the result, or -errno. */
int bench_bpf(const struct bench_side *side, int cmd, union attr *attr);
void bench_close(const struct bench_side *side, int fd);

/* The figures, each file's. */
void bench_run(void);
void bench_hierarchy(void);
void bench_load(void);
void bench_replay(const char *command, const char *object, const char *capture);

#endif
