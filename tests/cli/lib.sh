# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
#
# What the tests of the command share.  The environment says where things are:
# CGBPF, TOOL (capture_tool), JSON (json_get), OBJECTS, EXAMPLES, CAPTURES.
# A test is a function test_*; it says expect_* and stops at the first that
# does not hold.
set -u
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

# Runs the command; sets $status, $tmp/out and $tmp/err.
cgbpf() {
	status=0
	"$CGBPF" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || status=$?
}

fail() {
	echo "FAIL $name: $*"
	[ ! -s "$tmp/out" ] || sed 's/^/  out: /' "$tmp/out"
	[ ! -s "$tmp/err" ] || sed 's/^/  err: /' "$tmp/err"
	exit 1
}

expect_status() {
	[ "$status" = "$1" ] || fail "exit $status, not $1"
}

# The command's success: nothing to complain about.
expect_success() {
	expect_status 0
	[ ! -s "$tmp/err" ] || fail "something on standard error"
}

# One line, exactly one, which contains the words; nothing on stdout.
expect_error() {
	expect_status "$1"
	shift
	[ ! -s "$tmp/out" ] || fail "something on standard output"
	[ "$(wc -l <"$tmp/err")" = 1 ] || fail "not one line"
	for word; do
		grep -qF -e "$word" "$tmp/err" || fail "no '$word'"
	done
}

# A line of the output whose columns, blanks squeezed, are these.
expect_line() {
	sed 's/  */ /g; s/^ //' "$tmp/out" | grep -qxF -e "$1" ||
		fail "no line '$1'"
}

expect_no_line() {
	! grep -q -e "$1" "$tmp/out" || fail "a line with '$1'"
}

expect_json() {
	value=$("$JSON" "$1" <"$tmp/out") || fail "no $1 in JSON"
	[ "$value" = "$2" ] || fail "$1 is $value, not $2"
}

run_tests() {
	for name in $(sed -n 's/^\(test_[a-z0-9_]*\)().*/\1/p' "$0"); do
		("$name") || failed=1
	done
	exit $failed
}
