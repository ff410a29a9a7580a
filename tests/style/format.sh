#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Every C file is as .clang-format says, others have no stray blanks.
set -eu

command -v clang-format >/dev/null || {
	echo "skipped: no clang-format"
	exit 77
}
scripts/sources.sh '*.[ch]' | xargs -0 clang-format --dry-run -Werror

bad=$(scripts/sources.sh '*.sh' '*.py' '*.md' '*.map' meson.build Makefile \
	'*.[0-9]' | xargs -0 grep -nE '[[:blank:]]+$|'$'\r' || true)
if [ -n "$bad" ]; then
	echo "blanks at the end of a line:"
	echo "$bad"
	exit 1
fi
