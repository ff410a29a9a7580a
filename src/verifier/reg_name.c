/* SPDX-License-Identifier: BSD-2-Clause */
/* What messages call a register's kind: as Linux does. */
#include <stdio.h>

#include "verifier/show.h"

static const char *const names[REG_KINDS] = {
	[REG_UNINIT] = "?",
	[REG_SCALAR] = "scalar",
	[REG_CTX] = "ctx",
	[REG_MAP] = "map_ptr",
	[REG_MAP_VALUE] = "map_value",
	[REG_MAP_KEY] = "map_key",
	[REG_STACK] = "fp",
	[REG_PACKET_META] = "pkt_meta",
	[REG_PACKET] = "pkt",
	[REG_PACKET_END] = "pkt_end",
	[REG_SOCK] = "sock",
	[REG_SOCK_COMMON] = "sock_common",
	[REG_TCP_SOCK] = "tcp_sock",
	[REG_MEM] = "mem",
	[REG_FUNC] = "func",
};

const char *reg_name(const struct reg *reg, char *buf)
{
	snprintf(buf, REG_NAME_MAX, "%s%s%s%s",
		 reg->flags & REG_READ_ONLY ? "rdonly_" : "",
		 reg->flags & REG_RECORD ? "ringbuf_" : "", names[reg->kind],
		 reg->flags & REG_MAYBE_NULL ? "_or_null" : "");
	return buf;
}
