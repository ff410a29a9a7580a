/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cli/cmd.h"
#include "cli/replay.h"

#define MAX_CPUS 4096
#define MODES (BPF_F_ALLOW_OVERRIDE | BPF_F_ALLOW_MULTI)

/* The words that may follow an attachment; a mode excludes the others. */
static const struct attach_word {
	const char *name;
	u32 flag;
	bool mode, anchor, link;
} attach_words[] = {
	{ .name = "single", .mode = true },
	{ .name = "override", .flag = BPF_F_ALLOW_OVERRIDE, .mode = true },
	{ .name = "multi", .flag = BPF_F_ALLOW_MULTI, .mode = true },
	{ .name = "preorder", .flag = BPF_F_PREORDER },
	{ .name = "before", .flag = BPF_F_BEFORE, .anchor = true },
	{ .name = "after", .flag = BPF_F_AFTER, .anchor = true },
	{ .name = "replace", .flag = BPF_F_REPLACE, .anchor = true },
	{ .name = "link", .link = true },
};

static const struct attach_word *find_word(const char *s, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(attach_words); i++)
		if (strlen(attach_words[i].name) == len &&
		    !strncmp(attach_words[i].name, s, len))
			return &attach_words[i];
	return NULL;
}

/* "/a/b" of "a//b/", in memory of its own. */
static char *clean_path(const char *path)
{
	char *clean = mem_alloc(strlen(path) + 2), *out = clean;

	if (!clean)
		return NULL;
	*out = '/';
	while (*path) {
		while (*path == '/')
			path++;
		if (*path && *out != '/')
			*++out = '/';
		while (*path && *path != '/')
			*++out = *path++;
	}
	out[1] = '\0';
	return clean;
}

/* One word after a comma: CMD_OK or CMD_USAGE. */
static int parse_word(struct attach_arg *arg, char *word, bool *mode)
{
	size_t len = strcspn(word, "=");
	const struct attach_word *w = find_word(word, len);
	int index;

	if (!w) {
		index = attach_type_by_name(word);
		if (index < 0)
			return cmd_usage(&replay_command,
					 "--attach: '%s' is no way to attach",
					 word);
		arg->attach_type = (int)attach_types[index].uapi;
		return CMD_OK;
	}
	if (word[len] == '=' && (!w->anchor || arg->anchor || !word[len + 1]))
		return cmd_usage(&replay_command,
				 "--attach: '%s' cannot be here", word);
	if (w->mode && *mode)
		return cmd_usage(&replay_command,
				 "--attach: '%s' is a second mode", word);
	*mode |= w->mode;
	arg->flags |= w->flag;
	arg->link |= w->link;
	if (word[len] == '=')
		arg->anchor = word + len + 1;
	if (w->flag == BPF_F_REPLACE && !arg->anchor)
		return cmd_usage(&replay_command,
				 "--attach: replace=PROGRAM: which one?");
	return CMD_OK;
}

/* Where the cgroup begins: "@/", or any '@'; a path may have one, too. */
static char *find_cgroup(char *s)
{
	char *at = NULL;

	for (char *next = strstr(s, "@/"); next; next = strstr(next + 1, "@/"))
		at = next;
	return at ? at : strrchr(s, '@');
}

static char *after_directories(char *s)
{
	char *slash = strrchr(s, '/');

	return slash ? slash + 1 : s;
}

static int parse_words(struct attach_arg *arg, char *words)
{
	bool mode = false;
	int status;

	while (words) {
		char *word = words;

		words = strchr(word, ',');
		if (words)
			*words++ = '\0';
		status = parse_word(arg, word, &mode);
		if (status)
			return status;
	}
	if (!mode)
		arg->flags |= BPF_F_ALLOW_MULTI;
	if (arg->link && (arg->flags & MODES) != BPF_F_ALLOW_MULTI)
		return cmd_usage(&replay_command,
				 "--attach: a link is always multi");
	return CMD_OK;
}

static int parse_attach(struct replay_args *args, const char *text)
{
	struct attach_arg *arg = &args->attach[args->nr_attach++];
	char *s = mem_strdup(text), *at, *colon, *comma;

	*arg = (struct attach_arg){ .object = s, .attach_type = -1 };
	if (!s)
		return cmd_error("%s", strerror(ENOMEM));
	at = find_cgroup(s);
	comma = strchr(at ? at : after_directories(s), ',');
	if (comma)
		*comma++ = '\0';
	if (at)
		*at++ = '\0';
	arg->cgroup = clean_path(at ? at : "/");
	if (!arg->cgroup)
		return cmd_error("%s", strerror(ENOMEM));
	colon = strrchr(after_directories(s), ':');
	if (colon) {
		*colon = '\0';
		arg->prog = colon + 1;
	}
	if (!*arg->object || (arg->prog && !*arg->prog))
		return cmd_usage(&replay_command,
				 "--attach '%s' names no program", text);
	if (arg->prog && strchr(arg->prog, ','))
		return cmd_usage(&replay_command,
				 "--attach '%s': the words come last", text);
	return parse_words(arg, comma);
}

static int parse_group(struct replay_args *args, const char *text)
{
	struct group_arg *arg = &args->groups[args->nr_groups++];
	const char *equals = strchr(text, '=');
	char *path;

	*arg = (struct group_arg){ 0 };
	if (!equals || equals == text)
		return cmd_usage(&replay_command,
				 "--cgroup '%s' is not PATH=FILTER", text);
	path = mem_strdup(text);
	if (!path)
		return cmd_error("%s", strerror(ENOMEM));
	path[equals - text] = '\0';
	arg->path = clean_path(path);
	mem_free(path);
	if (!arg->path)
		return cmd_error("%s", strerror(ENOMEM));
	arg->filter = equals + 1;
	return CMD_OK;
}

static int parse_local(struct replay_args *args, const char *text)
{
	if (prefix_parse(&args->locals[args->nr_locals], text))
		return cmd_usage(&replay_command,
				 "--local '%s' is no address prefix", text);
	args->nr_locals++;
	return CMD_OK;
}

static int parse_storage(struct replay_args *args, const char *text)
{
	if (!strcmp(text, "shared"))
		args->storage_mode = CGBPF_STORAGE_SHARED;
	else if (!strcmp(text, "per-attachment"))
		args->storage_mode = CGBPF_STORAGE_PER_ATTACHMENT;
	else
		return cmd_usage(&replay_command,
				 "--storage is 'shared' or 'per-attachment', "
				 "not '%s'",
				 text);
	return CMD_OK;
}

static int parse_cpus(struct replay_args *args, const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || !n || n > MAX_CPUS)
		return cmd_usage(&replay_command,
				 "--cpus '%s' is not a number from 1 to %d",
				 text, MAX_CPUS);
	args->cpus = (u32)n;
	return CMD_OK;
}

static int parse_write(struct replay_args *args, const char *text)
{
	if (!*text || !strcmp(text, "-"))
		return cmd_usage(&replay_command, "--write needs a file");
	args->write = text;
	return CMD_OK;
}

static int parse_option(struct replay_args *args, int option, const char *value)
{
	switch (option) {
	case 'a':
		return parse_attach(args, value);
	case 'c':
		return parse_group(args, value);
	case 'l':
		return parse_local(args, value);
	case 's':
		return parse_storage(args, value);
	case 'p':
		return parse_cpus(args, value);
	case 'w':
		return parse_write(args, value);
	case 'j':
		args->json = true;
		return CMD_OK;
	case 'h':
		args->help = true;
		return CMD_OK;
	default:
		ASSERT(false);
		return CMD_USAGE;
	}
}

static const struct option options[] = {
	{ "attach", required_argument, NULL, 'a' },
	{ "cgroup", required_argument, NULL, 'c' },
	{ "local", required_argument, NULL, 'l' },
	{ "storage", required_argument, NULL, 's' },
	{ "cpus", required_argument, NULL, 'p' },
	{ "write", required_argument, NULL, 'w' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

/* Loopback, for who says nothing else. */
static void default_locals(struct replay_args *args)
{
	static const char *const loopback[] = { "127.0.0.0/8", "::1" };

	for (size_t i = 0; i < ARRAY_SIZE(loopback); i++)
		prefix_parse(&args->locals[args->nr_locals++], loopback[i]);
}

static int parse_all(struct replay_args *args, int argc, char **argv)
{
	int option, status;

	opterr = 0;
	optind = 0;
	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		const char *given = argv[optind - 1];

		if (option == '?')
			return cmd_usage(&replay_command,
					 "there is no option '%s'", given);
		if (option == ':')
			return cmd_usage(&replay_command,
					 "option '%s' needs a value", given);
		status = parse_option(args, option, optarg);
		if (status || args->help)
			return status;
	}
	if (optind == argc)
		return cmd_usage(&replay_command, "which capture?");
	if (argc - optind > 1)
		return cmd_usage(&replay_command,
				 "one capture at a time: '%s' is a second one",
				 argv[optind + 1]);
	if (!args->nr_attach)
		return cmd_usage(&replay_command,
				 "nothing to run: no --attach");
	args->capture = argv[optind];
	if (!args->nr_locals)
		default_locals(args);
	return CMD_OK;
}

int replay_args_parse(struct replay_args *args, int argc, char **argv)
{
	size_t most = (size_t)argc;
	int status;

	/* no option comes more often than there are arguments; one CPU, so
	 * that two runs on one capture give one result */
	*args = (struct replay_args){ .cpus = 1 };
	args->attach = mem_calloc(most, sizeof(*args->attach));
	args->groups = mem_calloc(most, sizeof(*args->groups));
	args->locals = mem_calloc(most + 2, sizeof(*args->locals));
	if (!args->attach || !args->groups || !args->locals)
		status = cmd_error("%s", strerror(ENOMEM));
	else
		status = parse_all(args, argc, argv);
	if (status)
		replay_args_free(args);
	return status;
}

void replay_args_free(struct replay_args *args)
{
	for (size_t i = 0; i < args->nr_attach; i++) {
		mem_free(args->attach[i].object);
		mem_free(args->attach[i].cgroup);
	}
	for (size_t i = 0; i < args->nr_groups; i++)
		mem_free(args->groups[i].path);
	mem_free(args->attach);
	mem_free(args->groups);
	mem_free(args->locals);
}
