# SPDX-License-Identifier: BSD-2-Clause
"""Compares what two sides said of the same programs.

usage: compare.py [-d FILE] [-a] KERNEL OURS EXCEPTIONS

KERNEL and OURS have a line a program: see side_print() in side.c; KERNEL may
be a recorded table, with only name, type and verdict.  EXCEPTIONS names those
where we differ from the kernel, as "NAME<tab>reason"; a NAME that ends in *
stands for all that begin so.  -a: every row; -d: differences, by cause, to a
file.

Prints what differs without being an exception, then the figures; exits 1 if
any such program was accepted by us alone, or refused by us alone, or with
another errno.
"""

import argparse
import collections
import pathlib
import re
import sys

# What we load: see ctx_types in src/vm/ctx.c.
TYPES = {
    "socket_filter", "sched_cls", "xdp", "cgroup_skb", "cgroup_sock",
    "cgroup_device", "cgroup_sock_addr", "cgroup_sysctl", "cgroup_sockopt",
}
FIELDS = ("name", "type", "verdict", "processed", "usec", "runs", "message")

# How our verifier says that there is no such helper here.
LACKING = re.compile(
    r"cannot use helper bpf_(\w+)#(\d+)|^(calling kernel function) is not")
HELPERS_MD = pathlib.Path(__file__).parents[2] / "docs/helpers.md"

Row = collections.namedtuple("Row", FIELDS, defaults=(None,) * 4)


def read_rows(path):
    with open(path, encoding="utf-8", errors="replace") as lines:
        rows = (
            Row(*line.rstrip("\n").split("\t", len(FIELDS) - 1))
            for line in lines if line.strip() and not line.startswith("#")
        )
        return {row.name: row for row in rows}


def read_exceptions(path):
    with open(path, encoding="utf-8") as lines:
        return dict(
            line.rstrip("\n").split("\t", 1)
            for line in lines if line.strip() and not line.startswith("#")
        )


def exception_of(name, exceptions):
    """The key that covers @name, or None."""
    if name in exceptions:
        return name
    for key in exceptions:
        if key.endswith("*") and name.startswith(key[:-1]):
            return key
    return None


def accepted(row):
    return row.verdict == "ok"


def helper_numbers():
    """The helpers that we have, for some type of program."""
    text = HELPERS_MD.read_text(encoding="utf-8")
    text = text.split("## What is not here")[0]
    return set(re.findall(r"^\| (\d+) \| `", text, re.M))


def lacking(row, here=frozenset(helper_numbers())):
    """What the program wants that we have for no type of program, or None."""
    what = LACKING.search(row.message or "")
    if not what or what[2] in here:
        return None
    return what[1] or what[3]


def judge(kernel, ours):
    """How two rows of one program compare, as a word."""
    if kernel.verdict == ours.verdict:
        return "same"
    if ours.verdict.startswith("map-"):
        return "map"
    if ours.verdict.startswith(("crash", "exit")):
        return "crash"
    if accepted(ours):
        return "accepted here alone"
    if lacking(ours):
        return "not here"
    if accepted(kernel):
        return "refused here alone"
    return "another errno"


def plain(message):
    """A message without what differs from process to process."""
    return re.sub(r"\bfd \d+\b", "fd N", message or "")


def say(row):
    return "%s %s" % (row.verdict, plain(row.message))


def write_differences(path, found):
    """Grouped by what both sides said, with numbers left out."""
    groups = collections.defaultdict(list)
    for judgement, kernel, ours in found:
        key = (
            judgement,
            re.sub(r"\d+", "#", say(kernel)),
            re.sub(r"\d+", "#", say(ours)),
        )
        groups[key].append((kernel, ours))
    with open(path, "w", encoding="utf-8") as out:
        for key, rows in sorted(
            groups.items(), key=lambda g: (g[0][0], -len(g[1]))
        ):
            kernel, ours = rows[0]
            out.write("## %s (%d)\n" % (key[0], len(rows)))
            out.write("live: %s\nours: %s\n" % (say(kernel), say(ours)))
            for kernel, ours in rows[:12]:
                out.write("- %s [%s]\n" % (kernel.name, kernel.type))
            if len(rows) > 12:
                out.write("- ... %d more\n" % (len(rows) - 12))
            out.write("\n")


def percent(part, whole):
    return "%d of %d (%.2f %%)" % (part, whole, 100 * part / max(whole, 1))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-a", action="store_true")
    parser.add_argument("-d")
    parser.add_argument("kernel")
    parser.add_argument("ours")
    parser.add_argument("exceptions")
    args = parser.parse_args()
    theirs, here = read_rows(args.kernel), read_rows(args.ours)
    exceptions = read_exceptions(args.exceptions)
    used, counts, found = set(), collections.Counter(), []
    words, runs, work = collections.Counter(), collections.Counter(), []

    for name, kernel in theirs.items():
        if kernel.type not in TYPES:
            counts["type " + kernel.type] += 1
            if args.a:
                print("not ours: %s [%s]" % (name, kernel.type))
            continue
        ours = here.get(name, Row(name, kernel.type, "crash-none"))
        judgement = judge(kernel, ours)
        key = exception_of(name, exceptions)
        if kernel.verdict == "none" or kernel.verdict.startswith("map-"):
            counts["not loaded by the kernel either"] += 1
            continue
        if args.a:
            print("%s: %s [%s]\n\tlive: %s\n\tours: %s" % (
                judgement, name, kernel.type, say(kernel), say(ours)))
        if judgement == "map":
            counts["map type " + ours.verdict[4:]] += 1
            continue
        if judgement == "not here":
            counts["not here: " + lacking(ours)] += 1
            continue
        if judgement != "same" and key:
            used.add(key)
            counts["exception"] += 1
            if accepted(ours):
                counts["exception, accepted here alone"] += 1
            continue
        counts[judgement] += 1
        if judgement != "same":
            found.append((judgement, kernel, ours))
            continue
        if kernel.runs is None:
            continue
        if kernel.runs or ours.runs:
            runs[kernel.runs == ours.runs] += 1
            if kernel.runs != ours.runs:
                found.append((
                    "runs",
                    kernel._replace(message="runs " + kernel.runs),
                    ours._replace(message="runs " + ours.runs),
                ))
        if accepted(kernel):
            work.append((int(kernel.processed), int(ours.processed)))
            continue
        same = plain(kernel.message) == plain(ours.message)
        words[same] += 1
        if not same:
            found.append(("message", kernel, ours))

    if args.d:
        write_differences(args.d, found)
    bad = [f for f in found if f[0] not in ("message", "runs")]
    for judgement, kernel, ours in bad:
        print("%s: %s [%s]\n\tlive: %s\n\tours: %s" % (
            judgement, kernel.name, kernel.type, say(kernel), say(ours)))
    for key in exceptions:
        if key not in used and key in theirs:
            print("exception that is none: %s" % key)

    total = counts["same"] + counts["exception"] + len(bad)
    print("programs of our types: %d" % total)
    print("same verdict: %s" % percent(counts["same"], total))
    for judgement in ("accepted here alone", "refused here alone",
                      "another errno", "crash", "exception",
                      "exception, accepted here alone"):
        print("%s: %d" % (judgement, counts[judgement]))
    if words:
        print("same message: %s" % percent(words[True], words.total()))
    if runs:
        print("same results of runs: %s" % percent(runs[True], runs.total()))
    if work:
        print("instructions walked, of accepted: kernel %d, ours %d" % (
            sum(w[0] for w in work), sum(w[1] for w in work)))
    rest = {k: n for k, n in counts.items() if k.startswith(("type", "map", "not"))}
    print("not ours: %s" % ", ".join(
        "%s %d" % item for item in sorted(rest.items())))
    print("%d passed, %d failed, %d skipped" % (
        counts["same"] + counts["exception"], len(bad), sum(rest.values())))
    return 1 if bad else 0


sys.exit(main())
