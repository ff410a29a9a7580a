/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/log.h"
#include "btf_cases.h"
#include "btf_random.h"
#include "object/btf.h"
#include "object/btf_field.h"

static struct blob blob;

static struct btf *load(const char *text)
{
	struct btf *btf = NULL;

	blob_init(&blob);
	blob_text(&blob, text);
	blob_finish(&blob);
	assert_int_equal(btf_new(&btf, NULL, blob.data, blob.size, NULL), 0);
	free(blob.data);
	return btf;
}

static unsigned int run_case(const struct btf_case *test)
{
	struct btf *btf = NULL;
	unsigned int bad = 0;
	struct log log;
	int err;

	blob_init(&blob);
	blob_text(&blob, test->text);
	blob_finish(&blob);
	log_init(&log, LOG_LEVEL1, 1u << 20);
	err = btf_new(&btf, NULL, blob.data, blob.size, &log);
	free(blob.data);
	if (err != test->err) {
		print_error("%s: %d, not %d\n", test->name, err, test->err);
		bad = 1;
	}
	if (test->log && (!log.buf || !strstr(log.buf, test->log))) {
		print_error("%s: no \"%s\" in\n%s\n", test->name, test->log,
			    log.buf);
		bad = 1;
	}
	log_destroy(&log);
	btf_put(btf);
	return bad;
}

static void test_cases(void **state)
{
	unsigned int bad = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(btf_cases); i++)
		bad += run_case(&btf_cases[i]);
	assert_int_equal(bad, 0);
}

/* What is wrong with a header, by the word at an offset. */
static void test_header(void **state)
{
	static const struct {
		u32 offset, word;
		int err;
	} bad[] = {
		{ 0, 0x0001eb9e, -EINVAL },   /* magic */
		{ 0, 0x0002eb9f, -ENOTSUPP }, /* version */
		{ 0, 0x0101eb9f, -ENOTSUPP }, /* flags */
		{ 4, 0, -EINVAL },	      /* hdr_len */
		{ 4, 23, -EINVAL },
		{ 4, 28, -E2BIG },
		{ 4, 10000, -EINVAL },
		{ 8, 4, -EINVAL }, /* type_off */
		{ 8, 0xfffffffc, -EINVAL },
		{ 12, 0, -EINVAL }, /* type_len */
		{ 12, 12, -EINVAL },
		{ 12, 0xffffffff, -EINVAL },
		{ 16, 0, -EINVAL }, /* str_off */
		{ 16, 20, -EINVAL },
		{ 20, 0, -EINVAL }, /* str_len */
		{ 20, 4, -EINVAL },
		{ 20, 6, -EINVAL },
	};
	struct btf *btf;
	u32 saved;

	(void)state;
	blob_init(&blob);
	blob_text(&blob, T_INT);
	blob_finish(&blob);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		memcpy(&saved, blob.data + bad[i].offset, 4);
		memcpy(blob.data + bad[i].offset, &bad[i].word, 4);
		if (btf_new(&btf, NULL, blob.data, blob.size, NULL) !=
		    bad[i].err)
			fail_msg("header case %zu", i);
		memcpy(blob.data + bad[i].offset, &saved, 4);
	}
	for (u32 size = 0; size < blob.size; size++)
		assert_int_equal(btf_new(&btf, NULL, blob.data, size, NULL),
				 -EINVAL);
	assert_int_equal(btf_new(&btf, NULL, blob.data, BTF_MAX_SIZE + 1, NULL),
			 -E2BIG);
	/* strings begin and end with a NUL */
	blob.data[blob.size - 1] = 'x';
	assert_int_equal(btf_new(&btf, NULL, blob.data, blob.size, NULL),
			 -EINVAL);
	blob.data[blob.size - 1] = '\0';
	blob.data[blob.size - 5] = 'x';
	assert_int_equal(btf_new(&btf, NULL, blob.data, blob.size, NULL),
			 -EINVAL);
	free(blob.data);
}

/* A longer header, of any length, and types behind the strings. */
static void test_layout(void **state)
{
	(void)state;
	for (u32 pad = 0; pad < 9; pad++) {
		struct btf_header hdr;
		struct btf *btf = NULL;
		u8 *data;

		blob_init(&blob);
		blob_text(&blob, T_INT "PTR - 0 0 1\n");
		blob_finish(&blob);
		memcpy(&hdr, blob.data, sizeof(hdr));
		hdr.hdr_len += pad;
		data = calloc(1, blob.size + pad);
		memcpy(data, &hdr, sizeof(hdr));
		memcpy(data + hdr.hdr_len, blob.data + sizeof(hdr),
		       blob.size - sizeof(hdr));
		assert_int_equal(
			btf_new(&btf, NULL, data, blob.size + pad, NULL), 0);
		assert_int_equal(btf->nr_types, 3);
		assert_memory_equal(btf->data, data, blob.size + pad);
		btf_put(btf);
		free(data);
		free(blob.data);
	}
}

static void test_accessors(void **state)
{
	struct btf *btf = load(T_INT T_U64 "TYPEDEF t 0 0 4\nCONST - 0 0 2\n"
					   "ARRAY - 0 0 0 3 1 3\nPTR - 0 0 0\n"
					   "STRUCT s 2 0 32 'a' 5 0 'b' 6 192\n"
					   "TYPEDEF v 0 0 0\nVAR x 0 0 7 1\n"
					   "INT o 0 0 4 0x13\n");
	u32 id, size;

	(void)state;
	assert_int_equal(btf->nr_types, 11);
	assert_null(btf_type_by_id(btf, 11));
	assert_true(btf_is_void(btf_type_by_id(btf, 0)));
	assert_string_equal(btf_name(btf, btf_type_by_id(btf, 7)->name_off),
			    "s");
	assert_null(btf_name(btf, btf->strings_len));

	id = 3;
	assert_ptr_equal(btf_type_id_size(btf, &id, &size), btf->types[2]);
	assert_int_equal(id, 2);
	assert_int_equal(size, 8);
	id = 5;
	assert_non_null(btf_type_id_size(btf, &id, &size));
	assert_int_equal(size, 24);
	id = 6;
	assert_non_null(btf_type_id_size(btf, &id, &size));
	assert_int_equal(size, 8);
	id = 9;
	assert_non_null(btf_type_id_size(btf, &id, &size));
	assert_int_equal(id, 7);
	assert_int_equal(size, 32);
	id = 8;
	assert_null(btf_type_id_size(btf, &id, &size));
	assert_int_equal(id, 8);
	id = 77;
	assert_null(btf_type_id_size(btf, &id, &size));

	assert_true(btf_is_reg_int(btf, 3, 64));
	assert_false(btf_is_reg_int(btf, 3, 32));
	assert_true(btf_is_reg_int(btf, 1, 32));
	assert_false(btf_is_reg_int(btf, 10, 32));
	assert_false(btf_is_reg_int(btf, 6, 64));
	assert_false(btf_is_reg_int(btf, 0, 64));
	btf_put(btf);
}

static void test_find_field(void **state)
{
	struct btf *btf = load(T_INT "STRUCT bpf_spin_lock 1 0 4 'val' 1 0\n"
				     "STRUCT s 2 0 12 'a' 1 0 'l' 2 64\n"
				     "STRUCT bpf_timer 0 0 16\n"
				     "STRUCT t 2 0 32 'l' 4 0 'm' 4 128\n"
				     "STRUCT u 2 0 64 'l' 3 0 'm' 4 128\n");
	struct btf_fields fields;
	u32 all = BTF_FIELD_BIT(BTF_FIELD_SPIN_LOCK) |
		  BTF_FIELD_BIT(BTF_FIELD_TIMER);

	(void)state;
	assert_int_equal(btf_find_field(btf, 3, "bpf_spin_lock", 4, 4), 8);
	assert_int_equal(btf_find_field(btf, 3, "bpf_timer", 16, 8), -ENOENT);
	assert_int_equal(btf_find_field(btf, 5, "bpf_timer", 16, 8), -E2BIG);
	assert_int_equal(btf_find_field(btf, 1, "bpf_timer", 16, 8), -EINVAL);
	/* the struct in a struct is searched, too */
	assert_int_equal(btf_fields_find(btf, 6, all, &fields), 0);
	assert_int_equal(fields.mask, all);
	assert_int_equal(btf_fields_offset(&fields, BTF_FIELD_SPIN_LOCK), 8);
	assert_int_equal(btf_fields_offset(&fields, BTF_FIELD_TIMER), 16);
	assert_int_equal(btf_fields_offset(&fields, BTF_FIELD_UPTR), -ENOENT);
	assert_int_equal(btf_fields_find(btf, 5, all, &fields), -E2BIG);
	assert_int_equal(btf_fields_find(btf, 1, all, &fields), -EINVAL);
	btf_put(btf);
}

/*
 * Structs of many empty structs, nested: walking them naively would take
 * longer than anybody waits.
 */
static void test_no_explosion(void **state)
{
	struct btf *btf = NULL;
	int err;

	(void)state;
	blob_init(&blob);
	blob_text(&blob, "INT i 0 0 4 0x20\n"
			 "STRUCT bpf_spin_lock 1 0 4 'val' 1 0\n"
			 "STRUCT e 0 0 0\n");
	for (u32 i = 0; i < 26; i++) {
		u32 last = blob.nr_types;

		blob_type(&blob, 0, BTF_KIND_STRUCT, 100, 0, 0);
		for (u32 m = 0; m < 100; m++) {
			blob_word(&blob, 0);
			blob_word(&blob, last);
			blob_word(&blob, 0);
		}
	}
	blob_type(&blob, 0, BTF_KIND_STRUCT, 2, 0, 4);
	blob_word(&blob, 0);
	blob_word(&blob, 2);
	blob_word(&blob, 0);
	blob_word(&blob, 0);
	blob_word(&blob, blob.nr_types - 1);
	blob_word(&blob, 0);
	blob_finish(&blob);
	err = btf_new(&btf, NULL, blob.data, blob.size, NULL);
	assert_int_equal(err, 0);
	btf_put(btf);
	free(blob.data);
}

/* Random BTF and mutations of it: nothing but 0 and an errno comes of it. */
static void test_random(void **state)
{
	(void)state;
	for (u64 i = 0; i < 20000; i++) {
		struct log log;
		struct btf *btf;
		u64 seed = i;
		int err;

		if (rnd_one_in(&seed, 8))
			blob_chain(&blob, &seed);
		else
			blob_random(&blob, &seed);
		for (u32 n = rnd_below(&seed, 4); n; n--)
			blob_mutate(&blob, &seed);
		log_init(&log, i & 1, 1u << 16);
		err = btf_new(&btf, NULL, blob.data, blob.size, &log);
		assert_true(err <= 0 && err >= -ENOTSUPP);
		if (!err)
			btf_put(btf);
		log_destroy(&log);
		free(blob.data);
	}
}

/* Each allocation fails once: -ENOMEM, and nothing is left behind. */
static void test_no_memory(void **state)
{
#ifdef CGBPF_FAULTS
	struct btf *btf = NULL;
	unsigned long nth = 0;
	long live = mem_live();
	bool fired;
	int err;

	(void)state;
	blob_init(&blob);
	blob_text(&blob, T_INT "STRUCT bpf_spin_lock 1 0 4 'val' 1 0\n"
			       "STRUCT bpf_list_head 0 0 16\n"
			       "STRUCT bpf_list_node 0 0 24\n"
			       "STRUCT n 1 0 24 'node' 4 0\n"
			       "STRUCT s 2 0 32 'h' 3 0 'l' 2 128\n"
			       "DECL_TAG contains:n:node 0 0 6 0\n");
	blob_finish(&blob);
	do {
		mem_fault_set(++nth);
		err = btf_new(&btf, NULL, blob.data, blob.size, NULL);
		fired = mem_fault_fired();
		assert_int_equal(err, fired ? -ENOMEM : 0);
		if (fired)
			assert_int_equal(mem_live(), live);
	} while (fired);
	assert_true(nth > 5);
	btf_put(btf);
	assert_int_equal(mem_live(), live);
	free(blob.data);
#else
	(void)state;
	skip();
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_accessors),
		cmocka_unit_test(test_find_field),
		cmocka_unit_test(test_no_explosion),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
