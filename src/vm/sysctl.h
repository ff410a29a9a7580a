/* SPDX-License-Identifier: BSD-2-Clause */
/* A file of /proc/sys is read or written: behind struct bpf_sysctl. */
#ifndef CGBPF_VM_SYSCTL_H
#define CGBPF_VM_SYSCTL_H

#include "base/types.h"

struct sysctl_ctx {
	u32 write;
	s64 file_pos; /* programs reach its lower half */
	const char *name;
	const char *current; /* NULL: cannot be read */
	size_t current_len;
	char *new_value; /* one page, or NULL where nothing is written */
	size_t new_len;
	bool new_updated;
};

#endif
