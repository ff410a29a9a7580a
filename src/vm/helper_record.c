/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers that leave something behind: ring buffer records, socket storages. */
#include "vm/helper_fn.h"

#include "object/map_ringbuf.h"
#include "object/map_sk_storage.h"
#include "vm/sock.h"

HELPER(ringbuf_output)
{
	return ringbuf_output(u64_to_ptr(r1), u64_to_ptr(r2), r3, r4);
}

HELPER(ringbuf_reserve)
{
	return r3 ? 0 : ptr_to_u64(ringbuf_reserve(u64_to_ptr(r1), r2));
}

HELPER(ringbuf_submit)
{
	ringbuf_submit(u64_to_ptr(r1), r2);
	return 0;
}

HELPER(ringbuf_discard)
{
	ringbuf_discard(u64_to_ptr(r1), r2);
	return 0;
}

HELPER(ringbuf_query)
{
	return ringbuf_query(u64_to_ptr(r1), r2);
}

HELPER(sk_storage_get)
{
	struct cgbpf_sock *sk = u64_to_ptr(r2);
	struct map *map = u64_to_ptr(r1);
	void *value;

	if (!sock_is_full(sk) || r4 & ~(u64)BPF_SK_STORAGE_GET_F_CREATE)
		return 0;
	if (r4 & BPF_SK_STORAGE_GET_F_CREATE)
		value = sk_storage_get_or_make(map, &sk->storages,
					       u64_to_ptr(r3));
	else
		value = sk_storage_get(map, &sk->storages);
	return ptr_to_u64(value);
}

HELPER(sk_storage_delete)
{
	struct cgbpf_sock *sk = u64_to_ptr(r2);

	if (!sock_is_full(sk))
		return -EINVAL;
	return sk_storage_delete(u64_to_ptr(r1), &sk->storages);
}
