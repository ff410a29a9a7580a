/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LPM_TRIE: the value of the longest prefix that fits.
 *
 * A binary trie whose paths are compressed: a node stands for a prefix and its
 * children for longer ones that start with it, told apart by the bit after.
 *
 * 1. A node is an entry, or a fork: a place where two paths part, without a
 *    value of its own.  Forks have two children.
 * 2. Readers take no lock: links are published whole, and a node that was
 *    unlinked keeps its own links until a grace period is over.
 * 3. Writers hold the map's lock.  An entry's value is replaced with its node.
 * 4. Iteration is in post-order, longer prefixes before the shorter ones they
 *    are part of, zero bits before one bits: as the kernel's.
 */
#include "object/map_types.h"

#include <string.h>

#include "base/alloc.h"

#define LPM_MAX_DATA 256u
#define LPM_FLAGS (BPF_F_NO_PREALLOC | BPF_F_NUMA_NODE | MAP_ACCESS_FLAGS)
/* the kernel's allocator's limit, less its node */
#define LPM_MAX_VALUE ((4u << 20) - LPM_MAX_DATA - 24u)

struct lpm_node {
	struct lpm_node *child[2]; /* RCU */
	struct rcu_cb rcu;
	u32 prefixlen;
	bool fork; /* atomic: an entry may become one */
	u8 data[]; /* the prefix, then aligned to 8 the value */
};

struct lpm_trie {
	struct map map;
	struct lpm_node *root; /* RCU */
	u32 lock;
	u32 nr;
	u32 data_size, max_prefixlen, value_off;
};

struct lpm_key {
	u32 prefixlen;
	const u8 *data;
};

static struct lpm_trie *to_trie(const struct map *map)
{
	return container_of(map, struct lpm_trie, map);
}

static struct lpm_key key_read(const void *key)
{
	struct lpm_key k = { .data = (const u8 *)key + sizeof(u32) };

	memcpy(&k.prefixlen, key, sizeof(k.prefixlen));
	return k;
}

static bool is_fork(const struct lpm_node *node)
{
	return __atomic_load_n(&node->fork, __ATOMIC_RELAXED);
}

static u32 data_bit(const u8 *data, u32 index)
{
	return data[index / 8] >> (7 - index % 8) & 1;
}

/* How many bits node and key have in common, at most as both have. */
static u32 common_bits(const struct lpm_node *node, const struct lpm_key *key)
{
	u32 limit = min(node->prefixlen, key->prefixlen), bits = 0;

	while (bits < limit) {
		u8 diff = node->data[bits / 8] ^ key->data[bits / 8];

		if (diff) {
			bits += (u32)__builtin_clz(diff) - 24;
			break;
		}
		bits += 8;
	}
	return min(bits, limit);
}

static void *node_value(const struct lpm_trie *trie,
			const struct lpm_node *node)
{
	return (u8 *)(uintptr_t)node + trie->value_off;
}

/* ------------------------------------------------------------ making, ending */

static int lpm_alloc_check(struct cgbpf_env *env,
			   const struct attr_map_create *attr)
{
	(void)env;
	if (!attr->max_entries || !(attr->map_flags & BPF_F_NO_PREALLOC) ||
	    attr->map_flags & ~LPM_FLAGS || !map_access_ok(attr->map_flags))
		return -EINVAL;
	if (attr->key_size < sizeof(u32) + 1 ||
	    attr->key_size > sizeof(u32) + LPM_MAX_DATA || !attr->value_size ||
	    attr->value_size > LPM_MAX_VALUE)
		return -EINVAL;
	return 0;
}

static int lpm_alloc(struct map **out, struct cgbpf_env *env,
		     const struct attr_map_create *attr,
		     struct cgbpf_task *task)
{
	struct lpm_trie *trie = mem_zalloc(sizeof(*trie));

	(void)task;
	if (!trie)
		return -ENOMEM;
	map_init(&trie->map, env, attr);
	trie->data_size = attr->key_size - (u32)sizeof(u32);
	trie->max_prefixlen = trie->data_size * 8;
	trie->value_off = round_up(
		(u32)offsetof(struct lpm_node, data) + trie->data_size, 8);
	*out = &trie->map;
	return 0;
}

static void node_free_rcu(struct rcu_cb *cb)
{
	mem_free(container_of(cb, struct lpm_node, rcu));
}

/* Leaves go first, each found from the root: no recursion, no memory. */
static void lpm_free(struct map *map)
{
	struct lpm_trie *trie = to_trie(map);

	while (trie->root) {
		struct lpm_node **slot = &trie->root;

		while ((*slot)->child[0] || (*slot)->child[1])
			slot = &(*slot)->child[!(*slot)->child[0]];
		mem_free(*slot);
		*slot = NULL;
	}
	mem_free(trie);
}

static int lpm_check_btf(const struct map *map, const struct btf *btf,
			 u32 key_id, u32 value_id)
{
	(void)map;
	(void)value_id;
	return btf_kind(btf_type_by_id(btf, key_id)) == BTF_KIND_STRUCT
		       ? 0
		       : -EINVAL;
}

/* ------------------------------------------------------------------- lookup */

static struct lpm_node *lpm_find(const struct lpm_trie *trie,
				 const struct lpm_key *key)
{
	struct lpm_node *node = rcu_dereference(trie->root), *found = NULL;

	if (key->prefixlen > trie->max_prefixlen)
		return NULL;
	while (node) {
		u32 common = common_bits(node, key);

		if (common < node->prefixlen)
			break;
		if (!is_fork(node))
			found = node;
		if (common == trie->max_prefixlen)
			break;
		node = rcu_dereference(
			node->child[data_bit(key->data, node->prefixlen)]);
	}
	return found;
}

static void *lpm_lookup(struct map *map, const void *key, u32 cpu)
{
	struct lpm_key k = key_read(key);
	struct lpm_node *node = lpm_find(to_trie(map), &k);

	(void)cpu;
	return node ? node_value(to_trie(map), node) : NULL;
}

static int lpm_read(struct map *map, const void *key, void *value, u64 flags)
{
	void *found = lpm_lookup(map, key, 0);

	(void)flags;
	if (!found)
		return -ENOENT;
	map_copy_value(map, value, found);
	return 0;
}

/*
 * Where a key is or would be: the first node on its way that is not a proper
 * prefix of it (NULL: the way ends), and what leads there.
 */
struct lpm_place {
	struct lpm_node **slot;
	struct lpm_node *node;
	struct lpm_node **parent_slot; /* NULL: at the root */
	u32 common;		       /* bits of node and key */
};

static bool place_is_key(const struct lpm_place *place,
			 const struct lpm_key *key)
{
	return place->node && place->node->prefixlen == key->prefixlen &&
	       place->common == key->prefixlen;
}

static struct lpm_place find_place(struct lpm_trie *trie,
				   const struct lpm_key *key)
{
	struct lpm_place place = { .slot = &trie->root };

	while ((place.node = *place.slot)) {
		place.common = common_bits(place.node, key);
		if (place.common != place.node->prefixlen ||
		    place.common == key->prefixlen)
			break;
		place.parent_slot = place.slot;
		place.slot = &place.node->child[data_bit(
			key->data, place.node->prefixlen)];
	}
	return place;
}

/* ------------------------------------------------------- update and delete */

static struct lpm_node *node_alloc(const struct lpm_trie *trie,
				   const struct lpm_key *key)
{
	struct lpm_node *node =
		mem_alloc(trie->value_off + (size_t)trie->map.value_size);

	if (!node)
		return NULL;
	memset(node, 0, sizeof(*node));
	node->prefixlen = key->prefixlen;
	memcpy(node->data, key->data, trie->data_size);
	return node;
}

static int may_add(const struct lpm_trie *trie, u64 flags)
{
	if (flags == BPF_EXIST)
		return -ENOENT;
	return trie->nr == trie->map.max_entries ? -ENOSPC : 0;
}

/* @node, which has another prefix than @new: a fork above both */
static int insert_fork(struct lpm_trie *trie, const struct lpm_place *place,
		       struct lpm_node *new)
{
	struct lpm_key key = { place->common, place->node->data };
	struct lpm_node *fork = node_alloc(trie, &key);
	u32 bit = data_bit(new->data, place->common);

	if (!fork)
		return -ENOMEM;
	fork->fork = true;
	fork->child[bit] = new;
	fork->child[!bit] = place->node;
	rcu_assign_pointer(*place->slot, fork);
	return 0;
}

static int insert_locked(struct lpm_trie *trie, const struct lpm_key *key,
			 struct lpm_node *new, u64 flags,
			 struct lpm_node **replaced)
{
	struct lpm_place place = find_place(trie, key);
	bool same = place_is_key(&place, key);
	bool add = !same || is_fork(place.node);
	int err = 0;

	if (add)
		err = may_add(trie, flags);
	else if (flags == BPF_NOEXIST)
		err = -EEXIST;
	if (err)
		return err;
	if (same) {
		new->child[0] = place.node->child[0];
		new->child[1] = place.node->child[1];
		*replaced = place.node;
	} else if (place.node && place.common < key->prefixlen) {
		err = insert_fork(trie, &place, new);
		if (!err)
			trie->nr++;
		return err;
	} else if (place.node) {
		new->child[data_bit(place.node->data, place.common)] =
			place.node;
	}
	rcu_assign_pointer(*place.slot, new);
	trie->nr += add;
	return 0;
}

static int lpm_update(struct map *map, const void *key, const void *value,
		      u64 flags, u32 cpu)
{
	struct lpm_trie *trie = to_trie(map);
	struct lpm_node *new, *replaced = NULL;
	struct lpm_key k = key_read(key);
	int err;

	(void)cpu;
	if (flags > BPF_EXIST || k.prefixlen > trie->max_prefixlen)
		return -EINVAL;
	new = node_alloc(trie, &k);
	if (!new)
		return -ENOMEM;
	map_value_init(map, node_value(trie, new));
	map_copy_value(map, node_value(trie, new), value);
	spin_lock(&trie->lock);
	err = insert_locked(trie, &k, new, flags, &replaced);
	spin_unlock(&trie->lock);
	if (err)
		mem_free(new);
	if (replaced)
		rcu_defer(&replaced->rcu, node_free_rcu);
	return err;
}

static int lpm_write(struct map *map, struct cgbpf_task *task, const void *key,
		     const void *value, u64 flags)
{
	(void)task;
	return lpm_update(map, key, value, flags, 0);
}

/* Invariant 1: a fork that would be left with one child goes too. */
static int remove_locked(struct lpm_trie *trie, const struct lpm_key *key,
			 struct lpm_node *gone[2])
{
	struct lpm_place place = find_place(trie, key);
	struct lpm_node *node = place.node, *parent;

	if (!place_is_key(&place, key) || is_fork(node))
		return -ENOENT;
	trie->nr--;
	if (node->child[0] && node->child[1]) {
		__atomic_store_n(&node->fork, true, __ATOMIC_RELAXED);
		return 0;
	}
	gone[0] = node;
	parent = place.parent_slot ? *place.parent_slot : NULL;
	if (!node->child[0] && !node->child[1] && parent && is_fork(parent)) {
		gone[1] = parent;
		rcu_assign_pointer(*place.parent_slot,
				   parent->child[parent->child[0] == node]);
	} else {
		rcu_assign_pointer(*place.slot, node->child[!node->child[0]]);
	}
	return 0;
}

static int lpm_remove(struct map *map, const void *key)
{
	struct lpm_trie *trie = to_trie(map);
	struct lpm_node *gone[2] = { NULL, NULL };
	struct lpm_key k = key_read(key);
	int err;

	if (k.prefixlen > trie->max_prefixlen)
		return -EINVAL;
	spin_lock(&trie->lock);
	err = remove_locked(trie, &k, gone);
	spin_unlock(&trie->lock);
	for (int i = 0; i < 2; i++)
		if (gone[i])
			rcu_defer(&gone[i]->rcu, node_free_rcu);
	return err;
}

/* ---------------------------------------------------------------- iteration */

/* The first entry of a subtree in post-order. */
static struct lpm_node *first_in(struct lpm_node *node)
{
	struct lpm_node *entry = NULL;

	while (node) {
		struct lpm_node *next = rcu_dereference(node->child[0]);

		if (!is_fork(node))
			entry = node;
		node = next ? next : rcu_dereference(node->child[1]);
	}
	return entry;
}

/*
 * The entry after @key: on the way down to it, the last place where something
 * was left for later, a subtree on the other side or an entry passed.
 * *known: @key itself is an entry.
 */
static struct lpm_node *entry_after(struct lpm_trie *trie,
				    const struct lpm_key *key, bool *known)
{
	struct lpm_node *node = rcu_dereference(trie->root), *after = NULL;

	*known = false;
	while (node) {
		u32 common = common_bits(node, key), bit;
		struct lpm_node *other;

		if (common != node->prefixlen)
			break;
		if (common == key->prefixlen) {
			*known = !is_fork(node);
			break;
		}
		bit = data_bit(key->data, node->prefixlen);
		other = bit ? NULL : rcu_dereference(node->child[1]);
		if (other)
			after = first_in(other);
		else if (!is_fork(node))
			after = node;
		node = rcu_dereference(node->child[bit]);
	}
	return after;
}

static int lpm_next_key(struct map *map, const void *key, void *next)
{
	struct lpm_trie *trie = to_trie(map);
	struct lpm_node *entry = NULL;
	bool known = false;

	if (key) {
		struct lpm_key k = key_read(key);

		if (k.prefixlen <= trie->max_prefixlen)
			entry = entry_after(trie, &k, &known);
	}
	if (!known)
		entry = first_in(rcu_dereference(trie->root));
	if (!entry)
		return -ENOENT;
	memcpy(next, &entry->prefixlen, sizeof(u32));
	memcpy((u8 *)next + sizeof(u32), entry->data, trie->data_size);
	return 0;
}

static u64 lpm_mem_usage(const struct map *map)
{
	const struct lpm_trie *trie = to_trie(map);

	return sizeof(*trie) +
	       (u64)trie->nr * (trie->value_off + map->value_size);
}

const struct map_ops map_lpm_trie_ops = {
	.name = "lpm_trie",
	.alloc_check = lpm_alloc_check,
	.alloc = lpm_alloc,
	.free = lpm_free,
	.check_btf = lpm_check_btf,
	.lookup = lpm_lookup,
	.update = lpm_update,
	.remove = lpm_remove,
	.next_key = lpm_next_key,
	.read = lpm_read,
	.write = lpm_write,
	.batch = MAP_BATCH_LOOKUP | MAP_BATCH_UPDATE | MAP_BATCH_DELETE,
	.mem_usage = lpm_mem_usage,
};
