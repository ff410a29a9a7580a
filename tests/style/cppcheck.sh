#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What cppcheck finds in the library; cppcheck.txt: what it gets wrong.
set -eu

command -v cppcheck >/dev/null || {
	echo "skipped: no cppcheck"
	exit 77
}
cppcheck --quiet -j2 --std=c11 --language=c --error-exitcode=1 \
	--enable=warning,performance,portability --inline-suppr \
	--suppressions-list=tests/style/cppcheck.txt \
	-D_GNU_SOURCE -D__x86_64__ -D__linux__ -D__GNUC__=12 \
	--include=tests/style/cppcheck.h -Iinclude -Isrc src
