/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets for the hooks: the public ones, and those of one run. */
#ifndef CGBPF_HOOK_SOCKET_H
#define CGBPF_HOOK_SOCKET_H

#include "vm/sock.h"

/* What programs see of @info. */
void sock_fill(struct cgbpf_sock *sk, const struct cgbpf_sock_info *info);
/* A socket for the time of one run, where the event has none: all zero.  It
 * borrows @cgroup, which may be NULL. */
void sock_temporary(struct cgbpf_sock *sk, struct cgbpf_env *env,
		    struct cgbpf_cgroup *cgroup);
void sock_temporary_end(struct cgbpf_sock *sk);

#endif
