// SPDX-License-Identifier: BSD-2-Clause
// The host: asks the policy about some devices, on behalf of a container.
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

#include <cgbpf-loader.h>

struct refusals {
	uint32_t count, major, minor;
};

static const struct {
	const char *what;
	uint16_t type, access;
	uint32_t major, minor;
} tries[] = {
	{ "write /dev/null", BPF_DEVCG_DEV_CHAR, BPF_DEVCG_ACC_WRITE, 1, 3 },
	{ "read /dev/urandom", BPF_DEVCG_DEV_CHAR, BPF_DEVCG_ACC_READ, 1, 9 },
	{ "read /dev/mem", BPF_DEVCG_DEV_CHAR, BPF_DEVCG_ACC_READ, 1, 1 },
	{ "read /dev/sda", BPF_DEVCG_DEV_BLOCK, BPF_DEVCG_ACC_READ, 8, 0 },
	{ "mknod null", BPF_DEVCG_DEV_CHAR, BPF_DEVCG_ACC_MKNOD, 1, 3 },
};

static int ask(struct cgbpf_cgroup *cgroup)
{
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		struct cgbpf_verdict verdict;
		int err;

		err = cgbpf_run_device(cgroup, tries[i].type, tries[i].access,
				       tries[i].major, tries[i].minor, NULL,
				       &verdict);
		if (err)
			return err;
		printf("%-18s %s\n", tries[i].what,
		       verdict.error ? strerror(-verdict.error) : "yes");
	}
	return 0;
}

static int run(struct cgbpf_env *env, struct cgbpf_object *object,
	       const char *path)
{
	struct cgbpf_cgroup *cgroup;
	struct refusals refused;
	int err;

	if ((err = cgbpf_object_open(object, path, NULL)) ||
	    (err = cgbpf_object_load(object)) ||
	    (err = cgbpf_cgroup_new(env, "/container", &cgroup)))
		return err;
	err = cgbpf_prog_attach(cgbpf_object_prog(object, "policy"), cgroup, 0);
	if (!err)
		err = ask(cgroup);
	if (!err)
		err = cgbpf_storage_read(
			cgbpf_env_task(env),
			cgbpf_map_fd(cgbpf_object_map(object, "refused")),
			cgroup, BPF_CGROUP_DEVICE, &refused);
	if (!err)
		printf("/container was refused %u times, last %u:%u\n",
		       refused.count, refused.major, refused.minor);
	cgbpf_cgroup_put(cgroup);
	return err;
}

int main(int argc, char **argv)
{
	struct cgbpf_object *object = NULL;
	struct cgbpf_env *env;
	int err;

	if (argc != 2) {
		fprintf(stderr, "usage: %s device.bpf.o\n", argv[0]);
		return 2;
	}
	err = cgbpf_env_new(&env, NULL);
	if (!err) {
		err = cgbpf_object_new(&object, env);
		if (!err)
			err = run(env, object, argv[1]);
		if (err && object)
			fputs(cgbpf_object_log(object), stderr);
		cgbpf_object_free(object);
		cgbpf_env_free(env);
	}
	if (err)
		fprintf(stderr, "device: %s: %s\n", argv[1], strerror(-err));
	return !!err;
}
