/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"

void table_init(struct table *table, const struct table_column *columns,
		size_t nr_columns)
{
	ASSERT(nr_columns <= TABLE_COLUMNS);
	*table = (struct table){ .columns = columns, .nr_columns = nr_columns };
}

static int table_grow(struct table *table)
{
	size_t capacity = max(2 * table->capacity, (size_t)16);
	char **cells;

	if (table->nr_rows < table->capacity)
		return 0;
	cells = mem_realloc(table->cells,
			    capacity * table->nr_columns * sizeof(*cells));
	if (!cells)
		return -ENOMEM;
	table->cells = cells;
	table->capacity = capacity;
	return 0;
}

int table_add(struct table *table, const char *const *cells)
{
	char **row;

	if (table_grow(table))
		return -ENOMEM;
	row = table->cells + table->nr_rows * table->nr_columns;
	for (size_t i = 0; i < table->nr_columns; i++) {
		row[i] = mem_strdup(cells[i] && *cells[i] ? cells[i] : "-");
		if (row[i])
			continue;
		while (i)
			mem_free(row[--i]);
		return -ENOMEM;
	}
	table->nr_rows++;
	return 0;
}

/* Columns that a terminal uses for @s: UTF-8 continuation bytes take none. */
static size_t width_of(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

static void pad(FILE *to, size_t n)
{
	while (n--)
		fputc(' ', to);
}

static void print_cell(FILE *to, const char *cell, size_t width, bool right,
		       bool last)
{
	size_t n = width_of(cell);

	if (right)
		pad(to, width - n);
	fputs(cell, to);
	if (!right && !last)
		pad(to, width - n);
	if (!last)
		fputs("  ", to);
}

void table_print(const struct table *table, FILE *to, size_t merge)
{
	size_t width[TABLE_COLUMNS], n = table->nr_columns;
	bool colour = colour_wanted(to);

	for (size_t i = 0; i < n; i++) {
		width[i] = width_of(table->columns[i].title);
		for (size_t j = 0; j < table->nr_rows; j++)
			width[i] = max(width[i],
				       width_of(table->cells[j * n + i]));
	}
	if (colour)
		fputs("\033[1m", to);
	for (size_t i = 0; i < n; i++)
		print_cell(to, table->columns[i].title, width[i],
			   table->columns[i].right, i == n - 1);
	fputs(colour ? "\033[0m\n" : "\n", to);
	for (size_t j = 0; j < table->nr_rows; j++) {
		char **row = table->cells + j * n;
		bool same = j > 0;

		for (size_t i = 0; i < n; i++) {
			same = same && i < merge && !strcmp(row[i], row[i - n]);
			print_cell(to, same ? "" : row[i], width[i],
				   table->columns[i].right, i == n - 1);
		}
		fputc('\n', to);
	}
}

void table_destroy(struct table *table)
{
	for (size_t i = 0; i < table->nr_rows * table->nr_columns; i++)
		mem_free(table->cells[i]);
	mem_free(table->cells);
}

bool colour_wanted(FILE *to)
{
	const char *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(fileno(to)) && !(no && *no) &&
	       !(term && !strcmp(term, "dumb"));
}

void json_string(FILE *to, const char *s)
{
	fputc('"', to);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(to, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			fprintf(to, "\\u%04x", c);
		else
			fputc(c, to);
	}
	fputc('"', to);
}

const char *with_commas(char buf[32], u64 n)
{
	char digits[24], *out = buf;
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*out++ = ',';
		*out++ = digits[i];
	}
	*out = '\0';
	return buf;
}
