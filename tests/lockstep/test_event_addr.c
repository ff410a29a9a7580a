/* SPDX-License-Identifier: BSD-2-Clause */
/* Real sockets' lives and addresses, and the same here. */
#include "scene.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

#define SK(field) ((s16)offsetof(struct bpf_sock, field))
#define ADDR(field) ((s16)offsetof(struct bpf_sock_addr, field))
#define STATE_CLOSE 7
#define NOBODY 65534
#define PORT 7000
#define OTHER 7001
#define PRIVILEGED 77

/* ---- one program after another, with all that they may say ---- */

/* What a program does: set_retval first, if @set; then what it returns. */
struct saying {
	bool set;
	int value, ret;
};

static int say(u32 attach_type, int order, int digit, struct saying saying)
{
	int i = attach_type_index(attach_type);
	struct bpf_insn insns[] = {
		LDVALUE(R1, order, 0),
		LOAD(BPF_DW, R2, R1, 0),
		OPI(BPF_MUL, R2, 10),
		OPI(BPF_ADD, R2, digit),
		STORE(BPF_DW, R1, 0, R2),
		MOVI(R1, saying.value),
		saying.set ? CALL(set_retval) : MOVI(R0, 0),
		MOVI(R0, saying.ret),
		EXIT(),
	};

	return MUST(ls_prog(ls, attach_types[i].prog_type, attach_type, insns,
			    sizeof(insns) / sizeof(*insns)));
}

struct part {
	int family, type;
	u32 attach_type;
	bool unprivileged;
	u16 port;
};

static socklen_t local(struct sockaddr_storage *ss, int family, u16 port)
{
	struct sockaddr_in *in = (void *)ss;
	struct sockaddr_in6 *in6 = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	ss->ss_family = (sa_family_t)family;
	in->sin_port = htons(port);
	if (family == AF_INET) {
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(*in);
	}
	in6->sin6_addr = in6addr_loopback;
	return sizeof(*in6);
}

static struct cgbpf_sock_info fresh(const struct part *part)
{
	return (struct cgbpf_sock_info){
		.size = sizeof(struct cgbpf_sock_info),
		.family = part->family,
		.type = part->type,
		.protocol = part->family == AF_UNIX	? 0
			    : part->type == SOCK_STREAM ? IPPROTO_TCP
							: IPPROTO_UDP,
		.state = STATE_CLOSE,
		.rx_queue_mapping = CGBPF_NO_QUEUE,
	};
}

static struct cgbpf_sock *sock_new(struct stage *stage,
				   const struct cgbpf_sock_info *info)
{
	struct cgbpf_sock *sk;

	OK(cgbpf_sock_new(stage->cgroup, info, &sk));
	return sk;
}

static void note_addr(struct stage *stage, const struct sockaddr_storage *ss)
{
	const struct sockaddr_in6 *in6 = (const void *)ss;

	note_bytes(stage, ss, sizeof(struct sockaddr_in));
	if (ss->ss_family == AF_INET6)
		note_bytes(stage, &in6->sin6_addr, 16);
}

static void attach(int cgroup, int prog, u32 attach_type)
{
	OK(ls_attach(ls, cgroup, prog, attach_type, BPF_F_ALLOW_MULTI));
}

/*
 * AT-17: two levels of programs, each of which says each thing: the errors of
 * bpf_set_retval() and the returns, as they fold.
 */
static void fold(const struct part *part, scene_fn real, scene_fn ours,
		 int max_ret, bool positive)
{
	struct saying said[16];
	int order = MUST(ls_map(ls, BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0));
	int n = 0, near[16], far[16], up, down;
	char path[24], below[32];
	u32 zero = 0;
	u64 seen;

	snprintf(path, sizeof(path), "/up%d-%u", part->family,
		 part->attach_type);
	snprintf(below, sizeof(below), "%s/down", path);
	up = MUST(ls_cgroup(ls, path));
	down = MUST(ls_cgroup(ls, below));

	for (int ret = 0; ret <= max_ret; ret++)
		said[n++] = (struct saying){ false, 0, ret };
	for (int ret = 0; ret < 2; ret++) {
		said[n++] = (struct saying){ true, -ENOLINK, ret };
		said[n++] = (struct saying){ true, 0, ret };
		if (positive)
			said[n++] = (struct saying){ true, 3, ret };
	}
	for (int i = 0; i < n; i++) {
		near[i] = say(part->attach_type, order, 1, said[i]);
		far[i] = say(part->attach_type, order, 2, said[i]);
	}
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++) {
			ls_doing(ls, "%d, family %d: said %d, then %d",
				 part->attach_type, part->family, i, j);
			attach(down, near[i], part->attach_type);
			attach(up, far[j], part->attach_type);
			scene(below, real, ours, part);
			OK(ls_lookup(ls, order, &zero, &seen, 0));
			OK(ls_detach(ls, down, near[i], part->attach_type));
			OK(ls_detach(ls, up, far[j], part->attach_type));
		}
}

/* ---- made, bound, released ---- */

static void create_real(struct stage *stage)
{
	const struct part *part = stage->arg;
	int fd = socket(part->family, part->type, 0);

	note_call(stage, fd < 0 ? fd : 0);
}

static void create_ours(struct stage *stage)
{
	struct cgbpf_sock_info info = fresh(stage->arg);
	struct cgbpf_sock *sk = sock_new(stage, &info);
	struct cgbpf_verdict verdict;

	OK(cgbpf_run_sock(sk, BPF_CGROUP_INET_SOCK_CREATE, NULL, &verdict));
	note(stage, verdict.error);
	cgbpf_sock_put(sk);
}

static void creations_fold(void **state)
{
	static const struct part parts[] = {
		{ AF_INET, SOCK_STREAM, BPF_CGROUP_INET_SOCK_CREATE, 0, 0 },
		{ AF_INET6, SOCK_DGRAM, BPF_CGROUP_INET_SOCK_CREATE, 0, 0 },
	};

	(void)state;
	/* a positive value would leave a half-made socket in the kernel */
	for (int i = 0; i < 2; i++)
		fold(&parts[i], create_real, create_ours, 1, false);
}

static void life_real(struct stage *stage)
{
	const struct part *part = stage->arg;
	int fd = socket(part->family, part->type, 0);
	int mark = 0, priority = 0, dev = 0;
	struct sockaddr_storage ss;
	socklen_t len = 4;

	must("socket", fd);
	getsockopt(fd, SOL_SOCKET, SO_MARK, &mark, &len);
	getsockopt(fd, SOL_SOCKET, SO_PRIORITY, &priority, &len);
	getsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &dev, &len);
	note(stage, mark);
	note(stage, priority);
	note(stage, dev);
	len = local(&ss, part->family, PORT);
	note_call(stage, bind(fd, (void *)&ss, len));
	note_call(stage, close(fd));
}

static void life_ours(struct stage *stage)
{
	const struct part *part = stage->arg;
	bool ip6 = part->family == AF_INET6;
	struct cgbpf_sock_info info = fresh(part);
	struct cgbpf_sock *sk = sock_new(stage, &info);
	struct cgbpf_verdict verdict;

	OK(cgbpf_run_sock(sk, BPF_CGROUP_INET_SOCK_CREATE, NULL, &verdict));
	cgbpf_sock_read(sk, &info);
	note(stage, info.mark);
	note(stage, info.priority);
	note(stage, info.bound_dev_if);
	info.src_port = htons(PORT);
	if (ip6)
		info.src_ip6[15] = 1;
	else
		info.src_ip4 = htonl(INADDR_LOOPBACK);
	cgbpf_sock_write(sk, &info);
	OK(cgbpf_run_sock(sk,
			  ip6 ? BPF_CGROUP_INET6_POST_BIND
			      : BPF_CGROUP_INET4_POST_BIND,
			  NULL, &verdict));
	note(stage, verdict.error);
	info.state = STATE_CLOSE;
	cgbpf_sock_write(sk, &info);
	OK(cgbpf_run_sock(sk, BPF_CGROUP_INET_SOCK_RELEASE, NULL, &verdict));
	note(stage, 0);
	cgbpf_sock_put(sk);
}

/* Every field that the attach type may read; the writable ones, if it may */
static int sock_recorder(int map, u32 attach_type, bool writes)
{
	static const s16 fields[] = { SK(family),     SK(type),
				      SK(protocol),   SK(dst_ip4),
				      SK(dst_ip6[0]), SK(dst_ip6[3]),
				      SK(state),      SK(rx_queue_mapping) };
	static const s16 made[] = { SK(bound_dev_if), SK(mark), SK(priority) };
	struct recorder rec;

	rec_begin(&rec, map);
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		rec_field(&rec, BPF_W, fields[i]);
	rec_field(&rec, BPF_H, SK(dst_port));
	switch (attach_type) {
	case BPF_CGROUP_INET4_POST_BIND:
		rec_field(&rec, BPF_W, SK(src_ip4));
		rec_field(&rec, BPF_W, SK(src_port));
		break;
	case BPF_CGROUP_INET6_POST_BIND:
		for (int i = 0; i < 4; i++)
			rec_field(&rec, BPF_W, SK(src_ip6[i]));
		rec_field(&rec, BPF_W, SK(src_port));
		break;
	default:
		for (int i = 0; i < 3; i++)
			rec_field(&rec, BPF_W, made[i]);
	}
	if (writes)
		REC(&rec, MOVI(R8, 1), STORE(BPF_W, R6, SK(bound_dev_if), R8),
		    MOVI(R8, 0x1234), STORE(BPF_W, R6, SK(mark), R8),
		    MOVI(R8, 5), STORE(BPF_W, R6, SK(priority), R8));
	return rec_load(&rec, attach_type, 1);
}

static void lives(void **state)
{
	static const int families[] = { AF_INET, AF_INET6 };
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM };
	static const u32 points[] = { BPF_CGROUP_INET_SOCK_CREATE,
				      BPF_CGROUP_INET4_POST_BIND,
				      BPF_CGROUP_INET6_POST_BIND,
				      BPF_CGROUP_INET_SOCK_RELEASE };

	(void)state;
	for (int i = 0; i < 8; i++) {
		struct part part = { families[i & 1], types[i >> 1 & 1], 0, 0,
				     0 };
		int map[4], cgroup;
		char path[16];

		snprintf(path, sizeof(path), "/life%d", i);
		cgroup = MUST(ls_cgroup(ls, path));
		for (int p = 0; p < 4; p++) {
			map[p] = record_map();
			attach(cgroup,
			       sock_recorder(map[p], points[p], !p && i & 4),
			       points[p]);
		}
		ls_doing(ls, "%s", path);
		scene(path, life_real, life_ours, &part);
		for (int p = 0; p < 4; p++) {
			ls_doing(ls, "%s at %u", path, points[p]);
			rec_compare(map[p], NULL);
		}
	}
}

/* ---- bind ---- */

static void bind_real(struct stage *stage)
{
	const struct part *part = stage->arg;
	int fd = socket(part->family, part->type, 0);
	struct sockaddr_storage ss;
	socklen_t len = local(&ss, part->family, part->port);
	int ret;

	must("socket", fd);
	if (part->unprivileged)
		must("setuid", setresuid(NOBODY, NOBODY, NOBODY));
	ret = bind(fd, (void *)&ss, len);
	note_call(stage, ret);
	if (!ret) {
		len = sizeof(ss);
		must("name", getsockname(fd, (void *)&ss, &len));
		note_addr(stage, &ss);
	}
}

static void bind_ours(struct stage *stage)
{
	const struct part *part = stage->arg;
	bool ip6 = part->family == AF_INET6;
	struct cgbpf_sock_info info = fresh(part);
	struct cgbpf_sock *sk = sock_new(stage, &info);
	struct sockaddr_storage ss;
	socklen_t len = local(&ss, part->family, part->port);
	const struct sockaddr_in *in = (const void *)&ss;
	struct cgbpf_verdict verdict;

	OK(cgbpf_run_sock_addr(
		sk, ip6 ? BPF_CGROUP_INET6_BIND : BPF_CGROUP_INET4_BIND, &ss,
		&len, NULL, NULL, &verdict));
	/* what the kernel's bind then does */
	if (!verdict.error && part->unprivileged && !verdict.no_bind_check &&
	    ntohs(in->sin_port) < 1024)
		verdict.error = -EACCES;
	note(stage, verdict.error);
	if (!verdict.error)
		note_addr(stage, &ss);
	cgbpf_sock_put(sk);
}

static void binds_fold(void **state)
{
	static const struct part parts[] = {
		{ AF_INET, SOCK_DGRAM, BPF_CGROUP_INET4_BIND, true,
		  PRIVILEGED },
		{ AF_INET6, SOCK_STREAM, BPF_CGROUP_INET6_BIND, true,
		  PRIVILEGED },
	};

	(void)state;
	for (int i = 0; i < 2; i++)
		fold(&parts[i], bind_real, bind_ours, 3, true);
}

/* ---- what programs see of an address, and make of it ---- */

static bool is_ip6(u32 attach_type)
{
	switch (attach_type) {
	case BPF_CGROUP_INET6_BIND:
	case BPF_CGROUP_INET6_CONNECT:
	case BPF_CGROUP_UDP6_SENDMSG:
	case BPF_CGROUP_UDP6_RECVMSG:
	case BPF_CGROUP_INET6_GETPEERNAME:
	case BPF_CGROUP_INET6_GETSOCKNAME:
		return true;
	default:
		return false;
	}
}

static bool is_unix(u32 attach_type)
{
	return attach_type == BPF_CGROUP_UNIX_CONNECT ||
	       attach_type == BPF_CGROUP_UNIX_SENDMSG ||
	       attach_type == BPF_CGROUP_UNIX_RECVMSG ||
	       attach_type == BPF_CGROUP_UNIX_GETPEERNAME ||
	       attach_type == BPF_CGROUP_UNIX_GETSOCKNAME;
}

static void rec_address(struct recorder *rec, u32 attach_type)
{
	bool ip6 = is_ip6(attach_type);

	if (ip6)
		for (int i = 0; i < 4; i++)
			rec_field(rec, BPF_W, ADDR(user_ip6[i]));
	else
		rec_field(rec, BPF_W, ADDR(user_ip4));
	rec_field(rec, BPF_W, ADDR(user_port));
	if (attach_type == BPF_CGROUP_UDP4_SENDMSG)
		rec_field(rec, BPF_W, ADDR(msg_src_ip4));
	if (attach_type == BPF_CGROUP_UDP6_SENDMSG)
		for (int i = 0; i < 4; i++)
			rec_field(rec, BPF_W, ADDR(msg_src_ip6[i]));
}

static void rec_addr_sock(struct recorder *rec)
{
	static const s16 fields[] = { SK(family),  SK(type),	   SK(protocol),
				      SK(src_ip4), SK(src_ip6[3]), SK(src_port),
				      SK(dst_ip4), SK(dst_ip6[3]), SK(state) };

	REC(rec, LOAD(BPF_DW, R9, R6, ADDR(sk)));
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		REC(rec, LOAD(BPF_W, R8, R9, fields[i]));
		rec_reg(rec, R8);
	}
}

/* Sees all; moves the port by one, if @writes, and 127.0.0.1 to 127.0.0.2 */
static int addr_recorder(int map, u32 attach_type, bool writes)
{
	bool ip6 = is_ip6(attach_type);
	struct recorder rec;

	rec_begin(&rec, map);
	rec_field(&rec, BPF_W, ADDR(user_family));
	rec_field(&rec, BPF_W, ADDR(family));
	rec_field(&rec, BPF_W, ADDR(type));
	rec_field(&rec, BPF_W, ADDR(protocol));
	if (!is_unix(attach_type))
		rec_address(&rec, attach_type);
	rec_addr_sock(&rec);
	if (writes && !is_unix(attach_type))
		REC(&rec, MOVI(R8, (int)htons(OTHER)),
		    STORE(BPF_W, R6, ADDR(user_port), R8));
	if (writes && !ip6 && !is_unix(attach_type))
		REC(&rec, MOVI(R8, (int)htonl(0x7f000002)),
		    STORE(BPF_W, R6, ADDR(user_ip4), R8));
	if (writes && attach_type == BPF_CGROUP_UDP4_SENDMSG)
		REC(&rec, MOVI(R8, (int)htonl(0x7f000003)),
		    STORE(BPF_W, R6, ADDR(msg_src_ip4), R8));
	return rec_load(&rec, attach_type, 1);
}

static void rewritten_in(const struct part *part, scene_fn real, scene_fn ours,
			 const u32 *points, int n)
{
	for (int writes = 0; writes < 2; writes++) {
		int map[4][2], cgroup, child;
		char path[24], below[32];

		snprintf(path, sizeof(path), "/r%d%d%d%d", part->family,
			 part->type, points[0], writes);
		snprintf(below, sizeof(below), "%s/c", path);
		cgroup = MUST(ls_cgroup(ls, path));
		child = MUST(ls_cgroup(ls, below));
		for (int p = 0; p < n; p++)
			for (int i = 0; i < 2; i++) {
				map[p][i] = record_map();
				attach(i ? cgroup : child,
				       addr_recorder(map[p][i], points[p],
						     writes && !i),
				       points[p]);
			}
		ls_doing(ls, "%s, type %d", path, part->type);
		scene(below, real, ours, part);
		for (int p = 0; p < n; p++)
			for (int i = 0; i < 2; i++) {
				ls_doing(ls, "%s, at %u, program %d", path,
					 points[p], i);
				rec_compare(map[p][i], NULL);
			}
	}
}

static void binds_rewritten(void **state)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM };

	(void)state;
	for (int i = 0; i < 4; i++) {
		bool ip6 = i & 1;
		struct part part = { ip6 ? AF_INET6 : AF_INET, types[i >> 1], 0,
				     false, PORT };
		u32 point = ip6 ? BPF_CGROUP_INET6_BIND : BPF_CGROUP_INET4_BIND;

		rewritten_in(&part, bind_real, bind_ours, &point, 1);
	}
}

/* ---- connect, getpeername, getsockname ---- */

static void connect_real(struct stage *stage)
{
	const struct part *part = stage->arg;
	int fd = socket(part->family, SOCK_DGRAM, 0);
	struct sockaddr_storage ss;
	socklen_t len = local(&ss, part->family, PORT + 10);
	int ret;

	must("socket", fd);
	must("bind", bind(fd, (void *)&ss, len));
	local(&ss, part->family, PORT);
	ret = connect(fd, (void *)&ss, len);
	note_call(stage, ret);
	len = sizeof(ss);
	note_call(stage, getsockname(fd, (void *)&ss, &len));
	note_addr(stage, &ss);
	len = sizeof(ss);
	ret = getpeername(fd, (void *)&ss, &len);
	note_call(stage, ret);
	if (!ret)
		note_addr(stage, &ss);
}

static int run_addr(struct cgbpf_sock *sk, u32 attach_type,
		    struct sockaddr_storage *ss, struct sockaddr_storage *src)
{
	struct cgbpf_verdict verdict;
	socklen_t len = sizeof(*ss);

	OK(cgbpf_run_sock_addr(sk, (int)attach_type, ss, &len, src, NULL,
			       &verdict));
	assert_int_equal(len, sizeof(*ss));
	return verdict.error;
}

static void info_src(struct cgbpf_sock_info *info,
		     const struct sockaddr_storage *ss)
{
	const struct sockaddr_in6 *in6 = (const void *)ss;
	const struct sockaddr_in *in = (const void *)ss;

	info->src_port = in->sin_port;
	if (info->family == AF_INET6)
		memcpy(info->src_ip6, &in6->sin6_addr, 16);
	else
		info->src_ip4 = in->sin_addr.s_addr;
}

static void info_dst(struct cgbpf_sock_info *info,
		     const struct sockaddr_storage *ss)
{
	const struct sockaddr_in6 *in6 = (const void *)ss;
	const struct sockaddr_in *in = (const void *)ss;

	info->dst_port = in->sin_port;
	if (info->family == AF_INET6)
		memcpy(info->dst_ip6, &in6->sin6_addr, 16);
	else
		info->dst_ip4 = in->sin_addr.s_addr;
}

static void connect_ours(struct stage *stage)
{
	const struct part *part = stage->arg;
	bool ip6 = part->family == AF_INET6;
	struct cgbpf_sock_info info = fresh(part);
	struct sockaddr_storage here, there, ss;
	struct cgbpf_sock *sk;
	int ret;

	local(&here, part->family, PORT + 10);
	local(&there, part->family, PORT);
	info_src(&info, &here);
	sk = sock_new(stage, &info);
	ret = run_addr(
		sk, ip6 ? BPF_CGROUP_INET6_CONNECT : BPF_CGROUP_INET4_CONNECT,
		&there, NULL);
	note(stage, ret);
	if (!ret) {
		info_dst(&info, &there);
		info.state = 1;
		cgbpf_sock_write(sk, &info);
	}
	ss = here;
	note(stage, run_addr(sk,
			     ip6 ? BPF_CGROUP_INET6_GETSOCKNAME
				 : BPF_CGROUP_INET4_GETSOCKNAME,
			     &ss, NULL));
	note_addr(stage, &ss);
	if (ret) {
		note(stage, -ENOTCONN);
	} else {
		note(stage, run_addr(sk,
				     ip6 ? BPF_CGROUP_INET6_GETPEERNAME
					 : BPF_CGROUP_INET4_GETPEERNAME,
				     &there, NULL));
		note_addr(stage, &there);
	}
	cgbpf_sock_put(sk);
}

static void connects_fold(void **state)
{
	static const struct part parts[] = {
		{ AF_INET, SOCK_DGRAM, BPF_CGROUP_INET4_CONNECT, 0, 0 },
		{ AF_INET6, SOCK_DGRAM, BPF_CGROUP_INET6_CONNECT, 0, 0 },
	};

	(void)state;
	for (int i = 0; i < 2; i++)
		fold(&parts[i], connect_real, connect_ours, 1, true);
}

static void names_rewritten(void **state)
{
	static const u32 points[2][3] = {
		{ BPF_CGROUP_INET4_CONNECT, BPF_CGROUP_INET4_GETPEERNAME,
		  BPF_CGROUP_INET4_GETSOCKNAME },
		{ BPF_CGROUP_INET6_CONNECT, BPF_CGROUP_INET6_GETPEERNAME,
		  BPF_CGROUP_INET6_GETSOCKNAME },
	};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct part part = { i ? AF_INET6 : AF_INET, SOCK_DGRAM, 0, 0,
				     0 };

		rewritten_in(&part, connect_real, connect_ours, points[i], 3);
	}
}

/* ---- sendmsg, recvmsg ---- */

static int bound_to_all(int family, u16 port)
{
	struct sockaddr_in6 ss = { .sin6_family = (sa_family_t)family,
				   .sin6_port = htons(port) };
	int fd = socket(family, SOCK_DGRAM, 0);

	must("socket", fd);
	must("bind", bind(fd, (void *)&ss, sizeof(ss)));
	return fd;
}

/* Two receivers: who got it, and from where, as it was and as told */
static void message_real(struct stage *stage)
{
	const struct part *part = stage->arg;
	int from = bound_to_all(part->family, PORT + 10);
	int to[2] = { bound_to_all(part->family, PORT),
		      bound_to_all(part->family, OTHER) };
	struct sockaddr_storage ss;
	socklen_t len = local(&ss, part->family, PORT);
	char buf[8];

	note_call(stage, sendto(from, "hello", 5, 0, (void *)&ss, len));
	for (int i = 0; i < 2; i++) {
		long ret;

		len = sizeof(ss);
		ret = recvfrom(to[i], buf, sizeof(buf), MSG_DONTWAIT,
			       (void *)&ss, &len);
		note_call(stage, ret);
		if (ret >= 0)
			note_addr(stage, &ss);
	}
}

static void receive_ours(struct stage *stage, const struct part *part, u16 port,
			 const struct sockaddr_storage *src)
{
	struct cgbpf_sock_info info = fresh(part);
	struct sockaddr_storage ss = *src;
	struct cgbpf_sock *sk;

	info.src_port = htons(port);
	sk = sock_new(stage, &info);
	assert_int_equal(run_addr(sk,
				  part->family == AF_INET6
					  ? BPF_CGROUP_UDP6_RECVMSG
					  : BPF_CGROUP_UDP4_RECVMSG,
				  &ss, NULL),
			 0);
	note(stage, 5);
	note_addr(stage, &ss);
	cgbpf_sock_put(sk);
}

static void message_ours(struct stage *stage)
{
	const struct part *part = stage->arg;
	bool ip6 = part->family == AF_INET6;
	struct cgbpf_sock_info info = fresh(part);
	struct sockaddr_storage to, from = { 0 };
	struct sockaddr_in *src = (void *)&from;
	struct cgbpf_sock *sk;
	int ret;

	info.src_port = htons(PORT + 10);
	sk = sock_new(stage, &info);
	local(&to, part->family, PORT);
	from.ss_family = (sa_family_t)part->family;
	ret = run_addr(sk,
		       ip6 ? BPF_CGROUP_UDP6_SENDMSG : BPF_CGROUP_UDP4_SENDMSG,
		       &to, &from);
	note(stage, ret ? ret : 5);
	/* routing: no source given is the loopback address that goes there */
	src->sin_port = htons(PORT + 10);
	if (ip6)
		((struct sockaddr_in6 *)&from)->sin6_addr = in6addr_loopback;
	else if (!src->sin_addr.s_addr)
		src->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < 2; i++) {
		u16 port = i ? OTHER : PORT;

		if (!ret &&
		    ((struct sockaddr_in *)&to)->sin_port == htons(port))
			receive_ours(stage, part, port, &from);
		else
			note(stage, -EAGAIN);
	}
	cgbpf_sock_put(sk);
}

static void messages_fold(void **state)
{
	static const struct part parts[] = {
		{ AF_INET, SOCK_DGRAM, BPF_CGROUP_UDP4_SENDMSG, 0, 0 },
		{ AF_INET6, SOCK_DGRAM, BPF_CGROUP_UDP6_SENDMSG, 0, 0 },
	};

	(void)state;
	for (int i = 0; i < 2; i++)
		fold(&parts[i], message_real, message_ours, 1, true);
}

static void messages_rewritten(void **state)
{
	static const u32 points[2][2] = {
		{ BPF_CGROUP_UDP4_SENDMSG, BPF_CGROUP_UDP4_RECVMSG },
		{ BPF_CGROUP_UDP6_SENDMSG, BPF_CGROUP_UDP6_RECVMSG },
	};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct part part = { i ? AF_INET6 : AF_INET, SOCK_DGRAM, 0, 0,
				     0 };

		rewritten_in(&part, message_real, message_ours, points[i], 2);
	}
}

/* ---- unix sockets ---- */

static socklen_t unix_name(struct sockaddr_storage *ss, const char *name)
{
	struct sockaddr_un *un = (void *)ss;

	/* the abstract ones belong to the network namespace */
	memset(ss, 0, sizeof(*ss));
	un->sun_family = AF_UNIX;
	strcpy(un->sun_path + 1, name);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			   strlen(name));
}

static void unix_real(struct stage *stage)
{
	int a = socket(AF_UNIX, SOCK_DGRAM, 0);
	int b = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct sockaddr_storage ss;
	socklen_t len;
	char buf[8];

	must("socket", a);
	must("socket", b);
	len = unix_name(&ss, "a");
	must("bind", bind(a, (void *)&ss, len));
	len = unix_name(&ss, "b");
	must("bind", bind(b, (void *)&ss, len));
	note_call(stage, sendto(a, "hello", 5, 0, (void *)&ss, len));
	len = sizeof(ss);
	note_call(stage, recvfrom(b, buf, sizeof(buf), MSG_DONTWAIT,
				  (void *)&ss, &len));
	len = unix_name(&ss, "b");
	note_call(stage, connect(a, (void *)&ss, len));
	len = sizeof(ss);
	note_call(stage, getsockname(a, (void *)&ss, &len));
	len = sizeof(ss);
	note_call(stage, getpeername(a, (void *)&ss, &len));
}

static void unix_ours(struct stage *stage)
{
	const struct part *part = stage->arg;
	struct cgbpf_sock_info info = fresh(part);
	struct cgbpf_sock *a = sock_new(stage, &info);
	struct cgbpf_sock *b = sock_new(stage, &info);
	struct sockaddr_storage ss;
	int ret;

	unix_name(&ss, "b");
	ret = run_addr(a, BPF_CGROUP_UNIX_SENDMSG, &ss, NULL);
	note(stage, ret ? ret : 5);
	if (ret) {
		note(stage, -EAGAIN);
	} else {
		unix_name(&ss, "a");
		run_addr(b, BPF_CGROUP_UNIX_RECVMSG, &ss, NULL);
		note(stage, 5);
	}
	unix_name(&ss, "b");
	ret = run_addr(a, BPF_CGROUP_UNIX_CONNECT, &ss, NULL);
	note(stage, ret);
	if (!ret) {
		info.state = 1;
		cgbpf_sock_write(a, &info);
	}
	unix_name(&ss, "a");
	note(stage, run_addr(a, BPF_CGROUP_UNIX_GETSOCKNAME, &ss, NULL));
	unix_name(&ss, "b");
	note(stage, ret ? -ENOTCONN
			: run_addr(a, BPF_CGROUP_UNIX_GETPEERNAME, &ss, NULL));
	cgbpf_sock_put(a);
	cgbpf_sock_put(b);
}

static void unix_fold(void **state)
{
	static const struct part parts[] = {
		{ AF_UNIX, SOCK_DGRAM, BPF_CGROUP_UNIX_SENDMSG, 0, 0 },
		{ AF_UNIX, SOCK_DGRAM, BPF_CGROUP_UNIX_CONNECT, 0, 0 },
	};

	(void)state;
	for (int i = 0; i < 2; i++)
		fold(&parts[i], unix_real, unix_ours, 1, true);
}

static void unix_seen(void **state)
{
	static const u32 points[] = { BPF_CGROUP_UNIX_SENDMSG,
				      BPF_CGROUP_UNIX_RECVMSG,
				      BPF_CGROUP_UNIX_CONNECT,
				      BPF_CGROUP_UNIX_GETSOCKNAME };
	struct part part = { AF_UNIX, SOCK_DGRAM, 0, 0, 0 };

	(void)state;
	rewritten_in(&part, unix_real, unix_ours, points, 4);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(creations_fold), cmocka_unit_test(lives),
	cmocka_unit_test(binds_fold),	  cmocka_unit_test(binds_rewritten),
	cmocka_unit_test(connects_fold),  cmocka_unit_test(names_rewritten),
	cmocka_unit_test(messages_fold),  cmocka_unit_test(messages_rewritten),
	cmocka_unit_test(unix_fold),	  cmocka_unit_test(unix_seen),
};

DIRECTED_MAIN("event_addr", tests)
