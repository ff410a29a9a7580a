/* SPDX-License-Identifier: BSD-2-Clause */
#include "prog/records.h"

/* Types by name, in the order of their ids. */
static const struct {
	const char *name, *text;
} types[] = {
	{ "int", "INT int 0 0 4 0x1000020" },
	{ "long", "INT long 0 0 8 0x1000040" },
	{ "enum", "ENUM colour 1 0 4 'RED' 0" },
	{ "unknown", "FWD unknown 0 0 0" },
	{ "dynptr_struct", "STRUCT bpf_dynptr 0 0 16" },
	{ "pair", "STRUCT pair 2 0 8 'a' 1 0 'b' 1 32" },
	{ "void*", "PTR - 0 0 0" },
	{ "int*", "PTR - 0 0 1" },
	{ "unknown*", "PTR - 0 0 4" },
	{ "dynptr", "PTR - 0 0 5" },
	{ "pair*", "PTR - 0 0 6" },
	{ "const_pair*", "CONST - 0 0 11" },
};

void records_init(struct records *r, const char *ctx)
{
	u32 proto;

	memset(r, 0, sizeof(*r));
	blob_init(&r->blob);
	for (u32 i = 0; i < ARRAY_SIZE(types); i++)
		blob_text(&r->blob, types[i].text);
	r->ctx_type = blob_type(&r->blob, blob_string(&r->blob, ctx),
				BTF_KIND_STRUCT, 0, 0, 4);
	proto = blob_type(&r->blob, 0, BTF_KIND_FUNC_PROTO, 0, 0, 1);
	r->static_func = blob_type(&r->blob, blob_string(&r->blob, "function"),
				   BTF_KIND_FUNC, 0, 0, proto);
}

static u32 pointer_to(struct records *r, u32 type)
{
	return blob_type(&r->blob, 0, BTF_KIND_PTR, 0, 0, type);
}

/* Its id, 0 for "void"; -1: no such type. */
static int type_id(struct records *r, const char *name)
{
	u32 size;

	if (!strcmp(name, "void"))
		return 0;
	if (!strcmp(name, "ctx"))
		return (int)pointer_to(r, r->ctx_type);
	if (sscanf(name, "mem:%u", &size) == 1)
		return (int)pointer_to(
			r, blob_type(&r->blob, blob_string(&r->blob, "memory"),
				     BTF_KIND_STRUCT, 0, 0, size));
	for (u32 i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(types[i].name, name))
			return (int)i + 1;
	return -1;
}

bool records_global(struct records *r, const char *line)
{
	char copy[256], *rest = copy, *label, *word, *tags[8];
	u32 args[8], nr_args = 0, func;
	int id;

	snprintf(copy, sizeof(copy), "%s", line);
	label = strtok_r(rest, " ", &rest);
	word = strtok_r(rest, " ", &rest);
	if (!word || r->nr_globals == ARRAY_SIZE(r->globals))
		return false;
	id = type_id(r, word);
	if (id < 0)
		return false;
	func = (u32)id;
	while ((word = strtok_r(rest, " ", &rest))) {
		if (nr_args == ARRAY_SIZE(args))
			return false;
		tags[nr_args] = strchr(word, '+');
		if (tags[nr_args])
			*tags[nr_args]++ = '\0';
		id = type_id(r, word);
		if (id < 0)
			return false;
		args[nr_args++] = (u32)id;
	}
	func = blob_type(&r->blob, 0, BTF_KIND_FUNC_PROTO, nr_args, 0, func);
	for (u32 i = 0; i < nr_args; i++) {
		blob_word(&r->blob, blob_string(&r->blob, "arg"));
		blob_word(&r->blob, args[i]);
	}
	func = blob_type(&r->blob, blob_string(&r->blob, label), BTF_KIND_FUNC,
			 1, 0, func);
	for (u32 i = 0; i < nr_args; i++) {
		while (tags[i] && (word = strtok_r(tags[i], "+", &tags[i]))) {
			char tag[64];

			snprintf(tag, sizeof(tag), "arg:%s", word);
			blob_type(&r->blob, blob_string(&r->blob, tag),
				  BTF_KIND_DECL_TAG, 0, 0, func);
			blob_word(&r->blob, i);
		}
	}
	snprintf(r->globals[r->nr_globals].label, ASM_NAME, "%s", label);
	r->globals[r->nr_globals++].func = func;
	return true;
}

static int compare(const void *a, const void *b)
{
	return (int)((const struct bpf_func_info *)a)->insn_off -
	       (int)((const struct bpf_func_info *)b)->insn_off;
}

static u32 func_at(const struct records *r, const struct assembler *as, u32 at)
{
	for (u32 i = 0; i < as->nr_labels; i++)
		for (u32 j = 0; j < r->nr_globals; j++)
			if (as->labels[i].at == at &&
			    !strcmp(as->labels[i].name, r->globals[j].label))
				return r->globals[j].func;
	return r->static_func;
}

static bool add(struct records *r, const struct assembler *as, u32 at)
{
	for (u32 i = 0; i < r->nr_infos; i++)
		if (r->infos[i].insn_off == at)
			return true;
	if (r->nr_infos == ARRAY_SIZE(r->infos))
		return false;
	r->infos[r->nr_infos++] =
		(struct bpf_func_info){ at, func_at(r, as, at) };
	return true;
}

bool records_finish(struct records *r, const struct assembler *as)
{
	bool ok = add(r, as, 0);

	for (u32 i = 0; i < as->nr && ok; i++) {
		const struct bpf_insn *insn = &as->insns[i];

		if ((insn->code == 0x85 && insn->src_reg == BPF_PSEUDO_CALL) ||
		    (insn->code == 0x18 && insn->src_reg == BPF_PSEUDO_FUNC))
			ok = add(r, as, i + 1 + (u32)insn->imm);
		if (insn->code == 0x18)
			i++;
	}
	qsort(r->infos, r->nr_infos, sizeof(r->infos[0]), compare);
	blob_finish(&r->blob);
	return ok;
}
