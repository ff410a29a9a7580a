/* SPDX-License-Identifier: BSD-2-Clause */
/* OBJ_PIN, OBJ_GET, ids and infos. */
#include "directed.h"

#include "private.h"

#define EGRESS BPF_CGROUP_INET_EGRESS

static int map, prog, link, cgroup;

static void start(void)
{
	cgroup = MUST(ls_cgroup(ls, "/a"));
	map = MUST(ls_map(ls, BPF_MAP_TYPE_HASH, 4, 8, 4, 0));
	prog = MUST(ls_prog_return(ls, EGRESS, 1));
	link = MUST(ls_link(ls, cgroup, prog, EGRESS));
}

static void unpin_all(void)
{
	static const char *const paths[] = { "/m", "/p", "/l", "/d/m", "/d" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		ls_pin_remove(ls, paths[i]);
}

static void pin_and_get(void **state)
{
	static const enum ls_kind kinds[] = { LS_MAP, LS_PROG, LS_LINK };
	static const char *const paths[] = { "/m", "/p", "/l" };

	(void)state;
	start();
	for (int i = 0; i < 3; i++) {
		int object = i == 0 ? map : i == 1 ? prog : link;
		int got;

		ls_doing(ls, "%s", paths[i]);
		OK(ls_pin(ls, paths[i], object, 0));
		FAILS(EEXIST, ls_pin(ls, paths[i], object, 0));
		got = MUST(ls_obj_get(ls, paths[i], 0, kinds[i]));
		OK(ls_info(ls, got));
		OK(ls_close_handle(ls, got));
		for (u32 bit = 0; bit < 32; bit++) {
			ls_doing(ls, "%s flags %#x", paths[i], 1u << bit);
			ls_pin(ls, "/no", object, 1u << bit);
			got = ls_obj_get(ls, paths[i], 1u << bit, kinds[i]);
			if (got >= 0)
				OK(ls_close_handle(ls, got));
		}
		got = ls_obj_get(ls, paths[i], BPF_F_RDONLY | BPF_F_WRONLY,
				 kinds[i]);
		if (got >= 0)
			OK(ls_close_handle(ls, got));
	}
	ls_pin_remove(ls, "/no");
	unpin_all();
}

static void pin_paths(void **state)
{
	static const char *const paths[] = {
		"",	  "/",	      "/x/",   "//x",  "/./x",	   "/d/../x",
		"/d/./x", "/d/..",    "/m/..", "/m/.", "/no/../x", "/a.b",
		"/.x",	  "/no/such", "/d",    "/d/",  "/d/x",	   "/m/x"
	};
	char longest[300] = "/";

	(void)state;
	start();
	OK(ls_pin_mkdir(ls, "/d"));
	OK(ls_pin(ls, "/m", map, 0));
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		ls_doing(ls, "\"%s\"", paths[i]);
		ls_pin(ls, paths[i], map, 0);
		ls_obj_get(ls, paths[i], 0, LS_MAP);
		/* not the root, busy or not, and not by dots */
		if (paths[i][0] && paths[i][strlen(paths[i]) - 1] == 'x')
			ls_pin_remove(ls, paths[i]);
	}
	for (size_t n = 250; n < 260; n++) {
		memset(longest + 1, 'x', n);
		longest[n + 1] = 0;
		ls_doing(ls, "%zu letters", n);
		ls_pin(ls, longest, map, 0);
		ls_obj_get(ls, longest, 0, LS_MAP);
		ls_pin_remove(ls, longest);
	}
	ls_doing(ls, "%s", "");
	OK(ls_pin_remove(ls, "/m"));
	ls_pin_mkdir(ls, "/d");
	OK(ls_pin(ls, "/d/m", map, 0));
	FAILS(ENOTEMPTY, ls_pin_remove(ls, "/d"));
	FAILS(EEXIST, ls_pin_mkdir(ls, "/d"));
	unpin_all();
}

static void pin_what_cannot_be(void **state)
{
	(void)state;
	start();
	FAILS(EINVAL, ls_pin(ls, "/x", -1, 0));
	FAILS(EINVAL, ls_pin(ls, "/x", cgroup, 0));
	FAILS(ENOENT, ls_obj_get(ls, "/x", 0, LS_MAP));
}

static void pin_holds(void **state)
{
	u32 key = 1;
	u64 value = 5;
	int got;

	(void)state;
	start();
	OK(ls_update(ls, map, &key, &value, 0));
	OK(ls_pin(ls, "/m", map, 0));
	OK(ls_close_handle(ls, map));
	ls_settle(ls);
	got = MUST(ls_obj_get(ls, "/m", BPF_F_RDONLY, LS_MAP));
	OK(ls_lookup(ls, got, &key, &value, 0));
	assert_int_equal(value, 5);
	FAILS(EPERM, ls_update(ls, got, &key, &value, 0));
	OK(ls_close_handle(ls, got));
	OK(ls_pin_remove(ls, "/m"));
	assert_true(ls_gone(ls, LS_MAP, map));
}

static void ids(void **state)
{
	(void)state;
	start();
	for (int kind = LS_MAP; kind <= LS_LINK; kind++) {
		static const u32 some[] = { 0, 0x7fffffff, 0x80000000,
					    0xffffffff };
		int object = kind == LS_MAP    ? map
			     : kind == LS_PROG ? prog
					       : link;

		ls_doing(ls, "kind %d", kind);
		MUST(ls_by_id(ls, (enum ls_kind)kind, object, 0));
		assert_true(ls_walk_ids(ls, (enum ls_kind)kind) >= 1);
		for (size_t i = 0; i < ARRAY_SIZE(some); i++)
			ls_by_id(ls, (enum ls_kind)kind, (int)some[i], 0);
		for (u32 bit = 0; bit < 32; bit++)
			ls_by_id(ls, (enum ls_kind)kind, object, 1u << bit);
	}
}

/* Infos of all lengths: what does not fit is left off. */
static void info_lengths(void **state)
{
	(void)state;
	start();
	for (int kind = 0; kind < 4; kind++) {
		int object = (int[]){ map, prog, link, cgroup }[kind];

		for (u32 len = 0; len <= 264; len += 4) {
			u8 buf[2][512];
			union attr attr[2];
			int ret[2];

			memset(buf, 0, sizeof(buf));
			ls_doing(ls, "kind %d length %u", kind, len);
			for (int w = 0; w < 2; w++) {
				memset(&attr[w], 0, sizeof(attr[w]));
				attr[w].info.bpf_fd = (u32)object;
				attr[w].info.info_len = len;
				attr[w].info.info = (u64)(uintptr_t)buf[w];
				ret[w] = ls_call_one(ls, w,
						     BPF_OBJ_GET_INFO_BY_FD,
						     &attr[w],
						     sizeof(attr[w].info));
			}
			ls_same_ret(ls, "info", ret);
			ls_same_u64(ls, "length", attr[0].info.info_len,
				    attr[1].info.info_len);
			/* beyond what was asked for nothing is written */
			ls_same_bytes(ls, "rest", buf[0] + len, buf[1] + len,
				      512 - len);
		}
	}
}

static void info_tail(void **state)
{
	(void)state;
	start();
	for (u32 at = 80; at < 500; at++) {
		u8 buf[2][512];
		int ret[2];

		memset(buf, 0, sizeof(buf));
		ls_doing(ls, "byte %u", at);
		for (int w = 0; w < 2; w++) {
			union attr attr = { .info = {
						    .bpf_fd = (u32)map,
						    .info_len = 500,
						    .info = (u64)(uintptr_t)
							    buf[w],
					    } };

			buf[w][at] = 1;
			ret[w] = ls_call_one(ls, w, BPF_OBJ_GET_INFO_BY_FD,
					     &attr, sizeof(attr.info));
		}
		ls_same_ret(ls, "info", ret);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(pin_and_get),
	cmocka_unit_test(pin_paths),
	cmocka_unit_test(pin_what_cannot_be),
	cmocka_unit_test(pin_holds),
	cmocka_unit_test(ids),
	cmocka_unit_test(info_lengths),
	cmocka_unit_test(info_tail),
};

DIRECTED_MAIN("pin", tests)
