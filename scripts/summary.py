# SPDX-License-Identifier: BSD-2-Clause
"""Adds up the test logs that scripts/check.sh collected.

usage: summary.py DIRECTORY, with the logs of meson as N.json and failed steps
as N.failed.  A program that says how many cases it ran (as cmocka does, or by
a line "N passed, N failed, N skipped") counts as so many, any other as one.
Prints what failed and was skipped, then the sum; exits 1 after a failure.
"""

import json
import pathlib
import re
import sys

OWN = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.M)
CMOCKA = {
    kind: re.compile(r"^\[  %s *\] (\d+) test\(s\)" % kind, re.M)
    for kind in ("PASSED", "FAILED", "SKIPPED")
}


def cases(test):
    """Passed, failed and skipped cases of one entry of a log."""
    if test["result"] == "SKIP":
        return 0, 0, 1
    text = test.get("stdout", "") + "\n" + test.get("stderr", "")
    own = OWN.search(text)
    if own:
        passed, failed, skipped = map(int, own.groups())
    else:
        found = {k: r.search(text) for k, r in CMOCKA.items()}
        passed, failed, skipped = (
            int(m.group(1)) if m else 0 for m in found.values()
        )
    if test["result"] != "OK":
        # it may have died before it counted
        return passed, max(failed, 1), skipped
    if passed + skipped == 0:
        passed = 1
    return passed, 0, skipped


def why(test):
    """The reason a skipped test gave: its last line."""
    lines = (test.get("stdout", "") + test.get("stderr", "")).split("\n")
    lines = [line for line in lines if line.strip()]
    return lines[-1].strip() if lines else "no reason given"


def main():
    total = [0, 0, 0]
    for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
        if path.suffix == ".failed":
            print("failed: " + path.read_text().strip())
            total[1] += 1
            continue
        if path.suffix != ".json":
            continue
        for line in path.read_text().splitlines():
            test = json.loads(line)
            counts = cases(test)
            total = [a + b for a, b in zip(total, counts)]
            if counts[1]:
                print("failed: " + test["name"])
            if test["result"] == "SKIP":
                print("skipped: %s: %s" % (test["name"], why(test)))
    print("%d passed, %d failed, %d skipped" % tuple(total))
    sys.exit(1 if total[1] or not total[0] else 0)


main()
