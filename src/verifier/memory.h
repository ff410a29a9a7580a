/* SPDX-License-Identifier: BSD-2-Clause */
/* Loads and stores, the program's and its helpers'.  See memory.c. */
#ifndef CGBPF_VERIFIER_MEMORY_H
#define CGBPF_VERIFIER_MEMORY_H

#include "verifier/checks.h"

enum access {
	ACCESS_READ,
	ACCESS_WRITE,
};

/* FORM_LDX; FORM_STX and FORM_ST; FORM_ATOMIC to FORM_STOREREL */
int check_load(struct verifier *v, int xop);
int check_store(struct verifier *v, int xop);
int check_atomic(struct verifier *v, int xop);
/* FORM_LD64; FORM_LDABS and FORM_LDIND */
int check_load_imm64(struct verifier *v, int xop);
int check_load_packet(struct verifier *v, int xop);

/*
 * memory_check() - a helper is given @size bytes at register @regno, to
 * @access: stack, packet, map value or key, record.  @zero_ok: a size of 0
 * may come with anything.  What it writes to the stack becomes unknown
 * bytes; what it reads there must be there.
 */
int memory_check(struct verifier *v, u32 regno, u32 size, enum access access,
		 bool zero_ok);
/*
 * memory_check_sized() - ditto, the number in @size_regno says how many
 * bytes: its bounds are checked, and it becomes precise.
 */
int memory_check_sized(struct verifier *v, u32 regno, u32 size_regno,
		       enum access access, bool zero_ok);
/* memory_check_aligned() - @regno is a multiple of @size, whatever the flags */
int memory_check_aligned(struct verifier *v, u32 regno, u32 size);
/*
 * pointer_check_fixed() - @reg has not been moved (@fixed_off_ok: by a
 * constant only, not below 0), as context and socket pointers must be.
 */
int pointer_check_fixed(struct verifier *v, const struct reg *reg, u32 regno,
			bool fixed_off_ok);

#endif
