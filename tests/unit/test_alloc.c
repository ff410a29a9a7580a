/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <pthread.h>
#include <string.h>

static bool all_zero(const char *mem, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (mem[i])
			return false;
	return true;
}

static void zeroed_and_aligned(void **state)
{
	char *plain = mem_zalloc(1000), *array = mem_calloc(10, 100);
	char *aligned = mem_zalloc_aligned(256, 1000);
	char *pages = mem_map(2 * PAGE_SIZE);

	(void)state;
	assert_true(plain && all_zero(plain, 1000));
	assert_true(array && all_zero(array, 1000));
	assert_true(aligned && all_zero(aligned, 1000));
	assert_int_equal((uintptr_t)aligned % 256, 0);
	assert_true(pages && all_zero(pages, 2 * PAGE_SIZE));
	assert_int_equal((uintptr_t)pages % PAGE_SIZE, 0);
	mem_free(plain);
	mem_free(array);
	mem_free(aligned);
	mem_unmap(pages, 2 * PAGE_SIZE);
}

/* Zero bytes are memory too: NULL means failure and nothing else. */
static void nothing_is_something(void **state)
{
	void *ptr = mem_alloc(0), *zero = mem_calloc(0, 8);
	void *moved = mem_realloc(NULL, 0);

	(void)state;
	assert_non_null(ptr);
	assert_non_null(zero);
	assert_non_null(moved);
	mem_free(ptr);
	mem_free(zero);
	mem_free(moved);
	mem_free(NULL);
	mem_unmap(NULL, 0);
}

static void product_that_overflows(void **state)
{
	volatile size_t half = SIZE_MAX / 2;

	(void)state;
	assert_null(mem_calloc(half, 3));
}

static void copies(void **state)
{
	char *dup = mem_dup("a\0b", 4), *str = mem_strdup("cgroup");

	(void)state;
	assert_memory_equal(dup, "a\0b", 4);
	assert_string_equal(str, "cgroup");
	str = mem_realloc(str, 1 << 20);
	assert_string_equal(str, "cgroup");
	mem_free(dup);
	mem_free(str);
}

#ifdef CGBPF_FAULTS
static void nth_fails_once(void **state)
{
	void *a, *b, *c;

	(void)state;
	mem_fault_set(2);
	a = mem_alloc(1);
	b = mem_alloc(1);
	c = mem_alloc(1);
	assert_non_null(a);
	assert_null(b);
	assert_non_null(c);
	assert_true(mem_fault_fired());
	assert_false(mem_fault_fired());
	mem_free(a);
	mem_free(c);
}

static void not_reached_not_fired(void **state)
{
	void *ptr;

	(void)state;
	mem_fault_set(3);
	ptr = mem_alloc(1);
	assert_false(mem_fault_fired());
	mem_free(ptr);
	/* asking has disarmed it */
	for (int i = 0; i < 4; i++) {
		ptr = mem_alloc(1);
		assert_non_null(ptr);
		mem_free(ptr);
	}
}

static void every_function_can_fail(void **state)
{
	void *kept = mem_alloc(8);

	(void)state;
#define FAILS(call)                             \
	do {                                    \
		mem_fault_set(1);               \
		assert_null(call);              \
		assert_true(mem_fault_fired()); \
	} while (0)
	FAILS(mem_alloc(8));
	FAILS(mem_zalloc(8));
	FAILS(mem_calloc(2, 8));
	FAILS(mem_zalloc_aligned(64, 64));
	FAILS(mem_map(PAGE_SIZE));
	FAILS(mem_realloc(kept, 16));
	FAILS(mem_dup("x", 2));
	FAILS(mem_strdup("x"));
#undef FAILS
	mem_free(kept); /* a failed realloc leaves the old memory */
}

static void *allocates(void *unused)
{
	(void)unused;
	return mem_alloc(1);
}

static void faults_are_of_a_thread(void **state)
{
	pthread_t thread;
	void *theirs;

	(void)state;
	mem_fault_set(1);
	assert_int_equal(pthread_create(&thread, NULL, allocates, NULL), 0);
	pthread_join(thread, &theirs);
	assert_non_null(theirs);
	assert_null(mem_alloc(1));
	assert_true(mem_fault_fired());
	mem_free(theirs);
}

static void live_counts(void **state)
{
	long before = mem_live();
	void *a = mem_alloc(1), *b = mem_map(PAGE_SIZE);

	(void)state;
	assert_int_equal(mem_live(), before + 2);
	a = mem_realloc(a, 100);
	assert_int_equal(mem_live(), before + 2);
	mem_free(a);
	mem_unmap(b, PAGE_SIZE);
	assert_int_equal(mem_live(), before);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeroed_and_aligned),
		cmocka_unit_test(nothing_is_something),
		cmocka_unit_test(product_that_overflows),
		cmocka_unit_test(copies),
#ifdef CGBPF_FAULTS
		cmocka_unit_test(nth_fails_once),
		cmocka_unit_test(not_reached_not_fired),
		cmocka_unit_test(every_function_can_fail),
		cmocka_unit_test(faults_are_of_a_thread),
		cmocka_unit_test(live_counts),
#endif
	};

	return UNIT_RUN(tests);
}
