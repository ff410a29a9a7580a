/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Real sockets' options: what bpf_getsockopt() and bpf_setsockopt() say of
 * every level, name, length and many values, and how setsockopt(2) and
 * getsockopt(2) end (KB-17 to KB-20).
 */
#include "scene.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#define STATE_CLOSE 7
#define OPT(field) ((s16)offsetof(struct bpf_sockopt, field))

struct kind {
	int family, type;
	s32 value;
};

static struct cgbpf_sock *sock_of(struct stage *stage, int family, int type)
{
	struct cgbpf_sock_info info = {
		.size = sizeof(info),
		.family = family,
		.type = type,
		.protocol = type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP,
		.state = STATE_CLOSE,
		.rx_queue_mapping = CGBPF_NO_QUEUE,
	};
	struct cgbpf_sock *sk;

	OK(cgbpf_sock_new(stage->cgroup, &info, &sk));
	return sk;
}

/* ---- the helpers: one request after another through a map ---- */

struct request {
	s32 set, level, name, len;
	u8 value[16], out[16];
	s64 ret;
};

#define REQ(field) ((s16)offsetof(struct request, field))

static int requests;

static int asker(void)
{
	struct recorder rec = { .nr = 0 };

	REC(&rec, MOVR(R6, R1), LDVALUE(R7, requests, 0),
	    LOAD(BPF_W, R2, R7, REQ(level)), LOAD(BPF_W, R3, R7, REQ(name)),
	    LOAD(BPF_W, R5, R7, REQ(len)), OPI(BPF_AND, R5, 31),
	    JMPI(BPF_JGT, R5, 16, 13), JMPI(BPF_JEQ, R5, 0, 12),
	    LOAD(BPF_DW, R1, R6, OPT(sk)), LOAD(BPF_W, R8, R7, REQ(set)),
	    JMPI(BPF_JEQ, R8, 0, 5), MOVR(R4, R7), OPI(BPF_ADD, R4, REQ(value)),
	    CALL(setsockopt), STORE(BPF_DW, R7, REQ(ret), R0), GOTO(4),
	    MOVR(R4, R7), OPI(BPF_ADD, R4, REQ(out)), CALL(getsockopt),
	    STORE(BPF_DW, R7, REQ(ret), R0));
	return rec_load(&rec, BPF_CGROUP_SETSOCKOPT, 1);
}

static void ask_real(void *sock)
{
	int zero = 0;

	must("setsockopt", setsockopt(*(int *)sock, SOL_SOCKET, SO_BROADCAST,
				      &zero, sizeof(zero)));
}

static void ask_ours(void *sock)
{
	char value[16] = { 0 };
	struct cgbpf_sockopt opt = {
		.size = sizeof(opt),
		.level = SOL_SOCKET,
		.optname = SO_BROADCAST,
		.optval = value,
		.optlen = 4,
		.capacity = sizeof(value),
	};
	struct cgbpf_verdict verdict;

	OK(cgbpf_run_sockopt(sock, BPF_CGROUP_SETSOCKOPT, &opt, NULL,
			     &verdict));
}

static void ask(struct stage *stage, struct request *req,
		void (*call)(void *sock), void *sock)
{
	stage_write(stage, requests, req);
	call(sock);
	stage_read(stage, requests, req);
	note(stage, req->ret);
}

/* Every name of every level, in every length */
static void ask_all(struct stage *stage, void (*call)(void *sock), void *sock)
{
	static const int levels[] = { SOL_SOCKET, IPPROTO_IP, IPPROTO_TCP,
				      IPPROTO_IPV6, IPPROTO_UDP };
	static const int lens[] = { 1, 3, 4, 5, 8, 16 };
	const struct kind *kind = stage->arg;

	for (int i = 0; i < 2 * 5 * 90; i++) {
		int name = i / 10 < 78 ? i / 10 : 1000 + i / 10 - 78;
		int level = levels[i / 2 % 5];

		for (size_t l = 0; l < sizeof(lens) / sizeof(*lens); l++) {
			/* a length in the middle for what takes numbers */
			struct request req = { .set = i & 1,
					       .level = level,
					       .name = name,
					       .len = lens[l] };

			if (l != 2 && !(i & 1) && kind->value != 1)
				continue;
			memcpy(req.value, &kind->value, 4);
			ask(stage, &req, call, sock);
		}
	}
}

static void helpers_real(struct stage *stage)
{
	const struct kind *kind = stage->arg;
	int fd = socket(kind->family, kind->type, 0);

	must("socket", fd);
	ask_all(stage, ask_real, &fd);
}

static void helpers_ours(struct stage *stage)
{
	const struct kind *kind = stage->arg;
	struct cgbpf_sock *sk = sock_of(stage, kind->family, kind->type);

	ask_all(stage, ask_ours, sk);
	cgbpf_sock_put(sk);
}

static void helpers(void **state)
{
	static const s32 values[] = { 1,   0,	 2,    -1,    88,     127,
				      128, 1000, 4001, 32768, 120001, INT_MAX };
	int cgroup = MUST(ls_cgroup(ls, "/o"));

	(void)state;
	requests = MUST(ls_map(ls, BPF_MAP_TYPE_ARRAY, 4,
			       sizeof(struct request), 1, 0));
	OK(ls_attach(ls, cgroup, asker(), BPF_CGROUP_SETSOCKOPT, 0));
	for (int i = 0; i < 4 * 12; i++) {
		struct kind kind = { i & 1 ? AF_INET6 : AF_INET,
				     i & 2 ? SOCK_DGRAM : SOCK_STREAM,
				     values[i / 4] };

		ls_doing(ls, "family %d, type %d, value %d", kind.family,
			 kind.type, kind.value);
		scene("/o", helpers_real, helpers_ours, &kind);
	}
}

static void congestion(struct stage *stage, void (*call)(void *sock),
		       void *sock)
{
	static const char *const names[] = { "cubic", "reno",	"cdg", "none",
					     "cubi",  "cubics", "" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		for (int len = 1; len <= 16; len++) {
			struct request req = { .set = 1,
					       .level = IPPROTO_TCP,
					       .name = TCP_CONGESTION,
					       .len = len };

			strcpy((char *)req.value, names[i]);
			ask(stage, &req, call, sock);
		}
}

static void congestion_real(struct stage *stage)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	must("socket", fd);
	congestion(stage, ask_real, &fd);
}

static void congestion_ours(struct stage *stage)
{
	struct cgbpf_sock *sk = sock_of(stage, AF_INET, SOCK_STREAM);

	congestion(stage, ask_ours, sk);
	cgbpf_sock_put(sk);
}

static void congestions(void **state)
{
	int cgroup = MUST(ls_cgroup(ls, "/o"));

	(void)state;
	requests = MUST(ls_map(ls, BPF_MAP_TYPE_ARRAY, 4,
			       sizeof(struct request), 1, 0));
	OK(ls_attach(ls, cgroup, asker(), BPF_CGROUP_SETSOCKOPT, 0));
	scene("/o", congestion_real, congestion_ours, NULL);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(helpers),
	cmocka_unit_test(congestions),
};

DIRECTED_MAIN("event_opts", tests)
