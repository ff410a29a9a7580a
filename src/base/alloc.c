/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* AddressSanitizer ends the process for what malloc(3) answers with NULL. */
#ifdef __SANITIZE_ADDRESS__
const char *__asan_default_options(void) __attribute__((visibility("default")));

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}
#endif

#ifdef CGBPF_FAULTS
static __thread unsigned long fault_left;
static __thread bool fault_stays;
static __thread bool fault_fired;
static long live;

void mem_fault_set(unsigned long nth)
{
	fault_left = nth;
	fault_stays = false;
	fault_fired = false;
}

void mem_fault_from(unsigned long nth)
{
	mem_fault_set(nth);
	fault_stays = true;
}

bool mem_fault_fired(void)
{
	bool fired = fault_fired;

	mem_fault_set(0);
	return fired;
}

long mem_live(void)
{
	return __atomic_load_n(&live, __ATOMIC_RELAXED);
}

static bool fault_now(void)
{
	if (likely(!fault_left) || --fault_left)
		return false;
	if (fault_stays)
		fault_left = 1;
	fault_fired = true;
	return true;
}

static void *counted(void *ptr)
{
	if (ptr)
		__atomic_add_fetch(&live, 1, __ATOMIC_RELAXED);
	return ptr;
}

static void uncounted(const void *ptr)
{
	if (ptr)
		__atomic_sub_fetch(&live, 1, __ATOMIC_RELAXED);
}
#else
static inline bool fault_now(void)
{
	return false;
}

static inline void *counted(void *ptr)
{
	return ptr;
}

static inline void uncounted(const void *ptr)
{
	(void)ptr;
}
#endif

void *mem_alloc(size_t size)
{
	return fault_now() ? NULL : counted(malloc(size ? size : 1));
}

void *mem_calloc(size_t n, size_t size)
{
	if (fault_now())
		return NULL;
	return counted(calloc(n ? n : 1, size ? size : 1));
}

void *mem_zalloc(size_t size)
{
	return mem_calloc(1, size);
}

void *mem_zalloc_aligned(size_t align, size_t size)
{
	void *ptr;

	if (fault_now() || posix_memalign(&ptr, align, size ? size : 1))
		return NULL;
	memset(ptr, 0, size);
	return counted(ptr);
}

void *mem_map(size_t size)
{
	void *ptr;

	if (fault_now())
		return NULL;
	ptr = mmap(NULL, size, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return ptr == MAP_FAILED ? NULL : counted(ptr);
}

void mem_unmap(void *ptr, size_t size)
{
	if (!ptr)
		return;
	uncounted(ptr);
	munmap(ptr, size);
}

void *mem_realloc(void *ptr, size_t size)
{
	void *moved;

	if (fault_now())
		return NULL;
	moved = realloc(ptr, size ? size : 1);
	if (!ptr)
		counted(moved);
	return moved;
}

void *mem_dup(const void *src, size_t size)
{
	void *ptr = mem_alloc(size);

	return ptr ? memcpy(ptr, src, size) : NULL;
}

char *mem_strdup(const char *s)
{
	return mem_dup(s, strlen(s) + 1);
}

void mem_free(void *ptr)
{
	uncounted(ptr);
	free(ptr);
}
