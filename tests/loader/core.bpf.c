// SPDX-License-Identifier: BSD-2-Clause
// CO-RE: what the relocations against the object's own, changed, types say.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

// as this file knows them; target.bpf.c has the target's
struct moved {
	int a;
	int b;
} __attribute__((preserve_access_index));

struct moved___gone {
	int missing;
} __attribute__((preserve_access_index));

struct not_there {
	int n;
} __attribute__((preserve_access_index));

enum numbers {
	ONE = 1,
	TWO = 2,
};

__u64 offset_b, size_b, has_missing, has_type, value_of_two, size_of_moved;

SEC("cgroup_skb/egress")
int relocated(struct __sk_buff *skb)
{
	struct moved *moved = NULL;
	struct moved___gone *gone = NULL;

	offset_b =
		__builtin_preserve_field_info(moved->b, BPF_FIELD_BYTE_OFFSET);
	size_b = bpf_core_field_size(moved->b);
	has_missing = bpf_core_field_exists(gone->missing);
	has_type = bpf_core_type_exists(struct not_there);
	value_of_two = bpf_core_enum_value(enum numbers, TWO);
	size_of_moved = bpf_core_type_size(struct moved);
	return 1;
}

char _license[] SEC("license") = "GPL";
