/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs as text (prog/asm.h), loaded in an environment and in the live
 * kernel: is the verdict the same, the errno, the reason in the log?
 */
#ifndef CGBPF_TESTS_LOCKSTEP_VERDICT_H
#define CGBPF_TESTS_LOCKSTEP_VERDICT_H

#include "base/uapi.h"

struct verdict_count {
	u32 loads, accepted;
	u32 wrong;	     /* accepted by one of the two only */
	u32 errnos, reasons; /* refused by both, but not in the same way */
};

extern struct verdict_count verdict_count;
/* Differences are printed, up to so many of each: 0 for silence. */
extern u32 verdict_print_max;

/* Skips the test (live.h) where there is no kernel to ask. */
void verdict_init(void);
void verdict_exit(void);
/*
 * A map that programs name, in both worlds.  @value: 'l' a value with a
 * bpf_spin_lock at 0 and a u64 at 8, 'n' u64s, both with BTF; 0 none.
 * @inner: the name of the template, of a map of maps.  An older map of that
 * name is closed.
 */
void verdict_map(const char *name, const struct attr_map_create *attr,
		 char value, const char *inner);
/* Writes @size bytes to the element with key 0, and freezes the map. */
void verdict_freeze(const char *name, const void *value);
/*
 * verdict_load() - @text to both; 0 or the kernel's errno.  A program of
 * several functions has BTF that says that they are static.
 */
int verdict_load(u32 type, u32 attach_type, const char *text);
/*
 * verdict_log() - the same for all of the log, at @level, in a buffer of @size:
 * but for addresses and times, each differing log counts as a reason.  Here and
 * above a function whose label begins with "global" is one, of a number.
 */
int verdict_log(u32 type, u32 attach_type, const char *text, u32 level,
		u32 size);
#define VERDICT_LOG_SIZE 65536u

#endif
