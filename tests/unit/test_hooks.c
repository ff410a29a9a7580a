/* SPDX-License-Identifier: BSD-2-Clause */
/* Events through the public API, each with programs of a few instructions. */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>

#include "base/uapi.h"
#include "cgbpf.h"
#include "insn_macros.h"

struct world {
	struct cgbpf_env *env;
	struct cgbpf_task *task;
	struct cgbpf_cgroup *cgroup;
	struct cgbpf_sock *sock;
	int fd;
	unsigned int traced;
	char line[128];
};

static void on_trace(void *data, const char *line)
{
	struct world *w = data;

	w->traced++;
	strncpy(w->line, line, sizeof(w->line) - 1);
}

static int world_make(void **state)
{
	static const struct cgbpf_sock_info info = {
		.size = sizeof(info),
		.family = AF_INET,
		.type = SOCK_STREAM,
		.protocol = IPPROTO_TCP,
		.mark = 7,
	};
	static struct world w;
	struct cgbpf_env_opts opts = {
		.size = sizeof(opts),
		.cpus = 1,
		.trace = on_trace,
		.trace_data = &w,
	};

	memset(&w, 0, sizeof(w));
	if (cgbpf_env_new(&w.env, &opts))
		return -1;
	w.task = cgbpf_env_task(w.env);
	if (cgbpf_cgroup_new(w.env, "/a", &w.cgroup) ||
	    cgbpf_sock_new(w.cgroup, &info, &w.sock))
		return -1;
	w.fd = cgbpf_cgroup_open(w.task, w.cgroup);
	*state = &w;
	return w.fd < 0 ? -1 : 0;
}

static int world_end(void **state)
{
	struct world *w = *state;

	cgbpf_close(w->task, w->fd);
	cgbpf_sock_put(w->sock);
	cgbpf_cgroup_put(w->cgroup);
	cgbpf_env_free(w->env);
	return 0;
}

static char why[65536];

static int prog_load(struct world *w, u32 type, u32 attach_type,
		     const struct bpf_insn *insns, u32 nr)
{
	struct attr_prog_load attr = {
		.prog_type = type,
		.expected_attach_type = attach_type,
		.insns = ptr_to_u64(insns),
		.insn_cnt = nr,
		.license = ptr_to_u64("GPL"),
		.log_level = 1,
		.log_buf = ptr_to_u64(why),
		.log_size = sizeof(why),
	};

	return cgbpf_bpf(w->task, BPF_PROG_LOAD, (void *)&attr, sizeof(attr));
}

/* Attached after those that are there, in MULTI mode. */
static void attach(struct world *w, u32 type, u32 attach_type,
		   const struct bpf_insn *insns, u32 nr)
{
	struct attr_prog_attach attr = {
		.target_fd = (u32)w->fd,
		.attach_type = attach_type,
		.attach_flags = BPF_F_ALLOW_MULTI,
	};
	int fd = prog_load(w, type, attach_type, insns, nr);

	if (fd < 0)
		print_message("%s\n", why);
	assert_true(fd >= 0);
	attr.attach_bpf_fd = (u32)fd;
	assert_int_equal(cgbpf_bpf(w->task, BPF_PROG_ATTACH, (void *)&attr,
				   sizeof(attr)),
			 0);
	cgbpf_close(w->task, fd);
}

#define ATTACH(w, type, atype, ...)                                \
	attach(w, BPF_PROG_TYPE_##type, atype, INSNS(__VA_ARGS__), \
	       NR_INSNS(__VA_ARGS__))

static u8 udp4[] = { 0x45, 0,  0, 32, 0, 0,  0,	  0,   64,  17,	  0,
		     0,	   10, 0, 0,  1, 10, 0,	  0,   2,   0x04, 0xd2,
		     0,	   53, 0, 12, 0, 0,  'd', 'a', 't', 'a' };

static struct cgbpf_verdict run_skb(struct world *w, struct cgbpf_sock *sock,
				    int attach_type)
{
	struct cgbpf_packet packet = {
		.size = sizeof(packet),
		.data = udp4,
		.len = sizeof(udp4),
		.protocol = 0x0800,
	};
	struct cgbpf_verdict verdict;

	assert_int_equal(cgbpf_run_skb(w->cgroup, sock, attach_type, &packet,
				       NULL, &verdict),
			 0);
	return verdict;
}

/* AT-17, AT-18 */
static void egress_folds(void **state)
{
	static const struct {
		int first, second, error;
		bool congestion;
	} cases[] = {
		{ 1, 1, 0, false },	  { 1, 0, -EPERM, false },
		{ 0, 1, -EPERM, false },  { 1, 3, 0, true },
		{ 3, 1, 0, true },	  { 2, 1, -ENOBUFS, true },
		{ 0, 3, -ENOBUFS, true }, { 2, 2, -ENOBUFS, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cgbpf_verdict verdict;
		void *fresh;

		assert_int_equal(world_make(&fresh), 0);
		ATTACH(fresh, CGROUP_SKB, BPF_CGROUP_INET_EGRESS,
		       I_RETURN(cases[i].first));
		ATTACH(fresh, CGROUP_SKB, BPF_CGROUP_INET_EGRESS,
		       I_RETURN(cases[i].second));
		verdict = run_skb(fresh, NULL, BPF_CGROUP_INET_EGRESS);
		assert_int_equal(verdict.error, cases[i].error);
		assert_int_equal(verdict.congestion, cases[i].congestion);
		assert_int_equal(verdict.ran, 2);
		world_end(&fresh);
	}
}

/* A program that is detached above does not run below any more. */
static void detached_is_skipped(void **state)
{
	struct attr_prog_attach attr = {
		.attach_type = BPF_CGROUP_INET_EGRESS,
		.attach_flags = BPF_F_ALLOW_MULTI,
	};
	const struct bpf_insn *drop = INSNS(I_RETURN(0));
	struct world *w = *state;
	struct cgbpf_cgroup *root;

	ATTACH(w, CGROUP_SKB, BPF_CGROUP_INET_EGRESS, I_RETURN(1));
	assert_int_equal(cgbpf_cgroup_get(w->env, "/", &root), 0);
	attr.target_fd = (u32)cgbpf_cgroup_open(w->task, root);
	attr.attach_bpf_fd = (u32)prog_load(w, BPF_PROG_TYPE_CGROUP_SKB,
					    BPF_CGROUP_INET_EGRESS, drop,
					    NR_INSNS(I_RETURN(0)));
	assert_int_equal(cgbpf_bpf(w->task, BPF_PROG_ATTACH, (void *)&attr,
				   sizeof(attr)),
			 0);
	assert_int_equal(run_skb(w, NULL, BPF_CGROUP_INET_EGRESS).ran, 2);
	attr.attach_flags = 0;
	assert_int_equal(cgbpf_bpf(w->task, BPF_PROG_DETACH, (void *)&attr,
				   sizeof(attr)),
			 0);
	assert_int_equal(run_skb(w, NULL, BPF_CGROUP_INET_EGRESS).ran, 1);
	assert_int_equal(run_skb(w, NULL, BPF_CGROUP_INET_EGRESS).error, 0);
	cgbpf_cgroup_put(root);
}

static void ingress_drops(void **state)
{
	struct cgbpf_verdict verdict;

	assert_int_equal(run_skb(*state, NULL, BPF_CGROUP_INET_INGRESS).ran, 0);
	ATTACH(*state, CGROUP_SKB, BPF_CGROUP_INET_INGRESS, I_RETURN(0));
	verdict = run_skb(*state, NULL, BPF_CGROUP_INET_INGRESS);
	assert_int_equal(verdict.error, -EPERM);
	assert_false(verdict.congestion);
}

/* A packet without a socket shows one: ours is the side it leaves from. */
static void packet_shows_socket(void **state)
{
	struct world *w = *state;

	/* passes if local_port is 1234 and remote_port is 53, << 16 */
	ATTACH(w, CGROUP_SKB, BPF_CGROUP_INET_EGRESS,
	       I_LDX(BPF_W, R2, R1, offsetof(struct __sk_buff, local_port)),
	       I_LDX(BPF_W, R3, R1, offsetof(struct __sk_buff, remote_port)),
	       I_MOV_IMM(R0, 0), I_JMP_IMM(BPF_JNE, R2, 1234, 3),
	       I_ALU_IMM(BPF_RSH, R3, 24), I_JMP_IMM(BPF_JNE, R3, 53, 1),
	       I_MOV_IMM(R0, 1), I_EXIT());
	assert_int_equal(run_skb(w, NULL, BPF_CGROUP_INET_EGRESS).error, 0);
	/* the given socket has other ports */
	assert_int_equal(run_skb(w, w->sock, BPF_CGROUP_INET_EGRESS).error,
			 -EPERM);
}

/* What a program puts into cb is not for the next one. */
static void cb_is_private(void **state)
{
	for (int i = 0; i < 2; i++)
		ATTACH(*state, CGROUP_SKB, BPF_CGROUP_INET_INGRESS,
		       I_LDX(BPF_W, R2, R1, offsetof(struct __sk_buff, cb)),
		       I_MOV_IMM(R3, 9),
		       I_STX(BPF_W, R1, R3, offsetof(struct __sk_buff, cb)),
		       I_MOV_IMM(R0, 1), I_JMP_IMM(BPF_JEQ, R2, 0, 1),
		       I_MOV_IMM(R0, 0), I_EXIT());
	assert_int_equal(run_skb(*state, NULL, BPF_CGROUP_INET_INGRESS).error,
			 0);
}

static void sock_changes(void **state)
{
	struct world *w = *state;
	struct cgbpf_verdict verdict;
	struct cgbpf_sock_info info = { .size = sizeof(info) };

	ATTACH(w, CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE,
	       I_LDX(BPF_W, R2, R1, offsetof(struct bpf_sock, mark)),
	       I_ALU_IMM(BPF_ADD, R2, 1),
	       I_STX(BPF_W, R1, R2, offsetof(struct bpf_sock, mark)),
	       I_RETURN(1));
	assert_int_equal(cgbpf_run_sock(w->sock, BPF_CGROUP_INET_SOCK_CREATE,
					NULL, &verdict),
			 0);
	assert_int_equal(verdict.error, 0);
	cgbpf_sock_read(w->sock, &info);
	assert_int_equal(info.mark, 8);
	assert_int_equal(cgbpf_run_sock(w->sock, BPF_CGROUP_INET4_CONNECT, NULL,
					&verdict),
			 -EINVAL);
}

/* AT-17: an error that a program set stays */
static void retval_stays(void **state)
{
	struct world *w = *state;
	struct cgbpf_verdict verdict;

	ATTACH(w, CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE,
	       I_MOV_IMM(R1, -EBUSY), I_CALL(BPF_FUNC_set_retval), I_RETURN(1));
	ATTACH(w, CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE, I_RETURN(0));
	assert_int_equal(cgbpf_run_sock(w->sock, BPF_CGROUP_INET_SOCK_CREATE,
					NULL, &verdict),
			 0);
	assert_int_equal(verdict.error, -EBUSY);
	assert_int_equal(verdict.ran, 2);
}

#define USER(field) (s16) offsetof(struct bpf_sock_addr, field)

static void connect_rewrites(void **state)
{
	struct world *w = *state;
	struct sockaddr_storage addr = { 0 };
	struct sockaddr_in *in = (void *)&addr;
	socklen_t len = sizeof(*in);
	struct cgbpf_verdict verdict;
	struct cgbpf_sock_info info = { .size = sizeof(info) };

	in->sin_family = AF_INET;
	in->sin_port = htons(80);
	in->sin_addr.s_addr = htonl(0x0a000001);
	/* to 127.0.0.1:8080, from 127.0.0.2 */
	ATTACH(w, CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT, I_MOV_REG(R6, R1),
	       I_MOV_IMM(R2, (s32)htonl(0x7f000001)),
	       I_STX(BPF_W, R1, R2, USER(user_ip4)), I_MOV_IMM(R2, htons(8080)),
	       I_STX(BPF_W, R1, R2, USER(user_port)), I_MOV_IMM(R3, 16),
	       I_ST(BPF_DW, R10, -8, 0), I_ST(BPF_W, R10, -16, AF_INET),
	       I_ST(BPF_W, R10, -12, (s32)htonl(0x7f000002)),
	       I_MOV_REG(R2, R10), I_ALU_IMM(BPF_ADD, R2, -16),
	       I_CALL(BPF_FUNC_bind), I_JMP_IMM(BPF_JEQ, R0, 0, 2),
	       I_MOV_IMM(R0, 0), I_EXIT(), I_MOV_IMM(R0, 1), I_EXIT());
	assert_int_equal(cgbpf_run_sock_addr(w->sock, BPF_CGROUP_INET4_CONNECT,
					     &addr, &len, NULL, NULL, &verdict),
			 0);
	assert_int_equal(verdict.error, 0);
	assert_int_equal(in->sin_port, htons(8080));
	assert_int_equal(in->sin_addr.s_addr, htonl(0x7f000001));
	cgbpf_sock_read(w->sock, &info);
	assert_int_equal(info.src_ip4, htonl(0x7f000002));
}

static void bind_skips_check(void **state)
{
	struct world *w = *state;
	struct sockaddr_storage addr = { .ss_family = AF_INET };
	socklen_t len = sizeof(struct sockaddr_in);
	struct cgbpf_verdict verdict;

	ATTACH(w, CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_BIND, I_RETURN(3));
	ATTACH(w, CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_BIND, I_RETURN(1));
	assert_int_equal(cgbpf_run_sock_addr(w->sock, BPF_CGROUP_INET4_BIND,
					     &addr, &len, NULL, NULL, &verdict),
			 0);
	assert_int_equal(verdict.error, 0);
	assert_true(verdict.no_bind_check);
}

#define OPT(field) (s16) offsetof(struct bpf_sockopt, field)

static struct cgbpf_verdict run_opt(struct world *w, int attach_type,
				    struct cgbpf_sockopt *opt)
{
	struct cgbpf_verdict verdict;

	opt->size = sizeof(*opt);
	assert_int_equal(cgbpf_run_sockopt(w->sock, attach_type, opt, NULL,
					   &verdict),
			 0);
	return verdict;
}

/* KB-20: sixteen zeroed bytes, of which a program may use more than came */
static void setsockopt_grows(void **state)
{
	struct world *w = *state;
	char value[64] = "nv";
	struct cgbpf_sockopt opt = { .size = sizeof(opt),
				     .level = 6,
				     .optname = 13,
				     .optval = value,
				     .optlen = 2,
				     .capacity = sizeof(value) };

	/* optval[2] must be 0; put "ab" there, four bytes long */
	ATTACH(w, CGROUP_SOCKOPT, BPF_CGROUP_SETSOCKOPT,
	       I_LDX(BPF_DW, R2, R1, OPT(optval)),
	       I_LDX(BPF_DW, R3, R1, OPT(optval_end)), I_MOV_REG(R4, R2),
	       I_ALU_IMM(BPF_ADD, R4, 16), I_MOV_IMM(R0, 0),
	       I_JMP_REG(BPF_JGT, R4, R3, 7), I_LDX(BPF_B, R5, R2, 2),
	       I_JMP_IMM(BPF_JNE, R5, 0, 5), I_MOV_IMM(R5, 'a' | 'b' << 8),
	       I_STX(BPF_H, R2, R5, 2), I_MOV_IMM(R5, 4),
	       I_STX(BPF_W, R1, R5, OPT(optlen)), I_MOV_IMM(R0, 1), I_EXIT());
	assert_int_equal(run_opt(w, BPF_CGROUP_SETSOCKOPT, &opt).error, 0);
	assert_int_equal(opt.optlen, 4);
	assert_true(opt.changed);
	assert_false(opt.handled);
	assert_memory_equal(value, "nvab", 4);
}

/* KB-17, KB-18: what optlen may become */
static void setsockopt_optlen(void **state)
{
	static const struct {
		int before, after, error, optlen;
		bool handled;
	} cases[] = {
		{ 4, -1, 0, 4, true },
		{ 4, -2, -EFAULT, 4, false },
		{ 4, 16, 0, 16, false },
		{ 4, 17, -EFAULT, 4, false },
		{ 4, 0, 0, 4, false },
		{ 5000, 5000, 0, 5000, false },
		{ 5000, 4096, 0, 4096, false },
		{ 5000, -2, -EFAULT, 5000, false },
	};
	static char value[8192];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cgbpf_sockopt opt = { .size = sizeof(opt),
					     .optval = value,
					     .optlen = cases[i].before,
					     .capacity = sizeof(value) };
		void *fresh;

		assert_int_equal(world_make(&fresh), 0);
		ATTACH(fresh, CGROUP_SOCKOPT, BPF_CGROUP_SETSOCKOPT,
		       I_MOV_IMM(R2, cases[i].after),
		       I_STX(BPF_W, R1, R2, OPT(optlen)), I_RETURN(1));
		assert_int_equal(
			run_opt(fresh, BPF_CGROUP_SETSOCKOPT, &opt).error,
			cases[i].error);
		assert_int_equal(opt.optlen, cases[i].optlen);
		assert_int_equal(opt.handled, cases[i].handled);
		world_end(&fresh);
	}
}

/* KB-19: the kernel's error, which a program may take away */
static void getsockopt_retval(void **state)
{
	struct world *w = *state;
	int value = 0;
	struct cgbpf_sockopt opt = { .size = sizeof(opt),
				     .optval = &value,
				     .optlen = 4,
				     .capacity = 4,
				     .kernel_error = -ENOPROTOOPT };

	ATTACH(w, CGROUP_SOCKOPT, BPF_CGROUP_GETSOCKOPT, I_RETURN(1));
	assert_int_equal(run_opt(w, BPF_CGROUP_GETSOCKOPT, &opt).error,
			 -ENOPROTOOPT);
	ATTACH(w, CGROUP_SOCKOPT, BPF_CGROUP_GETSOCKOPT, I_MOV_IMM(R2, 0),
	       I_STX(BPF_W, R1, R2, OPT(retval)), I_RETURN(1));
	assert_int_equal(run_opt(w, BPF_CGROUP_GETSOCKOPT, &opt).error, 0);
	assert_true(opt.changed);
	opt.kernel_error = 0;
	opt.optval = NULL;
	opt.optlen = 0;
	opt.capacity = 0;
	assert_int_equal(run_opt(w, BPF_CGROUP_GETSOCKOPT, &opt).error, 0);
}

/* The option helpers: a program's own value, and the table's refusals */
static void option_helpers(void **state)
{
	struct world *w = *state;
	char value[16] = { 0 };
	struct cgbpf_sockopt opt = { .size = sizeof(opt),
				     .optval = value,
				     .optlen = 4,
				     .capacity = sizeof(value) };

	ATTACH(w, CGROUP_SOCKOPT, BPF_CGROUP_SETSOCKOPT,
	       I_LDX(BPF_DW, R6, R1, OPT(sk)), I_ST(BPF_W, R10, -4, 5),
	       I_MOV_REG(R1, R6), I_MOV_IMM(R2, IPPROTO_TCP),
	       I_MOV_IMM(R3, 4 /* TCP_KEEPIDLE */), I_MOV_REG(R4, R10),
	       I_ALU_IMM(BPF_ADD, R4, -4), I_MOV_IMM(R5, 4),
	       I_CALL(BPF_FUNC_setsockopt), I_JMP_IMM(BPF_JNE, R0, 0, 11),
	       I_ST(BPF_W, R10, -4, 0), I_MOV_REG(R1, R6),
	       I_MOV_IMM(R2, IPPROTO_TCP), I_MOV_IMM(R3, 4), I_MOV_REG(R4, R10),
	       I_ALU_IMM(BPF_ADD, R4, -4), I_MOV_IMM(R5, 4),
	       I_CALL(BPF_FUNC_getsockopt), I_LDX(BPF_W, R7, R10, -4),
	       I_MOV_IMM(R0, 1), I_JMP_IMM(BPF_JEQ, R7, 5, 1), I_MOV_IMM(R0, 0),
	       I_EXIT());
	assert_int_equal(run_opt(w, BPF_CGROUP_SETSOCKOPT, &opt).error, 0);
}

/* Structs that may grow say how large they are. */
static void sizes(void **state)
{
	struct world *w = *state;
	struct {
		struct cgbpf_packet packet;
		u64 later;
	} grown = { .packet = { .size = sizeof(grown) } };
	struct cgbpf_sock_info info = { .size = sizeof(info) };
	struct cgbpf_sockopt opt = { .size = sizeof(opt) - 1 };
	struct cgbpf_sysctl sysctl = { .size = 0, .name = "x" };
	struct cgbpf_verdict verdict;
	struct cgbpf_sock *sock;

	assert_int_equal(cgbpf_run_skb(NULL, w->sock, BPF_CGROUP_INET_EGRESS,
				       &grown.packet, NULL, &verdict),
			 0);
	grown.later = 1;
	assert_int_equal(cgbpf_run_skb(NULL, w->sock, BPF_CGROUP_INET_EGRESS,
				       &grown.packet, NULL, &verdict),
			 -E2BIG);
	grown.packet.size = sizeof(grown.packet) - 1;
	assert_int_equal(cgbpf_run_skb(NULL, w->sock, BPF_CGROUP_INET_EGRESS,
				       &grown.packet, NULL, &verdict),
			 -EINVAL);
	assert_int_equal(cgbpf_run_sockopt(w->sock, BPF_CGROUP_GETSOCKOPT, &opt,
					   NULL, &verdict),
			 -EINVAL);
	assert_int_equal(cgbpf_run_sysctl(w->cgroup, &sysctl, NULL, &verdict),
			 -EINVAL);
	grown.packet.size = sizeof(grown.packet);
	assert_int_equal(cgbpf_run_skb(NULL, NULL, BPF_CGROUP_INET_EGRESS,
				       &grown.packet, NULL, &verdict),
			 -EINVAL);
	info.size = offsetof(struct cgbpf_sock_info, mark);
	info.mark = 99;
	assert_int_equal(cgbpf_sock_new(w->cgroup, &info, &sock), -EINVAL);
	assert_int_equal(cgbpf_sock_accept(w->sock, &info, &sock), -EINVAL);
	/* no more is written than there is room for */
	cgbpf_sock_read(w->sock, &info);
	assert_int_equal(info.family, AF_INET);
	assert_int_equal(info.mark, 99);
}

/* A program may make an option's value longer: there has to be a value. */
static void setsockopt_without_value(void **state)
{
	struct world *w = *state;
	struct cgbpf_sockopt opt = { .size = sizeof(opt), .capacity = 16 };
	struct cgbpf_verdict verdict;

	ATTACH(w, CGROUP_SOCKOPT, BPF_CGROUP_SETSOCKOPT, I_MOV_IMM(R2, 4),
	       I_STX(BPF_W, R1, R2, OPT(optlen)), I_RETURN(1));
	assert_int_equal(cgbpf_run_sockopt(w->sock, BPF_CGROUP_SETSOCKOPT, &opt,
					   NULL, &verdict),
			 -EINVAL);
}

static void device_decides(void **state)
{
	struct world *w = *state;
	struct cgbpf_verdict verdict;

	/* only reading of character devices */
	ATTACH(w, CGROUP_DEVICE, BPF_CGROUP_DEVICE,
	       I_LDX(BPF_W, R2, R1,
		     offsetof(struct bpf_cgroup_dev_ctx, access_type)),
	       I_MOV_IMM(R0, 0),
	       I_JMP_IMM(BPF_JNE, R2,
			 BPF_DEVCG_ACC_READ << 16 | BPF_DEVCG_DEV_CHAR, 1),
	       I_MOV_IMM(R0, 1), I_EXIT());
	assert_int_equal(cgbpf_run_device(w->cgroup, BPF_DEVCG_DEV_CHAR,
					  BPF_DEVCG_ACC_READ, 1, 3, NULL,
					  &verdict),
			 0);
	assert_int_equal(verdict.error, 0);
	cgbpf_run_device(w->cgroup, BPF_DEVCG_DEV_BLOCK, BPF_DEVCG_ACC_READ, 1,
			 3, NULL, &verdict);
	assert_int_equal(verdict.error, -EPERM);
}

/* KB-21 */
static void sysctl_sets(void **state)
{
	struct world *w = *state;
	char value[4096] = "old";
	struct cgbpf_sysctl sysctl = {
		.size = sizeof(sysctl),
		.name = "net/ipv4/tcp_mem",
		.write = true,
		.current = "1\n",
		.current_len = 2,
		.new_value = value,
		.new_len = 3,
		.capacity = sizeof(value),
	};
	struct cgbpf_verdict verdict;

	ATTACH(w, CGROUP_SYSCTL, BPF_CGROUP_SYSCTL, I_ST(BPF_W, R10, -4, 'X'),
	       I_MOV_REG(R2, R10), I_ALU_IMM(BPF_ADD, R2, -4), I_MOV_IMM(R3, 1),
	       I_CALL(BPF_FUNC_sysctl_set_new_value), I_RETURN(1));
	assert_int_equal(cgbpf_run_sysctl(w->cgroup, &sysctl, NULL, &verdict),
			 0);
	assert_int_equal(verdict.error, 0);
	assert_true(sysctl.changed);
	assert_int_equal(sysctl.new_len, 1);
	assert_string_equal(value, "X");
	sysctl.capacity = 100;
	assert_int_equal(cgbpf_run_sysctl(w->cgroup, &sysctl, NULL, &verdict),
			 -EINVAL);
}

static void trace_prints(void **state)
{
	struct world *w = *state;

	/* "n=%d\n" */
	ATTACH(w, CGROUP_SKB, BPF_CGROUP_INET_INGRESS,
	       I_ST(BPF_W, R10, -8, 'n' | '=' << 8 | '%' << 16 | 'd' << 24),
	       I_ST(BPF_W, R10, -4, '\n'), I_MOV_REG(R1, R10),
	       I_ALU_IMM(BPF_ADD, R1, -8), I_MOV_IMM(R2, 6), I_MOV_IMM(R3, -5),
	       I_CALL(BPF_FUNC_trace_printk), I_RETURN(1));
	run_skb(w, NULL, BPF_CGROUP_INET_INGRESS);
	assert_int_equal(w->traced, 1);
	assert_string_equal(w->line, "n=-5");
}

static int storage_map(struct world *w, u32 type)
{
	struct attr_map_create attr = {
		.map_type = type,
		.key_size = sizeof(struct bpf_cgroup_storage_key),
		.value_size = 8,
	};

	return cgbpf_bpf(w->task, BPF_MAP_CREATE, (void *)&attr, sizeof(attr));
}

/* Adds one to the program's storage; @trace: and then says so */
static void attach_counter(struct world *w, int map, u32 attach_type,
			   bool trace)
{
	ATTACH(w, CGROUP_SKB, attach_type, I_LD_MAP_FD(R1, map),
	       I_MOV_IMM(R2, 0), I_CALL(BPF_FUNC_get_local_storage),
	       I_MOV_REG(R6, R0), I_JMP_IMM(BPF_JEQ, R6, 0, 6),
	       I_ST(BPF_W, R10, -4, 'x'), I_MOV_REG(R1, R10),
	       I_ALU_IMM(BPF_ADD, R1, -4), I_MOV_IMM(R2, 2),
	       trace ? I_CALL(BPF_FUNC_trace_printk) : I_MOV_IMM(R0, 0),
	       I_JA(0), I_LDX(BPF_DW, R2, R6, 0), I_ALU_IMM(BPF_ADD, R2, 1),
	       I_STX(BPF_DW, R6, R2, 0), I_RETURN(1));
}

static u64 counter(struct world *w, int map, int attach_type)
{
	u64 value = 0;

	assert_int_equal(cgbpf_storage_read(w->task, map, w->cgroup,
					    attach_type, &value),
			 0);
	return value;
}

static void on_trace_run(void *data, const char *line)
{
	struct world *w = data;

	(void)line;
	w->traced++;
	assert_int_equal(run_skb(w, NULL, BPF_CGROUP_INET_EGRESS).error, 0);
}

/* KB-7: a run inside a run, on the one CPU slot, has its own storage */
static void run_inside_run(void **state)
{
	struct cgbpf_env_opts opts = { .size = sizeof(opts),
				       .cpus = 1,
				       .trace = on_trace_run };
	struct world w = { 0 };
	int map;

	(void)state;
	opts.trace_data = &w;
	assert_int_equal(cgbpf_env_new(&w.env, &opts), 0);
	w.task = cgbpf_env_task(w.env);
	assert_int_equal(cgbpf_cgroup_new(w.env, "/a", &w.cgroup), 0);
	w.fd = cgbpf_cgroup_open(w.task, w.cgroup);
	map = storage_map(&w, BPF_MAP_TYPE_CGROUP_STORAGE);
	attach_counter(&w, map, BPF_CGROUP_INET_INGRESS, true);
	attach_counter(&w, map, BPF_CGROUP_INET_EGRESS, false);
	for (int i = 0; i < 3; i++)
		run_skb(&w, NULL, BPF_CGROUP_INET_INGRESS);
	assert_int_equal(w.traced, 3);
	assert_int_equal(counter(&w, map, BPF_CGROUP_INET_INGRESS), 3);
	assert_int_equal(counter(&w, map, BPF_CGROUP_INET_EGRESS), 3);
	cgbpf_close(w.task, map);
	cgbpf_close(w.task, w.fd);
	cgbpf_cgroup_put(w.cgroup);
	cgbpf_env_free(w.env);
}

#define THREAD_RUNS 2000

static void *runs_ingress(void *arg)
{
	for (int i = 0; i < THREAD_RUNS; i++)
		run_skb(arg, NULL, BPF_CGROUP_INET_INGRESS);
	return NULL;
}

static void *runs_egress(void *arg)
{
	for (int i = 0; i < THREAD_RUNS; i++)
		run_skb(arg, NULL, BPF_CGROUP_INET_EGRESS);
	return NULL;
}

/* KB-7: two threads on one CPU slot never write one storage at once */
static void threads_share_slot(void **state)
{
	struct world *w = *state;
	int map = storage_map(w, BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE);
	pthread_t threads[4];

	attach_counter(w, map, BPF_CGROUP_INET_INGRESS, false);
	attach_counter(w, map, BPF_CGROUP_INET_EGRESS, false);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL,
			       i % 2 ? runs_ingress : runs_egress, w);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(counter(w, map, BPF_CGROUP_INET_INGRESS),
			 2 * THREAD_RUNS);
	assert_int_equal(counter(w, map, BPF_CGROUP_INET_EGRESS),
			 2 * THREAD_RUNS);
	cgbpf_close(w->task, map);
}

/* AT-16, KB-15: an accepted socket holds a removed cgroup on its own account */
static void accepted_holds(void **state)
{
	struct world *w = *state;
	struct cgbpf_sock_info info = { .size = sizeof(info),
					.family = AF_INET };
	struct cgbpf_sock *accepted, *late;

	ATTACH(w, CGROUP_SKB, BPF_CGROUP_INET_INGRESS, I_RETURN(0));
	assert_int_equal(cgbpf_cgroup_remove(w->cgroup), 0);
	assert_int_equal(cgbpf_sock_accept(w->sock, &info, &accepted), 0);
	assert_int_equal(cgbpf_sock_new(w->cgroup, &info, &late), -ENOENT);
	cgbpf_sock_put(w->sock);
	w->sock = accepted;
	assert_int_equal(run_skb(w, accepted, BPF_CGROUP_INET_INGRESS).error,
			 -EPERM);
	assert_ptr_equal(cgbpf_sock_cgroup(accepted), w->cgroup);
}

static struct world *fault_world;

static int make_sock(void *arg)
{
	struct cgbpf_sock_info info = { .size = sizeof(info) };
	struct cgbpf_sock *sock;
	int err;

	(void)arg;
	err = cgbpf_sock_new(fault_world->cgroup, &info, &sock);
	if (!err)
		cgbpf_sock_put(sock);
	return err;
}

static int set_option(void *arg)
{
	char value[32] = { 0 };
	struct cgbpf_sockopt opt = { .size = sizeof(opt),
				     .optval = value,
				     .optlen = 4,
				     .capacity = sizeof(value) };
	struct cgbpf_verdict verdict;

	(void)arg;
	return cgbpf_run_sockopt(fault_world->sock, BPF_CGROUP_SETSOCKOPT, &opt,
				 NULL, &verdict);
}

static int prog_fd;

static int test_run(void *arg)
{
	static u8 frame[64];
	struct attr_test_run attr = {
		.prog_fd = (u32)prog_fd,
		.data_in = ptr_to_u64(frame),
		.data_size_in = sizeof(frame),
	};

	(void)arg;
	return cgbpf_bpf(fault_world->task, BPF_PROG_TEST_RUN, (void *)&attr,
			 sizeof(attr));
}

static void failing_allocations(void **state)
{
	struct world *w = fault_world = *state;
	int map = storage_map(w, BPF_MAP_TYPE_CGROUP_STORAGE);

	ATTACH(w, CGROUP_SOCKOPT, BPF_CGROUP_SETSOCKOPT, I_RETURN(1));
	/* CS-13: the test run's storages are its own */
	prog_fd = prog_load(w, BPF_PROG_TYPE_CGROUP_SKB, 0,
			    INSNS(I_LD_MAP_FD(R1, map), I_MOV_IMM(R2, 0),
				  I_CALL(BPF_FUNC_get_local_storage),
				  I_RETURN(1)),
			    6);
	assert_true(prog_fd >= 0);
#ifdef CGBPF_FAULTS
	assert_true(unit_each_fault(make_sock, NULL) >= 1);
	assert_true(unit_each_fault(set_option, NULL) >= 1);
	assert_true(unit_each_fault(test_run, NULL) >= 2);
#else
	unit_each_fault(make_sock, NULL);
	unit_each_fault(set_option, NULL);
	unit_each_fault(test_run, NULL);
#endif
	cgbpf_close(w->task, prog_fd);
	cgbpf_close(w->task, map);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_make, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(egress_folds),
		TEST(detached_is_skipped),
		TEST(ingress_drops),
		TEST(packet_shows_socket),
		TEST(cb_is_private),
		TEST(sock_changes),
		TEST(retval_stays),
		TEST(connect_rewrites),
		TEST(bind_skips_check),
		TEST(sizes),
		TEST(setsockopt_grows),
		TEST(setsockopt_without_value),
		cmocka_unit_test(setsockopt_optlen),
		TEST(getsockopt_retval),
		TEST(option_helpers),
		TEST(device_decides),
		TEST(sysctl_sets),
		TEST(trace_prints),
		cmocka_unit_test(run_inside_run),
		TEST(threads_share_slot),
		TEST(accepted_holds),
		TEST(failing_allocations),
	};

	return UNIT_RUN(tests);
}
