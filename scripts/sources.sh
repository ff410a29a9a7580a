#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The tree's own files whose names fit any of the patterns, NUL terminated:
# no builds, nothing hidden by a dot but what belongs to the tree.
set -eu
cd "$(dirname "$0")/.."

names=()
for pattern; do
	names+=(-o -name "$pattern")
done
find . \( -path ./.git -o -path './build*' -o -path './subprojects' \) \
	-prune -o -type f \( "${names[@]:1}" \) -print0 | sort -z
