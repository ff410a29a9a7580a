/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers on text: numbers in it, comparison. */
#include "vm/helper_fn.h"

#include <ctype.h>
#include <string.h>

#define BASE_MASK 0x1full /* of the flags: 0, 8, 10 or 16 */

static int digit_of(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

static bool is_hex_prefix(const char *s, const char *end)
{
	return end - s > 1 && s[0] == '0' && (s[1] | 0x20) == 'x';
}

/*
 * parse_number() - an optional sign and digits after white space.  Bytes that
 * were used; -EINVAL for a bad base or no digit; -ERANGE.  As in the kernel,
 * nothing after the sign's 63rd byte counts.
 */
static s64 parse_number(const char *buf, size_t len, u64 flags, u64 *value,
			bool *negative)
{
	const char *s = buf, *end = buf + len, *digits;
	u32 base = flags & BASE_MASK;
	bool overflow = false;

	if (base != 0 && base != 8 && base != 10 && base != 16)
		return -EINVAL;
	if (flags & ~BASE_MASK)
		return -EINVAL;
	while (s < end && isspace((unsigned char)*s))
		s++;
	*negative = s < end && *s == '-';
	if (*negative)
		s++;
	if (s == end)
		return -EINVAL;
	end = s + min(end - s, (ptrdiff_t)63);

	if (base == 0) {
		base = 10;
		if (*s == '0')
			base = is_hex_prefix(s, end) && end - s > 2 &&
					       digit_of(s[2]) < 16
				       ? 16
				       : 8;
	}
	if (base == 16 && is_hex_prefix(s, end))
		s += 2;
	*value = 0;
	for (digits = s; s < end && (u32)digit_of(*s) < base; s++) {
		overflow |= __builtin_mul_overflow(*value, base, value);
		overflow |= __builtin_add_overflow(*value, (u64)digit_of(*s),
						   value);
	}
	if (overflow)
		return -ERANGE;
	return s == digits ? -EINVAL : s - buf;
}

HELPER(strtol)
{
	s64 *out = u64_to_ptr(r4), used;
	bool negative;
	u64 value;

	*out = 0;
	used = parse_number(u64_to_ptr(r1), r2, r3, &value, &negative);
	if (used < 0)
		return used;
	if (value > (u64)INT64_MAX + negative)
		return -ERANGE;
	*out = negative ? -value : value;
	return used;
}

HELPER(strtoul)
{
	u64 *out = u64_to_ptr(r4), value;
	bool negative;
	s64 used;

	*out = 0;
	used = parse_number(u64_to_ptr(r1), r2, r3, &value, &negative);
	if (used < 0)
		return used;
	if (negative)
		return -EINVAL;
	*out = value;
	return used;
}

HELPER(strncmp)
{
	const unsigned char *a = u64_to_ptr(r1), *b = u64_to_ptr(r3);

	for (u64 i = 0; i < (u32)r2; i++) {
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
		if (!a[i])
			break;
	}
	return 0;
}
