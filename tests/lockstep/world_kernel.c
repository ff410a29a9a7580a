/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The live kernel as a world.
 *
 * - Its cgroups lie in one directory with a unique name below the cgroup v2
 *   mount, which goes with the process; what a killed one left is removed by
 *   the next.
 * - Its pins lie in a bpf file system of our own, mounted over /sys/fs/bpf in
 *   a private mount namespace, which goes with the process.
 * - cgroup_remove() waits until the kernel has released what BPF held on the
 *   cgroup.  That happens later, in a work queue, under the same mutex as
 *   reading a cgroup link's info: so a link of our own, made just before,
 *   tells when it is done.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/membarrier.h>

#include "insn.h"
#include "world.h"

#define BPFFS "/sys/fs/bpf"
#define PREFIX "cgbpf-lockstep-"

struct world_kernel {
	struct world world;
	pid_t owner;  /* children of a fork clean nothing up */
	int sentinel; /* program whose links watch removed cgroups */
};

static struct world_kernel *to_kernel(struct world *world)
{
	return (struct world_kernel *)world;
}

static int ret_errno(long ret)
{
	return ret < 0 ? -errno : (int)ret;
}

static int kernel_bpf(struct world *world, int cmd, void *attr, u32 size)
{
	(void)world;
	return ret_errno(syscall(SYS_bpf, cmd, attr, size));
}

static int kernel_close(struct world *world, int fd)
{
	(void)world;
	return ret_errno(close(fd));
}

static int kernel_dup(struct world *world, int fd)
{
	(void)world;
	return ret_errno(fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

static void cgroup_path(struct world *world, const char *path, char buf[512])
{
	snprintf(buf, 512, "%s%s", world->cgroups, path);
}

static int kernel_cgroup_new(struct world *world, const char *path)
{
	char buf[512];

	cgroup_path(world, path, buf);
	return ret_errno(mkdir(buf, 0755));
}

static int kernel_cgroup_open(struct world *world, const char *path)
{
	char buf[512];

	cgroup_path(world, path, buf);
	return ret_errno(open(buf, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/* The id of a cgroup is its file handle in cgroup2. */
static int kernel_cgroup_id(struct world *world, const char *path, u64 *id)
{
	struct {
		struct file_handle head;
		u64 id;
	} handle = { .head.handle_bytes = sizeof(u64) };
	char buf[512];
	int mount_id;

	cgroup_path(world, path, buf);
	if (name_to_handle_at(AT_FDCWD, buf, &handle.head, &mount_id, 0))
		return -errno;
	memcpy(id, handle.head.f_handle, sizeof(*id));
	return 0;
}

static int sentinel_link(struct world_kernel *kernel, const char *path)
{
	union attr attr = { .link_create = {
				    .prog_fd = (u32)kernel->sentinel,
				    .attach_type = BPF_CGROUP_UNIX_GETSOCKNAME,
			    } };
	int fd = kernel_cgroup_open(&kernel->world, path);
	int link;

	if (fd < 0)
		return fd;
	attr.link_create.target_fd = (u32)fd;
	link = kernel_bpf(&kernel->world, BPF_LINK_CREATE, &attr, 48);
	close(fd);
	return link;
}

static bool sentinel_gone(struct world_kernel *kernel, int link)
{
	struct info_link info = { 0 };
	union attr attr = { .info = {
				    .bpf_fd = (u32)link,
				    .info_len = sizeof(info),
				    .info = (u64)(uintptr_t)&info,
			    } };

	return kernel_bpf(&kernel->world, BPF_OBJ_GET_INFO_BY_FD, &attr,
			  sizeof(attr.info)) ||
	       !info.cgroup.cgroup_id;
}

static int kernel_cgroup_remove(struct world *world, const char *path)
{
	struct world_kernel *kernel = to_kernel(world);
	int link = sentinel_link(kernel, path);
	char buf[512];
	int err;

	cgroup_path(world, path, buf);
	err = ret_errno(rmdir(buf));
	if (!err && link < 0)
		usleep(100000);
	for (int i = 0; !err && link >= 0 && i < 20000; i++) {
		if (world->busy || sentinel_gone(kernel, link))
			break;
		usleep(100);
	}
	if (link >= 0)
		close(link);
	return err;
}

static void pin_path(struct world *world, const char *path, char buf[512])
{
	snprintf(buf, 512, "%s%s", world->pins, path);
}

static int kernel_pin_remove(struct world *world, const char *path)
{
	char buf[512];

	pin_path(world, path, buf);
	return ret_errno(remove(buf));
}

static int kernel_pin_mkdir(struct world *world, const char *path)
{
	char buf[512];

	pin_path(world, path, buf);
	return ret_errno(mkdir(buf, 0700));
}

static int kernel_pin_read(struct world *world, const char *path, char *text,
			   size_t size)
{
	char buf[512];
	size_t len = 0;
	ssize_t n;
	int fd;

	pin_path(world, path, buf);
	fd = open(buf, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do {
		n = read(fd, text + len, size - 1 - len);
		if (n < 0) {
			n = -errno;
			close(fd);
			return (int)n;
		}
		len += (size_t)n;
	} while (n);
	close(fd);
	text[len] = 0;
	return (int)len;
}

/* Two grace periods, and some time for work queues. */
static void kernel_sync(struct world *world)
{
	(void)world;
	for (int i = 0; i < 2; i++) {
		syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
		usleep(10000);
	}
}

/* A directory of cgroups with all that is in it, deepest first. */
static void remove_tree(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		close(fd);
		return;
	}
	while ((entry = readdir(dir)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			remove_tree(fd, entry->d_name);
	closedir(dir);
	unlinkat(at, name, AT_REMOVEDIR);
}

static void remove_stale(const char *mount)
{
	DIR *dir = opendir(mount);
	struct dirent *entry;
	pid_t pid;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)))
			continue;
		pid = (pid_t)strtol(entry->d_name + strlen(PREFIX), NULL, 10);
		if (pid > 0 && kill(pid, 0) && errno == ESRCH)
			remove_tree(dirfd(dir), entry->d_name);
	}
	closedir(dir);
}

static void kernel_free(struct world *world)
{
	struct world_kernel *kernel = to_kernel(world);

	if (kernel->owner == getpid())
		remove_tree(AT_FDCWD, world->cgroups);
	close(kernel->sentinel);
	free(kernel);
}

static const struct world_ops kernel_ops = {
	.name = "kernel",
	.free = kernel_free,
	.bpf = kernel_bpf,
	.close = kernel_close,
	.dup = kernel_dup,
	.cgroup_new = kernel_cgroup_new,
	.cgroup_remove = kernel_cgroup_remove,
	.cgroup_open = kernel_cgroup_open,
	.cgroup_id = kernel_cgroup_id,
	.pin_remove = kernel_pin_remove,
	.pin_mkdir = kernel_pin_mkdir,
	.pin_read = kernel_pin_read,
	.sync = kernel_sync,
};

static int find_cgroup2(char *buf, size_t size)
{
	FILE *mounts = setmntent("/proc/mounts", "r");
	struct mntent *entry;
	int err = -ENOENT;

	if (!mounts)
		return -errno;
	while (err && (entry = getmntent(mounts)))
		if (!strcmp(entry->mnt_type, "cgroup2") &&
		    !access(entry->mnt_dir, W_OK)) {
			snprintf(buf, size, "%s", entry->mnt_dir);
			err = 0;
		}
	endmntent(mounts);
	return err;
}

/* Once for each process: a private bpf file system. */
static int mount_bpffs(void)
{
	static bool done;

	if (done)
		return 0;
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("cgbpf", BPFFS, "bpf", 0, NULL))
		return -errno;
	done = true;
	return 0;
}

/*
 * fd 0 has to be no good for bpf(2), as it is in an environment: a file
 * opened for its path only is not.
 */
static int spoil_fd0(void)
{
	int fd = open("/", O_PATH);

	if (fd < 0)
		return -errno;
	if (fd > 0) {
		dup2(fd, 0);
		close(fd);
	}
	return 0;
}

static int load_sentinel(struct world_kernel *kernel)
{
	const struct bpf_insn insns[] = { MOVI(R0, 1), EXIT() };
	union attr attr = { .prog_load = {
				    .prog_type = BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
				    .expected_attach_type =
					    BPF_CGROUP_UNIX_GETSOCKNAME,
				    .insn_cnt = 2,
				    .insns = (u64)(uintptr_t)insns,
				    .license = (u64)(uintptr_t) "BSD",
				    .prog_name = "sentinel",
			    } };

	return kernel_bpf(&kernel->world, BPF_PROG_LOAD, &attr,
			  sizeof(attr.prog_load));
}

int world_kernel_new(struct world **out, const char *name, const char **why)
{
	struct world_kernel *kernel;
	char mount[200];
	int err;

	*why = "not root";
	if (geteuid())
		return -EPERM;
	*why = "no cgroup v2 hierarchy that can be written";
	err = find_cgroup2(mount, sizeof(mount));
	if (err)
		return err;
	*why = "cannot mount a bpf file system";
	err = mount_bpffs();
	if (err)
		return err;
	*why = "cannot open /";
	err = spoil_fd0();
	if (err)
		return err;
	kernel = calloc(1, sizeof(*kernel));
	*why = "out of memory";
	if (!kernel)
		return -ENOMEM;
	kernel->world.ops = &kernel_ops;
	kernel->owner = getpid();
	kernel->sentinel = load_sentinel(kernel);
	*why = "bpf(2) of Linux 6.18 needed";
	err = kernel->sentinel;
	if (err < 0)
		goto free_kernel;
	remove_stale(mount);
	snprintf(kernel->world.cgroups, sizeof(kernel->world.cgroups),
		 "%s/" PREFIX "%d%s", mount, getpid(), name);
	snprintf(kernel->world.pins, sizeof(kernel->world.pins), BPFFS "%s%s",
		 *name ? "/" : "", name);
	*why = "cannot make a cgroup";
	if (mkdir(kernel->world.cgroups, 0755) ||
	    (*name && mkdir(kernel->world.pins, 0700))) {
		err = -errno;
		goto close_sentinel;
	}
	*out = &kernel->world;
	*why = NULL;
	return 0;

close_sentinel:
	close(kernel->sentinel);
free_kernel:
	free(kernel);
	return err;
}

u32 world_kernel_cpus(void)
{
	FILE *f = fopen("/sys/devices/system/cpu/possible", "r");
	u32 first, last = 0;

	if (!f)
		return 1;
	/* "0" or "0-7": possible CPUs are numbered without gaps */
	if (fscanf(f, "%u-%u", &first, &last) < 1)
		last = 0;
	fclose(f);
	return last + 1;
}
