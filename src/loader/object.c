/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/loader.h"

#include <bpf/libbpf.h>
#include <string.h>

#include "base/alloc.h"

int cgbpf_object_new(struct cgbpf_object **out, struct cgbpf_env *env)
{
	struct cgbpf_object *object = mem_zalloc(sizeof(*object));

	if (!object)
		return -ENOMEM;
	object->env = env;
	object->redirect.env = env;
	*out = object;
	return 0;
}

void cgbpf_object_free(struct cgbpf_object *object)
{
	if (!object)
		return;
	redirect_begin(&object->redirect);
	bpf_object__close(object->obj);
	redirect_end(&object->redirect);
	text_clear(&object->redirect.words);
	text_clear(&object->redirect.refused_log);
	mem_free(object->progs);
	mem_free(object->maps);
	mem_free(object);
}

/* Programs and maps as arrays of ours: -ENOMEM. */
static int list_contents(struct cgbpf_object *object, struct bpf_object *obj)
{
	struct bpf_program *prog;
	struct cgbpf_prog *progs;
	struct cgbpf_map *maps;
	struct bpf_map *map;
	size_t nr_progs = 0, nr_maps = 0;

	bpf_object__for_each_program(prog, obj) nr_progs++;
	bpf_object__for_each_map(map, obj) nr_maps++;
	progs = mem_calloc(nr_progs + 1, sizeof(*progs));
	if (!progs)
		return -ENOMEM;
	maps = mem_calloc(nr_maps + 1, sizeof(*maps));
	if (!maps) {
		mem_free(progs);
		return -ENOMEM;
	}
	nr_progs = 0;
	bpf_object__for_each_program(prog, obj)
		prog_setup(&progs[nr_progs++], object, prog);
	nr_maps = 0;
	bpf_object__for_each_map(map, obj)
		maps[nr_maps++] = (struct cgbpf_map){ object, map };
	object->progs = progs;
	object->nr_progs = nr_progs;
	object->maps = maps;
	object->nr_maps = nr_maps;
	return 0;
}

/* libbpf has errors of its own, which no errno is. */
static int plain_errno(int err, int instead)
{
	return err <= -__LIBBPF_ERRNO__START ? instead : err;
}

static int object_open(struct cgbpf_object *object, const char *path,
		       const void *data, size_t size,
		       const struct cgbpf_object_opts *opts)
{
	LIBBPF_OPTS(bpf_object_open_opts, bpf_opts);
	struct bpf_object *obj;
	int err;

	if (object->state != OBJECT_NEW)
		return -EINVAL;
	if (opts && opts->size < sizeof(*opts))
		return -EINVAL;
	if (opts) {
		bpf_opts.object_name = opts->name;
		bpf_opts.pin_root_path = opts->pin_root;
		bpf_opts.btf_custom_path = opts->btf_path;
	}
	if (!path && !bpf_opts.object_name)
		bpf_opts.object_name = "object";
	text_clear(&object->redirect.words);
	redirect_begin(&object->redirect);
	errno = 0;
	obj = path ? bpf_object__open_file(path, &bpf_opts)
		   : bpf_object__open_mem(data, size, &bpf_opts);
	err = obj ? list_contents(object, obj) : -errno;
	if (err && obj)
		bpf_object__close(obj);
	redirect_end(&object->redirect);
	if (!obj && !err)
		err = -EINVAL;
	if (err)
		return plain_errno(err, -ENOEXEC);
	object->obj = obj;
	object->state = OBJECT_OPEN;
	return 0;
}

int cgbpf_object_open(struct cgbpf_object *object, const char *path,
		      const struct cgbpf_object_opts *opts)
{
	return object_open(object, path, NULL, 0, opts);
}

int cgbpf_object_open_mem(struct cgbpf_object *object, const void *data,
			  size_t size, const struct cgbpf_object_opts *opts)
{
	return object_open(object, NULL, data, size, opts);
}

int cgbpf_object_load(struct cgbpf_object *object)
{
	int err;

	if (object->state != OBJECT_OPEN)
		return -EINVAL;
	text_clear(&object->redirect.words);
	redirect_begin(&object->redirect);
	err = bpf_object__load(object->obj);
	redirect_end(&object->redirect);
	object->state = err ? OBJECT_FAILED : OBJECT_LOADED;
	return plain_errno(err, -EINVAL);
}

const char *cgbpf_object_log(const struct cgbpf_object *object)
{
	return text_view(&object->redirect.words);
}

struct cgbpf_prog *cgbpf_object_refused(const struct cgbpf_object *object,
					const char **log)
{
	const struct redirect *redirect = &object->redirect;

	if (object->state != OBJECT_FAILED || !redirect->refused)
		return NULL;
	for (size_t i = 0; i < object->nr_progs; i++) {
		struct cgbpf_prog *prog = &object->progs[i];

		/* the kernel's names are cut, and two may become equal: then
		 * the first is as good a guess as any */
		if (strncmp(cgbpf_prog_name(prog), redirect->refused_name,
			    UAPI_OBJ_NAME_LEN - 1))
			continue;
		if (log)
			*log = text_view(&redirect->refused_log);
		return prog;
	}
	return NULL;
}

struct cgbpf_prog *cgbpf_object_next_prog(const struct cgbpf_object *object,
					  const struct cgbpf_prog *prog)
{
	size_t i = prog ? (size_t)(prog - object->progs) + 1 : 0;

	return i < object->nr_progs ? &object->progs[i] : NULL;
}

struct cgbpf_prog *cgbpf_object_prog(const struct cgbpf_object *object,
				     const char *name)
{
	for (size_t i = 0; i < object->nr_progs; i++)
		if (!strcmp(cgbpf_prog_name(&object->progs[i]), name))
			return &object->progs[i];
	return NULL;
}

struct cgbpf_map *cgbpf_object_next_map(const struct cgbpf_object *object,
					const struct cgbpf_map *map)
{
	size_t i = map ? (size_t)(map - object->maps) + 1 : 0;

	return i < object->nr_maps ? &object->maps[i] : NULL;
}

struct cgbpf_map *cgbpf_object_map(const struct cgbpf_object *object,
				   const char *name)
{
	for (size_t i = 0; i < object->nr_maps; i++)
		if (!strcmp(cgbpf_map_name(&object->maps[i]), name))
			return &object->maps[i];
	return NULL;
}
