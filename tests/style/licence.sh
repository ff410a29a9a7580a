#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Every source file says under which licence it is, in its first two lines.
set -eu

scripts/sources.sh '*.[ch]' '*.sh' '*.py' '*.map' meson.build Makefile run |
	xargs -0 awk '
function done()
{
	if (name && !said) {
		print name ": no SPDX line"
		bad = 1
	}
}
FNR == 1 { done(); name = FILENAME; said = 0 }
FNR <= 2 && /SPDX-License-Identifier: BSD-2-Clause/ { said = 1 }
END { done(); exit bad }'
