/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Verdicts: read out of the verifier's log, and told.
 *
 * A log ends with what was wrong, if something was, and with lines of
 * statistics.  A line "; TEXT @ FILE:LINE" says where what follows comes from.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/table.h"
#include "cli/verify.h"

/* of a refusal without --log */
#define LAST_LINES 6u

/* ------------------------------------------------------------------ reading */

static bool starts(const char *line, const char *with)
{
	return !strncmp(line, with, strlen(with));
}

static void copy_line(char *to, size_t size, const char *line)
{
	snprintf(to, size, "%.*s", (int)strcspn(line, "\n"), line);
}

/* Is it one of statistics?  They are kept then. */
static bool read_figures(struct verdict *verdict, const char *line)
{
	if (starts(line, "verification time ")) {
		verdict->usec = strtoull(line + 18, NULL, 10);
		return true;
	}
	if (starts(line, "stack depth ")) {
		copy_line(verdict->stack, sizeof(verdict->stack), line + 12);
		return true;
	}
	return sscanf(line,
		      "processed %u insns (limit %*u) max_states_per_insn %*u "
		      "total_states %u peak_states %u",
		      &verdict->insns, &verdict->states,
		      &verdict->peak_states) == 3;
}

void verdict_read(struct verdict *verdict)
{
	char *line = verdict->log, *end = line + strlen(line);

	while (line < end) {
		char *next = line + strcspn(line, "\n");

		next += *next == '\n';
		if (read_figures(verdict, line)) {
			memmove(line, next, (size_t)(end - next) + 1);
			end -= next - line;
			continue;
		}
		if (starts(line, "; "))
			copy_line(verdict->source, sizeof(verdict->source),
				  line + 2);
		else if (*line != '\n')
			copy_line(verdict->reason, sizeof(verdict->reason),
				  line);
		line = next;
	}
	if (!verdict->err)
		verdict->source[0] = verdict->reason[0] = '\0';
}

/* --------------------------------------------------------------------- text */

/* The last @nr lines of @log. */
static const char *last_lines(const char *log, u32 nr)
{
	const char *line = log + strlen(log);

	if (line > log)
		line--;
	while (line > log && (line[-1] != '\n' || --nr))
		line--;
	return line;
}

static void print_lines(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		printf("%s%.*s\n", len ? "  " : "", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

static void print_more(const struct verify_args *args,
		       const struct verdict *verdict)
{
	if (!verdict->err && !args->log)
		return;
	printf("\n%s: %s\n", verdict->name,
	       verdict->err ? cmd_strerror(verdict->err) : "ok");
	print_lines(args->log ? verdict->log
			      : last_lines(verdict->log, LAST_LINES));
	if (verdict->err && verdict->source[0])
		printf("  source: %s\n", verdict->source);
}

static int add_row(struct table *table, const struct verdict *verdict)
{
	char insns[32], states[32], usec[32];
	const char *cells[] = {
		verdict->name,
		verdict->section,
		verdict->err ? "refused" : "ok",
		with_commas(insns, verdict->insns),
		with_commas(states, verdict->states),
		verdict->stack,
		with_commas(usec, verdict->usec),
	};

	return table_add(table, cells);
}

int verify_text(const struct verify_args *args, const struct verdict *verdicts,
		size_t nr)
{
	static const struct table_column columns[] = {
		{ "PROGRAM", false }, { "SECTION", false },
		{ "VERDICT", false }, { "INSNS", true },
		{ "STATES", true },   { "STACK", true },
		{ "USEC", true },
	};
	struct table table;
	int err = 0;

	table_init(&table, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < nr && !err; i++)
		err = add_row(&table, &verdicts[i]);
	if (!err)
		table_print(&table, stdout, 0);
	table_destroy(&table);
	if (err)
		return cmd_error("%s", cmd_strerror(err));
	for (size_t i = 0; i < nr; i++)
		print_more(args, &verdicts[i]);
	return CMD_OK;
}

/* --------------------------------------------------------------------- JSON */

static void json_field(const char *name, const char *value)
{
	printf(", \"%s\": ", name);
	json_string(stdout, value);
}

static void json_verdict(const struct verify_args *args,
			 const struct verdict *verdict)
{
	printf("{\"program\": ");
	json_string(stdout, verdict->name);
	json_field("section", verdict->section);
	json_field("verdict", verdict->err ? "refused" : "ok");
	if (verdict->err) {
		const char *name = strerrorname_np(-verdict->err);

		json_field("errno", name ? name : "ENOTSUPP");
		json_field("reason", verdict->reason);
		json_field("source", verdict->source);
	}
	printf(", \"insns\": %u, \"states\": %u, \"peak_states\": %u",
	       verdict->insns, verdict->states, verdict->peak_states);
	json_field("stack", verdict->stack);
	printf(", \"usec\": %" PRIu64, verdict->usec);
	if (args->log)
		json_field("log", verdict->log);
	putchar('}');
}

void verify_json(const struct verify_args *args, const struct verdict *verdicts,
		 size_t nr)
{
	printf("{\"object\": ");
	json_string(stdout, args->object);
	printf(", \"programs\": [");
	for (size_t i = 0; i < nr; i++) {
		fputs(i ? ",\n  " : "\n  ", stdout);
		json_verdict(args, &verdicts[i]);
	}
	puts("\n]}");
}
