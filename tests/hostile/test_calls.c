/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hostile caller: bpf(2) with whatever comes to mind, in an order that makes
 * no sense, from memory that is partly missing; and events on top, which run
 * what got loaded.  Nothing may crash, leak or hang: the sanitizers and the
 * count of live allocations are the judges.
 *
 * usage: test_calls SEED STEPS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/uapi.h"
#include "cgbpf.h"
#include "object/env.h"
#include "object/task.h"
#include "vm/insn.h"

#define ARENA_BASE 0x100000u
#define ARENA_SIZE 0x10000u
#define NR_FDS 12 /* of each kind */

enum fd_kind {
	FD_MAP,
	FD_PROG,
	FD_CGROUP,
	FD_OTHER,
	FD_KINDS
};

struct hostile {
	struct cgbpf_task task;
	struct cgbpf_env *env;
	u8 arena[ARENA_SIZE];
	int fds[FD_KINDS][NR_FDS];
	struct cgbpf_cgroup *cgroups[4];
	u64 random;
	u64 calls, good, progs,
		ran; /* a test that does nothing proves nothing */
};

static u32 rnd(struct hostile *h, u32 below)
{
	h->random ^= h->random << 13;
	h->random ^= h->random >> 7;
	h->random ^= h->random << 17;
	return (u32)(h->random >> 32) % below;
}

/* -------------------------------------------------------------- its memory */

static u8 *arena_at(struct hostile *h, u64 addr, size_t n)
{
	if (addr < ARENA_BASE || addr - ARENA_BASE > ARENA_SIZE ||
	    n > ARENA_SIZE - (addr - ARENA_BASE))
		return NULL;
	return h->arena + (addr - ARENA_BASE);
}

static int hostile_copy_in(struct cgbpf_task *task, void *dst, u64 src,
			   size_t n)
{
	struct hostile *h = container_of(task, struct hostile, task);
	u8 *from = arena_at(h, src, n);

	if (!from || !rnd(h, 500))
		return -EFAULT;
	memcpy(dst, from, n);
	return 0;
}

static int hostile_copy_out(struct cgbpf_task *task, u64 dst, const void *src,
			    size_t n)
{
	struct hostile *h = container_of(task, struct hostile, task);
	u8 *to = arena_at(h, dst, n);

	if (!to || !rnd(h, 500))
		return -EFAULT;
	memcpy(to, src, n);
	return 0;
}

static int hostile_fd_install(struct cgbpf_task *task, struct file *file)
{
	struct hostile *h = container_of(task, struct hostile, task);

	if (!rnd(h, 100))
		return -EMFILE;
	return h->env->task->ops->fd_install(h->env->task, file);
}

static struct file *hostile_fd_get(struct cgbpf_task *task, int fd)
{
	struct hostile *h = container_of(task, struct hostile, task);

	return h->env->task->ops->fd_get(h->env->task, fd);
}

static const struct task_ops hostile_ops = {
	.fd_install = hostile_fd_install,
	.fd_get = hostile_fd_get,
	.copy_in = hostile_copy_in,
	.copy_out = hostile_copy_out,
};

/* ---------------------------------------------------------- what it thinks */

static u32 some_fd(struct hostile *h, enum fd_kind kind)
{
	if (!rnd(h, 10))
		kind = rnd(h, FD_KINDS);
	return rnd(h, 20) ? (u32)h->fds[kind][rnd(h, NR_FDS)] : rnd(h, 64);
}

static u64 some_addr(struct hostile *h)
{
	if (!rnd(h, 12))
		return rnd(h, 2) ? 0 : (u64)rnd(h, ~0u) << 16;
	return ARENA_BASE + rnd(h, ARENA_SIZE / 8) * 8;
}

static u32 some_number(struct hostile *h)
{
	static const u32 liked[] = {
		0,   1,	   2,	  3,	      4,	  7,
		8,   12,   16,	  17,	      24,	  64,
		512, 4096, 32768, 0x7fffffff, 0x80000000, 0xffffffff,
	};

	return rnd(h, 4) ? liked[rnd(h, ARRAY_SIZE(liked))] : rnd(h, ~0u);
}

static void some_key(struct hostile *h, void *dst)
{
	u64 id = cgbpf_cgroup_id(h->cgroups[rnd(h, 4)]);
	u32 small = rnd(h, 4);

	memcpy(dst, &id, sizeof(id));
	memcpy((u8 *)dst + 8, &small, sizeof(small));
}

static void scribble(struct hostile *h)
{
	u32 at = rnd(h, ARENA_SIZE - 64), n = rnd(h, 64);

	for (u32 i = 0; i < n; i++)
		h->arena[at + i] = rnd(h, 3) ? 0 : (u8)rnd(h, 256);
	some_key(h, h->arena + rnd(h, ARENA_SIZE / 16 - 1) * 16);
}

/* An instruction of the table with operands that may even make sense. */
static struct bpf_insn some_insn(struct hostile *h)
{
	const struct insn_desc *desc = &insn_descs[rnd(h, NR_INSNS)];
	struct bpf_insn insn = { .code = desc->code };

	insn.dst_reg = (u8)(rnd(h, 40) ? rnd(h, 11) : rnd(h, 16)) & 15;
	insn.src_reg = (u8)(rnd(h, 3) ? rnd(h, 11) : 0) & 15;
	insn.off = (s16)(rnd(h, 2) ? -8 * (s32)rnd(h, 8) : (s32)rnd(h, 10));
	insn.imm = (s32)(rnd(h, 2) ? rnd(h, 12) : some_number(h));
	if (desc->form == FORM_CALL) {
		insn.src_reg = 0;
		insn.dst_reg = 0;
		insn.off = 0;
		insn.imm = (s32)rnd(h, 215);
	} else if (BPF_CLASS(desc->code) == BPF_JMP ||
		   BPF_CLASS(desc->code) == BPF_JMP32) {
		insn.off = (s16)rnd(h, 3);
		if (desc->form == FORM_JMPK)
			insn.src_reg = 0;
	} else if (BPF_CLASS(desc->code) == BPF_ALU64 ||
		   BPF_CLASS(desc->code) == BPF_ALU) {
		insn.off = 0;
		if (desc->form == FORM_ALUK)
			insn.src_reg = 0;
		else
			insn.imm = 0;
	}
	return insn;
}

static u32 put_insn(struct bpf_insn *insns, u32 n, u8 code, u8 dst, u8 src,
		    s32 imm)
{
	insns[n] = (struct bpf_insn){
		.code = code, .dst_reg = dst, .src_reg = src, .imm = imm
	};
	return n + 1;
}

static u32 put_map(struct hostile *h, struct bpf_insn *insns, u32 n)
{
	n = put_insn(insns, n, BPF_LD | BPF_IMM | BPF_DW, 1,
		     rnd(h, 8) ? BPF_PSEUDO_MAP_FD : BPF_PSEUDO_MAP_VALUE,
		     (s32)some_fd(h, FD_MAP));
	return put_insn(insns, n, 0, 0, 0, 0);
}

/*
 * A call with arguments as compilers set them up: a map, a pointer into the
 * stack, another, a flag.
 */
static u32 put_call(struct hostile *h, struct bpf_insn *insns, u32 n)
{
	static const u32 liked[] = {
		BPF_FUNC_map_lookup_elem,   BPF_FUNC_map_update_elem,
		BPF_FUNC_map_delete_elem,   BPF_FUNC_get_local_storage,
		BPF_FUNC_ringbuf_reserve,   BPF_FUNC_map_push_elem,
		BPF_FUNC_map_peek_elem,	    BPF_FUNC_tail_call,
		BPF_FUNC_ringbuf_output,    BPF_FUNC_skb_load_bytes,
		BPF_FUNC_get_socket_cookie, BPF_FUNC_sk_storage_get,
	};

	if (rnd(h, 4))
		n = put_map(h, insns, n);
	else
		n = put_insn(insns, n, BPF_ALU64 | BPF_MOV | BPF_X, 1, 6, 0);
	for (u8 r = 2; r < 5; r++) {
		bool stack = rnd(h, 2);

		n = put_insn(insns, n,
			     BPF_ALU64 | BPF_MOV | (stack ? BPF_X : BPF_K), r,
			     stack ? 10 : 0, stack ? 0 : (s32)rnd(h, 40));
		if (stack)
			n = put_insn(insns, n, BPF_ALU64 | BPF_ADD | BPF_K, r,
				     0, -8 * (s32)rnd(h, 9));
	}
	return put_insn(insns, n, BPF_JMP | BPF_CALL, 0, 0,
			rnd(h, 4) ? (s32)liked[rnd(h, ARRAY_SIZE(liked))]
				  : (s32)rnd(h, 215));
}

static u32 some_program(struct hostile *h, struct bpf_insn *insns)
{
	u32 n = put_insn(insns, 0, BPF_ALU64 | BPF_MOV | BPF_X, 6, 1, 0);
	u32 body = rnd(h, 4) ? rnd(h, 4) : rnd(h, 12);

	for (u8 r = 7; r < 10; r++)
		n = put_insn(insns, n, BPF_ALU64 | BPF_MOV | BPF_K, r, 0,
			     (s32)some_number(h));
	for (s16 off = -8; off >= -64 && rnd(h, 2); off -= 8) {
		n = put_insn(insns, n, BPF_ST | BPF_MEM | BPF_DW, 10, 0,
			     (s32)rnd(h, 4));
		insns[n - 1].off = off;
	}
	for (u32 i = 0; i < body; i++) {
		if (!rnd(h, 3))
			n = put_call(h, insns, n);
		else
			insns[n++] = some_insn(h);
	}
	n = put_insn(insns, n, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0,
		     (s32)rnd(h, 3));
	return put_insn(insns, n, BPF_JMP | BPF_EXIT, 0, 0, 0);
}

/* ------------------------------------------------------------- near sense */

/* A map that can be, then one thing changed now and then. */
static void make_map(struct hostile *h, union attr *attr)
{
	static const u32 good[][5] = {
		{ BPF_MAP_TYPE_HASH, 8, 8, 8 },
		{ BPF_MAP_TYPE_ARRAY, 4, 64, 4 },
		{ BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4 },
		{ BPF_MAP_TYPE_PERCPU_HASH, 8, 12, 8 },
		{ BPF_MAP_TYPE_PERCPU_ARRAY, 4, 4, 4 },
		{ BPF_MAP_TYPE_CGROUP_ARRAY, 4, 4, 4 },
		{ BPF_MAP_TYPE_LRU_HASH, 8, 8, 8 },
		{ BPF_MAP_TYPE_LRU_PERCPU_HASH, 8, 8, 8 },
		{ BPF_MAP_TYPE_LPM_TRIE, 8, 8, 8, BPF_F_NO_PREALLOC },
		{ BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 4 },
		{ BPF_MAP_TYPE_HASH_OF_MAPS, 4, 4, 4 },
		{ BPF_MAP_TYPE_CGROUP_STORAGE, 8, 16, 0 },
		{ BPF_MAP_TYPE_CGROUP_STORAGE, 16, 16, 0 },
		{ BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, 8, 4, 0 },
		{ BPF_MAP_TYPE_QUEUE, 0, 8, 4 },
		{ BPF_MAP_TYPE_STACK, 0, 8, 4 },
		{ BPF_MAP_TYPE_RINGBUF, 0, 0, 4096 },
		{ BPF_MAP_TYPE_BLOOM_FILTER, 0, 8, 8 },
	};
	struct attr_map_create *map = &attr->map_create;

	const u32 *sizes = good[rnd(h, ARRAY_SIZE(good))];

	map->map_type = sizes[0];
	map->key_size = sizes[1];
	map->value_size = sizes[2];
	map->max_entries = sizes[3];
	map->map_flags = sizes[4];
	if (map->map_type == BPF_MAP_TYPE_ARRAY_OF_MAPS ||
	    map->map_type == BPF_MAP_TYPE_HASH_OF_MAPS)
		map->inner_map_fd = some_fd(h, FD_MAP);
	switch (rnd(h, 12)) {
	case 0:
		map->map_type = rnd(h, UAPI_NR_MAP_TYPES);
		break;
	case 1:
		map->key_size = some_number(h);
		break;
	case 2:
		map->value_size = some_number(h) % 70000;
		break;
	case 3:
		map->max_entries = some_number(h) % 100000;
		break;
	case 4:
		map->map_flags |= 1u << rnd(h, 19);
		break;
	}
}

static void make_prog(struct hostile *h, union attr *attr)
{
	static const u8 types[] = { 1, 3, 6, 8, 9, 15, 18, 23, 25 };
	struct bpf_insn insns[256];
	u32 n = some_program(h, insns);

	memcpy(h->arena, insns, n * sizeof(insns[0]));
	memcpy(h->arena + 8192, "GPL", 4);
	attr->prog_load.prog_type = types[rnd(h, ARRAY_SIZE(types))];
	attr->prog_load.expected_attach_type = rnd(h, 54);
	if (attr->prog_load.prog_type == BPF_PROG_TYPE_CGROUP_SKB)
		attr->prog_load.expected_attach_type = rnd(h, 2);
	attr->prog_load.insns = ARENA_BASE;
	attr->prog_load.insn_cnt = n;
	attr->prog_load.license = ARENA_BASE + 8192;
	if (!rnd(h, 3)) {
		attr->prog_load.log_buf = some_addr(h);
		attr->prog_load.log_size = some_number(h) % 8192;
		attr->prog_load.log_level = rnd(h, 16);
	}
}

static void make_elem(struct hostile *h, union attr *attr)
{
	attr->map_elem.map_fd = some_fd(h, FD_MAP);
	attr->map_elem.key = some_addr(h);
	attr->map_elem.value = some_addr(h);
	attr->map_elem.flags = rnd(h, 6);
}

static void make_attach(struct hostile *h, union attr *attr)
{
	attr->prog_attach.target_fd = some_fd(h, FD_CGROUP);
	attr->prog_attach.attach_bpf_fd = some_fd(h, FD_PROG);
	attr->prog_attach.attach_type = rnd(h, 2) ? rnd(h, 2) : rnd(h, 54);
	attr->prog_attach.attach_flags = rnd(h, 2) ? 2 : rnd(h, 128);
	if (!rnd(h, 4))
		attr->prog_attach.replace_bpf_fd = some_fd(h, FD_PROG);
}

static void make_link(struct hostile *h, union attr *attr)
{
	attr->link_create.prog_fd = some_fd(h, FD_PROG);
	attr->link_create.target_fd = some_fd(h, FD_CGROUP);
	attr->link_create.attach_type = rnd(h, 2) ? rnd(h, 2) : rnd(h, 54);
}

static void make_test_run(struct hostile *h, union attr *attr)
{
	attr->test_run.prog_fd = some_fd(h, FD_PROG);
	attr->test_run.data_in = some_addr(h);
	attr->test_run.data_size_in = some_number(h) % 5000;
	attr->test_run.data_out = some_addr(h);
	attr->test_run.data_size_out = some_number(h) % 5000;
	attr->test_run.repeat = rnd(h, 3);
	if (!rnd(h, 3)) {
		attr->test_run.ctx_in = some_addr(h);
		attr->test_run.ctx_size_in = some_number(h) % 300;
	}
}

static void make_any(struct hostile *h, union attr *attr)
{
	u32 words[sizeof(*attr) / sizeof(u32)] = { 0 };
	u32 n = rnd(h, ARRAY_SIZE(words));

	for (u32 i = 0; i < n; i++) {
		if (!(i & 1) && rnd(h, 2)) {
			u64 addr = some_addr(h);

			memcpy(&words[i], &addr, sizeof(addr));
			i++;
		} else {
			words[i] = rnd(h, 2) ? some_fd(h, FD_OTHER)
					     : some_number(h);
		}
	}
	memcpy(attr, words, sizeof(*attr));
}

static void make_attr(struct hostile *h, int cmd, union attr *attr)
{
	memset(attr, 0, sizeof(*attr));
	if (!rnd(h, 5))
		return make_any(h, attr);
	switch (cmd) {
	case BPF_MAP_CREATE:
		return make_map(h, attr);
	case BPF_PROG_LOAD:
		return make_prog(h, attr);
	case BPF_MAP_LOOKUP_ELEM:
	case BPF_MAP_UPDATE_ELEM:
	case BPF_MAP_DELETE_ELEM:
	case BPF_MAP_GET_NEXT_KEY:
	case BPF_MAP_LOOKUP_AND_DELETE_ELEM:
		return make_elem(h, attr);
	case BPF_PROG_ATTACH:
	case BPF_PROG_DETACH:
	case BPF_PROG_QUERY:
		return make_attach(h, attr);
	case BPF_LINK_CREATE:
		return make_link(h, attr);
	case BPF_PROG_TEST_RUN:
		return make_test_run(h, attr);
	default:
		return make_any(h, attr);
	}
}

/* ------------------------------------------------------------------- steps */

static void keep_fd(struct hostile *h, enum fd_kind kind, int fd)
{
	int *slot = &h->fds[kind][rnd(h, NR_FDS)];

	if (*slot >= TASK_FD_BASE)
		cgbpf_close(h->env->task, *slot);
	*slot = fd;
}

static void step_call(struct hostile *h)
{
	static const u8 liked[] = { BPF_MAP_CREATE,  BPF_PROG_LOAD,
				    BPF_PROG_ATTACH, BPF_MAP_UPDATE_ELEM,
				    BPF_LINK_CREATE, BPF_PROG_TEST_RUN };
	int cmd = rnd(h, 2) ? liked[rnd(h, ARRAY_SIZE(liked))]
			    : (int)rnd(h, UAPI_NR_CMDS + 1);
	u64 at = ARENA_BASE + 16384;
	union attr attr;
	int res;

	make_attr(h, cmd, &attr);
	memcpy(h->arena + (at - ARENA_BASE), &attr, sizeof(attr));
	res = cgbpf_bpf(&h->task, cmd, u64_to_ptr(at),
			rnd(h, 10) ? sizeof(attr) : rnd(h, 5000));
	h->calls++;
	h->good += res >= 0;
	h->progs += cmd == BPF_PROG_LOAD && res >= 0;
	if (res >= TASK_FD_BASE)
		keep_fd(h,
			cmd == BPF_MAP_CREATE  ? FD_MAP
			: cmd == BPF_PROG_LOAD ? FD_PROG
					       : FD_OTHER,
			res);
}

static void step_packet(struct hostile *h)
{
	u8 data[128] = { 0x45, 0, 0, 128 };
	struct cgbpf_packet packet = { .size = sizeof(packet),
				       .data = data,
				       .len = 20 + rnd(h, 108),
				       .protocol = 0x0800 };
	struct cgbpf_verdict verdict;

	if (!cgbpf_run_skb(h->cgroups[rnd(h, 4)], NULL, (int)rnd(h, 2), &packet,
			   NULL, &verdict))
		h->ran += verdict.ran;
}

static void step_cgroup(struct hostile *h)
{
	static const char *const paths[] = { "/a", "/b", "/a/c", "/b/d" };
	u32 i = rnd(h, 4);
	struct cgbpf_cgroup *again;

	if (cgbpf_cgroup_remove(h->cgroups[i]) &&
	    cgbpf_cgroup_get(h->env, paths[i], &again) != -ENOENT) {
		cgbpf_cgroup_put(again);
		return;
	}
	if (cgbpf_cgroup_new(h->env, paths[i], &again))
		return;
	cgbpf_cgroup_put(h->cgroups[i]);
	h->cgroups[i] = again;
	keep_fd(h, FD_CGROUP, cgbpf_cgroup_open(h->env->task, again));
}

static void step(struct hostile *h)
{
	u32 what = rnd(h, 100);

	if (what < 75)
		step_call(h);
	else if (what < 85)
		step_packet(h);
	else if (what < 97)
		scribble(h);
	else
		step_cgroup(h);
}

static int hostile_start(struct hostile *h, u64 seed)
{
	static const char *const paths[] = { "/a", "/b", "/a/c", "/b/d" };
	struct cgbpf_env_opts opts = { .size = sizeof(opts), .cpus = 2 };
	int err;

	h->random = seed * 0x9e3779b97f4a7c15u + 1;
	err = cgbpf_env_new(&h->env, &opts);
	if (err)
		return err;
	h->task = *h->env->task;
	h->task.ops = &hostile_ops;
	for (int i = 0; i < 4; i++) {
		err = cgbpf_cgroup_new(h->env, paths[i], &h->cgroups[i]);
		if (err)
			return err;
		keep_fd(h, FD_CGROUP,
			cgbpf_cgroup_open(h->env->task, h->cgroups[i]));
	}
	return 0;
}

static void hostile_end(struct hostile *h)
{
	for (int i = 0; i < 4; i++)
		cgbpf_cgroup_put(h->cgroups[i]);
	cgbpf_env_free(h->env);
}

int main(int argc, char **argv)
{
	u64 seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	u64 steps = argc > 2 ? strtoull(argv[2], NULL, 0) : 20000;
	struct hostile *h = calloc(1, sizeof(*h));
	bool idle;
#ifdef CGBPF_FAULTS
	long live = mem_live();
#endif

	if (!h || hostile_start(h, seed)) {
		fprintf(stderr, "cannot start\n");
		return 1;
	}
	for (u64 i = 0; i < steps; i++)
		step(h);
	hostile_end(h);
	printf("%llu calls, %llu good; %llu programs loaded, %llu run\n",
	       (unsigned long long)h->calls, (unsigned long long)h->good,
	       (unsigned long long)h->progs, (unsigned long long)h->ran);
	idle = !h->progs || !h->ran;
	free(h);
	if (idle)
		return 1;
#ifdef CGBPF_FAULTS
	if (mem_live() != live) {
		fprintf(stderr, "seed %llu: %ld allocations leaked\n",
			(unsigned long long)seed, mem_live() - live);
		return 1;
	}
#endif
	return 0;
}
