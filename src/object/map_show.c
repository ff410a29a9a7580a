/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A pinned map as text.  Elements are those of the map's next_key(), each read
 * as a system call would; one that goes meanwhile is left out.
 */
#include "object/map_show.h"

#include <string.h>

#include "base/alloc.h"
#include "object/btf_text.h"

enum form {
	FORM_NONE,  /* this type is not shown */
	FORM_INDEX, /* the key is an index */
	FORM_KEY,   /* the key is shown by its BTF */
};

static enum form map_form(const struct map *map)
{
	switch (map->type) {
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
		return FORM_INDEX;
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_CGROUP_STORAGE:
	case BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE:
		return FORM_KEY;
	default:
		return FORM_NONE;
	}
}

static bool is_percpu(const struct map *map)
{
	return map->type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	       map->type == BPF_MAP_TYPE_PERCPU_HASH ||
	       map->type == BPF_MAP_TYPE_LRU_PERCPU_HASH ||
	       map->type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

static void show_value(struct text *text, const struct map *map,
		       const void *value)
{
	btf_seq_show(text, map->btf, map->btf_value_type_id, value);
	text_printf(text, "\n");
}

static void show_elem(struct text *text, const struct map *map, const void *key,
		      const u8 *value)
{
	size_t stride = round_up((size_t)map->value_size, 8);
	u32 index;

	/* .data and the like have no key */
	if (map_form(map) == FORM_KEY) {
		btf_seq_show(text, map->btf, map->btf_key_type_id, key);
		text_printf(text, ": ");
	} else if (map->btf_key_type_id || is_percpu(map)) {
		memcpy(&index, key, sizeof(index));
		text_printf(text, "%u: ", index);
	}
	if (!is_percpu(map)) {
		show_value(text, map, value);
		return;
	}
	text_printf(text, "{\n");
	for (u32 cpu = 0; cpu < map->obj.env->nr_cpus; cpu++) {
		text_printf(text, "\tcpu%u: ", cpu);
		show_value(text, map, value + cpu * stride);
	}
	text_printf(text, "}\n");
}

static int read_elem(struct map *map, const void *key, void *value)
{
	int err;

	rcu_read_lock();
	err = map->ops->read(map, key, value, 0);
	rcu_read_unlock();
	return err;
}

static int next_key(struct map *map, const void *key, void *next)
{
	int err;

	rcu_read_lock();
	err = map->ops->next_key(map, key, next);
	rcu_read_unlock();
	return err;
}

/* @keys: room for two, the last one and the next. */
static void show_elems(struct text *text, struct map *map, u8 *keys[2],
		       u8 *value)
{
	const u8 *last = NULL;

	for (u32 i = 0; !next_key(map, last, keys[i]); i = !i) {
		last = keys[i];
		if (!read_elem(map, last, value))
			show_elem(text, map, last, value);
	}
}

ssize_t map_show(struct map *map, char *buf, size_t size)
{
	size_t key_size = round_up((size_t)map->key_size, 8);
	struct text text;
	u8 *memory, *keys[2];

	if (!map->btf || !map->btf_value_type_id || map_form(map) == FORM_NONE)
		return -EIO;
	memory = mem_zalloc(2 * key_size + map_user_value_size(map));
	if (!memory)
		return -ENOMEM;
	text_init(&text, buf, size);
	text_printf(&text, "# WARNING!! The output is for debug purpose only\n"
			   "# WARNING!! The output format will change\n");
	keys[0] = memory;
	keys[1] = memory + key_size;
	show_elems(&text, map, keys, memory + 2 * key_size);
	mem_free(memory);
	return (ssize_t)text.len;
}
