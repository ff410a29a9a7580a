#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# How the captures here were made: real programs, real TCP/IP stacks, in two
# network namespaces of their own.  Not part of the build.  Needs root,
# tcpdump, iproute2, iputils-ping, curl, python3, dnsmasq-base, bind9-dnsutils.
#
# make.sh [DIRECTORY]
set -eu
out=$(realpath "${1:-.}")

if [ "${INSIDE:-}" != yes ]; then
	INSIDE=yes exec unshare --net --mount --pid --fork --mount-proc \
		--kill-child "$0" "$out"
fi

mount -t tmpfs none /run
ip netns add peer
ip link set lo up
ip -n peer link set lo up
ip link add name near type veth peer name far netns peer
ip link set near up
ip addr add 192.0.2.1/24 dev near
ip addr add 2001:db8::1/64 dev near nodad
ip -n peer link set far up
ip -n peer addr add 192.0.2.2/24 dev far
ip -n peer addr add 2001:db8::2/64 dev far nodad
sleep 3

# capture FILE TCPDUMP-ARGUMENTS -- COMMAND
capture() {
	file=$out/$1
	shift
	args=
	while [ "$1" != -- ]; do
		args="$args $1"
		shift
	done
	shift
	# shellcheck disable=SC2086
	tcpdump -q -U -Z root -w "$file" $args 2>/dev/null &
	sleep 1
	"$@" >/dev/null
	sleep 1
	kill $!
	wait $! || true
}

www=$(mktemp -d)
seq 400 >"$www/numbers.txt"
echo 'Hello from a cgroup.' >"$www/index.html"
python3 -m http.server -d "$www" -b 127.0.0.1 8080 2>/dev/null &
python3 -m http.server -d "$www" -b ::1 8080 2>/dev/null &
dnsmasq --keep-in-foreground --no-resolv --no-hosts --bind-interfaces \
	--listen-address=127.0.0.1 --port=5353 --pid-file= --user=root \
	--address=/web.example/192.0.2.80 --txt-record=web.example,cgbpf \
	--host-record=six.example,2001:db8::80 &
sleep 2

fetch() {
	curl -s "http://$1:8080/" "http://$1:8080/numbers.txt" \
		"http://$1:8080/missing"
}
lookup() {
	dig @127.0.0.1 -p 5353 +tries=1 web.example A
	dig @127.0.0.1 -p 5353 +tries=1 web.example TXT
	dig @127.0.0.1 -p 5353 +tries=1 six.example AAAA
	dig @127.0.0.1 -p 5353 +tries=1 +tcp nowhere.example A || true
}
six() {
	ping -q -c 2 -i 0.2 2001:db8::2
	fetch '[::1]'
}

capture ping.pcap -i near icmp -- ping -q -c 5 -i 0.2 192.0.2.2
capture http.pcap -i lo tcp -- fetch 127.0.0.1
capture dns.pcap -i lo port 5353 -- lookup
capture ipv6.pcap -i any -y LINUX_SLL2 ip6 -- six
capture cooked.pcap -i any -y LINUX_SLL icmp or udp -- \
	sh -c 'ping -q -c 2 -i 0.2 192.0.2.2; dig @127.0.0.1 -p 5353 web.example'
