/* SPDX-License-Identifier: BSD-2-Clause */
/* Format strings of bpf_trace_printk(), bpf_trace_vprintk(), bpf_snprintf(). */
#ifndef CGBPF_VM_FORMAT_H
#define CGBPF_VM_FORMAT_H

#include "base/types.h"

struct run;

#define FORMAT_ARGS 12u

/*
 * format_check() - may @fmt, of at most @size bytes with its NUL, be used with
 * @nr arguments?  0 or -EINVAL.
 */
int format_check(const char *fmt, size_t size, u32 nr);
/*
 * format_print() - as snprintf(3) by a format that was checked.  Memory that
 * an argument points to is read only as far as it is there and @run's program
 * may read it.
 */
int format_print(struct run *run, char *buf, size_t size, const char *fmt,
		 const u64 *args);

#endif
