/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers that call functions of the program back. */
#include "vm/helper_fn.h"

#include "object/map.h"

#define LOOPS_MAX (8u << 20)

HELPER(loop)
{
	static const struct callback callback = {
		.args = { CALLBACK_SCALAR, CALLBACK_CTX },
	};
	u32 i, nr = r1;

	if (r4)
		return -EINVAL;
	if (nr > LOOPS_MAX)
		return -E2BIG;
	for (i = 0; i < nr; i++)
		if (vm_callback(run, r2, &callback, i, r3, 0, 0, 0))
			return i + 1;
	return i;
}

struct walk {
	struct run *run;
	u64 func, ctx;
	struct callback callback;
};

static long walk_one(void *data, struct map *map, const void *key, void *value)
{
	struct walk *walk = data;

	return vm_callback(walk->run, walk->func, &walk->callback,
			   ptr_to_u64(map), ptr_to_u64(key), ptr_to_u64(value),
			   walk->ctx, 0);
}

HELPER(for_each_map_elem)
{
	struct map *map = u64_to_ptr(r1);
	struct walk walk = {
		.run = run,
		.func = r2,
		.ctx = r3,
		.callback = { .args = { CALLBACK_MAP, CALLBACK_KEY,
					CALLBACK_VALUE, CALLBACK_CTX },
			      .map = map },
	};

	if (r4)
		return -EINVAL;
	if (!map->ops->for_each)
		return -EOPNOTSUPP;
	return map->ops->for_each(map, run->cpu, walk_one, &walk);
}
