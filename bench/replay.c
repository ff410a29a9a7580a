/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cgbpf replay of a long capture: a short one's packets, again and again.
 * Each goes through three levels of two programs, as it leaves and as it
 * arrives.  What the process takes, start and all, is the kernel's account
 * of it; memory must not grow with the capture.
 */
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "bench.h"

#define FILE_HEADER 24
#define RECORD_HEADER 16
#define RUNS 3

struct replay_figures {
	double cpu_ns; /* of the process */
	double rss;    /* its peak, bytes */
};

static char directory[] = "/tmp/cgbpf-bench-XXXXXX";
static bool made;

static void path_of(char *buf, size_t size, const char *name)
{
	snprintf(buf, size, "%s/%s", directory, name);
}

static void clean(void)
{
	static const char *const names[] = { "long.pcap", "first.bpf.o",
					     "second.bpf.o" };
	char path[64];

	if (!made)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		path_of(path, sizeof(path), names[i]);
		unlink(path);
	}
	rmdir(directory);
}

/* Two names for one object, which so is loaded twice. */
static void link_objects(const char *object)
{
	char *real = realpath(object, NULL), path[64];

	if (!real)
		bench_die("%s: %s", object, strerror(errno));
	path_of(path, sizeof(path), "first.bpf.o");
	bench_ok(symlink(real, path), path);
	path_of(path, sizeof(path), "second.bpf.o");
	bench_ok(symlink(real, path), path);
	free(real);
}

/* The whole of a small file of our own. */
static u8 *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	u8 *data = mem_alloc(1 << 20);

	if (!file || !data)
		bench_die("%s: cannot be read", path);
	*size = fread(data, 1, 1 << 20, file);
	fclose(file);
	return data;
}

static void write_long(const char *capture, u32 packets)
{
	size_t size, at = FILE_HEADER, len;
	u8 *data = read_file(capture, &size);
	char path[64];
	FILE *file;
	u32 bytes;

	path_of(path, sizeof(path), "long.pcap");
	file = fopen(path, "wb");
	if (!file)
		bench_die("%s: %s", path, strerror(errno));
	fwrite(data, 1, FILE_HEADER, file);
	for (u32 i = 0; i < packets; i++) {
		if (at + RECORD_HEADER > size)
			at = FILE_HEADER;
		memcpy(&bytes, data + at + 8, sizeof(bytes));
		len = RECORD_HEADER + bytes;
		if (at + len > size)
			bench_die("%s: is cut", capture);
		fwrite(data + at, 1, len, file);
		at += len;
	}
	if (fclose(file))
		bench_die("%s: %s", path, strerror(errno));
	mem_free(data);
}

static void exec_replay(const char *command)
{
	static const char *const at[] = { "/", "/a", "/a/b" };
	const char *argv[32];
	char args[6][80], capture[64];
	int nr = 0, out;

	argv[nr++] = command;
	argv[nr++] = "replay";
	for (int i = 0; i < 6; i++) {
		snprintf(args[i], sizeof(args[i]), "%s/%s.bpf.o@%s", directory,
			 i % 2 ? "second" : "first", at[i / 2]);
		argv[nr++] = "--attach";
		argv[nr++] = args[i];
	}
	argv[nr++] = "--cgroup";
	argv[nr++] = "/a/b=tcp";
	path_of(capture, sizeof(capture), "long.pcap");
	argv[nr++] = capture;
	argv[nr] = NULL;
	out = open("/dev/null", O_WRONLY);
	dup2(out, STDOUT_FILENO);
	execv(command, (char *const *)argv);
	_exit(127);
}

static struct replay_figures run_replay(const char *command)
{
	struct replay_figures f;
	struct rusage usage;
	int status;
	pid_t pid;

	malloc_trim(0); /* what we use now counts as the child's peak */
	pid = bench_ok(fork(), "fork");
	if (!pid)
		exec_replay(command);
	if (wait4(pid, &status, 0, &usage) < 0 || status)
		bench_die("%s replay: failed", command);
	f.cpu_ns =
		(double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e9 +
		(double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3;
	f.rss = (double)usage.ru_maxrss * 1024;
	return f;
}

static void row(const char *command, const char *capture, u32 packets,
		const char *what_rate, const char *what_rss)
{
	double ns[RUNS], rss = 0;

	write_long(capture, packets);
	for (int i = 0; i < RUNS; i++) {
		struct replay_figures f = run_replay(command);

		ns[i] = f.cpu_ns;
		rss = max(rss, f.rss);
	}
	bench_row(&(struct bench_row){ .what = what_rate,
				       .unit = BENCH_RATE,
				       .ours = packets /
					       bench_median(ns, RUNS) * 1e9,
				       .kernel = BENCH_NONE });
	bench_row(&(struct bench_row){ .what = what_rss,
				       .unit = BENCH_BYTES,
				       .ours = rss,
				       .kernel = BENCH_NONE });
}

void bench_replay(const char *command, const char *object, const char *capture)
{
	if (!mkdtemp(directory))
		bench_die("%s: %s", directory, strerror(errno));
	made = true;
	atexit(clean);
	link_objects(object);
	bench_title("cgbpf replay: three levels of two programs, twice");
	row(command, capture, 100000, "100,000 packets, by CPU time",
	    "  peak memory");
	row(command, capture, 1000000, "1,000,000 packets, by CPU time",
	    "  peak memory");
}
