/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RINGBUF.
 *
 * The memory that user space maps is laid out as the kernel's: a page with the
 * consumer's position, one with the producer's, the data, and the data once
 * more, so that a record never wraps.  Positions only grow; modulo the size
 * they are offsets.  A record is a header (length, and a word of our own) and
 * its bytes, padded to 8.
 *
 * 1. Reserving takes the lock, writes the header with the busy bit, then
 *    moves the producer's position (release): who sees the position sees the
 *    header.  A consumer stops at a busy record.
 * 2. Submitting replaces the length at once: without the busy bit, with the
 *    discard bit if the record is to be skipped.
 * 3. There is room for a record if neither unread records nor records since
 *    the oldest busy one come to the whole size.
 * 4. Offsets are always masked, and the producer's position is read from our
 *    own copy: a consumer that writes nonsense to its page loses records only.
 * 5. In front of what user space maps is a page of ours with the ring's
 *    address: the way from a record to its ring.
 */
#include "object/map_ringbuf.h"

#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"

#define RINGBUF_MAX_RECORD (UINT32_MAX / 4)
#define META_SIZE (2 * PAGE_SIZE) /* the positions */

struct ringbuf_header {
	u32 len;
	u32 pages; /* from this header's page back to the owner's */
};
static_assert(sizeof(struct ringbuf_header) == BPF_RINGBUF_HDR_SZ, "uapi");

struct map_ringbuf {
	struct map map;
	u32 lock;
	u32 wakeups; /* futex */
	u64 mask;
	u64 pending; /* position of the oldest record that may be busy */
	u64 produced;
	u8 *memory; /* what there is: the pages, once */
	u8 *owner;  /* the page of (5), then the view */
	u8 *view;   /* what is used and mapped: the data twice */
	size_t view_size;
};

static struct map_ringbuf *to_ringbuf(struct map *map)
{
	return container_of(map, struct map_ringbuf, map);
}

static u64 *consumer_pos(struct map_ringbuf *ring)
{
	return (u64 *)ring->view;
}

static u64 *producer_pos(struct map_ringbuf *ring)
{
	return (u64 *)(ring->view + PAGE_SIZE);
}

static u8 *ring_data(struct map_ringbuf *ring)
{
	return ring->view + META_SIZE;
}

/* ------------------------------------------------------------ making, ending */

static int ringbuf_alloc_check(struct cgbpf_env *env,
			       const struct attr_map_create *attr)
{
	u32 size = attr->max_entries;

	(void)env;
	if (attr->map_flags & ~BPF_F_NUMA_NODE)
		return -EINVAL;
	if (attr->key_size || attr->value_size || !size || size & (size - 1) ||
	    size % PAGE_SIZE)
		return -EINVAL;
	return 0;
}

/*
 * Two views of shared memory: a second mapping of the same pages is what
 * mremap(2) makes of an old size of zero.
 */
static int ring_map(struct map_ringbuf *ring, size_t size)
{
	const int how = MREMAP_MAYMOVE | MREMAP_FIXED;
	u8 *owner, *view;

	ring->view_size = META_SIZE + 2 * size;
	ring->memory = mem_map(META_SIZE + size);
	if (!ring->memory)
		return -ENOMEM;
	owner = mmap(NULL, PAGE_SIZE + ring->view_size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (owner == MAP_FAILED)
		goto unmap_memory;
	view = owner + PAGE_SIZE;
	if (mremap(ring->memory, 0, META_SIZE + size, how, view) != view ||
	    mremap(ring->memory + META_SIZE, 0, size, how,
		   view + META_SIZE + size) != view + META_SIZE + size)
		goto unmap_owner;
	*(struct map_ringbuf **)owner = ring;
	ring->owner = owner;
	ring->view = view;
	return 0;

unmap_owner:
	munmap(owner, PAGE_SIZE + ring->view_size);
unmap_memory:
	mem_unmap(ring->memory, META_SIZE + size);
	return -ENOMEM;
}

static struct map_ringbuf *header_ring(const struct ringbuf_header *header)
{
	u8 *page = u64_to_ptr(ptr_to_u64(header) & ~(u64)(PAGE_SIZE - 1));

	return *(struct map_ringbuf **)(page - (u64)header->pages * PAGE_SIZE);
}

static int ringbuf_alloc(struct map **out, struct cgbpf_env *env,
			 const struct attr_map_create *attr,
			 struct cgbpf_task *task)
{
	struct map_ringbuf *ring = mem_zalloc(sizeof(*ring));
	int err;

	(void)task;
	if (!ring)
		return -ENOMEM;
	map_init(&ring->map, env, attr);
	err = ring_map(ring, attr->max_entries);
	if (err) {
		map_abort(&ring->map);
		mem_free(ring);
		return err;
	}
	ring->mask = attr->max_entries - 1;
	*out = &ring->map;
	return 0;
}

static void ringbuf_free(struct map *map)
{
	struct map_ringbuf *ring = to_ringbuf(map);

	munmap(ring->owner, PAGE_SIZE + ring->view_size);
	mem_unmap(ring->memory, META_SIZE + ring->mask + 1);
	mem_free(ring);
}

/* ------------------------------------------------------------------ records */

static struct ringbuf_header *header_at(struct map_ringbuf *ring, u64 pos)
{
	return (struct ringbuf_header *)(ring_data(ring) + (pos & ring->mask));
}

static u64 record_size(u64 len)
{
	return round_up(len + BPF_RINGBUF_HDR_SZ, 8);
}

/* Moves ring->pending over records that are done, up to the newest. */
static void skip_done(struct map_ringbuf *ring)
{
	while (ring->pending < ring->produced) {
		u32 len = __atomic_load_n(&header_at(ring, ring->pending)->len,
					  __ATOMIC_ACQUIRE);

		if (len & BPF_RINGBUF_BUSY_BIT)
			break;
		ring->pending += record_size(len & ~BPF_RINGBUF_DISCARD_BIT);
	}
}

static struct ringbuf_header *reserve_locked(struct map_ringbuf *ring, u64 size)
{
	u64 end = ring->produced + record_size(size);
	u64 consumed = __atomic_load_n(consumer_pos(ring), __ATOMIC_ACQUIRE);
	struct ringbuf_header *header;

	skip_done(ring);
	if (end - consumed > ring->mask || end - ring->pending > ring->mask)
		return NULL;
	header = header_at(ring, ring->produced);
	__atomic_store_n(&header->len, (u32)size | BPF_RINGBUF_BUSY_BIT,
			 __ATOMIC_RELAXED);
	header->pages = (u32)(((u8 *)header - ring->owner) / PAGE_SIZE);
	ring->produced = end;
	__atomic_store_n(producer_pos(ring), end, __ATOMIC_RELEASE);
	return header;
}

void *ringbuf_reserve(struct map *map, u64 size)
{
	struct map_ringbuf *ring = to_ringbuf(map);
	struct ringbuf_header *header;

	if (size > RINGBUF_MAX_RECORD || record_size(size) > ring->mask + 1)
		return NULL;
	spin_lock(&ring->lock);
	header = reserve_locked(ring, size);
	spin_unlock(&ring->lock);
	return header ? header + 1 : NULL;
}

static void ring_wake(struct map_ringbuf *ring)
{
	__atomic_add_fetch(&ring->wakeups, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &ring->wakeups, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void record_done(void *record, u64 flags, u32 bits)
{
	struct ringbuf_header *header = (struct ringbuf_header *)record - 1;
	struct map_ringbuf *ring = header_ring(header);
	u64 offset = (u64)((u8 *)header - ring_data(ring)), consumed;
	u32 len = header->len & ~BPF_RINGBUF_BUSY_BIT;

	__atomic_store_n(&header->len, len | bits, __ATOMIC_SEQ_CST);
	/* a consumer that has read all else waits for this very record */
	consumed = __atomic_load_n(consumer_pos(ring), __ATOMIC_SEQ_CST);
	if (flags & BPF_RB_FORCE_WAKEUP ||
	    (!(flags & BPF_RB_NO_WAKEUP) && (consumed & ring->mask) == offset))
		ring_wake(ring);
}

void ringbuf_submit(void *record, u64 flags)
{
	record_done(record, flags, 0);
}

void ringbuf_discard(void *record, u64 flags)
{
	record_done(record, flags, BPF_RINGBUF_DISCARD_BIT);
}

int ringbuf_output(struct map *map, const void *data, u64 size, u64 flags)
{
	void *record;

	if (flags & ~(u64)(BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP))
		return -EINVAL;
	record = ringbuf_reserve(map, size);
	if (!record)
		return -EAGAIN;
	memcpy(record, data, size);
	ringbuf_submit(record, flags);
	return 0;
}

u64 ringbuf_query(struct map *map, u64 what)
{
	struct map_ringbuf *ring = to_ringbuf(map);
	u64 consumed = __atomic_load_n(consumer_pos(ring), __ATOMIC_ACQUIRE);
	u64 produced = __atomic_load_n(producer_pos(ring), __ATOMIC_ACQUIRE);

	switch (what) {
	case BPF_RB_AVAIL_DATA:
		return produced - consumed;
	case BPF_RB_RING_SIZE:
		return ring->mask + 1;
	case BPF_RB_CONS_POS:
		return consumed;
	case BPF_RB_PROD_POS:
		return produced;
	default:
		return 0;
	}
}

u32 *ringbuf_wakeups(struct map *map)
{
	return &to_ringbuf(map)->wakeups;
}

static void *ringbuf_mmap(struct map *map, size_t *size)
{
	*size = to_ringbuf(map)->view_size;
	return to_ringbuf(map)->view;
}

static u64 ringbuf_mem_usage(const struct map *map)
{
	return sizeof(struct map_ringbuf) + META_SIZE + map->max_entries;
}

const struct map_ops map_ringbuf_ops = {
	.name = "ringbuf",
	.alloc_check = ringbuf_alloc_check,
	.alloc = ringbuf_alloc,
	.free = ringbuf_free,
	.mmap = ringbuf_mmap,
	.mem_usage = ringbuf_mem_usage,
};
