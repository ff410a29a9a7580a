/* SPDX-License-Identifier: BSD-2-Clause */
/* cgbpf: one table of commands, one file for each. */
#include <stdio.h>
#include <string.h>

#include "cgbpf.h"
#include "cli/cmd.h"

static int help(int argc, char **argv);

static const struct command help_command = {
	.name = "help",
	.summary = "what a command does, and how it is called",
	.usage = "Usage: cgbpf help [COMMAND]\n",
	.run = help,
};

static const struct command *const commands[] = {
	&replay_command,
	&verify_command,
	&help_command,
};

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static void overview(FILE *to)
{
	fputs("Usage: cgbpf COMMAND [ARGUMENT...]\n"
	      "       cgbpf --help | --version\n\n"
	      "Linux's cgroup BPF programs in user space: no root, no kernel "
	      "support.\n\nCommands:\n",
	      to);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "  %-10s %s\n", commands[i]->name,
			commands[i]->summary);
	fputs("\n'cgbpf help COMMAND' and the page cgbpf-COMMAND(1) say "
	      "more.\n",
	      to);
}

static int help(int argc, char **argv)
{
	const struct command *cmd;

	if (argc < 2) {
		overview(stdout);
		return CMD_OK;
	}
	cmd = find(argv[1]);
	if (!cmd)
		return cmd_usage(NULL, "there is no command '%s'", argv[1]);
	fputs(cmd->usage, stdout);
	return CMD_OK;
}

/* What was printed has arrived, or the command has failed. */
static int finish(int status)
{
	if (fflush(stdout) || ferror(stdout))
		return cmd_error("standard output: %s", strerror(errno));
	return status;
}

int main(int argc, char **argv)
{
	const struct command *cmd;

	if (argc < 2) {
		overview(stderr);
		return CMD_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		overview(stdout);
		return finish(CMD_OK);
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts("cgbpf " CGBPF_VERSION);
		return finish(CMD_OK);
	}
	cmd = find(argv[1]);
	if (!cmd)
		return cmd_usage(NULL, "there is no command '%s'", argv[1]);
	return finish(cmd->run(argc - 1, argv + 1));
}
