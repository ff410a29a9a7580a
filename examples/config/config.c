// SPDX-License-Identifier: BSD-2-Clause
// The host: two cgroups with the same programs, and sockets in both.
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <cgbpf-loader.h>

#include "config.h"

static int fail(const char *what, int err)
{
	fprintf(stderr, "config: %s: %s\n", what, strerror(-err));
	return 1;
}

/* setsockopt(2) in @sock's cgroup: says what the caller gets. */
static int set_route(struct cgbpf_sock *sock, const char *from, const char *to)
{
	struct cgbpf_verdict verdict;
	unsigned char value[64] = { 0 };
	struct route route;
	struct cgbpf_sockopt opt = {
		.size = sizeof(opt),
		.level = SOL_ROUTE,
		.optname = ROUTE_SET,
		.optval = value,
		.optlen = sizeof(route),
		.capacity = sizeof(value),
	};
	int err;

	inet_pton(AF_INET, from, &route.from);
	inet_pton(AF_INET, to, &route.to);
	memcpy(value, &route, sizeof(route));
	err = cgbpf_run_sockopt(sock, BPF_CGROUP_SETSOCKOPT, &opt, NULL,
				&verdict);
	if (err || verdict.error)
		return err ? err : verdict.error;
	/* not handled: the kernel's own setsockopt(2) would be next */
	return opt.handled ? 0 : -ENOPROTOOPT;
}

/* connect(2): prints where it would go. */
static int try_connect(struct cgbpf_sock *sock, const char *who, const char *to)
{
	struct sockaddr_storage addr = { .ss_family = AF_INET };
	struct sockaddr_in *in = (struct sockaddr_in *)&addr;
	socklen_t len = sizeof(*in);
	struct cgbpf_verdict verdict;
	char text[INET_ADDRSTRLEN];
	int err;

	inet_pton(AF_INET, to, &in->sin_addr);
	in->sin_port = htons(443);
	err = cgbpf_run_sock_addr(sock, BPF_CGROUP_INET4_CONNECT, &addr, &len,
				  NULL, NULL, &verdict);
	if (err || verdict.error)
		return err ? err : verdict.error;
	inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
	printf("%-8s connect(%s) goes to %s\n", who, to, text);
	return 0;
}

static int make_socket(struct cgbpf_env *env, const char *path,
		       struct cgbpf_object *object, struct cgbpf_sock **out)
{
	struct cgbpf_sock_info info = {
		.size = sizeof(info),
		.family = AF_INET,
		.type = SOCK_STREAM,
		.protocol = IPPROTO_TCP,
	};
	struct cgbpf_prog *prog = NULL;
	struct cgbpf_cgroup *cgroup;
	int err = cgbpf_cgroup_new(env, path, &cgroup);

	if (err)
		return err;
	while (!err && (prog = cgbpf_object_next_prog(object, prog)))
		err = cgbpf_prog_attach(prog, cgroup, BPF_F_ALLOW_MULTI);
	if (!err)
		err = cgbpf_sock_new(cgroup, &info, out);
	cgbpf_cgroup_put(cgroup);
	return err;
}

static int show(struct cgbpf_env *env, struct cgbpf_object *object,
		struct cgbpf_sock *sock, const char *who)
{
	int fd = cgbpf_map_fd(cgbpf_object_map(object, "config"));
	struct config config;
	int err;

	err = cgbpf_storage_read(cgbpf_env_task(env), fd,
				 cgbpf_sock_cgroup(sock), 0, &config);
	if (!err)
		printf("%-8s changes %u, redirected %u\n", who, config.changes,
		       config.redirected);
	return err;
}

static int events(struct cgbpf_env *env, struct cgbpf_object *object,
		  struct cgbpf_sock *blue, struct cgbpf_sock *green)
{
	int err;

	if ((err = try_connect(blue, "/blue", "192.0.2.1")) ||
	    (err = set_route(blue, "192.0.2.1", "198.51.100.7")))
		return err;
	puts("/blue    setsockopt: 192.0.2.1 shall go to 198.51.100.7");
	if ((err = try_connect(blue, "/blue", "192.0.2.1")) ||
	    (err = try_connect(blue, "/blue", "203.0.113.9")) ||
	    (err = try_connect(green, "/green", "192.0.2.1")) ||
	    (err = show(env, object, blue, "/blue")))
		return err;
	return show(env, object, green, "/green");
}

int main(int argc, char **argv)
{
	struct cgbpf_sock *blue = NULL, *green = NULL;
	struct cgbpf_object *object = NULL;
	struct cgbpf_env *env;
	int err;

	if (argc != 2) {
		fprintf(stderr, "usage: %s config.bpf.o\n", argv[0]);
		return 2;
	}
	err = cgbpf_env_new(&env, NULL);
	if (err)
		return fail("environment", err);
	if ((err = cgbpf_object_new(&object, env)) ||
	    (err = cgbpf_object_open(object, argv[1], NULL)) ||
	    (err = cgbpf_object_load(object))) {
		fputs(object ? cgbpf_object_log(object) : "", stderr);
	} else {
		if (!(err = make_socket(env, "/blue", object, &blue)) &&
		    !(err = make_socket(env, "/green", object, &green)))
			err = events(env, object, blue, green);
	}
	if (blue)
		cgbpf_sock_put(blue);
	if (green)
		cgbpf_sock_put(green);
	cgbpf_object_free(object);
	cgbpf_env_free(env);
	return err ? fail(argv[1], err) : 0;
}
