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

/* Keeps @n bytes of @text, after what is kept already. */
static void log_keep(struct log *log, const char *text, size_t n)
{
	if (!log_reserve(log, n + 1))
		return;
	memcpy(log->buf + log->len, text, n);
	log->len += n;
	log->buf[log->len] = '\0';
}

/* Of a rolling log the last limit bytes count: moves them seldom. */
static void log_roll(struct log *log)
{
	size_t drop;

	if (log->len < 2 * ((size_t)log->limit + LOG_PIECE_MAX))
		return;
	drop = log->len - log->limit;
	memmove(log->buf, log->buf + drop, log->limit + 1);
	log->len -= drop;
	log->dropped += drop;
}

/* @n bytes are to come: how long it gets, and what is out of sight then. */
static void log_count(struct log *log, size_t n)
{
	u64 end = log_pos(log) + n + 1;

	log->longest = max(log->longest, end);
	if (log->limit && end - log->start >= log->limit)
		log->start = end - log->limit;
}

void log_printf(struct log *log, const char *fmt, ...)
{
	char piece[LOG_PIECE_MAX];
	size_t n, room;
	va_list ap;
	int ret;

	if (!log_on(log))
		return;
	va_start(ap, fmt);
	ret = vsnprintf(piece, sizeof(piece), fmt, ap);
	va_end(ap);
	if (ret <= 0)
		return;
	n = min((size_t)ret, sizeof(piece) - 1);
	log_count(log, n);
	if (!(log->level & LOG_FIXED) && log->limit) {
		log_keep(log, piece, n);
		log_roll(log);
		return;
	}
	/* nobody reads what comes after limit */
	room = log->limit > log->len ? log->limit - log->len : 0;
	room = min(room, n);
	if (room)
		log_keep(log, piece, room);
	log->dropped += n - room;
}

u64 log_pos(const struct log *log)
{
	return log->dropped + log->len;
}

void log_reset(struct log *log, u64 pos)
{
	if (!log_on(log) || pos >= log_pos(log))
		return;
	log->start = min(log->start, pos);
	if (log->level & LOG_FIXED) {
		log->len = (size_t)min(pos, (u64)log->len);
		log->dropped = pos - log->len;
	} else if (pos >= log->dropped) {
		log->len = (size_t)(pos - log->dropped);
	} else {
		log->len = 0;
		log->dropped = pos;
	}
	if (log->buf)
		log->buf[log->len] = '\0';
}

u32 log_view(const struct log *log, const char **text, u32 *size)
{
	size_t skip = 0, left;

	if (!(log->level & LOG_FIXED) && log->start > log->dropped)
		skip = (size_t)(log->start - log->dropped);
	skip = min(skip, log->len);
	left = log->len - skip;
	*text = log->buf ? log->buf + skip : "";
	*size = (u32)min(left + 1, (size_t)log->limit);
	return (u32)min(max(log->longest, 1ull), (u64)UINT32_MAX);
}
