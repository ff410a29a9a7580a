/* SPDX-License-Identifier: BSD-2-Clause */
/* Address prefixes: "10.0.0.0/8", "fd00::/8", or a whole address. */
#ifndef CGBPF_CLI_PREFIX_H
#define CGBPF_CLI_PREFIX_H

#include "base/types.h"

struct prefix {
	int family; /* AF_INET, AF_INET6 */
	unsigned int bits;
	u8 addr[16];
};

/* -EINVAL: @s is no prefix */
int prefix_parse(struct prefix *prefix, const char *s);
bool prefix_has(const struct prefix *prefix, int family, const void *addr);

#endif
