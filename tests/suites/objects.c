/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The programs of BPF objects, each loaded alone, with bpf(2) answered by one
 * of the sides:
 *
 *	objects live|env [-t TYPE] [-v] FILE ...
 *
 * One line a program: see side_print().  -t: as of that type, with no attach
 * type; -v: with the log, on stderr.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suites/side.h"

#define LOAD_SECONDS 300
#define LOG_SIZE (16u << 20)
#define MAX_TYPE 64

static char log_text[LOG_SIZE];
static bool verbose;

static int no_words(enum libbpf_print_level level, const char *fmt,
		    va_list args)
{
	if (verbose && level == LIBBPF_WARN)
		return vfprintf(stderr, fmt, args);
	return 0;
}

static int type_by_name(const char *name)
{
	for (int i = 1; i < MAX_TYPE; i++) {
		const char *str = libbpf_bpf_prog_type_str(i);

		if (str && !strcmp(str, name))
			return i;
	}
	return -1;
}

/* In a process of its own: program @nr of @file, and no other. */
static void load_one(const char *file, int nr, int type)
{
	struct bpf_object *obj = bpf_object__open_file(file, NULL);
	struct bpf_program *prog;
	int i = 0;

	alarm(LOAD_SECONDS);
	if (!obj)
		_exit(1);
	side_begin(log_text);
	bpf_object__for_each_program(prog, obj)
	{
		bpf_program__set_autoload(prog, i == nr);
		if (i++ != nr)
			continue;
		if (type > 0) {
			bpf_program__set_type(prog, type);
			bpf_program__set_expected_attach_type(prog, 0);
		}
		bpf_program__set_log_buf(prog, log_text, sizeof(log_text));
		bpf_program__set_log_level(prog, verbose ? 4 | 1 : 4);
	}
	bpf_object__load(obj);
	if (verbose)
		fputs(log_text, stderr);
	_exit(0);
}

static void one_program(const char *file, const struct bpf_program *prog,
			int nr, int type)
{
	const char *base = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
	const char *type_name = libbpf_bpf_prog_type_str(
		type > 0 ? type : (int)bpf_program__type(prog));
	char name[256];
	int status;
	pid_t pid;

	snprintf(name, sizeof(name), "%.*s:%s", (int)strcspn(base, "."), base,
		 bpf_program__name(prog));
	side_reset();
	fflush(stdout);
	pid = fork();
	if (!pid)
		load_one(file, nr, type);
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		perror("fork");
		exit(1);
	}
	side_print(name, type_name ? type_name : "?", status);
}

static void one_file(const char *file, int type)
{
	struct bpf_object *obj = bpf_object__open_file(file, NULL);
	struct bpf_program *prog;
	int nr = 0;

	if (!obj) {
		fprintf(stderr, "%s: cannot be opened\n", file);
		return;
	}
	bpf_object__for_each_program(prog, obj)
		one_program(file, prog, nr++, type);
	bpf_object__close(obj);
}

int main(int argc, char **argv)
{
	int type = 0, opt;

	if (argc < 3 || !side_open(argv[1])) {
		fprintf(stderr, "usage: objects live|env [-t TYPE] FILE ...\n");
		return 2;
	}
	argv++, argc--;
	while ((opt = getopt(argc, argv, "t:v")) != -1) {
		if (opt == 't' && (type = type_by_name(optarg)) > 0)
			continue;
		if (opt != 'v')
			return 2;
		verbose = true;
	}
	libbpf_set_print(no_words);
	for (int i = optind; i < argc; i++)
		one_file(argv[i], type);
	return 0;
}
