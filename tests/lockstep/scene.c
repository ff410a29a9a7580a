/* SPDX-License-Identifier: BSD-2-Clause */
#include "scene.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS_TO_LIVE 20

static struct outcome *outcomes[2];

void note(struct stage *stage, s64 ret)
{
	struct outcome *out = stage->out;

	if (out->nr < SCENE_RETS)
		out->ret[out->nr] = ret;
	out->nr++;
}

void note_call(struct stage *stage, long ret)
{
	note(stage, ret < 0 ? -errno : ret);
}

void note_bytes(struct stage *stage, const void *bytes, u32 len)
{
	struct outcome *out = stage->out;

	if (out->len + len <= SCENE_BYTES)
		memcpy(out->bytes + out->len, bytes, len);
	out->len += len;
}

void must(const char *what, long ret)
{
	if (ret >= 0)
		return;
	fprintf(stderr, "the scene's own %s: %s\n", what, strerror(errno));
	_exit(1);
}

int stage_fd(const struct stage *stage, int handle)
{
	return ls_handle(ls, (u64)handle)->fd[stage->which];
}

static void element(const struct stage *stage, int cmd, int map, void *value)
{
	u32 key = 0;
	union attr attr = { .map_elem = {
				    .map_fd = (u32)stage_fd(stage, map),
				    .key = (u64)(uintptr_t)&key,
				    .value = (u64)(uintptr_t)value,
			    } };
	struct world *world = ls->world[stage->which];

	must("map call",
	     world->ops->bpf(world, cmd, &attr, sizeof(attr.map_elem)));
}

void stage_read(const struct stage *stage, int map, void *value)
{
	element(stage, BPF_MAP_LOOKUP_ELEM, map, value);
}

void stage_write(const struct stage *stage, int map, const void *value)
{
	element(stage, BPF_MAP_UPDATE_ELEM, map, (void *)value);
}

/* Of this process and its children, and gone with them */
static void own_network(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	must("unshare", unshare(CLONE_NEWNET));
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	must("socket", fd);
	must("interface", ioctl(fd, SIOCSIFFLAGS, &ifr));
	close(fd);
}

static void move_to(const struct world *world, const char *path)
{
	char buf[512];
	int fd;

	snprintf(buf, sizeof(buf), "%s%s/cgroup.procs", world->cgroups, path);
	fd = open(buf, O_WRONLY | O_CLOEXEC);
	must("cgroup.procs", fd);
	must("move", write(fd, "0", 1));
	close(fd);
}

static void play_real(struct stage *stage, const char *path, scene_fn real)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		alarm(SECONDS_TO_LIVE);
		move_to(ls->world[stage->which], path);
		real(stage);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status)
		fail_msg("the child ended with status %#x", status);
}

static void play_ours(struct stage *stage, const char *path, scene_fn ours)
{
	struct world *world = ls->world[stage->which];
	char buf[512];

	snprintf(buf, sizeof(buf), "%s%s", world->cgroups, path);
	OK(cgbpf_cgroup_get(world_env(world), buf, &stage->cgroup));
	ours(stage);
	cgbpf_cgroup_put(stage->cgroup);
}

/* One CPU for both worlds, so that per-CPU values can be compared. */
static void one_cpu(void)
{
	cpu_set_t set;
	int cpu = 0;

	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	while (!CPU_ISSET(cpu, &set))
		cpu++;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	assert_int_equal(sched_setaffinity(0, sizeof(set), &set), 0);
}

static struct outcome *outcome_new(void)
{
	void *mem = mmap(NULL, sizeof(struct outcome), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(mem != MAP_FAILED);
	return mem;
}

static void outcomes_compare(void)
{
	const struct outcome *a = outcomes[0], *b = outcomes[1];

	for (u32 i = 0; i < a->nr && i < b->nr && i < SCENE_RETS; i++)
		if (a->ret[i] != b->ret[i])
			fail_msg("%s: result %u: %lld here, %lld there",
				 ls->doing, i, (long long)a->ret[i],
				 (long long)b->ret[i]);
	if (a->nr != b->nr || a->nr > SCENE_RETS)
		fail_msg("%s: %u results here, %u there", ls->doing, a->nr,
			 b->nr);
	for (u32 i = 0; i < a->len && i < b->len && i < SCENE_BYTES; i++)
		if (a->bytes[i] != b->bytes[i])
			fail_msg("%s: byte %u: %#x here, %#x there", ls->doing,
				 i, a->bytes[i], b->bytes[i]);
	if (a->len != b->len || a->len > SCENE_BYTES)
		fail_msg("%s: %u bytes here, %u there", ls->doing, a->len,
			 b->len);
}

void scene(const char *path, scene_fn real, scene_fn ours, const void *arg)
{
	if (!outcomes[0]) {
		one_cpu();
		own_network();
	}
	for (int w = 0; w < 2; w++) {
		struct stage stage = { .which = w, .arg = arg };

		if (!outcomes[w])
			outcomes[w] = outcome_new();
		memset(outcomes[w], 0, sizeof(*outcomes[w]));
		stage.out = outcomes[w];
		if (world_env(ls->world[w]))
			play_ours(&stage, path, ours);
		else
			play_real(&stage, path, real);
	}
	outcomes_compare();
}

/* ---- */

int record_map(void)
{
	return MUST(
		ls_map(ls, BPF_MAP_TYPE_ARRAY, 4, sizeof(struct record), 1, 0));
}

void rec_insns(struct recorder *rec, const struct bpf_insn *insns, u32 nr)
{
	assert_true(rec->nr + nr <= sizeof(rec->insns) / sizeof(*insns));
	memcpy(rec->insns + rec->nr, insns, nr * sizeof(*insns));
	rec->nr += nr;
}

void rec_begin(struct recorder *rec, int map)
{
	rec->nr = 0;
	rec->slot = 0;
	rec->map = map;
	REC(rec, MOVR(R6, R1), LDVALUE(R7, map, 0), LOAD(BPF_DW, R8, R7, 0),
	    OPI(BPF_ADD, R8, 1), STORE(BPF_DW, R7, 0, R8), OPI(BPF_SUB, R8, 1),
	    OPI(BPF_AND, R8, REC_EVENTS - 1), OPI(BPF_MUL, R8, REC_FIELDS * 8),
	    OPR(BPF_ADD, R7, R8), OPI(BPF_ADD, R7, 8));
}

void rec_reg(struct recorder *rec, u32 reg)
{
	assert_true(rec->slot < REC_FIELDS);
	REC(rec, STORE(BPF_DW, R7, (s16)(rec->slot * 8), reg));
	rec->slot++;
}

void rec_field(struct recorder *rec, u32 size, int off)
{
	REC(rec, LOAD(size, R8, R6, (s16)off));
	rec_reg(rec, R8);
}

int rec_load(struct recorder *rec, u32 attach_type, int ret)
{
	int i = attach_type_index(attach_type);

	REC(rec, MOVI(R0, ret), EXIT());
	return MUST(ls_prog(ls, attach_types[i].prog_type, attach_type,
			    rec->insns, rec->nr));
}

void rec_compare(int map, struct record *out)
{
	struct record rec[2];

	for (int w = 0; w < 2; w++) {
		struct stage stage = { .which = w };

		stage_read(&stage, map, &rec[w]);
	}
	if (rec[0].count != rec[1].count)
		fail_msg("%s: %llu events here, %llu there", ls->doing,
			 (unsigned long long)rec[0].count,
			 (unsigned long long)rec[1].count);
	for (int e = 0; e < REC_EVENTS; e++)
		for (int f = 0; f < REC_FIELDS; f++)
			if (rec[0].events[e][f] != rec[1].events[e][f])
				fail_msg(
					"%s: event %d, field %d: %#llx here, "
					"%#llx there",
					ls->doing, e, f,
					(unsigned long long)rec[0].events[e][f],
					(unsigned long long)rec[1]
						.events[e][f]);
	if (out)
		*out = rec[0];
}
