#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# One archive of one object: our files and libbpf, with the libc calls that
# libbpf makes on bpf fds wrapped, and only our public symbols left to see.
#
# link.sh OUT.a LIBBPF.a OUR.a
set -eu
out=$1 libbpf=$2 ours=$3
tmp=$out.o

wraps=
for f in syscall close dup3 mmap64 mkdir statfs64 unlink setrlimit64; do
	wraps="$wraps --wrap=$f"
done
# shellcheck disable=SC2086
${LD:-ld} -r -o "$tmp" $wraps --whole-archive "$ours" --no-whole-archive \
	"$libbpf"
${OBJCOPY:-objcopy} --wildcard --keep-global-symbol='cgbpf_object_*' \
	--keep-global-symbol='cgbpf_prog_*' --keep-global-symbol='cgbpf_map_*' \
	"$tmp"
rm -f "$out"
${AR:-ar} rcsD "$out" "$tmp"
rm -f "$tmp"
