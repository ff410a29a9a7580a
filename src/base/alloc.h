/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory: every allocation of the library goes through here.
 *
 * 1. A NULL return is always possible and always handled: -ENOMEM.
 * 2. In a build with CGBPF_FAULTS (the debug build) a test can make the nth
 *    allocation of its own thread fail, and can count what is still allocated.
 */
#ifndef CGBPF_BASE_ALLOC_H
#define CGBPF_BASE_ALLOC_H

#include "base/types.h"

void *mem_alloc(size_t size) __attribute__((malloc, warn_unused_result));
void *mem_zalloc(size_t size) __attribute__((malloc, warn_unused_result));
/* n * size zeroed bytes; NULL when the product overflows */
void *mem_calloc(size_t n, size_t size)
	__attribute__((malloc, warn_unused_result));
/* zeroed bytes at a multiple of @align, a power of two >= sizeof(void *) */
void *mem_zalloc_aligned(size_t align, size_t size)
	__attribute__((malloc, warn_unused_result));
/* zeroed whole pages, shareable with mem_unmap() as the only way to free */
void *mem_map(size_t size) __attribute__((malloc, warn_unused_result));
void mem_unmap(void *ptr, size_t size);
void *mem_realloc(void *ptr, size_t size) __attribute__((warn_unused_result));
void *mem_dup(const void *src, size_t size)
	__attribute__((malloc, warn_unused_result));
char *mem_strdup(const char *s) __attribute__((malloc, warn_unused_result));
void mem_free(void *ptr);

#ifdef CGBPF_FAULTS
/* Fail the @nth allocation of this thread from now (1: the next); 0: none. */
void mem_fault_set(unsigned long nth);
/* The same, and all that follow it as well: memory is out. */
void mem_fault_from(unsigned long nth);
/* Did the armed fault fire?  Disarms it. */
bool mem_fault_fired(void);
/* Allocations of the whole process that have not been freed. */
long mem_live(void);
#endif

#endif
