/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers on sockets. */
#include "vm/helper_fn.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "vm/skb.h"
#include "vm/sock.h"
#include "vm/sock_addr.h"
#include "vm/sockopt.h"

#define STATE_NEW_SYN_RECV 12u /* a request, not yet a socket */

u64 sock_cookie(struct cgbpf_sock *sk)
{
	u64 cookie = __atomic_load_n(&sk->cookie, __ATOMIC_RELAXED), fresh;

	if (cookie)
		return cookie;
	fresh = __atomic_add_fetch(&sk->env->next_cookie, 1, __ATOMIC_RELAXED);
	if (__atomic_compare_exchange_n(&sk->cookie, &cookie, fresh, false,
					__ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return fresh;
	return cookie;
}

struct cgbpf_sock *run_sock(const struct run *run)
{
	switch (run->prog->type) {
	case BPF_PROG_TYPE_SOCKET_FILTER:
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_CGROUP_SKB:
		return ((struct skb_ctx *)run->ctx)->sk;
	case BPF_PROG_TYPE_CGROUP_SOCK:
		return run->ctx;
	case BPF_PROG_TYPE_CGROUP_SOCK_ADDR:
		return ((struct sock_addr_ctx *)run->ctx)->sk;
	case BPF_PROG_TYPE_CGROUP_SOCKOPT:
		return ((struct sockopt_ctx *)run->ctx)->sk;
	default:
		return NULL;
	}
}

bool sock_is_full(const struct cgbpf_sock *sk)
{
	return sk && sk->state != TCP_TIME_WAIT &&
	       sk->state != STATE_NEW_SYN_RECV;
}

HELPER(get_socket_cookie)
{
	struct cgbpf_sock *sk = run_sock(run);

	return sk ? sock_cookie(sk) : 0;
}

/* Sockets belong to whoever acts on them. */
HELPER(get_socket_uid)
{
	return run_uid(run);
}

/* An environment is one network namespace. */
HELPER(get_netns_cookie)
{
	return run->env->netns_cookie;
}

HELPER(sk_cgroup_id)
{
	const struct cgbpf_sock *sk = u64_to_ptr(r1);

	if (!sock_is_full(sk))
		return 0;
	return run->env->cgroup_ops->id(sk->cgroup ? sk->cgroup
						   : run->env->root);
}

HELPER(sk_ancestor_cgroup_id)
{
	const struct cgbpf_sock *sk = u64_to_ptr(r1);
	s32 level = r2;

	if (!sock_is_full(sk) || level < 0)
		return 0;
	return run->env->cgroup_ops->ancestor_id(
		sk->cgroup ? sk->cgroup : run->env->root, level);
}

HELPER(sk_fullsock)
{
	return sock_is_full(u64_to_ptr(r1)) ? r1 : 0;
}

HELPER(tcp_sock)
{
	const struct cgbpf_sock *sk = u64_to_ptr(r1);

	return sock_is_full(sk) && sk->protocol == IPPROTO_TCP ? r1 : 0;
}

HELPER(get_listener_sock)
{
	const struct cgbpf_sock *sk = u64_to_ptr(r1);

	return sk && sk->state == TCP_LISTEN ? r1 : 0;
}

/*
 * An environment has no table of sockets by address: nothing is ever found,
 * as on a machine where nobody listens.
 */
HELPER(sk_lookup_tcp)
{
	return 0;
}

HELPER(sk_lookup_udp)
{
	return 0;
}

HELPER(skc_lookup_tcp)
{
	return 0;
}

HELPER(sk_release)
{
	return 0;
}
