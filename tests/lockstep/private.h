/* SPDX-License-Identifier: BSD-2-Clause */
/* What lockstep.c offers to the files with the calls. */
#ifndef LOCKSTEP_PRIVATE_H
#define LOCKSTEP_PRIVATE_H

#include "lockstep.h"

#define LS_FILL 0xa5 /* buffers are filled with it: what stays is unwritten */

const char *ls_result(int ret, char buf[48]);
/* The common value, or a difference: LS_DIFF */
int ls_same_ret(struct lockstep *ls, const char *what, const int ret[2]);
/* These return 0 or LS_DIFF. */
int ls_same_bytes(struct lockstep *ls, const char *what, const void *a,
		  const void *b, u32 n);
int ls_same_u64(struct lockstep *ls, const char *what, u64 a, u64 b);
int ls_same_id(struct lockstep *ls, const char *what, enum ls_kind kind, u64 a,
	       u64 b);

int ls_handle_new(struct lockstep *ls, enum ls_kind kind, const int fd[2]);
/* Two results that are fds when good: a handle, an errno or LS_DIFF */
int ls_adopt(struct lockstep *ls, enum ls_kind kind, const int ret[2]);
void ls_bind(struct lockstep *ls, enum ls_kind kind, int handle, u64 a, u64 b);
bool ls_knows_id(struct lockstep *ls, enum ls_kind kind, int which, u64 id);
/* The other world's id of the same object, or 0 */
u64 ls_other_id(struct lockstep *ls, enum ls_kind kind, int which, u64 id);
u32 ls_translate(struct lockstep *ls, int which, u32 value, bool id);
/* Translates *attr and makes the call in one world. */
int ls_call_one(struct lockstep *ls, int which, int cmd, union attr *attr,
		u32 size);

#endif
