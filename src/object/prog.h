/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program: what BPF_PROG_LOAD made of its instructions.
 *
 * Lifecycle
 *	made		prog_alloc(): the caller's bytes, copied once
 *	checked		by the verifier room, which fills used_maps,
 *storage_map, subprogs and the per-instruction facts
 *	translated	by the vm room: xinsns
 *	published	has an id; from here on nothing changes but statistics
 *	freed		after the last put and a grace period
 */
#ifndef CGBPF_OBJECT_PROG_H
#define CGBPF_OBJECT_PROG_H

#include "base/rcu.h"
#include "base/uapi.h"
#include "object/map_storage.h"
#include "object/object.h"

struct xinsn;
struct ctx_field;

#define PROG_MAX_INSNS 1000000u
#define PROG_MAX_MAPS 64u
#define PROG_MAX_SUBPROGS 256u

/* What is known of one instruction after checking; freed after translation. */
struct insn_aux {
	struct map *map; /* of a map's ld_imm64: borrowed from used_maps */
	u64 address;	 /* of BPF_PSEUDO_MAP_VALUE: the value's address */
	const struct ctx_field
		*ctx; /* a context access, when known statically */
	bool seen;    /* some path comes here: others may be anything */
};

struct subprog {
	u32 start;  /* first instruction, in prog->insns */
	u32 xstart; /* in prog->xinsns */
	u32 stack_depth;
	bool has_ld_abs, has_tail_call; /* need an int to be returned */
	bool reads_uninit; /* of its stack: which must be cleared */
};

struct prog_stats {
	u64 run_cnt, run_time_ns;
} __attribute__((aligned(CACHE_LINE)));

struct prog {
	struct object obj;
	u32 type; /* enum bpf_prog_type */
	u32 expected_attach_type;
	/* may return what only its expected attach type takes (egress: 2, 3);
	 * known once return values are tracked */
	bool enforce_attach_type;
	u32 prog_flags;
	char name[UAPI_OBJ_NAME_LEN];
	u8 tag[UAPI_TAG_SIZE];
	bool gpl;
	uid_t uid;
	u64 load_time; /* ns since boot */

	u32 len;
	struct bpf_insn *insns; /* as loaded */
	struct insn_aux *aux;	/* NULL once translated */
	u32 nr_subprogs;
	struct subprog *subprogs; /* [0] is the main program */
	u32 verified_insns;

	u32 xlen;
	struct xinsn *xinsns; /* what runs */
	bool clears_stack;    /* some function reads_uninit */
	bool verified;	      /* safe on every path */
	/* Runs in the checked interpreter: what is not verified, what prints
	 * (vm/helper.h), and tests that look for the verifier's mistakes. */
	bool checked;

	u32 nr_maps;
	struct map **used_maps;			/* references */
	pthread_mutex_t maps_lock;		/* PROG_BIND_MAP adds */
	struct map *storage_map[STORAGE_TYPES]; /* borrowed from used_maps */

	struct btf *btf;
	void *func_info, *line_info;
	u32 nr_func_info, func_info_rec_size;
	u32 nr_line_info, line_info_rec_size;

	struct prog_stats *stats; /* by CPU slot */
	struct rcu_cb rcu;
};

extern const struct file_ops prog_file_ops;

static inline struct prog *prog_of(struct object *obj)
{
	return container_of(obj, struct prog, obj);
}

/* An empty program with room for @len instructions: -ENOMEM. */
int prog_alloc(struct prog **out, struct cgbpf_env *env, u32 len);
void prog_get(struct prog *prog);
void prog_put(struct prog *prog);
/* With a reference; -EBADF, -EINVAL. */
int prog_get_by_fd(struct cgbpf_task *task, int fd, struct prog **out);
/* Adds a reference on @map to used_maps unless it is there. -ENOMEM, -E2BIG */
int prog_use_map(struct prog *prog, struct map *map);
bool prog_uses_map(const struct prog *prog, const struct map *map);
/* SHA-256 of the instructions with map references zeroed, first 8 bytes */
int prog_calc_tag(struct prog *prog);

#endif
