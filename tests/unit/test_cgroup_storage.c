/* SPDX-License-Identifier: BSD-2-Clause */
/* Storages: CS-1 to CS-5, CS-7, CS-14 to CS-35 but for what needs a run */
#include "cgroup_world.h"

#include "cgroup/cgroup.h"
#include "object/bpffs.h"

#define SHARED_MAP BPF_MAP_TYPE_CGROUP_STORAGE
#define PERCPU_MAP BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE
#define SKB BPF_PROG_TYPE_CGROUP_SKB

struct fixture {
	struct world w;
	int root, a, b;		      /* fds of "/", "/a", "/a/b" */
	int isolated, shared, percpu; /* maps of 8 bytes */
};

static int setup_mode(void **state, enum cgbpf_storage_mode mode)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	world_new(&f->w, mode);
	f->root = world_open(&f->w, "/");
	f->a = world_mkdir(&f->w, "/a");
	f->b = world_mkdir(&f->w, "/a/b");
	f->isolated = world_map(&f->w, SHARED_MAP, 16, 8);
	f->percpu = world_map(&f->w, PERCPU_MAP, 16, 8);
	if (mode == CGBPF_STORAGE_SHARED)
		f->shared = world_map(&f->w, SHARED_MAP, 8, 8);
	*state = f;
	return 0;
}

static int setup(void **state)
{
	return setup_mode(state, CGBPF_STORAGE_SHARED);
}

static int setup_old(void **state)
{
	return setup_mode(state, CGBPF_STORAGE_PER_ATTACHMENT);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	world_free(&f->w);
	free(f);
	return 0;
}

static int prog_with(struct fixture *f, int map)
{
	return world_prog(&f->w, SKB, 0, map, -1);
}

/* The storage that the @nth effective program of a cgroup would run on. */
static struct storage *bound(struct fixture *f, const char *path, u32 type,
			     u32 nth)
{
	const struct effective *effective;
	struct cgbpf_cgroup *cgroup;
	struct storage *storage;

	assert_int_equal(cgbpf_cgroup_get(f->w.env, path, &cgroup), 0);
	effective = cgroup_effective(
		cgroup, (enum cgroup_atype)attach_type_index(type));
	cgbpf_cgroup_put(cgroup);
	assert_non_null(effective);
	assert_true(nth < effective->nr);
	storage = effective->items[nth].storage[STORAGE_SHARED];
	return storage ? storage
		       : effective->items[nth].storage[STORAGE_PERCPU];
}

static u64 value_of(struct fixture *f, int map, const char *path, u32 type)
{
	struct bpf_cgroup_storage_key key = key_of(&f->w, path, type);
	u64 value = 0;

	assert_int_equal(map_read(&f->w, map, &key, &value), 0);
	return value;
}

static void set_value(struct fixture *f, int map, const char *path, u32 type,
		      u64 value)
{
	struct bpf_cgroup_storage_key key = key_of(&f->w, path, type);

	assert_int_equal(map_write(&f->w, map, &key, &value, BPF_ANY), 0);
}

static void test_create(void **state) /* CS-1 to CS-5 */
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	const struct {
		u32 type, key, value, max_entries, flags;
		int err;
	} cases[] = {
		{ SHARED_MAP, 16, 1, 0, 0, 0 },
		{ SHARED_MAP, 8, 1, 0, 0, 0 },
		{ PERCPU_MAP, 8, 1, 0, 0, 0 },
		{ SHARED_MAP, 12, 1, 0, 0, -EINVAL },
		{ SHARED_MAP, 4, 1, 0, 0, -EINVAL },
		{ SHARED_MAP, 0, 1, 0, 0, -EINVAL },
		{ SHARED_MAP, 24, 1, 0, 0, -EINVAL },
		{ SHARED_MAP, 8, 0, 0, 0, -EINVAL },
		{ SHARED_MAP, 8, 65407, 0, 0, 0 },
		{ SHARED_MAP, 8, 65408, 0, 0, -E2BIG },
		{ PERCPU_MAP, 8, 32768, 0, 0, 0 },
		{ PERCPU_MAP, 8, 32769, 0, 0, -E2BIG },
		{ SHARED_MAP, 8, 8, 1, 0, -EINVAL },
		{ SHARED_MAP, 8, 8, 0, BPF_F_NO_PREALLOC, -EINVAL },
		{ SHARED_MAP, 8, 8, 0, BPF_F_MMAPABLE, -EINVAL },
		{ SHARED_MAP, 8, 8, 0, BPF_F_RDONLY, 0 },
		{ SHARED_MAP, 8, 8, 0, BPF_F_WRONLY, 0 },
		{ SHARED_MAP, 8, 8, 0, BPF_F_RDONLY_PROG, 0 },
		{ SHARED_MAP, 8, 8, 0, BPF_F_WRONLY_PROG, 0 },
		{ SHARED_MAP, 8, 8, 0, BPF_F_NUMA_NODE, 0 },
		{ SHARED_MAP, 8, 8, 0, BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG,
		  -EINVAL },
		/* which of two mistakes comes first */
		{ SHARED_MAP, 4, 70000, 0, 0, -EINVAL },
		{ SHARED_MAP, 8, 70000, 1, BPF_F_MMAPABLE, -E2BIG },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int fd = try_map(w, cases[i].type, cases[i].key, cases[i].value,
				 cases[i].max_entries, cases[i].flags);

		assert_int_equal(min(fd, 0), cases[i].err);
		if (fd >= 0)
			cgbpf_close(w->task, fd);
	}
}

/* CS-2, CS-7, CS-15, CS-22: which attachments share a storage. */
static void test_keys(void **state)
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	struct bpf_cgroup_storage_key key = key_of(w, "/a", EGRESS);
	u64 value = 7;
	int one = prog_with(f, f->isolated), two = prog_with(f, f->isolated);
	int three = prog_with(f, f->shared);

	assert_int_equal(attach(w, f->a, one, EGRESS, MULTI), 0);
	assert_int_equal(attach(w, f->a, two, EGRESS, MULTI), 0);
	assert_int_equal(attach(w, f->a, one, INGRESS, MULTI), 0);
	assert_int_equal(map_count(w, f->isolated), 2);
	assert_ptr_equal(bound(f, "/a", EGRESS, 0), bound(f, "/a", EGRESS, 1));
	assert_ptr_not_equal(bound(f, "/a", EGRESS, 0),
			     bound(f, "/a", INGRESS, 0));
	set_value(f, f->isolated, "/a", EGRESS, 5);
	assert_int_equal(value_of(f, f->isolated, "/a", INGRESS), 0);

	assert_int_equal(attach(w, f->a, three, EGRESS, MULTI), 0);
	assert_int_equal(attach(w, f->a, three, INGRESS, MULTI), 0);
	assert_int_equal(attach(w, f->b, three, INGRESS, MULTI), 0);
	assert_int_equal(map_count(w, f->shared), 2);
	assert_ptr_equal(bound(f, "/a", EGRESS, 2), bound(f, "/a", INGRESS, 1));
	/* the attach type is ignored, and so is padding (KB-22) */
	key.attach_type = 77;
	assert_int_equal(map_write(w, f->shared, &key, &value, BPF_ANY), 0);
	assert_int_equal(value_of(f, f->shared, "/a", EGRESS), 7);
	key = key_of(w, "/a", EGRESS);
	((u8 *)&key)[15] = 0xff;
	value = 0;
	assert_int_equal(map_read(w, f->isolated, &key, &value), 0);
	assert_int_equal(value, 5);
}

/* CS-18: a child's event runs on the storage of where it was attached. */
static void test_attachment_decides(void **state)
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	int prog = prog_with(f, f->isolated);

	assert_int_equal(attach(w, f->a, prog, EGRESS, MULTI), 0);
	assert_ptr_equal(bound(f, "/a/b", EGRESS, 0),
			 bound(f, "/a", EGRESS, 0));
	assert_int_equal(map_count(w, f->isolated), 1);
	/* attached here too, it has one of here (CS-22) */
	assert_int_equal(attach(w, f->b, prog, EGRESS, MULTI), 0);
	assert_int_equal(bound(f, "/a/b", EGRESS, 0)->key.cgroup_id,
			 key_of(w, "/a/b", 0).cgroup_inode_id);
	assert_ptr_equal(bound(f, "/a/b", EGRESS, 1),
			 bound(f, "/a", EGRESS, 0));
	assert_int_equal(map_count(w, f->isolated), 2);
}

static void test_reattach(void **state) /* CS-14, CS-19, CS-24 */
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	int prog = prog_with(f, f->isolated), other, link;
	struct storage *storage;

	assert_int_equal(attach(w, f->a, prog, EGRESS, MULTI), 0);
	storage = bound(f, "/a", EGRESS, 0);
	set_value(f, f->isolated, "/a", EGRESS, 42);
	assert_int_equal(detach(w, f->a, prog, EGRESS), 0);
	assert_int_equal(cgbpf_close(w->task, prog), 0);
	cgbpf_env_sync(w->env);
	assert_int_equal(value_of(f, f->isolated, "/a", EGRESS), 42);
	other = prog_with(f, f->isolated);
	link = link_to(w, f->a, other, EGRESS);
	assert_ptr_equal(bound(f, "/a", EGRESS, 0), storage);
	assert_int_equal(cgbpf_close(w->task, link), 0);
	assert_int_equal(value_of(f, f->isolated, "/a", EGRESS), 42);
}

static void test_replace(void **state) /* CS-20 */
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	int one = prog_with(f, f->isolated), two = prog_with(f, f->shared);
	int none = world_skb(w);

	assert_int_equal(attach(w, f->a, one, EGRESS, 0), 0);
	set_value(f, f->isolated, "/a", EGRESS, 1);
	assert_int_equal(attach(w, f->a, two, EGRESS, 0), 0);
	assert_ptr_equal(bound(f, "/a", EGRESS, 0)->map, map_at(w, f->shared));
	assert_int_equal(value_of(f, f->isolated, "/a", EGRESS), 1);
	assert_int_equal(attach(w, f->a, none, EGRESS, 0), 0);
	assert_null(bound(f, "/a", EGRESS, 0));
	assert_int_equal(attach(w, f->a, one, EGRESS, 0), 0);
	assert_int_equal(value_of(f, f->isolated, "/a", EGRESS), 1);
	/* in place of itself it keeps its own */
	assert_int_equal(attach(w, f->a, one, EGRESS, 0), 0);
	assert_int_equal(value_of(f, f->isolated, "/a", EGRESS), 1);
	assert_int_equal(map_count(w, f->shared), 1);
}

/* CS-16, CS-17: an attach that is refused makes no storage. */
static void test_refused(void **state)
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	int prog = prog_with(f, f->isolated);
	struct how how = { .relative = 999 };

	assert_int_equal(attach_how(w, f->a, prog, EGRESS, MULTI | BPF_F_BEFORE,
				    how),
			 -EBADF);
	assert_int_equal(attach(w, f->a, prog, EGRESS, MULTI | OVERRIDE),
			 -EINVAL);
	assert_int_equal(map_count(w, f->isolated), 0);
}

static void test_two_types(void **state) /* CS-8 */
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	int prog = world_prog(w, SKB, 0, f->isolated, f->percpu);

	assert_int_equal(attach(w, f->a, prog, EGRESS, MULTI), 0);
	assert_int_equal(map_count(w, f->isolated), 1);
	assert_int_equal(map_count(w, f->percpu), 1);
}

/* CS-24 to CS-26: the cgroup goes first. */
static void test_cgroup_goes(void **state)
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	struct bpf_cgroup_storage_key key = key_of(w, "/a/b", EGRESS);
	struct cgbpf_cgroup *b;
	u64 value = 3;
	int prog = prog_with(f, f->isolated);

	assert_int_equal(attach(w, f->a, prog, EGRESS, MULTI), 0);
	assert_int_equal(attach(w, f->b, prog, EGRESS, MULTI), 0);
	assert_int_equal(cgbpf_cgroup_get(w->env, "/a/b", &b), 0);
	assert_int_equal(cgroup_hold(b), 0);
	assert_int_equal(cgbpf_cgroup_remove(b), 0);
	/* a socket is left: so is the storage */
	assert_int_equal(map_write(w, f->isolated, &key, &value, BPF_ANY), 0);
	assert_int_equal(map_count(w, f->isolated), 2);
	cgroup_unhold(b);
	assert_int_equal(map_read(w, f->isolated, &key, &value), -ENOENT);
	assert_int_equal(map_write(w, f->isolated, &key, &value, BPF_ANY),
			 -ENOENT);
	assert_int_equal(map_count(w, f->isolated), 1);
	cgbpf_cgroup_put(b);
	/* the same name again is another cgroup */
	f->b = world_mkdir(w, "/a/b");
	assert_int_equal(attach(w, f->b, prog, EGRESS, MULTI), 0);
	assert_int_not_equal(key_of(w, "/a/b", 0).cgroup_inode_id,
			     key.cgroup_inode_id);
	assert_int_equal(value_of(f, f->isolated, "/a/b", EGRESS), 0);
}

/* CS-24, CS-25: the map goes first; its cgroups live on. */
static void test_map_goes(void **state)
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	struct cgbpf_cgroup *a;
	int prog = prog_with(f, f->isolated);

	assert_int_equal(attach(w, f->a, prog, EGRESS, MULTI), 0);
	assert_int_equal(attach(w, f->b, prog, EGRESS, MULTI), 0);
	assert_int_equal(cgbpf_cgroup_get(w->env, "/a", &a), 0);
	assert_int_equal(cgbpf_close(w->task, f->isolated), 0);
	cgbpf_env_sync(w->env);
	/* the attached program holds the map */
	assert_false(cds_list_empty(&a->storages));
	assert_int_equal(detach(w, f->a, prog, EGRESS), 0);
	assert_int_equal(detach(w, f->b, prog, EGRESS), 0);
	assert_int_equal(cgbpf_close(w->task, prog), 0);
	cgbpf_env_sync(w->env);
	assert_true(cds_list_empty(&a->storages));
	cgbpf_cgroup_put(a);
}

static void test_update(void **state) /* CS-28, CS-29, CS-30 */
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	struct bpf_cgroup_storage_key key = key_of(w, "/a", EGRESS);
	struct bpf_cgroup_storage_key none = key_of(w, "/a/b", EGRESS);
	union attr attr = { .map_elem = { .map_fd = (u32)f->isolated,
					  .key = ptr_to_u64(&key) } };
	u64 value = 9;

	assert_int_equal(map_write(w, f->isolated, &key, &value, BPF_ANY),
			 -ENOENT);
	assert_int_equal(map_read(w, f->isolated, &key, &value), -ENOENT);
	assert_int_equal(attach(w, f->a, prog_with(f, f->isolated), EGRESS, 0),
			 0);
	assert_int_equal(value_of(f, f->isolated, "/a", EGRESS), 0);
	assert_int_equal(map_write(w, f->isolated, &key, &value, BPF_ANY), 0);
	value = 10;
	assert_int_equal(map_write(w, f->isolated, &key, &value, BPF_EXIST), 0);
	assert_int_equal(value_of(f, f->isolated, "/a", EGRESS), 10);
	assert_int_equal(map_write(w, f->isolated, &key, &value, BPF_NOEXIST),
			 -EINVAL);
	assert_int_equal(map_write(w, f->isolated, &key, &value, BPF_F_LOCK),
			 -EINVAL);
	assert_int_equal(map_write(w, f->isolated, &key, &value, 8), -EINVAL);
	assert_int_equal(map_write(w, f->isolated, &none, &value, BPF_ANY),
			 -ENOENT);
	assert_int_equal(map_write(w, f->isolated, &none, &value, BPF_NOEXIST),
			 -EINVAL);
	assert_int_equal(world_bpf(w, BPF_MAP_DELETE_ELEM, &attr), -EINVAL);
	attr.map_elem.key = ptr_to_u64(&none);
	assert_int_equal(world_bpf(w, BPF_MAP_DELETE_ELEM, &attr), -EINVAL);
	assert_int_equal(value_of(f, f->isolated, "/a", EGRESS), 10);
}

/* CS-29: replaced as a whole; who reads the old one may go on (CS-27). */
static void test_replaced_value(void **state)
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	struct storage *storage;
	u64 *old;

	assert_int_equal(attach(w, f->a, prog_with(f, f->isolated), EGRESS, 0),
			 0);
	set_value(f, f->isolated, "/a", EGRESS, 1);
	storage = bound(f, "/a", EGRESS, 0);
	rcu_read_lock();
	old = rcu_dereference(storage->value);
	set_value(f, f->isolated, "/a", EGRESS, 2);
	assert_ptr_not_equal(old, storage->value);
	assert_int_equal(*old, 1);
	rcu_read_unlock();
}

static void test_percpu(void **state) /* CS-28, CS-29, KB-6 */
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	struct bpf_cgroup_storage_key key = key_of(w, "/a", EGRESS);
	int map = world_map(w, PERCPU_MAP, 16, 5);
	u8 in[24], out[24];

	assert_int_equal(
		attach(w, f->a, world_prog(w, SKB, 0, -1, map), EGRESS, 0), 0);
	for (u8 i = 0; i < sizeof(in); i++)
		in[i] = (u8)(i + 1);
	memset(out, 0xee, sizeof(out));
	assert_int_equal(map_read(w, map, &key, out), 0);
	for (size_t i = 0; i < sizeof(out); i++)
		assert_int_equal(out[i], 0);
	assert_int_equal(map_write(w, map, &key, in, BPF_ANY), 0);
	assert_int_equal(map_write(w, map, &key, in, BPF_EXIST), 0);
	assert_int_equal(map_write(w, map, &key, in, BPF_NOEXIST), -EINVAL);
	assert_int_equal(map_write(w, map, &key, in, BPF_F_LOCK), -EINVAL);
	memset(out, 0xee, sizeof(out));
	assert_int_equal(map_read(w, map, &key, out), 0);
	for (size_t i = 0; i < sizeof(out); i++)
		assert_int_equal(out[i], i % 8 < 5 ? in[i] : 0);
}

/* of a key, without the padding that the compiler leaves undefined */
#define KEY_BYTES \
	(offsetof(struct bpf_cgroup_storage_key, attach_type) + sizeof(u32))

static void test_next_key(void **state) /* CS-31, KB-5 */
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	struct bpf_cgroup_storage_key key, next;
	int prog = prog_with(f, f->isolated), share = prog_with(f, f->shared);
	u64 bare[2] = { 0, 0x1122334455667788 };

	assert_int_equal(map_next(w, f->isolated, NULL, &next), -ENOENT);
	assert_int_equal(attach(w, f->a, prog, EGRESS, 0), 0);
	assert_int_equal(attach(w, f->root, prog, INGRESS, OVERRIDE), 0);
	assert_int_equal(attach(w, f->b, prog, INGRESS, 0), 0);
	/* newest first */
	memset(&next, 0xff, sizeof(next));
	assert_int_equal(map_next(w, f->isolated, NULL, &next), 0);
	key = key_of(w, "/a/b", INGRESS);
	assert_memory_equal(&next, &key, KEY_BYTES);
	assert_int_equal(map_next(w, f->isolated, &key, &next), 0);
	key = key_of(w, "/", INGRESS);
	assert_memory_equal(&next, &key, KEY_BYTES);
	assert_int_equal(map_next(w, f->isolated, &key, &next), 0);
	key = key_of(w, "/a", EGRESS);
	assert_memory_equal(&next, &key, KEY_BYTES);
	assert_int_equal(map_next(w, f->isolated, &key, &next), -ENOENT);
	/* no such key is no new start */
	key.attach_type = 99;
	assert_int_equal(map_next(w, f->isolated, &key, &next), -ENOENT);
	/* one in the middle goes */
	assert_int_equal(world_rmdir(w, "/a/b"), 0);
	assert_int_equal(map_count(w, f->isolated), 2);

	assert_int_equal(attach(w, f->a, share, INGRESS, 0), 0);
	assert_int_equal(map_next(w, f->shared, NULL, bare), 0);
	assert_int_equal(bare[0], key_of(w, "/a", 0).cgroup_inode_id);
	assert_int_equal(bare[1], 0x1122334455667788);
	assert_int_equal(map_next(w, f->shared, bare, bare), -ENOENT);
}

/* The table behind lookup: many storages come and go, and all are found. */
static void test_many(void **state)
{
	enum {
		MANY = 2000
	};
	struct fixture *f = *state;
	struct world *w = &f->w;
	int prog = prog_with(f, f->isolated);
	char path[32];

	for (int i = 0; i < MANY; i++) {
		int fd;

		snprintf(path, sizeof(path), "/n%d", i);
		fd = world_mkdir(w, path);
		assert_int_equal(attach(w, fd, prog, i % 2, MULTI), 0);
		set_value(f, f->isolated, path, (u32)i % 2, (u64)i);
		cgbpf_close(w->task, fd);
		if (i < 500 || i % 3)
			continue;
		snprintf(path, sizeof(path), "/n%d", i - 500);
		assert_int_equal(world_rmdir(w, path), 0);
	}
	for (int i = 0; i < MANY; i++) {
		bool removed = i + 500 < MANY && (i + 500) % 3 == 0;

		snprintf(path, sizeof(path), "/n%d", i);
		if (removed)
			continue;
		assert_int_equal(value_of(f, f->isolated, path, (u32)i % 2), i);
		assert_int_equal(world_rmdir(w, path), 0);
	}
	assert_int_equal(map_count(w, f->isolated), 0);
}

static void test_public_face(void **state) /* cgbpf_storage_read(), _write() */
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	struct cgbpf_cgroup *a;
	u64 value = 6, cpus[3] = { 1, 2, 3 }, back[3] = { 0 };

	assert_int_equal(cgbpf_cgroup_get(w->env, "/a", &a), 0);
	assert_int_equal(cgbpf_storage_write(w->task, f->isolated, a, EGRESS,
					     &value),
			 -ENOENT);
	assert_int_equal(attach(w, f->a,
				world_prog(w, SKB, 0, f->isolated, f->percpu),
				EGRESS, 0),
			 0);
	assert_int_equal(cgbpf_storage_write(w->task, f->isolated, a, EGRESS,
					     &value),
			 0);
	value = 0;
	assert_int_equal(
		cgbpf_storage_read(w->task, f->isolated, a, EGRESS, &value), 0);
	assert_int_equal(value, 6);
	assert_int_equal(cgbpf_storage_read(w->task, f->isolated, a, INGRESS,
					    &value),
			 -ENOENT);
	assert_int_equal(
		cgbpf_storage_write(w->task, f->percpu, a, EGRESS, cpus), 0);
	assert_int_equal(
		cgbpf_storage_read(w->task, f->percpu, a, EGRESS, back), 0);
	assert_memory_equal(cpus, back, sizeof(cpus));
	assert_int_equal(cgbpf_storage_read(w->task, 999, a, EGRESS, back),
			 -EBADF);
	assert_int_equal(cgbpf_storage_read(w->task, f->a, a, EGRESS, back),
			 -EINVAL);
	cgbpf_cgroup_put(a);
}

static void test_old_rules(void **state) /* CS-34, CS-35 */
{
	struct fixture *f = *state;
	struct world *w = &f->w;
	struct map *map = map_at(w, f->isolated);
	int prog = prog_with(f, f->isolated), none = world_skb(w), link;
	struct prog *p;
	u64 value;

	assert_int_equal(try_map(w, SHARED_MAP, 8, 8, 0, 0), -EINVAL);
	assert_int_equal(prog_get_by_fd(w->task, prog, &p), 0);
	assert_int_equal(map_storage_claim(map, p), 0);
	assert_int_equal(map_storage_claim(map, p), 0);
	assert_int_equal(map_storage_claim(map, p + 1), -EBUSY);
	map_storage_disclaim(map, p + 1);
	assert_int_equal(map_storage_claim(map, p + 1), -EBUSY);
	map_storage_disclaim(map, p);
	assert_int_equal(map_storage_claim(map, p + 1), 0);
	prog_put(p);

	assert_int_equal(attach(w, f->a, prog, EGRESS, 0), 0);
	set_value(f, f->isolated, "/a", EGRESS, 8);
	assert_int_equal(attach(w, f->a, prog, EGRESS, 0), 0);
	assert_int_equal(value_of(f, f->isolated, "/a", EGRESS), 0);
	assert_int_equal(map_count(w, f->isolated), 1);
	assert_int_equal(attach(w, f->a, none, EGRESS, 0), 0);
	assert_int_equal(map_count(w, f->isolated), 0);
	assert_int_equal(attach(w, f->a, prog, EGRESS, 0), 0);
	assert_int_equal(detach(w, f->a, prog, EGRESS), 0);
	assert_int_equal(map_count(w, f->isolated), 0);
	/* two attachments, two storages, even for one key */
	assert_int_equal(attach(w, f->a, prog, EGRESS, MULTI), 0);
	link = link_to(w, f->a, prog, EGRESS);
	assert_ptr_not_equal(bound(f, "/a", EGRESS, 0),
			     bound(f, "/a", EGRESS, 1));
	value = 5;
	memcpy(bound(f, "/a", EGRESS, 1)->value, &value, sizeof(value));
	assert_int_equal(detach(w, f->a, prog, EGRESS), 0);
	assert_int_equal(value_of(f, f->isolated, "/a", EGRESS), 5);
	assert_int_equal(link_update(w, link, none, 0, 0), 0);
	assert_int_equal(map_count(w, f->isolated), 0);
	assert_int_equal(attach(w, f->b, prog, EGRESS, MULTI), 0);
	assert_int_equal(world_rmdir(w, "/a/b"), 0);
	assert_int_equal(map_count(w, f->isolated), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_create),
		TEST(test_keys),
		TEST(test_attachment_decides),
		TEST(test_reattach),
		TEST(test_replace),
		TEST(test_refused),
		TEST(test_two_types),
		TEST(test_cgroup_goes),
		TEST(test_map_goes),
		TEST(test_update),
		TEST(test_replaced_value),
		TEST(test_percpu),
		TEST(test_next_key),
		TEST(test_many),
		TEST(test_public_face),
		cmocka_unit_test_setup_teardown(test_old_rules, setup_old,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
