/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the hierarchy costs: cgroups made and removed, programs attached above
 * many of them, storages read and written from user space.
 *
 * The kernel's cgroups are made under one of their own that no process is in,
 * and are gone at the end, however it comes.
 */
#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <mntent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"
#include "prog.h"

#define FEW 10000u
#define MANY 1000000u
#define ATTACHES 301

struct figures {
	double create, remove; /* ns each */
	double again;	       /* create in memory that is there already */
	double memory;	       /* bytes each */
	double attach, detach; /* ns, above all of them */
};

struct storage_figures {
	double read, write;	    /* the quick way; ours only */
	double sys_read, sys_write; /* by bpf(2) */
};

/* -------------------------------------------------------------- both sides */

static void measure_attach(const struct bench_side *side, int cgroup_fd,
			   struct figures *f)
{
	double attach[ATTACHES], detach[ATTACHES], start, middle;
	int map = bench_prog_map(side, PROG_STORAGE);
	int fd = bench_prog_load(side, PROG_STORAGE, map);
	u32 nr = side->task ? ATTACHES : 21;

	for (u32 i = 0; i < nr; i++) {
		start = bench_clock_ns();
		bench_attach(side, cgroup_fd, fd);
		middle = bench_clock_ns();
		bench_detach(side, cgroup_fd, fd);
		attach[i] = middle - start;
		detach[i] = bench_clock_ns() - middle;
	}
	f->attach = bench_median(attach, nr);
	f->detach = bench_median(detach, nr);
	bench_close(side, fd);
	bench_close(side, map);
}

struct accesses {
	const struct bench_side *side;
	const struct cgbpf_cgroup *cgroup; /* ours */
	int map;
	u64 key;
	u64 value[2];
};

static void read_loop(void *data, u32 n)
{
	struct accesses *a = data;

	for (u32 i = 0; i < n; i++)
		bench_ok(cgbpf_storage_read(a->side->task, a->map, a->cgroup, 0,
					    a->value),
			 "reading a storage");
}

static void write_loop(void *data, u32 n)
{
	struct accesses *a = data;

	for (u32 i = 0; i < n; i++)
		bench_ok(cgbpf_storage_write(a->side->task, a->map, a->cgroup,
					     0, a->value),
			 "writing a storage");
}

static void call_elem(struct accesses *a, int cmd)
{
	union attr attr = { .map_elem = { .map_fd = (u32)a->map,
					  .key = ptr_to_u64(&a->key),
					  .value = ptr_to_u64(a->value) } };

	bench_ok(bench_bpf(a->side, cmd, &attr), "a storage by bpf(2)");
}

static void sys_read_loop(void *data, u32 n)
{
	for (u32 i = 0; i < n; i++)
		call_elem(data, BPF_MAP_LOOKUP_ELEM);
}

static void sys_write_loop(void *data, u32 n)
{
	for (u32 i = 0; i < n; i++)
		call_elem(data, BPF_MAP_UPDATE_ELEM);
}

static void measure_storage(const struct bench_side *side, int cgroup_fd,
			    u64 cgroup_id, const struct cgbpf_cgroup *cgroup,
			    struct storage_figures *f)
{
	struct accesses a = { .side = side,
			      .cgroup = cgroup,
			      .key = cgroup_id };
	int fd;

	a.map = bench_prog_map(side, PROG_STORAGE);
	fd = bench_prog_load(side, PROG_STORAGE, a.map);
	bench_attach(side, cgroup_fd, fd);
	f->sys_read = bench_loop(sys_read_loop, &a);
	f->sys_write = bench_loop(sys_write_loop, &a);
	f->read = f->write = BENCH_NONE;
	if (side->task) {
		f->read = bench_loop(read_loop, &a);
		f->write = bench_loop(write_loop, &a);
	}
	bench_detach(side, cgroup_fd, fd);
	bench_close(side, fd);
	bench_close(side, a.map);
}

/* --------------------------------------------------------------------- ours */

static double heap_bytes(void)
{
	struct mallinfo2 info = mallinfo2();

	return (double)info.uordblks + (double)info.hblkhd;
}

static double ours_create(struct cgbpf_env *env, u32 nr)
{
	double start = bench_cpu_ns();
	struct cgbpf_cgroup *cgroup;
	char path[32];

	for (u32 i = 0; i < nr; i++) {
		snprintf(path, sizeof(path), "/%u", i);
		bench_ok(cgbpf_cgroup_new(env, path, &cgroup), path);
		cgbpf_cgroup_put(cgroup);
	}
	return (bench_cpu_ns() - start) / nr;
}

static void ours_remove(struct cgbpf_env *env, u32 nr, struct figures *f)
{
	double start = bench_cpu_ns();
	struct cgbpf_cgroup *cgroup;
	char path[32];

	for (u32 i = 0; i < nr; i++) {
		snprintf(path, sizeof(path), "/%u", i);
		bench_ok(cgbpf_cgroup_get(env, path, &cgroup), path);
		bench_ok(cgbpf_cgroup_remove(cgroup), path);
		cgbpf_cgroup_put(cgroup);
	}
	f->remove = (bench_cpu_ns() - start) / nr;
}

static void measure_ours(u32 nr, struct figures *f, struct storage_figures *s)
{
	struct bench_side side = { .name = "ours" };
	struct cgbpf_cgroup *root;
	struct cgbpf_env *env;
	double heap;
	int fd;

	bench_ok(cgbpf_env_new(&env, NULL), "environment");
	side.task = cgbpf_env_task(env);
	bench_ok(cgbpf_cgroup_get(env, "/", &root), "root");
	fd = bench_ok(cgbpf_cgroup_open(side.task, root), "root");
	heap = heap_bytes();
	f->create = ours_create(env, nr);
	f->memory = (heap_bytes() - heap) / nr;
	measure_attach(&side, fd, f);
	if (s)
		measure_storage(&side, fd, cgbpf_cgroup_id(root), root, s);
	ours_remove(env, nr, f);
	cgbpf_env_sync(env);
	f->again = ours_create(env, nr);
	cgbpf_cgroup_put(root);
	cgbpf_env_free(env);
}

/* --------------------------------------------------------------- the kernel */

static char kernel_dir[256]; /* "": nothing to clean up */

static void kernel_clean(void)
{
	char path[sizeof(kernel_dir) + 300];
	struct dirent *entry;
	DIR *dir;

	if (!kernel_dir[0])
		return;
	dir = opendir(kernel_dir);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", kernel_dir,
			 entry->d_name);
		rmdir(path);
	}
	if (dir)
		closedir(dir);
	rmdir(kernel_dir);
	kernel_dir[0] = '\0';
}

static void kernel_interrupted(int signal)
{
	(void)signal;
	exit(1); /* which cleans up: between two calls, nothing else runs */
}

/* A cgroup of our own in the live hierarchy: false if there is none. */
static bool kernel_enter(void)
{
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	struct mntent *mount = NULL;

	if (!mounts)
		return false;
	while ((mount = getmntent(mounts)))
		if (!strcmp(mount->mnt_type, "cgroup2"))
			break;
	if (mount)
		snprintf(kernel_dir, sizeof(kernel_dir), "%s/cgbpf-bench-%d",
			 mount->mnt_dir, (int)getpid());
	endmntent(mounts);
	if (!mount)
		return false;
	if (mkdir(kernel_dir, 0755)) {
		kernel_dir[0] = '\0';
		return false;
	}
	atexit(kernel_clean);
	signal(SIGINT, kernel_interrupted);
	signal(SIGTERM, kernel_interrupted);
	return true;
}

/* What the kernel uses for itself: no process's, so all cgroups'. */
static double kernel_bytes(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	double sum = 0, kib;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Slab: %lf", &kib) == 1 ||
		    sscanf(line, "Percpu: %lf", &kib) == 1)
			sum += kib * 1024;
	if (file)
		fclose(file);
	return sum;
}

static double kernel_each(int dir, int (*change)(int dir, const char *name))
{
	double start = bench_cpu_ns();
	char name[32];

	for (u32 i = 0; i < FEW; i++) {
		snprintf(name, sizeof(name), "%u", i);
		if (change(dir, name))
			bench_die("a cgroup of the kernel's: %s",
				  strerror(errno));
	}
	return (bench_cpu_ns() - start) / FEW;
}

static int kernel_make(int dir, const char *name)
{
	return mkdirat(dir, name, 0755);
}

static int kernel_remove(int dir, const char *name)
{
	return unlinkat(dir, name, AT_REMOVEDIR);
}

static void measure_kernel(struct figures *f, struct storage_figures *s)
{
	struct stat st;
	double before;
	int fd;

	*f = (struct figures){ .create = BENCH_NONE,
			       .remove = BENCH_NONE,
			       .again = BENCH_NONE,
			       .memory = BENCH_NONE,
			       .attach = BENCH_NONE,
			       .detach = BENCH_NONE };
	*s = (struct storage_figures){ BENCH_NONE, BENCH_NONE, BENCH_NONE,
				       BENCH_NONE };
	if (!bench_has_kernel() || !kernel_enter())
		return;
	fd = open(kernel_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		bench_die("%s: %s", kernel_dir, strerror(errno));
	before = kernel_bytes();
	f->create = kernel_each(fd, kernel_make);
	f->memory = (kernel_bytes() - before) / FEW;
	measure_attach(&bench_kernel, fd, f);
	measure_storage(&bench_kernel, fd, st.st_ino, NULL, s);
	f->remove = kernel_each(fd, kernel_remove);
	close(fd);
	kernel_clean();
}

/* ----------------------------------------------------------------- the rows */

static void getppid_loop(void *data, u32 n)
{
	(void)data;
	for (u32 i = 0; i < n; i++)
		syscall(SYS_getppid);
}

static void row(const char *what, double ours, double kernel, double goal)
{
	bench_row(&(struct bench_row){
		.what = what, .ours = ours, .kernel = kernel, .goal = goal });
}

void bench_hierarchy(void)
{
	struct figures few, many, kernel;
	struct storage_figures storage, kernel_storage;

	bench_title("The hierarchy");
	measure_ours(FEW, &few, &storage);
	measure_ours(MANY, &many, NULL);
	measure_kernel(&kernel, &kernel_storage);
	row("create a cgroup, of 10,000", few.create, kernel.create, 1000);
	row("create a cgroup, of 1,000,000", many.create, BENCH_NONE, 1000);
	row("  in memory that is there already", many.again, BENCH_NONE, 0);
	row("remove a cgroup, of 10,000", few.remove, kernel.remove, 1000);
	row("remove a cgroup, of 1,000,000", many.remove, BENCH_NONE, 1000);
	row("attach above 10,000", few.attach, kernel.attach, 10000);
	row("attach above 1,000,000", many.attach, BENCH_NONE, 10000);
	row("detach above 10,000", few.detach, kernel.detach, 0);
	row("detach above 1,000,000", many.detach, BENCH_NONE, 0);
	bench_row(&(struct bench_row){ .what = "memory of an idle cgroup",
				       .unit = BENCH_BYTES,
				       .ours = many.memory,
				       .kernel = kernel.memory,
				       .goal = 512 });

	bench_title("Storages from user space");
	row("a system call that does nothing, getppid(2)", BENCH_NONE,
	    bench_loop(getppid_loop, NULL), 0);
	row("read: cgbpf_storage_read(); the kernel's: bpf(2)", storage.read,
	    kernel_storage.sys_read, 25);
	row("  cgbpf_bpf()", storage.sys_read, kernel_storage.sys_read, 0);
	row("update: cgbpf_storage_write(); the kernel's: bpf(2)",
	    storage.write, kernel_storage.sys_write, 60);
	row("  cgbpf_bpf()", storage.sys_write, kernel_storage.sys_write, 0);
}
