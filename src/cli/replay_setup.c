/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cli/cmd.h"
#include "cli/replay.h"

/* ---------------------------------------------------------------- objects */

static bool attaches_to_cgroups(const struct cgbpf_prog *prog)
{
	int type = cgbpf_prog_type(prog);

	for (size_t i = 0; i < NR_ATYPES; i++)
		if ((int)attach_types[i].prog_type == type)
			return true;
	return false;
}

/* Does @arg mean @prog of the object that it names? */
static bool arg_names(const struct attach_arg *arg,
		      const struct cgbpf_prog *prog)
{
	return arg->prog ? !strcmp(arg->prog, cgbpf_prog_name(prog))
			 : attaches_to_cgroups(prog);
}

/* Where a program of a generic section goes must be said by the user. */
static int check_attach_type(const struct attach_arg *arg,
			     const struct cgbpf_prog *prog)
{
	const char *name = cgbpf_prog_name(prog);

	if (arg->attach_type >= 0 || cgbpf_prog_attach_type(prog) >= 0)
		return CMD_OK;
	return cmd_error("%s: program '%s' does not say where it goes: "
			 "--attach %s:%s,ingress or the like",
			 arg->object, name, arg->object, name);
}

/* Only what is to be attached is loaded. */
static int choose_progs(struct replay *replay, struct loaded_object *loaded)
{
	struct cgbpf_prog *prog = NULL;

	while ((prog = cgbpf_object_next_prog(loaded->object, prog)))
		cgbpf_prog_set_autoload(prog, false);
	for (size_t i = 0; i < replay->args->nr_attach; i++) {
		struct attach_arg *arg = &replay->args->attach[i];
		bool found = false;

		if (strcmp(arg->object, loaded->path))
			continue;
		prog = NULL;
		while ((prog = cgbpf_object_next_prog(loaded->object, prog))) {
			if (!arg_names(arg, prog))
				continue;
			if (!attaches_to_cgroups(prog))
				return cmd_error("%s: program '%s' is none for "
						 "cgroups (section \"%s\")",
						 arg->object,
						 cgbpf_prog_name(prog),
						 cgbpf_prog_section(prog));
			if (check_attach_type(arg, prog))
				return CMD_FAILED;
			cgbpf_prog_set_autoload(prog, true);
			found = true;
		}
		if (!found && arg->prog)
			return cmd_error("%s: there is no program '%s'",
					 arg->object, arg->prog);
		if (!found)
			return cmd_error("%s: no program for cgroups is in it",
					 arg->object);
	}
	return CMD_OK;
}

static int load_object(struct replay *replay, const char *path)
{
	struct loaded_object *loaded = &replay->objects[replay->nr_objects];
	const struct cgbpf_prog *refused;
	const char *log;
	int err;

	/* libbpf says ENOENT of what lacks in a file, too */
	if (access(path, R_OK))
		return cmd_error("%s: %s", path, strerror(errno));
	err = cgbpf_object_new(&loaded->object, replay->env);
	if (err)
		return cmd_error("%s: %s", path, cmd_strerror(err));
	loaded->path = path;
	replay->nr_objects++;
	err = cgbpf_object_open(loaded->object, path, NULL);
	if (err == -ENOEXEC)
		return cmd_error("%s: not a BPF object file", path);
	if (err) {
		cmd_error("%s: cannot be read as a BPF object: %s", path,
			  cmd_strerror(err));
		cmd_log(cgbpf_object_log(loaded->object));
		return CMD_FAILED;
	}
	if (choose_progs(replay, loaded))
		return CMD_FAILED;
	err = cgbpf_object_load(loaded->object);
	if (!err)
		return CMD_OK;
	refused = cgbpf_object_refused(loaded->object, &log);
	if (refused) {
		cmd_error("%s: program '%s' was refused: %s", path,
			  cgbpf_prog_name(refused), cmd_strerror(err));
		cmd_log(log);
	} else {
		cmd_error("%s: cannot be loaded: %s", path, cmd_strerror(err));
		cmd_log(cgbpf_object_log(loaded->object));
	}
	return CMD_FAILED;
}

static struct loaded_object *find_object(struct replay *replay,
					 const char *path)
{
	for (size_t i = 0; i < replay->nr_objects; i++)
		if (!strcmp(replay->objects[i].path, path))
			return &replay->objects[i];
	return NULL;
}

/* An object that is named twice is loaded once: its maps are the same. */
static int load_objects(struct replay *replay)
{
	const struct replay_args *args = replay->args;

	replay->objects = mem_calloc(args->nr_attach, sizeof(*replay->objects));
	if (!replay->objects)
		return cmd_error("%s", strerror(ENOMEM));
	for (size_t i = 0; i < args->nr_attach; i++)
		if (!find_object(replay, args->attach[i].object) &&
		    load_object(replay, args->attach[i].object))
			return CMD_FAILED;
	return CMD_OK;
}

/* ---------------------------------------------------------------- cgroups */

/* mkdir -p */
static int make_cgroup(struct replay *replay, const char *path)
{
	struct cgbpf_cgroup *cgroup;
	char *part = mem_strdup(path);
	int err = part ? 0 : -ENOMEM;

	for (size_t i = 1; !err && path[1] && path[i - 1]; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		part[i] = '\0';
		err = cgbpf_cgroup_new(replay->env, part, &cgroup);
		if (!err)
			cgbpf_cgroup_put(cgroup);
		if (err == -EEXIST)
			err = 0;
		part[i] = path[i];
	}
	mem_free(part);
	return err ? cmd_error("cgroup %s: %s", path, cmd_strerror(err))
		   : CMD_OK;
}

static int count_group(void *data, struct cgbpf_cgroup *cgroup)
{
	(void)cgroup;
	++*(size_t *)data;
	return 0;
}

static int add_group(void *data, struct cgbpf_cgroup *cgroup)
{
	struct replay *replay = data;
	struct group *group = &replay->groups[replay->nr_groups];
	int len = cgbpf_cgroup_path(cgroup, NULL, 0);
	int err;

	group->path = mem_alloc((size_t)len + 1);
	if (!group->path)
		return -ENOMEM;
	cgbpf_cgroup_path(cgroup, group->path, (size_t)len + 1);
	err = cgbpf_cgroup_get(replay->env, group->path, &group->cgroup);
	if (err) {
		mem_free(group->path);
		return err;
	}
	replay->nr_groups++;
	return 0;
}

static struct group *find_group(struct replay *replay, const char *path)
{
	for (size_t i = 0; i < replay->nr_groups; i++)
		if (!strcmp(replay->groups[i].path, path))
			return &replay->groups[i];
	return NULL;
}

static int make_groups(struct replay *replay)
{
	const struct replay_args *args = replay->args;
	size_t n = 0;
	int err;

	for (size_t i = 0; i < args->nr_groups; i++)
		if (make_cgroup(replay, args->groups[i].path))
			return CMD_FAILED;
	for (size_t i = 0; i < args->nr_attach; i++)
		if (make_cgroup(replay, args->attach[i].cgroup))
			return CMD_FAILED;
	cgbpf_cgroup_each(replay->env, count_group, &n);
	replay->groups = mem_calloc(n, sizeof(*replay->groups));
	if (!replay->groups)
		return cmd_error("%s", strerror(ENOMEM));
	err = cgbpf_cgroup_each(replay->env, add_group, replay);
	return err ? cmd_error("cgroups: %s", cmd_strerror(err)) : CMD_OK;
}

static int make_rules(struct replay *replay)
{
	const struct replay_args *args = replay->args;

	replay->rules = mem_calloc(args->nr_groups + 1, sizeof(*replay->rules));
	if (!replay->rules)
		return cmd_error("%s", strerror(ENOMEM));
	for (size_t i = 0; i < args->nr_groups; i++) {
		const struct group_arg *arg = &args->groups[i];
		struct rule *rule = &replay->rules[replay->nr_rules];
		char error[512];

		if (filter_new(&rule->filter, &replay->capture, arg->filter,
			       error, sizeof(error)))
			return cmd_error("cgroup %s: filter '%s': %s",
					 arg->path, arg->filter, error);
		rule->group = find_group(replay, arg->path);
		replay->nr_rules++;
	}
	return CMD_OK;
}

/* ---------------------------------------------------------------- attach */

/* The program that before=, after= or replace= names: the object's own first */
static const struct cgbpf_prog *find_anchor(struct replay *replay,
					    const struct attach_arg *arg)
{
	const struct cgbpf_prog *prog = cgbpf_object_prog(
		find_object(replay, arg->object)->object, arg->anchor);

	for (size_t i = 0; !prog && i < replay->nr_objects; i++)
		prog = cgbpf_object_prog(replay->objects[i].object,
					 arg->anchor);
	return prog;
}

/* @anchor: an fd, or 0.  0, an fd, or -errno. */
static int call_attach(struct replay *replay, const struct attach_arg *arg,
		       int prog_fd, int cgroup_fd, int attach_type, int anchor)
{
	struct cgbpf_task *task = cgbpf_env_task(replay->env);
	int cmd = arg->link ? BPF_LINK_CREATE : BPF_PROG_ATTACH;
	union attr attr = { 0 };

	if (arg->link) {
		attr.link_create = (struct attr_link_create){
			.prog_fd = (u32)prog_fd,
			.target_fd = (u32)cgroup_fd,
			.attach_type = (u32)attach_type,
			.flags = arg->flags & ~BPF_F_ALLOW_MULTI,
			.cgroup.relative_fd = (u32)anchor,
		};
	} else {
		attr.prog_attach = (struct attr_prog_attach){
			.attach_bpf_fd = (u32)prog_fd,
			.target_fd = (u32)cgroup_fd,
			.attach_type = (u32)attach_type,
			.attach_flags = arg->flags,
		};
		if (arg->flags & BPF_F_REPLACE)
			attr.prog_attach.replace_bpf_fd = (u32)anchor;
		else
			attr.prog_attach.relative_fd = (u32)anchor;
	}
	/* a link's fd stays open for as long as the environment is there */
	return cgbpf_bpf(task, cmd, (union bpf_attr *)&attr, sizeof(attr));
}

static int attach_prog(struct replay *replay, const struct attach_arg *arg,
		       const struct cgbpf_prog *prog)
{
	struct group *group = find_group(replay, arg->cgroup);
	struct cgbpf_task *task = cgbpf_env_task(replay->env);
	int attach_type = arg->attach_type, anchor = 0, index, fd, err;
	const struct cgbpf_prog *other;

	if (attach_type < 0)
		attach_type = cgbpf_prog_attach_type(prog);
	if (arg->anchor) {
		other = find_anchor(replay, arg);
		anchor = other ? cgbpf_prog_fd(other) : -ENOENT;
		if (anchor < 0)
			return cmd_error("--attach %s: beside which '%s'? none "
					 "of that name is attached",
					 arg->object, arg->anchor);
	}
	fd = cgbpf_cgroup_open(task, group->cgroup);
	if (fd < 0)
		return cmd_error("cgroup %s: %s", arg->cgroup,
				 cmd_strerror(fd));
	err = call_attach(replay, arg, cgbpf_prog_fd(prog), fd, attach_type,
			  anchor);
	cgbpf_close(task, fd);
	if (err >= 0)
		return CMD_OK;
	index = attach_type_index((u32)attach_type);
	return cmd_error("%s: program '%s' cannot be attached at %s (%s): %s",
			 arg->object, cgbpf_prog_name(prog), arg->cgroup,
			 index < 0 ? "?" : attach_types[index].name,
			 cmd_strerror(err));
}

static int attach_all(struct replay *replay)
{
	const struct replay_args *args = replay->args;

	for (size_t i = 0; i < args->nr_attach; i++) {
		struct attach_arg *arg = &args->attach[i];
		const struct cgbpf_object *object =
			find_object(replay, arg->object)->object;
		const struct cgbpf_prog *prog = NULL;

		while ((prog = cgbpf_object_next_prog(object, prog)))
			if (arg_names(arg, prog) &&
			    attach_prog(replay, arg, prog))
				return CMD_FAILED;
	}
	return CMD_OK;
}

static void trace_line(void *data, const char *line)
{
	(void)data;
	fprintf(stderr, "trace: %s\n", line);
}

int replay_setup(struct replay *replay)
{
	const struct replay_args *args = replay->args;
	struct cgbpf_env_opts opts = {
		.size = sizeof(opts),
		.cpus = args->cpus,
		.storage_mode = args->storage_mode,
		.trace = trace_line,
	};
	char error[512];
	int err;

	if (capture_open(&replay->capture, args->capture, error, sizeof(error)))
		return cmd_error("%s: %s", args->capture, error);
	err = cgbpf_env_new(&replay->env, &opts);
	if (err)
		return cmd_error("%s", cmd_strerror(err));
	if (make_groups(replay) || make_rules(replay) || load_objects(replay) ||
	    attach_all(replay))
		return CMD_FAILED;
	return CMD_OK;
}

void replay_teardown(struct replay *replay)
{
	for (size_t i = 0; i < replay->nr_rules; i++)
		filter_free(replay->rules[i].filter);
	mem_free(replay->rules);
	for (size_t i = 0; i < replay->nr_groups; i++) {
		cgbpf_cgroup_put(replay->groups[i].cgroup);
		mem_free(replay->groups[i].path);
	}
	mem_free(replay->groups);
	for (size_t i = 0; i < replay->nr_objects; i++)
		cgbpf_object_free(replay->objects[i].object);
	mem_free(replay->objects);
	if (replay->env)
		cgbpf_env_free(replay->env);
	if (replay->capture.pcap)
		capture_close(&replay->capture);
}
