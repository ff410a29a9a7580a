# SPDX-License-Identifier: BSD-2-Clause
"""What it costs to verify Linux's own scale programs, beside the live kernel.

usage: verify.py OUT [ROUNDS]

OUT: where tests/suites/build.sh has built the test programs.  Each program is
loaded by both sides in turn, ROUNDS times (5); the time is that of the system
call, the least of all rounds.  Programs of a type that we have not are loaded
as the first of our types as which the kernel takes them; those that need a
helper of their type are left out, and named.
"""

import pathlib
import re
import subprocess
import sys

WANTED = re.compile(
    r"^(pyperf|strobemeta|loop\d|test_verif_scale|twfw|test_.*_loop|"
    r"test_l4lb|test_xdp_noinline|core_kern|xdpwall)")
# as Linux's own test of them does; others as their section says
TYPES = {"loop4": "sched_cls", "loop5": "sched_cls", "twfw": "cgroup_skb"}
OURS = ("socket_filter", "sched_cls", "xdp", "cgroup_skb", "cgroup_sock",
        "cgroup_device", "cgroup_sock_addr", "cgroup_sysctl",
        "cgroup_sockopt")


def load(out, side, path, kind=None):
    """A dict of (verdict, processed, usec, message, type) by program."""
    command = [str(out / "objects"), side]
    if kind:
        command += ["-t", kind]
    text = subprocess.run(
        command + [str(path)], capture_output=True, text=True, check=False,
    ).stdout
    rows = {}
    for line in text.splitlines():
        name, of_type, verdict, processed, usec, _, message = \
            line.split("\t", 6)
        rows[name] = (verdict, int(processed), int(usec), message, of_type)
    return rows


def choose(out, path):
    """A type as which the kernel takes the object: None is its own."""
    name = path.name.split(".")[0]
    kinds = [TYPES.get(name)]
    rows = load(out, "live", path, kinds[0])
    if all(row[4] not in OURS for row in rows.values()):
        kinds = [k for k in OURS if all(
            row[0] == "ok" for row in load(out, "live", path, k).values())]
    return kinds[0] if kinds else "none"


def main():
    out = pathlib.Path(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    left_out, total = [], [0, 0]
    print("%-40s %-13s %9s %9s %9s %9s %6s" % (
        "program", "type", "walked", "walked", "ms", "ms", "ratio"))
    print("%-40s %-13s %9s %9s %9s %9s" % (
        "", "", "kernel", "here", "kernel", "here"))
    for path in sorted((out / "progs").glob("*.bpf.o")):
        if not WANTED.match(path.name):
            continue
        kind = choose(out, path)
        if kind == "none":
            left_out.append(path.name.split(".")[0])
            continue
        best = {"live": {}, "env": {}}
        for _ in range(rounds):
            for side, found in best.items():
                for name, row in load(out, side, path, kind).items():
                    if name not in found or row[2] < found[name][2]:
                        found[name] = row
        for name, live in best["live"].items():
            env = best["env"][name]
            if live[0] != env[0]:
                left_out.append("%s (kernel %s, here %s: %s)" % (
                    name, live[0], env[0], env[3]))
                continue
            total[0] += live[2]
            total[1] += env[2]
            print("%-40s %-13s %9d %9d %9.2f %9.2f %6.2f" % (
                name[:40], live[4], live[1], env[1], live[2] / 1000,
                env[2] / 1000, env[2] / max(live[2], 1)), flush=True)
    print("%-40s %-13s %9s %9s %9.2f %9.2f %6.2f" % (
        "all", "", "", "", total[0] / 1000, total[1] / 1000,
        total[1] / max(total[0], 1)))
    if left_out:
        print("left out: " + ", ".join(left_out))


main()
