/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * docs/helpers.md, from the table of helpers.
 * Usage: helpers_md		prints it
 *	  helpers_md FILE	fails if FILE is not what it prints
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object/attach_type.h"
#include "object/prog.h"
#include "vm/helper.h"

static const struct {
	u32 type;
	const char *head;
} columns[] = {
	{ BPF_PROG_TYPE_CGROUP_SKB, "skb" },
	{ BPF_PROG_TYPE_CGROUP_SOCK, "sock" },
	{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "sock_addr" },
	{ BPF_PROG_TYPE_CGROUP_SOCKOPT, "sockopt" },
	{ BPF_PROG_TYPE_CGROUP_DEVICE, "device" },
	{ BPF_PROG_TYPE_CGROUP_SYSCTL, "sysctl" },
	{ BPF_PROG_TYPE_SOCKET_FILTER, "filter" },
	{ BPF_PROG_TYPE_SCHED_CLS, "cls" },
	{ BPF_PROG_TYPE_XDP, "xdp" },
};

static const char intro[] =
	"# Helpers\n"
	"\n"
	"Made from the table in `src/vm/helper.c` (`tests/helpers_md.c` "
	"prints\n"
	"this file, and a test keeps the two in step). Another test compares\n"
	"the table with the running kernel, program type by attach type.\n"
	"\n"
	"yes: as in Linux 6.18; part: with some attach types only, as in\n"
	"Linux; a star: for GPL programs only. The columns are the program\n"
	"types CGROUP_SKB, CGROUP_SOCK, CGROUP_SOCK_ADDR, CGROUP_SOCKOPT,\n"
	"CGROUP_DEVICE, CGROUP_SYSCTL, SOCKET_FILTER, SCHED_CLS and XDP.\n"
	"\n";

static const char differences[] =
	"\n"
	"## What is different\n"
	"\n"
	"An environment is not a whole kernel. These helpers are here and "
	"work,\n"
	"on what there is:\n"
	"\n"
	"- `sk_lookup_tcp`, `sk_lookup_udp`, `skc_lookup_tcp` find nothing: "
	"there\n"
	"  is no table of sockets by address.\n"
	"- `tcp_sock` gives a socket whose TCP figures are all zero.\n"
	"- `get_socket_uid` is the uid of who acts; `get_cgroup_classid`,\n"
	"  `skb_cgroup_classid`, `get_route_realm` and `get_numa_node_id` are "
	"0.\n"
	"- `get_current_cgroup_id` and its like: who acts is in the cgroup of "
	"the\n"
	"  event; a test run's caller is in the root.\n"
	"- `setsockopt` and `getsockopt` reach the real options where the\n"
	"  embedder gave callbacks for them; else options that programs set "
	"are\n"
	"  kept with the socket, and all others read as zero.\n"
	"- `get_hash_recalc` is a hash of our own; `jiffies64` counts 250 a\n"
	"  second.\n"
	"- `bind` changes the socket's source address as programs see it; "
	"whether\n"
	"  the address is a local one, the embedder knows.\n"
	"- `redirect` decides the verdict; no device is behind it.\n"
	"- `%p` in a format is a hash of our own, `%ps` and `%pB` show the "
	"address.\n"
	"- a store of 65535 or more to `__sk_buff.queue_mapping` keeps its "
	"lower\n"
	"  16 bits; Linux ignores it.\n";

/* In how many of the type's attach types may it be called?  *all: of these */
static u32 allowed_in(const struct helper *helper, u32 type, u32 *all)
{
	struct prog prog = { .type = type };
	u32 yes = 0;

	*all = 0;
	for (u32 i = 0; i < NR_ATYPES; i++) {
		if (attach_types[i].prog_type != type)
			continue;
		prog.expected_attach_type = attach_types[i].uapi;
		(*all)++;
		yes += helper_allowed(helper, &prog);
	}
	if (!*all) {
		*all = 1;
		yes = helper_allowed(helper, &prog);
	}
	return yes;
}

static void row_print(FILE *out, const struct helper *helper)
{
	fprintf(out, "| %u | `%s`%s |", helper->id, helper->name,
		helper->gpl_only ? " *" : "");
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		u32 all, yes = allowed_in(helper, columns[i].type, &all);

		fprintf(out, " %s |", !yes ? "" : yes == all ? "yes" : "part");
	}
	fputc('\n', out);
}

static void doc_print(FILE *out)
{
	fputs(intro, out);
	fputs("| | helper |", out);
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		fprintf(out, " %s |", columns[i].head);
	fputs("\n|---|---|", out);
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		fputs("---|", out);
	fputc('\n', out);
	for (u32 id = 1; id < HELPER_IDS; id++)
		if (helper_by_id(id))
			row_print(out, helper_by_id(id));
	fputs(differences, out);
	fputs("\n## What is not here\n\n| | helper | why |\n|---|---|---|\n",
	      out);
	for (u32 id = 1; id < HELPER_IDS; id++)
		if (helper_absence(id))
			fprintf(out, "| %u | `%s` | %s |\n", id,
				helper_name(id), helper_absence(id));
}

static int doc_compare(const char *path, const char *want, size_t size)
{
	char *have = malloc(size + 2);
	FILE *file = fopen(path, "r");
	size_t len;

	if (!file || !have) {
		perror(path);
		return EXIT_FAILURE;
	}
	len = fread(have, 1, size + 1, file);
	fclose(file);
	if (len == size && !memcmp(have, want, size)) {
		free(have);
		return EXIT_SUCCESS;
	}
	free(have);
	printf("%s is out of step with src/vm/helper.c: run helpers_md\n",
	       path);
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	char *text;
	size_t size;
	FILE *out;
	int ret;

	if (argc < 2) {
		doc_print(stdout);
		return EXIT_SUCCESS;
	}
	out = open_memstream(&text, &size);
	if (!out)
		return EXIT_FAILURE;
	doc_print(out);
	fclose(out);
	ret = doc_compare(argv[1], text, size);
	free(text);
	return ret;
}
