/* SPDX-License-Identifier: BSD-2-Clause */
/* Structs of cgbpf.h that may grow: the first member says how large one is. */
#ifndef CGBPF_BASE_OPTS_H
#define CGBPF_BASE_OPTS_H

#include "base/types.h"

/*
 * opts_check() - may @opts of @size bytes be read as one of @known bytes?
 * @least: bytes that any caller has to have
 *
 * Return: 0; -EINVAL if it is shorter; -E2BIG if a later caller asks for what
 * is not known here.
 */
static inline int opts_check(const void *opts, size_t size, size_t least,
			     size_t known)
{
	const u8 *bytes = opts;

	if (size < least)
		return -EINVAL;
	for (size_t i = known; i < size; i++)
		if (bytes[i])
			return -E2BIG;
	return 0;
}

/* For structs that have not grown yet: all of @opts has to be there. */
#define OPTS_CHECK(opts) \
	opts_check((opts), (opts)->size, sizeof(*(opts)), sizeof(*(opts)))

#endif
