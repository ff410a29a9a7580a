/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

void text_init(struct text *text, char *buf, size_t size)
{
	*text = (struct text){ .buf = buf, .size = size };
	if (size)
		*buf = '\0';
}

void text_printf(struct text *text, const char *fmt, ...)
{
	size_t left = text->len < text->size ? text->size - text->len : 0;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(left ? text->buf + text->len : NULL, left, fmt, ap);
	va_end(ap);
	if (n > 0)
		text->len += (size_t)n;
}
