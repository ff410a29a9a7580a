// SPDX-License-Identifier: BSD-2-Clause
// An object with nothing for cgroups in it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int none(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
