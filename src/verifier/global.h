/* SPDX-License-Identifier: BSD-2-Clause */
/* What BTF says of functions' arguments.  See global.c. */
#ifndef CGBPF_VERIFIER_GLOBAL_H
#define CGBPF_VERIFIER_GLOBAL_H

#include "verifier/checks.h"

enum func_arg_kind {
	FUNC_ARG_NUMBER,
	FUNC_ARG_CTX,
	FUNC_ARG_MEM,	 /* of size bytes, to read and write */
	FUNC_ARG_DYNPTR, /* which nobody can have here: not to be called */
};

struct func_arg {
	u8 kind;       /* enum func_arg_kind */
	bool nullable; /* FUNC_ARG_MEM */
	u32 size;
};

/* A function of the program. */
struct func {
	bool global;	   /* walked by itself: BTF says what it takes */
	bool called;	   /* a global one: by a path that was walked */
	bool walked;	   /* ditto: has been, or is about to be */
	bool moves_packet; /* it, or what it calls, has a helper that does */
	bool args_known;   /* args are right, or args_err says why not */
	int args_err;
	u32 nr_args;
	struct func_arg args[5];
};

/* The name of function @nr by BTF, or "". */
const char *func_name(const struct verifier *v, u32 nr);
/* func_args() - fills what is known of @nr's arguments.  -EINVAL: BTF says
 * nothing, or what cannot be checked. */
int func_args(struct verifier *v, u32 nr);
/* func_check_args() - R1 to R5 are what the global function @nr takes. */
int func_check_args(struct verifier *v, u32 nr);
/* func_enter_args() - what is known where global function @nr begins */
void func_enter_args(struct verifier *v, u32 nr, struct reg *regs);

#endif
