/* SPDX-License-Identifier: BSD-2-Clause */
/* What the commands share: how they are listed, and how they fail. */
#ifndef CGBPF_CLI_CMD_H
#define CGBPF_CLI_CMD_H

#include "base/types.h"

/* Exit codes. */
enum cmd_exit {
	CMD_OK = 0,
	CMD_FAILED = 1,
	CMD_USAGE = 2, /* the command line cannot be meant */
};

struct command {
	const char *name;
	const char *summary;
	const char *usage; /* what "cgbpf help NAME" prints */
	int (*run)(int argc, char **argv);
};

extern const struct command replay_command, verify_command;

/* "cgbpf: ..." and a newline on stderr.  Returns CMD_FAILED. */
int cmd_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same, with a hint at the help of @cmd.  Returns CMD_USAGE. */
int cmd_usage(const struct command *cmd, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Lines of a log on stderr, set in; nothing for an empty one. */
void cmd_log(const char *log);
/* strerror() of an -errno, with the kernel's ENOTSUPP. */
const char *cmd_strerror(int err);

#endif
