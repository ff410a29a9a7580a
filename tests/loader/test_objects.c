/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects as users have them: a map of each type, functions, initial values
 * of maps of objects, CO-RE, each loaded by the loader and run by an event.
 *
 * usage: test_objects EVERYTHING CORE TARGET
 */
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/uapi.h"
#include "cgbpf-loader.h"

static const char *everything_path, *core_path, *target_path;

struct fixture {
	struct cgbpf_env *env;
	struct cgbpf_task *task;
	struct cgbpf_object *object;
	struct cgbpf_cgroup *cgroup;
	struct cgbpf_sock *sock;
	u64 cgroup_id;
};

static void fixture_load(struct fixture *f, const char *path,
			 const struct cgbpf_object_opts *opts)
{
	static const struct cgbpf_sock_info info = {
		.size = sizeof(info),
		.family = AF_INET,
		.type = SOCK_STREAM,
		.protocol = IPPROTO_TCP,
	};
	struct cgbpf_env_opts env_opts = { .size = sizeof(env_opts),
					   .cpus = 2 };
	int err;

	assert_int_equal(cgbpf_env_new(&f->env, &env_opts), 0);
	f->task = cgbpf_env_task(f->env);
	assert_int_equal(cgbpf_cgroup_new(f->env, "/a", &f->cgroup), 0);
	assert_int_equal(cgbpf_sock_new(f->cgroup, &info, &f->sock), 0);
	f->cgroup_id = cgbpf_cgroup_id(f->cgroup);
	assert_int_equal(cgbpf_object_new(&f->object, f->env), 0);
	err = cgbpf_object_open(f->object, path, opts);
	if (!err)
		err = cgbpf_object_load(f->object);
	if (err) {
		const char *log = "";

		cgbpf_object_refused(f->object, &log);
		print_message("%s\n%s\n", cgbpf_object_log(f->object), log);
	}
	assert_int_equal(err, 0);
}

static void fixture_end(struct fixture *f)
{
	cgbpf_object_free(f->object);
	cgbpf_sock_put(f->sock);
	cgbpf_cgroup_put(f->cgroup);
	cgbpf_env_free(f->env);
}

static int event(struct fixture *f)
{
	unsigned char data[40] = { 0x45, 0, 0, 40 };
	struct cgbpf_packet packet = {
		.size = sizeof(packet),
		.data = data,
		.len = sizeof(data),
		.protocol = ETH_P_IP,
	};
	struct cgbpf_verdict verdict;

	assert_int_equal(cgbpf_run_skb(NULL, f->sock, BPF_CGROUP_INET_EGRESS,
				       &packet, NULL, &verdict),
			 0);
	return verdict.error;
}

static int elem(struct fixture *f, int cmd, const char *name, const void *key,
		void *value)
{
	struct cgbpf_map *map = cgbpf_object_map(f->object, name);
	union attr attr = { .map_elem = { .key = ptr_to_u64(key),
					  .value = ptr_to_u64(value) } };

	assert_non_null(map);
	attr.map_elem.map_fd = (u32)cgbpf_map_fd(map);
	return cgbpf_bpf(f->task, cmd, (union bpf_attr *)&attr, sizeof(attr));
}

/* What is at @key: per-CPU values added up. */
static u64 value_at(struct fixture *f, const char *name, const void *key)
{
	u64 values[2] = { 0 };
	int err = elem(f, BPF_MAP_LOOKUP_ELEM, name, key, values);

	if (err)
		fail_msg("%s: %d", name, err);
	return values[0] + values[1];
}

static u64 *global(struct fixture *f, const char *section)
{
	size_t size;

	return cgbpf_map_data(cgbpf_object_map(f->object, section), &size);
}

static void attach(struct fixture *f, const char *name)
{
	struct cgbpf_prog *prog = cgbpf_object_prog(f->object, name);

	assert_non_null(prog);
	assert_int_equal(cgbpf_prog_attach(prog, f->cgroup, BPF_F_ALLOW_MULTI),
			 0);
}

/* The maps that one event has written to. */
static void check_values(struct fixture *f)
{
	static const char *const at_1[] = { "array",	      "percpu_array",
					    "hash",	      "hash_alloc",
					    "lru_hash",	      "percpu_hash",
					    "lru_percpu_hash" };
	const u32 prefix[2] = { 32, htonl(0x0a000001) };
	u32 zero = 0, one = 1, seven = 7;
	struct {
		u32 lock, n;
	} locked = { 0 };
	u64 value = 10;
	int cgroup;

	for (size_t i = 0; i < ARRAY_SIZE(at_1); i++)
		assert_int_equal(value_at(f, at_1[i], &one), 10);
	assert_int_equal(value_at(f, "array_mmap", &zero), 10);
	assert_int_equal(value_at(f, "lpm_trie", prefix), 10);
	assert_int_equal(value_at(f, "queue", NULL), 10);
	assert_int_equal(value_at(f, "stack", NULL), 10);
	assert_int_equal(elem(f, BPF_MAP_LOOKUP_ELEM, "bloom", NULL, &value),
			 0);
	assert_int_equal(elem(f, BPF_MAP_LOOKUP_ELEM, "locked_hash", &seven,
			      &locked),
			 0);
	assert_int_equal(locked.n, 1);
	assert_int_equal(value_at(f, "inner_a", &zero), 1);
	assert_int_equal(value_at(f, "inner_b", &zero), 10);
	/* no helper of this type takes a cgroup array: user space may fill it */
	cgroup = cgbpf_cgroup_open(f->task, f->cgroup);
	assert_true(cgroup >= 0);
	assert_int_equal(elem(f, BPF_MAP_UPDATE_ELEM, "cgroup_array", &zero,
			      &cgroup),
			 0);
}

/* The record in the ring: a header of 8 bytes, and its 8. */
static void check_ringbuf(struct fixture *f)
{
	void *memory;
	size_t size;
	u64 *record;

	assert_int_equal(
		cgbpf_mmap(f->task,
			   cgbpf_map_fd(cgbpf_object_map(f->object, "ringbuf")),
			   &memory, &size),
		0);
	record = (u64 *)((char *)memory + 2 * 4096);
	assert_int_equal((u32)record[0], 8); /* neither busy nor discarded */
	assert_int_equal(record[1], 77);
}

static void every_map(void **state)
{
	struct bpf_cgroup_storage_key key = { .attach_type =
						      BPF_CGROUP_INET_EGRESS };
	struct fixture f;
	u64 *data, *bss;

	(void)state;
	fixture_load(&f, everything_path, NULL);
	attach(&f, "everything");
	assert_int_equal(event(&f), 0);
	key.cgroup_inode_id = f.cgroup_id;
	assert_int_equal(value_at(&f, "isolated", &key), 1);
	assert_int_equal(value_at(&f, "shared_percpu", &f.cgroup_id), 2);
	check_values(&f);
	check_ringbuf(&f);
	/* .data: initial and hidden; .bss: tail_calls and errors, and which is
	 * where is for clang to say */
	data = global(&f, ".data");
	bss = global(&f, ".bss");
	assert_int_equal(data[0] + data[1], 1003 + 4);
	assert_int_equal(bss[0] + bss[1], 1);
	assert_int_equal(*global(&f, ".rodata"), 5);
	fixture_end(&f);
}

/* Maps with initial values hold what the object says. */
static void initial_values(void **state)
{
	struct fixture f;
	u32 index, id;

	(void)state;
	fixture_load(&f, everything_path, NULL);
	index = 0;
	assert_int_equal(
		elem(&f, BPF_MAP_LOOKUP_ELEM, "array_of_maps", &index, &id), 0);
	assert_int_equal(
		elem(&f, BPF_MAP_LOOKUP_ELEM, "hash_of_maps", &index, &id), 0);
	assert_int_equal(elem(&f, BPF_MAP_LOOKUP_ELEM, "jumps", &index, &id),
			 -ENOENT);
	index = 1;
	assert_int_equal(elem(&f, BPF_MAP_LOOKUP_ELEM, "array_of_maps", &index,
			      &id),
			 -ENOENT);
	assert_int_equal(elem(&f, BPF_MAP_LOOKUP_ELEM, "jumps", &index, &id),
			 0);
	fixture_end(&f);
}

/*
 * The object's relocations against the types of another kernel.  Names of
 * globals are lost here, so they are found by what each has to be.
 */
static void core(void **state)
{
	struct cgbpf_object_opts opts = {
		.size = sizeof(opts),
		.btf_path = target_path,
	};
	/* offset, size, enumerator, struct; "missing" and "type": 0 */
	u64 expected[] = { 32, 8, 22, 40, 0, 0 };
	struct fixture f;
	size_t size;
	u64 *bss;

	(void)state;
	fixture_load(&f, core_path, &opts);
	bss = cgbpf_map_data(cgbpf_object_map(f.object, ".bss"), &size);
	assert_int_equal(size, sizeof(expected));
	memset(bss, 0xff, size);
	attach(&f, "relocated");
	assert_int_equal(event(&f), 0);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		size_t at = 0;

		while (at < ARRAY_SIZE(expected) && bss[at] != expected[i])
			at++;
		if (at == ARRAY_SIZE(expected))
			fail_msg("no global has the value %llu",
				 (unsigned long long)expected[i]);
		bss[at] = ~0ull; /* found once */
	}
	fixture_end(&f);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_map),
		cmocka_unit_test(initial_values),
		cmocka_unit_test(core),
	};

	if (argc != 4)
		return 2;
	everything_path = argv[1];
	core_path = argv[2];
	target_path = argv[3];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
