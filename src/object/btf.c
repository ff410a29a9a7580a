/* SPDX-License-Identifier: BSD-2-Clause */
#include "object/btf.h"

#include <string.h>

#include "base/alloc.h"
#include "object/btf_check.h"
#include "object/task.h"

static void btf_free(struct btf *btf)
{
	mem_free(btf->types);
	mem_free(btf->sizes);
	mem_free(btf->resolved);
	mem_free(btf->memory);
	mem_free(btf);
}

static void btf_release(struct object *obj)
{
	btf_free(btf_of(obj));
}

static const struct object_ops btf_object_ops = {
	.kind = OBJECT_BTF,
	.release = btf_release,
};

static void btf_file_release(struct file *file)
{
	btf_put(file->priv);
}

const struct file_ops btf_file_ops = {
	.name = "btf",
	.release = btf_file_release,
};

static int refuse(struct btf_check *c, const char *why, int err)
{
	log_printf(c->log, "%s", why);
	return err;
}

struct section {
	u32 offset, len;
};

/* The two sections fill what follows the header, without hole or overlap. */
static int check_sections(struct btf_check *c)
{
	struct section types = { c->hdr.type_off, c->hdr.type_len };
	struct section strings = { c->hdr.str_off, c->hdr.str_len };
	struct section order[2] = { types, strings };
	u32 all = c->btf->data_size - c->hdr.hdr_len, total = 0;
	/* the difference is taken as signed, so that is how they are sorted */
	s32 cmp = (s32)(types.offset - strings.offset);

	if (!cmp)
		cmp = (s32)(types.len - strings.len);
	if (cmp > 0) {
		order[0] = strings;
		order[1] = types;
	}
	for (u32 i = 0; i < ARRAY_SIZE(order); i++) {
		if (all < order[i].offset)
			return refuse(c, "Invalid section offset", -EINVAL);
		if (total < order[i].offset)
			return refuse(c, "Unsupported section found", -EINVAL);
		if (total > order[i].offset)
			return refuse(c, "Section overlap found", -EINVAL);
		if (all - total < order[i].len)
			return refuse(c, "Total section length too long",
				      -EINVAL);
		total += order[i].len;
	}
	if (all != total)
		return refuse(c, "Unsupported section found", -EINVAL);
	return 0;
}

static int check_header(struct btf_check *c)
{
	const u8 *data = c->btf->data;
	u32 size = c->btf->data_size, hdr_len;
	struct btf_header *hdr = &c->hdr;

	if (size < offsetof(struct btf_header, hdr_len) + sizeof(hdr_len))
		return refuse(c, "hdr_len not found", -EINVAL);
	memcpy(&hdr_len, data + offsetof(struct btf_header, hdr_len),
	       sizeof(hdr_len));
	if (size < hdr_len)
		return refuse(c, "btf_header not found", -EINVAL);
	for (u32 i = sizeof(*hdr); i < hdr_len; i++)
		if (data[i])
			return refuse(c, "Unsupported btf_header", -E2BIG);
	/* a shorter header's missing members are zero */
	memcpy(hdr, data, min(hdr_len, (u32)sizeof(*hdr)));
	btf_log_header(c);
	if (hdr->magic != BTF_MAGIC)
		return refuse(c, "Invalid magic", -EINVAL);
	if (hdr->version != BTF_VERSION)
		return refuse(c, "Unsupported version", -ENOTSUPP);
	if (hdr->flags)
		return refuse(c, "Unsupported flags", -ENOTSUPP);
	if (size == hdr->hdr_len)
		return refuse(c, "No data", -EINVAL);
	return check_sections(c);
}

static int check_strings(struct btf_check *c)
{
	const struct btf_header *hdr = &c->hdr;
	struct btf *btf = c->btf;
	const char *start =
		(const char *)btf->data + hdr->hdr_len + hdr->str_off;

	if (hdr->hdr_len + hdr->str_off + hdr->str_len != btf->data_size)
		return refuse(c, "String section is not at the end", -EINVAL);
	if (!hdr->str_len || hdr->str_len - 1 > BTF_MAX_NAME_OFFSET ||
	    start[hdr->str_len - 1] || start[0])
		return refuse(c, "Invalid string section", -EINVAL);
	btf->strings = start;
	btf->strings_len = hdr->str_len;
	return 0;
}

/*
 * Type tags come before all other modifiers, and no more than BTF_MAX_DEPTH
 * modifiers follow each other.
 */
static int check_tags(struct btf_check *c)
{
	const struct btf *btf = c->btf;

	for (u32 id = 1; id < btf->nr_types; id++) {
		const struct btf_type *t = btf->types[id];
		bool in_tags = btf_kind(t) == BTF_KIND_TYPE_TAG;
		u32 left = BTF_MAX_DEPTH, at = id, good = id - 1;

		while (btf_is_modifier(t)) {
			if (!left--)
				return refuse(
					c, "Max chain length or cycle detected",
					-ELOOP);
			if (btf_kind(t) != BTF_KIND_TYPE_TAG)
				in_tags = false;
			else if (!in_tags)
				return refuse(
					c, "Type tags don't precede modifiers",
					-EINVAL);
			/* the rest of the chain was walked before */
			if (at <= good)
				break;
			at = t->type;
			t = btf->types[at];
		}
	}
	return 0;
}

static int check_all(struct btf_check *c)
{
	int err = check_header(c);

	if (!err)
		err = check_strings(c);
	if (err)
		return err;
	if (c->hdr.type_off % sizeof(u32))
		return refuse(c, "Unaligned type_off", -EINVAL);
	if (!c->hdr.type_len)
		return refuse(c, "No type found", -EINVAL);
	err = btf_check_metas(c);
	if (!err)
		err = btf_check_types(c);
	if (!err)
		err = check_tags(c);
	if (!err)
		err = btf_check_fields(c->btf);
	return err;
}

/*
 * The header may have any length, and types are read in place: the copy is
 * placed so that what follows the header is aligned.
 */
static int copy_data(struct btf *btf, const void *data, u32 size)
{
	u32 hdr_len = 0, pad;

	if (size >= offsetof(struct btf_header, hdr_len) + sizeof(hdr_len))
		memcpy(&hdr_len,
		       (const char *)data +
			       offsetof(struct btf_header, hdr_len),
		       sizeof(hdr_len));
	pad = -hdr_len % sizeof(u32);
	btf->memory = mem_alloc(size + pad);
	if (!btf->memory)
		return -ENOMEM;
	btf->data = (char *)btf->memory + pad;
	btf->data_size = size;
	if (size)
		memcpy(btf->data, data, size);
	return 0;
}

int btf_new(struct btf **out, struct cgbpf_env *env, const void *data, u32 size,
	    struct log *log)
{
	struct btf_check check = { .log = log };
	struct btf *btf;
	int err;

	if (size > BTF_MAX_SIZE)
		return -E2BIG;
	btf = mem_zalloc(sizeof(*btf));
	if (!btf)
		return -ENOMEM;
	object_init(&btf->obj, env, &btf_object_ops);
	check.btf = btf;
	err = copy_data(btf, data, size);
	if (!err)
		err = check_all(&check);
	if (err) {
		btf_free(btf);
		return err;
	}
	*out = btf;
	return 0;
}

void btf_get(struct btf *btf)
{
	object_get(&btf->obj);
}

void btf_put(struct btf *btf)
{
	if (btf)
		object_put(&btf->obj);
}

int btf_get_by_fd(struct cgbpf_task *task, int fd, struct btf **out)
{
	struct file *file;
	int err = task_file(task, fd, &btf_file_ops, &file);

	if (err)
		return err;
	*out = file->priv;
	btf_get(*out);
	file_put(file);
	return 0;
}

const struct btf_type *btf_type_id_size(const struct btf *btf, u32 *id,
					u32 *size)
{
	return btf_known_size(btf, id, size);
}

const struct btf_type *btf_skip_modifiers(const struct btf *btf, u32 type_id,
					  u32 *id)
{
	const struct btf_type *t = btf_type_by_id(btf, type_id);

	while (t && btf_is_modifier(t)) {
		type_id = t->type;
		t = btf->types[type_id];
	}
	if (t && id)
		*id = type_id;
	return t;
}

bool btf_int_is_regular(const struct btf_type *t)
{
	u32 data = btf_int(t);

	if (BTF_INT_OFFSET(data))
		return false;
	switch (BTF_INT_BITS(data)) {
	case 8:
	case 16:
	case 32:
	case 64:
	case 128:
		return true;
	default:
		return false;
	}
}

bool btf_is_reg_int(const struct btf *btf, u32 id, u32 bits)
{
	const struct btf_type *t = btf_type_id_size(btf, &id, NULL);

	return t && btf_kind(t) == BTF_KIND_INT && btf_int_is_regular(t) &&
	       BTF_INT_BITS(btf_int(t)) == bits;
}
