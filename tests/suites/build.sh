#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Builds Linux's own test programs for the verifier, from the sources that
# Debian's linux-source-6.1 installs, unmodified, into OUT:
#
#	build.sh OUT SIDE_LIBRARY [CFLAGS ...]
#
#	OUT/cases	test_verifier's cases: see cases.c
#	OUT/objects	loads BPF objects: see objects.c
#	OUT/progs/*.o	the selftests' programs of the types we have, and those
#			that measure how a verifier scales
#
# What is there and newer than its source stays.  Exits 77, with a reason, if
# something is missing that the tests need.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
side=$(realpath "$2")
shift 2
CC=${CC:-cc} CLANG=${CLANG:-clang}
package=/usr/src/linux-source-6.1.tar.xz

missing()
{
	echo "skipped: $1"
	exit 77
}

[ -r $package ] || missing "no $package: package linux-source-6.1"
[ -r /sys/kernel/btf/vmlinux ] || missing "the kernel has no BTF"
for tool in "$CC" "$CLANG" bpftool xz; do
	command -v "$tool" >/dev/null || missing "no $tool"
done
libbpf=$($CC -print-file-name=libbpf.a)
[ -r "$libbpf" ] || missing "no libbpf.a: package libbpf-dev"

src=$out/src
tests=$src/tools/testing/selftests/bpf
if [ ! -e "$src/.done" ]; then
	mkdir -p "$src"
	tar xf $package -C "$src" --strip-components=1 \
		--wildcards '*/tools/*' '*/include/uapi/*'
	touch "$src/.done"
fi

# ------------------------------------------------------------- test programs

gen=$out/gen
mkdir -p "$gen/verifier" "$out/progs"
[ -s "$gen/vmlinux.h" ] ||
	bpftool btf dump file /sys/kernel/btf/vmlinux format c >"$gen/vmlinux.h"
for file in "$tests"/verifier/*.c; do
	echo "#include \"$file\""
done >"$gen/verifier/tests.h"

wraps=-Wl
for f in syscall close dup3; do
	wraps=$wraps,--wrap=$f
done
flags=(-w -O1 -g "-I$here/.." "-I$gen" "-I$tests" "-I$src/tools/lib"
	"-I$src/tools/include" "-I$src/tools/include/uapi")
links=("$side" "-Wl,-rpath,$(dirname "$side")" "$libbpf" -lelf -lz -lpthread
	$wraps)

# program OUTPUT SOURCE...
program()
{
	local target=$1
	shift
	[ "$target" -nt "$1" ] && [ "$target" -nt "$side" ] && return
	$CC "${flags[@]}" $cflags -o "$target" "$@" "${links[@]}"
}

cflags=$*
program "$out/cases" "$here/cases.c" "$tests/testing_helpers.c" \
	"$tests/cap_helpers.c"
program "$out/objects" "$here/objects.c"

# ------------------------------------------------------------- BPF programs

# what clang for this machine searches, for headers of the C library
includes=$($CLANG -v -E - </dev/null 2>&1 |
	sed -n '/<...> search starts here:/,/End of search list./s|^ \(/.*\)|-idirafter \1|p')
ours='^SEC\("(xdp|tc|classifier|socket|cgroup|sockopt|schedcls)'
scale='^(pyperf|strobemeta|loop[0-9]|test_verif_scale|twfw|test_.*_loop)'

wanted()
{
	local file name
	for file in "$tests"/progs/*.c; do
		name=$(basename "$file" .c)
		if grep -qE "$ours" "$file" || [[ $name =~ $scale ]]; then
			echo "$name"
		fi
	done
}

compile()
{
	local object=$out/progs/$1.bpf.o source=$tests/progs/$1.c
	[ -e "$object" ] || [ -e "$out/progs/$1.failed" ] && return
	# shellcheck disable=SC2086
	$CLANG -g -w -O2 -target bpf -mcpu=v3 -mlittle-endian \
		-D__TARGET_ARCH_x86 -DENABLE_ATOMICS_TESTS "-I$gen" "-I$tests" \
		"-I$src/tools/include/uapi" $includes -c "$source" \
		-o "$object.tmp" 2>"$out/progs/$1.err" || {
		rm -f "$object.tmp"
		mv "$out/progs/$1.err" "$out/progs/$1.failed"
		return 0
	}
	mv "$object.tmp" "$object"
	rm "$out/progs/$1.err"
}

for name in $(wanted); do
	compile "$name"
done
