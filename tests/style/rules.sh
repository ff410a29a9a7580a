#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Every rule of the documents has a number, and a test that names it: CS-4 and
# the like in a comment, or in the name of a test, cs4_max_entries().
set -eu

# KB-1 to KB-22 are what went wrong in others: rules without a row of their own
kb=22

rules() {
	grep -ohE '^\| (CS|AT)-[0-9]+ \|' docs/cgroup-storage.md docs/attach.md |
		tr -d '| '
	seq -f 'KB-%.0f' $kb
}

named() {
	# shellcheck disable=SC2046
	set -- $(scripts/sources.sh '*.[ch]' '*.sh' '*.data' | tr '\0' '\n' |
		grep '^\(\./\)\?tests/' | grep -v 'style/rules\.sh$')
	grep -ohE '\b(CS|AT|KB)-[0-9]+\b' "$@"
	grep -ohE '\b(cs|at|kb)[0-9]+(_[0-9]+)*_' "$@" | awk '{
		kind = toupper(substr($0, 1, 2))
		n = split(substr($0, 3), numbers, "_")
		for (i = 1; i < n; i++)
			print kind "-" numbers[i]
	}'
}

# the documents leave no number out
for kind in CS AT; do
	list=$(rules | sed -n "s/^$kind-//p" | sort -n)
	[ "$list" = "$(seq "$(echo "$list" | wc -l)")" ] || {
		echo "the rules $kind are not numbered 1, 2, 3, ..."
		exit 1
	}
done

bad=$(comm -23 <(rules | sort -u) <(named | sort -u) | sort -V)
if [ -n "$bad" ]; then
	echo "no test names:"
	echo "$bad"
	exit 1
fi
