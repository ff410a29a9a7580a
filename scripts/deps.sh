#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Installs the Debian packages that are missing, or says how to.
# This is the only list of them.
set -eu

packages=(
	# to build
	gcc libc6-dev linux-libc-dev make meson ninja-build pkg-config
	libbpf-dev libelf-dev zlib1g-dev liburcu-dev libpcap-dev libcap-dev
	# to compile BPF programs: the examples and some tests
	clang llvm
	# to test
	libcmocka-dev clang-format cppcheck bpftool util-linux iproute2
)

# Not Debian, or one of its children: trust that meson finds what it needs.
command -v dpkg-query >/dev/null || exit 0

missing=()
for package in "${packages[@]}"; do
	state=$(dpkg-query -W -f '${db:Status-Status}' "$package" \
		2>/dev/null) || state=
	[ "$state" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
	as_root=(sudo)
	if ! sudo -n true 2>/dev/null; then
		echo "Some packages are missing.  To install them:" >&2
		echo "  sudo apt-get install -y ${missing[*]}" >&2
		exit 1
	fi
fi

echo "Installing: ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -q >&2
"${as_root[@]}" apt-get install -y -q --no-install-recommends \
	"${missing[@]}" >&2
