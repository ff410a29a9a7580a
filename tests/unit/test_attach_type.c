/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "object/attach_type.h"

static void each_is_found_by_number_and_name(void **state)
{
	(void)state;
	for (int i = 0; i < NR_ATYPES; i++) {
		assert_int_equal(attach_type_index(attach_types[i].uapi), i);
		assert_int_equal(attach_type_by_name(attach_types[i].name), i);
	}
}

static void prefixes_may_be_left_out(void **state)
{
	(void)state;
	assert_int_equal(attach_type_by_name("egress"), ATYPE_INET_EGRESS);
	assert_int_equal(attach_type_by_name("inet_egress"), ATYPE_INET_EGRESS);
	assert_int_equal(attach_type_by_name("setsockopt"), ATYPE_SETSOCKOPT);
	assert_int_equal(attach_type_by_name("device"), ATYPE_DEVICE);
}

static void others_are_refused(void **state)
{
	(void)state;
	assert_int_equal(attach_type_index(BPF_XDP), -EINVAL);
	assert_int_equal(attach_type_index(UINT32_MAX), -EINVAL);
	assert_int_equal(attach_type_by_name(""), -EINVAL);
	assert_int_equal(attach_type_by_name("egress "), -EINVAL);
	assert_int_equal(attach_type_by_name("cgroup_"), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_found_by_number_and_name),
		cmocka_unit_test(prefixes_may_be_left_out),
		cmocka_unit_test(others_are_refused),
	};

	return UNIT_RUN(tests);
}
