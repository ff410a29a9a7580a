/* SPDX-License-Identifier: BSD-2-Clause */
/* What programs may return, by program type and attach type: rule AT-19. */
#ifndef CGBPF_VM_RETVAL_H
#define CGBPF_VM_RETVAL_H

#include "object/prog.h"

struct retval_range {
	s64 min, max;
};

/* NULL: programs of this type return what they like. */
const struct retval_range *retval_range_of(const struct prog *prog);
/*
 * Only for @prog's attach type: a return value that may not come from a
 * program that is attached elsewhere (egress: 2 and 3).
 */
bool retval_binds_attach_type(const struct prog *prog, s64 value);

static inline bool retval_fits(const struct retval_range *range, u64 value)
{
	return !range || ((s64)value >= range->min && (s64)value <= range->max);
}

#endif
