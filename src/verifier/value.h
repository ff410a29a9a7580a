/* SPDX-License-Identifier: BSD-2-Clause */
/* Values of maps, as programs reach them.  See value.c. */
#ifndef CGBPF_VERIFIER_VALUE_H
#define CGBPF_VERIFIER_VALUE_H

#include "base/types.h"

struct map;

/* Can nobody change a value of @map any more? */
bool value_is_constant(const struct map *map);

#endif
