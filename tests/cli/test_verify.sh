#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# cgbpf verify: verdicts, reasons, statistics.
. "$(dirname "$0")/lib.sh"

refused=$OBJECTS/refused.bpf.o
long=a_program_with_a_long_name
reason="get_local_storage() doesn't support non-zero flags"

says() {
	grep -qF -e "$1" "$tmp/out" || fail "no '$1'"
}

says_not() {
	! grep -qF -e "$1" "$tmp/out" || fail "'$1'"
}

test_good() {
	cgbpf verify "$EXAMPLES/count.bpf.o"
	expect_success
	says PROGRAM
	[ "$(grep -c ' ok ' "$tmp/out")" = 2 ] || fail 'not two that are good'
	says_not 'R1=ctx()'
}

test_refused() {
	cgbpf verify "$refused"
	expect_status 1
	grep -q "^$long .* refused " "$tmp/out" || fail 'no verdict'
	grep -q '^good .* ok ' "$tmp/out" || fail 'one depends on the other'
	says "$long: Invalid argument"
	says "  $reason"
	says 'source: __u64 *n = bpf_get_local_storage(&map, 1); @ refused.bpf.c:15'
}

test_one() {
	cgbpf verify "$refused" good
	expect_success
	says_not "$long"
	cgbpf verify "$refused" $long
	expect_status 1
	says_not good
	cgbpf verify "$refused" nobody
	expect_error 1 "'nobody'"
}

test_log() {
	cgbpf verify --log 1 "$EXAMPLES/limit.bpf.o"
	expect_success
	says_not 'R1=ctx()' # good paths are taken back
	cgbpf verify --log 2 "$EXAMPLES/limit.bpf.o"
	expect_success
	says '0: R1=ctx() R10=fp0'
	says ' @ limit.bpf.c:'
	grep -q '^  from [0-9]* to [0-9]*: R0=' "$tmp/out" || fail 'one path'
	says_not 'processed '
	cgbpf verify --log 1 "$refused" $long
	expect_status 1
	says '0: R1=ctx() R10=fp0'
}

test_json() {
	cgbpf verify --json "$refused"
	expect_status 1
	[ ! -s "$tmp/err" ] || fail 'something on standard error'
	expect_json programs.0.program "\"$long\""
	expect_json programs.0.verdict '"refused"'
	expect_json programs.0.errno '"EINVAL"'
	expect_json programs.0.reason "\"$reason\""
	expect_json programs.1.verdict '"ok"'
	expect_json programs.1.insns 2
}

test_usage() {
	cgbpf verify
	expect_error 2 'which object'
	cgbpf verify --log 3 "$refused"
	expect_error 2 '--log 3'
	cgbpf verify --dance "$refused"
	expect_error 2 --dance
	cgbpf verify --log
	expect_error 2 --log
	cgbpf verify "$refused" good better
	expect_error 2 "'better'"
}

test_files() {
	cgbpf verify "$tmp/none"
	expect_error 1 'No such file'
	echo text >"$tmp/text"
	cgbpf verify "$tmp/text"
	expect_error 1 'not a BPF object'
}

run_tests
