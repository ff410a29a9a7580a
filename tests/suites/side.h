/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who answers the bpf(2) calls of a foreign test program: the live kernel, or
 * an environment.
 *
 * 1. The test program and its libbpf are linked with --wrap for the few libc
 *    functions they use on bpf fds; side.c has the wrappers.  Neither is
 *    changed.
 * 2. What was asked and answered is kept in shared memory, so that a process
 *    that forks for each case can tell of a case that crashed, too.
 */
#ifndef CGBPF_TESTS_SUITES_SIDE_H
#define CGBPF_TESTS_SUITES_SIDE_H

#include <stdbool.h>
#include <stdint.h>

#define SIDE_MAX_RUNS 8
#define SIDE_NO_VERDICT 1 /* nothing was loaded: never an errno of ours */

struct side_run {
	int err; /* 0 or -errno */
	uint32_t retval;
};

/* What came of one case. */
struct side_report {
	int32_t failed_map; /* type of a map that was refused, or -1 */
	int32_t map_error;
	int32_t verdict; /* of the watched load: 0, -errno, SIDE_NO_VERDICT */
	uint32_t prog_type, insns;
	uint32_t processed; /* instructions, if the log says so */
	uint64_t ns;	    /* of the system call */
	uint32_t nr_runs;
	struct side_run runs[SIDE_MAX_RUNS];
	char message[512]; /* the last line of the log that says something */
};

/* side_open() - "live" or "env"; false: no such side */
bool side_open(const char *name);

/*
 * side_begin() - a case begins, in a process of its own: loads whose log goes
 * to @log are the ones to watch.
 */
void side_begin(const void *log);

/* What the case told, in whatever process: of the last side_reset() on. */
const struct side_report *side_report(void);
void side_reset(void);
/* what its runs returned is nothing to compare */
void side_forget_runs(void);

/*
 * side_print() - one line of tab-separated fields on stdout: @name, the type,
 * "ok" or the errno's name, processed instructions, microseconds, what runs
 * returned, the message.  @status: as wait(2) gave it.
 */
void side_print(const char *name, const char *type, int status);

#endif
