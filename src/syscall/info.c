/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BPF_OBJ_GET_INFO_BY_FD: what an object is.
 *
 * The caller's struct may be shorter or longer than ours.  Some members are
 * arguments: addresses and sizes of arrays that get filled as far as they
 * reach.
 */
#include "syscall/syscall.h"

#include <string.h>

#include "object/env.h"
#include "object/link.h"
#include "object/map.h"
#include "object/prog.h"
#include "vm/xinsn.h"

struct info_call {
	struct cgbpf_task *task;
	u64 addr; /* of the caller's info */
	u32 len;  /* bytes of it that both know */
};

static int info_read(const struct info_call *info, void *dst, size_t size)
{
	memset(dst, 0, size);
	return task_copy_in(info->task, dst, info->addr,
			    min((size_t)info->len, size))
		       ? -EFAULT
		       : 0;
}

static int info_write(const struct info_call *info, const void *src)
{
	return task_copy_out(info->task, info->addr, src, info->len) ? -EFAULT
								     : 0;
}

/* Copies @n elements to @addr as far as *count, then says how many there are */
static int array_put(const struct info_call *info, u64 addr, u32 *count, u32 n,
		     const void *src, size_t elem)
{
	u32 fits = min(*count, n);

	*count = n;
	return task_copy_out(info->task, addr, src, fits * elem) ? -EFAULT : 0;
}

/* -------------------------------------------------------------------- prog */

/* Record sizes must be ours, or zero together with the count. */
static bool rec_size_bad(u32 nr, u32 size, size_t ours)
{
	return (nr || size) && size != ours;
}

static int prog_set_rec_sizes(struct info_prog *info)
{
	if (rec_size_bad(info->nr_func_info, info->func_info_rec_size,
			 sizeof(struct bpf_func_info)) ||
	    rec_size_bad(info->nr_line_info, info->line_info_rec_size,
			 sizeof(struct bpf_line_info)) ||
	    rec_size_bad(info->nr_jited_line_info,
			 info->jited_line_info_rec_size, sizeof(u64)))
		return -EINVAL;
	info->func_info_rec_size = sizeof(struct bpf_func_info);
	info->line_info_rec_size = sizeof(struct bpf_line_info);
	info->jited_line_info_rec_size = sizeof(u64);
	return 0;
}

static int prog_put_map_ids(const struct info_call *call, struct prog *prog,
			    struct info_prog *info)
{
	u32 fits, err = 0;

	pthread_mutex_lock(&prog->maps_lock);
	fits = min(info->nr_map_ids, prog->nr_maps);
	info->nr_map_ids = prog->nr_maps;
	for (u32 i = 0; i < fits && !err; i++)
		if (task_copy_out(call->task, info->map_ids + i * sizeof(u32),
				  &prog->used_maps[i]->obj.id, sizeof(u32)))
			err = 1;
	pthread_mutex_unlock(&prog->maps_lock);
	return err ? -EFAULT : 0;
}

/* The map that instruction @i loads, or one of whose values it loads. */
static const struct map *insn_map(const struct prog *prog, u32 i)
{
	bool value = prog->insns[i].src_reg == BPF_PSEUDO_MAP_VALUE ||
		     prog->insns[i].src_reg == BPF_PSEUDO_MAP_IDX_VALUE;
	const u8 *ptr = prog->xinsns[i].ptr;

	for (u32 m = 0; m < prog->nr_maps; m++) {
		struct map *map = prog->used_maps[m];
		void *base;

		if (!value && (const u8 *)map == ptr)
			return map;
		if (value && map->ops->direct_value &&
		    !map->ops->direct_value(map, 0, &base) &&
		    ptr >= (u8 *)base && ptr < (u8 *)base + map->value_size)
			return map;
	}
	return NULL;
}

/*
 * Instruction @i as shown: map references become ids, as they were loaded
 * they would be fds of whoever loaded them.
 */
static struct bpf_insn insn_shown(const struct prog *prog, u32 i)
{
	struct bpf_insn insn = prog->insns[i];
	const struct map *map;

	if (insn.code != (BPF_LD | BPF_IMM | BPF_DW))
		return insn;
	switch (insn.src_reg) {
	case BPF_PSEUDO_MAP_FD:
	case BPF_PSEUDO_MAP_IDX:
		insn.src_reg = BPF_PSEUDO_MAP_FD;
		break;
	case BPF_PSEUDO_MAP_VALUE:
	case BPF_PSEUDO_MAP_IDX_VALUE:
		insn.src_reg = BPF_PSEUDO_MAP_VALUE;
		break;
	default:
		return insn;
	}
	map = insn_map(prog, i);
	insn.imm = map ? (s32)map->obj.id : 0;
	return insn;
}

static int prog_put_insns(const struct info_call *call, const struct prog *prog,
			  struct info_prog *info)
{
	u32 bytes = prog->len * (u32)sizeof(struct bpf_insn);
	u32 fits = min(info->xlated_prog_len, bytes);

	info->xlated_prog_len = bytes;
	for (u32 at = 0, i = 0; at < fits; i++) {
		struct bpf_insn insn = insn_shown(prog, i);
		u32 n = min(fits - at, (u32)sizeof(insn));

		if (task_copy_out(call->task, info->xlated_prog_insns + at,
				  &insn, n))
			return -EFAULT;
		at += n;
	}
	return 0;
}

static void prog_sum_stats(const struct prog *prog, struct info_prog *info)
{
	for (u32 cpu = 0; cpu < prog->obj.env->nr_cpus; cpu++) {
		const struct prog_stats *stats = &prog->stats[cpu];

		info->run_cnt +=
			__atomic_load_n(&stats->run_cnt, __ATOMIC_RELAXED);
		info->run_time_ns +=
			__atomic_load_n(&stats->run_time_ns, __ATOMIC_RELAXED);
	}
}

static void prog_fill(const struct prog *prog, struct info_prog *info)
{
	info->type = prog->type;
	info->id = prog->obj.id;
	info->load_time = prog->load_time;
	info->created_by_uid = prog->uid;
	info->gpl_compatible = prog->gpl;
	memcpy(info->tag, prog->tag, sizeof(info->tag));
	memcpy(info->name, prog->name, sizeof(info->name));
	info->btf_id = prog->btf ? prog->btf->obj.id : 0;
	info->verified_insns = prog->verified_insns;
	info->ifindex = 0;
	info->netns_dev = info->netns_ino = 0;
	info->attach_btf_id = info->attach_btf_obj_id = 0;
	info->run_cnt = info->run_time_ns = info->recursion_misses = 0;
	prog_sum_stats(prog, info);
}

/* Nothing is compiled to machine code yet: there are no addresses to give. */
static void prog_fill_jited(const struct prog *prog, struct info_prog *info)
{
	info->jited_prog_len = 0;
	info->nr_jited_ksyms = max(prog->nr_subprogs, 1u);
	info->nr_jited_func_lens = max(prog->nr_subprogs, 1u);
	info->jited_prog_insns = info->jited_ksyms = 0;
	info->jited_func_lens = info->jited_line_info = 0;
	info->nr_jited_line_info = 0;
}

static int prog_put_tags(const struct info_call *call, const struct prog *prog,
			 struct info_prog *info)
{
	u32 nr = max(prog->nr_subprogs, 1u);
	u32 fits = min(info->nr_prog_tags, nr);

	info->nr_prog_tags = nr;
	for (u32 i = 0; i < fits; i++)
		if (task_copy_out(call->task,
				  info->prog_tags + i * sizeof(prog->tag),
				  prog->tag, sizeof(prog->tag)))
			return -EFAULT;
	return 0;
}

static int prog_info(const struct info_call *call, struct prog *prog)
{
	struct info_prog info;
	int err;

	err = info_read(call, &info, sizeof(info));
	if (err)
		return err;
	err = prog_set_rec_sizes(&info);
	if (err)
		return err;
	prog_fill(prog, &info);
	err = prog_put_map_ids(call, prog, &info);
	if (!err)
		err = prog_put_insns(call, prog, &info);
	if (!err)
		err = array_put(call, info.func_info, &info.nr_func_info,
				prog->nr_func_info, prog->func_info,
				sizeof(struct bpf_func_info));
	if (!err)
		err = array_put(call, info.line_info, &info.nr_line_info,
				prog->nr_line_info, prog->line_info,
				sizeof(struct bpf_line_info));
	if (!err)
		err = prog_put_tags(call, prog, &info);
	if (err)
		return err;
	prog_fill_jited(prog, &info);
	return info_write(call, &info);
}

/* --------------------------------------------------------- map, BTF, link */

static int map_info(const struct info_call *call, const struct map *map)
{
	struct info_map asked, info = {
		.type = map->type,
		.id = map->obj.id,
		.key_size = map->key_size,
		.value_size = map->value_size,
		.max_entries = map->max_entries,
		.map_flags = map->flags,
		.map_extra = map->map_extra,
	};
	int err;

	err = info_read(call, &asked, sizeof(asked));
	if (err)
		return err;
	if (asked.hash || asked.hash_size) /* of signed loaders: not here */
		return -EINVAL;
	memcpy(info.name, map->name, sizeof(info.name));
	if (map->btf) {
		info.btf_id = map->btf->obj.id;
		info.btf_key_type_id = map->btf_key_type_id;
		info.btf_value_type_id = map->btf_value_type_id;
	}
	return info_write(call, &info);
}

static int btf_info(const struct info_call *call, const struct btf *btf)
{
	struct info_btf info;
	int err;

	err = info_read(call, &info, sizeof(info));
	if (err)
		return err;
	if (!info.name != !info.name_len)
		return -EINVAL;
	info.id = btf->obj.id;
	err = array_put(call, info.btf, &info.btf_size, btf->data_size,
			btf->data, 1);
	if (err)
		return err;
	/* Only a kernel's own BTF has a name. */
	if (info.name && task_copy_out(call->task, info.name, "", 1))
		return -EFAULT;
	info.name_len = 0;
	info.kernel_btf = 0;
	return info_write(call, &info);
}

static int link_info(const struct info_call *call, const struct link *link)
{
	struct info_link info;
	int err;

	err = info_read(call, &info, sizeof(info));
	if (err)
		return err;
	info.type = link->ops->type;
	info.id = link->obj.id;
	link->ops->fill_info(link, &info);
	return info_write(call, &info);
}

/* ------------------------------------------------------------ the command */

static int info_of_file(struct info_call *info, const struct file *file)
{
	if (file->ops == &prog_file_ops)
		return prog_info(info, file->priv);
	if (file->ops == &map_file_ops)
		return map_info(info, file->priv);
	if (file->ops == &btf_file_ops)
		return btf_info(info, file->priv);
	if (file->ops == &link_file_ops)
		return link_info(info, file->priv);
	return -EINVAL;
}

/* Bytes with a meaning: what the caller has beyond them must be zero. */
static u32 info_end(const struct file *file, u32 known)
{
	if (file->ops == &map_file_ops)
		return offsetof(struct info_map, hash_size) + sizeof(u32);
	return known;
}

static u32 info_size(const struct file *file)
{
	if (file->ops == &prog_file_ops)
		return sizeof(struct info_prog);
	if (file->ops == &map_file_ops)
		return sizeof(struct info_map);
	if (file->ops == &btf_file_ops)
		return sizeof(struct info_btf);
	return sizeof(struct info_link);
}

int sys_obj_get_info_by_fd(struct call *call)
{
	const struct attr_info *attr = &call->attr.info;
	struct info_call info = { .task = call->task, .addr = attr->info };
	struct file *file;
	u32 known;
	int err;

	file = info.task->ops->fd_get(info.task, (int)attr->bpf_fd);
	if (!file)
		return -EBADFD;
	known = info_size(file);
	info.len = min(attr->info_len, known);
	err = call_check_tail(info.task, attr->info, info_end(file, known),
			      attr->info_len);
	if (!err)
		err = info_of_file(&info, file);
	if (!err)
		err = CALL_PUT(call, info.info_len, info.len);
	file_put(file);
	return err;
}
