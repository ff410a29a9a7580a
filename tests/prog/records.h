/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BTF and function records for a program of the assembler's: what each of its
 * functions is, and what the global ones take.
 *
 *	global LABEL RETURN [ARGUMENT...]
 *
 * RETURN and ARGUMENT are types of the list in records.c ("int", "ctx",
 * "mem:16" ...); an ARGUMENT may have tags, "mem:16+nonnull".  What is not
 * global is static, of no arguments.
 */
#ifndef CGBPF_TESTS_PROG_RECORDS_H
#define CGBPF_TESTS_PROG_RECORDS_H

#include "btf_text.h"
#include "prog/asm.h"

struct records {
	struct blob blob;
	u32 ctx_type; /* a struct */
	u32 static_func;
	struct {
		char label[ASM_NAME];
		u32 func;
	} globals[8];
	u32 nr_globals;
	struct bpf_func_info infos[ASM_LABELS];
	u32 nr_infos;
};

/* @ctx: the struct that the context is, "__sk_buff" */
void records_init(struct records *r, const char *ctx);
/* "LABEL RETURN [ARGUMENT...]"; false: it makes no sense. */
bool records_global(struct records *r, const char *line);
/* r->blob.data, for free(), and r->infos; false: there are too many. */
bool records_finish(struct records *r, const struct assembler *as);

#endif
