/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A scene for failing allocations: an environment in which everything there
 * is exists once, all that can be seen of it as one text, and operations that
 * are tried in it with their 1st, 2nd, ... allocation refused.
 */
#ifndef TESTS_FAULT_SCENE_H
#define TESTS_FAULT_SCENE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/uapi.h"
#include "cgbpf.h"
#include "object/attach_type.h"

#define EGRESS BPF_CGROUP_INET_EGRESS
#define INGRESS BPF_CGROUP_INET_INGRESS
#define MULTI BPF_F_ALLOW_MULTI
#define OVERRIDE BPF_F_ALLOW_OVERRIDE
#define SCENE_CPUS 2

/* What user space may do with maps of a type. */
#define DOES_LOOKUP 0x1u
#define DOES_UPDATE 0x2u
#define DOES_DELETE 0x4u
#define DOES_NEXT 0x8u
#define DOES_TAKE 0x10u
#define DOES_FREEZE 0x20u
#define DOES_MMAP 0x40u
#define DOES_SHOW 0x80u
#define DOES_BATCH_LOOKUP 0x100u
#define DOES_BATCH_UPDATE 0x200u
#define DOES_BATCH_DELETE 0x400u
#define DOES_BATCH_TAKE 0x800u
#define DOES_CREATE 0x1000u

enum scene_map {
	M_ARRAY,
	M_PERCPU_ARRAY,
	M_HASH,
	M_HASH_NO_PREALLOC,
	M_PERCPU_HASH,
	M_LRU,
	M_LRU_PERCPU,
	M_LPM,
	M_QUEUE,
	M_STACK,
	M_PROG_ARRAY,
	M_ARRAY_OF_MAPS,
	M_HASH_OF_MAPS,
	M_CGROUP_ARRAY,
	M_RINGBUF,
	M_BLOOM,
	M_STORAGE,
	M_PERCPU_STORAGE,
	M_SK_STORAGE,
	M_LOCKED_HASH, /* with BTF: a spin lock and a counter */
	NR_SCENE_MAPS,
};

struct scene_map_kind {
	const char *name;
	u32 type, key_size, value_size, max_entries, flags;
	u32 does;
};

extern const struct scene_map_kind scene_maps[NR_SCENE_MAPS];

struct scene {
	struct cgbpf_env *env;
	struct cgbpf_task *task;
	struct cgbpf_cgroup *a, *b;
	struct cgbpf_sock *sock;
	int root_fd, a_fd, b_fd, c_fd;
	int btf, func_btf;
	int maps[NR_SCENE_MAPS];
	/* attached: at "/", "/a", "/a/b"; spare: not */
	int at_root, at_a, at_b, spare[2];
	int link, link_b; /* at "/a/b", pinned; not pinned */
	/* of the operation's own preparation */
	int prog;
	struct cgbpf_sock *own_sock;
	u32 traced;
	/* for what operations write: untouched by failures */
	u8 out[8192] __attribute__((aligned(8)));
};

/* The types in scene->btf. */
enum {
	T_U32 = 1,
	T_U64,
	T_LOCKED = 4, /* struct: lock, value */
};

void scene_new(struct scene *s);
void scene_free(struct scene *s);
/* All that can be seen; the caller frees it. */
char *scene_text(struct scene *s);

/*
 * bpf(2); when it fails the attributes have to be as they were, but for what
 * the kernel writes then as well: counts of batches, sizes of logs.
 */
int scene_bpf(struct scene *s, int cmd, union attr *attr);
int scene_elem(struct scene *s, int cmd, int map, const void *key, void *value,
	       u64 flags);
/* Key @nr of the map and a value that may be put there. */
void scene_key(struct scene *s, int map, u32 nr, void *key);
void scene_value(struct scene *s, int map, u32 nr, void *value);
int scene_map_create(struct scene *s, int map);
int scene_load(struct scene *s, u32 type, u32 attach_type,
	       const struct bpf_insn *insns, u32 nr);
#define LOAD(s, type, attach_type, ...)                      \
	scene_load(s, type, attach_type, INSNS(__VA_ARGS__), \
		   NR_INSNS(__VA_ARGS__))
int scene_attach(struct scene *s, int cgroup, int prog, u32 type, u32 flags);

enum operation_mode {
	/* Fails with -ENOMEM and leaves no trace (CS-17), or succeeds. */
	OP_WHOLE,
	/* As the kernel: what was done before the failure stays, and is told
	 * (batches), or was handed over already. */
	OP_PARTLY,
	/* Succeeds whatever happens, and the outcome is the same (AT-11). */
	OP_SURE,
	/* An event: a verdict or an error; programs see failing helpers. */
	OP_EVENT,
};

struct operation {
	const char *name;
	/* NULL: nothing; before anything is refused */
	void (*prepare)(struct scene *s, int arg);
	/* What it hands out goes to s->out. */
	int (*run)(struct scene *s, int arg);
	/* once for each arg from 0; 0: once */
	int nr;
	/* with each map that does this as the argument */
	u32 maps;
	enum operation_mode mode;
	/* how many allocations it is known to make, at least */
	unsigned long least;
};

/* A test for each: what main() returns. */
int operations_run(const struct operation *ops, size_t n);

#endif
