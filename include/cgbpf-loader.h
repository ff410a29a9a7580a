/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cgbpf-loader - BPF object files, into an environment of libcgbpf.
 *
 * What libbpf reads (ELF files of clang: BTF maps, global data, subprograms,
 * CO-RE, pinning by name) is loaded by libbpf itself, a private copy of it
 * whose system calls go to the environment.  A program that has a libbpf of
 * its own, for the real kernel, keeps it.
 *
 * This is a static library, libcgbpf-loader.a; pkg-config --static --libs
 * cgbpf-loader names all it needs.
 *
 * Conventions
 *	- As in cgbpf.h: 0 or -errno, nothing is printed.
 *	- Why something failed is told in words by cgbpf_object_log().
 *	- Programs, maps and all strings belong to their object, and are good
 *	  until cgbpf_object_free().
 *	- One object is used by one thread at a time.
 */
#ifndef CGBPF_LOADER_H
#define CGBPF_LOADER_H

#include "cgbpf.h"

#ifdef __cplusplus
extern "C" {
#endif

struct cgbpf_object;
struct cgbpf_prog;
struct cgbpf_map;

/* ----------------------------------------------------------------- objects */

/*
 * An object's life: what may be called.
 *	new	cgbpf_object_open(), _open_mem()
 *	open	programs and maps are listed, may be changed, have no fds
 *	loaded	fds are there; programs attach
 * A step that fails leaves the object where it was, but a failed load cannot
 * be tried again: free the object.
 */

/* An empty object: 0 or -ENOMEM. */
int cgbpf_object_new(struct cgbpf_object **out, struct cgbpf_env *env);

/* Closes its fds: what is attached or pinned stays.  NULL is fine. */
void cgbpf_object_free(struct cgbpf_object *object);

struct cgbpf_object_opts {
	size_t size;	      /* sizeof(struct cgbpf_object_opts) */
	const char *name;     /* NULL: by its file; "object" from memory */
	const char *pin_root; /* pinning by name; NULL: "/sys/fs/bpf" */
	const char *btf_path; /* types for CO-RE; NULL: the running kernel's */
};

/**
 * cgbpf_object_open() - read an object file; nothing reaches the environment.
 * @opts: NULL for the defaults
 *
 * Return: 0, -ENOEXEC if it is none, or what libbpf says.
 */
int cgbpf_object_open(struct cgbpf_object *object, const char *path,
		      const struct cgbpf_object_opts *opts);

/* The same from memory, which may go afterwards. */
int cgbpf_object_open_mem(struct cgbpf_object *object, const void *data,
			  size_t size, const struct cgbpf_object_opts *opts);

/* Makes its maps and loads its programs: all of them or none. */
int cgbpf_object_load(struct cgbpf_object *object);

/* What libbpf had to say of the last step, line by line; "" if nothing. */
const char *cgbpf_object_log(const struct cgbpf_object *object);

/**
 * cgbpf_object_refused() - the program for whose sake a load failed, or NULL.
 * @log: if not NULL, set to what the verifier said of it, or ""
 */
struct cgbpf_prog *cgbpf_object_refused(const struct cgbpf_object *object,
					const char **log);

/* ---------------------------------------------------------------- programs */

/* The one after @prog in the file's order; NULL: the first, or no more. */
struct cgbpf_prog *cgbpf_object_next_prog(const struct cgbpf_object *object,
					  const struct cgbpf_prog *prog);
/* By its function's name; NULL if there is none. */
struct cgbpf_prog *cgbpf_object_prog(const struct cgbpf_object *object,
				     const char *name);

const char *cgbpf_prog_name(const struct cgbpf_prog *prog);
const char *cgbpf_prog_section(const struct cgbpf_prog *prog);
/* enum bpf_prog_type; BPF_PROG_TYPE_UNSPEC for a section unknown to libbpf */
int cgbpf_prog_type(const struct cgbpf_prog *prog);
/* enum bpf_attach_type, or -1 where the section does not say one */
int cgbpf_prog_attach_type(const struct cgbpf_prog *prog);
/* When loaded: borrowed from the object; else -ENOENT. */
int cgbpf_prog_fd(const struct cgbpf_prog *prog);

/* Before the load: do not load it. */
int cgbpf_prog_set_autoload(struct cgbpf_prog *prog, bool autoload);
/**
 * cgbpf_prog_set_log() - before the load: what the verifier says goes to @buf
 * @level: as log_level of bpf(2): 1 or 2, and 4
 *
 * With a log that is too long for @size the load fails, -ENOSPC.
 */
int cgbpf_prog_set_log(struct cgbpf_prog *prog, uint32_t level, char *buf,
		       size_t size);
/* Before the load, the expected attach type as well; after it, where
 * cgbpf_prog_attach() goes. */
int cgbpf_prog_set_attach_type(struct cgbpf_prog *prog, int attach_type);

/**
 * cgbpf_prog_attach() - BPF_PROG_ATTACH by its attach type at @cgroup.
 * @flags: 0, BPF_F_ALLOW_OVERRIDE or BPF_F_ALLOW_MULTI, BPF_F_PREORDER, ...
 */
int cgbpf_prog_attach(struct cgbpf_prog *prog, struct cgbpf_cgroup *cgroup,
		      uint32_t flags);
int cgbpf_prog_detach(struct cgbpf_prog *prog, struct cgbpf_cgroup *cgroup);
/* BPF_LINK_CREATE: an fd that is the caller's to cgbpf_close(), or -errno. */
int cgbpf_prog_link(struct cgbpf_prog *prog, struct cgbpf_cgroup *cgroup);
int cgbpf_prog_pin(struct cgbpf_prog *prog, const char *path);

/* -------------------------------------------------------------------- maps */

struct cgbpf_map *cgbpf_object_next_map(const struct cgbpf_object *object,
					const struct cgbpf_map *map);
/* By its variable's name; global data is ".rodata", ".data", ".bss". */
struct cgbpf_map *cgbpf_object_map(const struct cgbpf_object *object,
				   const char *name);

const char *cgbpf_map_name(const struct cgbpf_map *map);
int cgbpf_map_type(const struct cgbpf_map *map);
uint32_t cgbpf_map_key_size(const struct cgbpf_map *map);
uint32_t cgbpf_map_value_size(const struct cgbpf_map *map);
uint32_t cgbpf_map_max_entries(const struct cgbpf_map *map);
/* When loaded: borrowed from the object; else -ENOENT. */
int cgbpf_map_fd(const struct cgbpf_map *map);

/* Before the load. */
int cgbpf_map_set_max_entries(struct cgbpf_map *map, uint32_t max_entries);
/* Use the map behind @fd, whose kind must be the same, instead of a new one. */
int cgbpf_map_reuse_fd(struct cgbpf_map *map, int fd);
int cgbpf_map_pin(struct cgbpf_map *map, const char *path);

/**
 * cgbpf_map_data() - global variables: .data, .bss, .rodata.
 * @size: their bytes
 *
 * Before the load: initial values, to be changed as wanted.  After it: the
 * memory that programs see, live; of .rodata a copy, not to be written.
 * NULL for other maps.
 */
void *cgbpf_map_data(const struct cgbpf_map *map, size_t *size);

#ifdef __cplusplus
}
#endif

#endif
