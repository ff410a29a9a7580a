#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Includes point down only, from room to room; liburcu is base's.
set -eu

awk '
BEGIN {
	n = split("base object vm verifier cgroup hook syscall", order, " ")
	for (i = 1; i <= n; i++)
		rank[order[i]] = i
	# these two do not see each other
	rank["loader"] = rank["supervisor"] = n + 1
	rank["cli"] = n + 2
}
FNR == 1 {
	split(FILENAME, path, "/")
	room = path[2]
	if (!(room in rank))
		complain("is in no known room")
}
function complain(what) {
	printf "%s:%d: %s: %s\n", FILENAME, FNR, what, $0
	bad = 1
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, quoted, "\"")
	to = quoted[2]
	if (to !~ /\//) {
		if (to !~ /^cgbpf(-loader)?\.h$/)
			complain("not of the form \"room/file.h\"")
		next
	}
	sub(/\/.*/, "", to)
	if (!(to in rank))
		complain("no such room")
	else if (rank[to] > rank[room] || \
	    (rank[to] == rank[room] && to != room))
		complain("points up")
}
/^[ \t]*#[ \t]*include[ \t]*<urcu/ {
	if (room != "base" && $0 !~ /<urcu\/list\.h>/)
		complain("only base sees liburcu, but for its lists")
}
END { exit bad }
' src/*/*.[ch]
