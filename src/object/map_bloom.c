/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BLOOM_FILTER: a set that may say yes of what it never saw, never no of what
 * it did.  push adds a value; peek asks for one: 0, or -ENOENT.
 *
 * The bits are as many as the kernel's: 7/5 for each entry and hash function,
 * rounded up to a power of two.  Bits are only ever set, atomically.
 */
#include "object/map_types.h"

#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"

#define BLOOM_DEFAULT_HASHES 5u
#define BLOOM_MAX_VALUE (4u << 20)

struct map_bloom {
	struct map map;
	u32 nr_hashes, mask; /* mask: of a bit's number */
	u64 seed;
	u64 *bits;
};

static struct map_bloom *to_bloom(struct map *map)
{
	return container_of(map, struct map_bloom, map);
}

static int bloom_alloc_check(struct cgbpf_env *env,
			     const struct attr_map_create *attr)
{
	(void)env;
	if (attr->value_size > BLOOM_MAX_VALUE)
		return -E2BIG;
	if (attr->key_size || !attr->value_size || !attr->max_entries ||
	    attr->map_flags &
		    ~(BPF_F_NUMA_NODE | BPF_F_ZERO_SEED | MAP_ACCESS_FLAGS) ||
	    !map_access_ok(attr->map_flags) || attr->map_extra & ~0xfull)
		return -EINVAL;
	return 0;
}

static u32 bits_mask(u64 entries, u32 nr_hashes)
{
	u64 wanted = entries * nr_hashes / 5 * 7, bits = 64;

	/* what does not fit 32 bits on the way counts as the most there is */
	if (entries * nr_hashes > UINT32_MAX || wanted > 1ull << 31)
		return UINT32_MAX;
	while (bits < wanted)
		bits *= 2;
	return (u32)(bits - 1);
}

static int bloom_alloc(struct map **out, struct cgbpf_env *env,
		       const struct attr_map_create *attr,
		       struct cgbpf_task *task)
{
	struct map_bloom *bloom = mem_zalloc(sizeof(*bloom));

	(void)task;
	if (!bloom)
		return -ENOMEM;
	map_init(&bloom->map, env, attr);
	bloom->nr_hashes = attr->map_extra ? (u32)attr->map_extra
					   : BLOOM_DEFAULT_HASHES;
	bloom->mask = bits_mask(attr->max_entries, bloom->nr_hashes);
	bloom->bits = mem_calloc(((size_t)bloom->mask + 1) / 64, sizeof(u64));
	if (!bloom->bits) {
		map_abort(&bloom->map);
		mem_free(bloom);
		return -ENOMEM;
	}
	if (!(attr->map_flags & BPF_F_ZERO_SEED) &&
	    getrandom(&bloom->seed, sizeof(bloom->seed), GRND_NONBLOCK) < 0)
		bloom->seed = ptr_to_u64(bloom);
	*out = &bloom->map;
	return 0;
}

static void bloom_free(struct map *map)
{
	mem_free(to_bloom(map)->bits);
	mem_free(to_bloom(map));
}

static int bloom_check_btf(const struct map *map, const struct btf *btf,
			   u32 key_id, u32 value_id)
{
	(void)map;
	(void)btf;
	(void)value_id;
	return key_id ? -EINVAL : 0;
}

static u64 value_hash(const struct map_bloom *bloom, const u8 *value)
{
	u32 left = bloom->map.value_size;
	u64 h = bloom->seed ^ left;

	while (left) {
		u32 n = min(left, 8u);
		u64 word = 0;

		memcpy(&word, value, n);
		h = (h ^ word) * 0x9e3779b97f4a7c15ull;
		h ^= h >> 32;
		value += n;
		left -= n;
	}
	h *= 0xbf58476d1ce4e5b9ull;
	return h ^ (h >> 29);
}

/* The @i-th function of all values is made of two halves of one hash. */
static u32 hash_bit(const struct map_bloom *bloom, u64 hash, u32 i)
{
	return ((u32)hash + i * ((u32)(hash >> 32) | 1)) & bloom->mask;
}

static int bloom_push(struct map *map, const void *value, u64 flags)
{
	struct map_bloom *bloom = to_bloom(map);
	u64 hash = value_hash(bloom, value);

	if (flags != BPF_ANY)
		return -EINVAL;
	for (u32 i = 0; i < bloom->nr_hashes; i++) {
		u32 bit = hash_bit(bloom, hash, i);

		__atomic_fetch_or(&bloom->bits[bit / 64], 1ull << bit % 64,
				  __ATOMIC_RELAXED);
	}
	return 0;
}

static int bloom_peek(struct map *map, void *value)
{
	struct map_bloom *bloom = to_bloom(map);
	u64 hash = value_hash(bloom, value);

	for (u32 i = 0; i < bloom->nr_hashes; i++) {
		u32 bit = hash_bit(bloom, hash, i);
		u64 word = __atomic_load_n(&bloom->bits[bit / 64],
					   __ATOMIC_RELAXED);

		if (!(word >> bit % 64 & 1))
			return -ENOENT;
	}
	return 0;
}

static int bloom_pop(struct map *map, void *value)
{
	(void)map;
	(void)value;
	return -EOPNOTSUPP;
}

static int bloom_remove(struct map *map, const void *key)
{
	(void)map;
	(void)key;
	return -EOPNOTSUPP;
}

static int bloom_next_key(struct map *map, const void *key, void *next)
{
	(void)map;
	(void)key;
	(void)next;
	return -EOPNOTSUPP;
}

static int bloom_read(struct map *map, const void *key, void *value, u64 flags)
{
	(void)key;
	(void)flags;
	return bloom_peek(map, value);
}

static int bloom_write(struct map *map, struct cgbpf_task *task,
		       const void *key, const void *value, u64 flags)
{
	(void)task;
	(void)key;
	return bloom_push(map, value, flags);
}

static u64 bloom_mem_usage(const struct map *map)
{
	const struct map_bloom *bloom =
		container_of(map, struct map_bloom, map);

	return sizeof(*bloom) + ((u64)bloom->mask + 1) / 8;
}

const struct map_ops map_bloom_filter_ops = {
	.name = "bloom_filter",
	.alloc_check = bloom_alloc_check,
	.alloc = bloom_alloc,
	.free = bloom_free,
	.check_btf = bloom_check_btf,
	.remove = bloom_remove,
	.push = bloom_push,
	.pop = bloom_pop,
	.peek = bloom_peek,
	.next_key = bloom_next_key,
	.read = bloom_read,
	.write = bloom_write,
	.mem_usage = bloom_mem_usage,
};
