/* SPDX-License-Identifier: BSD-2-Clause */
/* The tree of cgroups: names, ids, lives (AT-15, CS-26, KB-13, KB-14, KB-16) */
#include "cgroup_world.h"

#include "cgroup/cgroup.h"

static void test_names(void **state)
{
	struct world w;
	struct cgbpf_cgroup *a, *b, *found;
	char long_name[300] = "/";
	char path[64];

	(void)state;
	world_new(&w, CGBPF_STORAGE_SHARED);
	a = world_cgroup(&w, "/a");
	b = world_cgroup(&w, "//a/b/");
	assert_int_equal(cgbpf_cgroup_path(b, path, sizeof(path)), 4);
	assert_string_equal(path, "/a/b");
	assert_int_equal(cgbpf_cgroup_path(b, path, 3), 4);
	assert_string_equal(path, "/a");
	assert_int_equal(cgbpf_cgroup_path(b, NULL, 0), 4);
	assert_int_equal(cgbpf_cgroup_get(w.env, "/a/b", &found), 0);
	assert_ptr_equal(found, b);
	cgbpf_cgroup_put(found);
	assert_int_equal(cgbpf_cgroup_get(w.env, "/", &found), 0);
	assert_int_equal(cgbpf_cgroup_path(found, path, sizeof(path)), 1);
	assert_string_equal(path, "/");
	assert_int_equal(cgbpf_cgroup_remove(found), -EBUSY);
	cgbpf_cgroup_put(found);

	found = NULL;
	assert_int_equal(cgbpf_cgroup_new(w.env, "/a", &found), -EEXIST);
	assert_int_equal(cgbpf_cgroup_new(w.env, "/", &found), -EEXIST);
	assert_int_equal(cgbpf_cgroup_new(w.env, "/x/y", &found), -ENOENT);
	assert_int_equal(cgbpf_cgroup_new(w.env, "a", &found), -EINVAL);
	assert_int_equal(cgbpf_cgroup_new(w.env, "", &found), -EINVAL);
	assert_int_equal(cgbpf_cgroup_new(w.env, "/a/.", &found), -EINVAL);
	assert_int_equal(cgbpf_cgroup_new(w.env, "/a/..", &found), -EINVAL);
	assert_int_equal(cgbpf_cgroup_new(w.env, "/a\nb", &found), -EINVAL);
	memset(long_name + 1, 'n', 256);
	assert_int_equal(cgbpf_cgroup_new(w.env, long_name, &found),
			 -ENAMETOOLONG);
	assert_int_equal(cgbpf_cgroup_get(w.env, "/a/c", &found), -ENOENT);
	assert_int_equal(cgbpf_cgroup_get(w.env, "a", &found), -ENOENT);
	assert_null(found);
	long_name[256] = '\0';
	cgbpf_cgroup_put(world_cgroup(&w, long_name));

	assert_int_equal(cgbpf_cgroup_remove(a), -EBUSY);
	assert_int_equal(cgbpf_cgroup_remove(b), 0);
	assert_int_equal(cgbpf_cgroup_remove(b), -ENOENT);
	assert_int_equal(cgbpf_cgroup_get(w.env, "/a/b", &found), -ENOENT);
	/* a removed one keeps its last path, for who refers to it */
	cgbpf_cgroup_path(b, path, sizeof(path));
	assert_string_equal(path, "/a/b");
	assert_int_equal(cgbpf_cgroup_path_by_id(w.env, cgbpf_cgroup_id(b),
						 path, sizeof(path)),
			 4);
	assert_int_equal(cgbpf_cgroup_open(w.task, b), -ENOENT);
	assert_int_equal(cgbpf_cgroup_remove(a), 0);
	cgbpf_cgroup_put(a);
	cgbpf_cgroup_put(b);
	world_free(&w);
}

/* CS-26: an id is never given again, a name is. */
static void test_ids(void **state)
{
	struct world w;
	struct cgbpf_cgroup *c;
	char path[16];
	u64 last = 0;

	(void)state;
	world_new(&w, CGBPF_STORAGE_SHARED);
	for (int i = 0; i < 100; i++) {
		c = world_cgroup(&w, "/a");
		assert_true(cgbpf_cgroup_id(c) > last);
		last = cgbpf_cgroup_id(c);
		assert_int_equal(cgbpf_cgroup_remove(c), 0);
		cgbpf_cgroup_put(c);
	}
	assert_int_equal(cgbpf_cgroup_path_by_id(w.env, last, path, 16),
			 -ENOENT);
	assert_int_equal(cgbpf_cgroup_path_by_id(w.env, 0, path, 16), -ENOENT);
	assert_int_equal(cgbpf_cgroup_path_by_id(w.env, ~0ull, path, 16),
			 -ENOENT);
	assert_int_equal(cgbpf_cgroup_path_by_id(w.env, 1, path, 16), 1);
	assert_string_equal(path, "/");
	world_free(&w);
}

struct seen {
	char text[256];
	int stop_after;
};

static int see(void *data, struct cgbpf_cgroup *cgroup)
{
	struct seen *seen = data;
	size_t len = strlen(seen->text);

	len += (size_t)cgbpf_cgroup_path(cgroup, seen->text + len,
					 sizeof(seen->text) - len);
	strcpy(seen->text + len, " ");
	return --seen->stop_after ? 0 : 7;
}

static void test_each(void **state)
{
	static const char *const paths[] = { "/b",   "/a",     "/a/z",
					     "/a-b", "/a/z/c", "/a/y" };
	struct seen seen = { .stop_after = -1 };
	struct world w;

	(void)state;
	world_new(&w, CGBPF_STORAGE_SHARED);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		cgbpf_cgroup_put(world_cgroup(&w, paths[i]));
	assert_int_equal(cgbpf_cgroup_each(w.env, see, &seen), 0);
	assert_string_equal(seen.text, "/ /a /a/y /a/z /a/z/c /a-b /b ");
	seen = (struct seen){ .stop_after = 2 };
	assert_int_equal(cgbpf_cgroup_each(w.env, see, &seen), 7);
	assert_string_equal(seen.text, "/ /a ");
	world_free(&w);
}

/* AT-15: who holds a removed cgroup keeps its state, and its parents'. */
static void test_lifecycle(void **state)
{
	struct world w;
	struct cgbpf_cgroup *a, *b;

	(void)state;
	world_new(&w, CGBPF_STORAGE_SHARED);
	a = world_cgroup(&w, "/a");
	b = world_cgroup(&w, "/a/b");
	assert_int_equal(cgroup_hold(b), 0);
	assert_int_equal(cgbpf_cgroup_remove(b), 0);
	assert_int_equal(b->state, CGROUP_DYING);
	assert_int_equal(cgroup_hold(b), -ENOENT);
	cgroup_hold_more(b); /* accept(2) of its listener */
	/* a dying child is no obstacle, but its parent waits for it (KB-13) */
	assert_int_equal(cgbpf_cgroup_remove(a), 0);
	assert_int_equal(a->state, CGROUP_DYING);
	cgroup_unhold(b);
	assert_int_equal(b->state, CGROUP_DYING);
	cgroup_unhold(b);
	assert_int_equal(b->state, CGROUP_RELEASED);
	assert_int_equal(a->state, CGROUP_RELEASED);
	cgbpf_cgroup_put(a);
	cgbpf_cgroup_put(b);
	world_free(&w);
}

/* A name is free with rmdir, even while the old one is dying. */
static void test_same_name(void **state)
{
	struct world w;
	struct cgbpf_cgroup *old, *new, *found;

	(void)state;
	world_new(&w, CGBPF_STORAGE_SHARED);
	old = world_cgroup(&w, "/a");
	assert_int_equal(cgroup_hold(old), 0);
	assert_int_equal(cgbpf_cgroup_remove(old), 0);
	new = world_cgroup(&w, "/a");
	assert_int_equal(cgbpf_cgroup_get(w.env, "/a", &found), 0);
	assert_ptr_equal(found, new);
	assert_ptr_not_equal(found, old);
	cgbpf_cgroup_put(found);
	cgroup_unhold(old);
	cgbpf_cgroup_put(old);
	cgbpf_cgroup_put(new);
	world_free(&w);
}

static void test_ancestors(void **state)
{
	struct world w;
	struct cgbpf_cgroup *a, *b, *c;
	const struct cgroup_ops *ops;

	(void)state;
	world_new(&w, CGBPF_STORAGE_SHARED);
	ops = w.env->cgroup_ops;
	a = world_cgroup(&w, "/a");
	b = world_cgroup(&w, "/a/b");
	c = world_cgroup(&w, "/c");
	assert_ptr_equal(cgroup_ancestor(b, 0), w.env->root);
	assert_ptr_equal(cgroup_ancestor(b, 1), a);
	assert_ptr_equal(cgroup_ancestor(b, 2), b);
	assert_null(cgroup_ancestor(b, 3));
	assert_int_equal(ops->ancestor_id(b, 1), cgbpf_cgroup_id(a));
	assert_int_equal(ops->ancestor_id(b, 3), 0);
	assert_true(ops->is_descendant(b, a));
	assert_true(ops->is_descendant(a, a));
	assert_false(ops->is_descendant(a, b));
	assert_false(ops->is_descendant(c, a));
	cgbpf_cgroup_put(a);
	cgbpf_cgroup_put(b);
	cgbpf_cgroup_put(c);
	world_free(&w);
}

/* Many children, by name and by id; both tables grow on the way. */
static void test_many(void **state)
{
	enum {
		MANY = 5000
	};
	static u64 ids[MANY];
	struct world w;
	char path[32], back[32];

	(void)state;
	world_new(&w, CGBPF_STORAGE_SHARED);
	for (int i = 0; i < MANY; i++) {
		struct cgbpf_cgroup *c;

		snprintf(path, sizeof(path), "/n%d", i);
		c = world_cgroup(&w, path);
		ids[i] = cgbpf_cgroup_id(c);
		cgbpf_cgroup_put(c);
	}
	for (int i = 0; i < MANY; i += 2) {
		snprintf(path, sizeof(path), "/n%d", i);
		assert_int_equal(world_rmdir(&w, path), 0);
	}
	for (int i = 0; i < MANY; i++) {
		int len = cgbpf_cgroup_path_by_id(w.env, ids[i], back, 32);

		snprintf(path, sizeof(path), "/n%d", i);
		if (i % 2)
			assert_string_equal(back, path);
		else
			assert_int_equal(len, -ENOENT);
		assert_int_equal(world_rmdir(&w, path), i % 2 ? 0 : -ENOENT);
	}
	world_free(&w);
}

#ifdef CGBPF_FAULTS
/* KB-14: a creation that fails leaves no trace, on no ancestor. */
static void test_failed_creation(void **state)
{
	struct world w;
	struct cgbpf_cgroup *a, *b = NULL;
	unsigned long nth = 0;
	long live, holders;
	int err;

	(void)state;
	world_new(&w, CGBPF_STORAGE_SHARED);
	a = world_cgroup(&w, "/a");
	cgbpf_env_sync(w.env);
	live = mem_live();
	holders = a->holders;
	do {
		mem_fault_set(++nth);
		err = cgbpf_cgroup_new(w.env, "/a/b", &b);
		if (!mem_fault_fired())
			break;
		assert_int_equal(err, -ENOMEM);
		assert_null(b);
		assert_int_equal(mem_live(), live);
		assert_int_equal(a->holders, holders);
	} while (1);
	assert_true(nth > 1);
	assert_int_equal(err, 0);
	assert_int_equal(cgbpf_cgroup_remove(b), 0);
	cgbpf_cgroup_put(b);
	cgbpf_env_sync(w.env);
	assert_int_equal(mem_live(), live);
	assert_int_equal(a->holders, holders);
	cgbpf_cgroup_put(a);
	world_free(&w);
}

static void test_failed_environment(void **state)
{
	struct cgbpf_env *env = NULL;
	unsigned long nth = 0;
	long live = mem_live();
	int err;

	(void)state;
	do {
		mem_fault_set(++nth);
		err = cgbpf_env_new(&env, NULL);
		if (!mem_fault_fired())
			break;
		assert_int_equal(err, -ENOMEM);
		assert_null(env);
		assert_int_equal(mem_live(), live);
	} while (1);
	assert_int_equal(err, 0);
	cgbpf_env_free(env);
	assert_int_equal(mem_live(), live);
}

/* KB-16: 100,000 removals with programs attached; all memory comes back. */
static void test_mass_removal(void **state)
{
	enum {
		MANY = 100000
	};
	struct world w;
	char path[32];
	int prog;
	long live;

	(void)state;
	world_new(&w, CGBPF_STORAGE_SHARED);
	prog = world_skb(&w);
	cgbpf_cgroup_put(world_cgroup(&w, "/top"));
	live = mem_live();
	for (int i = 0; i < MANY; i++) {
		int fd;

		snprintf(path, sizeof(path), "/top/n%d", i);
		fd = world_mkdir(&w, path);
		assert_int_equal(attach(&w, fd, prog, EGRESS, 0), 0);
		assert_int_equal(cgbpf_close(w.task, fd), 0);
	}
	for (int i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), "/top/n%d", i);
		assert_int_equal(world_rmdir(&w, path), 0);
	}
	cgbpf_env_sync(w.env);
	assert_int_equal(mem_live(), live);
	world_free(&w);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_lifecycle),
		cmocka_unit_test(test_same_name),
		cmocka_unit_test(test_ancestors),
		cmocka_unit_test(test_many),
#ifdef CGBPF_FAULTS
		cmocka_unit_test(test_failed_creation),
		cmocka_unit_test(test_failed_environment),
		cmocka_unit_test(test_mass_removal),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
