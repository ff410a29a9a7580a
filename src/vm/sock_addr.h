/* SPDX-License-Identifier: BSD-2-Clause */
/* bind, connect, sendmsg, recvmsg, get*name: behind struct bpf_sock_addr. */
#ifndef CGBPF_VM_SOCK_ADDR_H
#define CGBPF_VM_SOCK_ADDR_H

#include "base/types.h"
#include "vm/sock.h"

struct sock_addr_ctx {
	u32 user_family; /* of the address, not of the socket */
	u32 user_ip4, user_ip6[4];
	u32 user_port; /* network order, in the lower half */
	u32 msg_src_ip4, msg_src_ip6[4];
	struct cgbpf_sock *sk;
};

#endif
