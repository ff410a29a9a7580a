/* SPDX-License-Identifier: BSD-2-Clause */
/* Lockstep's map calls: values, keys with cgroups in them, whole dumps. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define MAX_DUMP 4096

static bool is_storage(const struct ls_handle *h)
{
	return h->type == BPF_MAP_TYPE_CGROUP_STORAGE ||
	       h->type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

/* Maps of objects: user space reads ids. */
static bool holds(const struct ls_handle *h, enum ls_kind *kind)
{
	*kind = h->type == BPF_MAP_TYPE_PROG_ARRAY ? LS_PROG : LS_MAP;
	return h->type == BPF_MAP_TYPE_PROG_ARRAY ||
	       h->type == BPF_MAP_TYPE_ARRAY_OF_MAPS ||
	       h->type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

static bool is_percpu(const struct ls_handle *h)
{
	return h->type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	       h->type == BPF_MAP_TYPE_PERCPU_HASH ||
	       h->type == BPF_MAP_TYPE_LRU_PERCPU_HASH ||
	       h->type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

/* The order of a hash table's elements is its own business. */
static bool is_unordered(const struct ls_handle *h)
{
	return h->type == BPF_MAP_TYPE_HASH ||
	       h->type == BPF_MAP_TYPE_PERCPU_HASH ||
	       h->type == BPF_MAP_TYPE_LRU_HASH ||
	       h->type == BPF_MAP_TYPE_LRU_PERCPU_HASH ||
	       h->type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

int ls_map_create(struct lockstep *ls, const struct attr_map_create *map)
{
	union attr attr = { .map_create = *map };
	int ret = ls_bpf(ls, BPF_MAP_CREATE, &attr, sizeof(attr.map_create));
	struct ls_handle *h = ls_handle(ls, (u64)ret);

	if (h) {
		h->type = map->map_type;
		h->key_size = map->key_size;
		h->value_size = map->value_size;
	}
	return ret;
}

int ls_map(struct lockstep *ls, u32 type, u32 key_size, u32 value_size,
	   u32 max_entries, u32 flags)
{
	struct attr_map_create attr = {
		.map_type = type,
		.key_size = key_size,
		.value_size = value_size,
		.max_entries = max_entries,
		.map_flags = flags,
	};

	return ls_map_create(ls, &attr);
}

int ls_storage_map(struct lockstep *ls, bool percpu, bool shared)
{
	return ls_map(ls,
		      percpu ? BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE
			     : BPF_MAP_TYPE_CGROUP_STORAGE,
		      shared ? 8 : 16, 8, 0, 0);
}

u32 ls_value_size(struct lockstep *ls, int map)
{
	struct ls_handle *h = ls_handle(ls, (u64)map);

	if (!h)
		return 8;
	if (is_percpu(h))
		return ls->cpus * ((h->value_size + 7) & ~7u);
	return h->value_size;
}

/* The key as world @which has it: in @buf, or as given. */
static u64 key_for(struct lockstep *ls, int which, const struct ls_handle *h,
		   const void *key, void *buf)
{
	u64 cgroup;
	u32 n = h && is_storage(h) ? h->key_size : 0;

	if (!key || n < sizeof(cgroup) || n > 16 || (uintptr_t)key < 4096)
		return (u64)(uintptr_t)key;
	memcpy(buf, key, n);
	memcpy(&cgroup, key, sizeof(cgroup));
	if (ls_is_handle(cgroup) && cgroup - LS_HANDLE < ls->nr_handles) {
		cgroup = ls->handles[cgroup - LS_HANDLE].id[which];
		memcpy(buf, &cgroup, sizeof(cgroup));
	}
	return (u64)(uintptr_t)buf;
}

/* And back: the cgroup as a handle. */
static void key_back(struct lockstep *ls, int which, const struct ls_handle *h,
		     void *key)
{
	u64 cgroup;

	if (!is_storage(h))
		return;
	memcpy(&cgroup, key, sizeof(cgroup));
	cgroup = (u64)ls_handle_by_id(ls, LS_CGROUP, which, cgroup);
	memcpy(key, &cgroup, sizeof(cgroup));
}

static int same_value(struct lockstep *ls, const struct ls_handle *h,
		      const u8 *a, const u8 *b, u32 n)
{
	enum ls_kind kind;
	u32 id[2];

	if (!h || !holds(h, &kind))
		return ls_same_bytes(ls, "value", a, b, n);
	memcpy(&id[0], a, 4);
	memcpy(&id[1], b, 4);
	return ls_same_id(ls, "value", kind, id[0], id[1]);
}

static int read_value(struct lockstep *ls, int cmd, int map, const void *key,
		      void *value, u64 flags)
{
	struct ls_handle *h = ls_handle(ls, (u64)map);
	static u8 buf[2][LS_MAX_VALUE];
	u8 kbuf[16];
	int ret[2], res;

	ls->calls++;
	for (int w = 0; w < 2; w++) {
		union attr attr = { .map_elem = {
					    .map_fd = (u32)map,
					    .key = key_for(ls, w, h, key, kbuf),
					    .value = value ? (u64)(uintptr_t)
								     buf[w]
							   : 0,
					    .flags = flags,
				    } };

		memset(buf[w], LS_FILL, sizeof(buf[w]));
		if (h && h->type == BPF_MAP_TYPE_BLOOM_FILTER && value)
			memcpy(buf[w], value, h->value_size);
		ret[w] = ls_call_one(ls, w, cmd, &attr, sizeof(attr.map_elem));
	}
	res = ls_same_ret(ls, "result", ret);
	if (res == LS_DIFF)
		return res;
	if (res) /* nothing may have been written */
		return ls_same_bytes(ls, "value", buf[0], buf[1],
				     sizeof(buf[0]))
			       ?: res;
	if (same_value(ls, h, buf[0], buf[1], sizeof(buf[0])))
		return LS_DIFF;
	if (value)
		memcpy(value, buf[0], ls_value_size(ls, map));
	return 0;
}

int ls_lookup(struct lockstep *ls, int map, const void *key, void *value,
	      u64 flags)
{
	return read_value(ls, BPF_MAP_LOOKUP_ELEM, map, key, value, flags);
}

int ls_take(struct lockstep *ls, int map, const void *key, void *value,
	    u64 flags)
{
	return read_value(ls, BPF_MAP_LOOKUP_AND_DELETE_ELEM, map, key, value,
			  flags);
}

static int elem_call(struct lockstep *ls, int cmd, int map, const void *key,
		     const void *value, int handle, u64 flags)
{
	struct ls_handle *h = ls_handle(ls, (u64)map);
	u8 kbuf[16];
	int ret[2];

	ls->calls++;
	for (int w = 0; w < 2; w++) {
		u32 fd = ls_translate(ls, w, (u32)handle, false);
		union attr attr = { .map_elem = {
					    .map_fd = (u32)map,
					    .key = key_for(ls, w, h, key, kbuf),
					    .value =
						    handle ? (u64)(uintptr_t)&fd
							   : (u64)(uintptr_t)
								     value,
					    .flags = flags,
				    } };
		u32 size = cmd == BPF_MAP_UPDATE_ELEM
				   ? sizeof(attr.map_elem)
				   : offsetof(struct attr_map_elem, value);

		ret[w] = ls_call_one(ls, w, cmd, &attr, size);
	}
	return ls_same_ret(ls, "result", ret);
}

int ls_update(struct lockstep *ls, int map, const void *key, const void *value,
	      u64 flags)
{
	return elem_call(ls, BPF_MAP_UPDATE_ELEM, map, key, value, 0, flags);
}

int ls_update_handle(struct lockstep *ls, int map, const void *key, int handle,
		     u64 flags)
{
	return elem_call(ls, BPF_MAP_UPDATE_ELEM, map, key, NULL, handle,
			 flags);
}

int ls_delete(struct lockstep *ls, int map, const void *key)
{
	return elem_call(ls, BPF_MAP_DELETE_ELEM, map, key, NULL, 0, 0);
}

static int next_key_one(struct lockstep *ls, int which, int map, u64 key,
			void *next)
{
	union attr attr = { .map_elem = {
				    .map_fd = (u32)map,
				    .key = key,
				    .next_key = (u64)(uintptr_t)next,
			    } };

	return ls_call_one(ls, which, BPF_MAP_GET_NEXT_KEY, &attr,
			   offsetof(struct attr_map_elem, flags));
}

int ls_next_key(struct lockstep *ls, int map, const void *key, void *next)
{
	struct ls_handle *h = ls_handle(ls, (u64)map);
	static u8 buf[2][512];
	u8 kbuf[16];
	int ret[2], res;

	ls->calls++;
	for (int w = 0; w < 2; w++) {
		memset(buf[w], LS_FILL, sizeof(buf[w]));
		ret[w] = next_key_one(ls, w, map, key_for(ls, w, h, key, kbuf),
				      buf[w]);
		if (!ret[w] && h)
			key_back(ls, w, h, buf[w]);
	}
	/* "the last" is no property that two hash tables share */
	if (h && is_unordered(h) && key && ret[0] != ret[1] &&
	    (ret[0] == 0 || ret[0] == -ENOENT) &&
	    (ret[1] == 0 || ret[1] == -ENOENT))
		return 0;
	res = ls_same_ret(ls, "result", ret);
	if (res || !h)
		return res;
	if (!is_unordered(h) &&
	    ls_same_bytes(ls, "next key", buf[0], buf[1], sizeof(buf[0])))
		return LS_DIFF;
	if (next)
		memcpy(next, buf[0], h->key_size);
	return 0;
}

struct dump {
	u32 nr, stride;
	u8 *data;
};

/* All elements of one world: keys (cgroups as handles), then values. */
static int dump_one(struct lockstep *ls, int which, int map,
		    const struct ls_handle *h, struct dump *dump)
{
	u32 size = ls_value_size(ls, map);
	u8 key[2][512];
	int cur = 0, ret;

	dump->stride = h->key_size + size;
	dump->data = calloc(MAX_DUMP, dump->stride);
	dump->nr = 0;
	if (!dump->data)
		abort();
	ret = next_key_one(ls, which, map, 0, key[0]);
	while (!ret && dump->nr < MAX_DUMP) {
		u8 *at = dump->data + dump->nr * dump->stride;
		union attr
			attr = { .map_elem = {
					 .map_fd = (u32)map,
					 .key = (u64)(uintptr_t)key[cur],
					 .value = (u64)(uintptr_t)(at +
								   h->key_size),
				 } };

		memcpy(at, key[cur], h->key_size);
		key_back(ls, which, h, at);
		ret = ls_call_one(ls, which, BPF_MAP_LOOKUP_ELEM, &attr,
				  sizeof(attr.map_elem));
		if (ret && ret != -ENOENT)
			return ret;
		dump->nr++;
		ret = next_key_one(ls, which, map, (u64)(uintptr_t)key[cur],
				   key[!cur]);
		cur = !cur;
	}
	return ret == -ENOENT ? 0 : ret;
}

static int compare_bytes(const void *a, const void *b, void *n)
{
	return memcmp(a, b, *(u32 *)n);
}

static int compare_dumps(struct lockstep *ls, const struct ls_handle *h,
			 struct dump dump[2])
{
	enum ls_kind kind;

	if (ls_same_u64(ls, "number of elements", dump[0].nr, dump[1].nr))
		return LS_DIFF;
	for (int w = 0; w < 2 && is_unordered(h); w++) {
		u32 n = h->key_size;

		qsort_r(dump[w].data, dump[w].nr, dump[w].stride, compare_bytes,
			&n);
	}
	for (u32 i = 0; i < dump[0].nr; i++) {
		const u8 *a = dump[0].data + i * dump[0].stride;
		const u8 *b = dump[1].data + i * dump[1].stride;

		if (ls_same_bytes(ls, "key", a, b, h->key_size))
			return LS_DIFF;
		if (same_value(ls, h, a + h->key_size, b + h->key_size,
			       holds(h, &kind) ? 4
					       : dump[0].stride - h->key_size))
			return LS_DIFF;
	}
	return (int)dump[0].nr;
}

int ls_dump(struct lockstep *ls, int map)
{
	struct ls_handle *h = ls_handle(ls, (u64)map);
	struct dump dump[2];
	int ret[2], res;

	if (!h)
		return -EBADF;
	ls->calls++;
	for (int w = 0; w < 2; w++)
		ret[w] = dump_one(ls, w, map, h, &dump[w]);
	res = ls_same_ret(ls, "dump", ret);
	if (!res)
		res = compare_dumps(ls, h, dump);
	free(dump[0].data);
	free(dump[1].data);
	return res;
}

int ls_freeze(struct lockstep *ls, int map)
{
	union attr attr = { .map_elem.map_fd = (u32)map };

	return ls_bpf(ls, BPF_MAP_FREEZE, &attr, 4);
}

struct bpf_cgroup_storage_key ls_key(int cgroup, u32 attach_type)
{
	struct bpf_cgroup_storage_key key;

	memset(&key, 0, sizeof(key));
	key.cgroup_inode_id = (u64)cgroup;
	key.attach_type = attach_type;
	return key;
}

int ls_storage_get(struct lockstep *ls, int map, int cgroup, u32 attach_type,
		   u64 *value)
{
	struct bpf_cgroup_storage_key key = ls_key(cgroup, attach_type);
	u64 buf[LS_MAX_VALUE / 8] = { 0 };
	int ret = ls_lookup(ls, map, &key, buf, 0);

	if (ret)
		return ret;
	*value = 0;
	for (u32 i = 0; i < ls_value_size(ls, map) / 8; i++)
		*value += buf[i];
	return 0;
}

int ls_storage_set(struct lockstep *ls, int map, int cgroup, u32 attach_type,
		   u64 value)
{
	struct bpf_cgroup_storage_key key = ls_key(cgroup, attach_type);
	u64 buf[LS_MAX_VALUE / 8] = { value };

	return ls_update(ls, map, &key, buf, BPF_ANY);
}
