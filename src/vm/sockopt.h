/* SPDX-License-Identifier: BSD-2-Clause */
/* getsockopt and setsockopt: behind struct bpf_sockopt. */
#ifndef CGBPF_VM_SOCKOPT_H
#define CGBPF_VM_SOCKOPT_H

#include "base/types.h"
#include "vm/sock.h"

struct sockopt_ctx {
	struct cgbpf_sock *sk;
	u8 *optval, *optval_end;
	s32 level, optname, optlen;
	s32 *retval; /* the run's, which bpf_set_retval() also sets */
};

#endif
