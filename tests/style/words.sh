#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Nothing in the tree depends on, or tells of, the machine it was written on.
# (Brackets keep the patterns from finding themselves.)
set -eu

words=(
	'(^|[^[:alnum:]_.])/[w]ork/'
	'/[t]mp/[w]/'
	'\.\./[s]hared'
	'/home/[[:alnum:]]+/'
	'[p]ypi\.org|[n]pmjs\.|proxy\.[g]olang|crates\.[i]o|[d]eb\.debian\.org'
)
pattern=$(IFS='|'; echo "${words[*]}")
if scripts/sources.sh '*.[ch]' '*.sh' '*.py' '*.md' '*.map' '*.txt' \
	'*.[0-9]' meson.build Makefile run |
	xargs -0 grep -nHE "$pattern"; then
	exit 1
fi
