/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/prefix.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

int prefix_parse(struct prefix *prefix, const char *s)
{
	const char *slash = strchr(s, '/');
	size_t len = slash ? (size_t)(slash - s) : strlen(s);
	struct prefix p = { 0 };
	char text[INET6_ADDRSTRLEN], *end;
	unsigned long bits;

	if (len >= sizeof(text))
		return -EINVAL;
	memcpy(text, s, len);
	text[len] = '\0';
	p.family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(p.family, text, p.addr) != 1)
		return -EINVAL;
	p.bits = p.family == AF_INET6 ? 128 : 32;
	if (slash) {
		if (!isdigit((unsigned char)slash[1]))
			return -EINVAL;
		bits = strtoul(slash + 1, &end, 10);
		if (*end || bits > p.bits)
			return -EINVAL;
		p.bits = (unsigned int)bits;
	}
	*prefix = p;
	return 0;
}

bool prefix_has(const struct prefix *prefix, int family, const void *addr)
{
	unsigned int bytes = prefix->bits / 8, rest = prefix->bits % 8;
	const u8 *a = addr;

	if (family != prefix->family || memcmp(a, prefix->addr, bytes))
		return false;
	return !rest || !((a[bytes] ^ prefix->addr[bytes]) >> (8 - rest));
}
