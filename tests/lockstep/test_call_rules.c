/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What calls give and take, over whole programs: references, spin locks, tail
 * calls, packets that move, inner maps, formats.  The live kernel says what is
 * right.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/uapi.h"
#include "verdict.h"

#define RESERVE "r1 = map[ring]; r2 = 16; r3 = 0; call bpf_ringbuf_reserve\n"
#define SUBMIT "r2 = 0; call bpf_ringbuf_submit\n"
#define KEY0 "*(u32 *)(r10 - 4) = 0\n"
#define LOOKUP(map)                               \
	"r1 = map[" map "]; r2 = r10; r2 += -4\n" \
	"call bpf_map_lookup_elem\n"
#define FOUND "if r0 == 0 goto out\n"
#define SK_LOOKUP                                                  \
	"*(u64 *)(r10 - 16) = 0; *(u64 *)(r10 - 24) = 0\n"         \
	"r1 = r6; r2 = r10; r2 += -24; r3 = 12; r4 = -1; r5 = 0\n" \
	"call bpf_sk_lookup_tcp\n"
#define OUT "out:\nr0 = 0\nexit\n"
#define TAIL_CALL "r2 = map[progs]; r3 = 0; call bpf_tail_call\n"
#define PACKET                                                      \
	"r2 = *(u32 *)(r6 + 76); r3 = *(u32 *)(r6 + 80); r8 = r2\n" \
	"r2 += 8; if r2 > r3 goto out\n"

static const char *const texts[] = {
	/* ---- references ---- */
	RESERVE "r1 = r0\n" SUBMIT OUT,
	RESERVE FOUND "r1 = r0\n" SUBMIT OUT,
	RESERVE FOUND OUT,
	RESERVE "if r0 != 0 goto out\n" OUT,
	RESERVE FOUND "r6 = r0; r1 = r0\n" SUBMIT "r1 = r6\n" SUBMIT OUT,
	RESERVE FOUND "r6 = r0; r1 = r0\n" SUBMIT "*(u64 *)(r6 + 0) = 1\n" OUT,
	RESERVE FOUND "r6 = r0; r1 = r0\n" SUBMIT
		      "r6 += 1; r0 = r6; exit\n" OUT,
	/* the copy that is compared is enough, also one on the stack */
	RESERVE "r6 = r0\n" FOUND "r1 = r6\n" SUBMIT OUT,
	RESERVE "*(u64 *)(r10 - 8) = r0\n" FOUND
		"r1 = *(u64 *)(r10 - 8)\n" SUBMIT OUT,
	RESERVE "*(u64 *)(r10 - 8) = r0\n" FOUND "r1 = r0\n" SUBMIT
		"r1 = *(u64 *)(r10 - 8); *(u8 *)(r1 + 0) = 1\n" OUT,
	RESERVE "*(u64 *)(r10 - 8) = r0\n" FOUND "*(u64 *)(r10 - 8) = 0\n" OUT,
	RESERVE "r6 = r0\n" RESERVE FOUND "r1 = r0\n" SUBMIT "r0 = r6\n" FOUND
		"r1 = r0\n" SUBMIT OUT,
	RESERVE "r6 = r0\n" RESERVE
		"r7 = r0; if r7 == 0 goto first\nr1 = r7\n" SUBMIT
		"first:\nif r6 == 0 goto out\nr1 = r6\n" SUBMIT OUT,
	RESERVE FOUND "r0 += 8; r1 = r0\n" SUBMIT OUT,
	RESERVE FOUND "*(u64 *)(r0 + 8) = 1; r1 = r0\n" SUBMIT OUT,
	RESERVE FOUND "*(u64 *)(r0 + 9) = 1; r1 = r0\n" SUBMIT OUT,
	RESERVE FOUND "r1 = *(u64 *)(r0 + 0); r1 = r0\n" SUBMIT OUT,
	"call bpf_get_prandom_u32; r2 = r0; r1 = map[ring]; r3 = 0\n"
	"call bpf_ringbuf_reserve\n" FOUND "r1 = r0\n" SUBMIT OUT,
	"call bpf_get_prandom_u32; if r0 != 8 goto out\nr2 = r0\n"
	"r1 = map[ring]; r3 = 0\n"
	"call bpf_ringbuf_reserve\n" FOUND
	"*(u64 *)(r0 + 0) = 1; r1 = r0\n" SUBMIT OUT,
	"r6 = r1\n" SK_LOOKUP FOUND OUT,
	"r6 = r1\n" SK_LOOKUP "r1 = r0; call bpf_sk_release\n" OUT,
	"r6 = r1\n" SK_LOOKUP FOUND "r1 = r0; call bpf_sk_release\n" OUT,
	"r6 = r1\n" SK_LOOKUP FOUND "r7 = *(u32 *)(r0 + 4); r1 = r0\n"
	"call bpf_sk_release\n" OUT,
	"r6 = r1\n" SK_LOOKUP FOUND "r7 = r0; r1 = r0; call bpf_tcp_sock\n"
	"r8 = r0; r1 = r7; call bpf_sk_release\n"
	"if r8 == 0 goto out\nr1 = *(u32 *)(r8 + 0)\n" OUT,
	"r6 = r1\n" SK_LOOKUP FOUND "r7 = r0; r1 = r0; call bpf_sk_fullsock\n"
	"if r0 == 0 goto lost\nr1 = r0; call bpf_sk_release; goto out\n"
	"lost:\nr1 = r7; call bpf_sk_release\n" OUT,
	"r6 = r1\n" SK_LOOKUP FOUND "r7 = r0; r1 = r0; call bpf_sk_fullsock\n"
	"r1 = r7; call bpf_sk_release\n" OUT,
	"r6 = r1; r1 = *(u64 *)(r6 + 168); if r1 == 0 goto out\n"
	"call bpf_sk_release\n" OUT,
	"r6 = r1\n" SK_LOOKUP FOUND "r1 = r0\n" SUBMIT OUT,
	RESERVE FOUND "r1 = r0; call bpf_sk_release\n" OUT,
	/* ---- and functions ---- */
	RESERVE FOUND "r1 = r0; call give\n" OUT "give:\n" SUBMIT
		      "r0 = 0\nexit\n",
	"call take\n" FOUND "r1 = r0\n" SUBMIT OUT "take:\n" RESERVE "exit\n",
	"call take\n" OUT "take:\n" RESERVE "exit\n",
	RESERVE FOUND "r6 = r0; r1 = r0; call give; r1 = r6\n" SUBMIT OUT
		      "give:\n" SUBMIT "r0 = 0\nexit\n",
	"r1 = 5; r2 = func[fn]; r3 = 0; r4 = 0; call bpf_loop\n" OUT
	"fn:\n" RESERVE "r0 = 0\nexit\n",
	"r1 = 5; r2 = func[fn]; r3 = 0; r4 = 0; call bpf_loop\n" OUT
	"fn:\n" RESERVE "if r0 == 0 goto no\nr1 = r0\n" SUBMIT
	"no:\nr0 = 0\nexit\n",
	RESERVE FOUND
	"r6 = r0; *(u64 *)(r10 - 8) = r0; r1 = 5; r2 = func[fn]\n"
	"r3 = r10; r3 += -8; r4 = 0; call bpf_loop\nr1 = r6\n" SUBMIT OUT
	"fn:\nr1 = *(u64 *)(r2 + 0)\n" SUBMIT "r0 = 0\nexit\n",
	RESERVE FOUND
	"r6 = r0; *(u64 *)(r10 - 8) = r0; r1 = 5; r2 = func[fn]\n"
	"r3 = r10; r3 += -8; r4 = 0; call bpf_loop\nr1 = r6\n" SUBMIT OUT
	"fn:\nr1 = *(u64 *)(r2 + 0); *(u64 *)(r1 + 0) = 1; r0 = 0\nexit\n",
	/* ---- tail calls ---- */
	TAIL_CALL OUT,
	"r6 = r1\n" RESERVE FOUND "r7 = r0; r1 = r6\n" TAIL_CALL
	"r1 = r7\n" SUBMIT OUT,
	"r6 = r1\n" PACKET "r1 = r6\n" TAIL_CALL "r0 = *(u8 *)(r8 + 0)\n" OUT,
	"r6 = r1\n" PACKET "r1 = r6; call fn; r0 = *(u8 *)(r8 + 0)\n" OUT
	"fn:\n" TAIL_CALL "r0 = 0\nexit\n",
	"call fn; if r0 == 7 goto out\nr0 = r10\nexit\n" OUT "fn:\n" TAIL_CALL
	"r0 = 7\nexit\n",
	"call fn\n" OUT "fn:\nr6 = r1\n" RESERVE
	"if r0 == 0 goto no\nr7 = r0; r1 = r6\n" TAIL_CALL "r1 = r7\n" SUBMIT
	"no:\nr0 = 0\nexit\n",
	"r6 = r1; call bpf_get_prandom_u32; r3 = r0; r1 = r6\n"
	"r2 = map[progs]; call bpf_tail_call\n" OUT,
	"r2 = map[progs]; r3 = 100; call bpf_tail_call\n" OUT,
	"r2 = map[progs]; r3 = r10; call bpf_tail_call\n" OUT,
	TAIL_CALL "exit\n",
	"*(u64 *)(r10 - 8) = r1; r1 = 5; r2 = func[fn]; r3 = r10; r3 += -8\n"
	"r4 = 0; call bpf_loop\n" OUT "fn:\nr1 = *(u64 *)(r2 + 0)\n" TAIL_CALL
	"r0 = 0\nexit\n",
	/* ---- the old loads of packets ---- */
	"r6 = r1\n" RESERVE FOUND
	"r7 = r0; r0 = *(u8 *)skb[0]; r1 = r7\n" SUBMIT OUT,
	"r6 = r1; r0 = *(u8 *)skb[0]; exit\n",
	"call fn\nexit\nfn:\nr6 = r1; r0 = *(u8 *)skb[0]; exit\n",
	"call fn\nif r0 != 0 goto +1\nr0 = r9\nexit\n"
	"fn:\nr6 = r1; r0 = *(u8 *)skb[0]; r0 = 1; exit\n",
	"call fn\n" OUT "fn:\nr6 = r1\n" RESERVE "if r0 == 0 goto no\nr7 = r0\n"
	"r0 = *(u8 *)skb[0]; r1 = r7\n" SUBMIT "no:\nr0 = 0\nexit\n",
	/* ---- packets that move ---- */
	"r6 = r1\n" PACKET "r1 = r6; r2 = 0; call bpf_skb_pull_data\n"
	"r0 = *(u8 *)(r8 + 0)\n" OUT,
	"r6 = r1\n" PACKET "*(u64 *)(r10 - 8) = r8; r1 = r6; r2 = 0\n"
	"call bpf_skb_pull_data; r8 = *(u64 *)(r10 - 8)\n"
	"r0 = *(u8 *)(r8 + 0)\n" OUT,
	"r6 = r1\n" PACKET
	"r1 = r6; r2 = 0; call fn; r0 = *(u8 *)(r8 + 0)\n" OUT
	"fn:\ncall bpf_skb_pull_data; r0 = 0\nexit\n",
	"r6 = r1\n" PACKET "r1 = r6; call bpf_get_hash_recalc\n"
	"r0 = *(u8 *)(r8 + 0)\n" OUT,
	/* ---- locks ---- */
	KEY0 LOOKUP("locks") "r1 = r0; call bpf_spin_lock\n" OUT,
	KEY0 LOOKUP("locks") "r6 = r0; r1 = r0; call bpf_spin_lock\n"
			     "r1 = r6; call bpf_spin_unlock\n" OUT,
	KEY0 LOOKUP("lock") "r1 = r0; call bpf_spin_lock\n" OUT,
	KEY0 LOOKUP("lock") FOUND
	"r6 = r0; r1 = r0; call bpf_spin_lock\n"
	"*(u64 *)(r6 + 8) = 1; r1 = r6; call bpf_spin_unlock\n" OUT,
	KEY0 LOOKUP("lock") FOUND
	"r6 = r0; r1 = r0; call bpf_spin_lock\n"
	"*(u32 *)(r6 + 0) = 1; r1 = r6; call bpf_spin_unlock\n" OUT,
	KEY0 LOOKUP("lock") FOUND "r6 = r0; r1 = *(u32 *)(r6 + 0)\n" OUT,
	KEY0 LOOKUP("lock") FOUND "r6 = r0\n" LOOKUP("lock") FOUND
	"r7 = r0; r1 = r6; call bpf_spin_lock\n"
	"r1 = r7; call bpf_spin_unlock\n" OUT,
	KEY0 LOOKUP("lock") FOUND "r6 = r0\n" LOOKUP("lock") FOUND
	"r7 = r0; r1 = r6; call bpf_spin_lock; r1 = r7; call "
	"bpf_spin_lock\n" OUT,
	KEY0 LOOKUP("lock") FOUND "r1 = r0; call bpf_spin_unlock\n" OUT,
	KEY0 LOOKUP("lock") FOUND
	"r6 = r0; r1 = r0; call bpf_spin_lock\n"
	"r1 = r6; call bpf_spin_unlock; r1 = r6; call bpf_spin_unlock\n" OUT,
	KEY0 LOOKUP("lock") FOUND
	"r6 = r0; r1 = r0; call bpf_spin_lock\n"
	"call bpf_ktime_get_ns; r1 = r6; call bpf_spin_unlock\n" OUT,
	KEY0 LOOKUP("lock") FOUND "r6 = r0; r1 = r0; call bpf_spin_lock\n"
				  "call fn; r1 = r6; call bpf_spin_unlock\n" OUT
				  "fn:\nr0 = 0\nexit\n",
	KEY0 LOOKUP("lock") FOUND "r6 = r0; r1 = r0; call fn\n"
				  "r1 = r6; call bpf_spin_unlock\n" OUT
				  "fn:\ncall bpf_spin_lock; r0 = 0\nexit\n",
	KEY0 LOOKUP("lock") FOUND "r1 = r0; call fn\n" OUT
				  "fn:\ncall bpf_spin_lock; r0 = 0\nexit\n",
	KEY0 LOOKUP("lock") FOUND
	"r6 = r0; r1 = r0; r1 += 4\n"
	"call bpf_spin_lock; r1 = r6; call bpf_spin_unlock\n" OUT,
	"r6 = map[locks]+0; r1 = r6; call bpf_spin_lock\n"
	"r1 = map[locks]+0; call bpf_spin_unlock\n" OUT,
	"r1 = map[locks]+8; call bpf_spin_lock\n" OUT,
	"r1 = map[locks]+8; r1 += -8; call bpf_spin_lock\n"
	"r1 = map[locks]+0; call bpf_spin_unlock\n" OUT,
	"r6 = map[locks]+0; r1 = r6; call bpf_spin_lock\n"
	"r1 = map[locks2]+0; call bpf_spin_unlock\n" OUT,
	KEY0 LOOKUP("array") FOUND "r1 = r0; call bpf_spin_lock\n" OUT,
	"r6 = r1; r1 = map[locks]+0; call bpf_spin_lock\n"
	"r0 = *(u8 *)skb[0]; r1 = map[locks]+0; call bpf_spin_unlock\n" OUT,
	"r6 = r1; r1 = map[locks]+0; call bpf_spin_lock; r1 = r6\n" TAIL_CALL
	"r1 = map[locks]+0; call bpf_spin_unlock\n" OUT,
	"r1 = map[locks]+0; call bpf_spin_lock\n"
	"r1 = 5; r2 = func[fn]; r3 = 0; r4 = 0; call bpf_loop\n"
	"r1 = map[locks]+0; call bpf_spin_unlock\n" OUT "fn:\nr0 = 0\nexit\n",
	"r1 = 5; r2 = func[fn]; r3 = 0; r4 = 0; call bpf_loop\n" OUT
	"fn:\nr1 = map[locks]+0; call bpf_spin_lock; r0 = 0\nexit\n",
	"r1 = 5; r2 = func[fn]; r3 = 0; r4 = 0; call bpf_loop\n" OUT
	"fn:\nr1 = map[locks]+0; call bpf_spin_lock\n"
	"r1 = map[locks]+0; call bpf_spin_unlock; r0 = 0\nexit\n",
	/* ---- inner maps ---- */
	KEY0 LOOKUP("outer") FOUND
	"r1 = r0; r2 = r10; r2 += -4\n"
	"call bpf_map_lookup_elem; r0 = *(u64 *)(r0 + 0)\n" OUT,
	KEY0 LOOKUP("outer") FOUND "r1 = r0; r2 = r10; r2 += -4\n"
				   "call bpf_map_lookup_elem\n" FOUND
				   "r0 = *(u64 *)(r0 + 8)\n" OUT,
	KEY0 LOOKUP("outer") "r1 = r0; r2 = r10; r2 += -4\n"
			     "call bpf_map_lookup_elem\n" OUT,
	KEY0 LOOKUP("outer_lock") FOUND
	"r6 = r0; r1 = r0; r2 = r10; r2 += -4\n"
	"call bpf_map_lookup_elem\n" FOUND "r7 = r0; r1 = r0\n"
	"call bpf_spin_lock; r1 = r7; call bpf_spin_unlock\n" OUT,
	KEY0 LOOKUP("outer_lock") FOUND "r6 = r0; r1 = r0; r2 = r10; r2 += -4\n"
					"call bpf_map_lookup_elem\n" FOUND
					"r7 = r0\n" LOOKUP("outer_lock") FOUND
	"r1 = r0; r2 = r10; r2 += -4\n"
	"call bpf_map_lookup_elem\n" FOUND "r8 = r0; r1 = r7\n"
	"call bpf_spin_lock; r1 = r8; call bpf_spin_unlock\n" OUT,
	/* ---- constant keys ---- */
	KEY0 LOOKUP("array") "r0 = *(u64 *)(r0 + 0)\n" OUT,
	"*(u32 *)(r10 - 4) = 3\n" LOOKUP("array") "r0 = *(u64 *)(r0 + 0)\n" OUT,
	"*(u32 *)(r10 - 8) = 3\n"
	"r1 = map[array]; r2 = r10; r2 += -8; call bpf_map_lookup_elem\n"
	"r0 = *(u64 *)(r0 + 0)\n" OUT,
	"*(u32 *)(r10 - 8) = 4\n"
	"r1 = map[array]; r2 = r10; r2 += -8; call bpf_map_lookup_elem\n"
	"r0 = *(u64 *)(r0 + 0)\n" OUT,
	"*(u64 *)(r10 - 8) = 0\n"
	"r1 = map[array]; r2 = r10; r2 += -8; call bpf_map_lookup_elem\n"
	"r0 = *(u64 *)(r0 + 0)\n" OUT,
	"r1 = 2; *(u32 *)(r10 - 8) = r1\n"
	"r1 = map[array]; r2 = r10; r2 += -8; call bpf_map_lookup_elem\n"
	"r0 = *(u64 *)(r0 + 0)\n" OUT,
	"call bpf_get_prandom_u32; *(u32 *)(r10 - 8) = r0\n"
	"r1 = map[array]; r2 = r10; r2 += -8; call bpf_map_lookup_elem\n"
	"r0 = *(u64 *)(r0 + 0)\n" OUT,
	/* the constant differs by path: one of them is too large */
	"call bpf_get_prandom_u32; r6 = 0; if r0 == 0 goto +1\nr6 = 9\n"
	"*(u32 *)(r10 - 8) = r6\n"
	"r1 = map[array]; r2 = r10; r2 += -8; call bpf_map_lookup_elem\n"
	"r0 = *(u64 *)(r0 + 0)\n" OUT,
	/* ---- formats: "%d and %d" ---- */
	"*(u64 *)(r10 - 8) = 0; *(u64 *)(r10 - 16) = 0; r1 = 0; r2 = 0\n"
	"r3 = map[text]+0; r4 = r10; r4 += -16; r5 = 16\n"
	"call bpf_snprintf\n" OUT,
	"*(u64 *)(r10 - 8) = 0; *(u64 *)(r10 - 16) = 0; r1 = 0; r2 = 0\n"
	"r3 = map[text]+0; r4 = r10; r4 += -16; r5 = 8\n"
	"call bpf_snprintf\n" OUT,
	"*(u64 *)(r10 - 8) = 0; *(u64 *)(r10 - 16) = 0; r1 = 0; r2 = 0\n"
	"r3 = map[text]+3; r4 = r10; r4 += -16; r5 = 8\n"
	"call bpf_snprintf\n" OUT,
	"*(u64 *)(r10 - 8) = 0; *(u64 *)(r10 - 16) = 0; r1 = 0; r2 = 0\n"
	"r3 = map[text]+0; r4 = r10; r4 += -16; r5 = 15\n"
	"call bpf_snprintf\n" OUT,
	"r1 = r10; r1 += -8; r2 = 8; r3 = map[text]+9; r4 = 0; r5 = 0\n"
	"call bpf_snprintf\n" OUT,
	"r1 = map[thawed]+0; r2 = 8; r3 = map[text]+9; r4 = 0; r5 = 0\n"
	"call bpf_snprintf\n" OUT,
	"call bpf_get_prandom_u32; r5 = r0; r5 &= 8; *(u64 *)(r10 - 8) = 0\n"
	"r1 = 0; r2 = 0; r3 = map[text]+7; r4 = r10; r4 += -8\n"
	"call bpf_snprintf\n" OUT,
	/* ---- numbers ---- */
	"call bpf_get_smp_processor_id; r1 = map[array]+0; r1 += r0\n"
	"r0 = *(u8 *)(r1 + 0)\n" OUT,
	"call bpf_get_numa_node_id; r1 = map[array]+0; r1 += r0\n"
	"r0 = *(u8 *)(r1 + 0)\n" OUT,
	"r1 = r10; r1 += -16; r2 = 16; call bpf_get_current_comm\n"
	"r0 = *(u64 *)(r10 - 8)\n" OUT,
	/* ---- two references in one call ---- */
	RESERVE FOUND "r6 = r0; r1 = map[hash]; r2 = r6; r3 = r6; r4 = 0\n"
		      "call bpf_map_update_elem; r1 = r6\n" SUBMIT OUT,
	/* ---- no such helper ---- */
	"call 0\n" OUT,
	"call 92\n" OUT,
	"call 212\n" OUT,
	"call -1\n" OUT,
	"call 2147483647\n" OUT,
};

static void make_map(const char *name, u32 type, u32 max, u32 flags, char value,
		     const char *inner)
{
	bool ring = type == BPF_MAP_TYPE_RINGBUF;
	bool wide = value || type == BPF_MAP_TYPE_ARRAY;
	const struct attr_map_create attr = {
		.map_type = type,
		.key_size = ring ? 0 : 4,
		.value_size = ring   ? 0
			      : wide ? 16
				     : 4,
		.max_entries = max,
		.map_flags = flags,
	};

	verdict_map(name, &attr, value, inner);
}

static void make_maps(void)
{
	static const char text[16] = "%d and %d";

	make_map("array", BPF_MAP_TYPE_ARRAY, 4, 0, 'n', NULL);
	make_map("hash", BPF_MAP_TYPE_HASH, 4, 0, 'n', NULL);
	make_map("lock", BPF_MAP_TYPE_HASH, 4, 0, 'l', NULL);
	make_map("locks", BPF_MAP_TYPE_ARRAY, 1, 0, 'l', NULL);
	make_map("locks2", BPF_MAP_TYPE_ARRAY, 1, 0, 'l', NULL);
	make_map("ring", BPF_MAP_TYPE_RINGBUF, 4096, 0, 0, NULL);
	make_map("progs", BPF_MAP_TYPE_PROG_ARRAY, 4, 0, 0, NULL);
	make_map("outer", BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 0, 0, "array");
	make_map("outer_lock", BPF_MAP_TYPE_HASH_OF_MAPS, 4, 0, 0, "lock");
	make_map("text", BPF_MAP_TYPE_ARRAY, 1, BPF_F_RDONLY_PROG, 0, NULL);
	make_map("thawed", BPF_MAP_TYPE_ARRAY, 1, BPF_F_RDONLY_PROG, 0, NULL);
	verdict_freeze("text", text);
}

int main(void)
{
	verdict_init();
	make_maps();
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		verdict_load(BPF_PROG_TYPE_SCHED_CLS, 0, texts[i]);
	verdict_exit();
	printf("%u programs, %u accepted by the kernel: %u verdicts, %u "
	       "errnos, %u reasons differ\n",
	       verdict_count.loads, verdict_count.accepted, verdict_count.wrong,
	       verdict_count.errnos, verdict_count.reasons);
	return verdict_count.wrong || verdict_count.errnos ||
	       verdict_count.reasons;
}
