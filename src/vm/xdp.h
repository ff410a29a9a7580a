/* SPDX-License-Identifier: BSD-2-Clause */
/* A frame as XDP programs see it: behind struct xdp_md. */
#ifndef CGBPF_VM_XDP_H
#define CGBPF_VM_XDP_H

#include "base/types.h"

struct xdp_ctx {
	u8 *data, *data_end, *data_meta;
	u32 ingress_ifindex, rx_queue_index, egress_ifindex;
	u8 *head, *limit; /* the whole buffer */
	u8 *frags;	  /* what lies behind, out of direct reach */
	u32 frags_len;
};

#endif
