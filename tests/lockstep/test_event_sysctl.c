/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Real reads and writes below /proc/sys, and the same here: AT-17, AT-18,
 * KB-21.  The sysctl is the default TTL of a network namespace, which a new
 * socket tells without a program running.
 */
#include "scene.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#define CTL(field) ((s16)offsetof(struct bpf_sysctl, field))
#define NAME "net/ipv4/ip_default_ttl"
#define KEEP 0x7eadbeef
#define BUF (-48) /* of the frame: 32 bytes */
#define NEW (-64) /* 8 bytes: a value to set */

/* What one program does to the sysctl it sees. */
struct change {
	const char *value; /* set_new_value(); NULL: not */
	s32 pos;	   /* file_pos; KEEP */
	s32 set_retval;	   /* KEEP */
	u32 room;	   /* of the buffers for name and values */
	s32 ret;
};

static void clear_buffer(struct recorder *rec)
{
	for (s16 off = BUF; off < BUF + 32; off += 8)
		REC(rec, STOREI(BPF_DW, FP, off, 0));
}

static void record_buffer(struct recorder *rec)
{
	rec_reg(rec, R0);
	for (s16 off = BUF; off < BUF + 32; off += 8) {
		REC(rec, LOAD(BPF_DW, R1, FP, off));
		rec_reg(rec, R1);
	}
}

#define ASK(rec, room, helper, ...)                                         \
	do {                                                                \
		clear_buffer(rec);                                          \
		REC(rec, MOVR(R1, R6), MOVR(R2, FP), OPI(BPF_ADD, R2, BUF), \
		    MOVI(R3, (s32)(room)), __VA_ARGS__ CALL(helper));       \
		record_buffer(rec);                                         \
	} while (0)

static int changer(int map, const struct change *change)
{
	struct recorder rec;

	rec_begin(&rec, map);
	rec_field(&rec, BPF_W, CTL(write));
	rec_field(&rec, BPF_W, CTL(file_pos));
	ASK(&rec, change->room, sysctl_get_name, MOVI(R4, 0), );
	ASK(&rec, change->room, sysctl_get_name,
	    MOVI(R4, BPF_F_SYSCTL_BASE_NAME), );
	ASK(&rec, change->room, sysctl_get_current_value, );
	ASK(&rec, change->room, sysctl_get_new_value, );
	if (change->value) {
		u64 bytes = 0;

		memcpy(&bytes, change->value, strlen(change->value));
		REC(&rec, STOREI(BPF_DW, FP, NEW, (s32)bytes), MOVR(R1, R6),
		    MOVR(R2, FP), OPI(BPF_ADD, R2, NEW),
		    MOVI(R3, (s32)strlen(change->value)),
		    CALL(sysctl_set_new_value));
		rec_reg(&rec, R0);
	}
	if (change->pos != KEEP)
		REC(&rec, MOVI(R8, change->pos),
		    STORE(BPF_W, R6, CTL(file_pos), R8));
	if (change->set_retval != KEEP)
		REC(&rec, MOVI(R1, change->set_retval), CALL(set_retval));
	return rec_load(&rec, BPF_CGROUP_SYSCTL, change->ret);
}

/* ---- the access ---- */

struct access {
	const char *write; /* NULL: a read */
	size_t len;	   /* of the write: @write, then spaces */
	off_t pos;
};

static void value_of(const struct access *access, char *value)
{
	memset(value, ' ', access->len);
	memcpy(value, access->write, strlen(access->write));
}

static int ttl_now(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), ttl = 0;
	socklen_t len = sizeof(ttl);

	must("socket", fd);
	must("ttl", getsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, &len));
	close(fd);
	return ttl;
}

static void access_real(struct stage *stage)
{
	const struct access *access = stage->arg;
	int fd = open("/proc/sys/" NAME, access->write ? O_WRONLY : O_RDONLY);
	char value[8192] = "";

	must("open", fd);
	note(stage, ttl_now());
	if (access->write) {
		value_of(access, value);
		note_call(stage, pwrite(fd, value, access->len, access->pos));
	} else {
		note_call(stage, pread(fd, value, 16, access->pos));
		note_bytes(stage, value, 16);
	}
	note(stage, ttl_now());
	close(fd);
}

/* The namespace's value: it outlives a scene, as the namespace does. */
static int ttl_ours;

/* What the kernel's handler does with a write that programs let pass. */
static s64 store(const char *value, size_t len, s64 pos)
{
	char text[32] = "";
	char *end;
	long ttl;

	if (pos)
		return (s64)len; /* ignored, and not said */
	memcpy(text, value, len < 31 ? len : 31);
	ttl = strtol(text, &end, 10);
	if (end == text || ttl < 1 || ttl > 255)
		return -EINVAL;
	ttl_ours = (int)ttl;
	return (s64)len;
}

static void access_ours(struct stage *stage)
{
	const struct access *access = stage->arg;
	char current[16], value[8192] = "";
	struct cgbpf_sysctl sysctl = {
		.size = sizeof(sysctl),
		.name = NAME,
		.write = access->write != NULL,
		.pos = access->pos,
		.current = current,
		.new_value = value,
		.capacity = sizeof(value),
	};
	struct cgbpf_verdict verdict;

	sysctl.current_len =
		(size_t)snprintf(current, sizeof(current), "%d\n", ttl_ours);
	if (access->write) {
		value_of(access, value);
		sysctl.new_len = access->len;
	}
	note(stage, ttl_ours);
	OK(cgbpf_run_sysctl(stage->cgroup, &sysctl, NULL, &verdict));
	if (access->write) {
		note(stage, verdict.error
				    ? verdict.error
				    : store(value, sysctl.new_len, sysctl.pos));
	} else {
		bool some = !verdict.error && !sysctl.pos;
		char got[16] = "";

		if (some)
			memcpy(got, current, sysctl.current_len);
		note(stage, verdict.error ? verdict.error
			    : some	  ? (s64)sysctl.current_len
					  : 0);
		note_bytes(stage, got, 16);
	}
	note(stage, ttl_ours);
}

static const struct access accesses[] = {
	{ NULL, 0, 0 },	   { NULL, 0, 1 },    { "65", 2, 0 },
	{ "66\n", 3, 0 },  { "abc", 3, 0 },   { "300", 3, 0 },
	{ "67", 2, 1 },	   { "68", 4095, 0 }, { "69", 4096, 0 },
	{ "70", 4097, 0 }, { "71", 5000, 0 }, { "64", 2, 0 },
};

static const struct change changes[] = {
	{ NULL, KEEP, KEEP, 32, 1 },	 { NULL, KEEP, KEEP, 32, 0 },
	{ NULL, KEEP, KEEP, 1, 1 },	 { NULL, KEEP, KEEP, 2, 1 },
	{ NULL, KEEP, KEEP, 3, 1 },	 { NULL, KEEP, KEEP, 4, 1 },
	{ NULL, KEEP, KEEP, 15, 1 },	 { NULL, KEEP, KEEP, 16, 1 },
	{ NULL, KEEP, KEEP, 23, 1 },	 { NULL, KEEP, KEEP, 24, 1 },
	{ "77", KEEP, KEEP, 32, 1 },	 { "78", KEEP, KEEP, 32, 0 },
	{ "x", KEEP, KEEP, 32, 1 },	 { "79", KEEP, -ENOLINK, 32, 1 },
	{ NULL, 1, KEEP, 32, 1 },	 { NULL, 0, KEEP, 32, 1 },
	{ "80", 1, KEEP, 32, 1 },	 { NULL, KEEP, -ENOLINK, 32, 1 },
	{ NULL, KEEP, -ENOLINK, 32, 0 }, { NULL, KEEP, 0, 32, 1 },
};

/* AT-17, AT-18, KB-21: what the first changed, the second sees */
static void sysctls(void **state)
{
	static const struct change none = { NULL, KEEP, KEEP, 32, 1 };
	int up = MUST(ls_cgroup(ls, "/up"));
	int down = MUST(ls_cgroup(ls, "/up/down"));
	int after = record_map();

	(void)state;
	ttl_ours = 64;
	OK(ls_attach(ls, up, changer(after, &none), BPF_CGROUP_SYSCTL,
		     BPF_F_ALLOW_MULTI));
	for (size_t c = 0; c < sizeof(changes) / sizeof(*changes); c++) {
		int map = record_map();
		int prog = changer(map, &changes[c]);

		OK(ls_attach(ls, down, prog, BPF_CGROUP_SYSCTL,
			     BPF_F_ALLOW_MULTI));
		for (size_t a = 0; a < sizeof(accesses) / sizeof(*accesses);
		     a++) {
			ls_doing(ls, "change %zu, access %zu", c, a);
			scene("/up/down", access_real, access_ours,
			      &accesses[a]);
			rec_compare(map, NULL);
			rec_compare(after, NULL);
		}
		OK(ls_detach(ls, down, prog, BPF_CGROUP_SYSCTL));
		ls_close_handle(ls, prog);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(sysctls),
};

DIRECTED_MAIN("event_sysctl", tests)
