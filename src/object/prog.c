/* SPDX-License-Identifier: BSD-2-Clause */
#include "object/prog.h"

#include <string.h>

#include "base/alloc.h"
#include "base/sha256.h"
#include "object/task.h"

static void prog_free(struct prog *prog)
{
	for (int i = 0; i < STORAGE_TYPES; i++)
		if (prog->storage_map[i])
			map_storage_disclaim(prog->storage_map[i], prog);
	for (u32 i = 0; i < prog->nr_maps; i++)
		map_put(prog->used_maps[i]);
	if (prog->btf)
		object_put(&prog->btf->obj);
	mem_free(prog->used_maps);
	mem_free(prog->func_info);
	mem_free(prog->line_info);
	mem_free(prog->subprogs);
	mem_free(prog->xinsns);
	mem_free(prog->insns);
	mem_free(prog->aux);
	mem_free(prog->stats);
	pthread_mutex_destroy(&prog->maps_lock);
	mem_free(prog);
}

static void prog_free_rcu(struct rcu_cb *cb)
{
	prog_free(container_of(cb, struct prog, rcu));
}

static void prog_release(struct object *obj)
{
	rcu_defer(&prog_of(obj)->rcu, prog_free_rcu);
}

static const struct object_ops prog_object_ops = {
	.kind = OBJECT_PROG,
	.release = prog_release,
};

static void prog_file_release(struct file *file)
{
	prog_put(file->priv);
}

const struct file_ops prog_file_ops = {
	.name = "bpf-prog",
	.release = prog_file_release,
};

int prog_alloc(struct prog **out, struct cgbpf_env *env, u32 len)
{
	struct prog *prog = mem_zalloc(sizeof(*prog));

	if (!prog)
		return -ENOMEM;
	pthread_mutex_init(&prog->maps_lock, NULL);
	prog->len = len;
	prog->insns = mem_calloc(len, sizeof(*prog->insns));
	prog->aux = mem_calloc(len, sizeof(*prog->aux));
	prog->stats = mem_zalloc_aligned(CACHE_LINE,
					 env->nr_cpus * sizeof(*prog->stats));
	if (!prog->insns || !prog->aux || !prog->stats) {
		prog_free(prog);
		return -ENOMEM;
	}
	object_init(&prog->obj, env, &prog_object_ops);
	*out = prog;
	return 0;
}

void prog_get(struct prog *prog)
{
	object_get(&prog->obj);
}

void prog_put(struct prog *prog)
{
	if (prog)
		object_put(&prog->obj);
}

int prog_get_by_fd(struct cgbpf_task *task, int fd, struct prog **out)
{
	struct file *file;
	int err;

	err = task_file(task, fd, &prog_file_ops, &file);
	if (err)
		return err;
	*out = file->priv;
	prog_get(*out);
	file_put(file);
	return 0;
}

bool prog_uses_map(const struct prog *prog, const struct map *map)
{
	for (u32 i = 0; i < prog->nr_maps; i++)
		if (prog->used_maps[i] == map)
			return true;
	return false;
}

/* Also of published programs (PROG_BIND_MAP): hence the lock. */
int prog_use_map(struct prog *prog, struct map *map)
{
	struct map **maps;
	int err = 0;

	pthread_mutex_lock(&prog->maps_lock);
	if (prog_uses_map(prog, map))
		goto unlock;
	maps = mem_realloc(prog->used_maps,
			   (prog->nr_maps + 1) * sizeof(*maps));
	if (!maps) {
		err = -ENOMEM;
		goto unlock;
	}
	map_get(map);
	maps[prog->nr_maps] = map;
	prog->used_maps = maps;
	prog->nr_maps++;
unlock:
	pthread_mutex_unlock(&prog->maps_lock);
	return err;
}

/*
 * Map references are of whoever loaded the program (fds): two loads of one
 * program have one tag.
 */
int prog_calc_tag(struct prog *prog)
{
	size_t size = prog->len * sizeof(*prog->insns);
	struct bpf_insn *insns = mem_dup(prog->insns, size);
	u8 digest[SHA256_SIZE];

	if (!insns)
		return -ENOMEM;
	for (u32 i = 0; i + 1 < prog->len; i++) {
		if (insns[i].code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if (insns[i].src_reg == BPF_PSEUDO_MAP_FD ||
		    insns[i].src_reg == BPF_PSEUDO_MAP_VALUE) {
			insns[i].imm = 0;
			insns[i + 1].imm = 0;
		}
		i++;
	}
	sha256(digest, insns, size);
	memcpy(prog->tag, digest, sizeof(prog->tag));
	mem_free(insns);
	return 0;
}
