/* SPDX-License-Identifier: BSD-2-Clause */
/* The words every room shares: integer names, sizes, assertions. */
#ifndef CGBPF_BASE_TYPES_H
#define CGBPF_BASE_TYPES_H

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

/* The kernel's internal "operation not supported", which bpf(2) leaks. */
#ifndef ENOTSUPP
#define ENOTSUPP 524
#endif

#define PAGE_SIZE 4096u
#define CACHE_LINE 64u

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr)-offsetof(type, member)))
#define round_up(x, to) ((((x)-1) | ((__typeof__(x))(to)-1)) + 1)
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* ASSERT() states an invariant of this code; it is never a check of input. */
#define ASSERT(cond) assert(cond)

static inline void *u64_to_ptr(u64 value)
{
	return (void *)(uintptr_t)value;
}

static inline u64 ptr_to_u64(const void *ptr)
{
	return (u64)(uintptr_t)ptr;
}

#endif
