/* SPDX-License-Identifier: BSD-2-Clause */
/* Every storage of every storage map, sorted: map, cgroup, attach type, CPU. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/replay.h"
#include "object/map.h"
#include "object/map_storage.h"

/* Without BTF, a value is its bytes. */
static int show_bytes(const u8 *data, u32 n, char *buf, size_t size, bool json)
{
	struct text text;

	text_init(&text, buf, size);
	if (json)
		text_printf(&text, "\"");
	for (u32 i = 0; i < n; i++)
		text_printf(&text, "%s%02x", i ? " " : "", data[i]);
	if (json)
		text_printf(&text, "\"");
	return (int)text.len;
}

static int show(const struct map *map, const void *data, char *buf, size_t size,
		bool json)
{
	if (map->btf && map->btf_value_type_id)
		return btf_show(map->btf, map->btf_value_type_id, data, buf,
				size, json);
	return show_bytes(data, map->value_size, buf, size, json);
}

static char *show_alloc(const struct map *map, const void *data, bool json)
{
	int len = show(map, data, NULL, 0, json);
	char *buf = len < 0 ? NULL : mem_alloc((size_t)len + 1);

	if (buf)
		show(map, data, buf, (size_t)len + 1, json);
	return buf;
}

static char *path_of(struct cgbpf_env *env, u64 id)
{
	int len = cgbpf_cgroup_path_by_id(env, id, NULL, 0);
	char *buf = len < 0 ? NULL : mem_alloc((size_t)len + 1);

	if (buf)
		cgbpf_cgroup_path_by_id(env, id, buf, (size_t)len + 1);
	return buf;
}

static void row_free(struct storage_row *row)
{
	mem_free(row->cgroup);
	mem_free(row->value);
	mem_free(row->json);
}

static int add_row(struct storage_rows *rows, struct storage_row row,
		   const struct map *map, u64 cgroup_id, const void *data)
{
	size_t capacity = max(2 * rows->capacity, (size_t)16);
	struct storage_row *more;

	row.cgroup = path_of(map->obj.env, cgroup_id);
	row.value = show_alloc(map, data, false);
	row.json = show_alloc(map, data, true);
	if (!row.cgroup || !row.value || !row.json)
		goto err_row;
	if (rows->nr == rows->capacity) {
		more = mem_realloc(rows->rows, capacity * sizeof(*more));
		if (!more)
			goto err_row;
		rows->rows = more;
		rows->capacity = capacity;
	}
	rows->rows[rows->nr++] = row;
	return 0;

err_row:
	row_free(&row);
	return -ENOMEM;
}

static int add_storage(struct storage_rows *rows, const char *name,
		       const struct map *map, const struct storage_key *key,
		       const u8 *value)
{
	bool percpu = map_is_percpu(map);
	u32 cpus = percpu ? map->obj.env->nr_cpus : 1;
	size_t stride = round_up((size_t)map->value_size, 8);
	struct storage_row row = { .map = name };
	int index = attach_type_index(key->attach_type), err;

	if (map_storage_isolated(map))
		row.attach_type = index < 0 ? "?" : attach_types[index].name;
	for (u32 cpu = 0; cpu < cpus; cpu++) {
		row.cpu = percpu ? (int)cpu : -1;
		err = add_row(rows, row, map, key->cgroup_id,
			      value + cpu * stride);
		if (err)
			return err;
	}
	return 0;
}

/* The keys of both kinds of map begin with the cgroup's id. */
static int add_map(struct storage_rows *rows, const char *name, int fd,
		   const struct map *map)
{
	struct cgbpf_task *task = cgbpf_env_task(map->obj.env);
	struct storage_key key = { 0 };
	union attr attr = {
		.map_elem = { .map_fd = (u32)fd, .next_key = ptr_to_u64(&key) },
	};
	u8 *value = mem_alloc(map_user_value_size(map));
	int err;

	if (!value)
		return -ENOMEM;
	while (!(err = cgbpf_bpf(task, BPF_MAP_GET_NEXT_KEY,
				 (union bpf_attr *)&attr, sizeof(attr)))) {
		attr.map_elem.key = ptr_to_u64(&key);
		attr.map_elem.value = ptr_to_u64(value);
		err = cgbpf_bpf(task, BPF_MAP_LOOKUP_ELEM,
				(union bpf_attr *)&attr, sizeof(attr));
		attr.map_elem.next_key = ptr_to_u64(&key);
		if (!err)
			err = add_storage(rows, name, map, &key, value);
		if (err)
			break;
	}
	mem_free(value);
	return err == -ENOENT ? 0 : err;
}

static int compare(const void *a, const void *b)
{
	const struct storage_row *x = a, *y = b;
	int order = strcmp(x->map, y->map);

	if (!order)
		order = strcmp(x->cgroup, y->cgroup);
	if (!order && x->attach_type && y->attach_type)
		order = strcmp(x->attach_type, y->attach_type);
	return order ? order : x->cpu - y->cpu;
}

/* A pinned map may be in several objects: it is shown once. */
static bool seen(const u32 *ids, size_t nr, u32 id)
{
	for (size_t i = 0; i < nr; i++)
		if (ids[i] == id)
			return true;
	return false;
}

static int collect(struct storage_rows *rows, const struct replay *replay,
		   u32 *ids)
{
	struct cgbpf_task *task = cgbpf_env_task(replay->env);
	size_t nr_ids = 0;
	int err = 0;

	for (size_t i = 0; i < replay->nr_objects; i++) {
		const struct cgbpf_object *object = replay->objects[i].object;
		struct cgbpf_map *m = NULL;

		while (!err && (m = cgbpf_object_next_map(object, m))) {
			struct map *map;
			u32 mode;

			err = map_get_by_fd(task, cgbpf_map_fd(m), &map, &mode);
			if (err)
				return err;
			if (map_is_storage(map) &&
			    !seen(ids, nr_ids, map->obj.id)) {
				ids[nr_ids++] = map->obj.id;
				err = add_map(rows, cgbpf_map_name(m),
					      cgbpf_map_fd(m), map);
			}
			map_put(map);
		}
	}
	return err;
}

int storages_collect(struct storage_rows *rows, const struct replay *replay)
{
	size_t nr_maps = 0;
	u32 *ids;
	int err;

	*rows = (struct storage_rows){ 0 };
	for (size_t i = 0; i < replay->nr_objects; i++) {
		const struct cgbpf_object *object = replay->objects[i].object;
		struct cgbpf_map *m = NULL;

		while ((m = cgbpf_object_next_map(object, m)))
			nr_maps++;
	}
	ids = mem_calloc(nr_maps + 1, sizeof(*ids));
	err = ids ? collect(rows, replay, ids) : -ENOMEM;
	mem_free(ids);
	if (err) {
		storages_free(rows);
		return cmd_error("storages: %s", cmd_strerror(err));
	}
	if (rows->nr)
		qsort(rows->rows, rows->nr, sizeof(*rows->rows), compare);
	return CMD_OK;
}

void storages_free(struct storage_rows *rows)
{
	for (size_t i = 0; i < rows->nr; i++)
		row_free(&rows->rows[i]);
	mem_free(rows->rows);
	*rows = (struct storage_rows){ 0 };
}
