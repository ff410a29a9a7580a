/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/cmd.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void say(const char *fmt, va_list args)
{
	fputs("cgbpf: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
}

int cmd_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(fmt, args);
	va_end(args);
	return CMD_FAILED;
}

int cmd_usage(const struct command *cmd, const char *fmt, ...)
{
	char line[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (cmd)
		cmd_error("%s (try 'cgbpf help %s')", line, cmd->name);
	else
		cmd_error("%s (try 'cgbpf --help')", line);
	return CMD_USAGE;
}

void cmd_log(const char *log)
{
	while (*log) {
		size_t len = strcspn(log, "\n");

		if (len)
			fprintf(stderr, "  %.*s\n", (int)len, log);
		log += len + (log[len] == '\n');
	}
}

const char *cmd_strerror(int err)
{
	return err == -ENOTSUPP ? "Not supported" : strerror(-err);
}
