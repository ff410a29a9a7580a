/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>

#include "btf_random.h"
#include "object/btf.h"
#include "object/btf_text.h"

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

static void shows(const struct btf *btf, u32 id, const void *data,
		  const char *text, const char *json)
{
	char buf[512], cut[4];
	int n = btf_show(btf, id, data, buf, sizeof(buf), false);

	assert_string_equal(buf, text);
	assert_int_equal(n, strlen(text));
	n = btf_show(btf, id, data, buf, sizeof(buf), true);
	assert_string_equal(buf, json);
	assert_int_equal(n, strlen(json));
	/* cut as snprintf() does */
	assert_int_equal(btf_show(btf, id, data, cut, sizeof(cut), true), n);
	assert_int_equal(cut[min(strlen(json), sizeof(cut) - 1)], '\0');
	assert_memory_equal(cut, json, min(strlen(json), sizeof(cut) - 1));
	assert_int_equal(btf_show(btf, id, data, NULL, 0, true), n);
}

#define same(btf, id, data, text) shows(btf, id, data, text, text)

static void test_numbers(void **state)
{
	struct btf *btf = load("INT s8 0 0 1 0x01000008\n"
			       "INT u16 0 0 2 0x10\n"
			       "INT s32 0 0 4 0x01000020\n"
			       "INT u64 0 0 8 0x40\n"
			       "INT s64 0 0 8 0x01000040\n"
			       "INT u128 0 0 16 0x80\n"
			       "INT s128 0 0 16 0x01000080\n"
			       "INT bool 0 0 1 0x04000008\n"
			       "INT odd 0 0 4 0x0004000b\n"
			       "PTR - 0 0 0\n"
			       "FLOAT f 0 0 4\n"
			       "FLOAT d 0 0 8\n"
			       "FLOAT h 0 0 2\n"
			       "TYPEDEF t 0 0 3\n");
	u64 ones[2] = { UINT64_MAX, UINT64_MAX }, one[2] = { 1, 1ull << 63 };
	float f = 0.1f;
	double d = -1.5, nan = __builtin_nan("");

	(void)state;
	same(btf, 1, ones, "-1");
	same(btf, 2, ones, "65535");
	same(btf, 3, ones, "-1");
	same(btf, 14, ones, "-1");
	same(btf, 4, ones, "18446744073709551615");
	same(btf, 5, &one[1], "-9223372036854775808");
	same(btf, 6, ones, "340282366920938463463374607431768211455");
	same(btf, 7, ones, "-1");
	same(btf, 7, one, "-170141183460469231731687303715884105727");
	same(btf, 8, one, "true");
	same(btf, 8, "", "false");
	same(btf, 9, "\xf0\xff\0", "2047"); /* 11 bits from bit 4 on */
	shows(btf, 10, one, "0x1", "\"0x1\"");
	same(btf, 11, &f, "0.100000001");
	same(btf, 12, &d, "-1.5");
	shows(btf, 12, &nan, "nan", "null");
	shows(btf, 13, one, "0x0001", "\"0x0001\"");
	shows(btf, 0, one, "?", "null");
	shows(btf, 99, one, "?", "null");
	btf_put(btf);
}

static void test_enums(void **state)
{
	struct btf *btf = load("ENUM e 2 1 4 'A' 1 'B' -1\n"
			       "ENUM b 1 0 1 'C' 255\n"
			       "ENUM64 w 1 0 8 'D' 1 1\n");
	u64 wide = 0x100000001;
	u32 two = 2;
	s32 minus = -1, other = -2;

	(void)state;
	shows(btf, 1, &minus, "B", "\"B\"");
	same(btf, 1, &two, "2");
	same(btf, 1, &other, "-2");
	shows(btf, 2, "\xff", "C", "\"C\"");
	same(btf, 2, "\xfe", "254");
	shows(btf, 3, &wide, "D", "\"D\"");
	btf_put(btf);
}

static void test_aggregates(void **state)
{
	struct btf *btf = load("INT i 0 0 4 0x01000020\n"
			       "STRUCT - 2 0 8 'x' 1 0 'y' 1 32\n"
			       "UNION - 2 0 8 'u' 2 0 'v' 1 0\n"
			       "STRUCT s 3 0 16 'a' 1 0 0 3 32 'b' 1 96\n"
			       "ARRAY - 0 0 0 1 1 2\n"
			       "ARRAY - 0 0 0 5 1 2\n"
			       "ARRAY - 0 0 0 1 1 0\n"
			       "STRUCT t 2 0 4 'n' 1 0 'rest' 7 32\n"
			       "STRUCT f 3 1 4 'a' 1 0x03000000 0 1 0x05000003 "
			       "'b' 1 0x18000008\n"
			       "STRUCT - 0 0 0\n"
			       "VAR v 0 0 1 1\nVAR w 0 0 5 1\n"
			       "DATASEC .data 2 0 12 11 0 4 12 4 8\n");
	s32 data[] = { 1, 2, -3, 4 };

	(void)state;
	shows(btf, 2, data, "{x = 1, y = 2}", "{\"x\":1,\"y\":2}");
	/* members without a name show in their parent */
	shows(btf, 4, data, "{a = 1, u = {x = 2, y = -3}, v = 2, b = 4}",
	      "{\"a\":1,\"u\":{\"x\":2,\"y\":-3},\"v\":2,\"b\":4}");
	shows(btf, 5, data, "[1, 2]", "[1,2]");
	shows(btf, 6, data, "[[1, 2], [-3, 4]]", "[[1,2],[-3,4]]");
	same(btf, 7, data, "[]");
	shows(btf, 8, data, "{n = 1, rest = []}", "{\"n\":1,\"rest\":[]}");
	data[0] = 5 | -2 * 256;
	shows(btf, 9, data, "{a = -3, b = -2}", "{\"a\":-3,\"b\":-2}");
	same(btf, 10, data, "{}");
	data[0] = 1;
	shows(btf, 13, data, "{v = 1, w = [2, -3]}", "{\"v\":1,\"w\":[2,-3]}");
	btf_put(btf);
}

static void test_strings(void **state)
{
	struct btf *btf = load("INT i 0 0 4 0x01000020\n"
			       "INT char 0 0 1 0x01000008\n"
			       "INT u8 0 0 1 0x8\n"
			       "ARRAY - 0 0 0 2 1 4\n"
			       "ARRAY - 0 0 0 3 1 4\n"
			       "INT c 0 0 1 0x02000008\n"
			       "ARRAY - 0 0 0 6 1 2\n"
			       "STRUCT s\xe9 1 0 1 'm\xe9' 3 0\n");

	(void)state;
	same(btf, 4, "abc", "\"abc\"");
	same(btf, 4, "abcd", "\"abcd\"");
	same(btf, 4, "\0\0\0", "\"\"");
	same(btf, 4, "a\"\\", "\"a\\\"\\\\\"");
	/* not text: numbers */
	shows(btf, 4, "a\0b", "[97, 0, 98, 0]", "[97,0,98,0]");
	shows(btf, 4, "a\n\0", "[97, 10, 0, 0]", "[97,10,0,0]");
	shows(btf, 5, "abc", "[97, 98, 99, 0]", "[97,98,99,0]");
	same(btf, 7, "hi", "\"hi\"");
	shows(btf, 8, "a", "{m\xe9 = 97}", "{\"m\\u00e9\":97}");
	btf_put(btf);
}

/* A strict reader of JSON: the end of one value, or NULL. */
static const char *json_value(const char *p);

static const char *json_string(const char *p)
{
	if (*p++ != '"')
		return NULL;
	while (*p != '"') {
		if ((u8)*p < ' ' || (u8)*p >= 0x7f)
			return NULL;
		if (*p++ != '\\')
			continue;
		if (*p == 'u') {
			for (int i = 0; i < 4; i++)
				if (!isxdigit((unsigned char)*++p))
					return NULL;
		} else if (!strchr("\"\\/bfnrt", *p)) {
			return NULL;
		}
		p++;
	}
	return p + 1;
}

static const char *json_number(const char *p)
{
	if (*p == '-')
		p++;
	if (!isdigit((unsigned char)*p))
		return NULL;
	if (*p == '0' && isdigit((unsigned char)p[1]))
		return NULL;
	while (isdigit((unsigned char)*p))
		p++;
	if (*p == '.') {
		if (!isdigit((unsigned char)*++p))
			return NULL;
		while (isdigit((unsigned char)*p))
			p++;
	}
	if (*p == 'e') {
		p++;
		if (*p == '-' || *p == '+')
			p++;
		if (!isdigit((unsigned char)*p))
			return NULL;
		while (isdigit((unsigned char)*p))
			p++;
	}
	return p;
}

static const char *json_list(const char *p, bool keys)
{
	char close = keys ? '}' : ']';

	if (*++p == close)
		return p + 1;
	for (;; p++) {
		if (keys) {
			p = json_string(p);
			if (!p || *p++ != ':')
				return NULL;
		}
		p = json_value(p);
		if (!p)
			return NULL;
		if (*p == close)
			return p + 1;
		if (*p != ',')
			return NULL;
	}
}

static const char *json_value(const char *p)
{
	static const char *const words[] = { "true", "false", "null" };

	if (*p == '{' || *p == '[')
		return json_list(p, *p == '{');
	if (*p == '"')
		return json_string(p);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strncmp(p, words[i], strlen(words[i])))
			return p + strlen(words[i]);
	return json_number(p);
}

/* Whatever the types and bytes are: valid JSON, and no byte read beyond. */
static void test_random(void **state)
{
	static char buf[1 << 20];
	unsigned int shown = 0;

	(void)state;
	for (u64 i = 0; i < 6000; i++) {
		struct btf *btf;
		u64 seed = i;

		blob_random(&blob, &seed);
		if (btf_new(&btf, NULL, blob.data, blob.size, NULL)) {
			free(blob.data);
			continue;
		}
		for (u32 id = 1; id < btf->nr_types; id++) {
			u32 size = 0, known = id;
			struct text text;
			const char *end;
			u8 *data;

			btf_type_id_size(btf, &known, &size);
			if (size > 65536)
				continue;
			/* exactly as large as needed, for the sanitizer */
			data = malloc(size + !size);
			for (u32 n = 0; n < size; n++)
				data[n] = (u8)rnd(&seed);
			btf_show(btf, id, data, buf, sizeof(buf), false);
			if (btf_show(btf, id, data, buf, sizeof(buf), true) <
			    (int)sizeof(buf)) {
				end = json_value(buf);
				if (!end || *end)
					fail_msg("seed %llu type %u: %.500s",
						 (unsigned long long)i, id,
						 buf);
			}
			text_init(&text, buf, sizeof(buf));
			if (size)
				btf_seq_show(&text, btf, id, data);
			free(data);
			shown++;
		}
		btf_put(btf);
		free(blob.data);
	}
	assert_true(shown > 1000);
}

/* Unions of unions of nothing: there is an end to it. */
static void test_no_explosion(void **state)
{
	struct btf *btf;
	struct text text;
	static char buf[4096];
	u64 data = 0;

	(void)state;
	blob_init(&blob);
	blob_text(&blob, "INT i 0 0 4 0x20\nSTRUCT e 0 0 0\n"
			 "ARRAY - 0 0 0 2 1 -1\n"
			 "STRUCT - 2 0 8 'a' 1 0 'b' 3 32\n");
	for (u32 i = 0; i < 200; i++) {
		u32 last = blob.nr_types;

		blob_type(&blob, 0, BTF_KIND_UNION, 100, 0, 8);
		for (u32 m = 0; m < 100; m++) {
			blob_word(&blob, blob_string(&blob, "m"));
			blob_word(&blob, last);
			blob_word(&blob, 0);
		}
	}
	blob_finish(&blob);
	assert_int_equal(btf_new(&btf, NULL, blob.data, blob.size, NULL), 0);
	for (u32 id = 4; id < btf->nr_types; id += 49) {
		btf_show(btf, id, &data, buf, sizeof(buf), true);
		text_init(&text, buf, sizeof(buf));
		btf_seq_show(&text, btf, id, &data);
	}
	btf_put(btf);
	free(blob.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_enums),
		cmocka_unit_test(test_aggregates),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_no_explosion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
