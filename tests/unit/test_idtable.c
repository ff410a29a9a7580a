/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "base/idtable.h"

static bool yes(void *item)
{
	(void)item;
	return true;
}

static bool no(void *item)
{
	(void)item;
	return false;
}

static int items[100];

static void ids_go_up_and_are_used_once(void **state)
{
	struct idtable table;
	u32 id;

	(void)state;
	idtable_init(&table);
	for (u32 i = 0; i < ARRAY_SIZE(items); i++) {
		assert_int_equal(idtable_add(&table, &items[i], &id), 0);
		assert_int_equal(id, i + 1);
	}
	idtable_remove(&table, 100);
	idtable_remove(&table, 1);
	assert_int_equal(idtable_add(&table, &items[0], &id), 0);
	assert_int_equal(id, 101);
	for (u32 i = 2; i <= 101; i++)
		if (i != 100)
			idtable_remove(&table, i);
	idtable_destroy(&table);
}

static void get_takes_only_what_is_alive(void **state)
{
	struct idtable table;
	u32 id;

	(void)state;
	idtable_init(&table);
	assert_null(idtable_get(&table, 1, yes));
	idtable_add(&table, &items[0], &id);
	assert_ptr_equal(idtable_get(&table, id, yes), &items[0]);
	assert_null(idtable_get(&table, id, no));
	assert_null(idtable_get(&table, 0, yes));
	assert_null(idtable_get(&table, id + 1, yes));
	assert_null(idtable_get(&table, UINT32_MAX, yes));
	idtable_remove(&table, id);
	assert_null(idtable_get(&table, id, yes));
	idtable_destroy(&table);
}

static void next_skips_holes(void **state)
{
	struct idtable table;
	u32 id;

	(void)state;
	idtable_init(&table);
	assert_int_equal(idtable_next(&table, 0), 0);
	for (u32 i = 0; i < 5; i++)
		idtable_add(&table, &items[i], &id);
	idtable_remove(&table, 1);
	idtable_remove(&table, 3);
	assert_int_equal(idtable_next(&table, 0), 2);
	assert_int_equal(idtable_next(&table, 2), 4);
	assert_int_equal(idtable_next(&table, 3), 4);
	assert_int_equal(idtable_next(&table, 4), 5);
	assert_int_equal(idtable_next(&table, 5), 0);
	assert_int_equal(idtable_next(&table, UINT32_MAX), 0);
	idtable_remove(&table, 2);
	idtable_remove(&table, 4);
	idtable_remove(&table, 5);
	idtable_destroy(&table);
}

static int add_one(void *arg)
{
	u32 id = 77;
	int err = idtable_add(arg, &items[0], &id);

	if (err)
		assert_int_equal(id, 77);
	return err;
}

/* An id that could not be given is not used up. */
static void failed_add_leaves_no_trace(void **state)
{
	struct idtable table;

	(void)state;
	idtable_init(&table);
	unit_each_fault(add_one, &table);
	assert_int_equal(idtable_next(&table, 0), 1);
	assert_int_equal(idtable_next(&table, 1), 0);
	idtable_remove(&table, 1);
	idtable_destroy(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_go_up_and_are_used_once),
		cmocka_unit_test(get_takes_only_what_is_alive),
		cmocka_unit_test(next_skips_holes),
		cmocka_unit_test(failed_add_leaves_no_trace),
	};

	return UNIT_RUN(tests);
}
