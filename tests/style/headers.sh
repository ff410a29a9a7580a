#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Every header compiles as the first thing a file includes; the public ones
# also in older C and in C++.
set -eu

cc=${CC:-cc}
flags=(-fsyntax-only -Wall -Wextra -Werror -x c)
printf '%s\0' src/*/*.h | xargs -0 -P 2 -I '{}' "$cc" -std=gnu17 \
	-D_GNU_SOURCE -Iinclude -Isrc "${flags[@]}" -include '{}' /dev/null
for header in include/*.h; do
	"$cc" -std=c99 -Iinclude "${flags[@]}" -include "$header" /dev/null
	if command -v g++ >/dev/null; then
		g++ -std=c++11 -Iinclude -Wall -Wextra -Werror -fsyntax-only \
			-x c++ -include "$header" /dev/null
	fi
done
