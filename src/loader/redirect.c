/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/redirect.h"

#include <bpf/libbpf.h>
#include <linux/magic.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/alloc.h"

#define BPFFS_PREFIX "/sys/fs/bpf"

/* The names that the linker's --wrap gives to both sides. */
long __real_syscall(long nr, ...);
int __real_close(int fd);
int __real_dup3(int old, int new, int flags);
void *__real_mmap64(void *addr, size_t len, int prot, int flags, int fd,
		    off64_t off);
int __real_mkdir(const char *path, mode_t mode);
int __real_statfs64(const char *path, struct statfs64 *st);
int __real_unlink(const char *path);
int __real_setrlimit64(int resource, const struct rlimit64 *limit);

long __wrap_syscall(long nr, ...);
int __wrap_close(int fd);
int __wrap_dup3(int old, int new, int flags);
void *__wrap_mmap64(void *addr, size_t len, int prot, int flags, int fd,
		    off64_t off);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_statfs64(const char *path, struct statfs64 *st);
int __wrap_unlink(const char *path);
int __wrap_setrlimit64(int resource, const struct rlimit64 *limit);

static __thread struct redirect *current;

/* ------------------------------------------------------------------- text */

void text_add(struct text *text, const char *s, size_t len)
{
	if (len >= text->capacity - text->len) {
		size_t capacity = max(2 * text->capacity, text->len + len + 1);
		char *buf = mem_realloc(text->buf, capacity);

		if (!buf)
			return;
		text->buf = buf;
		text->capacity = capacity;
	}
	memcpy(text->buf + text->len, s, len);
	text->len += len;
	text->buf[text->len] = '\0';
}

void text_clear(struct text *text)
{
	mem_free(text->buf);
	*text = (struct text){ 0 };
}

const char *text_view(const struct text *text)
{
	return text->buf ? text->buf : "";
}

/* libbpf's print function: one for the whole of our private libbpf. */
static int print(enum libbpf_print_level level, const char *fmt, va_list args)
{
	char small[512], *s = small;
	va_list again;
	int len;

	if (!current || level != LIBBPF_WARN)
		return 0;
	va_copy(again, args);
	len = vsnprintf(small, sizeof(small), fmt, args);
	if (len >= (int)sizeof(small)) {
		/* a verifier's log */
		s = mem_alloc((size_t)len + 1);
		if (s) {
			vsnprintf(s, (size_t)len + 1, fmt, again);
		} else {
			s = small;
			len = sizeof(small) - 1;
		}
	}
	va_end(again);
	if (len > 0)
		text_add(&current->words, s, (size_t)len);
	if (s != small)
		mem_free(s);
	return len;
}

static void set_print(void)
{
	libbpf_set_print(print);
}

void redirect_begin(struct redirect *redirect)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, set_print);
	redirect->outer = current;
	current = redirect;
}

void redirect_end(struct redirect *redirect)
{
	ASSERT(current == redirect);
	current = redirect->outer;
}

/* ------------------------------------------------------------ system calls */

static int result(int ret)
{
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

static struct cgbpf_task *task(void)
{
	return cgbpf_env_task(current->env);
}

static bool is_ours(int fd)
{
	return current && fd >= REDIRECT_FD_BASE;
}

static bool is_bpffs(const char *path)
{
	size_t n = strlen(BPFFS_PREFIX);

	return current && !strncmp(path, BPFFS_PREFIX, n) &&
	       (path[n] == '/' || path[n] == '\0');
}

/*
 * libbpf loads a program that was refused once more to get a log, and gives
 * up: so the last load's name and log are those of the program refused.
 */
static void note_prog_load(const union attr *attr, int ret)
{
	const struct attr_prog_load *load = &attr->prog_load;
	const char *log = u64_to_ptr(load->log_buf);

	text_clear(&current->refused_log);
	current->refused = ret < 0 ? ret : 0;
	if (ret >= 0)
		return;
	memcpy(current->refused_name, load->prog_name, UAPI_OBJ_NAME_LEN);
	if (load->log_level && log && load->log_size)
		text_add(&current->refused_log, log,
			 strnlen(log, load->log_size));
}

static int do_bpf(int cmd, union bpf_attr *attr, unsigned int size)
{
	int ret;

	if (!current)
		return -ENOSYS;
	ret = cgbpf_bpf(task(), cmd, attr, size);
	if (cmd == BPF_PROG_LOAD &&
	    size >= offsetof(union attr, prog_load.prog_ifindex))
		note_prog_load((const union attr *)attr, ret);
	return ret;
}

long __wrap_syscall(long nr, ...)
{
	long arg[6];
	va_list args;

	/* as libc's own does: take six, whether they were given or not */
	va_start(args, nr);
	for (size_t i = 0; i < ARRAY_SIZE(arg); i++)
		arg[i] = va_arg(args, long);
	va_end(args);
	if (nr == SYS_bpf)
		return result(do_bpf((int)arg[0], (union bpf_attr *)arg[1],
				     (unsigned int)arg[2]));
	return __real_syscall(nr, arg[0], arg[1], arg[2], arg[3], arg[4],
			      arg[5]);
}

int __wrap_close(int fd)
{
	return is_ours(fd) ? result(cgbpf_close(task(), fd)) : __real_close(fd);
}

/* bpf_map__reuse_fd() wants its own fd for a map, and takes what we return */
int __wrap_dup3(int old, int new, int flags)
{
	int fd;

	if (!is_ours(old))
		return __real_dup3(old, new, flags);
	fd = cgbpf_dup(task(), old);
	if (fd >= 0)
		__wrap_close(new);
	return result(fd);
}

/* Our maps' memory is shared pages: mremap(2) of no bytes maps them again. */
void *__wrap_mmap64(void *addr, size_t len, int prot, int flags, int fd,
		    off64_t off)
{
	void *memory, *again;
	size_t size;
	int err;

	if (!is_ours(fd))
		return __real_mmap64(addr, len, prot, flags, fd, off);
	err = cgbpf_mmap(task(), fd, &memory, &size);
	if (!err && (off < 0 || (size_t)off > size || len > size - (size_t)off))
		err = -EINVAL;
	if (err) {
		errno = -err;
		return MAP_FAILED;
	}
	memory = (char *)memory + off;
	if (flags & MAP_FIXED)
		again = mremap(memory, 0, len, MREMAP_MAYMOVE | MREMAP_FIXED,
			       addr);
	else
		again = mremap(memory, 0, len, MREMAP_MAYMOVE);
	if (again != MAP_FAILED && !(prot & PROT_WRITE))
		mprotect(again, len, prot);
	return again;
}

int __wrap_mkdir(const char *path, mode_t mode)
{
	return is_bpffs(path) ? result(cgbpf_bpffs_mkdir(current->env, path))
			      : __real_mkdir(path, mode);
}

/* libbpf asks only whether a pin would be on a bpf file system; whether its
 * directory is there is for BPF_OBJ_PIN to say. */
int __wrap_statfs64(const char *path, struct statfs64 *st)
{
	if (!is_bpffs(path))
		return __real_statfs64(path, st);
	*st = (struct statfs64){ .f_type = BPF_FS_MAGIC };
	return 0;
}

int __wrap_unlink(const char *path)
{
	return is_bpffs(path) ? result(cgbpf_bpffs_remove(current->env, path))
			      : __real_unlink(path);
}

/* Old kernels charge maps to RLIMIT_MEMLOCK; the process's stays as it is. */
int __wrap_setrlimit64(int resource, const struct rlimit64 *limit)
{
	return current ? 0 : __real_setrlimit64(resource, limit);
}
