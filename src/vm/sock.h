/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A socket: the context of CGROUP_SOCK programs (struct bpf_sock), and what
 * the other programs reach by pointer.
 */
#ifndef CGBPF_VM_SOCK_H
#define CGBPF_VM_SOCK_H

#include <pthread.h>
#include <urcu/list.h>

#include "base/types.h"
#include "cgbpf.h"
#include "object/map_sk_storage.h"

/* struct bpf_tcp_sock; no part of the socket's model here, so all zero */
struct tcp_sock {
	u32 words[20];
	u64 bytes_received, bytes_acked;
	u32 dsack_dups, delivered, delivered_ce, icsk_retransmits;
};

struct cgbpf_sock {
	/* as in struct bpf_sock */
	u32 bound_dev_if, family, type, protocol, mark, priority;
	u32 src_ip4, src_ip6[4];
	u32 src_port; /* host order */
	u32 dst_port; /* network order, in the lower half */
	u32 dst_ip4, dst_ip6[4];
	u32 state;
	u32 rx_queue_mapping;
	/* as in struct __sk_buff: network order, in the upper half */
	u32 remote_port;
	/* as in struct bpf_tcp_sock: a pointer to one is one to the socket */
	struct tcp_sock tcp;

	struct cgbpf_env *env;
	struct cgbpf_cgroup *cgroup; /* held, as by cgroup_hold() */
	u64 cookie;		     /* atomic; 0: none yet */
	long refs;		     /* atomic */
	bool accepted;
	bool temporary; /* on a hook's stack: has no cookie, no storage */

	struct sk_storage_owner storages;

	pthread_mutex_t lock;	      /* all below */
	struct cds_list_head options; /* what bpf_setsockopt() left */
	int (*getsockopt)(void *data, int level, int name, void *value,
			  int *len);
	int (*setsockopt)(void *data, int level, int name, const void *value,
			  int len);
	void *data;
};

/* Not a connection request, and not just its remains. */
bool sock_is_full(const struct cgbpf_sock *sk);
u64 sock_cookie(struct cgbpf_sock *sk);
/* Forgets the options that programs set: for a socket's end. */
void sock_options_release(struct cgbpf_sock *sk);

#endif
