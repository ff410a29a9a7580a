/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host program with a libbpf of its own, for the real kernel: linking both
 * works, each keeps to its side, and neither disturbs the other's settings.
 *
 * usage: test_beside OBJECT
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/uapi.h"
#include "cgbpf-loader.h"

static int host_lines;

static int host_print(enum libbpf_print_level level, const char *fmt,
		      va_list args)
{
	(void)level;
	(void)fmt;
	(void)args;
	host_lines++;
	return 0;
}

static int failed(const char *what, long result)
{
	printf("%s: %ld\n", what, result);
	return 1;
}

/* An object is loaded into an environment; the host's libbpf hears nothing. */
static int ours(const char *path, struct cgbpf_env *env)
{
	struct cgbpf_object *object;
	int err, lines = host_lines;

	if (cgbpf_object_new(&object, env))
		return failed("object", 0);
	err = cgbpf_object_open(object, path, NULL);
	if (!err)
		err = cgbpf_object_load(object);
	if (err)
		return failed("load into the environment", err);
	if (cgbpf_map_fd(cgbpf_object_map(object, "hash")) < 0x40000000)
		return failed("an fd of the environment", err);
	cgbpf_object_free(object);
	if (host_lines != lines)
		return failed("lines for the host", host_lines - lines);
	return 0;
}

/* The host's: its objects are read, its print function is called. */
static int host(const char *path)
{
	struct bpf_object *obj = bpf_object__open_file(path, NULL);

	if (!obj)
		return failed("the host opens the object", errno);
	bpf_object__close(obj);
	if (bpf_object__open_file("/nowhere.o", NULL) || !host_lines)
		return failed("the host hears what its libbpf says",
			      host_lines);
	return 0;
}

/* A map of the host's is the kernel's: the environment has none of it. */
static int host_kernel(struct cgbpf_env *env)
{
	union attr attr = { 0 };
	u32 key = 0;
	u64 value = 5, read = 0;
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "beside", 4, 8, 1, NULL);

	if (fd == -EPERM || fd == -ENOSYS || fd == -EACCES) {
		printf("without the kernel's bpf(2): %d\n", fd);
		return 0;
	}
	if (fd < 0 || fd >= 0x40000000)
		return failed("the kernel's map", fd);
	if (bpf_map_update_elem(fd, &key, &value, 0) ||
	    bpf_map_lookup_elem(fd, &key, &read) || read != 5)
		return failed("the kernel's element", errno);
	close(fd);
	if (cgbpf_bpf(cgbpf_env_task(env), BPF_MAP_GET_NEXT_ID,
		      (union bpf_attr *)&attr, sizeof(attr)) != -ENOENT)
		return failed("the environment is empty", attr.id.next_id);
	return 0;
}

int main(int argc, char **argv)
{
	struct cgbpf_env *env;
	int err;

	if (argc != 2 || cgbpf_env_new(&env, NULL))
		return 2;
	libbpf_set_print(host_print);
	err = host(argv[1]) || ours(argv[1], env) || host(argv[1]);
	cgbpf_env_sync(env);
	err = err || host_kernel(env);
	if (libbpf_set_print(host_print) != host_print)
		err = failed("the host's print function is kept", 0);
	cgbpf_env_free(env);
	return err;
}
