/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/loader.h"

#include <bpf/libbpf.h>
#include <string.h>

const char *cgbpf_map_name(const struct cgbpf_map *map)
{
	/* libbpf calls global data after the object, too: "prog.bss" is for
	 * the kernel, the section for everybody else */
	const char *name = bpf_map__name(map->map);
	const char *dot;

	if (!bpf_map__is_internal(map->map))
		return name;
	dot = strchr(name, '.');
	return dot ? dot : name;
}

int cgbpf_map_type(const struct cgbpf_map *map)
{
	return (int)bpf_map__type(map->map);
}

uint32_t cgbpf_map_key_size(const struct cgbpf_map *map)
{
	return bpf_map__key_size(map->map);
}

uint32_t cgbpf_map_value_size(const struct cgbpf_map *map)
{
	return bpf_map__value_size(map->map);
}

uint32_t cgbpf_map_max_entries(const struct cgbpf_map *map)
{
	return bpf_map__max_entries(map->map);
}

int cgbpf_map_fd(const struct cgbpf_map *map)
{
	int fd = -1;

	if (map->object->state == OBJECT_LOADED)
		fd = bpf_map__fd(map->map);
	return fd < 0 ? -ENOENT : fd;
}

int cgbpf_map_set_max_entries(struct cgbpf_map *map, uint32_t max_entries)
{
	if (map->object->state != OBJECT_OPEN)
		return -EBUSY;
	return bpf_map__set_max_entries(map->map, max_entries);
}

int cgbpf_map_reuse_fd(struct cgbpf_map *map, int fd)
{
	struct redirect *redirect = &map->object->redirect;
	int err;

	if (map->object->state != OBJECT_OPEN)
		return -EBUSY;
	text_clear(&redirect->words);
	redirect_begin(redirect);
	err = bpf_map__reuse_fd(map->map, fd);
	redirect_end(redirect);
	return err;
}

int cgbpf_map_pin(struct cgbpf_map *map, const char *path)
{
	struct redirect *redirect = &map->object->redirect;
	int err;

	if (map->object->state != OBJECT_LOADED)
		return -ENOENT;
	text_clear(&redirect->words);
	redirect_begin(redirect);
	err = bpf_map__pin(map->map, path);
	redirect_end(redirect);
	return err;
}

void *cgbpf_map_data(const struct cgbpf_map *map, size_t *size)
{
	struct cgbpf_task *task = cgbpf_env_task(map->object->env);
	size_t data_size, mapped;
	const void *initial;
	void *live;

	if (!bpf_map__is_internal(map->map))
		return NULL;
	initial = bpf_map__initial_value(map->map, &data_size);
	if (!initial)
		return NULL;
	*size = data_size;
	if (map->object->state == OBJECT_LOADED &&
	    !cgbpf_mmap(task, cgbpf_map_fd(map), &live, &mapped))
		return live;
	return (void *)initial;
}
