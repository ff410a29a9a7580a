// SPDX-License-Identifier: BSD-2-Clause
// What users' objects have: a map of each type, global data, static and global
// functions, tail calls and maps of maps with initial values, a spin lock.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define MAP(name, map_type, key_type, value_type, entries, flags) \
	struct {                                                  \
		__uint(type, map_type);                           \
		__uint(max_entries, entries);                     \
		__uint(map_flags, flags);                         \
		__type(key, key_type);                            \
		__type(value, value_type);                        \
	} name SEC(".maps")

struct prefix {
	__u32 len;
	__u8 address[4];
};

struct locked {
	struct bpf_spin_lock lock;
	__u32 n;
};

MAP(array, BPF_MAP_TYPE_ARRAY, __u32, __u64, 2, 0);
MAP(array_mmap, BPF_MAP_TYPE_ARRAY, __u32, __u64, 1, BPF_F_MMAPABLE);
MAP(percpu_array, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, __u64, 2, 0);
MAP(hash, BPF_MAP_TYPE_HASH, __u32, __u64, 16, 0);
MAP(hash_alloc, BPF_MAP_TYPE_HASH, __u32, __u64, 16, BPF_F_NO_PREALLOC);
MAP(percpu_hash, BPF_MAP_TYPE_PERCPU_HASH, __u32, __u64, 16, 0);
MAP(lru_hash, BPF_MAP_TYPE_LRU_HASH, __u32, __u64, 64, 0);
MAP(lru_percpu_hash, BPF_MAP_TYPE_LRU_PERCPU_HASH, __u32, __u64, 64, 0);
MAP(lpm_trie, BPF_MAP_TYPE_LPM_TRIE, struct prefix, __u64, 16,
    BPF_F_NO_PREALLOC);
MAP(locked_hash, BPF_MAP_TYPE_HASH, __u32, struct locked, 16, 0);

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4);
	__type(value, __u64);
} queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 4);
	__type(value, __u64);
} stack SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 16);
	__uint(map_extra, 3);
	__type(value, __u64);
} bloom SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ringbuf SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__uint(value_size, 4);
} cgroup_array SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, struct bpf_cgroup_storage_key);
	__type(value, __u64);
} isolated SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE);
	__type(key, __u64);
	__type(value, __u64);
} shared_percpu SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} of_sockets SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} inner_a SEC(".maps"), inner_b SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 3);
	__type(key, __u32);
	__array(values, struct inner);
} array_of_maps SEC(".maps") = {
	.values = { [0] = &inner_a, [2] = &inner_b },
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct inner);
} hash_of_maps SEC(".maps") = {
	.values = { [0] = &inner_b },
};

int called(struct __sk_buff *skb);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__array(values, int(struct __sk_buff *));
} jumps SEC(".maps") = {
	.values = { [1] = &called },
};

const volatile __u64 step = 5;
__u64 initial = 1000;
__u64 tail_calls;
__u64 errors;
static volatile __u64 hidden = 3;

#define BAD(condition)            \
	do {                      \
		if (condition)    \
			errors++; \
	} while (0)

static __noinline __u64 twice(__u64 n)
{
	return 2 * n;
}

__noinline int add(int a, int b)
{
	return a + b;
}

static __noinline void use_hashes(void)
{
	__u32 key = 1;
	__u64 value = twice(step);
	struct prefix prefix = { 32, { 10, 0, 0, 1 } };

	BAD(bpf_map_update_elem(&array, &key, &value, BPF_ANY));
	BAD(bpf_map_update_elem(&percpu_array, &key, &value, BPF_ANY));
	BAD(bpf_map_update_elem(&hash, &key, &value, BPF_ANY));
	BAD(bpf_map_update_elem(&hash_alloc, &key, &value, BPF_ANY));
	BAD(bpf_map_update_elem(&percpu_hash, &key, &value, BPF_ANY));
	BAD(bpf_map_update_elem(&lru_hash, &key, &value, BPF_ANY));
	BAD(bpf_map_update_elem(&lru_percpu_hash, &key, &value, BPF_ANY));
	BAD(bpf_map_update_elem(&lpm_trie, &prefix, &value, BPF_ANY));
	key = 0;
	BAD(bpf_map_update_elem(&array_mmap, &key, &value, BPF_ANY));
	BAD(bpf_map_push_elem(&queue, &value, BPF_EXIST));
	BAD(bpf_map_push_elem(&stack, &value, BPF_EXIST));
	BAD(bpf_map_push_elem(&bloom, &value, BPF_ANY));
}

static __noinline void use_lock(void)
{
	struct locked empty = { .n = 0 }, *found;
	__u32 key = 7;

	bpf_map_update_elem(&locked_hash, &key, &empty, BPF_NOEXIST);
	found = bpf_map_lookup_elem(&locked_hash, &key);
	if (!found)
		return;
	bpf_spin_lock(&found->lock);
	found->n++;
	bpf_spin_unlock(&found->lock);
}

static __noinline void use_inner(__u32 key, __u64 n)
{
	__u32 zero = 0;
	__u64 *value;
	void *inner = bpf_map_lookup_elem(&array_of_maps, &key);

	BAD(!inner);
	if (!inner)
		return;
	value = bpf_map_lookup_elem(inner, &zero);
	if (value)
		*value += n;
}

static __noinline void use_ringbuf(void)
{
	__u64 *record = bpf_ringbuf_reserve(&ringbuf, 8, 0);

	BAD(!record);
	if (!record)
		return;
	*record = 77;
	bpf_ringbuf_submit(record, 0);
}

SEC("cgroup_skb/egress")
int everything(struct __sk_buff *skb)
{
	__u64 *mine = bpf_get_local_storage(&isolated, 0);
	__u64 *of_cpu = bpf_get_local_storage(&shared_percpu, 0);
	struct bpf_sock *sk = skb->sk;
	__u64 *of_socket = NULL;

	*mine += 1;
	*of_cpu += 2;
	initial += hidden++;
	BAD(add(2, 3) != 5);
	use_hashes();
	use_lock();
	use_inner(0, 1);
	use_inner(2, 10);
	use_ringbuf();
	if (sk)
		sk = bpf_sk_fullsock(sk);
	if (sk)
		of_socket = bpf_sk_storage_get(&of_sockets, sk, 0,
					       BPF_SK_STORAGE_GET_F_CREATE);
	BAD(!of_socket);
	if (of_socket)
		*of_socket += 1;
	bpf_tail_call(skb, &jumps, 1);
	BAD(1);
	return 0;
}

SEC("cgroup_skb/egress")
int called(struct __sk_buff *skb)
{
	tail_calls++;
	return 1;
}

char _license[] SEC("license") = "GPL";
