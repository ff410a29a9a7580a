#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The library's symbols.  usage: symbols.sh LIBCGBPF.SO LIBENGINE.A
# 1. It shows the functions of cgbpf.h, each of them, and nothing else.
# 2. It never prints, exits, or gets memory behind base/alloc.h.
set -eu
lib=$1 archive=$2
bad=0

shown=$(nm -D --defined-only "$lib" | awk '$2 != "A" { sub(/@.*/, "", $3)
	print $3 }' | sort -u)
declared=$(grep -oE '\bcgbpf_[a-z0-9_]+\(' include/cgbpf.h |
	grep -vE '^cgbpf_[a-z0-9_]+\(\)' | tr -d '(' | sort -u)
if ! diff <(echo "$declared") <(echo "$shown"); then
	echo "< declared in cgbpf.h, > shown by $lib"
	bad=1
fi
readelf -d "$lib" | grep -q 'SONAME.*libcgbpf\.so\.0\]' ||
	{ echo "$lib: no soname libcgbpf.so.0"; bad=1; }

never='exit|_exit|abort|v?f?printf|puts|putchar|perror|fputs|fwrite|system'
memory='malloc|calloc|realloc|free|strdup|strndup|posix_memalign|asprintf'
memory+='|vasprintf|aligned_alloc'
nm -A --undefined-only "$archive" 2>/dev/null | awk -v never="^($never)$" \
	-v memory="^($memory)$" '
	{ object = $1; sub(/:$/, "", object) }
	$NF ~ never { print object ": calls " $NF; bad = 1 }
	$NF ~ memory && object !~ /base_alloc\.c\.o/ {
		print object ": calls " $NF ", not base/alloc.h"; bad = 1
	}
	END { exit bad }' || bad=1
exit $bad
