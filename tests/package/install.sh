#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Installs into a directory of its own, then builds and runs a program with
# nothing but what pkg-config says.  usage: install.sh BUILD
set -eu
build=$1

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
DESTDIR=$root meson install -C "$build" --no-rebuild --quiet

prefix=$root$(meson introspect "$build" --buildoptions |
	python3 -c 'import json, sys
print(next(o["value"] for o in json.load(sys.stdin)
	if o["name"] == "prefix"))')
pc=$(find "$root" -name cgbpf.pc)
[ -n "$pc" ] || { echo "no cgbpf.pc"; exit 1; }
export PKG_CONFIG_PATH=${pc%/*} PKG_CONFIG_SYSROOT_DIR=$root
lib=$(dirname "$(find "$root" -name libcgbpf.so)")

cat >"$root/user.c" <<'END'
#include <cgbpf.h>

int main(void)
{
	struct cgbpf_env *env;

	if (cgbpf_env_new(&env, NULL))
		return 1;
	cgbpf_env_free(env);
	return 0;
}
END
# shellcheck disable=SC2046
${CC:-cc} -Wall -Werror -o "$root/user" "$root/user.c" \
	$(pkg-config --cflags --libs cgbpf)
LD_LIBRARY_PATH=$lib "$root/user"
ls "$prefix/include/cgbpf.h" >/dev/null

# The loader with the engine, as the page on embedding says.
embed=examples/embed/embed
# shellcheck disable=SC2046
${CC:-cc} -Wall -Werror -o "$root/embed" $embed.c \
	$(pkg-config --cflags --libs --static cgbpf-loader)
clang -g -O2 -target bpf -idirafter "/usr/include/$(${CC:-cc} \
	-print-multiarch)" -c $embed.bpf.c -o "$root/embed.bpf.o"
LD_LIBRARY_PATH=$lib "$root/embed" "$root/embed.bpf.o" |
	grep -q 'has sent 32 bytes'

# The command finds all it needs by itself, and its page is there.
"$(find "$root" -name cgbpf -path '*/bin/*')" --help >/dev/null
[ -n "$(find "$root" -name 'cgbpf.1*')" ] || { echo "no man page"; exit 1; }
