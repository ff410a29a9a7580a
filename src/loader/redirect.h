/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libbpf's system calls, to an environment instead of to the kernel.
 *
 * 1. libbpf is linked with this file into one relocatable object in which
 *    each libc function that libbpf calls on a bpf fd, or on a path of a bpf
 *    file system, is wrapped.  All others are libc's own.
 * 2. Which environment: the one of the innermost redirect_begin() of this
 *    thread.  Without one, bpf(2) is ENOSYS: nothing ever reaches the kernel.
 * 3. fds of an environment are numbers from REDIRECT_FD_BASE up; below that
 *    a wrapped function is libc's.
 */
#ifndef CGBPF_LOADER_REDIRECT_H
#define CGBPF_LOADER_REDIRECT_H

#include "base/uapi.h"
#include "cgbpf.h"

/* Text that grows; what does not fit into memory is cut. */
struct text {
	char *buf; /* NUL terminated, or NULL */
	size_t len, capacity;
};

void text_add(struct text *text, const char *s, size_t len);
void text_clear(struct text *text);
const char *text_view(const struct text *text);

#define REDIRECT_FD_BASE 0x40000000

struct redirect {
	struct cgbpf_env *env;
	struct redirect *outer;
	/* what libbpf says */
	struct text words;
	/* the last PROG_LOAD, if it was refused: whose, how, why */
	int refused; /* -errno, or 0 */
	char refused_name[UAPI_OBJ_NAME_LEN];
	struct text refused_log;
};

void redirect_begin(struct redirect *redirect);
void redirect_end(struct redirect *redirect);

#endif
