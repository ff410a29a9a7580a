/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects, and the programs and maps in them: libbpf's, with their owner. */
#ifndef CGBPF_LOADER_LOADER_H
#define CGBPF_LOADER_LOADER_H

#include "cgbpf-loader.h"
#include "loader/redirect.h"

struct bpf_map;
struct bpf_object;
struct bpf_program;

enum object_state {
	OBJECT_NEW,    /* libbpf knows nothing yet */
	OBJECT_OPEN,   /* obj, progs and maps are there; no fds */
	OBJECT_LOADED, /* fds are there */
	OBJECT_FAILED, /* a load failed: as open, but for good */
};

struct cgbpf_prog {
	struct cgbpf_object *object;
	struct bpf_program *prog;
	int attach_type; /* -1: unknown */
};

struct cgbpf_map {
	struct cgbpf_object *object;
	struct bpf_map *map;
};

struct cgbpf_object {
	struct cgbpf_env *env;
	enum object_state state;
	struct bpf_object *obj;
	struct redirect redirect;
	struct cgbpf_prog *progs; /* in libbpf's order */
	size_t nr_progs;
	struct cgbpf_map *maps;
	size_t nr_maps;
};

/* What a section of a newer libbpf's vocabulary says, if this one does not. */
void prog_setup(struct cgbpf_prog *prog, struct cgbpf_object *object,
		struct bpf_program *bpf);

#endif
