/* SPDX-License-Identifier: BSD-2-Clause */
/* The live kernel's bpf(2), for tests that ask it one small thing at a time. */
#ifndef CGBPF_TESTS_LOCKSTEP_LIVE_H
#define CGBPF_TESTS_LOCKSTEP_LIVE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/uapi.h"

#define LIVE_SKIPPED 77

static inline int live_bpf(int cmd, void *attr, unsigned int size)
{
	long ret = syscall(SYS_bpf, cmd, attr, size);

	return ret < 0 ? -errno : (int)ret;
}

/* An fd or -errno; @log of @log_size bytes gets the reason. */
static inline int live_load(u32 type, u32 attach_type, bool gpl,
			    const struct bpf_insn *insns, u32 nr, char *log,
			    u32 log_size)
{
	struct attr_prog_load attr = {
		.prog_type = type,
		.expected_attach_type = attach_type,
		.insns = ptr_to_u64(insns),
		.insn_cnt = nr,
		.license = ptr_to_u64(gpl ? "GPL" : "BSD"),
		.log_level = log ? 1 : 0,
		.log_buf = ptr_to_u64(log),
		.log_size = log ? log_size : 0,
	};

	if (log)
		log[0] = 0;
	return live_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
}

/* Ends the test as skipped where no program can be loaded, or the kernel is
 * not of the version that we follow. */
static inline void live_need(void)
{
	static const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd =
		live_load(BPF_PROG_TYPE_CGROUP_SKB, 0, true, insns, 2, NULL, 0);

	if (fd < 0) {
		printf("skipped: bpf(2) says %s\n", strerror(-fd));
		exit(LIVE_SKIPPED);
	}
	close(fd);
}

#endif
