/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * getsockopt(2) and setsockopt(2): CGROUP_SOCKOPT programs.
 *
 * Programs see a copy of the option's value:
 *
 * 1. at most a page of it: of a longer one the first page, with the true
 *    length in optlen; if no program changes that, the original is used as it
 *    is (KB-18);
 * 2. setsockopt: at least 16 bytes, zero filled, so that a program may put a
 *    longer value than the caller's (KB-20);
 * 3. optlen that a program leaves is checked once, on our copy (KB-17):
 *    0 uses the original value; setsockopt: -1 means that the program did it
 *    all; anything else above what programs saw, or negative, is -EFAULT.
 */
#include "vm/sockopt.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/opts.h"
#include "hook/hook.h"

#define OPT_ROOM_MIN 16

/* A zeroed copy of @optlen bytes of @optval with @room for programs. */
static int value_copy(struct sockopt_ctx *ctx, const void *optval, int optlen,
		      int room)
{
	room = min(room, (int)PAGE_SIZE);
	ctx->optval = mem_zalloc(max(room, 1));
	if (!ctx->optval)
		return -ENOMEM;
	ctx->optval_end = ctx->optval + room;
	if (optlen)
		memcpy(ctx->optval, optval, min(optlen, room));
	return 0;
}

static int room_of(const struct sockopt_ctx *ctx)
{
	return ctx->optval_end - ctx->optval;
}

/* What programs left, to be set: 0 or -EFAULT. */
static int set_finish(const struct sockopt_ctx *ctx, struct cgbpf_sockopt *opt)
{
	int room = room_of(ctx);

	if (ctx->optlen == -1) {
		opt->handled = true;
		return 0;
	}
	if (ctx->optlen > room || ctx->optlen < -1) {
		if (opt->optlen > (int)PAGE_SIZE && ctx->optlen >= 0)
			return 0;
		return -EFAULT;
	}
	if (ctx->level != opt->level || ctx->optname != opt->optname)
		opt->changed = true;
	opt->level = ctx->level;
	opt->optname = ctx->optname;
	if (!ctx->optlen)
		return 0;
	if (ctx->optlen != opt->optlen ||
	    memcmp(opt->optval, ctx->optval, ctx->optlen))
		opt->changed = true;
	memcpy(opt->optval, ctx->optval, ctx->optlen);
	opt->optlen = ctx->optlen;
	return 0;
}

static int run_set(struct cgbpf_sockopt *opt, struct hook *hook,
		   struct sockopt_ctx *ctx)
{
	int err;

	if (opt->optlen < 0)
		return -EINVAL;
	err = value_copy(ctx, opt->optval, opt->optlen,
			 max(OPT_ROOM_MIN, opt->optlen));
	if (err)
		return err;
	ctx->optlen = opt->optlen;
	err = hook_run(hook, 0);
	if (!err)
		err = set_finish(ctx, opt);
	mem_free(ctx->optval);
	return err;
}

/* What programs left, to be given to the caller, who has room for it. */
static int get_finish(const struct sockopt_ctx *ctx, struct cgbpf_sockopt *opt,
		      int original, int retval)
{
	int room = room_of(ctx);

	if (opt->optval && (ctx->optlen > room || ctx->optlen < 0)) {
		if (original > (int)PAGE_SIZE && ctx->optlen >= 0)
			return opt->kernel_error;
		return -EFAULT;
	}
	if (!ctx->optlen)
		return retval;
	if (opt->optval && ctx->optlen > 0) {
		if (opt->kernel_error ||
		    memcmp(opt->optval, ctx->optval, ctx->optlen))
			opt->changed = true;
		memcpy(opt->optval, ctx->optval, ctx->optlen);
	}
	if (ctx->optlen != original)
		opt->changed = true;
	opt->optlen = ctx->optlen;
	return retval;
}

static int run_get(struct cgbpf_sockopt *opt, struct hook *hook,
		   struct sockopt_ctx *ctx)
{
	int original = opt->capacity, copied = 0, err;

	if (opt->capacity < 0)
		return -EINVAL;
	if (!opt->kernel_error) {
		if (opt->optlen < 0)
			return -EFAULT;
		original = opt->optlen;
		copied = min(opt->optlen, opt->capacity);
		if (copied && !opt->optval)
			return -EFAULT;
	}
	err = value_copy(ctx, opt->optval, copied, opt->capacity);
	if (err)
		return err;
	ctx->optlen = original;
	err = hook_run(hook, opt->kernel_error);
	if (err >= 0)
		err = get_finish(ctx, opt, original, err);
	mem_free(ctx->optval);
	return err;
}

/* TCP's receive by mapping is called for every packet: no program sees it. */
static bool bypasses(const struct cgbpf_sock *sk, const struct cgbpf_sockopt *o)
{
	return sk->protocol == IPPROTO_TCP && o->level == SOL_TCP &&
	       o->optname == TCP_ZEROCOPY_RECEIVE;
}

int cgbpf_run_sockopt(struct cgbpf_sock *sk, int attach_type,
		      struct cgbpf_sockopt *opt,
		      const struct cgbpf_actor *actor,
		      struct cgbpf_verdict *verdict)
{
	bool set = attach_type == BPF_CGROUP_SETSOCKOPT;
	enum cgroup_atype atype = set ? ATYPE_SETSOCKOPT : ATYPE_GETSOCKOPT;
	struct sockopt_ctx ctx = {
		.sk = sk,
		.level = opt->level,
		.optname = opt->optname,
	};
	struct cgbpf_sockopt given = *opt;
	struct cgbpf_verdict said;
	struct hook hook;
	int err;

	if (!set && attach_type != BPF_CGROUP_GETSOCKOPT)
		return -EINVAL;
	err = OPTS_CHECK(opt);
	if (err)
		return err;
	/* programs may make more of what the caller gave, even of nothing */
	if (set &&
	    (!opt->optval || opt->capacity < max(OPT_ROOM_MIN, opt->optlen)))
		return -EINVAL;
	opt->handled = false;
	opt->changed = false;
	hook_init(&hook, sk->cgroup, atype, &ctx, actor, &said);
	ctx.retval = &hook.run.retval;
	if (!hook_enabled(sk->cgroup, atype) || (!set && bypasses(sk, opt)))
		err = set ? 0 : opt->kernel_error;
	else
		err = set ? run_set(opt, &hook, &ctx)
			  : run_get(opt, &hook, &ctx);
	if (err == -ENOMEM && !said.ran && opt->kernel_error != -ENOMEM) {
		*opt = given;
		return err;
	}
	said.error = err;
	*verdict = said;
	return 0;
}
