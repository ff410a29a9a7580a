#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Linux's own verifier tests: our verdicts beside the live kernel's, or, where
# it does not let us load programs, beside those recorded in expected/.
#
#	run.sh cases|objects OUT SIDE_LIBRARY [CFLAGS ...]
#
# With RECORD=1 the live kernel's verdicts are written to expected/.
set -u
here=$(cd "$(dirname "$0")" && pwd)
suite=$1 out=$2
shift
# two builds may want to unpack and compile into one directory
mkdir -p "$out"
exec 9>"$out/lock"
flock 9
"$here/build.sh" "$@" || exit $?
flock -u 9

inputs=()
[ "$suite" = cases ] || inputs=("$out"/progs/*.o)
expected=$here/expected/$suite
kernel=$out/$suite.live ours=$out/$suite.env

"$out/$suite" env ${inputs[@]+"${inputs[@]}"} >"$ours" 2>"$ours.err" || {
	cat "$ours.err"
	exit 1
}
# one load tells whether the live kernel takes programs from us, and is the one
# that we follow
if [ "$(uname -r | cut -d. -f1,2)" = 6.18 ] &&
	"$out/cases" live 0 2>/dev/null | grep -q EACCES; then
	echo "beside the live kernel"
	"$out/$suite" live ${inputs[@]+"${inputs[@]}"} \
		>"$kernel" 2>"$kernel.err"
	[ -z "${RECORD:-}" ] || {
		echo "# What Linux 6.18 said: name, type, verdict."
		cut -f1-3 "$kernel"
	} >"$expected"
else
	echo "beside the recorded verdicts"
	kernel=$expected
fi
python3 "$here/compare.py" "$kernel" "$ours" "$here/exceptions"
