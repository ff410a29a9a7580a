/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program refers to: maps by fd or index, values of maps, functions of
 * its own.  Maps are held from here on by the program.
 */
#include "base/alloc.h"
#include "object/map.h"
#include "object/task.h"
#include "verifier/checks.h"
#include "vm/insn.h"

/* Larger offsets would wrap when added up: as the kernel's BPF_MAX_VAR_OFF */
#define MAX_VALUE_OFF (1u << 29)

static bool is_tracing(u32 prog_type)
{
	return prog_type == BPF_PROG_TYPE_KPROBE ||
	       prog_type == BPF_PROG_TYPE_TRACEPOINT ||
	       prog_type == BPF_PROG_TYPE_PERF_EVENT ||
	       prog_type == BPF_PROG_TYPE_RAW_TRACEPOINT;
}

/* May this type of program have this map at all? */
static int check_map_fits(struct verifier *v, const struct map *map)
{
	u32 type = v->prog->type;

	if (map->spin_lock_off >= 0 && type == BPF_PROG_TYPE_SOCKET_FILTER) {
		log_printf(
			v->log,
			"socket filter progs cannot use bpf_spin_lock yet\n");
		return -EINVAL;
	}
	if ((map->spin_lock_off >= 0 || map->timer_off >= 0) &&
	    is_tracing(type)) {
		log_printf(v->log,
			   "tracing progs cannot use bpf_spin_lock yet\n");
		return -EINVAL;
	}
	return 0;
}

/* CS-8: one storage map of each type; CS-34: and only ours, by old rules. */
static int assign_storage(struct verifier *v, struct map *map)
{
	struct map **slot = &v->prog->storage_map[map_storage_type(map)];

	if ((*slot && *slot != map) || map_storage_claim(map, v->prog)) {
		log_printf(v->log, "only one cgroup storage of each type is "
				   "allowed\n");
		return -EBUSY;
	}
	*slot = map;
	return 0;
}

static int use_map(struct verifier *v, struct map *map)
{
	struct prog *prog = v->prog;
	int err;

	if (prog_uses_map(prog, map))
		return 0;
	if (prog->nr_maps >= PROG_MAX_MAPS) {
		log_printf(v->log,
			   "The total number of maps per program has reached "
			   "the limit of %u\n",
			   PROG_MAX_MAPS);
		return -E2BIG;
	}
	err = check_map_fits(v, map);
	if (err)
		return err;
	err = prog_use_map(prog, map);
	if (!err && map_is_storage(map))
		err = assign_storage(v, map);
	return err;
}

/* The map behind @fd, borrowed from the program, which holds it now. */
static int use_map_fd(struct verifier *v, int fd, struct map **out)
{
	struct map *map;
	u32 mode;
	int err;

	err = map_get_by_fd(v->task, fd, &map, &mode);
	if (err) {
		log_printf(v->log, "fd %d is not pointing to valid bpf_map\n",
			   fd);
		return err;
	}
	err = use_map(v, map);
	map_put(map);
	if (!err)
		*out = map;
	return err;
}

/* A member of fd_array that must be a map or BTF. */
static int use_array_fd(struct verifier *v, int fd)
{
	struct file *file = v->task->ops->fd_get(v->task, fd);
	int err = file ? -EINVAL : -EBADF;

	if (file && file->ops == &map_file_ops)
		err = use_map(v, file->priv);
	else if (file && file->ops == &btf_file_ops)
		err = 0;
	else
		log_printf(v->log,
			   "fd %d is not pointing to valid bpf_map or btf\n",
			   fd);
	file_put(file);
	return err;
}

int check_fd_array(struct verifier *v)
{
	u32 nr = v->attr->fd_array_cnt;
	int fd, err = 0;

	if (nr >= UINT32_MAX / sizeof(fd)) {
		log_printf(v->log, "fd_array_cnt is too big (%u)\n", nr);
		return -EINVAL;
	}
	for (u32 i = 0; i < nr && !err; i++) {
		if (task_copy_in(v->task, &fd,
				 v->attr->fd_array + i * sizeof(fd),
				 sizeof(fd)))
			return -EFAULT;
		err = use_array_fd(v, fd);
	}
	return err;
}

/* The fd that a map reference names, by itself or by index. */
static int ref_fd(struct verifier *v, const struct bpf_insn *insn, int *fd)
{
	if (insn->src_reg != BPF_PSEUDO_MAP_IDX &&
	    insn->src_reg != BPF_PSEUDO_MAP_IDX_VALUE) {
		*fd = insn->imm;
		return 0;
	}
	if (!v->attr->fd_array) {
		log_printf(v->log, "fd_idx without fd_array is invalid\n");
		return -EPROTO;
	}
	return task_copy_in(v->task, fd,
			    v->attr->fd_array +
				    (u64)(s64)insn->imm * sizeof(*fd),
			    sizeof(*fd))
		       ? -EFAULT
		       : 0;
}

static bool ref_is_value(const struct bpf_insn *insn)
{
	return insn->src_reg == BPF_PSEUDO_MAP_VALUE ||
	       insn->src_reg == BPF_PSEUDO_MAP_IDX_VALUE;
}

static int resolve_value(struct verifier *v, const struct map *map, u32 off,
			 struct insn_aux *aux)
{
	void *address;
	int err;

	if (off >= MAX_VALUE_OFF) {
		log_printf(v->log, "direct value offset of %u is not allowed\n",
			   off);
		return -EINVAL;
	}
	if (!map->ops->direct_value) {
		log_printf(v->log, "no direct value access support for this "
				   "map type\n");
		return -EINVAL;
	}
	err = map->ops->direct_value(map, off, &address);
	if (err) {
		log_printf(v->log,
			   "invalid access to map value pointer, "
			   "value_size=%u off=%u\n",
			   map->value_size, off);
		return err;
	}
	aux->address = ptr_to_u64(address);
	return 0;
}

static int resolve_map(struct verifier *v, u32 i)
{
	const struct bpf_insn *insn = &v->prog->insns[i];
	struct insn_aux *aux = &v->prog->aux[i];
	struct map *map;
	int fd, err;

	err = ref_fd(v, insn, &fd);
	if (!err)
		err = use_map_fd(v, fd, &map);
	if (err)
		return err;
	aux->map = map;
	if (!ref_is_value(insn))
		return 0;
	return resolve_value(v, map, (u32)insn[1].imm, aux);
}

/* Linux's own types have no place here. */
static int refuse_kernel_type(struct verifier *v)
{
	log_printf(v->log,
		   "kernel is missing BTF, make sure "
		   "CONFIG_DEBUG_INFO_BTF=y is specified in Kconfig.\n");
	return -EINVAL;
}

static int resolve_ld64(struct verifier *v, u32 i)
{
	const struct bpf_insn *insn = &v->prog->insns[i];

	if (i + 1 >= v->prog->len || insn[1].code || insn[1].dst_reg ||
	    insn[1].src_reg || insn[1].off) {
		log_printf(v->log, "invalid bpf_ld_imm64 insn\n");
		return -EINVAL;
	}
	switch (insn->src_reg) {
	case 0:
	case BPF_PSEUDO_FUNC:
		return 0;
	case BPF_PSEUDO_BTF_ID:
		return refuse_kernel_type(v);
	case BPF_PSEUDO_MAP_FD:
	case BPF_PSEUDO_MAP_IDX:
		if (insn[1].imm)
			break;
		return resolve_map(v, i);
	case BPF_PSEUDO_MAP_VALUE:
	case BPF_PSEUDO_MAP_IDX_VALUE:
		return resolve_map(v, i);
	}
	log_printf(v->log, "unrecognized bpf_ld_imm64 insn\n");
	return -EINVAL;
}

static int resolve_insn(struct verifier *v, u32 i)
{
	const struct bpf_insn *insn = &v->prog->insns[i];

	if (BPF_CLASS(insn->code) == BPF_LDX &&
	    ((BPF_MODE(insn->code) != BPF_MEM &&
	      BPF_MODE(insn->code) != INSN_MEMSX) ||
	     insn->imm)) {
		log_printf(v->log, "BPF_LDX uses reserved fields\n");
		return -EINVAL;
	}
	if (insn_is_ld64(insn))
		return resolve_ld64(v, i);
	if (!insn_code_known(insn->code)) {
		log_printf(v->log, "unknown opcode %02x\n", insn->code);
		return -EINVAL;
	}
	return 0;
}

int resolve_refs(struct verifier *v)
{
	for (u32 i = 0; i < v->prog->len; i++) {
		int err = resolve_insn(v, i);

		if (err)
			return err;
		if (insn_is_ld64(&v->prog->insns[i]))
			i++;
	}
	return 0;
}
