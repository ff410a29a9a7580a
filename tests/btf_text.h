/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BTF for tests, written as text: one type on a line,
 *
 *	KIND NAME VLEN KFLAG SIZE_OR_TYPE [WORD...]
 *
 * KIND is a name as in the log or a number; NAME is an identifier, "-" for
 * none, or "@N" for a raw offset; a WORD is a number or 'text', which stands
 * for that string's offset.  Anything goes: checking it is what is tested.
 */
#ifndef CGBPF_TESTS_BTF_TEXT_H
#define CGBPF_TESTS_BTF_TEXT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/uapi.h"

#define BLOB_WORDS 65536
#define BLOB_STRINGS 65536

struct blob {
	u32 words[BLOB_WORDS], nr_words, nr_types;
	char strings[BLOB_STRINGS];
	u32 strings_len;
	u8 *data; /* blob_finish() */
	u32 size;
};

static inline void blob_init(struct blob *b)
{
	memset(b, 0, sizeof(*b));
	b->strings_len = 1;
}

static inline void blob_word(struct blob *b, u32 word)
{
	assert(b->nr_words < BLOB_WORDS);
	b->words[b->nr_words++] = word;
}

static inline u32 blob_string(struct blob *b, const char *s)
{
	size_t len = strlen(s) + 1;
	u32 at = 0;

	while (at < b->strings_len && strcmp(b->strings + at, s))
		at += (u32)strlen(b->strings + at) + 1;
	if (at < b->strings_len)
		return at;
	assert(at + len <= BLOB_STRINGS);
	memcpy(b->strings + at, s, len);
	b->strings_len += (u32)len;
	return at;
}

static inline u32 blob_type(struct blob *b, u32 name, u32 kind, u32 vlen,
			    u32 kflag, u32 size)
{
	blob_word(b, name);
	blob_word(b, kflag << 31 | kind << 24 | vlen);
	blob_word(b, size);
	return ++b->nr_types;
}

static inline u32 blob_kind(const char *name)
{
	static const char *const names[] = {
		"UNKNOWN", "INT",      "PTR",	   "ARRAY",	 "STRUCT",
		"UNION",   "ENUM",     "FWD",	   "TYPEDEF",	 "VOLATILE",
		"CONST",   "RESTRICT", "FUNC",	   "FUNC_PROTO", "VAR",
		"DATASEC", "FLOAT",    "DECL_TAG", "TYPE_TAG",	 "ENUM64",
	};

	for (u32 i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i], name))
			return i;
	return (u32)strtoul(name, NULL, 0);
}

static inline u32 blob_token(struct blob *b, char *token)
{
	if (*token == '\'') {
		token[strlen(token) - 1] = '\0';
		return blob_string(b, token + 1);
	}
	return (u32)strtol(token, NULL, 0);
}

static inline void blob_line(struct blob *b, char *line)
{
	char *token, *rest = line, *part[5];
	u32 name = 0;

	for (int i = 0; i < 5; i++) {
		part[i] = strtok_r(rest, " \t", &rest);
		if (!part[i])
			return;
	}
	if (part[1][0] == '@')
		name = (u32)strtoul(part[1] + 1, NULL, 0);
	else if (strcmp(part[1], "-"))
		name = blob_string(b, part[1]);
	blob_type(b, name, blob_kind(part[0]), (u32)strtoul(part[2], NULL, 0),
		  (u32)strtoul(part[3], NULL, 0), blob_token(b, part[4]));
	while ((token = strtok_r(rest, " \t", &rest)))
		blob_word(b, blob_token(b, token));
}

static inline void blob_text(struct blob *b, const char *text)
{
	char *copy = strdup(text), *rest = copy, *line;

	assert(copy);
	while ((line = strtok_r(rest, "\n", &rest)))
		blob_line(b, line);
	free(copy);
}

/* Puts header, types and strings together in b->data, for free(). */
static inline void blob_finish(struct blob *b)
{
	u32 types = b->nr_words * (u32)sizeof(u32);
	struct btf_header hdr = {
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = sizeof(hdr),
		.type_len = types,
		.str_off = types,
		.str_len = b->strings_len,
	};

	b->size = (u32)sizeof(hdr) + types + b->strings_len;
	b->data = malloc(b->size);
	assert(b->data);
	memcpy(b->data, &hdr, sizeof(hdr));
	memcpy(b->data + sizeof(hdr), b->words, types);
	memcpy(b->data + sizeof(hdr) + types, b->strings, b->strings_len);
}

#endif
