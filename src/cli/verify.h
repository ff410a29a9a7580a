/* SPDX-License-Identifier: BSD-2-Clause */
/* cgbpf verify: what the verifier says of each program of an object. */
#ifndef CGBPF_CLI_VERIFY_H
#define CGBPF_CLI_VERIFY_H

#include "base/types.h"

struct verify_args {
	const char *object, *prog; /* prog NULL: all */
	int log;		   /* 0: only why one is refused */
	bool json, help;
};

/* The verdict on one program. */
struct verdict {
	char *name, *section;
	int err;		       /* 0: it may run */
	char *log;		       /* without its lines of statistics */
	char reason[512], source[512]; /* of a refusal, or "" */
	u32 insns, states, peak_states;
	char stack[128]; /* "16+8": by function */
	u64 usec;
};

/* verdict_read() - statistics, reason and source out of @log, which it cuts */
void verdict_read(struct verdict *verdict);

int verify_text(const struct verify_args *args, const struct verdict *verdicts,
		size_t nr);
void verify_json(const struct verify_args *args, const struct verdict *verdicts,
		 size_t nr);

#endif
