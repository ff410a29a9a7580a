#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# cgbpf replay, from outside.
. "$(dirname "$0")/lib.sh"

v=$OBJECTS/verdicts.bpf.o
count=$EXAMPLES/count.bpf.o
limit=$EXAMPLES/limit.bpf.o
dns=$CAPTURES/dns.pcap	 # 16 packets, 127.0.0.1 to itself
http=$CAPTURES/http.pcap # 36, ditto
ping=$CAPTURES/ping.pcap # 5 from 192.0.2.1, 5 to it
six=$CAPTURES/ipv6.pcap

# ---------------------------------------------------------------- the table

test_counts() {
	cgbpf replay --attach "$count" "$dns"
	expect_success
	expect_line '/ cgroup_inet_egress 16 16 0 0'
	expect_line 'cgroup_inet_ingress 16 16 0 -'
	expect_line 'both_ways / - 0 {packets = 32, bytes = 2304}'
	expect_line 'each_way / cgroup_inet_egress - {packets = 16, bytes = 1152}'
}

test_one_program_alone() {
	cgbpf replay --attach "$count:ingress" "$dns"
	expect_success
	expect_line '/ cgroup_inet_egress 0 16 0 0'
	expect_line 'cgroup_inet_ingress 16 16 0 -'
	expect_no_line 'cgroup_inet_egress *- '
}

# What is dropped on its way out never arrives.
test_drop() {
	cgbpf replay --attach "$v:drop" --attach "$v:in" "$dns"
	expect_success
	expect_line '/ cgroup_inet_egress 16 0 16 0'
	expect_line 'cgroup_inet_ingress 0 0 0 -'
}

test_congestion() {
	cgbpf replay --attach "$v:slow" "$dns"
	expect_success
	expect_line '/ cgroup_inet_egress 16 16 0 16'
	cgbpf replay --attach "$v:drop_slow" "$dns"
	expect_success
	expect_line '/ cgroup_inet_egress 16 0 16 16'
}

test_local_prefixes() {
	cgbpf replay --attach "$count" --local 192.0.2.1 "$ping"
	expect_success
	expect_line '/ cgroup_inet_egress 5 5 0 0'
	expect_line 'cgroup_inet_ingress 5 5 0 -'
	cgbpf replay --attach "$count" --local 192.0.2.0/24 "$ping"
	expect_line '/ cgroup_inet_egress 10 10 0 0'
	expect_line 'cgroup_inet_ingress 10 10 0 -'
	cgbpf replay --attach "$count" --local 192.0.2.2/31 "$ping"
	expect_line '/ cgroup_inet_egress 5 5 0 0'
	cgbpf replay --attach "$count" --local 0.0.0.0/0 "$ping"
	expect_line '/ cgroup_inet_egress 10 10 0 0'
	cgbpf replay --attach "$count" "$ping"
	expect_success
	expect_line '/ cgroup_inet_egress 0 0 0 0'
	expect_line '10 neither from nor to a local prefix (--local): no program saw them'
}

test_ipv6() {
	cgbpf replay --attach "$count" --local ::1 --local 2001:db8::1 "$six"
	expect_success
	expect_line '/ cgroup_inet_egress 39 39 0 0'
	expect_line 'cgroup_inet_ingress 39 39 0 -'
	cgbpf replay --attach "$count" --local 2001:db8::/120 "$six"
	expect_line '/ cgroup_inet_egress 6 6 0 0'
}

# The first filter that fits, else the root.
test_filters() {
	cgbpf replay --attach "$count@/" --cgroup '/a=udp and dst port 5353' \
		--cgroup '/b=udp' --cgroup '/never=udp' "$dns"
	expect_success
	expect_line '/a cgroup_inet_egress 3 3 0 0'
	expect_line '/b cgroup_inet_egress 3 3 0 0'
	expect_line '/never cgroup_inet_egress 0 0 0 0'
	expect_line '/ cgroup_inet_egress 10 10 0 0'
	expect_line 'each_way / cgroup_inet_egress - {packets = 16, bytes = 1152}'
}

# A storage is that of the cgroup of the attachment.
test_hierarchy() {
	cgbpf replay --attach "$count:egress@/a" --attach "$count:egress@/a/b" \
		--cgroup '/a/b/c=tcp' --cgroup '/a=udp' "$dns"
	expect_success
	expect_line '/a/b/c cgroup_inet_egress 10 10 0 0'
	expect_line 'each_way /a cgroup_inet_egress - {packets = 16, bytes = 1152}'
	expect_line '/a/b cgroup_inet_egress - {packets = 10, bytes = 646}'
}

test_override() {
	cgbpf replay --attach "$count:egress@/a,override" \
		--attach "$count:egress@/a/b,override" \
		--cgroup '/a/b=tcp' --cgroup '/a=udp' "$dns"
	expect_success
	expect_line 'each_way /a cgroup_inet_egress - {packets = 6, bytes = 506}'
	expect_line '/a/b cgroup_inet_egress - {packets = 10, bytes = 646}'
}

test_two_objects() {
	cgbpf replay --attach "$v:drop@/a" --attach "$count@/" \
		--cgroup '/a=udp' "$dns"
	expect_success
	expect_line '/a cgroup_inet_egress 6 0 6 0'
	expect_line '/ cgroup_inet_egress 10 10 0 0'
}

test_ways_to_attach() {
	for words in multi preorder before after link link,preorder \
		override single; do
		cgbpf replay --attach "$v:pass@/a,$words" --cgroup /a= "$dns"
		expect_success
		expect_line '/a cgroup_inet_egress 16 16 0 0'
	done
}

# trace says who ran: once before, once after the other one.
test_anchors() {
	cgbpf replay --attach "$v:trace" --attach "$v:trace2,before=trace" \
		--cgroup /a= "$CAPTURES/cooked.pcap" --local 127.0.0.1
	expect_status 0
	[ "$(sed -n 1p "$tmp/err")" = 'trace: second' ] || fail order
	[ "$(sed -n 2p "$tmp/err")" = 'trace: length 80' ] || fail order
	cgbpf replay --attach "$v:trace" --attach "$v:pass,replace=trace" "$dns"
	expect_success
	expect_line 'seen / cgroup_inet_egress - 16'
}

test_generic_section() {
	cgbpf replay --attach "$v:anywhere,egress@/" "$dns"
	expect_status 2
	cgbpf replay --attach "$v:anywhere@/,egress" \
		--attach "$v:anywhere@/,ingress" "$dns"
	expect_success
	expect_line 'seen / cgroup_inet_egress - 16'
	expect_line 'cgroup_inet_ingress - 16'
}

test_values() {
	cgbpf replay --attach "$v:bytes" "$dns"
	expect_success
	expect_line 'plain / cgroup_inet_egress - 01 02 03 04'
	cgbpf replay --attach "$v:per_cpu" --cpus 3 "$dns"
	expect_success
	# which CPU a run is on is for the machine to say
	[ "$(sed -n '/^MAP/,$ s/.* //p' "$tmp/out" |
		awk '{ n++; sum += $1 } END { print n, sum }')" = '4 16' ] ||
		fail 'not 16 on three CPUs'
}

test_per_attachment() {
	cgbpf replay --storage per-attachment --attach "$limit@/a" \
		--attach "$limit@/a/b" --cgroup '/a/b=tcp' "$dns"
	expect_success
	expect_line 'sent /a cgroup_inet_egress - 10'
	# CS-34: the bare key is from 5.9
	cgbpf replay --storage per-attachment --attach "$count" "$dns"
	expect_status 1
	grep -q 'both_ways' "$tmp/err" || fail 'which map?'
	# CS-34: one map, one program
	cgbpf replay --storage per-attachment --attach "$v:pass" \
		--attach "$v:in" "$dns"
	expect_status 1
	head -n 1 "$tmp/err" | grep -q "'in' was refused: Device or resource" ||
		fail 'EBUSY expected'
	cgbpf replay --storage shared --attach "$v:pass" --attach "$v:in" "$dns"
	expect_success
}

# ---------------------------------------------------------------- captures

test_link_types() {
	for kind in raw null vlan qinq pcapng; do
		"$TOOL" $kind "$http" "$tmp/$kind"
		cgbpf replay --attach "$count" "$tmp/$kind"
		expect_success
		expect_line '/ cgroup_inet_egress 36 36 0 0'
		expect_line 'both_ways / - 0 {packets = 72, bytes = 9156}'
		"$TOOL" $kind "$six" "$tmp/$kind"
		cgbpf replay --attach "$count" --local ::1 "$tmp/$kind"
		expect_success
		expect_line '/ cgroup_inet_egress 36 36 0 0'
	done
	cgbpf replay --attach "$count" --local 192.0.2.1 "$CAPTURES/cooked.pcap"
	expect_success
	expect_line '/ cgroup_inet_egress 2 2 0 0'
}

test_standard_input() {
	"$CGBPF" replay --attach "$count" - <"$dns" >"$tmp/out" 2>"$tmp/err"
	status=$?
	expect_success
	expect_line '/ cgroup_inet_egress 16 16 0 0'
}

test_unknown_link_type() {
	"$TOOL" token "$http" "$tmp/token"
	cgbpf replay --attach "$count" "$tmp/token"
	expect_error 1 "$tmp/token" 'IEEE802'
}

# Every way to cut a capture is told, and none leaves anything behind.
test_truncated() {
	size=$(wc -c <"$dns")
	for cut in 1 30 100 $((size - 30)) $((size - 20)) $size; do
		head -c $((size - cut)) "$dns" >"$tmp/cut"
		cgbpf replay --attach "$count" --write "$tmp/never" "$tmp/cut"
		expect_error 1 "$tmp/cut"
		[ -z "$(find "$tmp" -name 'never*')" ] || fail 'half a file'
	done
}

# More was captured than there was: what counts is what there was.
test_impossible_lengths() {
	for n in 0 10 14 33; do
		"$TOOL" wire $n "$dns" "$tmp/short"
		cgbpf replay --attach "$count" "$tmp/short"
		expect_success
		expect_line '16 not IP: no program saw them'
	done
	"$TOOL" wire 34 "$dns" "$tmp/short"
	cgbpf replay --attach "$count" "$tmp/short"
	expect_success
	expect_line 'both_ways / - 0 {packets = 32, bytes = 640}'
}

test_not_a_capture() {
	cgbpf replay --attach "$count" "$v"
	expect_error 1 "$v"
	cgbpf replay --attach "$count" "$tmp/none"
	expect_error 1 "$tmp/none" 'No such file'
	cgbpf replay --attach "$count" "$tmp"
	expect_error 1 "$tmp"
}

# -------------------------------------------------------------------- JSON

test_json() {
	cgbpf replay --json --attach "$count@/a" --cgroup '/a=udp' "$dns"
	expect_success
	expect_json packets 16
	expect_json cgroups.1.path '"/a"'
	expect_json cgroups.1.egress '{"run": 6, "pass": 6, "drop": 0}'
	expect_json cgroups.1.ingress.run 6
	expect_json cgroups.0.path '"/"'
	expect_json cgroups.0.id 1
	expect_json storages.0.map '"both_ways"'
	expect_json storages.0.cgroup '"/a"'
	expect_json storages.0.attach_type null
	expect_json storages.0.cpu 0
	expect_json storages.0.value.packets 12
	expect_json storages.1.attach_type '"cgroup_inet_egress"'
	expect_json storages.1.cpu null
	"$JSON" seconds <"$tmp/out" | grep -qE '^[0-9]+\.[0-9]+$' ||
		fail 'seconds'
}

test_json_odd() {
	cgbpf replay --json --attach "$v:pass@/a\"\\b" "$dns"
	expect_success
	expect_json cgroups.1.path '"/a\"\\b"'
	cgbpf replay --json --attach "$v:bytes" "$dns"
	expect_json storages.0.value '"01 02 03 04"'
	cgbpf replay --json --attach "$v:slow" "$dns"
	expect_json storages '[]'
}

# ------------------------------------------------------------------- --write

test_write() {
	cgbpf replay --attach "$count" --write "$tmp/all.pcap" "$http"
	expect_success
	[ "$("$TOOL" sum "$http")" = "$("$TOOL" sum "$tmp/all.pcap")" ] ||
		fail 'other packets'
	cgbpf replay --attach "$limit" --local 192.0.2.1 \
		--write "$tmp/some.pcap" "$ping"
	expect_success
	[ "$("$TOOL" count "$tmp/some.pcap")" = 9 ] || fail 'not 9 of 10'
	# its own output again, over itself
	cgbpf replay --attach "$v:drop" --local 192.0.2.1 \
		--write "$tmp/some.pcap" "$tmp/some.pcap"
	expect_success
	[ "$("$TOOL" count "$tmp/some.pcap")" = 5 ] || fail 'not 5 of 9'
	cgbpf replay --attach "$v:pass" --write /dev/null "$dns"
	expect_success
}

test_write_fails() {
	cgbpf replay --attach "$count" --write "$tmp/no/such" "$dns"
	expect_error 1 "$tmp/no/such" 'No such file'
	cgbpf replay --attach "$count" --write /dev/full "$dns"
	expect_error 1 /dev/full 'No space'
	echo old >"$tmp/old"
	cgbpf replay --attach "$v:nothing" --write "$tmp/old" "$dns"
	expect_status 1
	[ "$(cat "$tmp/old")" = old ] || fail 'an old file is gone'
}

test_output_fails() {
	status=0
	"$CGBPF" replay --attach "$count" "$dns" >/dev/full 2>"$tmp/err" ||
		status=$?
	: >"$tmp/out"
	expect_error 1 'standard output'
}

# ------------------------------------------------------------- what is refused

test_bad_objects() {
	cgbpf replay --attach "$tmp/none.o" "$dns"
	expect_error 1 "$tmp/none.o" 'No such file'
	cgbpf replay --attach "$dns" "$dns"
	expect_error 1 "$dns" 'not a BPF object'
	: >"$tmp/empty.o"
	cgbpf replay --attach "$tmp/empty.o" "$dns"
	expect_error 1 "$tmp/empty.o"
	size=$(wc -c <"$count")
	for part in 1 2 3 5 8; do
		head -c $((size * part / 9)) "$count" >"$tmp/part.o"
		cgbpf replay --attach "$tmp/part.o" "$dns"
		expect_status 1
		head -n 1 "$tmp/err" | grep -qF "$tmp/part.o" || fail 'which?'
	done
	cgbpf replay --attach "$OBJECTS/foreign.bpf.o" "$dns"
	expect_error 1 foreign.bpf.o
}

test_unknown_program() {
	cgbpf replay --attach "$count:nobody" "$dns"
	expect_error 1 "$count" "'nobody'"
	cgbpf replay --attach "$v:none" "$dns"
	expect_error 1 "$v" "'none'" xdp
	cgbpf replay --attach "$v:anywhere" "$dns"
	expect_error 1 "$v" "'anywhere'"
}

test_refused_program() {
	cgbpf replay --attach "$OBJECTS/refused.bpf.o" "$dns"
	expect_status 1
	head -n 1 "$tmp/err" | grep -q \
		"'a_program_with_a_long_name' was refused: Invalid argument" ||
		fail 'which program?'
	[ "$(wc -l <"$tmp/err")" -ge 2 ] || fail 'no log'
	[ ! -s "$tmp/out" ] || fail 'something on standard output'
	cgbpf replay --attach "$OBJECTS/refused.bpf.o:good" "$dns"
	expect_success
}

test_bad_filter() {
	cgbpf replay --attach "$count" --cgroup '/a=no such thing' "$dns"
	expect_error 1 /a 'no such thing'
}

test_refused_attach() {
	cgbpf replay --attach "$v:pass@/a,single" --attach "$v:drop@/a/b" "$dns"
	expect_error 1 "'drop'" '/a/b' 'cgroup_inet_egress' 'not permitted'
	cgbpf replay --attach "$v:pass" --attach "$v:pass" "$dns"
	expect_error 1 "'pass'" 'Invalid argument'
	cgbpf replay --attach "$v:pass,ingress@/" "$dns"
	expect_status 2
	cgbpf replay --attach "$v:pass" --attach "$v:drop,after=slow" "$dns"
	expect_error 1 "'slow'"
	cgbpf replay --attach "$v:pass" --attach "$v:drop,after=none" "$dns"
	expect_error 1 "$v" "'none'"
}

test_usage() {
	cgbpf replay
	expect_error 2 capture
	cgbpf replay "$dns"
	expect_error 2 attach
	cgbpf replay --attach "$count"
	expect_error 2 capture
	cgbpf replay --attach "$count" "$dns" "$ping"
	expect_error 2 "$ping"
	cgbpf replay --attach
	expect_error 2 attach
	cgbpf replay --nonsense "$dns"
	expect_error 2 nonsense
	cgbpf replay --attach "$count" --local 300.0.0.1 "$dns"
	expect_error 2 300.0.0.1
	for prefix in 10.0.0.0/33 ::/129 10.0.0.0/ /8 '' 1.2.3.4/x; do
		cgbpf replay --attach "$count" --local "$prefix" "$dns"
		expect_error 2 "'$prefix'"
	done
	cgbpf replay --attach "$count" --cgroup udp "$dns"
	expect_error 2 udp
	cgbpf replay --attach "$count" --storage old "$dns"
	expect_error 2 old
	for cpus in 0 -1 4097 x ''; do
		cgbpf replay --attach "$count" --cpus "$cpus" "$dns"
		expect_error 2 "'$cpus'"
	done
	for words in sometimes multi,override multi=x link,single replace \
		before=; do
		cgbpf replay --attach "$count@/,$words" "$dns"
		expect_error 2
	done
	cgbpf replay --attach : "$dns"
	expect_error 2
	cgbpf replay --attach "$count" --write - "$dns"
	expect_error 2 write
}

# --------------------------------------------------------------- who may

# Nothing here needs root, and nothing of ours is closed to others.
test_ordinary_user() {
	[ "$(id -u)" = 0 ] || return 0
	command -v setpriv >/dev/null || return 0
	cp "$CGBPF" "$count" "$dns" "$tmp"
	chmod -R a+rX "$tmp"
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		--bounding-set=-all --inh-caps=-all -- \
		"$tmp/cgbpf" replay --attach "$tmp/count.bpf.o" \
		"$tmp/dns.pcap" >"$tmp/out" 2>"$tmp/err"
	status=$?
	expect_success
	expect_line '/ cgroup_inet_egress 16 16 0 0'
}

# A million packets would say no more: memory does not grow with the capture.
test_flat_memory() {
	"$TOOL" repeat 2000 "$dns" "$tmp/long.pcap"
	cgbpf replay --attach "$v:pass" "$tmp/long.pcap"
	expect_success
	expect_line 'seen / cgroup_inet_egress - 32000'
	# 3.6 MB of capture; the sanitizers need more than can be limited
	[ "${SANITIZED:-}" != yes ] || return 0
	# shellcheck disable=SC3045
	(
		ulimit -d 20000
		cgbpf replay --attach "$v:pass" "$tmp/long.pcap"
		expect_success
	)
}

run_tests
