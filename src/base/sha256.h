/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-256 (FIPS 180-4) of one piece of memory: program tags. */
#ifndef CGBPF_BASE_SHA256_H
#define CGBPF_BASE_SHA256_H

#include "base/types.h"

#define SHA256_SIZE 32

void sha256(u8 digest[SHA256_SIZE], const void *data, size_t len);

#endif
