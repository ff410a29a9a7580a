/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cgbpf replay, in its steps:
 *	replay_args.c	the command line, which decides about exit code 2
 *	replay_setup.c	objects loaded, cgroups made, programs attached
 *	replay.c	packets: whose, which way, what became of them
 *	storages.c	what the storage maps hold in the end
 *	report.c	the result, for people or as JSON
 * Nothing is written before everything has succeeded.
 */
#ifndef CGBPF_CLI_REPLAY_H
#define CGBPF_CLI_REPLAY_H

#include "cgbpf-loader.h"
#include "cli/capture.h"
#include "cli/prefix.h"
#include "object/attach_type.h"

/* --attach OBJ[:PROG][@CGROUP][,WORD...] */
struct attach_arg {
	char *object;	    /* a path; what follows it is split off in place */
	const char *prog;   /* NULL: all that attach to cgroups */
	const char *anchor; /* before=, after=, replace=: a program, or NULL */
	char *cgroup;
	u32 flags;
	int attach_type; /* -1: as its section says */
	bool link;
};

/* --cgroup PATH=FILTER */
struct group_arg {
	char *path;
	const char *filter;
};

struct replay_args {
	const char *capture;
	const char *write; /* NULL: nowhere */
	bool json, help;
	enum cgbpf_storage_mode storage_mode;
	u32 cpus;
	struct attach_arg *attach;
	size_t nr_attach;
	struct group_arg *groups;
	size_t nr_groups;
	struct prefix *locals;
	size_t nr_locals;
};

/* CMD_OK, or CMD_USAGE after having said why. */
int replay_args_parse(struct replay_args *args, int argc, char **argv);
void replay_args_free(struct replay_args *args);

enum direction {
	EGRESS,
	INGRESS,
	DIRECTIONS,
};

struct counts {
	u64 run;  /* packets that programs ran for */
	u64 pass; /* packets that went on, whether any ran or not */
	u64 drop;
	u64 congestion; /* egress: passed or dropped with a congestion notice */
};

/* A cgroup of the hierarchy. */
struct group {
	struct cgbpf_cgroup *cgroup;
	char *path;
	struct counts counts[DIRECTIONS];
};

/* A filter, and the cgroup of the packets that fit it. */
struct rule {
	struct filter *filter;
	struct group *group;
};

struct loaded_object {
	const char *path;
	struct cgbpf_object *object;
};

struct replay {
	const struct replay_args *args;
	struct cgbpf_env *env;
	struct loaded_object *objects;
	size_t nr_objects;
	struct group *groups; /* parents first, by name; [0] is the root */
	size_t nr_groups;
	struct rule *rules;
	size_t nr_rules;
	struct capture capture;
	/* of all packets */
	u64 packets, not_ip, not_local;
	double seconds;
};

/* All below: CMD_OK, or CMD_FAILED after having said why. */
int replay_setup(struct replay *replay);
void replay_teardown(struct replay *replay);

/* A storage as the report shows it. */
struct storage_row {
	const char *map;
	char *cgroup;
	const char *attach_type; /* NULL: shared */
	int cpu;		 /* -1: not per CPU */
	char *value, *json;
};

struct storage_rows {
	struct storage_row *rows;
	size_t nr, capacity;
};

int storages_collect(struct storage_rows *rows, const struct replay *replay);
void storages_free(struct storage_rows *rows);

int report_text(const struct replay *replay, const struct storage_rows *rows);
int report_json(const struct replay *replay, const struct storage_rows *rows);

#endif
