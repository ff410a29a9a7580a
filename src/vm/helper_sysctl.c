/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers of CGROUP_SYSCTL programs. */
#include "vm/helper_fn.h"

#include <string.h>

#include "vm/sysctl.h"

HELPER(sysctl_get_name)
{
	const struct sysctl_ctx *ctx = u64_to_ptr(r1);
	char *buf = u64_to_ptr(r2);
	size_t size = r3, len;
	const char *name = ctx->name;

	if (r4 & BPF_F_SYSCTL_BASE_NAME) {
		const char *slash = strrchr(name, '/');

		name = slash ? slash + 1 : name;
	}
	len = strlen(name);
	if (len < size) {
		memcpy(buf, name, len + 1);
		return len;
	}
	memcpy(buf, name, size - 1);
	buf[size - 1] = 0;
	return -E2BIG;
}

/* All of it and zeroes after: its length; or what fits with a NUL: -E2BIG */
static u64 value_copy(char *dst, size_t size, const char *src, size_t len)
{
	if (!src || !len) {
		memset(dst, 0, size);
		return -EINVAL;
	}
	memcpy(dst, src, min(size, len));
	if (size > len) {
		memset(dst + len, 0, size - len);
		return len;
	}
	dst[size - 1] = 0;
	return -E2BIG;
}

HELPER(sysctl_get_current_value)
{
	const struct sysctl_ctx *ctx = u64_to_ptr(r1);

	return value_copy(u64_to_ptr(r2), r3, ctx->current, ctx->current_len);
}

HELPER(sysctl_get_new_value)
{
	const struct sysctl_ctx *ctx = u64_to_ptr(r1);

	if (!ctx->write) {
		memset(u64_to_ptr(r2), 0, r3);
		return -EINVAL;
	}
	return value_copy(u64_to_ptr(r2), r3, ctx->new_value, ctx->new_len);
}

HELPER(sysctl_set_new_value)
{
	struct sysctl_ctx *ctx = u64_to_ptr(r1);

	if (!ctx->write || !ctx->new_value || !ctx->new_len)
		return -EINVAL;
	if (r3 > PAGE_SIZE - 1)
		return -E2BIG;
	memcpy(ctx->new_value, u64_to_ptr(r2), r3);
	ctx->new_value[r3] = 0;
	ctx->new_len = r3;
	ctx->new_updated = true;
	return 0;
}
