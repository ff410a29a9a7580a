/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every function of cgbpf.h that is not a command of bpf(2), and every event,
 * with each allocation refused.
 */
#include "fault/scene.h"

#include <netinet/in.h>

#include "insn_macros.h"
#include "object/bpffs.h"

static void must(int ret)
{
	if (ret < 0)
		fail_msg("preparation: %d", ret);
}

/* ---------------------------------------------------- environments and tasks
 */

/* Beside the scene's. */
static int env_new(struct scene *s, int arg)
{
	struct cgbpf_env_opts opts = {
		.size = sizeof(opts),
		.cpus = arg ? 64 : 1,
	};
	struct cgbpf_env *env;
	int err = cgbpf_env_new((struct cgbpf_env **)s->out, &opts);

	if (err)
		return err;
	memcpy(&env, s->out, sizeof(env));
	cgbpf_env_free(env);
	return 0;
}

static int dup_fd(struct scene *s, int arg)
{
	(void)arg;
	return cgbpf_dup(s->task, s->maps[M_HASH]);
}

/* Two more are one more than the table of fds has room for. */
static void prepare_many_fds(struct scene *s, int arg)
{
	int fd;

	(void)arg;
	do {
		fd = cgbpf_dup(s->task, s->root_fd);
		must(fd);
	} while ((fd & 0xff) != 0x7e);
}

static int dup_twice(struct scene *s, int arg)
{
	int one = dup_fd(s, arg), two;

	if (one < 0)
		return one;
	two = dup_fd(s, arg);
	if (two < 0)
		cgbpf_close(s->task, one);
	return two;
}

static int close_fd(struct scene *s, int arg)
{
	const int fds[] = { s->b_fd, s->btf, s->link_b, s->at_a };

	return cgbpf_close(s->task, fds[arg]);
}

static int map_mmap(struct scene *s, int map)
{
	return cgbpf_mmap(s->task, s->maps[map], (void **)s->out,
			  (size_t *)(s->out + 64));
}

/* ---------------------------------------------------------- bpf file system */

static int bpffs_mkdir_new(struct scene *s, int arg)
{
	(void)arg;
	return cgbpf_bpffs_mkdir(s->env, BPFFS_ROOT "/dir/of/things");
}

static void prepare_dir(struct scene *s, int arg)
{
	(void)arg;
	must(cgbpf_bpffs_mkdir(s->env, BPFFS_ROOT "/dir/of"));
}

static int bpffs_remove_pin(struct scene *s, int arg)
{
	return cgbpf_bpffs_remove(s->env, arg ? BPFFS_ROOT "/dir/link"
					      : BPFFS_ROOT "/prog");
}

static const char shown[] = BPFFS_ROOT "/shown";

static void prepare_shown(struct scene *s, int map)
{
	union attr attr = { .obj = { .pathname = ptr_to_u64(shown),
				     .bpf_fd = (u32)s->maps[map] } };

	must(scene_bpf(s, BPF_OBJ_PIN, &attr));
}

static int bpffs_show(struct scene *s, int map)
{
	(void)map;
	return (int)cgbpf_bpffs_read(s->env, shown, (char *)s->out,
				     sizeof(s->out));
}

/* -------------------------------------------------------- cgroups, sockets */

static int put_cgroup(int err, const struct scene *s)
{
	struct cgbpf_cgroup *cgroup;

	if (err)
		return err;
	memcpy(&cgroup, s->out, sizeof(cgroup));
	cgbpf_cgroup_put(cgroup);
	return 0;
}

static int make_cgroup(struct scene *s, int arg)
{
	static const char *const paths[] = { "/new", "/a/b/new" };

	return put_cgroup(cgbpf_cgroup_new(s->env, paths[arg],
					   (struct cgbpf_cgroup **)s->out),
			  s);
}

/* Until the tables of cgroups have to grow. */
static void prepare_many_cgroups(struct scene *s, int arg)
{
	char path[32];

	(void)arg;
	for (int i = 0; i < 60; i++) {
		struct cgbpf_cgroup *cgroup;

		snprintf(path, sizeof(path), "/c/%d", i);
		must(cgbpf_cgroup_new(s->env, path, &cgroup));
		cgbpf_cgroup_put(cgroup);
	}
}

/* As many again: one of them makes the tables grow. */
static int make_many_cgroups(struct scene *s, int arg)
{
	char path[32];
	int err = 0;

	(void)arg;
	for (int i = 0; i < 300 && !err; i++) {
		struct cgbpf_cgroup *cgroup;

		snprintf(path, sizeof(path), "/c/more%d", i);
		err = cgbpf_cgroup_new(s->env, path, &cgroup);
		if (!err)
			cgbpf_cgroup_put(cgroup);
	}
	return err;
}

static int find_cgroup(struct scene *s, int arg)
{
	(void)arg;
	return put_cgroup(cgbpf_cgroup_get(s->env, "/a/b",
					   (struct cgbpf_cgroup **)s->out),
			  s);
}

static int cgroup_path_by_id(struct scene *s, int arg)
{
	int ret = cgbpf_cgroup_path_by_id(s->env, cgbpf_cgroup_id(s->b),
					  (char *)s->out, 64);

	(void)arg;
	return ret < 0 ? ret : 0;
}

static int open_cgroup(struct scene *s, int arg)
{
	(void)arg;
	return cgbpf_cgroup_open(s->task, s->b);
}

static int each_nothing(void *data, struct cgbpf_cgroup *cgroup)
{
	(void)data;
	(void)cgroup;
	return 0;
}

static int each_cgroup(struct scene *s, int arg)
{
	(void)arg;
	return cgbpf_cgroup_each(s->env, each_nothing, NULL);
}

/* Nobody holds it any more: programs are put, links defunct, storages gone. */
static void prepare_lonely(struct scene *s, int arg)
{
	(void)arg;
	must(scene_attach(s, s->c_fd, s->at_b, EGRESS, MULTI));
}

static int remove_cgroup(struct scene *s, int arg)
{
	struct cgbpf_cgroup *c;
	int err;

	/* "/a/b" is held by its socket */
	if (arg)
		return cgbpf_cgroup_remove(s->b);
	err = cgbpf_cgroup_get(s->env, "/c", &c);
	if (err)
		return err;
	err = cgbpf_cgroup_remove(c);
	cgbpf_cgroup_put(c);
	return err;
}

static const struct cgbpf_sock_info sock_info = {
	.size = sizeof(sock_info),
	.family = AF_INET,
	.type = SOCK_STREAM,
	.protocol = IPPROTO_TCP,
	.src_port = 80,
};

static int put_sock(int err, const struct scene *s)
{
	struct cgbpf_sock *sock;

	if (err)
		return err;
	memcpy(&sock, s->out, sizeof(sock));
	cgbpf_sock_put(sock);
	return 0;
}

static int new_sock(struct scene *s, int arg)
{
	(void)arg;
	return put_sock(cgbpf_sock_new(s->b, &sock_info,
				       (struct cgbpf_sock **)s->out),
			s);
}

static int accept_sock(struct scene *s, int arg)
{
	(void)arg;
	return put_sock(cgbpf_sock_accept(s->sock, &sock_info,
					  (struct cgbpf_sock **)s->out),
			s);
}

static int change_sock(struct scene *s, int arg)
{
	struct cgbpf_sock_info info = { .size = sizeof(info) };

	(void)arg;
	cgbpf_sock_write(s->sock, &sock_info);
	cgbpf_sock_read(s->sock, &info);
	return info.src_port == 80 ? 0 : -EINVAL;
}

/* The last holder of a removed cgroup. */
static void prepare_held(struct scene *s, int arg)
{
	(void)arg;
	must(cgbpf_sock_new(s->b, &sock_info, &s->own_sock));
	cgbpf_sock_put(s->sock);
	s->sock = NULL;
	must(cgbpf_cgroup_remove(s->b));
}

static int release_sock(struct scene *s, int arg)
{
	(void)arg;
	cgbpf_sock_put(s->own_sock);
	return 0;
}

static int read_storage(struct scene *s, int arg)
{
	int map = arg ? M_PERCPU_STORAGE : M_STORAGE;

	return cgbpf_storage_read(s->task, s->maps[map], s->b, EGRESS, s->out);
}

static int write_storage(struct scene *s, int arg)
{
	int map = arg ? M_PERCPU_STORAGE : M_STORAGE;
	u64 value[SCENE_CPUS] = { 5, 6 };

	return cgbpf_storage_write(s->task, s->maps[map], s->b, EGRESS, value);
}

/* ------------------------------------------------------------------- events */

/* An element that was not there; whether it works is the program's affair. */
#define UPDATE(s, map)                                               \
	I_ST(BPF_W, R10, -4, 5), I_ST(BPF_DW, R10, -16, 9),          \
		I_LD_MAP_FD(R1, (s)->maps[map]), I_MOV_REG(R2, R10), \
		I_ALU_IMM(BPF_ADD, R2, -4), I_MOV_REG(R3, R10),      \
		I_ALU_IMM(BPF_ADD, R3, -16), I_MOV_IMM(R4, 0),       \
		I_CALL(BPF_FUNC_map_update_elem)
#define PUSH(s, map)                                                \
	I_ST(BPF_DW, R10, -16, 9), I_LD_MAP_FD(R1, (s)->maps[map]), \
		I_MOV_REG(R2, R10), I_ALU_IMM(BPF_ADD, R2, -16),    \
		I_MOV_IMM(R3, BPF_EXIST), I_CALL(BPF_FUNC_map_push_elem)
#define RECORD(s)                                                         \
	I_ST(BPF_DW, R10, -16, 9), I_LD_MAP_FD(R1, (s)->maps[M_RINGBUF]), \
		I_MOV_REG(R2, R10), I_ALU_IMM(BPF_ADD, R2, -16),          \
		I_MOV_IMM(R3, 8), I_MOV_IMM(R4, 0),                       \
		I_CALL(BPF_FUNC_ringbuf_output)
#define TRACE                                                  \
	I_ST(BPF_DW, R10, -16, 0x6968), I_MOV_REG(R1, R10),    \
		I_ALU_IMM(BPF_ADD, R1, -16), I_MOV_IMM(R2, 3), \
		I_CALL(BPF_FUNC_trace_printk)
/* R2 is the socket */
#define SOCK_STORAGE(s)                                             \
	I_LD_MAP_FD(R1, (s)->maps[M_SK_STORAGE]), I_MOV_IMM(R3, 0), \
		I_MOV_IMM(R4, BPF_SK_STORAGE_GET_F_CREATE),         \
		I_CALL(BPF_FUNC_sk_storage_get)
/* All that may be done by programs of every type. */
#define ALL(s)                                                               \
	UPDATE(s, M_HASH_NO_PREALLOC), UPDATE(s, M_HASH),                    \
		UPDATE(s, M_PERCPU_HASH), UPDATE(s, M_LRU),                  \
		UPDATE(s, M_LRU_PERCPU), PUSH(s, M_QUEUE), PUSH(s, M_BLOOM), \
		RECORD(s), TRACE

enum event {
	E_SKB,
	E_SOCK,
	E_SOCK_ADDR,
	E_SOCKOPT_GET,
	E_SOCKOPT_SET,
	E_DEVICE,
	E_SYSCTL,
	NR_EVENTS,
};

static const struct {
	u32 prog_type, attach_type;
} events[NR_EVENTS] = {
	[E_SKB] = { BPF_PROG_TYPE_CGROUP_SKB, EGRESS },
	[E_SOCK] = { BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE },
	[E_SOCK_ADDR] = { BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
			  BPF_CGROUP_INET4_CONNECT },
	[E_SOCKOPT_GET] = { BPF_PROG_TYPE_CGROUP_SOCKOPT,
			    BPF_CGROUP_GETSOCKOPT },
	[E_SOCKOPT_SET] = { BPF_PROG_TYPE_CGROUP_SOCKOPT,
			    BPF_CGROUP_SETSOCKOPT },
	[E_DEVICE] = { BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE },
	[E_SYSCTL] = { BPF_PROG_TYPE_CGROUP_SYSCTL, BPF_CGROUP_SYSCTL },
};

static int load_event(struct scene *s, int event)
{
	const u32 type = events[event].prog_type;
	const u32 attach_type = events[event].attach_type;

	switch (event) {
	case E_SKB:
		return LOAD(s, type, attach_type, I_MOV_REG(R6, R1), ALL(s),
			    I_LDX(BPF_DW, R1, R6,
				  offsetof(struct __sk_buff, sk)),
			    I_JMP_IMM(BPF_JEQ, R1, 0, 8),
			    I_CALL(BPF_FUNC_sk_fullsock),
			    I_JMP_IMM(BPF_JEQ, R0, 0, 6), I_MOV_REG(R2, R0),
			    SOCK_STORAGE(s), I_RETURN(1));
	case E_SOCK:
		return LOAD(s, type, attach_type, I_MOV_REG(R6, R1), ALL(s),
			    I_MOV_REG(R2, R6), SOCK_STORAGE(s), I_RETURN(1));
	case E_SYSCTL:
		return LOAD(s, type, attach_type, I_MOV_REG(R6, R1), ALL(s),
			    I_ST(BPF_DW, R10, -16, '7'), I_MOV_REG(R1, R6),
			    I_MOV_REG(R2, R10), I_ALU_IMM(BPF_ADD, R2, -16),
			    I_MOV_IMM(R3, 1),
			    I_CALL(BPF_FUNC_sysctl_set_new_value), I_RETURN(1));
	default:
		return LOAD(s, type, attach_type, ALL(s), I_RETURN(1));
	}
}

static void prepare_event(struct scene *s, int event)
{
	s->prog = load_event(s, event);
	must(s->prog);
	must(scene_attach(s, s->b_fd, s->prog, events[event].attach_type,
			  MULTI));
}

static int run_skb(struct scene *s, struct cgbpf_verdict *verdict)
{
	u8 data[40] = { 0x45, 0, 0, 40, [8] = 64, [9] = IPPROTO_TCP };
	struct cgbpf_packet packet = {
		.size = sizeof(packet),
		.data = data,
		.len = sizeof(data),
		.protocol = 0x0800,
	};

	return cgbpf_run_skb(NULL, s->sock, EGRESS, &packet, NULL, verdict);
}

static int run_sock_addr(struct scene *s, struct cgbpf_verdict *verdict)
{
	struct sockaddr_storage addr = { .ss_family = AF_INET };
	socklen_t len = sizeof(struct sockaddr_in);

	return cgbpf_run_sock_addr(s->sock, BPF_CGROUP_INET4_CONNECT, &addr,
				   &len, NULL, NULL, verdict);
}

static int run_sockopt(struct scene *s, int type, struct cgbpf_verdict *verdict)
{
	char value[8192] = { 1 };
	struct cgbpf_sockopt opt = {
		.size = sizeof(opt),
		.level = SOL_SOCKET,
		.optname = SO_MARK,
		.optval = value,
		.optlen = sizeof(value),
		.capacity = sizeof(value),
	};

	return cgbpf_run_sockopt(s->sock, type, &opt, NULL, verdict);
}

static int run_sysctl(struct scene *s, struct cgbpf_verdict *verdict)
{
	char value[4096] = "1";
	struct cgbpf_sysctl sysctl = {
		.size = sizeof(sysctl),
		.name = "net/ipv4/ip_forward",
		.write = true,
		.current = "0",
		.current_len = 1,
		.new_value = value,
		.new_len = 1,
		.capacity = sizeof(value),
	};

	return cgbpf_run_sysctl(s->b, &sysctl, NULL, verdict);
}

static int run_event(struct scene *s, int event)
{
	struct cgbpf_verdict verdict = { .error = 1 };
	int err = 0;

	switch ((enum event)event) {
	case E_SKB:
		err = run_skb(s, &verdict);
		break;
	case E_SOCK:
		err = cgbpf_run_sock(s->sock, BPF_CGROUP_INET_SOCK_CREATE, NULL,
				     &verdict);
		break;
	case E_SOCK_ADDR:
		err = run_sock_addr(s, &verdict);
		break;
	case E_SOCKOPT_GET:
	case E_SOCKOPT_SET:
		err = run_sockopt(s, (int)events[event].attach_type, &verdict);
		break;
	case E_DEVICE:
		err = cgbpf_run_device(s->b, BPF_DEVCG_DEV_CHAR,
				       BPF_DEVCG_ACC_READ, 1, 3, NULL,
				       &verdict);
		break;
	case E_SYSCTL:
		err = run_sysctl(s, &verdict);
		break;
	case NR_EVENTS:
		break;
	}
	/* an error leaves the verdict alone, or there is one */
	assert_true(err ? err == -ENOMEM && verdict.error == 1
			: verdict.error <= 0 && verdict.ran > 0);
	return err;
}

static const struct operation operations[] = {
	{ "env_new", NULL, env_new, .nr = 2, .least = 4 },
	{ "dup", NULL, dup_fd, .nr = 1 },
	{ "dup, the table full", prepare_many_fds, dup_twice, .least = 1 },
	{ "close", NULL, close_fd, .nr = 4, .mode = OP_SURE },
	{ "mmap", NULL, map_mmap, .maps = DOES_MMAP },
	{ "bpffs_mkdir", prepare_dir, bpffs_mkdir_new, .least = 1 },
	{ "bpffs_remove", NULL, bpffs_remove_pin, .nr = 2, .mode = OP_SURE },
	{ "bpffs_read", prepare_shown, bpffs_show, .maps = DOES_SHOW,
	  .least = 1 },
	{ "cgroup_new", NULL, make_cgroup, .nr = 2, .least = 1 },
	{ "cgroup_new, many", prepare_many_cgroups, make_many_cgroups,
	  .mode = OP_EVENT },
	{ "cgroup_get", NULL, find_cgroup, .nr = 1 },
	{ "cgroup_path_by_id", NULL, cgroup_path_by_id, .nr = 1 },
	{ "cgroup_open", NULL, open_cgroup, .least = 1 },
	{ "cgroup_each", NULL, each_cgroup, .least = 1 },
	{ "cgroup_remove", prepare_lonely, remove_cgroup, .nr = 2,
	  .mode = OP_SURE },
	{ "sock_new", NULL, new_sock, .least = 1 },
	{ "sock_accept", NULL, accept_sock, .least = 1 },
	{ "sock_write", NULL, change_sock, .mode = OP_SURE },
	{ "sock_put", prepare_held, release_sock, .mode = OP_SURE },
	{ "storage_read", NULL, read_storage, .nr = 2 },
	{ "storage_write", NULL, write_storage, .nr = 2 },
	{ "an event", prepare_event, run_event, .nr = NR_EVENTS,
	  .mode = OP_EVENT, .least = 1 },
};

/* usage: test_api [PATTERN]: only operations of that name */
int main(int argc, char **argv)
{
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return operations_run(operations, ARRAY_SIZE(operations));
}
