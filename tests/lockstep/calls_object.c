/* SPDX-License-Identifier: BSD-2-Clause */
/* Lockstep's infos, pins and ids. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "private.h"

#define MAX_IDS 4096

static int info_one(struct lockstep *ls, int which, int handle, void *info,
		    u32 *len)
{
	union attr attr = { .info = {
				    .bpf_fd = (u32)handle,
				    .info_len = *len,
				    .info = (u64)(uintptr_t)info,
			    } };
	int ret = ls_call_one(ls, which, BPF_OBJ_GET_INFO_BY_FD, &attr,
			      sizeof(attr.info));

	*len = attr.info.info_len;
	return ret;
}

/* Both worlds' infos of @size bytes: 0, an errno or LS_DIFF */
static int info_both(struct lockstep *ls, int handle, void *a, void *b,
		     u32 size)
{
	u32 len[2] = { size, size };
	int ret[2], res;

	ls->calls++;
	ret[0] = info_one(ls, 0, handle, a, &len[0]);
	ret[1] = info_one(ls, 1, handle, b, &len[1]);
	res = ls_same_ret(ls, "info", ret);
	if (res == LS_DIFF || ls_same_u64(ls, "info_len", len[0], len[1]))
		return LS_DIFF;
	return res;
}

int ls_map_info(struct lockstep *ls, int map, struct info_map *out)
{
	struct info_map info[2];
	int ret;

	memset(info, 0, sizeof(info));
	ret = info_both(ls, map, &info[0], &info[1], sizeof(info[0]));
	if (ret)
		return ret;
	if (ls_same_id(ls, "map id", LS_MAP, info[0].id, info[1].id) ||
	    ls_same_id(ls, "BTF id", LS_BTF, info[0].btf_id, info[1].btf_id))
		return LS_DIFF;
	if (out)
		*out = info[0];
	info[0].id = info[1].id;
	info[0].btf_id = info[1].btf_id;
	return ls_same_bytes(ls, "map info", &info[0], &info[1],
			     sizeof(info[0]));
}

/* Members that tell how a program was translated are no business of ours. */
static void prog_info_strip(struct info_prog *info)
{
	info->id = info->btf_id = 0;
	info->map_ids = 0;
	info->jited_prog_len = info->xlated_prog_len = 0;
	info->load_time = 0;
	info->nr_jited_ksyms = info->nr_jited_func_lens = 0;
	info->nr_jited_line_info = info->jited_line_info_rec_size = 0;
	info->run_time_ns = 0;
	info->verified_insns = 0;
}

int ls_prog_info(struct lockstep *ls, int prog, struct info_prog *out)
{
	struct info_prog info[2];
	u32 maps[2][64];
	int ret;

	memset(info, 0, sizeof(info));
	memset(maps, LS_FILL, sizeof(maps));
	for (int w = 0; w < 2; w++) {
		info[w].map_ids = (u64)(uintptr_t)maps[w];
		info[w].nr_map_ids = 64;
	}
	ret = info_both(ls, prog, &info[0], &info[1], sizeof(info[0]));
	if (ret)
		return ret;
	if (ls_same_id(ls, "program id", LS_PROG, info[0].id, info[1].id) ||
	    ls_same_id(ls, "BTF id", LS_BTF, info[0].btf_id, info[1].btf_id) ||
	    ls_same_u64(ls, "nr_map_ids", info[0].nr_map_ids,
			info[1].nr_map_ids))
		return LS_DIFF;
	for (u32 i = 0; i < info[0].nr_map_ids && i < 64; i++)
		if (ls_same_id(ls, "map id", LS_MAP, maps[0][i], maps[1][i]))
			return LS_DIFF;
	if (out)
		*out = info[0];
	prog_info_strip(&info[0]);
	prog_info_strip(&info[1]);
	return ls_same_bytes(ls, "program info", &info[0], &info[1],
			     sizeof(info[0]));
}

int ls_link_info(struct lockstep *ls, int link, struct info_link *out)
{
	struct info_link info[2];
	int ret;

	memset(info, 0, sizeof(info));
	ret = info_both(ls, link, &info[0], &info[1], sizeof(info[0]));
	if (ret)
		return ret;
	if (ls_same_id(ls, "link id", LS_LINK, info[0].id, info[1].id) ||
	    ls_same_id(ls, "program id", LS_PROG, info[0].prog_id,
		       info[1].prog_id) ||
	    ls_same_id(ls, "cgroup id", LS_CGROUP, info[0].cgroup.cgroup_id,
		       info[1].cgroup.cgroup_id))
		return LS_DIFF;
	if (out) {
		*out = info[0];
		out->prog_id =
			(u32)ls_handle_by_id(ls, LS_PROG, 0, info[0].prog_id);
		out->cgroup.cgroup_id = (u64)ls_handle_by_id(
			ls, LS_CGROUP, 0, info[0].cgroup.cgroup_id);
	}
	info[0].id = info[1].id;
	info[0].prog_id = info[1].prog_id;
	info[0].cgroup.cgroup_id = info[1].cgroup.cgroup_id;
	return ls_same_bytes(ls, "link info", &info[0], &info[1],
			     sizeof(info[0]));
}

int ls_btf_info(struct lockstep *ls, int btf)
{
	struct info_btf info[2];
	static u8 data[2][LS_MAX_VALUE];
	int ret;

	memset(info, 0, sizeof(info));
	memset(data, 0, sizeof(data));
	for (int w = 0; w < 2; w++) {
		info[w].btf = (u64)(uintptr_t)data[w];
		info[w].btf_size = sizeof(data[w]);
	}
	ret = info_both(ls, btf, &info[0], &info[1], sizeof(info[0]));
	if (ret)
		return ret;
	if (ls_same_id(ls, "BTF id", LS_BTF, info[0].id, info[1].id) ||
	    ls_same_bytes(ls, "BTF", data[0], data[1], sizeof(data[0])))
		return LS_DIFF;
	info[0].id = info[1].id;
	info[0].btf = info[1].btf;
	return ls_same_bytes(ls, "BTF info", &info[0], &info[1],
			     sizeof(info[0]));
}

int ls_info(struct lockstep *ls, int handle)
{
	struct ls_handle *h = ls_handle(ls, (u64)handle);

	switch (h ? h->kind : LS_OTHER) {
	case LS_MAP:
		return ls_map_info(ls, handle, NULL);
	case LS_PROG:
		return ls_prog_info(ls, handle, NULL);
	case LS_LINK:
		return ls_link_info(ls, handle, NULL);
	case LS_BTF:
		return ls_btf_info(ls, handle);
	default: {
		u8 info[2][128] = { 0 };

		return info_both(ls, handle, info[0], info[1], sizeof(info[0]));
	}
	}
}

/* BPF_OBJ_PIN or BPF_OBJ_GET, each world's path */
static void obj_call(struct lockstep *ls, int cmd, const char *path, int handle,
		     u32 flags, int ret[2])
{
	ls->calls++;
	for (int w = 0; w < 2; w++) {
		char buf[512];
		union attr attr = { .obj = {
					    .pathname = (u64)(uintptr_t)buf,
					    .bpf_fd = (u32)handle,
					    .file_flags = flags,
				    } };

		snprintf(buf, sizeof(buf), "%s%s", ls->world[w]->pins, path);
		ret[w] = ls_call_one(ls, w, cmd, &attr,
				     offsetof(struct attr_obj, path_fd));
	}
}

int ls_pin(struct lockstep *ls, const char *path, int handle, u32 flags)
{
	int ret[2];

	obj_call(ls, BPF_OBJ_PIN, path, handle, flags, ret);
	return ls_same_ret(ls, "pin", ret);
}

/* The new handle of a map knows what the old ones know. */
static void inherit(struct lockstep *ls, int handle)
{
	struct ls_handle *h = ls_handle(ls, (u64)handle);

	for (u32 i = 0; h && i < ls->nr_handles; i++) {
		struct ls_handle *o = &ls->handles[i];

		if (o == h || o->kind != h->kind || o->id[0] != h->id[0])
			continue;
		h->type = o->type;
		h->key_size = o->key_size;
		h->value_size = o->value_size;
		h->attach_type = o->attach_type;
		return;
	}
}

int ls_obj_get(struct lockstep *ls, const char *path, u32 flags,
	       enum ls_kind kind)
{
	int ret[2], handle;

	obj_call(ls, BPF_OBJ_GET, path, 0, flags, ret);
	handle = ls_adopt(ls, kind, ret);
	if (handle >= 0)
		inherit(ls, handle);
	return handle;
}

int ls_pin_remove(struct lockstep *ls, const char *path)
{
	int ret[2];

	ls->calls++;
	for (int w = 0; w < 2; w++)
		ret[w] = ls->world[w]->ops->pin_remove(ls->world[w], path);
	return ls_same_ret(ls, "unlink", ret);
}

int ls_pin_mkdir(struct lockstep *ls, const char *path)
{
	int ret[2];

	ls->calls++;
	for (int w = 0; w < 2; w++)
		ret[w] = ls->world[w]->ops->pin_mkdir(ls->world[w], path);
	return ls_same_ret(ls, "mkdir", ret);
}

int ls_pin_read(struct lockstep *ls, const char *path, char *text, size_t size)
{
	static char buf[2][LS_MAX_VALUE];
	int ret[2], res;

	ls->calls++;
	for (int w = 0; w < 2; w++) {
		memset(buf[w], 0, sizeof(buf[w]));
		ret[w] = ls->world[w]->ops->pin_read(ls->world[w], path, buf[w],
						     sizeof(buf[w]));
	}
	res = ls_same_ret(ls, "length of the text", ret);
	if (res < 0)
		return res;
	if (ls_same_bytes(ls, "text", buf[0], buf[1], sizeof(buf[0])))
		return LS_DIFF;
	snprintf(text, size, "%s", buf[0]);
	return res;
}

static const struct {
	int by_id, next;
} id_cmds[] = {
	[LS_MAP] = { BPF_MAP_GET_FD_BY_ID, BPF_MAP_GET_NEXT_ID },
	[LS_PROG] = { BPF_PROG_GET_FD_BY_ID, BPF_PROG_GET_NEXT_ID },
	[LS_LINK] = { BPF_LINK_GET_FD_BY_ID, BPF_LINK_GET_NEXT_ID },
	[LS_BTF] = { BPF_BTF_GET_FD_BY_ID, BPF_BTF_GET_NEXT_ID },
};

int ls_by_id(struct lockstep *ls, enum ls_kind kind, int handle, u32 flags)
{
	union attr attr = { .id = {
				    .start_id = (u32)handle,
				    .open_flags = flags,
			    } };
	int ret = ls_bpf(ls, id_cmds[kind].by_id, &attr,
			 offsetof(struct attr_id, fd_by_id_token_fd));

	if (ret >= 0)
		inherit(ls, ret);
	return ret;
}

static bool alive(struct lockstep *ls, enum ls_kind kind, int handle, int which)
{
	union attr attr = { .id.start_id = (u32)handle };
	int fd = ls_call_one(ls, which, id_cmds[kind].by_id, &attr,
			     offsetof(struct attr_id, fd_by_id_token_fd));

	if (fd < 0)
		return false;
	ls->world[which]->ops->close(ls->world[which], fd);
	return true;
}

bool ls_gone(struct lockstep *ls, enum ls_kind kind, int handle)
{
	for (int i = 0; i < 100; i++) {
		if (!alive(ls, kind, handle, 0) && !alive(ls, kind, handle, 1))
			return true;
		ls_settle(ls);
	}
	return false;
}

static int link_fd(struct lockstep *ls, int which, u64 id)
{
	struct world *world = ls->world[which];
	union attr attr = { .id.start_id = (u32)id };

	if (which == 0)
		attr.id.start_id = (u32)ls_other_id(ls, LS_LINK, 1, id);
	return world->ops->bpf(world, BPF_LINK_GET_FD_BY_ID, &attr,
			       offsetof(struct attr_id, fd_by_id_token_fd));
}

/*
 * The kernel drops what a pin held in an RCU callback; were that the last
 * reference on a link, it would be detached by a work queue, some time later.
 * So we keep an fd of our own for a while: closing that one detaches at once.
 */
int ls_pin_remove_link(struct lockstep *ls, const char *path, u64 id)
{
	int fd[2], ret;

	fd[0] = link_fd(ls, 0, id);
	fd[1] = link_fd(ls, 1, id);
	ret = ls_pin_remove(ls, path);
	if (!ret)
		ls_settle(ls);
	for (int w = 0; w < 2; w++) {
		struct world *world = ls->world[w];

		if (fd[w] >= 0)
			world->ops->close(world, fd[w]);
		for (int i = 0; !ret && i < 100; i++) {
			fd[w] = link_fd(ls, w, id);
			if (fd[w] < 0)
				break;
			usleep(50000);
			world->ops->close(world, fd[w]);
		}
	}
	return ret;
}

/* Ids of one world in order, of objects that the library knows. */
static u32 walk_one(struct lockstep *ls, int which, enum ls_kind kind, u32 *ids)
{
	union attr attr = { 0 };
	u32 n = 0;

	while (!ls->world[which]->ops->bpf(
		ls->world[which], id_cmds[kind].next, &attr,
		offsetof(struct attr_id, fd_by_id_token_fd))) {
		attr.id.start_id = attr.id.next_id;
		if (n < MAX_IDS &&
		    ls_knows_id(ls, kind, which, attr.id.next_id))
			ids[n++] = attr.id.next_id;
	}
	return n;
}

int ls_walk_ids(struct lockstep *ls, enum ls_kind kind)
{
	static u32 ids[2][MAX_IDS];
	u32 n[2];

	ls->calls++;
	for (int w = 0; w < 2; w++)
		n[w] = walk_one(ls, w, kind, ids[w]);
	if (ls_same_u64(ls, "number of ids", n[0], n[1]))
		return LS_DIFF;
	for (u32 i = 0; i < n[0]; i++)
		if (ls_same_id(ls, "id in order", kind, ids[0][i], ids[1][i]))
			return LS_DIFF;
	return (int)n[0];
}
