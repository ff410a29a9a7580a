#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# No C file is longer than can be read in one sitting.
set -eu

scripts/sources.sh '*.[ch]' | xargs -0 awk -v limit=1500 '
FNR == limit + 1 { print FILENAME ": more than " limit " lines"; bad = 1 }
END { exit bad }'
