/* SPDX-License-Identifier: BSD-2-Clause */
#include "fuzz/gen_world.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "btf_text.h"
#include "cgbpf.h"
#include "map_world.h"
#include "object/env.h"
#include "object/map.h"
#include "verifier/verifier.h"
#include "vm/skb.h"
#include "vm/sock_addr.h"
#include "vm/sockopt.h"
#include "vm/vm.h"
#include "vm/xdp.h"

#define BTF_VALUE 3 /* types of btf_text */
#define BTF_MAIN 6
#define BTF_STATIC 7

static const char btf_text[] =
	"INT u32 0 0 4 0x20\n"					   /* 1 */
	"STRUCT bpf_spin_lock 1 0 4 'val' 1 0\n"		   /* 2 */
	"STRUCT value 4 0 16 'l' 2 0 'a' 1 32 'b' 1 64 'c' 1 96\n" /* 3 */
	"PTR - 0 0 0\n"						   /* 4 */
	"FUNC_PROTO - 1 0 1 'ctx' 4\n"				   /* 5 */
	"FUNC main 1 0 5\nFUNC part 0 0 5\n";			   /* 6, 7 */

u32 gen_random(u64 *seed)
{
	*seed += 0x9e3779b97f4a7c15ull;
	u64 z = *seed;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return (u32)(z >> 32);
}

/* --------------------------------------------------------------- making */

static int load_btf(struct gen_world *world)
{
	static struct blob blob;
	union attr attr = { 0 };
	int fd;

	blob_init(&blob);
	blob_text(&blob, btf_text);
	blob_finish(&blob);
	attr.btf_load.btf = ptr_to_u64(blob.data);
	attr.btf_load.btf_size = blob.size;
	fd = world_bpf(world->task, BPF_BTF_LOAD, &attr, sizeof(attr.btf_load));
	free(blob.data);
	return fd;
}

static int make_map(struct gen_world *world, u32 i)
{
	const struct gen_map_desc *desc = &gen_maps[i];
	union attr attr = { .map_create = {
				    .map_type = desc->type,
				    .key_size = desc->key_size,
				    .value_size = desc->value_size,
				    .max_entries = desc->max_entries,
				    .map_flags = desc->flags,
			    } };

	if (desc->lock) {
		attr.map_create.btf_fd = (u32)world->btf;
		attr.map_create.btf_key_type_id = 1;
		attr.map_create.btf_value_type_id = BTF_VALUE;
	}
	return world_bpf(world->task, BPF_MAP_CREATE, &attr,
			 sizeof(attr.map_create));
}

/* The constants are what they are in both worlds. */
static int freeze(struct gen_world *world)
{
	union attr attr = { .map_elem = {
				    .map_fd = (u32)world->maps[MAP_CONST] } };
	u8 value[64] = { 1, 0, 0, 0, 0, 0, 0, 0, 47, 0, 0, 0, 0xff, 0xff };
	u32 key = 0;

	if (world_update(world->task, world->maps[MAP_CONST], &key, value, 0))
		return -1;
	return world_bpf(world->task, BPF_MAP_FREEZE, &attr, 4);
}

static bool make_env(struct gen_world *world)
{
	const struct cgbpf_env_opts opts = { .size = sizeof(opts), .cpus = 1 };
	const struct cgbpf_sock_info info = {
		.size = sizeof(info),
		.family = AF_INET,
		.type = SOCK_STREAM,
		.protocol = 6,
		.src_ip4 = 0x0100007f,
		.dst_ip4 = 0x0200007f,
		.src_port = 80,
		.dst_port = 0x5000,
	};

	if (cgbpf_env_new(&world->env, &opts))
		return false;
	world->task = cgbpf_env_task(world->env);
	return !cgbpf_cgroup_new(world->env, "/fuzz", &world->cgroup) &&
	       !cgbpf_sock_new(world->cgroup, &info, &world->sock);
}

bool gen_world_init(struct gen_world *world, bool live)
{
	u32 mode;

	memset(world, 0, sizeof(*world));
	if (!live && !make_env(world))
		return false;
	world->btf = load_btf(world);
	if (world->btf < 0)
		return false;
	for (u32 i = 0; i < NR_GEN_MAPS; i++) {
		world->maps[i] = make_map(world, i);
		if (world->maps[i] < 0)
			return false;
		if (!live && map_get_by_fd(world->task, world->maps[i],
					   &world->objects[i], &mode))
			return false;
	}
	for (u32 i = 0; i < NR_GEN_KINDS; i++) {
		world->tails[i] = make_map(world, MAP_TAIL);
		if (world->tails[i] < 0)
			return false;
	}
	return !freeze(world);
}

void gen_world_exit(struct gen_world *world)
{
	for (u32 i = 0; i < NR_GEN_MAPS; i++) {
		if (world->objects[i])
			map_put(world->objects[i]);
		world_close(world->task, world->maps[i]);
	}
	for (u32 i = 0; i < NR_GEN_KINDS; i++)
		world_close(world->task, world->tails[i]);
	world_close(world->task, world->btf);
	if (!world->env)
		return;
	cgbpf_sock_put(world->sock);
	cgbpf_cgroup_put(world->cgroup);
	cgbpf_env_free(world->env);
}

/* -------------------------------------------------------------- loading */

static void place_maps(const struct gen_world *world,
		       const struct gen_prog *gen, struct bpf_insn *insns)
{
	memcpy(insns, gen->insns, gen->nr * sizeof(*insns));
	for (u32 i = 0; i < gen->nr; i++)
		if (insns[i].code == 0x18) {
			if ((insns[i].src_reg == BPF_PSEUDO_MAP_FD ||
			     insns[i].src_reg == BPF_PSEUDO_MAP_VALUE) &&
			    (u32)insns[i].imm < NR_GEN_MAPS)
				insns[i].imm =
					insns[i].imm == MAP_TAIL
						? world->tails[gen->kind]
						: world->maps[insns[i].imm];
			i++;
		}
}

static void place_funcs(const struct gen_world *world,
			const struct gen_prog *gen, struct attr_prog_load *attr,
			struct bpf_func_info *infos)
{
	if (!gen->nr_funcs)
		return;
	infos[0] = (struct bpf_func_info){ 0, BTF_MAIN };
	for (u32 i = 0; i < gen->nr_funcs; i++)
		infos[i + 1] =
			(struct bpf_func_info){ gen->funcs[i], BTF_STATIC };
	attr->prog_btf_fd = (u32)world->btf;
	attr->func_info = ptr_to_u64(infos);
	attr->func_info_cnt = gen->nr_funcs + 1;
	attr->func_info_rec_size = sizeof(infos[0]);
}

int gen_world_load(struct gen_world *world, const struct gen_prog *gen,
		   struct log *log, struct prog **out)
{
	struct attr_prog_load attr = {
		.prog_type = gen->type,
		.insn_cnt = gen->nr,
		.expected_attach_type = gen->attach_type,
		.prog_flags = gen->flags,
	};
	struct bpf_func_info infos[GEN_MAX_FUNCS + 1];
	struct prog *prog;
	int err;

	place_funcs(world, gen, &attr, infos);
	err = prog_alloc(&prog, world->env, gen->nr);
	if (err)
		return err;
	prog->type = gen->type;
	prog->expected_attach_type = gen->attach_type;
	prog->gpl = true;
	place_maps(world, gen, prog->insns);
	err = verifier_check(prog, world->task, &attr, 0, log);
	prog->checked = true;
	if (!err)
		err = vm_translate(prog);
	if (err)
		prog_put(prog);
	else
		*out = prog;
	return err;
}

int gen_world_ask(struct gen_world *world, const struct gen_prog *gen,
		  char *log, u32 log_size)
{
	static struct bpf_insn insns[GEN_MAX_INSNS];
	struct bpf_func_info infos[GEN_MAX_FUNCS + 1];
	union attr attr = { .prog_load = {
				    .prog_type = gen->type,
				    .insns = ptr_to_u64(insns),
				    .insn_cnt = gen->nr,
				    .license = ptr_to_u64("GPL"),
				    .expected_attach_type = gen->attach_type,
				    .prog_flags = gen->flags,
				    .log_level = log ? 1 : 0,
				    .log_buf = ptr_to_u64(log),
				    .log_size = log ? log_size : 0,
			    } };
	int fd;

	place_funcs(world, gen, &attr.prog_load, infos);
	place_maps(world, gen, insns);
	fd = world_bpf(world->task, BPF_PROG_LOAD, &attr,
		       sizeof(attr.prog_load));
	if (fd >= 0)
		world_close(world->task, fd);
	return fd < 0 ? fd : 0;
}

/* -------------------------------------------------------------- running */

static void fill_random(u8 *at, u32 size, u64 *seed)
{
	static const u32 liked[] = { 0,	     1,		 2,	     7,
				     8,	     16,	 31,	     32,
				     47,     48,	 63,	     64,
				     0x7f,   0x80,	 0xff,	     0x100,
				     0xffff, 0x7fffffff, 0x80000000, ~0u };

	for (u32 i = 0; i < size; i += 4) {
		u32 r = gen_random(seed), word;

		word = r & 3 ? liked[(r >> 2) % ARRAY_SIZE(liked)] : r >> 8;
		memcpy(at + i, &word, min(4u, size - i));
	}
}

void gen_world_shuffle(struct gen_world *world, u64 *seed)
{
	struct map *map;
	void *value;

	rcu_read_lock();
	for (u64 key = 0; key < 4; key++)
		for (u32 i = 0; i <= MAP_HASH; i++) {
			map = world->objects[i];
			value = map->ops->lookup(map, &key, 0);
			if (value)
				fill_random(value, gen_maps[i].value_size,
					    seed);
		}
	rcu_read_unlock();
}

union any_ctx {
	struct skb_ctx skb;
	struct xdp_ctx xdp;
	struct sock_addr_ctx addr;
	struct sockopt_ctx opt;
};

static void make_packet(union any_ctx *ctx, u32 type, u8 *head, u32 size,
			u32 room)
{
	u8 *data = head + 64, *end = data + size;

	switch (type) {
	case BPF_PROG_TYPE_XDP:
		ctx->xdp.head = head;
		ctx->xdp.data = ctx->xdp.data_meta = data;
		ctx->xdp.data_end = end;
		ctx->xdp.limit = head + room;
		break;
	case BPF_PROG_TYPE_CGROUP_SOCKOPT:
		ctx->opt.optval = data;
		ctx->opt.optval_end = end;
		ctx->opt.optlen = (s32)size;
		break;
	default:
		ctx->skb.head = head;
		ctx->skb.data = ctx->skb.data_meta = data;
		ctx->skb.data_end = end;
		ctx->skb.limit = head + room;
		ctx->skb.len = ctx->skb.wire_len = size;
		ctx->skb.mac_off = SKB_NO_MAC;
		ctx->skb.net_off = 64;
	}
}

static void *make_ctx(struct gen_world *world, union any_ctx *ctx,
		      struct run *run, u8 *packet, u32 room, u64 *seed)
{
	u32 type = run->prog->type, size = gen_random(seed) % 96;

	memset(ctx, 0, sizeof(*ctx));
	fill_random(packet, room, seed);
	switch (type) {
	case BPF_PROG_TYPE_CGROUP_SOCK:
		return world->sock;
	case BPF_PROG_TYPE_CGROUP_SOCK_ADDR:
		fill_random((u8 *)ctx, sizeof(ctx->addr), seed);
		ctx->addr.sk = world->sock;
		return ctx;
	case BPF_PROG_TYPE_CGROUP_SOCKOPT:
		ctx->opt.sk = world->sock;
		ctx->opt.retval = &run->retval;
		break;
	case BPF_PROG_TYPE_XDP:
		break;
	default:
		fill_random((u8 *)ctx, sizeof(ctx->skb), seed);
		ctx->skb.sk = world->sock;
	}
	make_packet(ctx, type, packet, size, room);
	return ctx;
}

bool gen_world_run(struct gen_world *world, struct prog *prog, u64 seed,
		   struct fault *fault, u64 *result)
{
	u8 packet[256];
	union any_ctx ctx;
	struct run run = {
		.env = world->env,
		.prog = prog,
		.cgroup = world->cgroup,
		.cred = &world->task->cred,
		.attach_type = ~0u,
	};

	run.ctx = make_ctx(world, &ctx, &run, packet, sizeof(packet), &seed);
	run.random = seed | 1;
	fault->reason[0] = '\0';
	rcu_read_lock();
	run.cpu = cpu_enter(world->env->cpus);
	*result = vm_run(&run, fault);
	cpu_leave(world->env->cpus, run.cpu);
	rcu_read_unlock();
	if (run.held_lock)
		*run.held_lock = 0;
	return !fault->reason[0];
}
