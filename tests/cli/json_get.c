// SPDX-License-Identifier: BSD-2-Clause
/*
 * Is standard input one JSON value?  And what is in it:
 *
 *	json_get			exit 0 if it is JSON, else 1
 *	json_get cgroups.1.egress.run	prints that value's text
 *	json_get cgroups.1		prints an object's or array's text
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char text[1 << 20];
static const char *at = text;
static const char *wanted;

static void value(const char *path);

static void bad(const char *why)
{
	fprintf(stderr, "json_get: %s at byte %td: %.20s\n", why, at - text,
		at);
	exit(1);
}

static void blank(void)
{
	while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')
		at++;
}

static void string(char *to, size_t size)
{
	size_t n = 0;

	if (*at++ != '"')
		bad("no string");
	while (*at != '"') {
		if ((unsigned char)*at < 0x20)
			bad("control character");
		if (*at == '\\') {
			at++;
			if (!*at || !strchr("\"\\/bfnrtu", *at))
				bad("bad escape");
			for (int i = 0; *at == 'u' && i < 4; i++)
				if (!isxdigit((unsigned char)at[i + 1]))
					bad("bad \\u");
		}
		if (n + 1 < size)
			to[n++] = *at;
		at++;
	}
	at++;
	to[n] = '\0';
}

static void digits(void)
{
	if (!isdigit((unsigned char)*at))
		bad("no digit");
	while (isdigit((unsigned char)*at))
		at++;
}

static void number(void)
{
	if (*at == '-')
		at++;
	if (*at == '0' && isdigit((unsigned char)at[1]))
		bad("leading zero");
	digits();
	if (*at == '.') {
		at++;
		digits();
	}
	if (*at == 'e' || *at == 'E') {
		at++;
		if (*at == '+' || *at == '-')
			at++;
		digits();
	}
}

/* An object's members or an array's elements, up to @end. */
static void members(const char *path, char end)
{
	char name[64], below[512];
	int i = 0;

	at++;
	blank();
	if (*at == end) {
		at++;
		return;
	}
	for (;; i++) {
		blank();
		snprintf(name, sizeof(name), "%d", i);
		if (end == '}') {
			string(name, sizeof(name));
			blank();
			if (*at++ != ':')
				bad("no colon");
		}
		snprintf(below, sizeof(below), "%s%s%s", path, *path ? "." : "",
			 name);
		value(below);
		blank();
		if (*at == end)
			break;
		if (*at++ != ',')
			bad("no comma");
	}
	at++;
}

static void value(const char *path)
{
	static const char *const words[] = { "true", "false", "null" };
	const char *start;
	char ignored[8];

	blank();
	start = at;
	if (*at == '{') {
		members(path, '}');
	} else if (*at == '[') {
		members(path, ']');
	} else if (*at == '"') {
		string(ignored, sizeof(ignored));
	} else if (*at == '-' || isdigit((unsigned char)*at)) {
		number();
	} else {
		for (size_t i = 0; i < 3 && at == start; i++)
			if (!strncmp(at, words[i], strlen(words[i])))
				at += strlen(words[i]);
		if (at == start)
			bad("no value");
	}
	if (wanted && !strcmp(path, wanted)) {
		printf("%.*s\n", (int)(at - start), start);
		wanted = NULL;
	}
}

int main(int argc, char **argv)
{
	text[fread(text, 1, sizeof(text) - 1, stdin)] = '\0';
	wanted = argc > 1 ? argv[1] : NULL;
	value("");
	blank();
	if (*at)
		bad("something follows");
	/* found: value() has forgotten about it */
	return wanted != NULL;
}
