/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formatted text: the kernel's grammar, a part of printf(3)'s with its own
 * pointer kinds.
 *
 *	%[0+- ...][width] then
 *	[l[l]] d i u x X	an integer
 *	c			a character
 *	s pks pus		a string, in front of space, punctuation, end
 *	p px pK ps pS pB	a pointer, hashed, plain or by symbol
 *	pi4 pI4 pi6 pI6		an address in memory
 */
#include "vm/format.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "vm/checked.h"
#include "vm/helper_fn.h"

#define LINE_MAX_BYTES 1024u /* of one trace line, with its NUL */
#define STRING_MAX 512u	     /* of all string arguments in the kernel */
#define WIDTH_MAX 0x7fffffu

enum conversion {
	CONV_INT,
	CONV_CHAR,
	CONV_STRING,
	CONV_HASHED,
	CONV_POINTER,
	CONV_SYMBOL,
	CONV_IP4,
	CONV_IP4_ZEROES,
	CONV_IP6,
	CONV_IP6_BARE,
};

struct spec {
	enum conversion conv;
	char flags[8]; /* without repetition */
	u32 width;
	u32 longs;
	char letter;
	bool pointer;
	const char *end; /* after it */
};

static bool ends_word(char c)
{
	return !c || isspace((unsigned char)c) || ispunct((unsigned char)c);
}

static int spec_parse_pointer(struct spec *spec, const char *s)
{
	static const struct {
		const char text[4];
		enum conversion conv;
	} kinds[] = {
		{ "ks", CONV_STRING },	   { "us", CONV_STRING },
		{ "i4", CONV_IP4_ZEROES }, { "I4", CONV_IP4 },
		{ "i6", CONV_IP6_BARE },   { "I6", CONV_IP6 },
		{ "x", CONV_POINTER },	   { "K", CONV_HASHED },
		{ "s", CONV_SYMBOL },	   { "S", CONV_SYMBOL },
		{ "B", CONV_SYMBOL },
	};

	for (size_t i = 0; !ends_word(*s) && i < ARRAY_SIZE(kinds); i++) {
		size_t len = strlen(kinds[i].text);

		if (strncmp(s, kinds[i].text, len))
			continue;
		spec->conv = kinds[i].conv;
		spec->end = s + len;
		if (spec->conv == CONV_STRING && !ends_word(*spec->end))
			return -EINVAL;
		return 0;
	}
	if (!ends_word(*s))
		return -EINVAL;
	spec->conv = CONV_HASHED;
	spec->end = s;
	return 0;
}

/* @s is after the '%' */
static int spec_parse(struct spec *spec, const char *s)
{
	*spec = (struct spec){ 0 };
	for (; *s && strchr("0+- ", *s); s++)
		if (!strchr(spec->flags, *s))
			spec->flags[strlen(spec->flags)] = *s;
	if (*s >= '1' && *s <= '9')
		for (; *s >= '0' && *s <= '9'; s++)
			spec->width =
				min(spec->width * 10 + (*s - '0'), WIDTH_MAX);
	if (*s == 'p') {
		spec->pointer = true;
		return spec_parse_pointer(spec, s + 1);
	}
	spec->end = s + 1;
	if (*s == 's') {
		spec->conv = CONV_STRING;
		return ends_word(s[1]) ? 0 : -EINVAL;
	}
	if (*s == 'c') {
		spec->conv = CONV_CHAR;
		return 0;
	}
	for (; spec->longs < 2 && *s == 'l'; s++)
		spec->longs++;
	if (!*s || !strchr("diuxX", *s))
		return -EINVAL;
	spec->conv = CONV_INT;
	spec->letter = *s;
	spec->end = s + 1;
	return 0;
}

int format_check(const char *fmt, size_t size, u32 nr)
{
	struct spec spec;

	if (strnlen(fmt, size) == size)
		return -EINVAL;
	while (*fmt) {
		unsigned char c = *fmt;

		if (c < 0x80 && !isprint(c) && !isspace(c))
			return -EINVAL;
		if (*fmt++ != '%')
			continue;
		if (*fmt == '%') {
			fmt++;
			continue;
		}
		if (!nr-- || spec_parse(&spec, fmt))
			return -EINVAL;
		fmt = spec.end;
	}
	return 0;
}

/*
 * Up to @size bytes from @addr, as many as are there: the number.  A program
 * that nobody has verified gets none but its own.
 */
static size_t peek(struct run *run, void *dst, u64 addr, size_t size)
{
	size_t done = 0;

	if (run->checked)
		size = checked_readable(run->checked, addr, size);

	while (done < size) {
		/* page by page: a page is there or it is not */
		size_t part =
			min(size - done, PAGE_SIZE - (addr + done) % PAGE_SIZE);
		struct iovec local = { (u8 *)dst + done, part };
		struct iovec remote = { u64_to_ptr(addr + done), part };

		if (process_vm_readv(getpid(), &local, 1, &remote, 1, 0) !=
		    (ssize_t)part)
			break;
		done += part;
	}
	return done;
}

struct out {
	char *buf;
	size_t size, len;
};

static void out_bytes(struct out *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++, out->len++)
		if (out->len + 1 < out->size)
			out->buf[out->len] = s[i];
}

/* What %p reads: Linux prints it apart, without a width, and then copies it,
 * if there is room for any of it. */
static void out_read(struct out *out, const char *text, size_t len)
{
	if (out->len < out->size)
		out_bytes(out, text, len);
}

/* @text as wide as @spec wants */
static void out_padded(struct out *out, const struct spec *spec,
		       const char *text)
{
	size_t len = strlen(text), pad = 0;
	bool left = strchr(spec->flags, '-');

	if (spec->width > len)
		pad = spec->width - len;
	for (size_t i = 0; !left && i < pad; i++)
		out_bytes(out, " ", 1);
	out_bytes(out, text, len);
	for (size_t i = 0; left && i < pad; i++)
		out_bytes(out, " ", 1);
}

static void out_integer(struct out *out, const struct spec *spec, u64 arg)
{
	bool is_signed = spec->letter == 'd' || spec->letter == 'i';
	bool left = strchr(spec->flags, '-');
	char digits[32], sign = 0;
	size_t len, pad = 0;

	if (!spec->longs)
		arg = is_signed ? (u64)(s64)(s32)arg : (u32)arg;
	if (is_signed && (s64)arg < 0) {
		sign = '-';
		arg = -arg;
	} else if (is_signed && strchr(spec->flags, '+')) {
		sign = '+';
	} else if (is_signed && strchr(spec->flags, ' ')) {
		sign = ' ';
	}
	len = snprintf(digits, sizeof(digits),
		       spec->letter == 'x'   ? "%llx"
		       : spec->letter == 'X' ? "%llX"
					     : "%llu",
		       (unsigned long long)arg);
	if (spec->width > len + !!sign)
		pad = spec->width - len - !!sign;
	if (!left && !strchr(spec->flags, '0'))
		for (; pad; pad--)
			out_bytes(out, " ", 1);
	if (sign)
		out_bytes(out, &sign, 1);
	for (; !left && pad; pad--)
		out_bytes(out, "0", 1);
	out_bytes(out, digits, len);
	for (; pad; pad--)
		out_bytes(out, " ", 1);
}

static void out_address(struct run *run, struct out *out,
			const struct spec *spec, u64 arg)
{
	bool ip4 = spec->conv == CONV_IP4 || spec->conv == CONV_IP4_ZEROES;
	size_t size = ip4 ? 4 : 16, len = 0;
	u8 ip[16] = { 0 };
	char text[48];

	if (peek(run, ip, arg, size) != size)
		memset(ip, 0, sizeof(ip));
	for (size_t i = 0; i < size; i++) {
		const char *form = ip4 ? "%u" : "%02x";

		if (spec->conv == CONV_IP4_ZEROES)
			form = "%03u";
		len += snprintf(text + len, sizeof(text) - len, form, ip[i]);
		if (i + 1 < size && (ip4 || (spec->conv == CONV_IP6 && i % 2)))
			text[len++] = ip4 ? '.' : ':';
	}
	out_read(out, text, len);
}

/* A hexadecimal number, whole where no width is given */
static void out_pointer(struct out *out, const struct spec *spec, u64 value)
{
	struct spec hex = *spec;

	hex.letter = 'x';
	hex.longs = 2;
	if (!hex.width) {
		hex.width = 16;
		strcat(hex.flags, "0");
	}
	out_integer(out, &hex, value);
}

/* Addresses are told apart, not told: 32 bits of a one-way mix. */
static u32 pointer_hash(u64 value)
{
	static const char secret;

	value ^= ptr_to_u64(&secret);
	value = (value ^ value >> 33) * 0xff51afd7ed558ccdull;
	value = (value ^ value >> 33) * 0xc4ceb9fe1a85ec53ull;
	return value ^ value >> 33;
}

static void out_spec(struct run *run, struct out *out, const struct spec *spec,
		     u64 arg)
{
	char text[STRING_MAX];
	size_t len;

	switch (spec->conv) {
	case CONV_INT:
		out_integer(out, spec, arg);
		return;
	case CONV_IP4:
	case CONV_IP4_ZEROES:
	case CONV_IP6:
	case CONV_IP6_BARE:
		out_address(run, out, spec, arg);
		return;
	case CONV_CHAR:
		text[0] = ' ';
		text[1] = 0;
		for (len = 1; !strchr(spec->flags, '-') && len < spec->width;
		     len++)
			out_bytes(out, text, 1);
		text[0] = arg;
		out_bytes(out, text, 1);
		for (; len < spec->width; len++)
			out_bytes(out, " ", 1);
		return;
	case CONV_STRING:
		len = peek(run, text, arg, sizeof(text) - 1);
		text[len] = 0;
		len = strlen(text);
		if (spec->pointer) {
			out_read(out, text, len);
			return;
		}
		break;
	case CONV_HASHED:
		out_pointer(out, spec, arg ? pointer_hash(arg) : 0);
		return;
	case CONV_POINTER:
		out_pointer(out, spec, arg);
		return;
	case CONV_SYMBOL:
		snprintf(text, sizeof(text), "0x%llx", (unsigned long long)arg);
		break;
	}
	out_padded(out, spec, text);
}

int format_print(struct run *run, char *buf, size_t size, const char *fmt,
		 const u64 *args)
{
	struct out out = { .buf = buf, .size = size };
	struct spec spec;

	while (*fmt) {
		const char *percent = strchrnul(fmt, '%');

		out_bytes(&out, fmt, percent - fmt);
		fmt = percent;
		if (!*fmt++)
			break;
		if (*fmt == '%') {
			out_bytes(&out, fmt++, 1);
			continue;
		}
		if (spec_parse(&spec, fmt))
			break;
		out_spec(run, &out, &spec, *args++);
		fmt = spec.end;
		/* Linux takes all of a word for the kind of a pointer */
		while (spec.pointer && isalnum((unsigned char)*fmt))
			fmt++;
	}
	if (size)
		buf[min(out.len, size - 1)] = 0;
	return out.len;
}

static u64 trace(struct run *run, const char *fmt, size_t size, const u64 *args,
		 u32 nr)
{
	char line[LINE_MAX_BYTES], copy[LINE_MAX_BYTES];
	size_t len = strnlen(fmt, size);
	int ret;

	/* another CPU may be writing to the program's memory */
	if (len == size || len >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, fmt, len);
	copy[len] = 0;
	ret = format_check(copy, sizeof(copy), nr);
	if (ret)
		return ret;
	ret = format_print(run, line, sizeof(line), copy, args);
	len = strlen(line);
	if (len && line[len - 1] == '\n')
		line[len - 1] = 0;
	if (run->env->trace)
		run->env->trace(run->env->trace_data, line);
	return ret;
}

HELPER(trace_printk)
{
	const u64 args[] = { r3, r4, r5 };

	return trace(run, u64_to_ptr(r1), (u32)r2, args, ARRAY_SIZE(args));
}

/* The arguments of a format, copied: their number, or -EINVAL. */
static int args_copy(u64 args[FORMAT_ARGS], u64 from, u32 size)
{
	if (size % 8 || size > FORMAT_ARGS * 8 || (size && !from))
		return -EINVAL;
	if (size)
		memcpy(args, u64_to_ptr(from), size);
	return size / 8;
}

HELPER(trace_vprintk)
{
	u64 args[FORMAT_ARGS];
	int nr = args_copy(args, r3, r4);

	if (nr < 0)
		return nr;
	return trace(run, u64_to_ptr(r1), (u32)r2, args, nr);
}

HELPER(snprintf)
{
	const char *fmt = u64_to_ptr(r3);
	u64 args[FORMAT_ARGS];
	int nr = args_copy(args, r4, r5), ret;

	if (nr < 0)
		return nr;
	ret = format_check(fmt, SIZE_MAX, nr);
	if (ret)
		return ret;
	return format_print(run, u64_to_ptr(r1), (u32)r2, fmt, args) + 1;
}
