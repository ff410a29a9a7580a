#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Builds the command and the examples, then runs them: usage: demo.sh BUILD
set -eu
cd "$(dirname "$0")/.."
build=$1

[ -f "$build/build.ninja" ] ||
	meson setup "$build" --buildtype=release >/dev/null
ninja -C "$build" --quiet demo
exec examples/demo.sh "$build"
