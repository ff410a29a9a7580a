/* SPDX-License-Identifier: BSD-2-Clause */
/* Lockstep's core: handles, the renaming of ids, and one call on two worlds. */
#include "lockstep.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

/*
 * Ids of one world: open addressing, id -> (the other world's id, handle).
 * Ids are never given twice, so entries stay.
 */
struct ls_idmap {
	u32 nr, capacity;
	struct idmap_entry {
		u64 id, other;
		int handle;
	} * entries;
};

static struct idmap_entry *idmap_slot(struct ls_idmap *map, u64 id)
{
	u32 i = (u32)((id * 0x9e3779b97f4a7c15ull) >> 32);

	for (;; i++) {
		struct idmap_entry *e = &map->entries[i & (map->capacity - 1)];

		if (!e->id || e->id == id)
			return e;
	}
}

static void idmap_set(struct ls_idmap *map, u64 id, u64 other, int handle)
{
	struct ls_idmap old = *map;
	struct idmap_entry *e;

	if (map->nr * 2 >= map->capacity) {
		map->capacity = old.capacity ? old.capacity * 2 : 64;
		map->entries = calloc(map->capacity, sizeof(*map->entries));
		if (!map->entries)
			abort();
		for (u32 i = 0; i < old.capacity; i++)
			if (old.entries[i].id)
				*idmap_slot(map, old.entries[i].id) =
					old.entries[i];
		free(old.entries);
	}
	e = idmap_slot(map, id);
	map->nr += !e->id;
	*e = (struct idmap_entry){ id, other, handle };
}

static const struct idmap_entry *idmap_get(struct ls_idmap *map, u64 id)
{
	struct idmap_entry *e;

	if (!map->capacity || !id)
		return NULL;
	e = idmap_slot(map, id);
	return e->id ? e : NULL;
}

/* ---------------------------------------------------------------- messages */

void ls_doing(struct lockstep *ls, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(ls->doing, sizeof(ls->doing), fmt, ap);
	va_end(ap);
}

int ls_differ(struct lockstep *ls, const char *fmt, ...)
{
	char what[1024], message[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	snprintf(message, sizeof(message), "%s%s%s", ls->doing,
		 *ls->doing ? ": " : "", what);
	if (!ls->quiet)
		ls->diff(ls, message);
	return LS_DIFF;
}

static void die(struct lockstep *ls, const char *message)
{
	(void)ls;
	fprintf(stderr, "lockstep: %s\n", message);
	abort();
}

const char *ls_result(int ret, char buf[48])
{
	const char *name;

	if (ret >= 0 || ret == LS_DIFF) {
		snprintf(buf, 48, "%d", ret);
		return buf;
	}
	name = ret == -524 ? "ENOTSUPP" : strerrorname_np(-ret);
	snprintf(buf, 48, "-%s", name ? name : "?");
	return buf;
}

int ls_same_ret(struct lockstep *ls, const char *what, const int ret[2])
{
	char a[48], b[48];

	if (ret[0] == ret[1])
		return ret[0];
	return ls_differ(ls, "%s: %s %s, %s %s", what, ls->world[0]->ops->name,
			 ls_result(ret[0], a), ls->world[1]->ops->name,
			 ls_result(ret[1], b));
}

static void hex(char *buf, size_t size, const u8 *data, u32 n)
{
	size_t len = 0;

	for (u32 i = 0; i < n && len + 4 < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%02x%s",
					data[i], i % 4 == 3 ? " " : "");
}

int ls_same_bytes(struct lockstep *ls, const char *what, const void *a,
		  const void *b, u32 n)
{
	char x[300], y[300];
	u32 at = 0;

	if (!memcmp(a, b, n))
		return 0;
	while (((const u8 *)a)[at] == ((const u8 *)b)[at])
		at++;
	at &= ~7u;
	hex(x, sizeof(x), (const u8 *)a + at, n - at < 64 ? n - at : 64);
	hex(y, sizeof(y), (const u8 *)b + at, n - at < 64 ? n - at : 64);
	return ls_differ(ls, "%s: from byte %u on: %s %s, %s %s", what, at,
			 ls->world[0]->ops->name, x, ls->world[1]->ops->name,
			 y);
}

int ls_same_u64(struct lockstep *ls, const char *what, u64 a, u64 b)
{
	if (a == b)
		return 0;
	return ls_differ(ls, "%s: %s %llu (%#llx), %s %llu (%#llx)", what,
			 ls->world[0]->ops->name, (unsigned long long)a,
			 (unsigned long long)a, ls->world[1]->ops->name,
			 (unsigned long long)b, (unsigned long long)b);
}

/* ----------------------------------------------------------------- handles */

struct ls_handle *ls_handle(struct lockstep *ls, u64 handle)
{
	u32 i = (u32)handle - LS_HANDLE;

	if (!ls_is_handle(handle) || i >= ls->nr_handles ||
	    !ls->handles[i].used)
		return NULL;
	return &ls->handles[i];
}

int ls_handle_by_id(struct lockstep *ls, enum ls_kind kind, int which, u64 id)
{
	const struct idmap_entry *e = idmap_get(ls->ids[kind][which], id);

	return e ? e->handle : -1;
}

bool ls_knows_id(struct lockstep *ls, enum ls_kind kind, int which, u64 id)
{
	return idmap_get(ls->ids[kind][which], id);
}

u64 ls_other_id(struct lockstep *ls, enum ls_kind kind, int which, u64 id)
{
	const struct idmap_entry *e = idmap_get(ls->ids[kind][which], id);

	return e ? e->other : 0;
}

/* Takes over both fds. */
int ls_handle_new(struct lockstep *ls, enum ls_kind kind, const int fd[2])
{
	struct ls_handle *h;

	if (ls->nr_handles == LS_MAX_HANDLES)
		die(ls, "out of handles");
	if (!(ls->nr_handles & (ls->nr_handles - 1))) {
		u32 n = ls->nr_handles ? ls->nr_handles * 2 : 1;

		h = realloc(ls->handles, n * sizeof(*h));
		if (!h)
			die(ls, "out of memory");
		ls->handles = h;
	}
	h = &ls->handles[ls->nr_handles];
	*h = (struct ls_handle){
		.used = true,
		.kind = kind,
		.fd = { fd[0], fd[1] },
	};
	return (int)(LS_HANDLE + ls->nr_handles++);
}

void ls_bind(struct lockstep *ls, enum ls_kind kind, int handle, u64 a, u64 b)
{
	struct ls_handle *h = ls_handle(ls, (u64)handle);

	if (h) {
		h->id[0] = a;
		h->id[1] = b;
	}
	idmap_set(ls->ids[kind][0], a, b, handle);
	idmap_set(ls->ids[kind][1], b, a, handle);
}

int ls_same_id(struct lockstep *ls, const char *what, enum ls_kind kind, u64 a,
	       u64 b)
{
	const struct idmap_entry *x = idmap_get(ls->ids[kind][0], a);
	const struct idmap_entry *y = idmap_get(ls->ids[kind][1], b);

	if (!a && !b)
		return 0;
	if (!x && !y && a && b) {
		ls_bind(ls, kind, -1, a, b);
		return 0;
	}
	if (x && x->other == b && y)
		return 0;
	return ls_differ(ls,
			 "%s: %s id %llu (object %d), %s id %llu (object %d)",
			 what, ls->world[0]->ops->name, (unsigned long long)a,
			 x ? x->handle - LS_HANDLE : -1,
			 ls->world[1]->ops->name, (unsigned long long)b,
			 y ? y->handle - LS_HANDLE : -1);
}

/*
 * Learns the id of a new object in both worlds.  An object that is known
 * already (by a pin, a dup, an id) is the same in both.
 */
static int handle_learn(struct lockstep *ls, int handle)
{
	struct ls_handle *h = ls_handle(ls, (u64)handle);
	u64 id[2];
	int ret[2];

	for (int w = 0; w < 2; w++) {
		u8 info[256] = { 0 };
		union attr attr = { .info = {
					    .bpf_fd = (u32)h->fd[w],
					    .info_len = sizeof(info),
					    .info = (u64)(uintptr_t)info,
				    } };
		u32 id32;

		ret[w] = ls->world[w]->ops->bpf(ls->world[w],
						BPF_OBJ_GET_INFO_BY_FD, &attr,
						sizeof(attr.info));
		memcpy(&id32, info + (h->kind == LS_BTF ? 12 : 4), 4);
		id[w] = id32;
	}
	if (ls_same_ret(ls, "info of the new object", ret))
		return LS_DIFF;
	if (ls_same_id(ls, "id of the object", h->kind, id[0], id[1]))
		return LS_DIFF;
	/* this one is the youngest handle of that id */
	ls_bind(ls, h->kind, handle, id[0], id[1]);
	return 0;
}

int ls_adopt(struct lockstep *ls, enum ls_kind kind, const int ret[2])
{
	int handle;

	if (ret[0] < 0 || ret[1] < 0) {
		if (ls_same_ret(ls, "result", ret) != LS_DIFF)
			return ret[0];
		for (int w = 0; w < 2; w++)
			if (ret[w] >= 0)
				ls->world[w]->ops->close(ls->world[w], ret[w]);
		return LS_DIFF;
	}
	handle = ls_handle_new(ls, kind, ret);
	if (kind < LS_CGROUP && handle_learn(ls, handle))
		return LS_DIFF;
	return handle;
}

int ls_close_handle(struct lockstep *ls, int handle)
{
	struct ls_handle *h = ls_handle(ls, (u64)handle);
	int ret[2];

	if (!h)
		return -EBADF;
	ls->calls++;
	h->used = false;
	free(h->path);
	h->path = NULL;
	for (int w = 0; w < 2; w++)
		ret[w] = ls->world[w]->ops->close(ls->world[w], h->fd[w]);
	return ls_same_ret(ls, "close", ret);
}

int ls_dup(struct lockstep *ls, int handle)
{
	struct ls_handle *h = ls_handle(ls, (u64)handle), *copy;
	int ret[2], n;

	if (!h)
		return -EBADF;
	ls->calls++;
	for (int w = 0; w < 2; w++)
		ret[w] = ls->world[w]->ops->dup(ls->world[w], h->fd[w]);
	n = ls_adopt(ls, h->kind, ret);
	if (n < 0)
		return n;
	h = ls_handle(ls, (u64)handle);
	copy = ls_handle(ls, (u64)n);
	*copy = (struct ls_handle){
		.used = true,
		.kind = h->kind,
		.fd = { ret[0], ret[1] },
		.id = { h->id[0], h->id[1] },
		.type = h->type,
		.key_size = h->key_size,
		.value_size = h->value_size,
		.attach_type = h->attach_type,
		.path = h->path ? strdup(h->path) : NULL,
	};
	return n;
}

/* ------------------------------------------------------------------- calls */

#define FD(member)                                  \
	{                                           \
		offsetof(union attr, member), false \
	}
#define ID(member)                                 \
	{                                          \
		offsetof(union attr, member), true \
	}
#define NR_FIELDS 5

/* Where a command's attr has fds and ids, and what a new fd is. */
static const struct command {
	bool known, fd;
	enum ls_kind kind;
	struct field {
		u16 offset;
		bool id;
	} fields[NR_FIELDS];
} commands[UAPI_NR_CMDS] = {
#define C(cmd, ...) [cmd] = { .known = true, .fields = { __VA_ARGS__ } }
#define F(cmd, k, ...)           \
	[cmd] = { .known = true, \
		  .fd = true,    \
		  .kind = k,     \
		  .fields = { __VA_ARGS__ } }
	F(BPF_MAP_CREATE, LS_MAP, FD(map_create.inner_map_fd),
	  FD(map_create.btf_fd)),
	C(BPF_MAP_LOOKUP_ELEM, FD(map_elem.map_fd)),
	C(BPF_MAP_UPDATE_ELEM, FD(map_elem.map_fd)),
	C(BPF_MAP_DELETE_ELEM, FD(map_elem.map_fd)),
	C(BPF_MAP_GET_NEXT_KEY, FD(map_elem.map_fd)),
	C(BPF_MAP_LOOKUP_AND_DELETE_ELEM, FD(map_elem.map_fd)),
	C(BPF_MAP_FREEZE, FD(map_elem.map_fd)),
	C(BPF_MAP_LOOKUP_BATCH, FD(map_batch.map_fd)),
	C(BPF_MAP_LOOKUP_AND_DELETE_BATCH, FD(map_batch.map_fd)),
	C(BPF_MAP_UPDATE_BATCH, FD(map_batch.map_fd)),
	C(BPF_MAP_DELETE_BATCH, FD(map_batch.map_fd)),
	F(BPF_PROG_LOAD, LS_PROG, FD(prog_load.prog_btf_fd)),
	C(BPF_OBJ_PIN, FD(obj.bpf_fd)),
	F(BPF_OBJ_GET, LS_OTHER, FD(obj.bpf_fd)),
	C(BPF_PROG_ATTACH, FD(prog_attach.target_fd),
	  FD(prog_attach.attach_bpf_fd), FD(prog_attach.replace_bpf_fd),
	  FD(prog_attach.relative_fd)),
	C(BPF_PROG_DETACH, FD(prog_attach.target_fd),
	  FD(prog_attach.attach_bpf_fd), FD(prog_attach.replace_bpf_fd),
	  FD(prog_attach.relative_fd)),
	C(BPF_PROG_QUERY, FD(prog_query.target_fd)),
	C(BPF_PROG_TEST_RUN, FD(test_run.prog_fd)),
	C(BPF_PROG_GET_NEXT_ID, ID(id.start_id)),
	C(BPF_MAP_GET_NEXT_ID, ID(id.start_id)),
	C(BPF_BTF_GET_NEXT_ID, ID(id.start_id)),
	C(BPF_LINK_GET_NEXT_ID, ID(id.start_id)),
	F(BPF_PROG_GET_FD_BY_ID, LS_PROG, ID(id.prog_id)),
	F(BPF_MAP_GET_FD_BY_ID, LS_MAP, ID(id.map_id)),
	F(BPF_BTF_GET_FD_BY_ID, LS_BTF, ID(id.btf_id)),
	F(BPF_LINK_GET_FD_BY_ID, LS_LINK, ID(id.link_id)),
	C(BPF_OBJ_GET_INFO_BY_FD, FD(info.bpf_fd)),
	F(BPF_RAW_TRACEPOINT_OPEN, LS_OTHER, { 8, false }),
	F(BPF_BTF_LOAD, LS_BTF, { 0, false }),
	C(BPF_TASK_FD_QUERY, { 0, false }),
	F(BPF_LINK_CREATE, LS_LINK, FD(link_create.prog_fd),
	  FD(link_create.target_fd), FD(link_create.cgroup.relative_fd)),
	C(BPF_LINK_UPDATE, FD(link_update.link_fd), FD(link_update.new_prog_fd),
	  FD(link_update.old_prog_fd)),
	C(BPF_LINK_DETACH, FD(link_detach.link_fd)),
	F(BPF_ENABLE_STATS, LS_OTHER, { 0, false }),
	F(BPF_ITER_CREATE, LS_OTHER, { 0, false }),
	C(BPF_PROG_BIND_MAP, FD(prog_bind_map.prog_fd),
	  FD(prog_bind_map.map_fd)),
	F(BPF_TOKEN_CREATE, LS_OTHER, { 4, false }),
	C(BPF_PROG_STREAM_READ_BY_FD, { 16, false }),
#undef C
#undef F
};

/* A handle as world @which knows it; anything else as it is. */
u32 ls_translate(struct lockstep *ls, int which, u32 value, bool id)
{
	u32 i = value - LS_HANDLE;

	if (!ls_is_handle(value))
		return value;
	if (i >= ls->nr_handles)
		return (u32)-1;
	if (id)
		return (u32)ls->handles[i].id[which];
	return ls->handles[i].used ? (u32)ls->handles[i].fd[which] : (u32)-1;
}

/* Anchors are ids when the flags say so. */
static bool relative_is_id(int cmd, const union attr *attr, u32 offset)
{
	if (cmd == BPF_PROG_ATTACH || cmd == BPF_PROG_DETACH)
		return offset ==
			       offsetof(union attr, prog_attach.relative_fd) &&
		       attr->prog_attach.attach_flags & BPF_F_ID;
	return cmd == BPF_LINK_CREATE &&
	       offset == offsetof(union attr, link_create.cgroup.relative_fd) &&
	       attr->link_create.flags & BPF_F_ID;
}

static void translate(struct lockstep *ls, int which, int cmd, union attr *attr,
		      u32 size)
{
	const struct command *command = &commands[cmd];
	union attr orig = *attr;

	for (int i = 0; i < NR_FIELDS; i++) {
		const struct field *field = &command->fields[i];
		u32 value;

		if (i && !field->offset)
			break;
		if (field->offset + sizeof(value) > size)
			continue;
		memcpy(&value, (u8 *)attr + field->offset, sizeof(value));
		value = ls_translate(
			ls, which, value,
			field->id || relative_is_id(cmd, &orig, field->offset));
		memcpy((u8 *)attr + field->offset, &value, sizeof(value));
	}
}

/* A program's instructions with the fds of one world. */
static struct bpf_insn *translate_insns(struct lockstep *ls, int which,
					const union attr *attr)
{
	u32 cnt = attr->prog_load.insn_cnt;
	struct bpf_insn *insns = calloc(cnt, sizeof(*insns));

	if (!insns)
		die(ls, "out of memory");
	memcpy(insns, (void *)(uintptr_t)attr->prog_load.insns,
	       cnt * sizeof(*insns));
	for (u32 i = 0; i < cnt; i++)
		if (insns[i].code == (BPF_LD | BPF_DW | BPF_IMM) &&
		    (insns[i].src_reg == BPF_PSEUDO_MAP_FD ||
		     insns[i].src_reg == BPF_PSEUDO_MAP_VALUE))
			insns[i].imm = (s32)ls_translate(
				ls, which, (u32)insns[i].imm, false);
	return insns;
}

int ls_call_one(struct lockstep *ls, int which, int cmd, union attr *attr,
		u32 size)
{
	struct world *world = ls->world[which];
	struct bpf_insn *insns = NULL;
	int ret;

	if (cmd >= 0 && cmd < UAPI_NR_CMDS && commands[cmd].known)
		translate(ls, which, cmd, attr, size);
	if (cmd == BPF_PROG_LOAD &&
	    size >= offsetof(union attr, prog_load.license) &&
	    attr->prog_load.insns > 4096 && attr->prog_load.insn_cnt <= 70000) {
		insns = translate_insns(ls, which, attr);
		attr->prog_load.insns = (u64)(uintptr_t)insns;
	}
	ret = world->ops->bpf(world, cmd, attr, size);
	free(insns);
	return ret;
}

int ls_bpf_back(struct lockstep *ls, int cmd, const union attr *attr, u32 size,
		union attr back[2])
{
	int ret[2];

	ls->calls++;
	for (int w = 0; w < 2; w++) {
		back[w] = *attr;
		ret[w] = ls_call_one(ls, w, cmd, &back[w], size);
	}
	if (cmd >= 0 && cmd < UAPI_NR_CMDS && commands[cmd].fd)
		return ls_adopt(ls, commands[cmd].kind, ret);
	return ls_same_ret(ls, "result", ret);
}

int ls_bpf(struct lockstep *ls, int cmd, const union attr *attr, u32 size)
{
	union attr back[2];

	return ls_bpf_back(ls, cmd, attr, size, back);
}

/* ------------------------------------------------------------------ worlds */

static void default_diff(struct lockstep *ls, const char *message)
{
	(void)ls;
	fprintf(stderr, "DIFFERENCE: %s\n", message);
}

struct lockstep *ls_open(bool self, const char **why)
{
	struct lockstep *ls = calloc(1, sizeof(*ls));

	*why = "out of memory";
	if (!ls)
		return NULL;
	ls->diff = default_diff;
	ls->cpus = world_kernel_cpus();
	for (int k = 0; k < LS_KINDS; k++)
		for (int w = 0; w < 2; w++) {
			ls->ids[k][w] = calloc(1, sizeof(struct ls_idmap));
			if (!ls->ids[k][w])
				die(ls, "out of memory");
		}
	if (world_kernel_new(&ls->world[1], "", why) ||
	    (self ? world_kernel_new(&ls->world[0], "-self", why)
		  : world_env_new(&ls->world[0], ls->cpus, why))) {
		ls_close(ls);
		return NULL;
	}
	return ls;
}

/* Cgroups last made go first, so children before their parents. */
void ls_reset(struct lockstep *ls)
{
	for (u32 i = ls->nr_handles; i-- > 0;) {
		struct ls_handle *h = &ls->handles[i];

		if (!h->used)
			continue;
		if (h->kind == LS_CGROUP && h->path && *h->path)
			for (int w = 0; w < 2; w++)
				ls->world[w]->ops->cgroup_remove(ls->world[w],
								 h->path);
		ls_close_handle(ls, (int)(LS_HANDLE + i));
	}
	ls->nr_handles = 0;
}

void ls_close(struct lockstep *ls)
{
	ls_reset(ls);
	for (int k = 0; k < LS_KINDS; k++)
		for (int w = 0; w < 2; w++) {
			free(ls->ids[k][w]->entries);
			free(ls->ids[k][w]);
		}
	for (int w = 0; w < 2; w++)
		if (ls->world[w])
			ls->world[w]->ops->free(ls->world[w]);
	free(ls->handles);
	free(ls);
}

void ls_settle(struct lockstep *ls)
{
	for (int w = 0; w < 2; w++)
		ls->world[w]->ops->sync(ls->world[w]);
}
