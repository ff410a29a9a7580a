/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values and keys of maps, and maps themselves.
 *
 * 1. Programs read and write what the map's flags let them.
 * 2. Fields with a meaning of their own (locks, timers, pointers to the
 *    kernel's objects) are never touched by loads, stores or helpers' memory.
 * 3. Bytes that nobody can change any more are constants: those of an array
 *    that programs may only read, and user space has frozen.
 */
#include "verifier/value.h"

#include <string.h>

#include "object/btf_field.h"
#include "object/map.h"
#include "verifier/access.h"
#include "verifier/show.h"

bool value_is_constant(const struct map *map)
{
	return (map->flags & BPF_F_RDONLY_PROG) &&
	       __atomic_load_n(&map->frozen, __ATOMIC_ACQUIRE) &&
	       !__atomic_load_n(&map->writers, __ATOMIC_ACQUIRE);
}

/* 1. */
static int check_permission(struct verifier *v, const struct touch *t)
{
	const struct map *map = t->reg->map;
	bool write = t->access == ACCESS_WRITE;

	if (map_prog_access(map) & (write ? MAP_CAN_WRITE : MAP_CAN_READ))
		return 0;
	log_printf(v->log, "%s map forbidden, value_size=%u off=%d size=%d\n",
		   write ? "write into" : "read from", map->value_size, t->off,
		   (s32)t->size);
	return -EACCES;
}

/* ---------------------------------------------------------------- fields */

/* May @t touch one of the bytes from @off on? */
static bool touches(const struct touch *t, u32 off, u32 size)
{
	const struct range *range = &t->reg->s.r64;
	s64 first = range->smin + t->off;
	u64 end = range->umax + (u64)(s64)t->off + t->size;

	return first < (s64)off + size && off < end;
}

static int refuse_field(struct verifier *v, const struct touch *t,
			const struct btf_field *field)
{
	const char *name = btf_field_name(field->kind);

	if (!(BTF_FIELD_BIT(field->kind) &
	      (BTF_FIELDS_KPTR | BTF_FIELD_BIT(BTF_FIELD_UPTR))))
		log_printf(v->log,
			   "%s cannot be accessed directly by load/store\n",
			   name);
	else if (t->helper)
		log_printf(v->log,
			   "%s cannot be accessed indirectly by helper\n",
			   name);
	else if (!tnum_is_const(t->reg->s.var_off))
		log_printf(v->log, "%s access cannot have variable offset\n",
			   name);
	else
		/* there are no kernel objects that it could point to */
		log_printf(v->log,
			   "%s in map can only be accessed using "
			   "BPF_LDX/BPF_STX/BPF_ST\n",
			   name);
	return -EACCES;
}

static int check_fields(struct verifier *v, const struct touch *t)
{
	const struct map *map = t->reg->map;
	u32 id = map->btf_value_type_id, size;
	struct btf_fields fields;

	if (!map->fields)
		return 0;
	if (!btf_type_id_size(map->btf, &id, &size) ||
	    btf_fields_find(map->btf, id, map->fields, &fields))
		return -EFAULT;
	for (u32 i = 0; i < fields.nr; i++)
		if (touches(t, fields.field[i].offset,
			    btf_field_size(fields.field[i].kind)))
			return refuse_field(v, t, &fields.field[i]);
	return 0;
}

/* ------------------------------------------------------------- constants */

/* 3. */
static bool is_constant(const struct touch *t)
{
	return tnum_is_const(t->reg->s.var_off) &&
	       t->reg->map->ops->direct_value && value_is_constant(t->reg->map);
}

static int load_constant(struct verifier *v, const struct touch *t)
{
	u32 off = (u32)t->off + (u32)t->reg->s.var_off.value;
	u64 value = 0;
	void *bytes;
	int err = t->reg->map->ops->direct_value(t->reg->map, off, &bytes);

	if (err)
		return err;
	memcpy(&value, bytes, t->size);
	reg_set_const(&verifier_regs(v)[t->value], value);
	return 0;
}

int value_access(struct verifier *v, const struct touch *t)
{
	int err = check_permission(v, t);

	if (!err)
		err = region_check(v, t, t->reg->map->value_size);
	if (!err)
		err = check_fields(v, t);
	if (err || t->access == ACCESS_WRITE || t->value < 0)
		return err;
	if (is_constant(t))
		return load_constant(v, t);
	region_loaded(v, t);
	return 0;
}

/* ------------------------------------------------------------------ keys */

int key_access(struct verifier *v, const struct touch *t)
{
	struct touch strict = *t;
	char name[REG_NAME_MAX];
	int err;

	if (t->access == ACCESS_WRITE) {
		if (t->helper)
			log_printf(v->log, "R%u cannot write into %s\n",
				   t->regno, reg_name(t->reg, name));
		else
			log_printf(v->log,
				   "write to change key R%u not allowed\n",
				   t->regno);
		return -EACCES;
	}
	strict.zero_ok = false;
	err = region_check(v, &strict, t->reg->map->key_size);
	if (!err)
		region_loaded(v, t);
	return err;
}

/* ------------------------------------------------------------------ maps */

/* What Linux calls its own struct of such a map. */
static const char *map_struct(const struct map *map)
{
	switch (map->type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_HASH_OF_MAPS:
		return "bpf_htab";
	case BPF_MAP_TYPE_LPM_TRIE:
		return "lpm_trie";
	case BPF_MAP_TYPE_QUEUE:
	case BPF_MAP_TYPE_STACK:
		return "bpf_queue_stack";
	case BPF_MAP_TYPE_BLOOM_FILTER:
		return "bpf_bloom_filter";
	case BPF_MAP_TYPE_RINGBUF:
		return "bpf_ringbuf_map";
	case BPF_MAP_TYPE_SK_STORAGE:
		return "bpf_local_storage_map";
	case BPF_MAP_TYPE_CGROUP_STORAGE:
	case BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE:
		return "bpf_cgroup_storage_map";
	default:
		return "bpf_array";
	}
}

/* In Linux programs may read its struct, by its BTF: there is none here. */
int map_access(struct verifier *v, const struct touch *t)
{
	const char *name = map_struct(t->reg->map);

	if (t->off < 0) {
		log_printf(v->log,
			   "R%u is %s invalid negative access: off=%d\n",
			   t->regno, name, t->off);
		return -EACCES;
	}
	if (t->access == ACCESS_WRITE) {
		log_printf(v->log, "only read from %s is supported\n", name);
		return -EACCES;
	}
	log_printf(v->log, "map_ptr access not supported without "
			   "CONFIG_DEBUG_INFO_BTF\n");
	return -ENOTSUPP;
}
