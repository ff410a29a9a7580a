// SPDX-License-Identifier: BSD-2-Clause
// The whole of it on one page: an environment, a program from an object file,
// a cgroup, an attachment, a packet, and what the program kept of it.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <string.h>

#include <cgbpf-loader.h>

// 192.0.2.1 to 192.0.2.2: UDP, four bytes
static unsigned char data[] = {
	0x45, 0, 0, 32, 0,    0,  0, 0, 64, 17, 0, 0, 192, 0,	2,   1,
	192,  0, 2, 2,	0x30, 57, 0, 7, 0,  12, 0, 0, 'p', 'i', 'n', 'g',
};

int main(int argc, char **argv)
{
	struct cgbpf_packet packet = { .size = sizeof(packet),
				       .data = data,
				       .len = sizeof(data),
				       .protocol = ETH_P_IP };
	struct cgbpf_verdict verdict;
	struct cgbpf_object *object;
	struct cgbpf_cgroup *cgroup;
	struct cgbpf_env *env;
	uint64_t bytes;
	int fd, err;

	if ((err = cgbpf_env_new(&env, NULL)) ||
	    (err = cgbpf_object_new(&object, env)) ||
	    (err = cgbpf_object_open(object, argc > 1 ? argv[1] : "embed.bpf.o",
				     NULL)) ||
	    (err = cgbpf_object_load(object)) ||
	    (err = cgbpf_cgroup_new(env, "/web", &cgroup)) ||
	    (err = cgbpf_prog_attach(cgbpf_object_prog(object, "count_bytes"),
				     cgroup, BPF_F_ALLOW_MULTI)) ||
	    (err = cgbpf_run_skb(cgroup, NULL, BPF_CGROUP_INET_EGRESS, &packet,
				 NULL, &verdict)))
		goto fail;

	fd = cgbpf_map_fd(cgbpf_object_map(object, "bytes"));
	err = cgbpf_storage_read(cgbpf_env_task(env), fd, cgroup, 0, &bytes);
	if (err)
		goto fail;
	printf("the packet may %s; /web has sent %llu bytes\n",
	       verdict.error ? "not go" : "go", (unsigned long long)bytes);

	cgbpf_cgroup_put(cgroup);
	cgbpf_object_free(object);
	cgbpf_env_free(env);
	return 0;

fail:
	fprintf(stderr, "embed: %s\n", strerror(-err));
	return 1;
}
