// SPDX-License-Identifier: BSD-2-Clause
// One program writes a cgroup's configuration, another one obeys it.
//
// A process says where its connections shall go with an option of our own:
//	struct route { __be32 from, to; };
//	setsockopt(fd, SOL_ROUTE, ROUTE_SET, &route, sizeof(route));
// and from then on connect(2) to `from` goes to `to`, for all processes of its
// cgroup.  The key is the cgroup alone: the two programs, of two attach types,
// have one storage.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "config.h"

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, __u64);
	__type(value, struct config);
} config SEC(".maps");

SEC("cgroup/setsockopt")
int set_route(struct bpf_sockopt *ctx)
{
	struct config *c = bpf_get_local_storage(&config, 0);
	struct route *route = ctx->optval;

	if (ctx->level != SOL_ROUTE || ctx->optname != ROUTE_SET)
		return 1;
	if ((void *)(route + 1) > ctx->optval_end ||
	    ctx->optlen < (int)sizeof(*route))
		return 0;
	c->route = *route;
	c->changes++;
	// done: the kernel, who knows no such option, is not asked
	ctx->optlen = -1;
	return 1;
}

SEC("cgroup/connect4")
int follow_route(struct bpf_sock_addr *ctx)
{
	struct config *c = bpf_get_local_storage(&config, 0);

	if (c->route.from && ctx->user_ip4 == c->route.from) {
		ctx->user_ip4 = c->route.to;
		c->redirected++;
	}
	return 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
