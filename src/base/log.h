/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log of a load: text for the person whose program or BTF is refused.
 *
 * Written to memory of our own, then copied to the caller.  With the flag
 * BPF_LOG_FIXED (8) in @level the first @limit bytes are kept, else the last
 * ones, as Linux does since 6.4; no more than about twice as much is held,
 * however long the log gets.  A log that cannot get memory is cut, never an
 * error of the load.
 */
#ifndef CGBPF_BASE_LOG_H
#define CGBPF_BASE_LOG_H

#include "base/types.h"

#define LOG_LEVEL1 1u
#define LOG_LEVEL2 2u
#define LOG_STATS 4u
#define LOG_FIXED 8u

struct log {
	u32 level; /* 0: off */
	u32 limit; /* bytes the caller takes, with the NUL */
	char *buf; /* what is kept, NUL terminated, or NULL */
	size_t len, capacity;
	u64 dropped; /* bytes written and not kept */
	u64 start;   /* what the caller sees begins here, or where kept does */
	u64 longest; /* with the NUL: taking back does not make it less */
};

/* One log_printf() writes no more than this, with its NUL: the rest is cut. */
#define LOG_PIECE_MAX 1024u

void log_init(struct log *log, u32 level, u32 limit);
void log_destroy(struct log *log);
void log_printf(struct log *log, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * log_pos(), log_reset() - where the log is; back to there: what was written
 * since is as if it had not been, where it is still held.
 */
u64 log_pos(const struct log *log);
void log_reset(struct log *log, u64 pos);

/* Would anything written be seen?  @log may be NULL. */
static inline bool log_on(const struct log *log)
{
	return log && log->level;
}

/*
 * log_view() - what the caller gets: *text and its length with the NUL, at
 * most limit.  Returns the true size: what limit would have had to be for
 * nothing to be cut at any time, even of what was taken back since.
 */
u32 log_view(const struct log *log, const char **text, u32 *size);

#endif
