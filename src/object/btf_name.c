/* SPDX-License-Identifier: BSD-2-Clause */
/* Names in BTF: what the kernel lets them be made of. */
#include "object/btf_check.h"

#define NAME_MAX_LEN 512u

/*
 * The kernel's character classes are those of Latin-1, whatever the locale:
 * above 0xa0 everything is printable, and from 0xc0 on all are letters but the
 * signs of multiplication and division.
 */
static bool is_letter(u8 c)
{
	if (c >= 0xc0)
		return c != 0xd7 && c != 0xf7;
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(u8 c)
{
	return c >= '0' && c <= '9';
}

bool btf_char_printable(char c)
{
	u8 u = (u8)c;

	return u >= 0xa0 || (u >= ' ' && u < 0x7f);
}

static bool is_identifier(u8 c)
{
	return is_letter(c) || is_digit(c) || c == '_' || c == '.';
}

bool btf_offset_valid(const struct btf *btf, u32 offset)
{
	return offset <= BTF_MAX_NAME_OFFSET && offset < btf->strings_len;
}

bool btf_identifier_valid(const struct btf *btf, u32 offset)
{
	const char *s = btf->strings + offset;
	u32 i;

	if (!is_identifier((u8)s[0]) || is_digit((u8)s[0]))
		return false;
	for (i = 1; i < NAME_MAX_LEN && s[i]; i++)
		if (!is_identifier((u8)s[i]))
			return false;
	return !s[i];
}

bool btf_section_valid(const struct btf *btf, u32 offset)
{
	const char *s = btf->strings + offset;
	u32 i;

	for (i = 0; i < NAME_MAX_LEN && s[i]; i++)
		if (!btf_char_printable(s[i]))
			return false;
	return i && !s[i];
}

const char *btf_name(const struct btf *btf, u32 offset)
{
	return offset < btf->strings_len ? btf->strings + offset : NULL;
}
