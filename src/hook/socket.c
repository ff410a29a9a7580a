/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets: made in a cgroup, whose programs they keep alive (AT-16).
 *
 * An accepted socket holds its listener's cgroup on its own account, even when
 * that cgroup has been removed (KB-15).
 */
#include "hook/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/alloc.h"
#include "base/opts.h"
#include "cgroup/cgroup.h"
#include "vm/sock.h"

static bool is_mapped(const u8 ip6[16])
{
	static const u8 prefix[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(ip6, prefix, sizeof(prefix));
}

/*
 * What Linux leaves in the fields of the other family:
 *
 * - an IPv6 socket with an address of its own shows this as its IPv4 one; an
 *   accepted one shows it for both sides;
 * - an IPv4 one of TCP with a peer shows both addresses as mapped ones.
 */
#define IP4_OF_IP6 0x7f000006u

static bool is_any(const u8 ip6[16])
{
	static const u8 any[16];

	return !memcmp(ip6, any, sizeof(any));
}

static bool is_plain_ip6(const struct cgbpf_sock_info *info, const u8 ip6[16])
{
	return info->family == AF_INET6 && !is_any(ip6) && !is_mapped(ip6);
}

/* An address of @info into the socket's two ways to see it. */
static void address_set(u32 *ip4, u32 ip6[4], int family, const void *from)
{
	*ip4 = 0;
	memset(ip6, 0, 16);
	if (family == AF_INET) {
		memcpy(ip4, from, 4);
	} else if (family == AF_INET6) {
		memcpy(ip6, from, 16);
		if (is_mapped(from))
			memcpy(ip4, (const u8 *)from + 12, 4);
	}
}

static void mapped_set(u32 ip6[4], u32 ip4)
{
	ip6[2] = htonl(0xffff);
	ip6[3] = ip4;
}

static void other_family_set(struct cgbpf_sock *sk,
			     const struct cgbpf_sock_info *info)
{
	if (is_plain_ip6(info, info->src_ip6))
		sk->src_ip4 = htonl(IP4_OF_IP6);
	if (sk->accepted && is_plain_ip6(info, info->dst_ip6))
		sk->dst_ip4 = htonl(IP4_OF_IP6);
	if (info->family == AF_INET && info->protocol == IPPROTO_TCP &&
	    info->dst_ip4) {
		mapped_set(sk->src_ip6, sk->src_ip4);
		mapped_set(sk->dst_ip6, sk->dst_ip4);
	}
}

void sock_fill(struct cgbpf_sock *sk, const struct cgbpf_sock_info *info)
{
	sk->bound_dev_if = info->bound_dev_if;
	sk->family = info->family;
	sk->type = info->type;
	sk->protocol = info->protocol;
	sk->mark = info->mark;
	sk->priority = info->priority;
	sk->state = info->state;
	sk->rx_queue_mapping = info->rx_queue_mapping;
	address_set(&sk->src_ip4, sk->src_ip6, info->family, &info->src_ip4);
	address_set(&sk->dst_ip4, sk->dst_ip6, info->family, &info->dst_ip4);
	other_family_set(sk, info);
	sk->src_port = ntohs(info->src_port);
	sk->dst_port = info->dst_port;
	sk->remote_port = (u32)info->dst_port << 16;
	sk->getsockopt = info->getsockopt;
	sk->setsockopt = info->setsockopt;
	sk->data = info->data;
}

void sock_temporary(struct cgbpf_sock *sk, struct cgbpf_env *env,
		    struct cgbpf_cgroup *cgroup)
{
	memset(sk, 0, sizeof(*sk));
	sk->env = env;
	sk->cgroup = cgroup;
	sk->temporary = true;
	sk->rx_queue_mapping = CGBPF_NO_QUEUE;
	sk->refs = 1;
	pthread_mutex_init(&sk->lock, NULL);
	sk_storage_owner_init(&sk->storages);
	CDS_INIT_LIST_HEAD(&sk->options);
}

void sock_temporary_end(struct cgbpf_sock *sk)
{
	sk_storage_owner_end(&sk->storages, sk->env);
	sock_options_release(sk);
	pthread_mutex_destroy(&sk->lock);
}

static struct cgbpf_sock *sock_alloc(struct cgbpf_cgroup *cgroup,
				     const struct cgbpf_sock_info *info,
				     bool accepted)
{
	struct cgbpf_sock *sk = mem_alloc(sizeof(*sk));

	if (!sk)
		return NULL;
	sock_temporary(sk, cgroup->env, cgroup);
	sk->temporary = false;
	sk->accepted = accepted;
	sock_fill(sk, info);
	return sk;
}

int cgbpf_sock_new(struct cgbpf_cgroup *cgroup,
		   const struct cgbpf_sock_info *info, struct cgbpf_sock **out)
{
	struct cgbpf_sock *sk;
	int err;

	err = OPTS_CHECK(info);
	if (!err)
		err = cgroup_hold(cgroup);
	if (err)
		return err;
	sk = sock_alloc(cgroup, info, false);
	if (!sk) {
		cgroup_unhold(cgroup);
		return -ENOMEM;
	}
	cgroup_get(cgroup);
	*out = sk;
	return 0;
}

int cgbpf_sock_accept(struct cgbpf_sock *listener,
		      const struct cgbpf_sock_info *info,
		      struct cgbpf_sock **out)
{
	struct cgbpf_sock *sk;
	int err;

	err = OPTS_CHECK(info);
	if (err)
		return err;
	sk = sock_alloc(listener->cgroup, info, true);
	if (!sk)
		return -ENOMEM;
	if (sk_storage_clone(&sk->storages, &listener->storages, sk->env)) {
		sock_temporary_end(sk);
		mem_free(sk);
		return -ENOMEM;
	}
	cgroup_get(sk->cgroup);
	cgroup_hold_more(sk->cgroup);
	*out = sk;
	return 0;
}

void cgbpf_sock_get(struct cgbpf_sock *sk)
{
	__atomic_fetch_add(&sk->refs, 1, __ATOMIC_RELAXED);
}

void cgbpf_sock_put(struct cgbpf_sock *sk)
{
	struct cgbpf_cgroup *cgroup;

	if (!sk || __atomic_sub_fetch(&sk->refs, 1, __ATOMIC_ACQ_REL))
		return;
	cgroup = sk->cgroup;
	sock_temporary_end(sk);
	mem_free(sk);
	cgroup_unhold(cgroup);
	cgroup_put(cgroup);
}

static void address_get(void *to, int family, u32 ip4, const u32 ip6[4])
{
	if (family == AF_INET6)
		memcpy(to, ip6, 16);
	else
		memcpy(to, &ip4, 4);
}

void cgbpf_sock_read(const struct cgbpf_sock *sk, struct cgbpf_sock_info *info)
{
	struct cgbpf_sock_info now = {
		.size = info->size,
		.family = sk->family,
		.type = sk->type,
		.protocol = sk->protocol,
		.mark = sk->mark,
		.priority = sk->priority,
		.bound_dev_if = sk->bound_dev_if,
		.state = sk->state,
		.rx_queue_mapping = sk->rx_queue_mapping,
		.src_port = htons(sk->src_port),
		.dst_port = sk->dst_port,
		.getsockopt = sk->getsockopt,
		.setsockopt = sk->setsockopt,
		.data = sk->data,
	};

	address_get(&now.src_ip4, sk->family, sk->src_ip4, sk->src_ip6);
	address_get(&now.dst_ip4, sk->family, sk->dst_ip4, sk->dst_ip6);
	memcpy(info, &now, min(info->size, sizeof(now)));
}

void cgbpf_sock_write(struct cgbpf_sock *sk, const struct cgbpf_sock_info *info)
{
	sock_fill(sk, info);
}

struct cgbpf_cgroup *cgbpf_sock_cgroup(const struct cgbpf_sock *sk)
{
	return sk->cgroup;
}

uint64_t cgbpf_sock_cookie(const struct cgbpf_sock *sk)
{
	return sock_cookie((struct cgbpf_sock *)sk);
}
