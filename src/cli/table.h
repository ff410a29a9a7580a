/* SPDX-License-Identifier: BSD-2-Clause */
/* Output: tables whose columns line up, colour where it helps, JSON. */
#ifndef CGBPF_CLI_TABLE_H
#define CGBPF_CLI_TABLE_H

#include <stdio.h>

#include "base/types.h"

#define TABLE_COLUMNS 8

struct table_column {
	const char *title;
	bool right; /* a number */
};

struct table {
	const struct table_column *columns;
	size_t nr_columns;
	char **cells; /* nr_rows * nr_columns */
	size_t nr_rows, capacity;
};

void table_init(struct table *table, const struct table_column *columns,
		size_t nr_columns);
/* Copies @cells; an empty one is shown as "-".  -ENOMEM. */
int table_add(struct table *table, const char *const *cells);
/* A cell that equals the one above it in the first columns is left blank. */
void table_print(const struct table *table, FILE *to, size_t merge);
void table_destroy(struct table *table);

/* Is @to a terminal whose user has not said NO_COLOR? */
bool colour_wanted(FILE *to);

/* @s as a JSON string, with its quotes. */
void json_string(FILE *to, const char *s);

/* 1234567 as "1,234,567". */
const char *with_commas(char buf[32], u64 n);

#endif
