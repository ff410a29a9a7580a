/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verify.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "cgbpf-loader.h"
#include "cli/cmd.h"

/* A log of every path may be long.  Nothing of it is touched before use. */
#define LOG_SIZE (16u << 20)
#define LONG_LOG_SIZE (256u << 20)

/* ------------------------------------------------------------------ loading */

static void verdict_free(struct verdict *verdict)
{
	mem_free(verdict->name);
	mem_free(verdict->section);
	mem_free(verdict->log);
}

static int open_object(const char *path, struct cgbpf_env **env,
		       struct cgbpf_object **object)
{
	const struct cgbpf_env_opts opts = { .size = sizeof(opts) };
	int err;

	/* libbpf says ENOENT of what lacks in a file, too */
	if (access(path, R_OK))
		return cmd_error("%s: %s", path, strerror(errno));
	err = cgbpf_env_new(env, &opts);
	if (!err)
		err = cgbpf_object_new(object, *env);
	if (err)
		return cmd_error("%s: %s", path, cmd_strerror(err));
	err = cgbpf_object_open(*object, path, NULL);
	if (!err)
		return CMD_OK;
	if (err == -ENOEXEC)
		return cmd_error("%s: not a BPF object file", path);
	cmd_error("%s: cannot be read as a BPF object: %s", path,
		  cmd_strerror(err));
	cmd_log(cgbpf_object_log(*object));
	return CMD_FAILED;
}

static void close_object(struct cgbpf_env *env, struct cgbpf_object *object)
{
	cgbpf_object_free(object);
	if (env)
		cgbpf_env_free(env);
}

/* Of @object only the @nr-th program is to be loaded: it. */
static struct cgbpf_prog *choose_prog(struct cgbpf_object *object, size_t nr)
{
	struct cgbpf_prog *prog = NULL, *chosen = NULL;

	for (size_t i = 0; (prog = cgbpf_object_next_prog(object, prog)); i++) {
		cgbpf_prog_set_autoload(prog, i == nr);
		if (i == nr)
			chosen = prog;
	}
	return chosen;
}

static int load_prog(struct cgbpf_object *object, struct cgbpf_prog *prog,
		     const struct verify_args *args, struct verdict *verdict)
{
	u32 size = args->log > 1 ? LONG_LOG_SIZE : LOG_SIZE;
	u32 level = (u32)max(args->log, 1) | LOG_STATS;
	char *log = mem_alloc(size);

	verdict->name = mem_strdup(cgbpf_prog_name(prog));
	verdict->section = mem_strdup(cgbpf_prog_section(prog));
	if (!log || !verdict->name || !verdict->section) {
		mem_free(log);
		return cmd_error("%s", strerror(ENOMEM));
	}
	log[0] = '\0';
	verdict->err = cgbpf_prog_set_log(prog, level, log, size);
	if (!verdict->err)
		verdict->err = cgbpf_object_load(object);
	/* not for the program's sake: a map that cannot be made */
	if (verdict->err && !log[0])
		verdict->log = mem_strdup(cgbpf_object_log(object));
	else
		verdict->log = mem_strdup(log);
	mem_free(log);
	if (!verdict->log)
		return cmd_error("%s", strerror(ENOMEM));
	verdict_read(verdict);
	return CMD_OK;
}

/* In an environment of its own. */
static int verify_prog(const struct verify_args *args, size_t nr,
		       struct verdict *verdict)
{
	struct cgbpf_object *object = NULL;
	struct cgbpf_env *env = NULL;
	struct cgbpf_prog *prog;
	int status = open_object(args->object, &env, &object);

	if (!status) {
		prog = choose_prog(object, nr);
		status = load_prog(object, prog, args, verdict);
	}
	close_object(env, object);
	return status;
}

/* Which programs are meant: *count of them, the first is *first. */
static int find_progs(const struct verify_args *args, size_t *first,
		      size_t *count)
{
	struct cgbpf_object *object = NULL;
	struct cgbpf_env *env = NULL;
	struct cgbpf_prog *prog = NULL;
	int status = open_object(args->object, &env, &object);

	*first = *count = 0;
	for (size_t i = 0; !status; i++) {
		prog = cgbpf_object_next_prog(object, prog);
		if (!prog)
			break;
		if (args->prog && strcmp(args->prog, cgbpf_prog_name(prog)))
			continue;
		if (args->prog)
			*first = i;
		++*count;
	}
	if (!status && !*count)
		status = args->prog ? cmd_error("%s: there is no program '%s'",
						args->object, args->prog)
				    : cmd_error("%s: there is no program in it",
						args->object);
	close_object(env, object);
	return status;
}

static int verify(const struct verify_args *args)
{
	struct verdict *verdicts;
	size_t first, count;
	int status = find_progs(args, &first, &count);

	if (status)
		return status;
	verdicts = mem_calloc(count, sizeof(*verdicts));
	if (!verdicts)
		return cmd_error("%s", strerror(ENOMEM));
	for (size_t i = 0; i < count && !status; i++)
		status = verify_prog(args, first + i, &verdicts[i]);
	if (!status && args->json)
		verify_json(args, verdicts, count);
	else if (!status)
		status = verify_text(args, verdicts, count);
	for (size_t i = 0; i < count; i++) {
		if (verdicts[i].err)
			status = CMD_FAILED;
		verdict_free(&verdicts[i]);
	}
	mem_free(verdicts);
	return status;
}

/* ------------------------------------------------------------------ command */

static int parse(struct verify_args *args, int argc, char **argv)
{
	static const struct option options[] = {
		{ "log", required_argument, NULL, 'l' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;

	opterr = 0;
	optind = 1;
	while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		const char *given = argv[optind - 1];

		if (option == '?')
			return cmd_usage(&verify_command,
					 "there is no option '%s'", given);
		if (option == ':')
			return cmd_usage(&verify_command,
					 "option '%s' needs a value", given);
		if (option == 'h')
			args->help = true;
		else if (option == 'j')
			args->json = true;
		else if (!strcmp(optarg, "1") || !strcmp(optarg, "2"))
			args->log = atoi(optarg);
		else
			return cmd_usage(&verify_command,
					 "--log %s: the level is 1 or 2",
					 optarg);
	}
	if (args->help)
		return CMD_OK;
	if (optind == argc)
		return cmd_usage(&verify_command, "which object?");
	if (argc - optind > 2)
		return cmd_usage(&verify_command, "'%s' is one too many",
				 argv[optind + 2]);
	args->object = argv[optind];
	args->prog = argv[optind + 1];
	return CMD_OK;
}

static int run(int argc, char **argv)
{
	struct verify_args args = { 0 };
	int status = parse(&args, argc, argv);

	if (status)
		return status;
	if (args.help) {
		fputs(verify_command.usage, stdout);
		return CMD_OK;
	}
	return verify(&args);
}

const struct command verify_command = {
	.name = "verify",
	.summary =
		"say which programs of an object Linux would load, and why not",
	.usage = "Usage: cgbpf verify [--log LEVEL] [--json] OBJ [PROGRAM]\n\n"
		 "Verify each program of an object file by itself, or one, as "
		 "Linux 6.18 does\nfor root. Of a refused one the reason is "
		 "shown, and its source line.\n\n"
		 "  --log LEVEL  show the verifier's log: 1, of the path that "
		 "was "
		 "refused; 2, of all\n"
		 "  --json       for programs\n\n"
		 "Exit status: 0 all may run, 1 one may not, or something "
		 "failed, 2 usage.\n",
	.run = run,
};
