/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "object/env.h"
#include "object/file.h"
#include "object/object.h"

static struct cgbpf_env env;
static int released;

static void count_release(struct object *obj)
{
	(void)obj;
	released++;
}

static const struct object_ops map_ops = { OBJECT_MAP, count_release };
static const struct object_ops prog_ops = { OBJECT_PROG, count_release };

static int with_env(void **state)
{
	(void)state;
	released = 0;
	for (int i = 0; i < OBJECT_KINDS; i++)
		idtable_init(&env.ids[i]);
	return 0;
}

static int without_env(void **state)
{
	(void)state;
	for (int i = 0; i < OBJECT_KINDS; i++)
		idtable_destroy(&env.ids[i]);
	return 0;
}

static void last_reference_releases(void **state)
{
	struct object obj;

	(void)state;
	object_init(&obj, &env, &map_ops);
	object_get(&obj);
	object_put(&obj);
	assert_int_equal(released, 0);
	object_put(&obj);
	assert_int_equal(released, 1);
	object_put(NULL);
}

static void not_found_before_it_is_published(void **state)
{
	struct object obj;

	(void)state;
	object_init(&obj, &env, &map_ops);
	assert_int_equal(obj.id, 0);
	assert_null(object_get_by_id(&env, OBJECT_MAP, 0));
	assert_null(object_get_by_id(&env, OBJECT_MAP, 1));
	assert_int_equal(object_publish(&obj), 0);
	assert_ptr_equal(object_get_by_id(&env, OBJECT_MAP, obj.id), &obj);
	object_put(&obj);
	object_put(&obj);
	assert_int_equal(released, 1);
	assert_null(object_get_by_id(&env, OBJECT_MAP, obj.id));
}

/* Having an id keeps nothing alive: what nobody holds is not found. */
static void an_id_is_no_reference(void **state)
{
	struct object obj;

	(void)state;
	object_init(&obj, &env, &map_ops);
	assert_int_equal(object_publish(&obj), 0);
	obj.refs = 0; /* another thread is about to release it */
	assert_false(object_get_unless_zero(&obj));
	assert_null(object_get_by_id(&env, OBJECT_MAP, obj.id));
	obj.refs = 1;
	object_put(&obj);
}

static void each_kind_counts_for_itself(void **state)
{
	struct object map, prog;

	(void)state;
	object_init(&map, &env, &map_ops);
	object_init(&prog, &env, &prog_ops);
	assert_int_equal(object_publish(&map), 0);
	assert_int_equal(object_publish(&prog), 0);
	assert_int_equal(map.id, 1);
	assert_int_equal(prog.id, 1);
	object_put(&map);
	assert_ptr_equal(object_get_by_id(&env, OBJECT_PROG, 1), &prog);
	object_put(&prog);
	object_put(&prog);
	assert_int_equal(released, 2);
}

static int publish_one(void *arg)
{
	struct object *obj = arg;
	int err = object_publish(obj);

	if (err)
		assert_int_equal(obj->id, 0);
	return err;
}

static void failed_publish_leaves_no_trace(void **state)
{
	struct object obj;

	(void)state;
	object_init(&obj, &env, &map_ops);
	unit_each_fault(publish_one, &obj);
	assert_int_equal(obj.id, 1);
	object_put(&obj);
	assert_int_equal(released, 1);
}

#define WITH_ENV(name) \
	cmocka_unit_test_setup_teardown(name, with_env, without_env)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ENV(last_reference_releases),
		WITH_ENV(not_found_before_it_is_published),
		WITH_ENV(an_id_is_no_reference),
		WITH_ENV(each_kind_counts_for_itself),
		WITH_ENV(failed_publish_leaves_no_trace),
	};

	return UNIT_RUN(tests);
}
