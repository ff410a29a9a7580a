/* SPDX-License-Identifier: BSD-2-Clause */
/* A device node is opened or made: behind struct bpf_cgroup_dev_ctx. */
#ifndef CGBPF_VM_DEVICE_H
#define CGBPF_VM_DEVICE_H

#include "base/types.h"

struct device_ctx {
	u32 access_type; /* access << 16 | type */
	u32 major, minor;
};

#endif
