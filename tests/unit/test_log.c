/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <string.h>

#include "base/log.h"

/* What a caller with @limit bytes gets of "0123456789". */
static void expect(u32 level, u32 limit, const char *text, u32 size)
{
	struct log log;
	const char *got;
	u32 got_size;

	log_init(&log, level, limit);
	log_printf(&log, "%s", "01234");
	log_printf(&log, "%d", 56789);
	assert_int_equal(log_view(&log, &got, &got_size), 11);
	assert_int_equal(got_size, size);
	assert_memory_equal(got, text, size);
	log_destroy(&log);
}

static void whole_when_it_fits(void **state)
{
	(void)state;
	expect(LOG_LEVEL1, 11, "0123456789", 11);
	expect(LOG_LEVEL1, 1000, "0123456789", 11);
	expect(LOG_LEVEL1 | LOG_FIXED, 11, "0123456789", 11);
}

/* Since 6.4 a log that is too long rolls: its end is kept, with its NUL. */
static void rolling_keeps_the_end(void **state)
{
	(void)state;
	expect(LOG_LEVEL1, 10, "123456789", 10);
	expect(LOG_LEVEL2, 4, "789", 4);
	expect(LOG_LEVEL1, 1, "", 1);
}

static void fixed_keeps_the_beginning(void **state)
{
	(void)state;
	expect(LOG_LEVEL1 | LOG_FIXED, 10, "0123456789", 10);
	expect(LOG_LEVEL1 | LOG_FIXED, 4, "0123", 4);
}

/* However much is written, little more than limit is held. */
static void holds_what_is_wanted(void **state)
{
	static const u32 levels[] = { LOG_LEVEL1, LOG_LEVEL1 | LOG_FIXED };
	struct log log;
	const char *text;
	u32 size;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		log_init(&log, levels[i], 100);
		for (int n = 0; n < 10000; n++)
			log_printf(&log, "%09d\n", n);
		assert_int_equal(log_view(&log, &text, &size), 100001);
		assert_int_equal(size, 100);
		assert_memory_equal(text, i ? "000000000\n" : "00009990\n", 9);
		assert_true(log.capacity < 10000);
		log_destroy(&log);
	}
	/* no buffer: the length only */
	log_init(&log, LOG_LEVEL1, 0);
	log_printf(&log, "%09d\n", 0);
	assert_int_equal(log_view(&log, &text, &size), 11);
	assert_int_equal(size, 0);
	assert_null(log.buf);
	log_destroy(&log);
}

static void a_piece_is_cut(void **state)
{
	struct log log;
	const char *text;
	u32 size;

	(void)state;
	log_init(&log, LOG_LEVEL1, 5000);
	log_printf(&log, "%03000d", 1);
	log_printf(&log, "end");
	assert_int_equal(log_view(&log, &text, &size),
			 LOG_PIECE_MAX - 1 + 3 + 1);
	assert_string_equal(text + LOG_PIECE_MAX - 1, "end");
	log_destroy(&log);
}

static void off_writes_nothing(void **state)
{
	struct log log;
	const char *text;
	u32 size;

	(void)state;
	log_init(&log, 0, 100);
	assert_false(log_on(&log));
	assert_false(log_on(NULL));
	log_printf(&log, "unseen");
	log_printf(NULL, "unseen");
	assert_int_equal(log_view(&log, &text, &size), 1);
	assert_int_equal(size, 1);
	assert_string_equal(text, "");
	log_destroy(&log);
}

static void grows(void **state)
{
	struct log log;
	const char *text;
	u32 size;

	(void)state;
	log_init(&log, LOG_LEVEL1, UINT32_MAX);
	for (int i = 0; i < 10000; i++)
		log_printf(&log, "%04d\n", i);
	assert_int_equal(log_view(&log, &text, &size), 50001);
	assert_int_equal(size, 50001);
	assert_memory_equal(text, "0000\n0001\n", 10);
	assert_string_equal(text + 50000 - 5, "9999\n");
	log_destroy(&log);
}

#ifdef CGBPF_FAULTS
static void no_memory_cuts(void **state)
{
	struct log log;
	const char *text;
	u32 size;

	(void)state;
	log_init(&log, LOG_LEVEL1, 1000);
	mem_fault_set(1);
	log_printf(&log, "lost");
	assert_true(mem_fault_fired());
	log_printf(&log, "kept");
	assert_int_equal(log_view(&log, &text, &size), 5);
	assert_string_equal(text, "kept");
	log_destroy(&log);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_when_it_fits),
		cmocka_unit_test(rolling_keeps_the_end),
		cmocka_unit_test(fixed_keeps_the_beginning),
		cmocka_unit_test(holds_what_is_wanted),
		cmocka_unit_test(a_piece_is_cut),
		cmocka_unit_test(off_writes_nothing),
		cmocka_unit_test(grows),
#ifdef CGBPF_FAULTS
		cmocka_unit_test(no_memory_cuts),
#endif
	};

	return UNIT_RUN(tests);
}
