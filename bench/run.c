/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an event costs: a packet of a socket, through the public API, and the
 * programs that run on it; the kernel's figure is BPF_PROG_TEST_RUN's.
 */
#include <linux/if_ether.h>
#include <string.h>

#include "bench.h"
#include "prog.h"

/* A packet on its way. */
struct event {
	struct cgbpf_cgroup *cgroup;
	struct cgbpf_sock *sock;
	struct cgbpf_packet packet;
	u8 data[64];
};

static void event_loop(void *data, u32 n)
{
	struct event *event = data;
	struct cgbpf_verdict verdict;

	for (u32 i = 0; i < n; i++)
		if (cgbpf_run_skb(event->cgroup, event->sock,
				  BPF_CGROUP_INET_EGRESS, &event->packet, NULL,
				  &verdict) ||
		    verdict.error)
			bench_die("the packet was refused");
}

static void event_init(struct event *event, struct cgbpf_cgroup *cgroup)
{
	static const u8 header[20] = { 0x45, 0, 0,  64, 0, 0, 0,  0, 64, 17,
				       0,    0, 10, 0,	0, 1, 10, 0, 0,	 2 };
	struct cgbpf_sock_info info = { .size = sizeof(info),
					.family = AF_INET,
					.type = SOCK_DGRAM,
					.protocol = 17 };

	*event = (struct event){ .cgroup = cgroup };
	bench_ok(cgbpf_sock_new(cgroup, &info, &event->sock), "socket");
	memcpy(event->data, header, sizeof(header));
	event->packet = (struct cgbpf_packet){ .size = sizeof(event->packet),
					       .data = event->data,
					       .len = sizeof(event->data),
					       .protocol = ETH_P_IP };
}

/* An environment with a program at a cgroup, and an event there. */
struct bed {
	struct cgbpf_env *env;
	struct cgbpf_cgroup *cgroup;
	struct event event;
};

static void bed_make(struct bed *bed, enum bench_prog which,
		     enum bench_mode mode)
{
	struct bench_side side = { .name = "ours" };
	int fd, map;

	bench_ok(cgbpf_env_new(&bed->env, NULL), "environment");
	side.task = cgbpf_env_task(bed->env);
	bench_ok(cgbpf_cgroup_new(bed->env, "/bench", &bed->cgroup), "cgroup");
	map = bench_prog_map(&side, which);
	fd = bench_prog_load(&side, which, map);
	bench_prog_mode(&side, fd, mode);
	bench_attach(&side, cgbpf_cgroup_open(side.task, bed->cgroup), fd);
	event_init(&bed->event, bed->cgroup);
}

static void bed_end(struct bed *bed)
{
	cgbpf_sock_put(bed->event.sock);
	cgbpf_cgroup_put(bed->cgroup);
	cgbpf_env_free(bed->env);
}

static double ours_ns(enum bench_prog which, enum bench_mode mode)
{
	struct bed bed;
	double ns;

	bed_make(&bed, which, mode);
	ns = bench_loop(event_loop, &bed.event);
	bed_end(&bed);
	return ns;
}

/* What @which takes more than an empty program. */
static double ours_above(enum bench_prog which, enum bench_mode mode)
{
	struct bed bed, empty;
	double ns;

	bed_make(&bed, which, mode);
	bed_make(&empty, PROG_EMPTY, mode);
	ns = bench_above(event_loop, &bed.event, &empty.event);
	bed_end(&empty);
	bed_end(&bed);
	return ns;
}

/* An event @below levels under a cgroup that has @progs empty programs. */
static double bare_ns(u32 progs, u32 below, bool with_sock)
{
	struct bench_side side = { .name = "ours" };
	struct cgbpf_cgroup *cgroup, *top;
	char path[64] = "/bench";
	struct cgbpf_env *env;
	struct event event;
	double ns;
	int fd;

	bench_ok(cgbpf_env_new(&env, NULL), "environment");
	side.task = cgbpf_env_task(env);
	bench_ok(cgbpf_cgroup_new(env, path, &top), "cgroup");
	cgroup = top;
	for (u32 i = 0; i < below; i++) {
		strcat(path, "/x");
		if (cgroup != top)
			cgbpf_cgroup_put(cgroup);
		bench_ok(cgbpf_cgroup_new(env, path, &cgroup), "cgroup");
	}
	for (u32 i = 0; i < progs; i++) {
		fd = bench_prog_load(&side, PROG_EMPTY, -1);
		bench_prog_mode(&side, fd, MODE_FAST);
		bench_attach(&side, cgbpf_cgroup_open(side.task, top), fd);
	}
	event_init(&event, cgroup);
	if (!with_sock) {
		cgbpf_sock_put(event.sock);
		event.sock = NULL;
	}
	ns = bench_loop(event_loop, &event);
	cgbpf_sock_put(event.sock);
	if (cgroup != top)
		cgbpf_cgroup_put(cgroup);
	cgbpf_cgroup_put(top);
	cgbpf_env_free(env);
	return ns;
}

static void test_run_loop(void *data, u32 n)
{
	u8 frame[64] = { [12] = 8, [14] = 0x45 };
	union attr attr = { .test_run = { .prog_fd = *(u32 *)data,
					  .data_in = ptr_to_u64(frame),
					  .data_size_in = sizeof(frame),
					  .repeat = n } };

	bench_ok(bench_bpf(&bench_kernel, BPF_PROG_TEST_RUN, &attr),
		 "PROG_TEST_RUN");
}

static double kernel_ns(enum bench_prog which)
{
	double ns;
	int fd, map;

	if (!bench_has_kernel())
		return BENCH_NONE;
	map = bench_prog_map(&bench_kernel, which);
	fd = bench_prog_load(&bench_kernel, which, map);
	ns = bench_loop(test_run_loop, &fd);
	bench_close(&bench_kernel, fd);
	if (map >= 0)
		bench_close(&bench_kernel, map);
	return ns;
}

static double kernel_above(enum bench_prog which)
{
	int fd, map, empty;
	double ns;

	if (!bench_has_kernel())
		return BENCH_NONE;
	map = bench_prog_map(&bench_kernel, which);
	fd = bench_prog_load(&bench_kernel, which, map);
	empty = bench_prog_load(&bench_kernel, PROG_EMPTY, -1);
	ns = bench_above(test_run_loop, &fd, &empty);
	bench_close(&bench_kernel, empty);
	bench_close(&bench_kernel, fd);
	bench_close(&bench_kernel, map);
	return ns;
}

/* Rows of what a program costs more than an empty one. */
static void above_empty(const char *what, const char *what_checked,
			enum bench_prog which, double goal)
{
	bench_row(&(struct bench_row){ .what = what,
				       .ours = ours_above(which, MODE_FAST),
				       .kernel = kernel_above(which),
				       .goal = goal });
	bench_row(&(struct bench_row){ .what = what_checked,
				       .ours = ours_above(which, MODE_CHECKED),
				       .kernel = BENCH_NONE });
}

static void bench_empty(double empty[2], double kernel_empty)
{
	bench_row(&(struct bench_row){ .what = "an event, nothing attached",
				       .ours = bare_ns(0, 0, true),
				       .kernel = BENCH_NONE });
	bench_row(&(struct bench_row){ .what = "an event, an empty program",
				       .ours = empty[MODE_FAST],
				       .kernel = kernel_empty,
				       .goal = 5 });
	bench_row(&(struct bench_row){ .what = "  in the checked interpreter",
				       .ours = empty[MODE_CHECKED],
				       .kernel = BENCH_NONE });
	bench_row(&(struct bench_row){ .what = "  three levels above",
				       .ours = bare_ns(1, 3, true),
				       .kernel = BENCH_NONE });
	bench_row(&(struct bench_row){
		.what = "  each further one",
		.ours = (bare_ns(9, 0, true) - empty[MODE_FAST]) / 8,
		.kernel = BENCH_NONE });
	bench_row(&(struct bench_row){ .what = "  a packet without a socket",
				       .ours = bare_ns(1, 0, false),
				       .kernel = BENCH_NONE });
}

static void bench_compute(void)
{
	const double insns = COMPUTE_LOOPS * COMPUTE_INSNS;
	double fast = ours_ns(PROG_COMPUTE, MODE_FAST);
	double kernel = kernel_ns(PROG_COMPUTE);

	bench_row(&(struct bench_row){
		.what = "a loop, 1,000 times 22 instructions",
		.ours = fast,
		.kernel = kernel,
		.goal_ratio = 0.6 });
	bench_row(&(struct bench_row){ .what = "  each instruction",
				       .ours = fast / insns,
				       .kernel = kernel / insns,
				       .goal = 1.5 });
	bench_row(&(struct bench_row){
		.what = "  each, in the checked interpreter",
		.ours = ours_ns(PROG_COMPUTE, MODE_CHECKED) / insns,
		.kernel = BENCH_NONE });
}

void bench_run(void)
{
	double empty[2] = { [MODE_CHECKED] = ours_ns(PROG_EMPTY, MODE_CHECKED),
			    [MODE_FAST] = ours_ns(PROG_EMPTY, MODE_FAST) };
	double kernel_empty = kernel_ns(PROG_EMPTY);

	bench_title("Programs: ours interpreted, the kernel's from its JIT");
	bench_empty(empty, kernel_empty);
	above_empty("bpf_get_local_storage() and two adds, over that",
		    "  in the checked interpreter", PROG_STORAGE, 1);
	above_empty("a hash map by cgroup and two adds, over that",
		    "  in the checked interpreter", PROG_HASH, 10);
	bench_compute();
}
