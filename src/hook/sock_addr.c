/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses that programs see and may rewrite: CGROUP_SOCK_ADDR programs.
 *
 * A unix address can only be seen as such: what rewrites one in Linux is a
 * kernel function, not a helper, and not here.
 */
#include "vm/sock_addr.h"

#include <netinet/in.h>
#include <string.h>

#include "hook/hook.h"

#define BIND_NO_CHECK 1u /* in hook->flags */

static bool is_sendmsg(int atype)
{
	return atype == ATYPE_UDP4_SENDMSG || atype == ATYPE_UDP6_SENDMSG;
}

static bool is_bind(int atype)
{
	return atype == ATYPE_INET4_BIND || atype == ATYPE_INET6_BIND;
}

/* Both layouts at once: an attach type lets programs reach one of them. */
static void ctx_fill(struct sock_addr_ctx *ctx, struct cgbpf_sock *sk,
		     const struct sockaddr_storage *addr)
{
	const struct sockaddr_in *in = (const void *)addr;
	const struct sockaddr_in6 *in6 = (const void *)addr;

	*ctx = (struct sock_addr_ctx){
		.user_family = addr->ss_family,
		.user_ip4 = in->sin_addr.s_addr,
		.user_port = in->sin_port,
		.sk = sk,
		.msg_src_ip4 = sk->src_ip4,
	};
	memcpy(ctx->user_ip6, &in6->sin6_addr, 16);
	memcpy(ctx->msg_src_ip6, sk->src_ip6, 16);
}

static void msg_src_fill(struct sock_addr_ctx *ctx,
			 const struct sockaddr_storage *src)
{
	const struct sockaddr_in *in = (const void *)src;
	const struct sockaddr_in6 *in6 = (const void *)src;

	ctx->msg_src_ip4 = in->sin_addr.s_addr;
	memcpy(ctx->msg_src_ip6, &in6->sin6_addr, 16);
}

/* What programs wrote, into the layout that they could reach. */
static void addr_update(struct sockaddr_storage *addr, bool ip6, u32 ip4,
			const u32 words[4], const u32 *port)
{
	struct sockaddr_in *in = (void *)addr;
	struct sockaddr_in6 *in6 = (void *)addr;

	if (ip6)
		memcpy(&in6->sin6_addr, words, 16);
	else
		in->sin_addr.s_addr = ip4;
	if (port)
		in->sin_port = *port;
}

static bool has_ip6(int atype)
{
	switch (atype) {
	case ATYPE_INET6_BIND:
	case ATYPE_INET6_CONNECT:
	case ATYPE_INET6_GETPEERNAME:
	case ATYPE_INET6_GETSOCKNAME:
	case ATYPE_UDP6_SENDMSG:
	case ATYPE_UDP6_RECVMSG:
		return true;
	default:
		return false;
	}
}

static bool is_unix(int atype)
{
	switch (atype) {
	case ATYPE_UNIX_CONNECT:
	case ATYPE_UNIX_SENDMSG:
	case ATYPE_UNIX_RECVMSG:
	case ATYPE_UNIX_GETPEERNAME:
	case ATYPE_UNIX_GETSOCKNAME:
		return true;
	default:
		return false;
	}
}

int cgbpf_run_sock_addr(struct cgbpf_sock *sk, int attach_type,
			struct sockaddr_storage *addr, socklen_t *addr_len,
			struct sockaddr_storage *msg_src,
			const struct cgbpf_actor *actor,
			struct cgbpf_verdict *verdict)
{
	int atype = attach_type_index(attach_type);
	struct sockaddr_storage none = { 0 };
	struct sock_addr_ctx ctx;
	struct hook hook;

	if (atype < 0 ||
	    attach_types[atype].prog_type != BPF_PROG_TYPE_CGROUP_SOCK_ADDR)
		return -EINVAL;
	if (addr && *addr_len > sizeof(*addr))
		return -EINVAL;
	hook_init(&hook, sk->cgroup, atype, &ctx, actor, verdict);
	if (!hook_enter(&hook))
		return 0;
	if (!addr)
		addr = &none;
	ctx_fill(&ctx, sk, addr);
	if (msg_src && is_sendmsg(atype))
		msg_src_fill(&ctx, msg_src);
	hook.takes_flags = is_bind(atype);

	verdict->error = hook_finish(&hook, 0);
	verdict->no_bind_check = hook.flags & BIND_NO_CHECK;
	if (is_unix(atype))
		return 0;
	addr_update(addr, has_ip6(atype), ctx.user_ip4, ctx.user_ip6,
		    &ctx.user_port);
	if (msg_src && is_sendmsg(atype))
		addr_update(msg_src, has_ip6(atype), ctx.msg_src_ip4,
			    ctx.msg_src_ip6, NULL);
	return 0;
}
