/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One touch of memory through a register, and who checks it by what the
 * register points to.  Private to memory.c and the rooms below.
 */
#ifndef CGBPF_VERIFIER_ACCESS_H
#define CGBPF_VERIFIER_ACCESS_H

#include "verifier/memory.h"

struct touch {
	const struct reg *reg; /* the pointer, in the current frame */
	u32 regno;
	s32 off; /* from where it points to, its own constant part included */
	u32 size;
	enum access access;
	bool helper;	   /* by a helper, not by the instruction itself */
	bool zero_ok;	   /* of helpers: size may be 0 */
	bool varied;	   /* of helpers: size is the most it may be */
	bool sign_extends; /* of loads */
	/* the register that is loaded or stored; -1: none */
	int value;
	/* what is stored; NULL: anything */
	const struct reg *stored;
};

/*
 * These check the touch of an instruction, and give the register that is
 * loaded what is known of it, not yet cut to the size; those of regions also
 * check a helper's.
 */
int value_access(struct verifier *v, const struct touch *t); /* value.c */
int key_access(struct verifier *v, const struct touch *t);
int map_access(struct verifier *v, const struct touch *t);
int record_access(struct verifier *v, const struct touch *t); /* region.c */
int packet_access(struct verifier *v, const struct touch *t);
int ctx_access(struct verifier *v, const struct touch *t); /* field.c */
int sock_access(struct verifier *v, const struct touch *t);

/*
 * region_check() - wherever @t's pointer points to, all of @t is in the
 * first @limit bytes of what it points into
 */
int region_check(struct verifier *v, const struct touch *t, u32 limit);
/* region_loaded() - a load of any number into @t's register */
void region_loaded(struct verifier *v, const struct touch *t);

#endif
