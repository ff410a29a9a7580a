/* SPDX-License-Identifier: BSD-2-Clause */
/* What the programs and their host agree about. */
#ifndef CONFIG_H
#define CONFIG_H

#include <linux/types.h>

#define SOL_ROUTE 4711
#define ROUTE_SET 1

struct route {
	__be32 from, to;
};

struct config {
	struct route route;
	__u32 changes;
	__u32 redirected;
};

#endif
