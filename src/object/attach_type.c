/* SPDX-License-Identifier: BSD-2-Clause */
#include "object/attach_type.h"

#include <string.h>

const struct attach_type attach_types[NR_ATYPES] = {
#define X(index, attach, prog, text)                           \
	[ATYPE_##index] = { .uapi = (attach),                  \
			    .prog_type = BPF_PROG_TYPE_##prog, \
			    .name = (text) },
	CGROUP_ATTACH_TYPES(X)
#undef X
};

static_assert(NR_ATYPES <= 64, "sets of attach types are u64");

int attach_type_index(u32 uapi)
{
	for (int i = 0; i < NR_ATYPES; i++)
		if (attach_types[i].uapi == uapi)
			return i;
	return -EINVAL;
}

int attach_type_by_name(const char *name)
{
	static const char *const prefixes[] = { "cgroup_inet_", "cgroup_", "" };

	for (int i = 0; i < NR_ATYPES; i++) {
		for (size_t j = 0; j < ARRAY_SIZE(prefixes); j++) {
			size_t len = strlen(prefixes[j]);

			if (!strncmp(attach_types[i].name, prefixes[j], len) &&
			    !strcmp(attach_types[i].name + len, name))
				return i;
		}
	}
	return -EINVAL;
}
