/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Real setsockopt(2) and getsockopt(2) (KB-17 to KB-20), devices,
 * and the same here.
 */
#include "scene.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define OPT(field) ((s16)offsetof(struct bpf_sockopt, field))
#define DEV(field) ((s16)offsetof(struct bpf_cgroup_dev_ctx, field))
#define ROOM 8192
#define CUSTOM 0xdead /* no level of the kernel's */
#define KEEP 0x7eadbeef

/* ---- what a program makes of an option's value ---- */

struct twist {
	s32 optlen;	/* KEEP: not touched */
	s32 first_byte; /* KEEP */
	s32 retval;	/* through the context; KEEP */
	s32 set_retval; /* KEEP */
	s32 level;	/* KEEP */
	s32 ret;
};

static int twister(int map, u32 attach_type, const struct twist *twist)
{
	struct recorder rec;

	rec_begin(&rec, map);
	rec_field(&rec, BPF_W, OPT(level));
	rec_field(&rec, BPF_W, OPT(optname));
	rec_field(&rec, BPF_W, OPT(optlen));
	if (attach_type == BPF_CGROUP_GETSOCKOPT)
		rec_field(&rec, BPF_W, OPT(retval));
	/* how much there is, and its first byte */
	REC(&rec, LOAD(BPF_DW, R8, R6, OPT(optval)),
	    LOAD(BPF_DW, R9, R6, OPT(optval_end)), MOVR(R1, R9),
	    OPR(BPF_SUB, R1, R8));
	rec_reg(&rec, R1);
	REC(&rec, MOVR(R1, R8), OPI(BPF_ADD, R1, 1), JMPR(BPF_JGT, R1, R9, 3),
	    LOAD(BPF_B, R2, R8, 0));
	rec_reg(&rec, R2);
	REC(&rec, twist->first_byte != KEEP
			  ? STOREI(BPF_B, R8, 0, twist->first_byte)
			  : MOVI(R2, 0));
	if (twist->optlen != KEEP)
		REC(&rec, MOVI(R8, twist->optlen),
		    STORE(BPF_W, R6, OPT(optlen), R8));
	if (twist->level != KEEP)
		REC(&rec, MOVI(R8, twist->level),
		    STORE(BPF_W, R6, OPT(level), R8));
	if (twist->retval != KEEP)
		REC(&rec, MOVI(R8, twist->retval),
		    STORE(BPF_W, R6, OPT(retval), R8));
	if (twist->set_retval != KEEP)
		REC(&rec, MOVI(R1, twist->set_retval), CALL(set_retval));
	return rec_load(&rec, attach_type, twist->ret);
}

struct option {
	int level, name, len;
	bool null; /* optval */
	u8 value;
};

static void set_real(struct stage *stage)
{
	const struct option *opt = stage->arg;
	int fd = socket(AF_INET, SOCK_DGRAM, 0), tos = 0;
	socklen_t len = sizeof(tos);
	char value[ROOM] = { (char)opt->value };

	must("socket", fd);
	note_call(stage,
		  setsockopt(fd, opt->level, opt->name,
			     opt->null ? NULL : value, (socklen_t)opt->len));
	must("tos", getsockopt(fd, IPPROTO_IP, IP_TOS, &tos, &len));
	note(stage, tos);
}

static struct cgbpf_sock *udp_sock(struct stage *stage)
{
	struct cgbpf_sock_info info = {
		.size = sizeof(info),
		.family = AF_INET,
		.type = SOCK_DGRAM,
		.protocol = IPPROTO_UDP,
		.state = 7,
	};
	struct cgbpf_sock *sk;

	OK(cgbpf_sock_new(stage->cgroup, &info, &sk));
	return sk;
}

static void set_ours(struct stage *stage)
{
	const struct option *option = stage->arg;
	struct cgbpf_sock *sk = udp_sock(stage);
	char value[ROOM] = { (char)option->value };
	struct cgbpf_sockopt opt = {
		.size = sizeof(opt),
		.level = option->level,
		.optname = option->name,
		.optval = value,
		.optlen = option->len,
		.capacity = sizeof(value),
	};
	struct cgbpf_verdict verdict;
	int ret, tos = 0;

	if (option->len < 0 || (option->null && option->len)) {
		/* the system call looks at this before all programs */
		note(stage, option->len < 0 ? -EINVAL : -EFAULT);
		note(stage, 0);
		cgbpf_sock_put(sk);
		return;
	}
	OK(cgbpf_run_sockopt(sk, BPF_CGROUP_SETSOCKOPT, &opt, NULL, &verdict));
	ret = verdict.error;
	/* what IP_TOS of the kernel does: an int, or a byte of it */
	if (!ret && !opt.handled) {
		if (opt.level != IPPROTO_IP)
			ret = -ENOPROTOOPT;
		else if (opt.optlen)
			tos = value[0] & ~3;
	}
	note(stage, ret);
	note(stage, tos);
	cgbpf_sock_put(sk);
}

static const struct option options[] = {
	{ IPPROTO_IP, IP_TOS, 4, false, 8 },
	{ IPPROTO_IP, IP_TOS, 1, false, 8 },
	{ IPPROTO_IP, IP_TOS, 0, false, 8 },
	{ IPPROTO_IP, IP_TOS, -1, false, 8 },
	{ IPPROTO_IP, IP_TOS, 0, true, 8 },
	{ IPPROTO_IP, IP_TOS, 4, true, 8 },
	{ IPPROTO_IP, IP_TOS, 16, false, 8 },
	{ IPPROTO_IP, IP_TOS, 17, false, 8 },
	{ IPPROTO_IP, IP_TOS, 4095, false, 8 },
	{ IPPROTO_IP, IP_TOS, 4096, false, 8 },
	{ IPPROTO_IP, IP_TOS, 4097, false, 8 },
	{ IPPROTO_IP, IP_TOS, 8000, false, 8 },
	{ CUSTOM, 1, 4, false, 8 },
	{ CUSTOM, 1, 5000, false, 8 },
};

#define NR_OPTIONS (sizeof(options) / sizeof(*options))

static void twisted(u32 attach_type, const struct twist *twists, size_t n,
		    scene_fn real, scene_fn ours)
{
	int up = MUST(ls_cgroup(ls, "/up"));
	int down = MUST(ls_cgroup(ls, "/up/down"));
	static const struct twist none = { KEEP, KEEP, KEEP, KEEP, KEEP, 1 };
	int after = record_map();
	int watcher = twister(after, attach_type, &none);

	OK(ls_attach(ls, up, watcher, attach_type, BPF_F_ALLOW_MULTI));
	for (size_t t = 0; t < n; t++) {
		int map = record_map();
		int prog = twister(map, attach_type, &twists[t]);

		OK(ls_attach(ls, down, prog, attach_type, BPF_F_ALLOW_MULTI));
		for (size_t o = 0; o < NR_OPTIONS; o++) {
			ls_doing(ls, "at %u: twist %zu, option %zu",
				 attach_type, t, o);
			scene("/up/down", real, ours, &options[o]);
			rec_compare(map, NULL);
			rec_compare(after, NULL);
		}
		OK(ls_detach(ls, down, prog, attach_type));
		ls_close_handle(ls, prog);
	}
}

/* AT-17, AT-18, KB-17, KB-18, KB-20 */
static void settings(void **state)
{
	static const struct twist twists[] = {
		{ KEEP, KEEP, KEEP, KEEP, KEEP, 1 },
		{ KEEP, KEEP, KEEP, KEEP, KEEP, 0 },
		{ KEEP, 16, KEEP, KEEP, KEEP, 1 },
		{ 0, 16, KEEP, KEEP, KEEP, 1 },
		{ 1, 16, KEEP, KEEP, KEEP, 1 },
		{ 4, 32, KEEP, KEEP, KEEP, 1 },
		{ 16, 32, KEEP, KEEP, KEEP, 1 },
		{ 17, 32, KEEP, KEEP, KEEP, 1 },
		{ 4096, 32, KEEP, KEEP, KEEP, 1 },
		{ 4097, 32, KEEP, KEEP, KEEP, 1 },
		{ -1, 32, KEEP, KEEP, KEEP, 1 },
		{ -1, 32, KEEP, KEEP, KEEP, 0 },
		{ -2, 32, KEEP, KEEP, KEEP, 1 },
		{ KEEP, 32, KEEP, -ENOLINK, KEEP, 1 },
		{ KEEP, 32, KEEP, -ENOLINK, KEEP, 0 },
		{ KEEP, 32, KEEP, 5, KEEP, 1 },
		{ KEEP, 32, KEEP, 0, KEEP, 1 },
		{ 4, 64, KEEP, KEEP, IPPROTO_IP, 1 },
	};

	(void)state;
	twisted(BPF_CGROUP_SETSOCKOPT, twists, sizeof(twists) / sizeof(*twists),
		set_real, set_ours);
}

/* ---- getsockopt ---- */

static void get_real(struct stage *stage)
{
	const struct option *opt = stage->arg;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t len = (socklen_t)opt->len;
	u8 value[ROOM] = { 0x77 };
	int tos = 8;

	must("socket", fd);
	must("tos", setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, 4));
	note_call(stage, getsockopt(fd, opt->level, opt->name,
				    opt->null ? NULL : value, &len));
	note(stage, (s32)len);
	note_bytes(stage, value, 16);
}

/* The kernel's IP_TOS: a byte for those who ask for less than four */
static int tos_of_kernel(const struct option *option, u8 *value, int *len)
{
	int tos = 8;

	if (option->level != IPPROTO_IP)
		return -EOPNOTSUPP;
	if (*len < 0)
		return -EINVAL;
	if (*len < 4 && *len > 0)
		*len = 1;
	else if (*len > 4)
		*len = 4;
	if (*len && option->null)
		return -EFAULT;
	memcpy(value, &tos, (size_t)*len);
	return 0;
}

static void get_ours(struct stage *stage)
{
	const struct option *option = stage->arg;
	struct cgbpf_sock *sk = udp_sock(stage);
	u8 value[ROOM] = { 0x77 };
	int len = option->len;
	int error = tos_of_kernel(option, value, &len);
	struct cgbpf_sockopt opt = {
		.size = sizeof(opt),
		.level = option->level,
		.optname = option->name,
		.optval = option->null ? NULL : value,
		.optlen = len,
		.capacity = option->len,
		.kernel_error = error,
	};
	struct cgbpf_verdict verdict;

	OK(cgbpf_run_sockopt(sk, BPF_CGROUP_GETSOCKOPT, &opt, NULL, &verdict));
	note(stage, verdict.error);
	note(stage, opt.optlen);
	note_bytes(stage, value, 16);
	cgbpf_sock_put(sk);
}

/* AT-17, AT-18, KB-17 to KB-19 */
static void gettings(void **state)
{
	static const struct twist twists[] = {
		{ KEEP, KEEP, KEEP, KEEP, KEEP, 1 },
		{ KEEP, KEEP, KEEP, KEEP, KEEP, 0 },
		{ KEEP, 16, KEEP, KEEP, KEEP, 1 },
		{ KEEP, 16, 0, KEEP, KEEP, 1 },
		{ KEEP, 16, 0, KEEP, KEEP, 0 },
		{ 0, 16, 0, KEEP, KEEP, 1 },
		{ 1, 16, 0, KEEP, KEEP, 1 },
		{ 4, 32, KEEP, KEEP, KEEP, 1 },
		{ 4, 32, 0, KEEP, KEEP, 1 },
		{ 5, 32, 0, KEEP, KEEP, 1 },
		{ 4096, 32, 0, KEEP, KEEP, 1 },
		{ 4097, 32, 0, KEEP, KEEP, 1 },
		{ -1, 32, 0, KEEP, KEEP, 1 },
		{ 4, 32, -ENOLINK, KEEP, KEEP, 1 },
		{ 4, 32, 3, KEEP, KEEP, 1 },
		{ 4, 32, KEEP, 0, KEEP, 1 },
		{ 4, 32, KEEP, -ENOLINK, KEEP, 0 },
	};

	(void)state;
	twisted(BPF_CGROUP_GETSOCKOPT, twists, sizeof(twists) / sizeof(*twists),
		get_real, get_ours);
}

/* ---- devices ---- */

struct device {
	int minor, flags; /* of /dev/null, /dev/zero; -1: mknod */
};

static void device_real(struct stage *stage)
{
	const struct device *device = stage->arg;
	int fd;

	if (device->flags < 0) {
		char path[64];

		snprintf(path, sizeof(path), "/tmp/cgbpf-events-%d", getpid());
		note_call(stage, mknod(path, S_IFCHR | 0600,
				       makedev(1, (u32)device->minor)));
		unlink(path);
		return;
	}
	fd = open(device->minor == 3 ? "/dev/null" : "/dev/zero",
		  device->flags);
	note_call(stage, fd < 0 ? fd : 0);
}

static void device_ours(struct stage *stage)
{
	const struct device *device = stage->arg;
	struct cgbpf_verdict verdict;
	u16 access = device->flags < 0 ? BPF_DEVCG_ACC_MKNOD
		     : device->flags == O_RDWR
			     ? BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE
		     : device->flags == O_WRONLY ? BPF_DEVCG_ACC_WRITE
						 : BPF_DEVCG_ACC_READ;

	OK(cgbpf_run_device(stage->cgroup, BPF_DEVCG_DEV_CHAR, access, 1,
			    (u32)device->minor, NULL, &verdict));
	note(stage, verdict.error);
}

/* Refuses /dev/zero; with its own errno, or that of a 0 */
static int guard(int map, bool sets)
{
	struct recorder rec;

	rec_begin(&rec, map);
	rec_field(&rec, BPF_W, DEV(access_type));
	rec_field(&rec, BPF_H, DEV(access_type));
	rec_field(&rec, BPF_W, DEV(major));
	rec_field(&rec, BPF_W, DEV(minor));
	REC(&rec, JMPI(BPF_JNE, R8, 5, sets ? 4 : 2));
	if (sets)
		REC(&rec, MOVI(R1, -ENOLINK), CALL(set_retval));
	REC(&rec, MOVI(R0, 0), EXIT());
	return rec_load(&rec, BPF_CGROUP_DEVICE, 1);
}

static void devices(void **state)
{
	static const int flags[] = { O_RDONLY, O_WRONLY, O_RDWR, -1 };

	(void)state;
	for (int i = 0; i < 16; i++) {
		struct device device = { i & 1 ? 5 : 3, flags[i >> 1 & 3] };
		int map[2] = { record_map(), record_map() };
		char path[24], below[32];

		snprintf(path, sizeof(path), "/dev%d", i);
		snprintf(below, sizeof(below), "%s/c", path);
		OK(ls_attach(ls, MUST(ls_cgroup(ls, path)), guard(map[0], 0),
			     BPF_CGROUP_DEVICE, BPF_F_ALLOW_MULTI));
		OK(ls_attach(ls, MUST(ls_cgroup(ls, below)),
			     guard(map[1], i & 8), BPF_CGROUP_DEVICE,
			     BPF_F_ALLOW_MULTI));
		ls_doing(ls, "device %d", i);
		scene(below, device_real, device_ours, &device);
		rec_compare(map[0], NULL);
		rec_compare(map[1], NULL);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(settings),
	cmocka_unit_test(gettings),
	cmocka_unit_test(devices),
};

DIRECTED_MAIN("event_calls", tests)
