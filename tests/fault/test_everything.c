/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every command of bpf(2), with each of its allocations refused (CS-17, AT-11,
 * KB-10, KB-14).  test_api.c does the same for the functions of cgbpf.h.
 */
#include "fault/scene.h"

#include "insn_macros.h"
#include "lockstep/prog_kinds.h"
#include "object/bpffs.h"

/* There is nothing yet that programs of type SOCK_OPS could be told. */
#define NR_TYPES (NR_ATYPES - 1)

static int nth_type(int nr)
{
	return nr + (nr >= ATYPE_SOCK_OPS);
}

#define SKB BPF_PROG_TYPE_CGROUP_SKB

static void must(int ret)
{
	if (ret < 0)
		fail_msg("preparation: %d", ret);
}

/* -------------------------------------------------------------------- maps */

static int do_map_create(struct scene *s, int map)
{
	return scene_map_create(s, map);
}

static int map_lookup(struct scene *s, int map)
{
	u8 key[16], value[64];

	scene_key(s, map, 1, key);
	scene_value(s, map, 1, value);
	/* a filter's value is the question */
	return scene_elem(s, BPF_MAP_LOOKUP_ELEM, map, key,
			  map == M_BLOOM ? value : s->out, 0);
}

/* An element that was there. */
static int map_update(struct scene *s, int map)
{
	u8 key[16], value[64];

	scene_key(s, map, 1, key);
	scene_value(s, map, 7, value);
	return scene_elem(s, BPF_MAP_UPDATE_ELEM, map, key, value, 0);
}

/* A new one, where there is such a thing. */
static int map_insert(struct scene *s, int map)
{
	u8 key[16], value[64];

	scene_key(s, map, 3, key);
	scene_value(s, map, 7, value);
	return scene_elem(s, BPF_MAP_UPDATE_ELEM, map, key, value, 0);
}

static int map_delete(struct scene *s, int map)
{
	u8 key[16];

	scene_key(s, map, 1, key);
	return scene_elem(s, BPF_MAP_DELETE_ELEM, map, key, NULL, 0);
}

static int map_next_first(struct scene *s, int map)
{
	return scene_elem(s, BPF_MAP_GET_NEXT_KEY, map, NULL, s->out, 0);
}

static int map_next(struct scene *s, int map)
{
	u8 key[16];
	int err;

	/* the first key's next, if there is one: a storage map has one key */
	memset(key, 0, sizeof(key));
	scene_key(s, map, 0, key);
	err = scene_elem(s, BPF_MAP_GET_NEXT_KEY, map, key, s->out, 0);
	return err == -ENOENT ? 0 : err;
}

static int map_take(struct scene *s, int map)
{
	u8 key[16];

	scene_key(s, map, 1, key);
	return scene_elem(s, BPF_MAP_LOOKUP_AND_DELETE_ELEM, map, key, s->out,
			  0);
}

static int do_map_freeze(struct scene *s, int map)
{
	union attr attr = { .map_elem.map_fd = (u32)s->maps[map] };

	return scene_bpf(s, BPF_MAP_FREEZE, &attr);
}

/* Keys from @first on, @nr of them, where the command wants some. */
static int batch(struct scene *s, int map, int cmd, u32 first, u32 nr)
{
	union attr attr = { .map_batch = {
				    .map_fd = (u32)s->maps[map],
				    .count = nr,
			    } };
	size_t key_size = scene_maps[map].key_size;
	size_t value_size = scene_maps[map].value_size;
	u8 keys[256], values[512];
	int err;

	if (map == M_PERCPU_ARRAY || map == M_PERCPU_HASH ||
	    map == M_LRU_PERCPU)
		value_size *= SCENE_CPUS;
	for (u32 i = 0; i < nr && i < 4; i++) {
		u8 value[64];

		scene_key(s, map, first + i, keys + i * key_size);
		scene_value(s, map, first + i, value);
		memcpy(values + i * value_size, value, value_size);
	}
	attr.map_batch.keys = ptr_to_u64(keys);
	attr.map_batch.values = ptr_to_u64(values);
	if (cmd == BPF_MAP_LOOKUP_BATCH ||
	    cmd == BPF_MAP_LOOKUP_AND_DELETE_BATCH) {
		attr.map_batch.out_batch = ptr_to_u64(s->out);
		attr.map_batch.keys = ptr_to_u64(s->out + 64);
		attr.map_batch.values = ptr_to_u64(s->out + 2048);
	}
	err = scene_bpf(s, cmd, &attr);
	return err == -ENOENT ? 0 : err; /* ENOENT: that was all */
}

static int batch_lookup(struct scene *s, int map)
{
	return batch(s, map, BPF_MAP_LOOKUP_BATCH, 0, 64);
}

static int batch_take(struct scene *s, int map)
{
	return batch(s, map, BPF_MAP_LOOKUP_AND_DELETE_BATCH, 0, 64);
}

static int batch_update(struct scene *s, int map)
{
	return batch(s, map, BPF_MAP_UPDATE_BATCH, 0, 4);
}

static int batch_update_one(struct scene *s, int map)
{
	return batch(s, map, BPF_MAP_UPDATE_BATCH, 3, 1);
}

static int batch_delete(struct scene *s, int map)
{
	return batch(s, map, BPF_MAP_DELETE_BATCH, 0, 2);
}

/* The last fd of a map whose programs hold maps of their own. */
static int map_close(struct scene *s, int map)
{
	return cgbpf_close(s->task, s->maps[map]);
}

/* ------------------------------------------------------------ programs, BTF */

static int prog_load_kind(struct scene *s, int nr)
{
	const int others = NR_PROG_KINDS - NR_ATYPES;
	int kind = nr < others ? nr : others + nth_type(nr - others);

	return LOAD(s, prog_kinds[kind].type, prog_kinds[kind].attach_type,
		    I_RETURN(1));
}

/* One value, which programs may have the address of. */
static void prepare_value(struct scene *s, int arg)
{
	union attr attr = { .map_create = {
				    .map_type = BPF_MAP_TYPE_ARRAY,
				    .key_size = 4,
				    .value_size = 16,
				    .max_entries = 1,
			    } };

	(void)arg;
	s->prog = scene_bpf(s, BPF_MAP_CREATE, &attr);
	must(s->prog);
}

static int prog_load_maps(struct scene *s, int arg)
{
	(void)arg;
	return LOAD(s, SKB, EGRESS, I_LD_MAP_FD(R1, s->maps[M_STORAGE]),
		    I_MOV_IMM(R2, 0), I_CALL(BPF_FUNC_get_local_storage),
		    I_LD_MAP_FD(R1, s->maps[M_PERCPU_STORAGE]),
		    I_MOV_IMM(R2, 0), I_CALL(BPF_FUNC_get_local_storage),
		    I_LD_MAP_VALUE(R1, s->prog, 8), I_LDX(BPF_DW, R1, R1, 0),
		    I_RETURN(1));
}

static int prog_load_tail_call(struct scene *s, int arg)
{
	(void)arg;
	return LOAD(s, SKB, EGRESS, I_LD_MAP_FD(R2, s->maps[M_PROG_ARRAY]),
		    I_MOV_IMM(R3, 0), I_CALL(BPF_FUNC_tail_call), I_RETURN(1));
}

static int load_with_btf(struct scene *s, const struct bpf_insn *insns, u32 nr,
			 const u32 *funcs, u32 nr_funcs)
{
	/* the first instruction, and the one after the exit */
	const u32 lines[] = { 0, 1, 1, 1024, funcs[2], 1, 1, 2048 };
	union attr attr = { .prog_load = {
				    .prog_type = SKB,
				    .expected_attach_type = EGRESS,
				    .insns = ptr_to_u64(insns),
				    .insn_cnt = nr,
				    .license = ptr_to_u64("GPL"),
				    .prog_btf_fd = (u32)s->func_btf,
				    .func_info_rec_size = 8,
				    .func_info = ptr_to_u64(funcs),
				    .func_info_cnt = nr_funcs,
				    .line_info_rec_size = 16,
				    .line_info = ptr_to_u64(lines),
				    .line_info_cnt = nr_funcs == 2 ? 2 : 0,
			    } };

	return scene_bpf(s, BPF_PROG_LOAD, &attr);
}

static int prog_load_btf(struct scene *s, int arg)
{
	const struct bpf_insn insns[] = { I_CALL_REL(1), I_EXIT(),
					  /* 2 */ I_RETURN(1) };
	const u32 funcs[] = { 0, 3, 2, 4 };

	(void)arg;
	return load_with_btf(s, insns, ARRAY_SIZE(insns), funcs, 2);
}

/* A function, a callback, a loop. */
static int prog_load_funcs(struct scene *s, int arg)
{
	const struct bpf_insn insns[] = {
		I_MOV_IMM(R1, 4),
		I_CALL_REL(8),
		I_MOV_IMM(R1, 3),
		I_LD_FUNC(R2, 8),
		I_MOV_IMM(R3, 0),
		I_MOV_IMM(R4, 0),
		I_CALL(BPF_FUNC_loop),
		I_RETURN(1),
		/* 10: a function */ I_MOV_REG(R0, R1),
		I_EXIT(),
		/* 12: the callback */ I_RETURN(0)
	};
	const u32 funcs[] = { 0, 3, 10, 4, 12, 4 };

	(void)arg;
	return load_with_btf(s, insns, ARRAY_SIZE(insns), funcs, 3);
}

/*
 * All that a walk keeps memory for: paths that wait and states that are
 * remembered (a bounded loop with a branch in it), spilled numbers that have to
 * be precise, a reference, a call in each turn, a callback.
 */
static int prog_load_walk(struct scene *s, int arg)
{
	const struct bpf_insn insns[] = {
		I_MOV_IMM(R6, 0),
		/* 1: the loop */ I_STX(BPF_DW, R10, R6, -16),
		I_LD_MAP_FD(R1, s->maps[M_RINGBUF]),
		I_MOV_IMM(R2, 8),
		I_MOV_IMM(R3, 0),
		I_CALL(BPF_FUNC_ringbuf_reserve),
		I_JMP_IMM(BPF_JEQ, R0, 0, 3),
		I_MOV_REG(R1, R0),
		I_MOV_IMM(R2, 0),
		I_CALL(BPF_FUNC_ringbuf_discard),
		/* 11 */ I_MOV_REG(R1, R6),
		I_CALL_REL(13),
		I_LDX(BPF_DW, R6, R10, -16),
		I_ALU_IMM(BPF_ADD, R6, 1),
		I_JMP_IMM(BPF_JNE, R6, 5, -15),
		/* 16: the callback */ I_MOV_IMM(R1, 3),
		I_LD_FUNC(R2, 10),
		I_MOV_REG(R3, R10),
		I_MOV_IMM(R4, 0),
		I_CALL(BPF_FUNC_loop),
		I_STX(BPF_DW, R10, R6, -8),
		I_LDX(BPF_DW, R0, R10, -8),
		I_RETURN(1),
		/* 26: a function */ I_MOV_REG(R0, R1),
		I_EXIT(),
		/* 28: the callback */ I_RETURN(0)
	};
	const u32 funcs[] = { 0, 3, 26, 4, 28, 4 };

	(void)arg;
	return load_with_btf(s, insns, ARRAY_SIZE(insns), funcs, 3);
}

static void prepare_fd_array(struct scene *s, int arg)
{
	(void)arg;
	s->prog = scene_map_create(s, M_HASH);
	must(s->prog);
}

/* Maps that only fd_array names. */
static int prog_load_fd_array(struct scene *s, int arg)
{
	const struct bpf_insn insns[] = { I_RETURN(1) };
	const int fds[] = { s->maps[M_HASH], s->prog, s->btf };
	union attr attr = { .prog_load = {
				    .prog_type = SKB,
				    .insns = ptr_to_u64(insns),
				    .insn_cnt = ARRAY_SIZE(insns),
				    .license = ptr_to_u64("GPL"),
				    .fd_array = ptr_to_u64(fds),
				    .fd_array_cnt = ARRAY_SIZE(fds),
			    } };

	(void)arg;
	return scene_bpf(s, BPF_PROG_LOAD, &attr);
}

static int prog_close(struct scene *s, int arg)
{
	(void)arg;
	return cgbpf_close(s->task, s->at_b);
}

static void prepare_spare(struct scene *s, int arg)
{
	(void)arg;
	s->prog = LOAD(s, SKB, EGRESS, I_LD_MAP_FD(R1, s->maps[M_STORAGE]),
		       I_MOV_IMM(R2, 0), I_CALL(BPF_FUNC_get_local_storage),
		       I_LD_MAP_FD(R1, s->maps[M_PERCPU_STORAGE]),
		       I_MOV_IMM(R2, 0), I_CALL(BPF_FUNC_get_local_storage),
		       I_RETURN(1));
	must(s->prog);
}

static int prog_bind_map(struct scene *s, int map)
{
	union attr attr = { .prog_bind_map = {
				    .prog_fd = (u32)s->prog,
				    .map_fd = (u32)s->maps[map],
			    } };

	return scene_bpf(s, BPF_PROG_BIND_MAP, &attr);
}

static int btf_load(struct scene *s, int arg)
{
	/* header, then: int, pointer, array, struct, enum */
	static const u32 types[] = {
		1,
		BTF_KIND_INT << 24,
		4,
		0x20,
		0,
		BTF_KIND_PTR << 24,
		4,
		0,
		BTF_KIND_ARRAY << 24,
		0,
		1,
		1,
		4,
		5,
		BTF_KIND_STRUCT << 24 | 2,
		24,
		5,
		2,
		0,
		7,
		3,
		64,
		5,
		BTF_KIND_ENUM << 24 | 1,
		4,
		9,
		1,
		9,
		BTF_KIND_FWD << 24,
		0,
	};
	static const char strings[] = "\0int\0s\0a\0E";
	static char log[4096];
	struct {
		struct btf_header hdr;
		u32 types[ARRAY_SIZE(types)];
		char strings[sizeof(strings)];
	} blob = { .hdr = {
			   .magic = BTF_MAGIC,
			   .version = BTF_VERSION,
			   .hdr_len = sizeof(struct btf_header),
			   .type_len = sizeof(types),
			   .str_off = sizeof(types),
			   .str_len = sizeof(strings),
		   } };
	union attr attr = { .btf_load = {
				    .btf = ptr_to_u64(&blob),
				    .btf_size = sizeof(blob.hdr) +
						sizeof(types) + sizeof(strings),
				    .btf_log_buf = ptr_to_u64(log),
				    .btf_log_size = sizeof(log),
				    .btf_log_level = arg ? 1 : 0,
			    } };

	if (!arg)
		attr.btf_load.btf_log_buf = attr.btf_load.btf_log_size = 0;
	memcpy(blob.types, types, sizeof(types));
	memcpy(blob.strings, strings, sizeof(strings));
	return scene_bpf(s, BPF_BTF_LOAD, &attr);
}

/* ------------------------------------------------------------------ objects */

enum {
	O_MAP,
	O_PROG,
	O_BTF,
	O_LINK,
	NR_OBJECTS,
};

static int object_fd(struct scene *s, int object)
{
	return object == O_MAP	  ? s->maps[M_LOCKED_HASH]
	       : object == O_PROG ? s->at_b
	       : object == O_BTF  ? s->btf
				  : s->link_b;
}

static const char pin_path[] = BPFFS_ROOT "/dir/new";
/* BTF cannot be pinned */
static const int pinned[] = { O_MAP, O_PROG, O_LINK };

static int obj_pin(struct scene *s, int arg)
{
	union attr attr = { .obj = {
				    .pathname = ptr_to_u64(pin_path),
				    .bpf_fd = (u32)object_fd(s, pinned[arg]),
			    } };

	return scene_bpf(s, BPF_OBJ_PIN, &attr);
}

static void prepare_pin(struct scene *s, int arg)
{
	must(obj_pin(s, arg));
}

static int obj_get(struct scene *s, int arg)
{
	union attr attr = { .obj.pathname = ptr_to_u64(pin_path) };

	(void)arg;
	return scene_bpf(s, BPF_OBJ_GET, &attr);
}

static int get_next_id(struct scene *s, int object)
{
	static const int cmds[NR_OBJECTS] = { BPF_MAP_GET_NEXT_ID,
					      BPF_PROG_GET_NEXT_ID,
					      BPF_BTF_GET_NEXT_ID,
					      BPF_LINK_GET_NEXT_ID };
	union attr attr = { 0 };

	return scene_bpf(s, cmds[object], &attr);
}

static int get_fd_by_id(struct scene *s, int object)
{
	static const int cmds[NR_OBJECTS] = { BPF_MAP_GET_FD_BY_ID,
					      BPF_PROG_GET_FD_BY_ID,
					      BPF_BTF_GET_FD_BY_ID,
					      BPF_LINK_GET_FD_BY_ID };
	union attr attr = { .id.prog_id = 1 };

	return scene_bpf(s, cmds[object], &attr);
}

static void prepare_info(struct scene *s, int object)
{
	(void)object;
	s->prog = prog_load_btf(s, 0);
	must(s->prog);
}

/* With all the arrays that a program's info can have. */
static int info(struct scene *s, int object)
{
	union {
		struct info_prog prog;
		struct info_map map;
		struct info_btf btf;
		struct info_link link;
	} *info = (void *)s->out;
	static const u32 sizes[NR_OBJECTS] = { sizeof(struct info_map),
					       sizeof(struct info_prog),
					       sizeof(struct info_btf),
					       sizeof(struct info_link) };
	union attr attr = { .info = {
				    .bpf_fd = (u32)object_fd(s, object),
				    .info_len = sizes[object],
				    .info = ptr_to_u64(s->out),
			    } };
	u8 *room = s->out + sizeof(*info), was[sizeof(*info)];
	int err;

	memset(info, 0, sizeof(*info));
	if (object == O_PROG) {
		attr.info.bpf_fd = (u32)s->prog;
		info->prog.nr_map_ids = 8;
		info->prog.map_ids = ptr_to_u64(room);
		info->prog.xlated_prog_len = 512;
		info->prog.xlated_prog_insns = ptr_to_u64(room + 512);
		info->prog.nr_func_info = info->prog.nr_line_info = 2;
		info->prog.func_info_rec_size = 8;
		info->prog.line_info_rec_size = 16;
		info->prog.func_info = ptr_to_u64(room + 1024);
		info->prog.line_info = ptr_to_u64(room + 1536);
		info->prog.nr_prog_tags = 2;
		info->prog.prog_tags = ptr_to_u64(room + 2048);
	} else if (object == O_BTF) {
		info->btf.btf = ptr_to_u64(room);
		info->btf.btf_size = 1024;
	}
	memcpy(was, info, sizeof(*info));
	err = scene_bpf(s, BPF_OBJ_GET_INFO_BY_FD, &attr);
	if (err == -ENOMEM) {
		assert_memory_equal(was, info, sizeof(*info));
		memset(info, 0xa5, sizeof(*info));
	}
	return err;
}

static int enable_stats(struct scene *s, int arg)
{
	union attr attr = { .enable_stats.type = BPF_STATS_RUN_TIME };

	(void)arg;
	return scene_bpf(s, BPF_ENABLE_STATS, &attr);
}

/* ------------------------------------------------------------------ attaching
 */

/* One that fits the attach type: s->prog. */
static void prepare_type(struct scene *s, int atype)
{
	s->prog = LOAD(s, attach_types[nth_type(atype)].prog_type,
		       attach_types[nth_type(atype)].uapi, I_RETURN(1));
	must(s->prog);
}

static int attach_type(struct scene *s, int atype)
{
	return scene_attach(s, s->b_fd, s->prog,
			    attach_types[nth_type(atype)].uapi, MULTI);
}

static void prepare_attached_type(struct scene *s, int atype)
{
	prepare_type(s, atype);
	must(scene_attach(s, s->c_fd, s->prog,
			  attach_types[nth_type(atype)].uapi, MULTI));
}

/* With @nr arguments of PROG_ATTACH in a row, one for each mode. */
static int attach_mode(struct scene *s, int arg)
{
	const struct {
		int cgroup;
		u32 flags, replace, relative;
	} modes[] = {
		{ s->root_fd, MULTI, 0, 0 },
		{ s->root_fd, MULTI | BPF_F_PREORDER, 0, 0 },
		{ s->b_fd, MULTI, 0, 0 },
		{ s->b_fd, MULTI | BPF_F_BEFORE, 0, 0 },
		{ s->b_fd, MULTI | BPF_F_AFTER, 0, (u32)s->at_b },
		{ s->b_fd, MULTI | BPF_F_REPLACE, (u32)s->at_b, 0 },
		{ s->root_fd, MULTI | BPF_F_REPLACE, (u32)s->at_root, 0 },
		{ s->a_fd, OVERRIDE, 0, 0 }, /* in place */
		{ s->c_fd, OVERRIDE, 0, 0 },
		{ s->c_fd, MULTI, 0, 0 },
		{ s->c_fd, 0, 0, 0 },
	};
	union attr attr = { .prog_attach = {
				    .target_fd = (u32)modes[arg].cgroup,
				    .attach_bpf_fd = (u32)s->prog,
				    .attach_type = EGRESS,
				    .attach_flags = modes[arg].flags,
				    .replace_bpf_fd = modes[arg].replace,
				    .relative_fd = modes[arg].relative,
			    } };

	return scene_bpf(s, BPF_PROG_ATTACH, &attr);
}

static int detach(struct scene *s, int cgroup, int prog, u32 type)
{
	union attr attr = { .prog_attach = {
				    .target_fd = (u32)cgroup,
				    .attach_bpf_fd = (u32)prog,
				    .attach_type = type,
			    } };

	return scene_bpf(s, BPF_PROG_DETACH, &attr);
}

static int detach_type(struct scene *s, int atype)
{
	return detach(s, s->c_fd, s->prog, attach_types[nth_type(atype)].uapi);
}

static int detach_mode(struct scene *s, int arg)
{
	return arg == 0	  ? detach(s, s->root_fd, s->at_root, EGRESS)
	       : arg == 1 ? detach(s, s->a_fd, -1, EGRESS)
			  : detach(s, s->b_fd, s->at_b, EGRESS);
}

static int detach_all(struct scene *s, int arg)
{
	union attr attr = { .link_detach.link_fd = (u32)s->link };
	int err = 0;

	(void)arg;
	for (int i = 0; i < 3 && !err; i++)
		err = detach_mode(s, i);
	if (!err)
		err = cgbpf_close(s->task, s->link_b);
	return err ? err : scene_bpf(s, BPF_LINK_DETACH, &attr);
}

static int query(struct scene *s, int arg)
{
	union attr attr = { .prog_query = {
				    .target_fd = (u32)s->b_fd,
				    .attach_type = EGRESS,
				    .query_flags = arg ? BPF_F_QUERY_EFFECTIVE
						       : 0,
				    .prog_ids = ptr_to_u64(s->out),
				    .prog_cnt = 16,
			    } };

	if (!arg) {
		attr.prog_query.prog_attach_flags = ptr_to_u64(s->out + 512);
		attr.prog_query.link_ids = ptr_to_u64(s->out + 1024);
	}
	return scene_bpf(s, BPF_PROG_QUERY, &attr);
}

/* -------------------------------------------------------------------- links */

static int link_create_type(struct scene *s, int atype)
{
	union attr attr = { .link_create = {
				    .prog_fd = (u32)s->prog,
				    .target_fd = (u32)s->b_fd,
				    .attach_type =
					    attach_types[nth_type(atype)].uapi,
			    } };

	return scene_bpf(s, BPF_LINK_CREATE, &attr);
}

/* At the root: a new array for all below; at "/c": storages and points. */
static int link_create(struct scene *s, int arg)
{
	union attr attr = { .link_create = {
				    .prog_fd = (u32)s->prog,
				    .target_fd =
					    (u32)(arg ? s->c_fd : s->root_fd),
				    .attach_type = EGRESS,
				    .flags = arg ? 0 : BPF_F_BEFORE,
			    } };

	return scene_bpf(s, BPF_LINK_CREATE, &attr);
}

static int link_update(struct scene *s, int arg)
{
	union attr attr = { .link_update = {
				    .link_fd = (u32)s->link,
				    .new_prog_fd = (u32)s->at_root,
				    .flags = arg ? BPF_F_REPLACE : 0,
				    .old_prog_fd = arg ? (u32)s->spare[0] : 0,
			    } };

	return scene_bpf(s, BPF_LINK_UPDATE, &attr);
}

static int link_detach(struct scene *s, int arg)
{
	union attr attr = { .link_detach.link_fd = (u32)s->link };

	(void)arg;
	return scene_bpf(s, BPF_LINK_DETACH, &attr);
}

static int link_close(struct scene *s, int arg)
{
	(void)arg;
	return cgbpf_close(s->task, s->link_b);
}

/* ----------------------------------------------------------------- test runs
 */

static const struct {
	u32 type;
	u32 ctx_size;
	u32 repeat;
} test_runs[] = {
	{ BPF_PROG_TYPE_CGROUP_SKB, 0, 1 },
	{ BPF_PROG_TYPE_CGROUP_SKB, sizeof(struct __sk_buff), 3 },
	{ BPF_PROG_TYPE_SOCKET_FILTER, 0, 1 },
	{ BPF_PROG_TYPE_SCHED_CLS, sizeof(struct __sk_buff), 1 },
	{ BPF_PROG_TYPE_XDP, 0, 1 },
};

static void prepare_test_run(struct scene *s, int arg)
{
	if (test_runs[arg].type == SKB)
		prepare_spare(s, arg);
	else
		s->prog = LOAD(s, test_runs[arg].type, 0, I_RETURN(1));
	must(s->prog);
}

static int test_run(struct scene *s, int arg)
{
	u8 data[64] = { 0x2, 0, 0, 0, 0, 1, 0x2, 0, 0, 0, 0, 2, 0x08, 0, 0x45 };
	struct __sk_buff ctx = { .mark = 1 };
	union attr attr = { .test_run = {
				    .prog_fd = (u32)s->prog,
				    .data_in = ptr_to_u64(data),
				    .data_size_in = sizeof(data),
				    .data_out = ptr_to_u64(s->out),
				    .data_size_out = 256,
				    .repeat = test_runs[arg].repeat,
			    } };

	if (test_runs[arg].ctx_size) {
		attr.test_run.ctx_in = ptr_to_u64(&ctx);
		attr.test_run.ctx_size_in = sizeof(ctx);
		attr.test_run.ctx_out = ptr_to_u64(s->out + 1024);
		attr.test_run.ctx_size_out = sizeof(ctx);
	}
	return scene_bpf(s, BPF_PROG_TEST_RUN, &attr);
}

static const struct operation operations[] = {
	{ "MAP_CREATE", NULL, do_map_create, .maps = DOES_CREATE, .least = 2 },
	{ "MAP_LOOKUP_ELEM", NULL, map_lookup, .maps = DOES_LOOKUP,
	  .least = 1 },
	{ "MAP_UPDATE_ELEM", NULL, map_update, .maps = DOES_UPDATE,
	  .least = 1 },
	{ "MAP_UPDATE_ELEM, a new one", NULL, map_insert, .maps = DOES_UPDATE,
	  .least = 1 },
	{ "MAP_DELETE_ELEM", NULL, map_delete, .maps = DOES_DELETE,
	  .least = 1 },
	{ "MAP_GET_NEXT_KEY, the first", NULL, map_next_first,
	  .maps = DOES_NEXT, .least = 1 },
	{ "MAP_GET_NEXT_KEY", NULL, map_next, .maps = DOES_NEXT, .least = 2 },
	{ "MAP_LOOKUP_AND_DELETE_ELEM", NULL, map_take, .maps = DOES_TAKE,
	  .least = 1 },
	{ "MAP_FREEZE", NULL, do_map_freeze, .maps = DOES_FREEZE },
	{ "MAP_LOOKUP_BATCH", NULL, batch_lookup, .maps = DOES_BATCH_LOOKUP,
	  .mode = OP_PARTLY, .least = 1 },
	{ "MAP_LOOKUP_AND_DELETE_BATCH", NULL, batch_take,
	  .maps = DOES_BATCH_TAKE, .mode = OP_PARTLY, .least = 1 },
	{ "MAP_UPDATE_BATCH", NULL, batch_update, .maps = DOES_BATCH_UPDATE,
	  .mode = OP_PARTLY, .least = 1 },
	{ "MAP_UPDATE_BATCH, one element", NULL, batch_update_one,
	  .maps = DOES_BATCH_UPDATE, .least = 1 },
	{ "MAP_DELETE_BATCH", NULL, batch_delete, .maps = DOES_BATCH_DELETE,
	  .mode = OP_PARTLY, .least = 1 },
	{ "close of a map", NULL, map_close, .maps = DOES_CREATE,
	  .mode = OP_SURE },
	{ "PROG_LOAD of each type", NULL, prog_load_kind,
	  .nr = NR_PROG_KINDS - 1, .least = 5 },
	{ "PROG_LOAD with maps", prepare_value, prog_load_maps, .least = 6 },
	{ "PROG_LOAD with a tail call", NULL, prog_load_tail_call, .least = 6 },
	{ "PROG_LOAD with functions", NULL, prog_load_funcs, .least = 6 },
	{ "PROG_LOAD with all that is walked", NULL, prog_load_walk,
	  .least = 40 },
	{ "PROG_LOAD with BTF", NULL, prog_load_btf, .least = 8 },
	{ "PROG_LOAD with fd_array", prepare_fd_array, prog_load_fd_array,
	  .least = 6 },
	{ "close of a program", NULL, prog_close, .mode = OP_SURE },
	{ "PROG_BIND_MAP", prepare_spare, prog_bind_map, .maps = DOES_CREATE },
	{ "BTF_LOAD", NULL, btf_load, .nr = 2, .least = 4 },
	{ "OBJ_PIN", NULL, obj_pin, .nr = ARRAY_SIZE(pinned), .least = 2 },
	{ "OBJ_GET", prepare_pin, obj_get, .nr = ARRAY_SIZE(pinned),
	  .least = 1 },
	{ "GET_NEXT_ID", NULL, get_next_id, .nr = NR_OBJECTS },
	{ "GET_FD_BY_ID", NULL, get_fd_by_id, .nr = NR_OBJECTS, .least = 1 },
	{ "OBJ_GET_INFO_BY_FD", prepare_info, info, .nr = NR_OBJECTS },
	{ "ENABLE_STATS", NULL, enable_stats, .least = 1 },
	{ "PROG_ATTACH of each type", prepare_type, attach_type, .nr = NR_TYPES,
	  .least = 2 },
	{ "PROG_ATTACH in each mode", prepare_spare, attach_mode, .nr = 11,
	  .least = 2 },
	{ "PROG_DETACH of each type", prepare_attached_type, detach_type,
	  .nr = NR_TYPES, .mode = OP_SURE },
	{ "PROG_DETACH in each mode", NULL, detach_mode, .nr = 3,
	  .mode = OP_SURE, .least = 1 },
	{ "detaching all", NULL, detach_all, .mode = OP_SURE, .least = 3 },
	{ "PROG_QUERY", NULL, query, .nr = 2, .least = 1 },
	{ "LINK_CREATE of each type", prepare_type, link_create_type,
	  .nr = NR_TYPES, .least = 4 },
	{ "LINK_CREATE", prepare_spare, link_create, .nr = 2, .least = 5 },
	{ "LINK_UPDATE", NULL, link_update, .nr = 2, .mode = OP_SURE },
	{ "LINK_DETACH", NULL, link_detach, .mode = OP_SURE },
	{ "close of a link", NULL, link_close, .mode = OP_SURE },
	{ "PROG_TEST_RUN", prepare_test_run, test_run,
	  .nr = ARRAY_SIZE(test_runs), .least = 1 },
};

/* usage: test_everything [PATTERN]: only operations of that name */
int main(int argc, char **argv)
{
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return operations_run(operations, ARRAY_SIZE(operations));
}
