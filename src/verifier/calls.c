/* SPDX-License-Identifier: BSD-2-Clause */
/* References to functions, that helpers will call back. */
#include "verifier/checks.h"
#include "vm/insn.h"

#define LINKAGE_STATIC 0

/* A callback is a static function that BTF tells about. */
static int check_callback(struct verifier *v, u32 i)
{
	const struct prog *prog = v->prog;
	u32 to = i + 1 + (u32)prog->insns[i].imm;
	const struct bpf_func_info *info = prog->func_info;
	const struct btf_type *func;

	if (!info) {
		log_printf(v->log, "missing btf func_info\n");
		return -EINVAL;
	}
	func = btf_type_by_id(prog->btf, info[subprog_of(prog, to)].type_id);
	if (BTF_INFO_VLEN(func->info) != LINKAGE_STATIC) {
		log_printf(v->log, "callback function not static\n");
		return -EINVAL;
	}
	return 0;
}

int check_calls(struct verifier *v)
{
	const struct prog *prog = v->prog;
	int err = 0;

	for (u32 i = 0; i < prog->len && !err; i++) {
		if (insn_is_func_ref(&prog->insns[i]))
			err = check_callback(v, i);
		if (insn_is_ld64(&prog->insns[i]))
			i++;
	}
	return err;
}
