/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers on the options and the address of the event's socket.
 *
 * Which options programs may use, and with which sizes, is a table: Linux's.
 * The values are the real socket's where the embedder gave callbacks for
 * them; else they are kept here, and those that no program set read as zero.
 */
#include "vm/helper_fn.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "base/alloc.h"
#include "vm/sock.h"

#define VALUE_MAX 16u
#define SIN6_LEN_MIN 24u
#define SOCK_BUF_MIN 2304

/* later than the headers of Debian 12 */
#define OPT_SO_TXREHASH 74
#define OPT_SK_BPF_CB_FLAGS 1009
#define OPT_TCP_RTO_MAX_MS 44
#define OPT_TCP_BPF_SOCK_OPS_CB_FLAGS 1008

#define CAN_SET 1u
#define CAN_GET 2u
#define CAN_BOTH (CAN_SET | CAN_GET)

#define ANY_NUMBER INT32_MIN, INT32_MAX

enum option_kind {
	OPTION_NUMBER, /* four bytes, from min to max */
	OPTION_BOOL,
	OPTION_MASK,   /* no bits but those of max */
	OPTION_DEVICE, /* a name */
	OPTION_CONGESTION,
};

struct option_rule {
	int level, name;
	u32 can;
	enum option_kind kind;
	s32 min, max;
};

static const struct option_rule rules[] = {
	{ SOL_SOCKET, SO_RCVBUF, CAN_BOTH, OPTION_NUMBER, ANY_NUMBER },
	{ SOL_SOCKET, SO_SNDBUF, CAN_BOTH, OPTION_NUMBER, ANY_NUMBER },
	{ SOL_SOCKET, SO_MAX_PACING_RATE, CAN_BOTH, OPTION_NUMBER, ANY_NUMBER },
	{ SOL_SOCKET, SO_PRIORITY, CAN_BOTH, OPTION_NUMBER, ANY_NUMBER },
	{ SOL_SOCKET, SO_RCVLOWAT, CAN_BOTH, OPTION_NUMBER, ANY_NUMBER },
	{ SOL_SOCKET, SO_MARK, CAN_BOTH, OPTION_NUMBER, ANY_NUMBER },
	{ SOL_SOCKET, SO_BINDTODEVICE, CAN_SET, OPTION_DEVICE, 0, 0 },
	{ SOL_SOCKET, SO_BINDTOIFINDEX, CAN_BOTH, OPTION_NUMBER, 0, INT32_MAX },
	{ SOL_SOCKET, SO_KEEPALIVE, CAN_BOTH, OPTION_BOOL, ANY_NUMBER },
	{ SOL_SOCKET, SO_REUSEADDR, CAN_BOTH, OPTION_BOOL, ANY_NUMBER },
	{ SOL_SOCKET, SO_REUSEPORT, CAN_BOTH, OPTION_BOOL, ANY_NUMBER },
	{ SOL_SOCKET, OPT_SO_TXREHASH, CAN_BOTH, OPTION_NUMBER, -1, 1 },
	{ SOL_SOCKET, OPT_SK_BPF_CB_FLAGS, CAN_BOTH, OPTION_MASK, 0, 1 },
	{ IPPROTO_TCP, TCP_NODELAY, CAN_BOTH, OPTION_BOOL, ANY_NUMBER },
	/* or 0 */
	{ IPPROTO_TCP, TCP_MAXSEG, CAN_BOTH, OPTION_NUMBER, 88, 32767 },
	{ IPPROTO_TCP, TCP_KEEPIDLE, CAN_BOTH, OPTION_NUMBER, 1, 32767 },
	{ IPPROTO_TCP, TCP_KEEPINTVL, CAN_BOTH, OPTION_NUMBER, 1, 32767 },
	{ IPPROTO_TCP, TCP_KEEPCNT, CAN_BOTH, OPTION_NUMBER, 1, 127 },
	{ IPPROTO_TCP, TCP_SYNCNT, CAN_BOTH, OPTION_NUMBER, 1, 127 },
	{ IPPROTO_TCP, TCP_WINDOW_CLAMP, CAN_BOTH, OPTION_NUMBER, ANY_NUMBER },
	{ IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, CAN_BOTH, OPTION_NUMBER, 0,
	  1 },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT, CAN_BOTH, OPTION_NUMBER, 0,
	  INT32_MAX },
	{ IPPROTO_TCP, TCP_NOTSENT_LOWAT, CAN_BOTH, OPTION_NUMBER, ANY_NUMBER },
	{ IPPROTO_TCP, TCP_SAVE_SYN, CAN_BOTH, OPTION_NUMBER, 0, 2 },
	{ IPPROTO_TCP, OPT_TCP_RTO_MAX_MS, CAN_BOTH, OPTION_NUMBER, 1000,
	  120000 },
	{ IPPROTO_TCP, TCP_CONGESTION, CAN_BOTH, OPTION_CONGESTION, 0, 0 },
	{ IPPROTO_TCP, TCP_BPF_IW, CAN_SET, OPTION_NUMBER, 1, INT32_MAX },
	{ IPPROTO_TCP, TCP_BPF_SNDCWND_CLAMP, CAN_SET, OPTION_NUMBER, 1,
	  INT32_MAX },
	/* microseconds: from two jiffies on */
	{ IPPROTO_TCP, TCP_BPF_DELACK_MAX, CAN_BOTH, OPTION_NUMBER, 4001,
	  200000 },
	{ IPPROTO_TCP, TCP_BPF_RTO_MIN, CAN_BOTH, OPTION_NUMBER, 4001, 200000 },
	{ IPPROTO_TCP, OPT_TCP_BPF_SOCK_OPS_CB_FLAGS, CAN_BOTH, OPTION_MASK, 0,
	  0x7f },
	{ IPPROTO_IP, IP_TOS, CAN_BOTH, OPTION_NUMBER, ANY_NUMBER },
	{ IPPROTO_IPV6, IPV6_TCLASS, CAN_BOTH, OPTION_NUMBER, -1, 255 },
	{ IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, CAN_BOTH, OPTION_BOOL, ANY_NUMBER },
};

/* What programs set on a socket without callbacks. */
struct sock_option {
	struct cds_list_head of_sock;
	int level, name, len;
	u8 value[VALUE_MAX];
};

static bool level_fits(const struct cgbpf_sock *sk, int level)
{
	switch (level) {
	case IPPROTO_TCP:
		return sk->protocol == IPPROTO_TCP;
	case IPPROTO_IP:
		return sk->family == AF_INET || sk->family == AF_INET6;
	case IPPROTO_IPV6:
		return sk->family == AF_INET6;
	default:
		return true;
	}
}

static bool len_fits(const struct option_rule *rule, int len)
{
	switch (rule->kind) {
	case OPTION_DEVICE:
		return len >= 1;
	case OPTION_CONGESTION:
		return len >= 2;
	default:
		return len == 4;
	}
}

/* 0 and *out, or -errno */
static int rule_of(const struct cgbpf_sock *sk, int level, int name, int len,
		   u32 can, const struct option_rule **out)
{
	if (!sk || !level_fits(sk, level))
		return -EINVAL;
	/* the one that the kernel knows, and then cannot set */
	if (level == IPPROTO_TCP && name == TCP_SAVED_SYN && can == CAN_SET)
		return len >= 4 ? -ENOPROTOOPT : -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct option_rule *rule = &rules[i];

		if (rule->level != level || rule->name != name)
			continue;
		if (!(rule->can & can) || !len_fits(rule, len))
			return -EINVAL;
		if (level == SOL_SOCKET && name == OPT_SO_TXREHASH &&
		    sk->protocol != IPPROTO_TCP)
			return -EOPNOTSUPP;
		*out = rule;
		return 0;
	}
	return -EINVAL;
}

/* Those that every kernel has */
static int congestion_check(const char *value, int len)
{
	size_t n = strnlen(value, min(len, (int)VALUE_MAX - 1));

	if (len >= 3 && !strncmp("cdg", value, (size_t)len))
		return -ENOTSUPP;
	if ((n == 5 && !memcmp(value, "cubic", n)) ||
	    (n == 4 && !memcmp(value, "reno", n)))
		return 0;
	return -ENOENT;
}

/* May this value be set, as far as the kernel looks at it?  0 or -errno */
static int value_check(const struct option_rule *rule, const void *value,
		       int len)
{
	s32 number;

	switch (rule->kind) {
	case OPTION_CONGESTION:
		return congestion_check(value, len);
	case OPTION_DEVICE:
		/* there are no devices but none */
		return *(const char *)value ? -ENODEV : 0;
	case OPTION_MASK:
		memcpy(&number, value, 4);
		return number & ~rule->max ? -EINVAL : 0;
	default:
		memcpy(&number, value, 4);
		if (rule->level == IPPROTO_TCP && rule->name == TCP_MAXSEG &&
		    !number)
			return 0;
		return number < rule->min || number > rule->max ? -EINVAL : 0;
	}
}

/* The options that struct bpf_sock shows too. */
static u32 *field_of(struct cgbpf_sock *sk, int level, int name)
{
	if (level != SOL_SOCKET)
		return NULL;
	switch (name) {
	case SO_MARK:
		return &sk->mark;
	case SO_PRIORITY:
		return &sk->priority;
	case SO_BINDTOIFINDEX:
		return &sk->bound_dev_if;
	default:
		return NULL;
	}
}

static struct sock_option *option_find(struct cgbpf_sock *sk, int level,
				       int name)
{
	struct sock_option *option;

	cds_list_for_each_entry (option, &sk->options, of_sock)
		if (option->level == level && option->name == name)
			return option;
	return NULL;
}

/* What the kernel makes of a number that it is given. */
static s32 number_of(const struct option_rule *rule, s32 value)
{
	if (rule->kind == OPTION_BOOL)
		return !!value;
	if (rule->name == SO_RCVBUF || rule->name == SO_SNDBUF)
		if (rule->level == SOL_SOCKET)
			return max(value < INT32_MAX / 2 ? value * 2 : value,
				   SOCK_BUF_MIN);
	return value;
}

static int option_set(struct cgbpf_sock *sk, const struct option_rule *rule,
		      const void *value, int len)
{
	struct sock_option *option;
	int err = 0;
	s32 number;

	len = min(len, (int)VALUE_MAX);
	pthread_mutex_lock(&sk->lock);
	option = option_find(sk, rule->level, rule->name);
	if (!option) {
		option = mem_zalloc(sizeof(*option));
		if (!option) {
			err = -ENOMEM;
			goto out;
		}
		option->level = rule->level;
		option->name = rule->name;
		cds_list_add(&option->of_sock, &sk->options);
	}
	option->len = len;
	memset(option->value, 0, sizeof(option->value));
	memcpy(option->value, value, len);
	if (len_fits(rule, 4) && !len_fits(rule, 5)) {
		memcpy(&number, value, 4);
		number = number_of(rule, number);
		memcpy(option->value, &number, 4);
	}
out:
	pthread_mutex_unlock(&sk->lock);
	return err;
}

static void option_get(struct cgbpf_sock *sk, const struct option_rule *rule,
		       void *value, int len)
{
	const struct sock_option *option;

	memset(value, 0, len);
	pthread_mutex_lock(&sk->lock);
	option = option_find(sk, rule->level, rule->name);
	if (option)
		memcpy(value, option->value, min(len, option->len));
	pthread_mutex_unlock(&sk->lock);
}

void sock_options_release(struct cgbpf_sock *sk)
{
	struct sock_option *option, *next;

	cds_list_for_each_entry_safe (option, next, &sk->options, of_sock) {
		cds_list_del(&option->of_sock);
		mem_free(option);
	}
}

/* CGROUP_SOCKOPT programs name the socket, others the context. */
static struct cgbpf_sock *sock_arg(const struct run *run, u64 r1)
{
	if (run->prog->type == BPF_PROG_TYPE_CGROUP_SOCKOPT)
		return u64_to_ptr(r1);
	return run_sock(run);
}

HELPER(setsockopt)
{
	struct cgbpf_sock *sk = sock_arg(run, r1);
	int level = r2, name = r3, len = r5, err;
	const struct option_rule *rule;
	u32 *field;

	err = rule_of(sk, level, name, len, CAN_SET, &rule);
	if (err)
		return err;
	if (sk->setsockopt) {
		err = sk->setsockopt(sk->data, level, name, u64_to_ptr(r4),
				     len);
	} else {
		err = value_check(rule, u64_to_ptr(r4), len);
	}
	if (err)
		return err;
	field = field_of(sk, level, name);
	if (!field)
		return sk->setsockopt
			       ? 0
			       : option_set(sk, rule, u64_to_ptr(r4), len);
	memcpy(field, u64_to_ptr(r4), 4);
	return 0;
}

HELPER(getsockopt)
{
	struct cgbpf_sock *sk = sock_arg(run, r1);
	int level = r2, name = r3, len = r5, err;
	const struct option_rule *rule;
	u32 *field;

	err = rule_of(sk, level, name, len, CAN_GET, &rule);
	if (!err) {
		field = field_of(sk, level, name);
		if (sk->getsockopt)
			err = sk->getsockopt(sk->data, level, name,
					     u64_to_ptr(r4), &len);
		else if (field)
			memcpy(u64_to_ptr(r4), field, 4);
		else
			option_get(sk, rule, u64_to_ptr(r4), len);
	}
	if (err)
		memset(u64_to_ptr(r4), 0, (u32)r5);
	return err;
}

/* The source address of a socket about to connect, if it has none yet. */
static int sock_bind(struct cgbpf_sock *sk, u32 ip4, const void *ip6, u16 port)
{
	if (sk->src_port || (sk->state && sk->state != TCP_CLOSE))
		return -EINVAL;
	sk->src_port = ntohs(port);
	if (ip6)
		memcpy(sk->src_ip6, ip6, 16);
	else
		sk->src_ip4 = ip4;
	return 0;
}

HELPER(bind)
{
	struct cgbpf_sock *sk = run_sock(run);
	struct sockaddr_in6 in6 = { 0 };
	struct sockaddr_in in;
	u32 len = r3;

	if (len < sizeof(sa_family_t))
		return -EINVAL;
	memcpy(&in6, u64_to_ptr(r2), min((size_t)len, sizeof(in6)));
	memcpy(&in, &in6, sizeof(in));
	switch (in6.sin6_family) {
	case AF_INET:
		if (len < sizeof(in))
			return -EINVAL;
		return sock_bind(sk, in.sin_addr.s_addr, NULL, in.sin_port);
	case AF_INET6:
		if (len < SIN6_LEN_MIN)
			return -EINVAL;
		return sock_bind(sk, 0, &in6.sin6_addr, in6.sin6_port);
	default:
		return -EAFNOSUPPORT;
	}
}
