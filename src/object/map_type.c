/* SPDX-License-Identifier: BSD-2-Clause */
/* The one table of map types. */
#include "object/map_types.h"

static const struct map_ops *const map_types[UAPI_NR_MAP_TYPES] = {
#define X(type, ops) [BPF_MAP_TYPE_##type] = &ops,
	MAP_TYPES(X)
#undef X
};

const struct map_ops *map_ops_of(u32 type)
{
	return type < ARRAY_SIZE(map_types) ? map_types[type] : NULL;
}
