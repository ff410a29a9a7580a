/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

void log_init(struct log *log, u32 level, u32 limit)
{
	memset(log, 0, sizeof(*log));
	log->level = level;
	log->limit = limit;
}

void log_destroy(struct log *log)
{
	mem_free(log->buf);
	log->buf = NULL;
}

static bool log_reserve(struct log *log, size_t more)
{
	size_t capacity = log->capacity ? log->capacity : 256;
	char *buf;

	while (capacity < log->len + more)
		capacity *= 2;
	if (capacity == log->capacity)
		return true;
	buf = mem_realloc(log->buf, capacity);
	if (!buf)
		return false;
	log->buf = buf;
	log->capacity = capacity;
	return true;
}

void log_printf(struct log *log, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (!log_on(log))
		return;
	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n <= 0 || !log_reserve(log, (size_t)n + 1))
		return;
	va_start(ap, fmt);
	vsnprintf(log->buf + log->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	log->len += (size_t)n;
}

u32 log_view(const struct log *log, const char **text, u32 *size)
{
	size_t all = log->len + 1;

	*text = log->buf ? log->buf : "";
	if (all <= log->limit) {
		*size = (u32)all;
	} else {
		*size = log->limit;
		if (!(log->level & LOG_FIXED))
			*text += all - log->limit;
	}
	return (u32)min(all, (size_t)UINT32_MAX);
}
