#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# cgbpf without a command, and its help.
. "$(dirname "$0")/lib.sh"

test_help() {
	cgbpf --help
	expect_success
	grep -q '^  replay ' "$tmp/out" || fail 'no replay'
	cgbpf help
	expect_success
	cgbpf help replay
	expect_success
	for option in attach cgroup local storage write json cpus; do
		grep -q -e "--$option" "$tmp/out" || fail "no --$option"
	done
	cp "$tmp/out" "$tmp/help"
	cgbpf replay --help
	expect_success
	cmp -s "$tmp/out" "$tmp/help" || fail 'two helps'
}

test_version() {
	cgbpf --version
	expect_success
	grep -qx 'cgbpf [0-9]*\.[0-9]*\.[0-9]*' "$tmp/out" || fail 'version'
}

test_no_command() {
	cgbpf
	expect_status 2
	[ ! -s "$tmp/out" ] || fail 'help nobody asked for on standard output'
	cgbpf dance
	expect_error 2 "'dance'"
	cgbpf help dance
	expect_error 2 "'dance'"
	cgbpf --dance
	expect_error 2 --dance
}

run_tests
