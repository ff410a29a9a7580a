#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The examples, run: usage: demo.sh BUILD
set -eu
build=$(realpath "$1")
cd "$(dirname "$0")/.."
objects=$build/examples
captures=captures

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$(printf '\033[1m') plain=$(printf '\033[0m')
else
	bold='' plain=''
fi

title() {
	printf '\n%s%s%s\n' "$bold" "== $1" "$plain"
	shift
	printf '%s\n' "$@"
}

show() {
	# the command as a reader would type it
	printf '\n  $ cgbpf replay'
	for arg; do
		case $arg in
		--*) printf ' \\\n      %s' "$arg" ;;
		*[\ =]*) printf " '%s'" "$arg" ;;
		*) printf ' %s' "$arg" ;;
		esac
	done | sed "s|$objects/||g; s|$build/||g"
	printf '\n\n'
	"$build/src/cli/cgbpf" replay "$@"
}

title "1. Counting, per cgroup" \
	"count.bpf.o counts at /site (both programs) and once more, egress only, at" \
	"/site/web.  Every packet of HTTP over loopback leaves, and arrives.  each_way" \
	"is isolated by attach type, both_ways is shared between the two programs."
show --attach "$objects/count.bpf.o@/site" \
	--attach "$objects/count.bpf.o:egress@/site/web" \
	--cgroup '/site/web=tcp port 8080' --cgroup '/site/dns=port 5353' \
	"$captures/http.pcap"

title "2. The same, for DNS" \
	"/site/dns has no program of its own: its packets are counted at /site."
show --attach "$objects/count.bpf.o@/site" \
	--attach "$objects/count.bpf.o:egress@/site/web" \
	--cgroup '/site/web=tcp port 8080' --cgroup '/site/dns=port 5353' \
	"$captures/dns.pcap"

title "3. Dropping" \
	"limit.bpf.o lets four packets leave.  Five pings by 192.0.2.1: the last" \
	"one stays."
show --attach "$objects/limit.bpf.o@/pinger" --cgroup '/pinger=icmp' \
	--local 192.0.2.1 "$captures/ping.pcap"

title "4. IPv6, from a capture of all interfaces" \
	"The one filter that fits first says whose a packet is.  The rest is the root's."
show --attach "$objects/count.bpf.o@/" --attach "$objects/count.bpf.o@/ping" \
	--cgroup '/ping=icmp6[icmp6type] == 128 or icmp6[icmp6type] == 129' \
	--local 2001:db8::1 --local ::1 "$captures/ipv6.pcap"

title "5. Why a program is refused" \
	"careless reads a header that may not be there.  Linux, and its root, would say" \
	"the same." ''
printf '  $ cgbpf verify refused.bpf.o\n\n'
"$build/src/cli/cgbpf" verify "$objects/refused.bpf.o" || [ $? = 1 ]

title "6. One program configures, another one obeys" \
	"A setsockopt program writes the cgroup's storage, a connect4 program reads it." ''
"$objects/config" "$objects/config.bpf.o"

title "7. A device policy" ''
"$objects/device" "$objects/device.bpf.o"

title "8. A page of C" \
	"examples/embed/embed.c: attach, run a packet, read a storage." ''
"$objects/embed" "$objects/embed.bpf.o"
