/* SPDX-License-Identifier: BSD-2-Clause */
/* Values that are shown as text, read with a limit. */
#ifndef CGBPF_OBJECT_BTF_TEXT_H
#define CGBPF_OBJECT_BTF_TEXT_H

#include "base/text.h"
#include "object/btf.h"

/*
 * A value that is being shown.  BTF is checked, yet some of it claims more
 * than there is (an enum of 8 bytes in 4), and little of it can describe
 * endless values (arrays of nothing, unions of unions): reads end at @end and
 * are zero beyond, and a value ends with its last step.
 */
struct value_walk {
	const struct btf *btf;
	const u8 *end;
	u64 steps;  /* left: one for each thing that is shown */
	u32 levels; /* left: of things in things */
};

void value_walk_init(struct value_walk *walk, const struct btf *btf,
		     const void *data, u32 size);
bool value_step(struct value_walk *walk);
void value_read(const struct value_walk *walk, void *out, const void *data,
		size_t n);
/* @nr_bits (<= 128) bits from bit @offset (< 8) of @data on, as a number */
unsigned __int128 value_bits(const struct value_walk *walk, const void *data,
			     u32 offset, u32 nr_bits);

/*
 * btf_seq_show() - the value as the kernel's bpf file system shows it, with its
 * oddities.  Pointers are shown as they are, where the kernel hides them.
 */
void btf_seq_show(struct text *text, const struct btf *btf, u32 id,
		  const void *data);

#endif
