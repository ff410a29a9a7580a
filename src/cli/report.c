/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/replay.h"
#include "cli/table.h"

static const char *const attach_names[DIRECTIONS] = {
	[EGRESS] = "cgroup_inet_egress",
	[INGRESS] = "cgroup_inet_ingress",
};

static void print_summary(const struct replay *replay)
{
	char packets[32], rate[32], some[32];
	double seconds = max(replay->seconds, 1e-9);

	printf("%s packet%s in %.3f s (%s a second)\n",
	       with_commas(packets, replay->packets),
	       replay->packets == 1 ? "" : "s", replay->seconds,
	       with_commas(rate, (u64)((double)replay->packets / seconds)));
	if (replay->not_ip)
		printf("%s not IP: no program saw them\n",
		       with_commas(some, replay->not_ip));
	if (replay->not_local)
		printf("%s neither from nor to a local prefix (--local): no "
		       "program saw them\n",
		       with_commas(some, replay->not_local));
}

static int add_counts(struct table *table, const char *path,
		      enum direction direction, const struct counts *counts)
{
	char run[32], pass[32], drop[32], congestion[32];
	const char *cells[] = {
		path,
		attach_names[direction],
		with_commas(run, counts->run),
		with_commas(pass, counts->pass),
		with_commas(drop, counts->drop),
		direction == EGRESS
			? with_commas(congestion, counts->congestion)
			: "",
	};

	return table_add(table, cells);
}

static int print_counts(const struct replay *replay)
{
	static const struct table_column columns[] = {
		{ "CGROUP", false }, { "ATTACH TYPE", false },
		{ "RAN", true },     { "PASSED", true },
		{ "DROPPED", true }, { "CONGESTION", true },
	};
	struct table table;
	int err = 0;

	table_init(&table, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < replay->nr_groups && !err; i++)
		for (int d = 0; d < DIRECTIONS && !err; d++)
			err = add_counts(&table, replay->groups[i].path,
					 (enum direction)d,
					 &replay->groups[i].counts[d]);
	if (!err)
		table_print(&table, stdout, 1);
	table_destroy(&table);
	return err;
}

static int print_storages(const struct storage_rows *rows)
{
	static const struct table_column columns[] = {
		{ "MAP", false }, { "CGROUP", false }, { "ATTACH TYPE", false },
		{ "CPU", true },  { "VALUE", false },
	};
	struct table table;
	char cpu[16];
	int err = 0;

	table_init(&table, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < rows->nr && !err; i++) {
		const struct storage_row *row = &rows->rows[i];
		const char *cells[] = { row->map, row->cgroup, row->attach_type,
					row->cpu < 0 ? "" : cpu, row->value };

		snprintf(cpu, sizeof(cpu), "%d", row->cpu);
		err = table_add(&table, cells);
	}
	if (!err)
		table_print(&table, stdout, 3);
	table_destroy(&table);
	return err;
}

int report_text(const struct replay *replay, const struct storage_rows *rows)
{
	int err;

	print_summary(replay);
	putchar('\n');
	err = print_counts(replay);
	if (!err && rows->nr) {
		putchar('\n');
		err = print_storages(rows);
	}
	return err ? cmd_error("%s", cmd_strerror(err)) : CMD_OK;
}

static void json_counts(const char *name, const struct counts *counts)
{
	printf("\"%s\": {\"run\": %" PRIu64 ", \"pass\": %" PRIu64
	       ", \"drop\": %" PRIu64 "}",
	       name, counts->run, counts->pass, counts->drop);
}

static void json_storage(const struct storage_row *row)
{
	fputs("    {\"map\": ", stdout);
	json_string(stdout, row->map);
	fputs(", \"cgroup\": ", stdout);
	json_string(stdout, row->cgroup);
	fputs(", \"attach_type\": ", stdout);
	if (row->attach_type)
		json_string(stdout, row->attach_type);
	else
		fputs("null", stdout);
	if (row->cpu < 0)
		fputs(", \"cpu\": null", stdout);
	else
		printf(", \"cpu\": %d", row->cpu);
	printf(", \"value\": %s}", row->json);
}

int report_json(const struct replay *replay, const struct storage_rows *rows)
{
	printf("{\n  \"packets\": %" PRIu64 ",\n  \"cgroups\": [",
	       replay->packets);
	for (size_t i = 0; i < replay->nr_groups; i++) {
		const struct group *group = &replay->groups[i];

		printf("%s\n    {\"path\": ", i ? "," : "");
		json_string(stdout, group->path);
		printf(", \"id\": %" PRIu64 ", ",
		       cgbpf_cgroup_id(group->cgroup));
		json_counts("egress", &group->counts[EGRESS]);
		fputs(", ", stdout);
		json_counts("ingress", &group->counts[INGRESS]);
		putchar('}');
	}
	fputs("\n  ],\n  \"storages\": [", stdout);
	for (size_t i = 0; i < rows->nr; i++) {
		fputs(i ? ",\n" : "\n", stdout);
		json_storage(&rows->rows[i]);
	}
	printf("%s],\n  \"seconds\": %.6f\n}\n", rows->nr ? "\n  " : "",
	       replay->seconds);
	return CMD_OK;
}
