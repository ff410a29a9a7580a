/* SPDX-License-Identifier: BSD-2-Clause */
#include "suites/side.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/uapi.h"
#include "cgbpf.h"

#define ENV_FD_BASE 0x40000000

static bool live;
static struct cgbpf_env *env;
static const void *watched;
static struct side_report *report;

/* The linker's --wrap gives the test program these for libc's own. */
#pragma GCC visibility push(default)
long __wrap_syscall(long nr, ...);
int __wrap_close(int fd);
int __wrap_dup3(int old, int new, int flags);
#pragma GCC visibility pop

/* ------------------------------------------------------------------ cases */

#pragma GCC visibility push(default)
bool side_open(const char *name)
{
	live = !strcmp(name, "live");
	if (!live && strcmp(name, "env"))
		return false;
	report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return report != MAP_FAILED;
}

void side_begin(const void *log)
{
	watched = log;
	if (!live && !env && cgbpf_env_new(&env, NULL))
		_exit(1);
}

const struct side_report *side_report(void)
{
	return report;
}

void side_reset(void)
{
	*report = (struct side_report){
		.failed_map = -1,
		.verdict = SIDE_NO_VERDICT,
	};
}

void side_forget_runs(void)
{
	report->nr_runs = 0;
}

void side_print(const char *name, const char *type, int status)
{
	char verdict[64];

	if (WIFSIGNALED(status))
		snprintf(verdict, sizeof(verdict), "crash-%s",
			 sigabbrev_np(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		snprintf(verdict, sizeof(verdict), "exit-%d",
			 WEXITSTATUS(status));
	else if (!report->verdict)
		snprintf(verdict, sizeof(verdict), "ok");
	else if (report->verdict != SIDE_NO_VERDICT)
		snprintf(verdict, sizeof(verdict), "%s",
			 report->verdict == -524
				 ? "ENOTSUPP"
				 : strerrorname_np(-report->verdict));
	else
		snprintf(verdict, sizeof(verdict), "none");
	/* nothing, or a program with an fd of -1, for want of a map */
	if (report->failed_map >= 0 &&
	    (report->verdict == -EBADF || report->verdict == SIDE_NO_VERDICT))
		snprintf(verdict, sizeof(verdict), "map-%d",
			 report->failed_map);
	printf("%s\t%s\t%s\t%u\t%llu\t", name, type, verdict, report->processed,
	       (unsigned long long)report->ns / 1000);
	for (u32 i = 0; i < report->nr_runs; i++) {
		if (report->runs[i].err)
			printf("%s%d", i ? "," : "", report->runs[i].err);
		else
			printf("%s%#x", i ? "," : "", report->runs[i].retval);
	}
	printf("\t%s\n", report->message);
	fflush(stdout);
}
#pragma GCC visibility pop

/* -------------------------------------------------------------------- logs */

/* Lines of figures and of what the program is, which say no reason. */
static bool is_reason(const char *line, size_t len)
{
	static const char *const others[] = {
		"processed ", "verification time ",   "stack depth ",
		"; ",	      "max_states_per_insn ",
	};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (!strncmp(line, others[i], strlen(others[i])))
			return false;
	return len > 0;
}

static void note_log(const char *log, size_t size)
{
	const char *end = log + strnlen(log, size), *line;

	for (line = log; line < end;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t len = (size_t)((stop ? stop : end) - line);

		if (is_reason(line, len))
			snprintf(report->message, sizeof(report->message),
				 "%.*s", (int)len, line);
		sscanf(line, "processed %u insns", &report->processed);
		line += len + 1;
	}
	for (char *c = report->message; *c; c++)
		if (*c == '\t')
			*c = ' ';
}

/* ------------------------------------------------------------ system calls */

static int answer(int cmd, union attr *attr, u32 size)
{
	long ret;

	if (!live)
		return cgbpf_bpf(cgbpf_env_task(env), cmd,
				 (union bpf_attr *)attr, size);
	ret = syscall(SYS_bpf, cmd, attr, size);
	return ret < 0 ? -errno : (int)ret;
}

static u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

static int do_bpf(int cmd, union attr *attr, u32 size)
{
	u64 start = now_ns();
	int ret = answer(cmd, attr, size);
	const struct attr_prog_load *load = &attr->prog_load;

	if (cmd == BPF_MAP_CREATE && ret < 0 && report->failed_map < 0) {
		report->failed_map = (s32)attr->map_create.map_type;
		report->map_error = ret;
	}
	if (cmd == BPF_PROG_TEST_RUN && report->nr_runs < SIDE_MAX_RUNS)
		report->runs[report->nr_runs++] = (struct side_run){
			.err = min(ret, 0),
			.retval = attr->test_run.retval,
		};
	if (cmd != BPF_PROG_LOAD || !load->log_level ||
	    u64_to_ptr(load->log_buf) != watched)
		return ret;
	report->ns = now_ns() - start;
	report->verdict = min(ret, 0);
	report->prog_type = load->prog_type;
	report->insns = load->insn_cnt;
	report->message[0] = '\0';
	note_log(watched, load->log_size);
	return ret;
}

static long result(long ret)
{
	if (ret >= 0)
		return ret;
	errno = (int)-ret;
	return -1;
}

long __wrap_syscall(long nr, ...)
{
	long arg[6];
	va_list args;

	va_start(args, nr);
	for (size_t i = 0; i < ARRAY_SIZE(arg); i++)
		arg[i] = va_arg(args, long);
	va_end(args);
	if (nr != SYS_bpf)
		return syscall(nr, arg[0], arg[1], arg[2], arg[3], arg[4],
			       arg[5]);
	return result(do_bpf((int)arg[0], (union attr *)arg[1], (u32)arg[2]));
}

int __wrap_close(int fd)
{
	if (live || fd < ENV_FD_BASE)
		return close(fd);
	return (int)result(cgbpf_close(cgbpf_env_task(env), fd));
}

int __wrap_dup3(int old, int new, int flags)
{
	int fd;

	if (live || old < ENV_FD_BASE)
		return dup3(old, new, flags);
	fd = cgbpf_dup(cgbpf_env_task(env), old);
	if (fd >= 0)
		__wrap_close(new);
	return (int)result(fd);
}
