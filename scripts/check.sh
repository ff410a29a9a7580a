#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Every test, the fast ones first; goes on after a failure.  The last line
# is "N passed, N failed, N skipped".
#
#   build/        release: what people run, and what is installed
#   build-debug/  ASan and UBSan, allocations can be made to fail
#   build-tsan/   TSan, for the suite "threads"
set -u
cd "$(dirname "$0")/.."

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
steps=0

# step NAME COMMAND...: a step that fails counts as one failed test
step()
{
	local name=$1
	shift
	steps=$((steps + 1))
	"$@" && return
	echo "$name" >"$results/$steps.failed"
	echo "FAILED: $name" >&2
	return 1
}

# quietly COMMAND...: its output only if it fails
quietly()
{
	"$@" >"$results/output" 2>&1 && return
	grep -vE "^\\[[0-9]+/[0-9]+\\] (Comp|Link|Gen)" "$results/output" >&2
	return 1
}

# setup DIRECTORY OPTIONS...: once; ninja sees to later changes
setup()
{
	local dir=$1
	shift
	[ ! -f "$dir/build.ninja" ] || return 0
	rm -rf "$dir"
	step "setup of $dir" quietly meson setup "$dir" "$@"
}

build()
{
	echo "== $1: build"
	step "build of $1" quietly ninja -C "$1"
}

# run DIRECTORY WRAPPER SUITE...: keeps the log for the sum
run()
{
	local dir=$1 wrapper=$2 status=0 suites=()
	shift 2
	echo "== $dir: $*"
	for suite; do
		suites+=(--suite "$suite")
	done
	rm -f "$dir"/meson-logs/testlog*.json
	meson test -C "$dir" --no-rebuild --print-errorlogs -t 4 \
		${wrapper:+--wrapper "$wrapper"} "${suites[@]}" || status=$?
	steps=$((steps + 1))
	cat "$dir"/meson-logs/testlog*.json >"$results/$steps.json" || true
	return $status
}

# TSan of this age cannot place its shadow where addresses are too random.
fixed_addresses()
{
	if setarch -R true 2>/dev/null; then
		echo "setarch -R"
	fi
}

setup build --buildtype=release && run build "" style
setup build-debug --buildtype=debug -Db_sanitize=address,undefined &&
	build build-debug &&
	run build-debug "" unit prog fault fuzz cli lockstep suites
[ -f build/build.ninja ] && build build &&
	run build "" unit prog cli lockstep package suites
setup build-tsan --buildtype=debugoptimized -Db_sanitize=thread &&
	build build-tsan && run build-tsan "$(fixed_addresses)" threads

python3 scripts/summary.py "$results"
