/* SPDX-License-Identifier: BSD-2-Clause */
/* Text that is written piece by piece, as snprintf() would at once. */
#ifndef CGBPF_BASE_TEXT_H
#define CGBPF_BASE_TEXT_H

#include "base/types.h"

struct text {
	char *buf;
	size_t size; /* of buf */
	size_t len;  /* of all that was written, fitting or not */
};

void text_init(struct text *text, char *buf, size_t size);
void text_printf(struct text *text, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
