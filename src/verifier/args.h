/* SPDX-License-Identifier: BSD-2-Clause */
/* The arguments of a helper's call.  See args.c. */
#ifndef CGBPF_VERIFIER_ARGS_H
#define CGBPF_VERIFIER_ARGS_H

#include "verifier/checks.h"
#include "vm/helper.h"

/* What the arguments of a call tell about the rest of it. */
struct call {
	const struct helper *helper;
	const struct map *map; /* the one that was given, or NULL */
	u32 map_uid;
	s64 key;	/* constant key of an array's element, or -1 */
	u32 ref_id;	/* the reference that was given, or 0 */
	u32 mem_size;	/* constant size of the result's memory */
	u32 released;	/* register that is given back, or 0 */
	u32 func_regno; /* register with a callback, or 0 */
};

/* args_check() - R1 to R5 are what call->helper takes; fills @call */
int args_check(struct verifier *v, struct call *call);

#endif
