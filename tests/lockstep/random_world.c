/* SPDX-License-Identifier: BSD-2-Clause */
/* The small world of random sequences: slots, and what each step does. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"
#include "random.h"

#define NR_MAPS 18
#define NR_PROGS 16
#define NR_LINKS 10
#define NR_PINS 5
#define NR_ATYPES_USED 8

static const char *const paths[] = {
	"/a",	  "/a/b", "/a/b/c", "/a/b/c/d", "/a/e",
	"/a/b/f", "/g",	  "/g/h",   "/i",
};

#define NR_CGROUPS ARRAY_SIZE(paths)

static const char *const pins[NR_PINS] = { "/p", "/q", "/dir/r", "/no/s",
					   "/dir" };

/* Program types and attach types that a sequence plays with. */
static const struct kind {
	u32 prog_type, attach_type;
} kinds[NR_ATYPES_USED] = {
	{ BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS },
	{ BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_INGRESS },
	{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT },
	{ BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE },
	{ BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_SETSOCKOPT },
	{ BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE },
	{ BPF_PROG_TYPE_CGROUP_SYSCTL, BPF_CGROUP_SYSCTL },
	{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_BIND },
};

/* Slots of maps and what lies in each: programs know where to look. */
static const struct map_kind {
	u32 type, key_size, value_size;
} map_kinds[NR_MAPS] = {
	{ BPF_MAP_TYPE_CGROUP_STORAGE, 16, 8 },
	{ BPF_MAP_TYPE_CGROUP_STORAGE, 8, 8 },
	{ BPF_MAP_TYPE_CGROUP_STORAGE, 16, 8 },
	/* multiples of 8 only: KB-6 */
	{ BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, 16, 8 },
	{ BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, 8, 16 },
	{ BPF_MAP_TYPE_ARRAY, 4, 8 },
	{ BPF_MAP_TYPE_HASH, 4, 8 },
	{ BPF_MAP_TYPE_HASH, 8, 12 },
	{ BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8 },
	{ BPF_MAP_TYPE_PERCPU_HASH, 4, 16 },
	{ BPF_MAP_TYPE_LPM_TRIE, 8, 8 },
	{ BPF_MAP_TYPE_QUEUE, 0, 8 },
	{ BPF_MAP_TYPE_STACK, 0, 8 },
	{ BPF_MAP_TYPE_PROG_ARRAY, 4, 4 },
	{ BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4 },
	{ BPF_MAP_TYPE_HASH_OF_MAPS, 4, 4 },
	{ BPF_MAP_TYPE_CGROUP_ARRAY, 4, 4 },
	{ BPF_MAP_TYPE_LRU_HASH, 4, 8 },
};

#define FIRST_PLAIN_MAP 5 /* before it: storage maps */

/* What is known of a link in the kernel: for step_is_safe() */
struct link_state {
	u64 id;
	u32 attach_type;
	u64 maps[2]; /* ids of its program's storage maps */
};

#define MAX_LINK_STATES 4096

struct small_world {
	struct lockstep *ls;
	int cgroups[NR_CGROUPS], maps[NR_MAPS], progs[NR_PROGS],
		links[NR_LINKS];
	u64 prog_maps[NR_PROGS][2];
	enum ls_kind pin_kind[NR_PINS];
	u64 pin_id[NR_PINS]; /* the kernel's, 0: nothing there */
	u32 kinds;	     /* seed for kind_of() */
	bool preorder_ok;
	/* attach types where PREORDER has been used: bit sets, by uapi number */
	u64 preorder;
	u32 nr_links;
	struct link_state link_states[MAX_LINK_STATES];
};

static const struct kind *kind_of(const struct small_world *small, u32 n)
{
	/* two or three kinds for each sequence */
	u32 first = small->kinds % NR_ATYPES_USED;
	u32 nr = 1 + small->kinds / NR_ATYPES_USED % 3;

	/* once in a while one that does not fit */
	if (n % 16 == 15)
		return &kinds[n / 16 % NR_ATYPES_USED];
	return &kinds[(first + n % nr) % NR_ATYPES_USED];
}

/* Mostly the attach type that the program in slot @p is for. */
static u32 type_for(const struct small_world *small, u32 p, u32 n)
{
	struct ls_handle *h =
		ls_handle(small->ls, (u64)small->progs[p % NR_PROGS]);

	return h && n % 4 != 3 ? h->attach_type
			       : kind_of(small, n)->attach_type;
}

/* A slot's handle: now and then a wrong one */
static int pick(const int *slots, u32 nr, u32 n)
{
	return slots[n % nr];
}

static void set_slot(struct small_world *small, int *slot, int handle)
{
	if (ls_handle(small->ls, (u64)*slot))
		ls_close_handle(small->ls, *slot);
	*slot = handle;
}

/* ------------------------------------------------------------------ cgroups */

static int do_cgroup_new(struct small_world *small, const u32 *arg)
{
	u32 i = arg[0] % NR_CGROUPS;
	int ret;

	ls_doing(small->ls, "mkdir %s", paths[i]);
	ret = ls_cgroup(small->ls, paths[i]);
	if (ret >= 0)
		set_slot(small, &small->cgroups[i], ret);
	return ret;
}

static int do_cgroup_remove(struct small_world *small, const u32 *arg)
{
	u32 i = arg[0] % NR_CGROUPS;

	ls_doing(small->ls, "rmdir %s", paths[i]);
	return ls_cgroup_remove(small->ls, small->cgroups[i]);
}

/* Another fd of the same cgroup in place of the one before. */
static int do_cgroup_close(struct small_world *small, const u32 *arg)
{
	u32 i = arg[0] % NR_CGROUPS;
	int ret;

	ls_doing(small->ls, "dup cgroup %u", i);
	if (!ls_handle(small->ls, (u64)small->cgroups[i]))
		return -EBADF;
	ret = ls_dup(small->ls, small->cgroups[i]);
	if (ret >= 0)
		set_slot(small, &small->cgroups[i], ret);
	return ret;
}

/* -------------------------------------------------------------------- maps */

static u32 map_flags(u32 i, u32 n)
{
	static const u32 odd[] = { BPF_F_RDONLY,      BPF_F_WRONLY,
				   BPF_F_NO_PREALLOC, BPF_F_ZERO_SEED,
				   BPF_F_MMAPABLE,    BPF_F_INNER_MAP,
				   BPF_F_RDONLY_PROG, BPF_F_WRONLY_PROG };
	/* programs write to these: whether they may is the verifier's part */
	u32 nr_odd = i <= FIRST_PLAIN_MAP + 1 ? 6 : ARRAY_SIZE(odd);
	u32 type = map_kinds[i].type;
	u32 flags = type == BPF_MAP_TYPE_LPM_TRIE ||
				    (type == BPF_MAP_TYPE_HASH && n % 2)
			    ? BPF_F_NO_PREALLOC
			    : 0;

	return n % 8 == 7 ? flags ^ odd[n / 8 % nr_odd] : flags;
}

static u32 map_entries(u32 i, u32 n)
{
	if (i < FIRST_PLAIN_MAP)
		return n % 16 == 15;
	if (map_kinds[i].type == BPF_MAP_TYPE_LRU_HASH)
		return 1024; /* never full: what leaves first is theirs */
	return n % 16 == 15 ? 0 : 1 + n % 5;
}

static int do_map_create(struct small_world *small, const u32 *arg)
{
	u32 i = arg[0] % NR_MAPS;
	struct attr_map_create attr = {
		.map_type = map_kinds[i].type,
		.key_size = map_kinds[i].key_size,
		.value_size = map_kinds[i].value_size,
		.max_entries = map_entries(i, arg[1]),
		.map_flags = map_flags(i, arg[2]),
	};
	int ret;

	strcpy(attr.map_name, arg[3] % 8 ? "map" : "ma-p");
	if (attr.map_type == BPF_MAP_TYPE_ARRAY_OF_MAPS ||
	    attr.map_type == BPF_MAP_TYPE_HASH_OF_MAPS)
		attr.inner_map_fd = (u32)pick(
			small->maps, NR_MAPS,
			arg[4] % 4 ? FIRST_PLAIN_MAP + arg[4] % 3 : arg[4]);
	ls_doing(small->ls, "create map %u: type %u, entries %u, flags %#x", i,
		 attr.map_type, attr.max_entries, attr.map_flags);
	ret = ls_map_create(small->ls, &attr);
	if (ret >= 0)
		set_slot(small, &small->maps[i], ret);
	return ret;
}

/* A key for the map in slot @i: of few, so that they meet again. */
static const void *make_key(struct small_world *small, u32 i, const u32 *arg,
			    u8 key[16])
{
	u32 n = arg[1] % 7;

	memset(key, 0, 16);
	if (i < FIRST_PLAIN_MAP) {
		struct bpf_cgroup_storage_key k =
			ls_key(pick(small->cgroups, NR_CGROUPS, arg[1]),
			       kind_of(small, arg[2])->attach_type);

		memcpy(key, &k, sizeof(k));
		if (k.cgroup_inode_id >= (u64)-1) /* an empty slot */
			memset(key, 0, 8);
		return key;
	}
	if (map_kinds[i].type == BPF_MAP_TYPE_LPM_TRIE) {
		static const u32 lens[] = { 0, 1, 7, 8, 9, 31, 32, 33 };
		u32 data = (0x01000001u * (arg[2] % 5)) ^ (arg[2] % 3 << 7);

		memcpy(key, &lens[arg[1] % ARRAY_SIZE(lens)], 4);
		memcpy(key + 4, &data, 4);
		return key;
	}
	if (!map_kinds[i].key_size)
		return arg[1] % 16 == 15 ? key : NULL;
	memcpy(key, &n, 4);
	return key;
}

static u64 elem_flags(u32 n)
{
	static const u64 flags[] = { BPF_ANY, BPF_ANY,	   BPF_ANY, BPF_EXIST,
				     BPF_ANY, BPF_NOEXIST, 3,	    BPF_F_LOCK,
				     8,	      BPF_ANY };

	return flags[n % ARRAY_SIZE(flags)];
}

static int do_lookup(struct small_world *small, const u32 *arg)
{
	u32 i = arg[0] % NR_MAPS;
	u8 key[16], value[LS_MAX_VALUE];

	ls_doing(small->ls, "lookup map %u", i);
	return ls_lookup(small->ls, small->maps[i],
			 make_key(small, i, arg, key), value,
			 arg[3] % 16 == 15 ? elem_flags(arg[4]) : 0);
}

static int do_take(struct small_world *small, const u32 *arg)
{
	u32 i = arg[0] % NR_MAPS;
	u8 key[16], value[LS_MAX_VALUE];

	ls_doing(small->ls, "lookup and delete map %u", i);
	return ls_take(small->ls, small->maps[i], make_key(small, i, arg, key),
		       value, arg[3] % 16 == 15 ? elem_flags(arg[4]) : 0);
}

static int do_update(struct small_world *small, const u32 *arg)
{
	struct lockstep *ls = small->ls;
	u32 i = arg[0] % NR_MAPS;
	u8 key[16], value[LS_MAX_VALUE];
	const void *k = make_key(small, i, arg, key);
	int map = small->maps[i];
	u64 flags = elem_flags(arg[3]);

	ls_doing(ls, "update map %u flags %llu", i, (unsigned long long)flags);
	memset(value, (int)(arg[4] % 256), sizeof(value));
	switch (map_kinds[i].type) {
	case BPF_MAP_TYPE_PROG_ARRAY:
		return ls_update_handle(ls, map, k,
					pick(small->progs, NR_PROGS, arg[4]),
					flags);
	case BPF_MAP_TYPE_ARRAY_OF_MAPS:
	case BPF_MAP_TYPE_HASH_OF_MAPS:
		return ls_update_handle(
			ls, map, k,
			pick(small->maps, NR_MAPS,
			     arg[4] % 4 ? FIRST_PLAIN_MAP + arg[4] % 3
					: arg[4]),
			flags);
	case BPF_MAP_TYPE_CGROUP_ARRAY:
		return ls_update_handle(
			ls, map, k, pick(small->cgroups, NR_CGROUPS, arg[4]),
			flags);
	default:
		return ls_update(ls, map, k, value, flags);
	}
}

static int do_delete(struct small_world *small, const u32 *arg)
{
	u32 i = arg[0] % NR_MAPS;
	u8 key[16];

	ls_doing(small->ls, "delete in map %u", i);
	return ls_delete(small->ls, small->maps[i],
			 make_key(small, i, arg, key));
}

static int do_next_key(struct small_world *small, const u32 *arg)
{
	u32 i = arg[0] % NR_MAPS;
	u8 key[16], next[512];

	ls_doing(small->ls, "next key in map %u", i);
	return ls_next_key(small->ls, small->maps[i],
			   arg[3] % 3 ? make_key(small, i, arg, key) : NULL,
			   next);
}

static int do_dump(struct small_world *small, const u32 *arg)
{
	u32 i = arg[0] % NR_MAPS;

	ls_doing(small->ls, "dump map %u", i);
	return ls_dump(small->ls, small->maps[i]);
}

static int do_freeze(struct small_world *small, const u32 *arg)
{
	u32 i = arg[0] % NR_MAPS;

	ls_doing(small->ls, "freeze map %u", i);
	return ls_freeze(small->ls, small->maps[i]);
}

/* Batches on arrays and hash tables: those that order does not matter to */
static int do_batch(struct small_world *small, const u32 *arg)
{
	static const int cmds[] = { BPF_MAP_UPDATE_BATCH, BPF_MAP_DELETE_BATCH,
				    BPF_MAP_UPDATE_BATCH,
				    BPF_MAP_LOOKUP_BATCH };
	u32 i = arg[4] % 4 ? FIRST_PLAIN_MAP + arg[0] % 2 : arg[0] % NR_MAPS;
	int cmd = cmds[arg[1] % 4];
	static u8 values[2][LS_MAX_VALUE];
	u32 keys[32] = { 0 };
	u32 nr = arg[2] % 7;
	union attr attr = { .map_batch = {
				    .keys = (u64)(uintptr_t)keys,
				    .count = nr,
				    .map_fd = (u32)small->maps[i],
				    .elem_flags = arg[3] % 8 == 7
							  ? elem_flags(arg[5])
							  : 0,
			    } };
	union attr back[2];
	int ret[2];

	/* of hash tables, the order; of others, keys without sense */
	if (cmd == BPF_MAP_LOOKUP_BATCH || i < FIRST_PLAIN_MAP ||
	    map_kinds[i].key_size != 4 || map_kinds[i].value_size != 8)
		cmd = BPF_MAP_DELETE_BATCH;
	if (i < FIRST_PLAIN_MAP || map_kinds[i].key_size != 4)
		attr.map_batch.count = 0;
	for (u32 j = 0; j < nr; j++)
		keys[j] = (arg[3] + j * (1 + arg[5] % 2)) % 7;
	memset(values, (int)arg[5], sizeof(values));
	ls_doing(small->ls, "batch %d on map %u, %u", cmd, i, nr);
	small->ls->calls++;
	for (int w = 0; w < 2; w++) {
		back[w] = attr;
		if (cmd == BPF_MAP_UPDATE_BATCH)
			back[w].map_batch.values = (u64)(uintptr_t)values[w];
		ret[w] = ls_call_one(small->ls, w, cmd, &back[w],
				     sizeof(attr.map_batch));
	}
	if (ls_same_u64(small->ls, "count", back[0].map_batch.count,
			back[1].map_batch.count))
		return LS_DIFF;
	return ls_same_ret(small->ls, "batch", ret);
}

/* ---------------------------------------------------------------- programs */

/* add to what a helper found: R0 */
#define ADD_ONE() MOVI(R1, 1), ATOMIC_ADD(BPF_DW, R0, 0, R1)

static u32 emit_storage(struct bpf_insn *insns, int map)
{
	const struct bpf_insn code[] = { LDMAP(R1, map), MOVI(R2, 0),
					 CALL(get_local_storage), ADD_ONE() };

	memcpy(insns, code, sizeof(code));
	return ARRAY_SIZE(code);
}

static u32 emit_lookup(struct bpf_insn *insns, int map)
{
	const struct bpf_insn code[] = {
		STOREI(BPF_DW, FP, -8, 1),
		LDMAP(R1, map),
		MOVR(R2, FP),
		OPI(BPF_ADD, R2, -8),
		CALL(map_lookup_elem),
		JMPI(BPF_JEQ, R0, 0, 2),
		ADD_ONE(),
	};

	memcpy(insns, code, sizeof(code));
	return ARRAY_SIZE(code);
}

static int do_prog_load(struct small_world *small, const u32 *arg)
{
	/* which storage maps: none, one, two */
	static const int storages[][2] = { { -1, -1 }, { -1, -1 }, { 0, -1 },
					   { 1, -1 },  { 2, -1 },  { 3, -1 },
					   { 4, -1 },  { 0, 3 },   { 1, 4 },
					   { 0, 1 },   { 4, 3 } };
	const struct kind *kind = kind_of(small, arg[1]);
	const int *use = storages[arg[2] % ARRAY_SIZE(storages)];
	u32 i = arg[0] % NR_PROGS, n = 0;
	struct bpf_insn insns[64];
	struct attr_prog_load attr = {
		.prog_type = kind->prog_type,
		.expected_attach_type = kind->attach_type,
		.prog_name = "prog",
	};
	int ret;

	for (int s = 0; s < 2; s++)
		if (use[s] >= 0)
			n += emit_storage(insns + n, small->maps[use[s]]);
	if (arg[3] % 4 == 3)
		n += emit_lookup(insns + n,
				 small->maps[FIRST_PLAIN_MAP + arg[3] / 4 % 2]);
	insns[n++] = MOVI(R0, arg[4] % 2);
	insns[n++] = EXIT();
	ls_doing(small->ls, "load program %u: type %u attach %u maps %d %d", i,
		 kind->prog_type, kind->attach_type, use[0], use[1]);
	ret = ls_prog_load(small->ls, &attr, insns, n);
	if (ret < 0)
		return ret;
	set_slot(small, &small->progs[i], ret);
	for (int s = 0; s < 2; s++) {
		struct ls_handle *h =
			use[s] < 0 ? NULL
				   : ls_handle(small->ls,
					       (u64)small->maps[use[s]]);

		small->prog_maps[i][s] = h ? h->id[1] : 0;
	}
	return ret;
}

static int do_test_run(struct small_world *small, const u32 *arg)
{
	static const u32 sizes[] = { 64, 14, 13, 100, 1500, 34, 0 };
	static u8 packet[2048] = { [12] = 8, [14] = 0x45 };
	struct ls_run run = {
		.data_in = packet,
		.data_size_in = sizes[arg[1] % ARRAY_SIZE(sizes)],
		.data_size_out = arg[2] % 3 ? 2048 : 20,
		.repeat = arg[3] % 4,
	};

	ls_doing(small->ls, "test run of program %u, %u bytes",
		 arg[0] % NR_PROGS, run.data_size_in);
	return ls_test_run(small->ls, pick(small->progs, NR_PROGS, arg[0]),
			   &run);
}

static int do_bind_map(struct small_world *small, const u32 *arg)
{
	union attr
		attr = { .prog_bind_map = {
				 .prog_fd = (u32)pick(small->progs, NR_PROGS,
						      arg[0]),
				 /* not storage maps: the program would seem to use them */
				 .map_fd = (u32)pick(
					 small->maps + FIRST_PLAIN_MAP,
					 NR_MAPS - FIRST_PLAIN_MAP, arg[1]),
				 .flags = arg[2] % 16 == 15,
			 } };

	ls_doing(small->ls, "bind map");
	return ls_bpf(small->ls, BPF_PROG_BIND_MAP, &attr,
		      sizeof(attr.prog_bind_map));
}

/* ------------------------------------------------------------- attachments */

static u32 attach_flags(const struct small_world *small, u32 n)
{
	static const u32 M = BPF_F_ALLOW_MULTI, O = BPF_F_ALLOW_OVERRIDE;
	const u32 flags[] = {
		M,
		M,
		0,
		M,
		O,
		M,
		M | BPF_F_REPLACE,
		M | BPF_F_PREORDER,
		M | BPF_F_BEFORE,
		M | BPF_F_AFTER,
		M | BPF_F_BEFORE | BPF_F_ID,
		M | BPF_F_AFTER | BPF_F_ID,
		M | BPF_F_BEFORE | UAPI_F_LINK,
		M | BPF_F_AFTER | UAPI_F_LINK,
		M | BPF_F_BEFORE | UAPI_F_LINK | BPF_F_ID,
		M | BPF_F_BEFORE | BPF_F_AFTER,
		M | BPF_F_PREORDER | BPF_F_BEFORE,
		M | BPF_F_PREORDER | BPF_F_AFTER | BPF_F_ID,
		M | BPF_F_PREORDER | BPF_F_REPLACE,
		M | O,
		BPF_F_REPLACE,
		BPF_F_BEFORE,
		O | BPF_F_PREORDER,
		BPF_F_PREORDER,
		M | BPF_F_REPLACE | BPF_F_BEFORE,
		BPF_F_ID,
		M | UAPI_F_LINK,
		O | BPF_F_BEFORE | BPF_F_ID,
		1u << 7,
	};
	u32 f = flags[n % ARRAY_SIZE(flags)];

	return small->preorder_ok ? f : f & ~BPF_F_PREORDER;
}

static u32 anchor(struct small_world *small, u32 flags, u32 n)
{
	if (n % 4 == 3)
		return 0;
	if (n % 16 == 14)
		return (u32)-1;
	if (flags & UAPI_F_LINK || n % 32 == 13)
		return (u32)pick(small->links, NR_LINKS, n / 2);
	return (u32)pick(small->progs, NR_PROGS, n / 2);
}

static void note_preorder(struct small_world *small, u32 attach_type, u32 flags,
			  int ret)
{
	if (flags & BPF_F_PREORDER && ret >= 0)
		small->preorder |= 1ull << attach_type;
}

static int do_attach(struct small_world *small, const u32 *arg)
{
	u32 flags = attach_flags(small, arg[3]);
	struct attr_prog_attach attr = {
		.target_fd = (u32)pick(small->cgroups, NR_CGROUPS, arg[0]),
		.attach_bpf_fd = (u32)pick(small->progs, NR_PROGS, arg[1]),
		.attach_type = type_for(small, arg[1], arg[2]),
		.attach_flags = flags,
		.relative_fd = flags & (BPF_F_BEFORE | BPF_F_AFTER) ||
					       arg[4] % 16 == 15
				       ? anchor(small, flags, arg[4])
				       : 0,
		.expected_revision = arg[5] % 16 == 7 ? arg[5] / 8 : 0,
	};
	int ret;

	if (flags & BPF_F_REPLACE || arg[5] % 32 == 31)
		attr.replace_bpf_fd = (u32)pick(small->progs, NR_PROGS, arg[4]);
	ls_doing(small->ls, "attach program %u to %s type %u flags %#x",
		 arg[1] % NR_PROGS, paths[arg[0] % NR_CGROUPS],
		 attr.attach_type, flags);
	ret = ls_attach_at(small->ls, &attr);
	note_preorder(small, attr.attach_type, flags, ret);
	return ret;
}

static int do_detach(struct small_world *small, const u32 *arg)
{
	struct attr_prog_attach attr = {
		.target_fd = (u32)pick(small->cgroups, NR_CGROUPS, arg[0]),
		.attach_bpf_fd = arg[3] % 8 == 7 ? 0
						 : (u32)pick(small->progs,
							     NR_PROGS, arg[1]),
		.attach_type = type_for(small, arg[1], arg[2]),
		.attach_flags = arg[4] % 32 == 31 ? 1u << arg[5] % 16 : 0,
		.expected_revision = arg[5] % 16 == 7 ? arg[5] / 8 : 0,
	};

	ls_doing(small->ls, "detach program %u from %s type %u",
		 arg[1] % NR_PROGS, paths[arg[0] % NR_CGROUPS],
		 attr.attach_type);
	return ls_detach_at(small->ls, &attr);
}

static struct link_state *link_state_of(struct small_world *small, int handle)
{
	struct ls_handle *h = ls_handle(small->ls, (u64)handle);

	for (u32 i = 0; h && i < small->nr_links; i++)
		if (small->link_states[i].id == h->id[1])
			return &small->link_states[i];
	return NULL;
}

static int do_link_create(struct small_world *small, const u32 *arg)
{
	u32 flags = arg[3] % 3 ? 0
			       : attach_flags(small, arg[3]) &
					 ~(u32)BPF_F_ALLOW_MULTI;
	u32 i = arg[4] % NR_LINKS, p = arg[1] % NR_PROGS;
	struct attr_link_create attr = {
		.prog_fd = (u32)pick(small->progs, NR_PROGS, arg[1]),
		.target_fd = (u32)pick(small->cgroups, NR_CGROUPS, arg[0]),
		.attach_type = type_for(small, arg[1], arg[2]),
		.flags = flags,
		.cgroup = {
			.relative_fd = flags ? anchor(small, flags, arg[5]) : 0,
			.expected_revision = arg[5] % 16 == 15 ? arg[5] / 16 :
								 0,
		},
	};
	struct link_state *state;
	int ret;

	if (small->nr_links == MAX_LINK_STATES)
		return -ENOMEM;
	ls_doing(small->ls, "link %u: program %u to %s type %u flags %#x", i, p,
		 paths[arg[0] % NR_CGROUPS], attr.attach_type, flags);
	ret = ls_link_at(small->ls, &attr);
	note_preorder(small, attr.attach_type, flags, ret);
	if (ret < 0)
		return ret;
	set_slot(small, &small->links[i], ret);
	state = &small->link_states[small->nr_links++];
	state->id = ls_handle(small->ls, (u64)ret)->id[1];
	state->attach_type = attr.attach_type;
	memcpy(state->maps, small->prog_maps[p], sizeof(state->maps));
	return ret;
}

/*
 * KB-4: the live kernel takes a program whose storages the link has not, and
 * breaks at the next event.  KB-9: with PREORDER about it puts the program
 * into another one's slot.  Neither is asked of it.
 */
static bool update_is_safe(struct small_world *small, int link, u32 p)
{
	const struct link_state *state = link_state_of(small, link);

	if (!state)
		return !ls_handle(small->ls, (u64)link);
	if (small->preorder & 1ull << state->attach_type)
		return false;
	for (int s = 0; s < 2; s++) {
		u64 map = small->prog_maps[p][s];

		if (map && map != state->maps[0] && map != state->maps[1])
			return false;
	}
	return true;
}

static int do_link_update(struct small_world *small, const u32 *arg)
{
	u32 i = arg[0] % NR_LINKS, p = arg[1] % NR_PROGS;
	int link = small->links[i], old_prog = 0;
	struct link_state *state;
	u32 flags = 0;
	int ret;

	if (!update_is_safe(small, link, p))
		return 0;
	if (arg[2] % 4 == 3) {
		flags = BPF_F_REPLACE;
		old_prog = pick(small->progs, NR_PROGS, arg[3]);
	}
	if (arg[2] % 16 == 14)
		flags ^= 1u << arg[4] % 8;
	ls_doing(small->ls, "update link %u to program %u flags %#x", i, p,
		 flags);
	ret = ls_link_update(small->ls, link, small->progs[p], flags, old_prog);
	state = link_state_of(small, link);
	if (!ret && state)
		memcpy(state->maps, small->prog_maps[p], sizeof(state->maps));
	return ret;
}

static int do_link_detach(struct small_world *small, const u32 *arg)
{
	u32 i = arg[0] % NR_LINKS;

	ls_doing(small->ls, "detach link %u", i);
	return ls_link_detach(small->ls, small->links[i]);
}

static int do_query(struct small_world *small, const u32 *arg)
{
	u32 flags = arg[2] % 2 ? BPF_F_QUERY_EFFECTIVE : 0;
	u32 rooms[] = { LS_MAX_PROGS, 0, 1, 2, LS_MAX_PROGS, 3 };

	if (arg[2] % 32 == 31)
		flags ^= 1u << arg[5] % 8;
	ls_doing(small->ls, "query %s type %u flags %#x",
		 paths[arg[0] % NR_CGROUPS],
		 kind_of(small, arg[1])->attach_type, flags);
	return ls_query(small->ls, pick(small->cgroups, NR_CGROUPS, arg[0]),
			kind_of(small, arg[1])->attach_type, flags, arg[3] % 8,
			rooms[arg[4] % ARRAY_SIZE(rooms)], NULL);
}

/* ----------------------------------------------------------------- objects */

/* A slot of any kind of object */
static int *any_slot(struct small_world *small, u32 kind, u32 n)
{
	switch (kind % 3) {
	case 0:
		return &small->maps[n % NR_MAPS];
	case 1:
		return &small->progs[n % NR_PROGS];
	default:
		return &small->links[n % NR_LINKS];
	}
}

static int do_close(struct small_world *small, const u32 *arg)
{
	int *slot = any_slot(small, arg[0], arg[1]);
	int ret;

	ls_doing(small->ls, "close kind %u slot %u", arg[0] % 3, arg[1]);
	if (*slot < 0)
		return -EBADF;
	ret = ls_close_handle(small->ls, *slot);
	*slot = -1;
	return ret;
}

static int do_dup(struct small_world *small, const u32 *arg)
{
	int *slot = any_slot(small, arg[0], arg[1]);
	int ret;

	ls_doing(small->ls, "dup kind %u slot %u", arg[0] % 3, arg[1]);
	if (*slot < 0)
		return -EBADF;
	ret = ls_dup(small->ls, *slot);
	if (ret >= 0)
		set_slot(small, slot, ret);
	return ret;
}

static int do_info(struct small_world *small, const u32 *arg)
{
	int *slot = any_slot(small, arg[0], arg[1]);

	ls_doing(small->ls, "info kind %u slot %u", arg[0] % 3, arg[1]);
	return ls_info(small->ls, *slot);
}

/* By id, of what is surely there: what is not goes at its own pace. */
static int do_by_id(struct small_world *small, const u32 *arg)
{
	static const u32 flags[] = { 0,
				     0,
				     0,
				     0,
				     BPF_F_RDONLY,
				     BPF_F_WRONLY,
				     BPF_F_RDONLY | BPF_F_WRONLY,
				     1 };
	int *slot = any_slot(small, arg[0], arg[1]);
	struct ls_handle *h = ls_handle(small->ls, (u64)*slot);
	int ret;

	if (!h)
		return -ENOENT;
	ls_doing(small->ls, "by id kind %u slot %u", arg[0] % 3, arg[1]);
	ret = ls_by_id(small->ls, h->kind, *slot,
		       h->kind == LS_MAP ? flags[arg[2] % 8] : 0);
	if (ret >= 0)
		set_slot(small, slot, ret);
	return ret;
}

static int do_pin(struct small_world *small, const u32 *arg)
{
	u32 i = arg[2] % NR_PINS;
	int *slot = any_slot(small, arg[0], arg[1]);
	struct ls_handle *h = ls_handle(small->ls, (u64)*slot);
	int ret;

	ls_doing(small->ls, "pin kind %u slot %u at %s", arg[0] % 3, arg[1],
		 pins[i]);
	ret = ls_pin(small->ls, pins[i], *slot, 0);
	if (!ret && h) {
		small->pin_kind[i] = h->kind;
		small->pin_id[i] = h->id[1];
	}
	return ret;
}

static bool link_is_held(const struct small_world *small, u64 id)
{
	const struct lockstep *ls = small->ls;

	for (u32 i = 0; i < NR_PINS; i++)
		if (small->pin_kind[i] == LS_LINK && small->pin_id[i] == id)
			return true;
	for (u32 i = 0; i < ls->nr_handles; i++)
		if (ls->handles[i].used && ls->handles[i].kind == LS_LINK &&
		    ls->handles[i].id[1] == id)
			return true;
	return false;
}

static int do_unpin(struct small_world *small, const u32 *arg)
{
	u32 i = arg[0] % NR_PINS;

	u64 id = small->pin_id[i];
	int ret;

	ls_doing(small->ls, "unlink %s", pins[i]);
	small->pin_id[i] = 0;
	if (id && small->pin_kind[i] == LS_LINK && !link_is_held(small, id))
		ret = ls_pin_remove_link(small->ls, pins[i], id);
	else
		ret = ls_pin_remove(small->ls, pins[i]);
	if (ret)
		small->pin_id[i] = id;
	return ret;
}

/* Into a slot of its kind; which one, the pin itself says. */
static int do_obj_get(struct small_world *small, const u32 *arg)
{
	u32 i = arg[0] % NR_PINS;
	enum ls_kind kind = small->pin_kind[i];
	int ret;

	ls_doing(small->ls, "get %s", pins[i]);
	ret = ls_obj_get(small->ls, pins[i], arg[1] % 8 == 7 ? BPF_F_RDONLY : 0,
			 kind);
	if (ret < 0)
		return ret;
	/* slots know what is in them, so what comes back does not stay */
	return ls_info(small->ls, ret) == LS_DIFF
		       ? LS_DIFF
		       : ls_close_handle(small->ls, ret);
}

static int do_observe(struct small_world *small, const u32 *arg)
{
	struct lockstep *ls = small->ls;

	(void)arg;
	for (u32 k = 0; k < 3; k++)
		for (u32 c = 0; c < NR_CGROUPS; c++) {
			u32 type = kind_of(small, k)->attach_type;

			ls_doing(ls, "observe %s type %u", paths[c], type);
			if (ls_observe(ls, small->cgroups[c], type) == LS_DIFF)
				return LS_DIFF;
		}
	for (u32 m = 0; m < NR_MAPS; m++) {
		ls_doing(ls, "observe map %u", m);
		if (ls_dump(ls, small->maps[m]) == LS_DIFF)
			return LS_DIFF;
	}
	for (u32 l = 0; l < NR_LINKS; l++) {
		ls_doing(ls, "observe link %u", l);
		if (ls_info(ls, small->links[l]) == LS_DIFF)
			return LS_DIFF;
	}
	return 0;
}

static int (*const steps[NR_STEP_OPS])(struct small_world *small,
				       const u32 *arg) = {
	[STEP_CGROUP_NEW] = do_cgroup_new,
	[STEP_CGROUP_REMOVE] = do_cgroup_remove,
	[STEP_CGROUP_CLOSE] = do_cgroup_close,
	[STEP_MAP_CREATE] = do_map_create,
	[STEP_PROG_LOAD] = do_prog_load,
	[STEP_ATTACH] = do_attach,
	[STEP_DETACH] = do_detach,
	[STEP_LINK_CREATE] = do_link_create,
	[STEP_LINK_UPDATE] = do_link_update,
	[STEP_LINK_DETACH] = do_link_detach,
	[STEP_CLOSE] = do_close,
	[STEP_DUP] = do_dup,
	[STEP_QUERY] = do_query,
	[STEP_LOOKUP] = do_lookup,
	[STEP_UPDATE] = do_update,
	[STEP_DELETE] = do_delete,
	[STEP_NEXT_KEY] = do_next_key,
	[STEP_TAKE] = do_take,
	[STEP_DUMP] = do_dump,
	[STEP_FREEZE] = do_freeze,
	[STEP_PIN] = do_pin,
	[STEP_UNPIN] = do_unpin,
	[STEP_OBJ_GET] = do_obj_get,
	[STEP_TEST_RUN] = do_test_run,
	[STEP_INFO] = do_info,
	[STEP_BY_ID] = do_by_id,
	[STEP_BIND_MAP] = do_bind_map,
	[STEP_BATCH] = do_batch,
	[STEP_OBSERVE] = do_observe,
};

int small_world_step(struct small_world *small, const struct step *step)
{
	return steps[step->op](small, step->arg);
}

/* What every sequence starts from: cgroups, a map of each type, programs. */
void small_world_start(struct small_world *small, const struct step *first)
{
	u32 arg[STEP_ARGS] = { 0 };

	small->kinds = first->arg[0];
	small->preorder_ok = first->arg[0] & 32;
	for (u32 i = 0; i < NR_CGROUPS; i++) {
		arg[0] = i;
		do_cgroup_new(small, arg);
	}
	for (u32 i = 0; i < NR_MAPS; i++) {
		u32 map[STEP_ARGS] = { i, i < FIRST_PLAIN_MAP ? 0 : 4, 0, 1,
				       1 };

		do_map_create(small, map);
	}
	for (u32 i = 0; i < NR_PROGS; i++) {
		u32 prog[STEP_ARGS] = { i, i, i * 3, i, 1 };

		do_prog_load(small, prog);
	}
}

static void empty_slots(struct small_world *small)
{
	memset(small->cgroups, 0xff, sizeof(small->cgroups));
	memset(small->maps, 0xff, sizeof(small->maps));
	memset(small->progs, 0xff, sizeof(small->progs));
	memset(small->links, 0xff, sizeof(small->links));
	memset(small->prog_maps, 0, sizeof(small->prog_maps));
	memset(small->pin_kind, 0, sizeof(small->pin_kind));
	memset(small->pin_id, 0, sizeof(small->pin_id));
	small->preorder = 0;
	small->nr_links = 0;
}

/* Even after a difference, when only one of the worlds has something. */
void small_world_reset(struct small_world *small)
{
	struct lockstep *ls = small->ls;

	ls->quiet = true;
	for (int w = 0; w < 2; w++) {
		struct world *world = ls->world[w];

		for (u32 i = 0; i < NR_PINS; i++)
			world->ops->pin_remove(world, pins[i]);
		world->ops->pin_mkdir(world, "/dir");
		world->busy = true; /* no need to wait */
		for (u32 i = NR_CGROUPS; i-- > 0;)
			for (u32 j = NR_CGROUPS; j-- > 0;)
				if (strlen(paths[j]) == 2 * (i + 1))
					world->ops->cgroup_remove(world,
								  paths[j]);
		world->busy = false;
	}
	ls_reset(ls);
	ls->quiet = false;
	empty_slots(small);
}

struct small_world *small_world_new(struct lockstep *ls)
{
	struct small_world *small = calloc(1, sizeof(*small));

	if (!small)
		abort();
	small->ls = ls;
	empty_slots(small);
	for (int w = 0; w < 2; w++)
		ls->world[w]->ops->pin_mkdir(ls->world[w], "/dir");
	return small;
}

void small_world_free(struct small_world *small)
{
	small_world_reset(small);
	free(small);
}
