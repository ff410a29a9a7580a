// SPDX-License-Identifier: BSD-2-Clause
/* The loader: objects of clang, through libbpf, into an environment. */
#include <linux/if_ether.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/uapi.h"
#include "cgbpf-loader.h"

static const char *object_path;
static const char *refused_path;

static struct cgbpf_env *new_env(void)
{
	struct cgbpf_env *env;

	assert_int_equal(cgbpf_env_new(&env, NULL), 0);
	return env;
}

static struct cgbpf_object *open_object(struct cgbpf_env *env, const char *path)
{
	struct cgbpf_object *object;

	assert_int_equal(cgbpf_object_new(&object, env), 0);
	assert_int_equal(cgbpf_object_open(object, path, NULL), 0);
	return object;
}

static void send_packet(struct cgbpf_cgroup *cgroup)
{
	unsigned char data[40] = { 0x45, 0, 0, 40 };
	struct cgbpf_packet packet = {
		.size = sizeof(packet),
		.data = data,
		.len = sizeof(data),
		.protocol = ETH_P_IP,
	};
	struct cgbpf_verdict verdict;

	assert_int_equal(cgbpf_run_skb(cgroup, NULL, BPF_CGROUP_INET_EGRESS,
				       &packet, NULL, &verdict),
			 0);
	assert_int_equal(verdict.error, 0);
}

static u32 pinned_value(struct cgbpf_object *object, struct cgbpf_env *env)
{
	u32 key = 0, value = 0;
	union attr attr = {
		.map_elem = {
			.map_fd = (u32)cgbpf_map_fd(
				cgbpf_object_map(object, "pinned")),
			.key = ptr_to_u64(&key),
			.value = ptr_to_u64(&value),
		},
	};

	assert_int_equal(cgbpf_bpf(cgbpf_env_task(env), BPF_MAP_LOOKUP_ELEM,
				   (union bpf_attr *)&attr, sizeof(attr)),
			 0);
	return value;
}

/* Initial values before the load; live ones after it. */
static void global_data(void **state)
{
	struct cgbpf_env *env = new_env();
	struct cgbpf_object *object = open_object(env, object_path);
	struct cgbpf_cgroup *root;
	size_t size;
	u32 *rodata, *data, *bss;

	(void)state;
	rodata = cgbpf_map_data(cgbpf_object_map(object, ".rodata"), &size);
	assert_non_null(rodata);
	assert_int_equal(size, 4);
	assert_int_equal(*rodata, 2);
	*rodata = 3;
	assert_int_equal(cgbpf_object_load(object), 0);
	assert_string_equal(cgbpf_object_log(object), "");
	data = cgbpf_map_data(cgbpf_object_map(object, ".data"), &size);
	bss = cgbpf_map_data(cgbpf_object_map(object, ".bss"), &size);
	assert_int_equal(*data, 100);
	assert_null(cgbpf_map_data(cgbpf_object_map(object, "pinned"), &size));
	assert_int_equal(cgbpf_cgroup_get(env, "/", &root), 0);
	assert_int_equal(cgbpf_prog_attach(cgbpf_object_prog(object, "count"),
					   root, 0),
			 0);
	send_packet(root);
	assert_int_equal(*data, 100 + 3 * 40);
	assert_int_equal(*bss, 1);
	assert_int_equal(
		cgbpf_prog_detach(cgbpf_object_prog(object, "count"), root), 0);
	send_packet(root);
	assert_int_equal(*bss, 1);
	cgbpf_cgroup_put(root);
	cgbpf_object_free(object);
	cgbpf_env_free(env);
}

/* Two objects of one environment meet in the pin; two environments do not. */
static void pin_by_name(void **state)
{
	struct cgbpf_env *env = new_env(), *other = new_env();
	struct cgbpf_object *one = open_object(env, object_path);
	struct cgbpf_object *two = open_object(env, object_path);
	struct cgbpf_object *apart = open_object(other, object_path);
	struct cgbpf_cgroup *root;
	int link;

	(void)state;
	assert_int_equal(cgbpf_object_load(one), 0);
	assert_int_equal(cgbpf_object_load(two), 0);
	assert_int_equal(cgbpf_object_load(apart), 0);
	assert_int_equal(cgbpf_cgroup_get(env, "/", &root), 0);
	link = cgbpf_prog_link(cgbpf_object_prog(one, "count"), root);
	assert_true(link >= 0);
	send_packet(root);
	assert_int_equal(pinned_value(one, env), 1);
	assert_int_equal(pinned_value(two, env), 1);
	assert_int_equal(pinned_value(apart, other), 0);
	/* the link's last fd */
	assert_int_equal(cgbpf_close(cgbpf_env_task(env), link), 0);
	send_packet(root);
	assert_int_equal(pinned_value(two, env), 1);
	cgbpf_object_free(one);
	assert_int_equal(cgbpf_bpffs_remove(env, "/sys/fs/bpf/pinned"), 0);
	assert_int_equal(cgbpf_bpffs_remove(env, "/sys/fs/bpf/pinned"),
			 -ENOENT);
	cgbpf_object_free(two);
	cgbpf_object_free(apart);
	cgbpf_cgroup_put(root);
	cgbpf_env_free(env);
	cgbpf_env_free(other);
}

static void pin_in_directories(void **state)
{
	struct cgbpf_env *env = new_env();
	struct cgbpf_object *object = open_object(env, object_path);
	struct cgbpf_prog *prog = cgbpf_object_prog(object, "count");

	(void)state;
	assert_int_equal(cgbpf_prog_pin(prog, "/sys/fs/bpf/a/prog"), -ENOENT);
	assert_int_equal(cgbpf_object_load(object), 0);
	/* libbpf makes the last directory, in the environment */
	assert_int_equal(cgbpf_prog_pin(prog, "/sys/fs/bpf/a/prog"), 0);
	assert_int_equal(cgbpf_prog_pin(prog, "/sys/fs/bpf/a/prog"), -EEXIST);
	assert_int_equal(cgbpf_prog_pin(prog, "/tmp"), -EINVAL);
	assert_int_equal(cgbpf_bpffs_remove(env, "/sys/fs/bpf/a/prog"), 0);
	cgbpf_object_free(object);
	cgbpf_env_free(env);
}

static void a_refused_program(void **state)
{
	struct cgbpf_env *env = new_env();
	struct cgbpf_object *object = open_object(env, refused_path);
	const struct cgbpf_prog *prog;
	const char *log = NULL;

	(void)state;
	assert_null(cgbpf_object_refused(object, &log));
	assert_int_equal(cgbpf_object_load(object), -EINVAL);
	prog = cgbpf_object_refused(object, &log);
	assert_non_null(prog);
	assert_string_equal(cgbpf_prog_name(prog),
			    "a_program_with_a_long_name");
	assert_non_null(strstr(log, "flags"));
	assert_true(*cgbpf_object_log(object) != '\0');
	assert_int_equal(cgbpf_prog_fd(prog), -ENOENT);
	assert_int_equal(cgbpf_object_load(object), -EINVAL);
	cgbpf_object_free(object);
	cgbpf_env_free(env);
}

/* Any prefix of an object is refused, or opens; nothing is ever printed. */
static void pieces_of_an_object(void **state)
{
	struct cgbpf_env *env = new_env();
	FILE *file = fopen(object_path, "rb");
	unsigned char *data = malloc(1 << 16);
	size_t size;

	(void)state;
	assert_non_null(file);
	size = fread(data, 1, 1 << 16, file);
	fclose(file);
	for (size_t n = 0; n <= size; n += 97) {
		struct cgbpf_object *object;
		unsigned char *piece = malloc(n + 1);
		int err;

		memcpy(piece, data, n);
		assert_int_equal(cgbpf_object_new(&object, env), 0);
		err = cgbpf_object_open_mem(object, piece, n, NULL);
		assert_true(err <= 0 && err > -4000);
		free(piece);
		cgbpf_object_free(object);
	}
	free(data);
	cgbpf_env_free(env);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(global_data),
		cmocka_unit_test(pin_by_name),
		cmocka_unit_test(pin_in_directories),
		cmocka_unit_test(a_refused_program),
		cmocka_unit_test(pieces_of_an_object),
	};

	if (argc != 3)
		return 2;
	object_path = argv[1];
	refused_path = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
