/* SPDX-License-Identifier: BSD-2-Clause */
#include "object/btf_text.h"

#include <string.h>

#define STEPS_LEAST (1u << 16)
#define LEVELS 64

void value_walk_init(struct value_walk *walk, const struct btf *btf,
		     const void *data, u32 size)
{
	*walk = (struct value_walk){
		.btf = btf,
		.end = (const u8 *)data + size,
		.steps = max(STEPS_LEAST, 4ull * size),
		.levels = LEVELS,
	};
}

bool value_step(struct value_walk *walk)
{
	if (!walk->steps)
		return false;
	walk->steps--;
	return true;
}

void value_read(const struct value_walk *walk, void *out, const void *data,
		size_t n)
{
	const u8 *from = data;
	size_t there = from < walk->end ? (size_t)(walk->end - from) : 0;

	there = min(there, n);
	memset(out, 0, n);
	if (there)
		memcpy(out, from, there);
}

unsigned __int128 value_bits(const struct value_walk *walk, const void *data,
			     u32 offset, u32 nr_bits)
{
	unsigned __int128 value = 0;
	u8 bytes[17];

	value_read(walk, bytes, data, sizeof(bytes));
	for (u32 i = 0; i < nr_bits; i++, offset++)
		if (bytes[offset / 8] >> (offset % 8) & 1)
			value |= (unsigned __int128)1 << i;
	return value;
}
