/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cases of Linux's test_verifier, each in a process of its own, with
 * bpf(2) answered by one of the sides:
 *
 *	cases live|env [-t TYPE] [NUMBER ...]
 *
 * One line a case: see side_print().  -t: as programs of that type.  If numbers were given, what the suite
 * itself says of the case, with the whole log, goes to stderr.  Its source is
 * that of Debian's linux-source-6.1, included as it is; the cases for callers
 * without privileges are left out, there are none such here.
 */
#define main suite_main
#include "test_verifier.c"
#undef main

#include <signal.h>
#include <sys/wait.h>

#include "suites/side.h"

#define CASE_SECONDS 60

static int type_by_name(const char *name)
{
	for (int i = 1; i < 64; i++) {
		const char *str = libbpf_bpf_prog_type_str(i);

		if (str && !strcmp(str, name))
			return i;
	}
	fprintf(stderr, "%s: no such type\n", name);
	exit(2);
}

/*
 * All maps with BTF share one, which has pointers to types of a test module.
 * Linux 6.18 refuses that unless the module is there; nobody needs it but for
 * such pointers, which we have not: they point to int instead.
 */
static void no_module_types(void)
{
	const __u32 ptr = BTF_INFO_ENC(BTF_KIND_PTR, 0, 0);

	for (size_t i = 0; i + 2 < ARRAY_SIZE(btf_raw_types); i++)
		if (!btf_raw_types[i] && btf_raw_types[i + 1] == ptr)
			btf_raw_types[i + 2] = 1;
}

/* It returns an address, which no two runs agree on. */
static bool returns_address(const struct bpf_test *test)
{
	for (int i = 0; i < MAX_TEST_RUNS; i++)
		if (test->retvals[i].retval == POINTER_VALUE)
			return true;
	return false;
}

static void run_case(struct bpf_test *test, bool quiet)
{
	int passes = 0, errors = 0;

	alarm(CASE_SECONDS);
	if (!freopen(quiet ? "/dev/null" : "/dev/stderr", "w", stdout))
		_exit(1);
	verbose = !quiet;
	side_begin(bpf_vlog);
	srand(1); /* some cases are random: let both sides have the same */
	do_test_single(test, false, &passes, &errors);
	fflush(stdout);
	_exit(0);
}

static void one_case(unsigned int nr, int type, bool quiet)
{
	struct bpf_test *test = &tests[nr];
	char name[256];
	int status;
	pid_t pid;

	if (type) {
		test->prog_type = type;
		test->expected_attach_type = 0;
	}
	type = test->prog_type ?: BPF_PROG_TYPE_SOCKET_FILTER;
	side_reset();
	fflush(stdout);
	pid = fork();
	if (!pid)
		run_case(test, quiet);
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		perror("fork");
		exit(1);
	}
	if (returns_address(test))
		side_forget_runs();
	snprintf(name, sizeof(name), "%u %s", nr, test->descr);
	side_print(name,
		   test->fixup_kfunc_btf_id[0].kfunc
			   ? "kfunc"
			   : libbpf_bpf_prog_type_str(type),
		   status);
}

int main(int argc, char **argv)
{
	int type = 0;

	if (argc < 2 || !side_open(argv[1])) {
		fprintf(stderr,
			"usage: cases live|env [-t TYPE] [NUMBER ...]\n");
		return 2;
	}
	argv += 2;
	if (*argv && !strcmp(*argv, "-t") && argv[1]) {
		type = type_by_name(argv[1]);
		argv += 2;
	}
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	no_module_types();
	if (!*argv)
		for (unsigned int i = 0; i < ARRAY_SIZE(tests); i++)
			one_case(i, type, true);
	for (; *argv; argv++)
		if ((unsigned int)atoi(*argv) < ARRAY_SIZE(tests))
			one_case((unsigned int)atoi(*argv), type, false);
	return 0;
}
