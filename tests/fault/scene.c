/* SPDX-License-Identifier: BSD-2-Clause */
#include "fault/scene.h"

#include <netinet/in.h>

#include "base/rcu.h"
#include "btf_text.h"
#include "insn_macros.h"
#include "object/bpffs.h"
#include "object/env.h"

#define MAP(what, kind, key, value, max, map_flags, can)                     \
	{                                                                    \
		.name = what, .type = BPF_MAP_TYPE_##kind, .key_size = key,  \
		.value_size = value, .max_entries = max, .flags = map_flags, \
		.does = DOES_CREATE | (can)                                  \
	}
#define ELEMS (DOES_LOOKUP | DOES_UPDATE | DOES_NEXT)
#define BATCH_ARRAY (DOES_BATCH_LOOKUP | DOES_BATCH_UPDATE)
#define HASHES                                                             \
	(ELEMS | DOES_DELETE | DOES_TAKE | BATCH_ARRAY | DOES_BATCH_TAKE | \
	 DOES_BATCH_DELETE)

const struct scene_map_kind scene_maps[NR_SCENE_MAPS] = {
	[M_ARRAY] =
		MAP("array", ARRAY, 4, 8, 4, BPF_F_MMAPABLE,
		    ELEMS | BATCH_ARRAY | DOES_FREEZE | DOES_MMAP | DOES_SHOW),
	[M_PERCPU_ARRAY] = MAP("percpu_array", PERCPU_ARRAY, 4, 8, 4, 0,
			       ELEMS | BATCH_ARRAY | DOES_SHOW),
	[M_HASH] =
		MAP("hash", HASH, 4, 8, 8, 0, HASHES | DOES_FREEZE | DOES_SHOW),
	[M_HASH_NO_PREALLOC] = MAP("hash_no_prealloc", HASH, 4, 8, 8,
				   BPF_F_NO_PREALLOC, HASHES | DOES_SHOW),
	[M_PERCPU_HASH] =
		MAP("percpu_hash", PERCPU_HASH, 4, 8, 8, 0, HASHES | DOES_SHOW),
	[M_LRU] = MAP("lru_hash", LRU_HASH, 4, 8, 64, 0, HASHES),
	[M_LRU_PERCPU] =
		MAP("lru_percpu_hash", LRU_PERCPU_HASH, 4, 8, 64, 0, HASHES),
	[M_LPM] = MAP("lpm_trie", LPM_TRIE, 8, 8, 8, BPF_F_NO_PREALLOC,
		      ELEMS | DOES_DELETE | BATCH_ARRAY | DOES_BATCH_DELETE),
	[M_QUEUE] = MAP("queue", QUEUE, 0, 8, 4, 0,
			DOES_LOOKUP | DOES_UPDATE | DOES_TAKE),
	[M_STACK] = MAP("stack", STACK, 0, 8, 4, 0,
			DOES_LOOKUP | DOES_UPDATE | DOES_TAKE),
	[M_PROG_ARRAY] =
		MAP("prog_array", PROG_ARRAY, 4, 4, 4, 0, ELEMS | DOES_DELETE),
	[M_ARRAY_OF_MAPS] = MAP("array_of_maps", ARRAY_OF_MAPS, 4, 4, 4, 0,
				ELEMS | DOES_DELETE | BATCH_ARRAY),
	[M_HASH_OF_MAPS] =
		MAP("hash_of_maps", HASH_OF_MAPS, 4, 4, 4, 0,
		    ELEMS | DOES_DELETE | BATCH_ARRAY | DOES_BATCH_DELETE),
	[M_CGROUP_ARRAY] = MAP("cgroup_array", CGROUP_ARRAY, 4, 4, 4, 0,
			       DOES_UPDATE | DOES_DELETE | DOES_NEXT),
	[M_RINGBUF] = MAP("ringbuf", RINGBUF, 0, 0, 4096, 0, DOES_MMAP),
	[M_BLOOM] = MAP("bloom_filter", BLOOM_FILTER, 0, 8, 8, 0,
			DOES_LOOKUP | DOES_UPDATE),
	[M_STORAGE] = MAP("cgroup_storage", CGROUP_STORAGE, 16, 8, 0, 0,
			  ELEMS | DOES_FREEZE),
	[M_PERCPU_STORAGE] = MAP("percpu_cgroup_storage", PERCPU_CGROUP_STORAGE,
				 8, 8, 0, 0, ELEMS),
	[M_SK_STORAGE] =
		MAP("sk_storage", SK_STORAGE, 4, 8, 0, BPF_F_NO_PREALLOC, 0),
	[M_LOCKED_HASH] = MAP("hash with lock", HASH, 4, 16, 8, 0,
			      ELEMS | DOES_DELETE | DOES_TAKE | DOES_SHOW),
};

/* What was refused may not have been told in part. */
static bool attr_kept(int cmd, const union attr *was, const union attr *is)
{
	union attr now = *is;

	switch (cmd) {
	case BPF_MAP_LOOKUP_BATCH:
	case BPF_MAP_LOOKUP_AND_DELETE_BATCH:
	case BPF_MAP_UPDATE_BATCH:
	case BPF_MAP_DELETE_BATCH:
		now.map_batch.count = was->map_batch.count;
		break;
	case BPF_PROG_LOAD:
		now.prog_load.log_true_size = was->prog_load.log_true_size;
		break;
	case BPF_BTF_LOAD:
		now.btf_load.btf_log_true_size =
			was->btf_load.btf_log_true_size;
		break;
	}
	return !memcmp(was, &now, sizeof(now));
}

int scene_bpf(struct scene *s, int cmd, union attr *attr)
{
	union attr was = *attr;
	int ret =
		cgbpf_bpf(s->task, cmd, (union bpf_attr *)attr, sizeof(*attr));

	if (ret == -ENOMEM && !attr_kept(cmd, &was, attr))
		fail_msg("command %d failed and wrote attributes", cmd);
	return ret;
}

int scene_elem(struct scene *s, int cmd, int map, const void *key, void *value,
	       u64 flags)
{
	union attr attr = { .map_elem = {
				    .map_fd = (u32)s->maps[map],
				    .key = ptr_to_u64(key),
				    .value = ptr_to_u64(value),
				    .flags = flags,
			    } };

	if (!scene_maps[map].key_size)
		attr.map_elem.key = 0;
	return scene_bpf(s, cmd, &attr);
}

void scene_key(struct scene *s, int map, u32 nr, void *key)
{
	struct bpf_cgroup_storage_key storage = { 0 };
	u32 words[4] = { nr };

	if (map == M_LPM) {
		words[0] = 32;
		words[1] = nr;
	}
	memcpy(key, words, scene_maps[map].key_size);
	if (map != M_STORAGE && map != M_PERCPU_STORAGE)
		return;
	storage.cgroup_inode_id = cgbpf_cgroup_id(s->b);
	storage.attach_type = EGRESS;
	memcpy(key, &storage, scene_maps[map].key_size);
}

void scene_value(struct scene *s, int map, u32 nr, void *value)
{
	u64 *words = value;

	for (u32 i = 0; i < 4; i++)
		words[i] = 0x100u * nr + i;
	switch (map) {
	case M_PROG_ARRAY:
		*(int *)value = s->spare[0];
		break;
	case M_ARRAY_OF_MAPS:
	case M_HASH_OF_MAPS:
		*(int *)value = s->maps[M_HASH];
		break;
	case M_CGROUP_ARRAY:
		*(int *)value = s->c_fd;
		break;
	}
}

int scene_map_create(struct scene *s, int map)
{
	const struct scene_map_kind *kind = &scene_maps[map];
	union attr attr = { .map_create = {
				    .map_type = kind->type,
				    .key_size = kind->key_size,
				    .value_size = kind->value_size,
				    .max_entries = kind->max_entries,
				    .map_flags = kind->flags,
				    .map_name = "a_map",
			    } };

	if (map == M_ARRAY_OF_MAPS || map == M_HASH_OF_MAPS)
		attr.map_create.inner_map_fd = (u32)s->maps[M_HASH];
	if (kind->does & DOES_SHOW || map == M_SK_STORAGE) {
		attr.map_create.btf_fd = (u32)s->btf;
		attr.map_create.btf_key_type_id = T_U32;
		attr.map_create.btf_value_type_id =
			map == M_LOCKED_HASH ? T_LOCKED : T_U64;
	}
	return scene_bpf(s, BPF_MAP_CREATE, &attr);
}

int scene_load(struct scene *s, u32 type, u32 attach_type,
	       const struct bpf_insn *insns, u32 nr)
{
	static char log[65536];
	union attr attr = { .prog_load = {
				    .prog_type = type,
				    .expected_attach_type = attach_type,
				    .insns = ptr_to_u64(insns),
				    .insn_cnt = nr,
				    .license = ptr_to_u64("GPL"),
				    .log_level = 1,
				    .log_buf = ptr_to_u64(log),
				    .log_size = sizeof(log),
				    .prog_name = "a_prog",
			    } };
	int fd = scene_bpf(s, BPF_PROG_LOAD, &attr);

	if (fd < 0 && fd != -ENOMEM)
		print_error("load: %d\n%s\n", fd, log);
	return fd;
}

int scene_attach(struct scene *s, int cgroup, int prog, u32 type, u32 flags)
{
	union attr attr = { .prog_attach = {
				    .target_fd = (u32)cgroup,
				    .attach_bpf_fd = (u32)prog,
				    .attach_type = type,
				    .attach_flags = flags,
			    } };

	return scene_bpf(s, BPF_PROG_ATTACH, &attr);
}

/* ------------------------------------------------------------ the beginning */

static int must(int ret, const char *what)
{
	if (ret < 0)
		fail_msg("%s: %d", what, ret);
	return ret;
}
#define MUST(call) must(call, #call)

static int btf_load(struct scene *s, const char *text)
{
	static struct blob b;
	union attr attr = { 0 };
	int fd;

	blob_init(&b);
	blob_text(&b, text);
	blob_finish(&b);
	attr.btf_load.btf = ptr_to_u64(b.data);
	attr.btf_load.btf_size = b.size;
	fd = MUST(scene_bpf(s, BPF_BTF_LOAD, &attr));
	free(b.data);
	return fd;
}

/* Adds 1 to both its storages. */
static int load_storing(struct scene *s)
{
	return MUST(LOAD(s, BPF_PROG_TYPE_CGROUP_SKB, EGRESS,
			 I_LD_MAP_FD(R1, s->maps[M_STORAGE]), I_MOV_IMM(R2, 0),
			 I_CALL(BPF_FUNC_get_local_storage),
			 I_LDX(BPF_DW, R1, R0, 0), I_ALU_IMM(BPF_ADD, R1, 1),
			 I_STX(BPF_DW, R0, R1, 0),
			 I_LD_MAP_FD(R1, s->maps[M_PERCPU_STORAGE]),
			 I_MOV_IMM(R2, 0), I_CALL(BPF_FUNC_get_local_storage),
			 I_LDX(BPF_DW, R1, R0, 0), I_ALU_IMM(BPF_ADD, R1, 1),
			 I_STX(BPF_DW, R0, R1, 0), I_RETURN(1)));
}

static int load_plain(struct scene *s)
{
	return MUST(LOAD(s, BPF_PROG_TYPE_CGROUP_SKB, EGRESS, I_RETURN(1)));
}

static void fill_maps(struct scene *s)
{
	u8 key[16] = { 0 }, value[64] = { 0 };

	for (int i = 0; i < NR_SCENE_MAPS; i++) {
		if (!(scene_maps[i].does & DOES_UPDATE))
			continue;
		for (u32 nr = 0; nr < 2; nr++) {
			scene_key(s, i, nr, key);
			scene_value(s, i, nr, value);
			MUST(scene_elem(s, BPF_MAP_UPDATE_ELEM, i, key, value,
					0));
		}
	}
}

static int open_cgroup(struct scene *s, const char *path)
{
	struct cgbpf_cgroup *cgroup;
	int fd;

	MUST(cgbpf_cgroup_get(s->env, path, &cgroup));
	fd = MUST(cgbpf_cgroup_open(s->task, cgroup));
	cgbpf_cgroup_put(cgroup);
	return fd;
}

static int link_create(struct scene *s, int cgroup, int prog)
{
	union attr attr = { .link_create = {
				    .prog_fd = (u32)prog,
				    .target_fd = (u32)cgroup,
				    .attach_type = EGRESS,
			    } };

	return MUST(scene_bpf(s, BPF_LINK_CREATE, &attr));
}

static void pin(struct scene *s, const char *path, int fd)
{
	union attr attr = { .obj = { .pathname = ptr_to_u64(path),
				     .bpf_fd = (u32)fd } };

	MUST(scene_bpf(s, BPF_OBJ_PIN, &attr));
}

static void make_cgroups(struct scene *s)
{
	static const struct cgbpf_sock_info info = {
		.size = sizeof(info),
		.family = AF_INET,
		.type = SOCK_STREAM,
		.protocol = IPPROTO_TCP,
	};
	struct cgbpf_cgroup *c;

	MUST(cgbpf_cgroup_new(s->env, "/a", &s->a));
	MUST(cgbpf_cgroup_new(s->env, "/a/b", &s->b));
	MUST(cgbpf_cgroup_new(s->env, "/c", &c));
	cgbpf_cgroup_put(c);
	MUST(cgbpf_sock_new(s->b, &info, &s->sock));
	s->root_fd = open_cgroup(s, "/");
	s->a_fd = open_cgroup(s, "/a");
	s->b_fd = open_cgroup(s, "/a/b");
	s->c_fd = open_cgroup(s, "/c");
}

static void on_trace(void *data, const char *line)
{
	struct scene *s = data;

	(void)line;
	s->traced++;
}

/* "/" and "/a/b" MULTI, "/a" OVERRIDE, links at "/a/b", "/c" nothing. */
void scene_new(struct scene *s)
{
	struct cgbpf_env_opts opts = {
		.size = sizeof(opts),
		.cpus = SCENE_CPUS,
		.trace = on_trace,
		.trace_data = s,
	};

	memset(s, 0, sizeof(*s));
	MUST(cgbpf_env_new(&s->env, &opts));
	s->task = cgbpf_env_task(s->env);
	make_cgroups(s);
	s->btf = btf_load(s, "INT u32 0 0 4 0x20\nINT u64 0 0 8 0x40\n"
			     "STRUCT bpf_spin_lock 1 0 4 'val' 1 0\n"
			     "STRUCT locked 2 0 16 'lock' 3 0 'n' 2 64\n");
	s->func_btf = btf_load(s, "INT int 0 0 4 0x01000020\n"
				  "FUNC_PROTO - 0 0 1\nFUNC f 1 0 2\n"
				  "FUNC g 0 0 2\n");
	for (int i = 0; i < NR_SCENE_MAPS; i++)
		s->maps[i] = must(scene_map_create(s, i), scene_maps[i].name);
	s->at_root = load_plain(s);
	s->at_a = load_plain(s);
	s->at_b = load_storing(s);
	for (size_t i = 0; i < ARRAY_SIZE(s->spare); i++)
		s->spare[i] = load_plain(s);
	MUST(scene_attach(s, s->root_fd, s->at_root, EGRESS, MULTI));
	MUST(scene_attach(s, s->a_fd, s->at_a, EGRESS, OVERRIDE));
	MUST(scene_attach(s, s->b_fd, s->at_b, EGRESS, MULTI));
	s->link = link_create(s, s->b_fd, s->spare[0]);
	s->link_b = link_create(s, s->b_fd, s->spare[1]);
	fill_maps(s);
	MUST(cgbpf_bpffs_mkdir(s->env, BPFFS_ROOT "/dir"));
	pin(s, BPFFS_ROOT "/dir/link", s->link);
	pin(s, BPFFS_ROOT "/dir/hash", s->maps[M_HASH]);
	pin(s, BPFFS_ROOT "/prog", s->at_root);
	s->prog = -1;
}

void scene_free(struct scene *s)
{
	if (s->sock)
		cgbpf_sock_put(s->sock);
	cgbpf_cgroup_put(s->b);
	cgbpf_cgroup_put(s->a);
	cgbpf_env_free(s->env);
}

/* ------------------------------------------------------- all that can be seen
 */

struct view {
	struct scene *s;
	FILE *out;
};

static void view_bytes(struct view *v, const void *data, size_t size)
{
	const u8 *bytes = data;

	for (size_t i = 0; i < size; i++)
		fprintf(v->out, "%02x", bytes[i]);
}

/* next_id, get fd, info: of one kind after the other */
static const struct {
	const char *name;
	int next_id, get_fd;
	u32 info_size;
} id_kinds[] = {
	{ "map", BPF_MAP_GET_NEXT_ID, BPF_MAP_GET_FD_BY_ID,
	  sizeof(struct info_map) },
	{ "prog", BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID,
	  sizeof(struct info_prog) },
	{ "btf", BPF_BTF_GET_NEXT_ID, BPF_BTF_GET_FD_BY_ID,
	  sizeof(struct info_btf) },
	{ "link", BPF_LINK_GET_NEXT_ID, BPF_LINK_GET_FD_BY_ID,
	  sizeof(struct info_link) },
};

static void view_ids(struct view *v, size_t kind)
{
	union attr next = { 0 };

	while (!scene_bpf(v->s, id_kinds[kind].next_id, &next)) {
		union attr attr = { .id.prog_id = next.id.next_id };
		u64 info[64] = { 0 };
		int fd;

		next.id.start_id = next.id.next_id;
		fprintf(v->out, "%s %u ", id_kinds[kind].name, next.id.next_id);
		fd = MUST(scene_bpf(v->s, id_kinds[kind].get_fd, &attr));
		attr = (union attr){ .info = {
					     .bpf_fd = (u32)fd,
					     .info_len =
						     id_kinds[kind].info_size,
					     .info = ptr_to_u64(info),
				     } };
		MUST(scene_bpf(v->s, BPF_OBJ_GET_INFO_BY_FD, &attr));
		if (id_kinds[kind].get_fd == BPF_PROG_GET_FD_BY_ID)
			((struct info_prog *)info)->load_time = 0;
		view_bytes(v, info, id_kinds[kind].info_size);
		fputc('\n', v->out);
		cgbpf_close(v->s->task, fd);
	}
}

static int compare_lines(const void *a, const void *b)
{
	return memcmp(a, b, 64);
}

/* Elements in the order of their bytes: that of hash tables is their own. */
static void view_map(struct view *v, int map)
{
	u8 lines[64][64] = { 0 }, key[16] = { 0 };
	size_t key_size = scene_maps[map].key_size, nr = 0;
	void *at = NULL;

	fprintf(v->out, "%s:", scene_maps[map].name);
	if (!(scene_maps[map].does & DOES_NEXT)) {
		if (scene_maps[map].does & DOES_LOOKUP && map != M_BLOOM &&
		    !scene_elem(v->s, BPF_MAP_LOOKUP_ELEM, map, NULL, lines[0],
				0))
			view_bytes(v, lines[0], 32);
		fputc('\n', v->out);
		return;
	}
	while (nr < ARRAY_SIZE(lines) &&
	       !scene_elem(v->s, BPF_MAP_GET_NEXT_KEY, map, at, lines[nr], 0)) {
		memcpy(key, lines[nr], key_size);
		at = key;
		if (scene_maps[map].does & DOES_LOOKUP)
			scene_elem(v->s, BPF_MAP_LOOKUP_ELEM, map, key,
				   lines[nr] + 16, 0);
		nr++;
	}
	qsort(lines, nr, sizeof(lines[0]), compare_lines);
	for (size_t i = 0; i < nr; i++) {
		fputc(' ', v->out);
		view_bytes(v, lines[i], sizeof(lines[i]));
	}
	fputc('\n', v->out);
}

static void view_query(struct view *v, int fd, u32 type, u32 flags)
{
	u32 ids[32] = { 0 }, prog_flags[32] = { 0 }, links[32] = { 0 };
	union attr attr = { .prog_query = {
				    .target_fd = (u32)fd,
				    .attach_type = type,
				    .query_flags = flags,
				    .prog_ids = ptr_to_u64(ids),
				    .prog_cnt = ARRAY_SIZE(ids),
			    } };

	if (!flags) {
		attr.prog_query.prog_attach_flags = ptr_to_u64(prog_flags);
		attr.prog_query.link_ids = ptr_to_u64(links);
	}
	MUST(scene_bpf(v->s, BPF_PROG_QUERY, &attr));
	fprintf(v->out, " [%u %llu:", attr.prog_query.attach_flags,
		(unsigned long long)attr.prog_query.revision);
	for (u32 i = 0; i < attr.prog_query.prog_cnt; i++)
		fprintf(v->out, " %u/%u/%u", ids[i], prog_flags[i], links[i]);
	fprintf(v->out, "]");
}

static int view_cgroup(void *data, struct cgbpf_cgroup *cgroup)
{
	struct view *v = data;
	char path[256];
	int fd;

	cgbpf_cgroup_path(cgroup, path, sizeof(path));
	fd = MUST(cgbpf_cgroup_open(v->s->task, cgroup));
	fprintf(v->out, "%s #%llu\n", path,
		(unsigned long long)cgbpf_cgroup_id(cgroup));
	for (int i = 0; i < NR_ATYPES; i++) {
		fprintf(v->out, "\t%s", attach_types[i].name);
		view_query(v, fd, attach_types[i].uapi, 0);
		view_query(v, fd, attach_types[i].uapi, BPF_F_QUERY_EFFECTIVE);
		fputc('\n', v->out);
	}
	cgbpf_close(v->s->task, fd);
	return 0;
}

static void view_pin(void *data, const char *name, struct object *obj)
{
	struct view *v = data;

	fprintf(v->out, "pin %s %d %u\n", name, obj ? (int)obj->ops->kind : -1,
		obj ? obj->id : 0);
}

char *scene_text(struct scene *s)
{
	struct view v = { .s = s };
	char *text;
	size_t len;
	int fd;

	v.out = open_memstream(&text, &len);
	assert_non_null(v.out);
	for (size_t i = 0; i < ARRAY_SIZE(id_kinds); i++)
		view_ids(&v, i);
	for (int i = 0; i < NR_SCENE_MAPS; i++)
		view_map(&v, i);
	MUST(cgbpf_cgroup_each(s->env, view_cgroup, &v));
	bpffs_list(s->env->bpffs, BPFFS_ROOT, view_pin, &v);
	bpffs_list(s->env->bpffs, BPFFS_ROOT "/dir", view_pin, &v);
	/* the lowest free fd: nothing was left open */
	fd = MUST(cgbpf_dup(s->task, s->root_fd));
	fprintf(v.out, "fd %d\n", fd);
	cgbpf_close(s->task, fd);
	fclose(v.out);
	return text;
}

/* ------------------------------------------------------------- the driver */

enum refusal {
	ONE,
	ALL_FROM,
};

static const char *const refusals[] = { "only", "from" };

/* What @op says with its @nth allocation refused: did it come to that? */
static bool operation_refused(const struct operation *op, struct scene *s,
			      int arg, enum refusal refusal, unsigned long nth,
			      int *ret)
{
	memset(s->out, 0xa5, sizeof(s->out));
	if (refusal == ONE)
		mem_fault_set(nth);
	else
		mem_fault_from(nth);
	*ret = op->run(s, arg);
	return mem_fault_fired();
}

static void check_out_untouched(const struct scene *s)
{
	for (size_t i = 0; i < sizeof(s->out); i++)
		if (s->out[i] != 0xa5)
			fail_msg("it failed and wrote byte %zu", i);
}

/* Objects go in another thread: wait only where it makes a difference. */
static void check_live(long live)
{
	for (int i = 0; i < 10 && mem_live() != live; i++)
		rcu_barrier();
	assert_int_equal(mem_live(), live);
}

/* The first line of one that the other has not. */
static void check_text(struct scene *s, const char *then)
{
	char *now = scene_text(s);
	size_t at = 0, line = 0;

	for (; now[at] && now[at] == then[at]; at++)
		if (now[at] == '\n')
			line = at + 1;
	if (now[at] != then[at])
		fail_msg("something has changed:\n%.*s\n%.*s",
			 (int)strcspn(then + line, "\n"), then + line,
			 (int)strcspn(now + line, "\n"), now + line);
	free(now);
}

static void scene_begin(struct scene *s, const struct operation *op, int arg)
{
	scene_new(s);
	if (op->prepare)
		op->prepare(s, arg);
}

/*
 * The refusals from @nth on, in one scene as long as they fail and so change
 * nothing; false: the operation was through before the @nth, which is the
 * next.  One that gets by without what it was refused ends the scene too.
 */
static bool try_whole(const struct operation *op, int arg, unsigned long *nth)
{
	bool refused = true;
	struct scene s;
	char *then;
	int ret;

	scene_begin(&s, op, arg);
	then = scene_text(&s);
	for (ret = -ENOMEM; refused && ret < 0; ++*nth) {
		u32 refusal = *nth & 1 ? ONE : ALL_FROM;

		refused =
			operation_refused(op, &s, arg, refusal, *nth / 2, &ret);
		if (refused ? ret < 0 && ret != -ENOMEM : ret < 0)
			fail_msg("%s %lu: %d", refusals[refusal], *nth / 2,
				 ret);
		if (ret < 0) {
			check_out_untouched(&s);
			check_text(&s, then);
		}
	}
	free(then);
	scene_free(&s);
	return refused;
}

static unsigned long run_whole(const struct operation *op, int arg)
{
	unsigned long nth = 2; /* twice: all from it, only it */

	while (try_whole(op, arg, &nth))
		;
	return nth / 2 - 1;
}

/* In a scene of its own: is the failure still within the operation? */
static bool try_apart(const struct operation *op, int arg, enum refusal refusal,
		      unsigned long nth, const char *then)
{
	struct scene s;
	bool refused;
	int ret;

	scene_begin(&s, op, arg);
	refused = operation_refused(op, &s, arg, refusal, nth, &ret);
	if (op->mode == OP_SURE) {
		if (ret < 0)
			fail_msg("%s %lu: %d", refusals[refusal], nth, ret);
		check_text(&s, then);
	}
	if (op->mode == OP_PARTLY && refused && ret != -ENOMEM)
		fail_msg("%s %lu: %d", refusals[refusal], nth, ret);
	free(scene_text(&s)); /* the rest still works */
	scene_free(&s);
	return refused;
}

/* @then: what it comes to when nothing is refused. */
static unsigned long run_apart(const struct operation *op, int arg)
{
	unsigned long nth = 1;
	struct scene s;
	char *then;
	int ret;

	scene_begin(&s, op, arg);
	ret = op->run(&s, arg);
	if (ret < 0)
		fail_msg("without a failure: %d", ret);
	then = scene_text(&s);
	scene_free(&s);
	while (try_apart(op, arg, ALL_FROM, nth, then) &&
	       try_apart(op, arg, ONE, nth, then))
		nth++;
	free(then);
	return nth - 1;
}

static void operation_run(const struct operation *op, int arg)
{
	long live = mem_live();
	unsigned long nr;

	nr = op->mode == OP_WHOLE ? run_whole(op, arg) : run_apart(op, arg);
	if (nr < op->least)
		fail_msg("%lu allocations only", nr);
	check_live(live);
}

/* One test for each operation, with all its arguments. */
static void operation_test(void **state)
{
	const struct operation *op = *state;

	if (op->maps) {
		for (int i = 0; i < NR_SCENE_MAPS; i++) {
			if (!(scene_maps[i].does & op->maps))
				continue;
			print_message("  %s: %s\n", op->name,
				      scene_maps[i].name);
			operation_run(op, i);
		}
		return;
	}
	for (int i = 0; i < (op->nr ? op->nr : 1); i++) {
		if (op->nr)
			print_message("  %s: %d\n", op->name, i);
		operation_run(op, i);
	}
}

int operations_run(const struct operation *ops, size_t n)
{
	struct CMUnitTest *tests = calloc(n, sizeof(*tests));
	int failed;

	assert_non_null(tests);
	for (size_t i = 0; i < n; i++)
		tests[i] = (struct CMUnitTest){
			.name = ops[i].name,
			.test_func = operation_test,
			.initial_state = (void *)(uintptr_t)&ops[i],
		};
	failed = _cmocka_run_group_tests("failing allocations", tests, n, NULL,
					 NULL);
	free(tests);
	return failed;
}
