/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every helper of the table in every type of program, with each argument as it
 * should be but one, which is each of the things that a register can be; and
 * what can be done with its result.  The live kernel says what is right.
 *
 * --all: in each type of program; else in one all of them, in the others some
 * of those that have been tried there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object/prog.h"
#include "verdict.h"
#include "vm/helper.h"

#define TEXT_MAX 4096
#define MAX_ARGS 5
#define SAMPLE 7 /* one of so many */

/* ------------------------------------------------------------- programs */

static const struct prog_row {
	u32 type, attach_type;
	const char *sock;   /* R7: a socket of the context, if there is one */
	const char *packet; /* R9 to R8: the packet */
} progs[] = {
	{ BPF_PROG_TYPE_SOCKET_FILTER, 0, NULL, NULL },
	{ BPF_PROG_TYPE_SCHED_CLS, 0, "r7 = *(u64 *)(r6 + 168)",
	  "r9 = *(u32 *)(r6 + 76); r8 = *(u32 *)(r6 + 80)" },
	{ BPF_PROG_TYPE_XDP, 0, NULL,
	  "r9 = *(u32 *)(r6 + 0); r8 = *(u32 *)(r6 + 4)" },
	{ BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS,
	  "r7 = *(u64 *)(r6 + 168)",
	  "r9 = *(u32 *)(r6 + 76); r8 = *(u32 *)(r6 + 80)" },
	{ BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE, NULL, NULL },
	{ BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE, NULL, NULL },
	{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT,
	  "r7 = *(u64 *)(r6 + 64)", NULL },
	{ BPF_PROG_TYPE_CGROUP_SYSCTL, BPF_CGROUP_SYSCTL, NULL, NULL },
	{ BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_SETSOCKOPT,
	  "r7 = *(u64 *)(r6 + 0)",
	  "r9 = *(u64 *)(r6 + 8); r8 = *(u64 *)(r6 + 16)" },
};

/* ----------------------------------------------------------------- maps */

static const struct map_row {
	const char *name;
	u32 type, key_size, value_size, max_entries, flags;
	char value;
	const char *inner;
} maps[] = {
	{ "array", BPF_MAP_TYPE_ARRAY, 4, 16, 4, 0, 'n', NULL },
	{ "hash", BPF_MAP_TYPE_HASH, 4, 16, 4, 0, 'n', NULL },
	{ "lock", BPF_MAP_TYPE_HASH, 4, 16, 4, 0, 'l', NULL },
	{ "locks", BPF_MAP_TYPE_ARRAY, 4, 16, 1, 0, 'l', NULL },
	{ "percpu", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 16, 4, 0, 0, NULL },
	{ "percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, 4, 16, 4, 0, 0, NULL },
	{ "lru", BPF_MAP_TYPE_LRU_HASH, 4, 16, 4, 0, 0, NULL },
	{ "lpm", BPF_MAP_TYPE_LPM_TRIE, 8, 16, 4, BPF_F_NO_PREALLOC, 0, NULL },
	{ "progs", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0, 0, NULL },
	{ "cgroups", BPF_MAP_TYPE_CGROUP_ARRAY, 4, 4, 4, 0, 0, NULL },
	{ "ring", BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0, 0, NULL },
	{ "storage", BPF_MAP_TYPE_CGROUP_STORAGE, 16, 16, 0, 0, 0, NULL },
	{ "storages", BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, 8, 16, 0, 0, 0,
	  NULL },
	{ "outer", BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 4, 0, 0, "array" },
	{ "outer_hash", BPF_MAP_TYPE_HASH_OF_MAPS, 4, 4, 4, 0, 0, "lock" },
	{ "queue", BPF_MAP_TYPE_QUEUE, 0, 16, 4, 0, 0, NULL },
	{ "stack", BPF_MAP_TYPE_STACK, 0, 16, 4, 0, 0, NULL },
	{ "bloom", BPF_MAP_TYPE_BLOOM_FILTER, 0, 16, 4, 0, 0, NULL },
	{ "sk", BPF_MAP_TYPE_SK_STORAGE, 4, 16, 0, BPF_F_NO_PREALLOC, 'n',
	  NULL },
	{ "text", BPF_MAP_TYPE_ARRAY, 4, 16, 1, BPF_F_RDONLY_PROG, 0, NULL },
	{ "thawed", BPF_MAP_TYPE_ARRAY, 4, 16, 1, BPF_F_RDONLY_PROG, 0, NULL },
	{ "read_hash", BPF_MAP_TYPE_HASH, 4, 16, 4, BPF_F_RDONLY_PROG, 0,
	  NULL },
	{ "write_only", BPF_MAP_TYPE_ARRAY, 4, 16, 1, BPF_F_WRONLY_PROG, 0,
	  NULL },
	{ "read_queue", BPF_MAP_TYPE_QUEUE, 0, 16, 4, BPF_F_RDONLY_PROG, 0,
	  NULL },
};

static const struct map_row *map_for(u32 helper)
{
	for (size_t i = 0; i < ARRAY_SIZE(maps); i++)
		if (helper_takes_map(helper, maps[i].type))
			return &maps[i];
	return &maps[0];
}

static void make_maps(void)
{
	static const char text[16] = "%d and %d";

	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		const struct map_row *row = &maps[i];
		const struct attr_map_create attr = {
			.map_type = row->type,
			.key_size = row->key_size,
			.value_size = row->value_size,
			.max_entries = row->max_entries,
			.map_flags = row->flags,
		};

		verdict_map(row->name, &attr, row->value, row->inner);
	}
	verdict_freeze("text", text);
}

/* -------------------------------------------------- what a register can be */

#define KEY "r2 = r10; r2 += -16; "
#define CONST_KEY "*(u32 *)(r10 - 16) = 0; "
#define LOOKUP(map) "r1 = map[" map "]; " KEY "call bpf_map_lookup_elem; "
#define RANDOM "call bpf_get_prandom_u32; "
#define SK_LOOKUP(which)                                                \
	"r1 = r6; r2 = r10; r2 += -64; r3 = 12; r4 = -1; r5 = 0; call " \
	"bpf_" which "; "

/* struct thing's needs */
#define NEEDS_PACKET 1u
#define NEEDS_SOCK 2u
#define NEEDS_LOOKUP 4u
#define NEEDS_CGROUP 8u
#define NEEDS_FUNC 16u
#define NEEDS_META 32u

static const struct thing {
	const char *name;
	const char *make; /* in R9; NULL: not at all */
	u32 needs;
	const char *after; /* the call: gives it back */
} things[] = {
	{ "nothing", NULL, 0, NULL },
	{ "0", "r9 = 0", 0, NULL },
	{ "1", "r9 = 1", 0, NULL },
	{ "8", "r9 = 8", 0, NULL },
	{ "16", "r9 = 16", 0, NULL },
	{ "200", "r9 = 200", 0, NULL },
	{ "-1", "r9 = -1", 0, NULL },
	{ "1 << 29", "r9 = 536870912", 0, NULL },
	{ "1 << 32", "r9 = 4294967296 ll", 0, NULL },
	{ "any", RANDOM "r9 = r0", 0, NULL },
	{ "0 to 7", RANDOM "r9 = r0; r9 &= 7", 0, NULL },
	{ "1 to 8", RANDOM "r9 = r0; r9 &= 7; r9 += 1", 0, NULL },
	{ "0 to 255", RANDOM "r9 = r0; r9 &= 255", 0, NULL },
	{ "context", "r9 = r6", 0, NULL },
	{ "context + 8", "r9 = r6; r9 += 8", 0, NULL },
	{ "fp", "r9 = r10", 0, NULL },
	{ "fp-1", "r9 = r10; r9 += -1", 0, NULL },
	{ "fp-4", "r9 = r10; r9 += -4", 0, NULL },
	{ "fp-16", "r9 = r10; r9 += -16", 0, NULL },
	{ "fp-17", "r9 = r10; r9 += -17", 0, NULL },
	{ "fp-512", "r9 = r10; r9 += -512", 0, NULL },
	{ "fp-520", "r9 = r10; r9 += -520", 0, NULL },
	{ "fp-32 to -25", RANDOM "r0 &= 7; r9 = r10; r9 += -32; r9 += r0", 0,
	  NULL },
	{ "a spilled pointer", "*(u64 *)(r10 - 80) = r6; r9 = r10; r9 += -80",
	  0, NULL },
	{ "value or NULL", LOOKUP("hash") "r9 = r0", 0, NULL },
	{ "value", LOOKUP("hash") "if r0 == 0 goto out; r9 = r0", 0, NULL },
	{ "value + 8", LOOKUP("hash") "if r0 == 0 goto out; r9 = r0; r9 += 8",
	  0, NULL },
	{ "value + 1", LOOKUP("hash") "if r0 == 0 goto out; r9 = r0; r9 += 1",
	  0, NULL },
	{ "value - 1", LOOKUP("hash") "if r0 == 0 goto out; r9 = r0; r9 += -1",
	  0, NULL },
	{ "value + 0 to 7",
	  LOOKUP("hash") "if r0 == 0 goto out; r9 = r0; " RANDOM
			 "r0 &= 7; r9 += r0",
	  0, NULL },
	{ "value of a wide key", LOOKUP("array") "r9 = r0", 0, NULL },
	{ "value of a constant key", CONST_KEY LOOKUP("array") "r9 = r0", 0,
	  NULL },
	{ "value of a key beyond",
	  "*(u32 *)(r10 - 16) = 4; " LOOKUP("array") "r9 = r0", 0, NULL },
	{ "value of a negative key",
	  "*(u32 *)(r10 - 16) = -1; " LOOKUP("array") "r9 = r0", 0, NULL },
	{ "value of a per-CPU array", CONST_KEY LOOKUP("percpu") "r9 = r0", 0,
	  NULL },
	{ "value of a per-CPU hash",
	  LOOKUP("percpu_hash") "if r0 == 0 goto out; r9 = r0", 0, NULL },
	{ "value with a lock", LOOKUP("lock") "if r0 == 0 goto out; r9 = r0", 0,
	  NULL },
	{ "value + 4 with a lock",
	  LOOKUP("lock") "if r0 == 0 goto out; r9 = r0; r9 += 4", 0, NULL },
	{ "value + 8 with a lock",
	  LOOKUP("lock") "if r0 == 0 goto out; r9 = r0; r9 += 8", 0, NULL },
	{ "locked",
	  LOOKUP("lock") "if r0 == 0 goto out; r9 = r0; r1 = r9; "
			 "call bpf_spin_lock",
	  0, "r1 = r9; call bpf_spin_unlock" },
	{ "other lock than locked",
	  LOOKUP("lock") "if r0 == 0 goto out; r9 = r0;" LOOKUP(
		  "lock") "if r0 == 0 goto out; r1 = r0; call bpf_spin_lock",
	  0, NULL },
	{ "locked by constant key",
	  CONST_KEY LOOKUP("locks") "r9 = r0; r1 = r9; call bpf_spin_lock", 0,
	  NULL },
	{ "direct value with a lock", "r9 = map[locks]+0", 0, NULL },
	{ "direct value, locked elsewhere",
	  "r9 = map[locks]+0; " CONST_KEY LOOKUP(
		  "locks") "r1 = r0; call bpf_spin_lock",
	  0, NULL },
	{ "direct value", "r9 = map[thawed]+0", 0, NULL },
	{ "constant text", "r9 = map[text]+0", 0, NULL },
	{ "constant text + 9", "r9 = map[text]+9", 0, NULL },
	{ "constant text moved", "r9 = map[text]+0; r9 += 1", 0, NULL },
	{ "constant text before", "r9 = map[text]+0; r9 += -1", 0, NULL },
	{ "constant text after", "r9 = map[text]+0; r9 += 16", 0, NULL },
	{ "constant text somewhere",
	  RANDOM "r0 &= 7; r9 = map[text]+0; r9 += r0", 0, NULL },
	{ "constant text by key", CONST_KEY LOOKUP("text") "r9 = r0", 0, NULL },
	{ "value that is read only", CONST_KEY LOOKUP("thawed") "r9 = r0", 0,
	  NULL },
	{ "value of a read only hash",
	  LOOKUP("read_hash") "if r0 == 0 goto out; r9 = r0", 0, NULL },
	{ "value that is write only", CONST_KEY LOOKUP("write_only") "r9 = r0",
	  0, NULL },
	{ "inner map or NULL", LOOKUP("outer") "r9 = r0", 0, NULL },
	{ "inner map", LOOKUP("outer") "if r0 == 0 goto out; r9 = r0", 0,
	  NULL },
	{ "inner map of a hash",
	  LOOKUP("outer_hash") "if r0 == 0 goto out; r9 = r0", 0, NULL },
	{ "inner map's value or NULL",
	  LOOKUP("outer") "if r0 == 0 goto out; r1 = r0; " KEY
			  "call bpf_map_lookup_elem; r9 = r0",
	  0, NULL },
	{ "inner map's value with a lock",
	  LOOKUP("outer_hash") "if r0 == 0 goto out; r1 = r0; " KEY
			       "call bpf_map_lookup_elem; "
			       "if r0 == 0 goto out; r9 = r0",
	  0, NULL },
	{ "storage",
	  "r1 = map[storage]; r2 = 0; call bpf_get_local_storage; "
	  "r9 = r0",
	  NEEDS_CGROUP, NULL },
	{ "storage + 16",
	  "r1 = map[storage]; r2 = 0; call bpf_get_local_storage; "
	  "r9 = r0; r9 += 16",
	  NEEDS_CGROUP, NULL },
	{ "record or NULL",
	  "r1 = map[ring]; r2 = 16; r3 = 0; call bpf_ringbuf_reserve; r9 = r0",
	  0, NULL },
	{ "record",
	  "r1 = map[ring]; r2 = 16; r3 = 0; call bpf_ringbuf_reserve; "
	  "if r0 == 0 goto out; r9 = r0",
	  0, "r1 = r9; r2 = 0; call bpf_ringbuf_discard" },
	{ "record + 8",
	  "r1 = map[ring]; r2 = 16; r3 = 0; call bpf_ringbuf_reserve; "
	  "if r0 == 0 goto out; r9 = r0; r9 += 8",
	  0, "r1 = r9; r1 += -8; r2 = 0; call bpf_ringbuf_discard" },
	{ "record + 0 to 7",
	  "r1 = map[ring]; r2 = 16; r3 = 0; call bpf_ringbuf_reserve; "
	  "if r0 == 0 goto out; *(u64 *)(r10 - 80) = r0; r9 = r0; " RANDOM
	  "r0 &= 7; r9 += r0",
	  0, "r1 = *(u64 *)(r10 - 80); r2 = 0; call bpf_ringbuf_discard" },
	{ "submitted record",
	  "r1 = map[ring]; r2 = 16; r3 = 0; call bpf_ringbuf_reserve; "
	  "if r0 == 0 goto out; r9 = r0; r1 = r0; r2 = 0; "
	  "call bpf_ringbuf_submit",
	  0, NULL },
	{ "packet", "if r9 > r8 goto out", NEEDS_PACKET, NULL },
	{ "packet of 32", "r0 = r9; r0 += 32; if r0 > r8 goto out",
	  NEEDS_PACKET, NULL },
	{ "packet of 32, - 1",
	  "r0 = r9; r0 += 32; if r0 > r8 goto out; r9 -= 1", NEEDS_PACKET,
	  NULL },
	{ "packet end", "r9 = r8", NEEDS_PACKET, NULL },
	{ "meta data", "r9 = *(u32 *)(r6 + 8)", NEEDS_META, NULL },
	{ "socket or NULL", "r9 = r7", NEEDS_SOCK, NULL },
	{ "socket", "if r7 == 0 goto out; r9 = r7", NEEDS_SOCK, NULL },
	{ "socket + 8", "if r7 == 0 goto out; r9 = r7; r9 += 8", NEEDS_SOCK,
	  NULL },
	{ "full socket",
	  "if r7 == 0 goto out; r1 = r7; call bpf_sk_fullsock; "
	  "if r0 == 0 goto out; r9 = r0",
	  NEEDS_SOCK, NULL },
	{ "full socket or NULL",
	  "if r7 == 0 goto out; r1 = r7; call bpf_sk_fullsock; r9 = r0",
	  NEEDS_SOCK, NULL },
	{ "TCP socket",
	  "if r7 == 0 goto out; r1 = r7; call bpf_tcp_sock; "
	  "if r0 == 0 goto out; r9 = r0",
	  NEEDS_SOCK, NULL },
	{ "found socket",
	  SK_LOOKUP("sk_lookup_tcp") "if r0 == 0 goto out; r9 = r0",
	  NEEDS_LOOKUP, "r1 = r9; call bpf_sk_release" },
	{ "found socket or NULL", SK_LOOKUP("sk_lookup_tcp") "r9 = r0",
	  NEEDS_LOOKUP, NULL },
	{ "found socket + 8",
	  SK_LOOKUP("sk_lookup_tcp") "if r0 == 0 goto out; r9 = r0; r9 += 8",
	  NEEDS_LOOKUP, NULL },
	{ "found common socket",
	  SK_LOOKUP("skc_lookup_tcp") "if r0 == 0 goto out; r9 = r0",
	  NEEDS_LOOKUP, "r1 = r9; call bpf_sk_release" },
	{ "released socket",
	  SK_LOOKUP("sk_lookup_udp") "if r0 == 0 goto out; r9 = r0; r1 = r0; "
				     "call bpf_sk_release",
	  NEEDS_LOOKUP, NULL },
	{ "TCP socket of a found one",
	  SK_LOOKUP("sk_lookup_tcp") "if r0 == 0 goto out; r9 = r0; r1 = r0; "
				     "call bpf_tcp_sock; r7 = r0; r8 = r9; "
				     "if r0 != 0 goto +3; r1 = r8; "
				     "call bpf_sk_release; goto out; r9 = r7",
	  NEEDS_LOOKUP, "r1 = r8; call bpf_sk_release" },
	{ "function", "r9 = func[fn]", NEEDS_FUNC, NULL },
	{ "function + 8", "r9 = func[fn]; r9 += 8", NEEDS_FUNC, NULL },
};

/* What is done after a call that was as it should be. */
static const struct use {
	const char *name, *text;
	u32 needs;
} uses[] = {
	{ "nothing", "", 0 },
	{ "R0 is read", "r7 = r0", 0 },
	{ "R0 is multiplied", "r0 *= 3", 0 },
	{ "R0 in a deref", "r1 = *(u8 *)(r0 + 0)", 0 },
	{ "R0 is moved", "r0 += 4", 0 },
	{ "R0 not NULL, 8 bytes", "if r0 == 0 goto out; r1 = *(u64 *)(r0 + 0)",
	  0 },
	{ "R0 not NULL, 4 bytes", "if r0 == 0 goto out; r1 = *(u32 *)(r0 + 0)",
	  0 },
	{ "R0 not NULL, at 8", "if r0 == 0 goto out; r1 = *(u64 *)(r0 + 8)",
	  0 },
	{ "R0 not NULL, at 16", "if r0 == 0 goto out; r1 = *(u8 *)(r0 + 16)",
	  0 },
	{ "R0 not NULL, at -1", "if r0 == 0 goto out; r1 = *(u8 *)(r0 - 1)",
	  0 },
	{ "R0 not NULL, written", "if r0 == 0 goto out; *(u64 *)(r0 + 0) = 1",
	  0 },
	{ "R0 not NULL, spilled",
	  "*(u64 *)(r10 - 80) = r0; if r0 == 0 goto out; "
	  "r1 = *(u64 *)(r10 - 80); r1 = *(u32 *)(r1 + 0)",
	  0 },
	{ "R0 given back",
	  "if r0 == 0 goto out; r1 = r0; r2 = 0; call bpf_ringbuf_submit", 0 },
	{ "R0 given back twice",
	  "if r0 == 0 goto out; r9 = r0; r1 = r0; r2 = 0; "
	  "call bpf_ringbuf_submit; r1 = r9; r2 = 0; call bpf_ringbuf_submit",
	  0 },
	{ "R0 given back and read",
	  "if r0 == 0 goto out; r9 = r0; r1 = r0; r2 = 0; "
	  "call bpf_ringbuf_submit; r1 = *(u8 *)(r9 + 0)",
	  0 },
	{ "R0 released", "if r0 == 0 goto out; r1 = r0; call bpf_sk_release",
	  NEEDS_LOOKUP },
	{ "R0 released unseen", "r1 = r0; call bpf_sk_release", NEEDS_LOOKUP },
	{ "R0 released twice",
	  "if r0 == 0 goto out; r9 = r0; r1 = r0; call bpf_sk_release; r1 = r9;"
	  "call bpf_sk_release",
	  NEEDS_LOOKUP },
	{ "R0's lock",
	  "if r0 == 0 goto out; r9 = r0; r1 = r0; "
	  "call bpf_spin_lock; r1 = r9; call bpf_spin_unlock",
	  0 },
	{ "R0's lock twice",
	  "if r0 == 0 goto out; r9 = r0; r1 = r0; "
	  "call bpf_spin_lock; r1 = r9; call bpf_spin_lock",
	  0 },
	{ "R1 is read", "r7 = r1", 0 },
	{ "R5 is read", "r7 = r5", 0 },
	{ "R9 is read", "r1 = *(u8 *)(r9 + 0)", NEEDS_PACKET },
	{ "R8 is compared", "if r9 > r8 goto out", NEEDS_PACKET },
	{ "the stack is read",
	  "r1 = *(u64 *)(r10 - 64); if r1 == 0 goto out; "
	  "r1 = *(u64 *)(r1 + 0)",
	  0 },
	{ "a tail call", "r1 = r6; r2 = map[progs]; r3 = 0; call bpf_tail_call",
	  0 },
	{ "a map call", LOOKUP("hash"), 0 },
	{ "CPU numbers", "if r0 > 4096 goto out; r2 = r10; r2 += r0", 0 },
};

/* ------------------------------------------------------------- the texts */

static char text[TEXT_MAX];
static bool all;
static u32 tried;

/* Is it the turn of the next one? */
static bool wanted(const struct prog_row *prog)
{
	return all || prog->type == BPF_PROG_TYPE_SCHED_CLS ||
	       tried++ % SAMPLE == 0;
}

static void add(const char *more)
{
	size_t len = strlen(text);

	if (snprintf(text + len, sizeof(text) - len, "%s\n", more) >=
	    (int)(sizeof(text) - len))
		abort();
}

static void add_arg(u32 regno, const char *what)
{
	char line[128];

	snprintf(line, sizeof(line), "r%u = %s", regno, what);
	add(line);
}

static void add_stack_arg(u32 regno, int off)
{
	char line[128];

	snprintf(line, sizeof(line), "r%u = r10; r%u += %d", regno, regno, off);
	add(line);
}

static bool is_lookup(u32 id)
{
	return id == BPF_FUNC_sk_lookup_tcp || id == BPF_FUNC_sk_lookup_udp ||
	       id == BPF_FUNC_skc_lookup_tcp;
}

/* Argument @regno as it should be. */
static void good_arg(const struct helper *helper, const struct prog_row *prog,
		     u32 regno)
{
	char map[48];

	switch (helper->args[regno - 1]) {
	case ARG_CTX_OR_SOCK:
		add_arg(regno, prog->type == BPF_PROG_TYPE_CGROUP_SOCKOPT
				       ? "r7"
				       : "r6");
		break;
	case ARG_SOCK_OR_CTX:
		add_arg(regno,
			prog->type == BPF_PROG_TYPE_CGROUP_SOCK ? "r6" : "r7");
		break;
	case ARG_CTX:
	case ARG_CTX_OR_NULL:
		add_arg(regno, "r6");
		break;
	case ARG_MAP:
		snprintf(map, sizeof(map), "map[%s]",
			 map_for(helper->id)->name);
		add_arg(regno, map);
		break;
	case ARG_MAP_KEY:
		add_stack_arg(regno, -16);
		break;
	case ARG_MAP_VALUE:
	case ARG_MAP_VALUE_OR_NULL:
	case ARG_MAP_VALUE_OUT:
		add_stack_arg(regno, -48);
		break;
	case ARG_MEM:
	case ARG_MEM_OR_NULL:
	case ARG_MEM_OUT:
	case ARG_MEM_OUT_OR_NULL:
		add_stack_arg(regno, -64);
		break;
	case ARG_LONG_OUT:
		add_stack_arg(regno, -24);
		break;
	case ARG_SIZE:
	case ARG_SIZE_OR_ZERO:
		/* two numbers for the text's two arguments */
		add_arg(regno, is_lookup(helper->id) ? "12" : "16");
		break;
	case ARG_CONST_ALLOC_SIZE:
		add_arg(regno, "16");
		break;
	case ARG_CONST_STR:
		add_arg(regno, "map[text]+0");
		break;
	case ARG_SPIN_LOCK:
	case ARG_ALLOC_MEM:
	case ARG_SOCK_COMMON:
	case ARG_SOCK:
	case ARG_SOCK_RELEASE:
		add_arg(regno, "r7");
		break;
	case ARG_FUNC:
		add_arg(regno, "func[fn]");
		break;
	default:
		add_arg(regno, "0");
	}
}

/* What R7 has to be for the arguments, but the one that is not its business. */
static void good_base(const struct helper *helper, const struct prog_row *prog,
		      u32 skipped)
{
	for (u32 i = 0; i < MAX_ARGS; i++) {
		if (i + 1 == skipped)
			continue;
		switch (helper->args[i]) {
		case ARG_SPIN_LOCK:
			add(LOOKUP("lock") "if r0 == 0 goto out; r7 = r0");
			if (helper->id == BPF_FUNC_spin_unlock)
				add("r1 = r7; call bpf_spin_lock");
			return;
		case ARG_ALLOC_MEM:
			add("r1 = map[ring]; r2 = 16; r3 = 0; "
			    "call bpf_ringbuf_reserve; if r0 == 0 goto out; "
			    "r7 = r0");
			return;
		case ARG_SOCK_RELEASE:
			add(SK_LOOKUP("sk_lookup_tcp") "if r0 == 0 goto out; "
						       "r7 = r0");
			return;
		case ARG_CTX_OR_SOCK:
		case ARG_SOCK_OR_CTX:
		case ARG_SOCK_COMMON:
		case ARG_SOCK:
			if (prog->sock) {
				add(prog->sock);
				add("if r7 == 0 goto out");
			}
			return;
		default:
			break;
		}
	}
}

/* Gives back what the call gave. */
static void good_end(const struct helper *helper)
{
	if (helper->id == BPF_FUNC_ringbuf_reserve)
		add("if r0 == 0 goto out; r1 = r0; r2 = 0; "
		    "call bpf_ringbuf_discard");
	else if (is_lookup(helper->id))
		add("if r0 == 0 goto out; r1 = r0; call bpf_sk_release");
	else if (helper->id == BPF_FUNC_spin_lock)
		add("r1 = r7; call bpf_spin_unlock");
}

static bool has_helper(const struct prog_row *row, u32 id)
{
	const struct prog prog = {
		.type = row->type,
		.expected_attach_type = row->attach_type,
	};

	return helper_allowed(helper_by_id(id), &prog);
}

static bool has_needs(const struct prog_row *prog, u32 needs)
{
	if ((needs & NEEDS_PACKET) && !prog->packet)
		return false;
	if ((needs & NEEDS_SOCK) && !prog->sock)
		return false;
	if ((needs & NEEDS_META) && prog->type != BPF_PROG_TYPE_XDP)
		return false;
	if ((needs & NEEDS_LOOKUP) && !has_helper(prog, BPF_FUNC_sk_lookup_tcp))
		return false;
	return !(needs & NEEDS_CGROUP) ||
	       has_helper(prog, BPF_FUNC_get_local_storage);
}

static void begin(void)
{
	text[0] = '\0';
	add("r6 = r1");
	for (int off = -8; off >= -64; off -= 8) {
		char line[64];

		snprintf(line, sizeof(line), "*(u64 *)(r10 - %d) = 0", -off);
		add(line);
	}
}

static bool has_func(const struct helper *helper, u32 skipped)
{
	for (u32 i = 0; i < MAX_ARGS; i++)
		if (i + 1 != skipped && helper->args[i] == ARG_FUNC)
			return true;
	return false;
}

static void end(bool func)
{
	add("out:\nr0 = 1\nexit");
	if (func)
		add("fn:\nr0 = 0\nexit");
}

static void call(const struct helper *helper)
{
	char line[64];

	snprintf(line, sizeof(line), "call bpf_%s", helper->name);
	add(line);
}

static void try_thing(const struct prog_row *prog, const struct helper *helper,
		      u32 regno, const struct thing *thing)
{
	if (!has_needs(prog, thing->needs) || !wanted(prog))
		return;
	begin();
	if (thing->needs & NEEDS_PACKET)
		add(prog->packet);
	if (thing->needs & NEEDS_SOCK)
		add(prog->sock);
	if (thing->make)
		add(thing->make);
	good_base(helper, prog, regno);
	for (u32 i = 1; i <= MAX_ARGS && helper->args[i - 1] != ARG_NONE; i++)
		if (i != regno)
			good_arg(helper, prog, i);
		else if (thing->make)
			add_arg(i, "r9");
	call(helper);
	good_end(helper);
	if (thing->after)
		add(thing->after);
	end(has_func(helper, regno) || (thing->needs & NEEDS_FUNC));
	verdict_load(prog->type, prog->attach_type, text);
}

static void try_use(const struct prog_row *prog, const struct helper *helper,
		    const struct use *use)
{
	if (!has_needs(prog, use->needs) || !wanted(prog))
		return;
	begin();
	if (prog->packet) {
		add(prog->packet);
		add("r0 = r9; r0 += 32; if r0 > r8 goto out");
	}
	good_base(helper, prog, 0);
	for (u32 i = 1; i <= MAX_ARGS && helper->args[i - 1] != ARG_NONE; i++)
		good_arg(helper, prog, i);
	call(helper);
	add(use->text);
	end(has_func(helper, 0));
	verdict_load(prog->type, prog->attach_type, text);
}

static void try_map(const struct prog_row *prog, const struct helper *helper,
		    u32 regno, const struct map_row *map)
{
	char make[64];
	struct thing thing = { .name = map->name, .make = make };

	snprintf(make, sizeof(make), "r9 = map[%s]", map->name);
	try_thing(prog, helper, regno, &thing);
}

static void try_helper(const struct prog_row *prog, const struct helper *helper)
{
	for (u32 regno = 1; regno <= MAX_ARGS; regno++) {
		if (helper->args[regno - 1] == ARG_NONE)
			break;
		for (size_t i = 0; i < ARRAY_SIZE(things); i++)
			try_thing(prog, helper, regno, &things[i]);
		for (size_t i = 0; i < ARRAY_SIZE(maps); i++)
			if (helper->args[regno - 1] == ARG_MAP || !i)
				try_map(prog, helper, regno, &maps[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(uses); i++)
		try_use(prog, helper, &uses[i]);
}

/* ----------------------------------------------------------- whole programs */

#define IN_CALLBACK                                            \
	"r1 = map[hash]; r2 = func[fn]; r3 = 0; r4 = 0; call " \
	"bpf_for_each_map_elem; r0 = 0; exit\nfn:\n"
#define IN_LOCK_CALLBACK                                       \
	"r1 = map[lock]; r2 = func[fn]; r3 = 0; r4 = 0; call " \
	"bpf_for_each_map_elem; r0 = 0; exit\nfn:\n"

static const char *const programs[] = {
	IN_CALLBACK "r1 = map[array]; call bpf_map_lookup_elem; r0 = 0; exit",
	IN_CALLBACK
	"r1 = map[array]; r2 += 1; call bpf_map_lookup_elem; r0 = 0; exit",
	IN_CALLBACK
	"r1 = map[hash]; r4 = 0; call bpf_map_update_elem; r0 = 0; exit",
	IN_CALLBACK "call bpf_map_delete_elem; r0 = 0; exit",
	IN_CALLBACK "r1 = r3; r2 = 16; call bpf_get_current_comm; r0 = 0; exit",
	IN_CALLBACK "r1 = r2; r2 = 4; call bpf_get_current_comm; r0 = 0; exit",
	IN_CALLBACK "r1 = r3; r2 = 17; call bpf_get_current_comm; r0 = 0; exit",
	IN_CALLBACK "r1 = r3; call bpf_spin_lock; r0 = 0; exit",
	IN_LOCK_CALLBACK "r6 = r3; r1 = r3; call bpf_spin_lock; r1 = r6; call "
			 "bpf_spin_unlock; r0 = 0; exit",
	IN_LOCK_CALLBACK "r1 = r3; call bpf_spin_lock; r0 = 0; exit",
	IN_LOCK_CALLBACK
	"r6 = r3; r7 = map[locks]+0; r1 = r3; call bpf_spin_lock; r1 = r7; "
	"call bpf_spin_unlock; r0 = 0; exit",
	IN_LOCK_CALLBACK "r1 = r2; call bpf_spin_lock; r0 = 0; exit",
	"r1 = map[array]; r2 = r10; r2 += -4; call bpf_map_lookup_elem; r0 = "
	"0; exit",
	"r1 = map[hash]; r2 = r10; r2 += -4; r3 = r10; r3 += -512; r4 = 0; "
	"call bpf_map_update_elem; r0 = 0; exit",
	"*(u64 *)(r10 - 8) = r10; r1 = map[hash]; r2 = r10; r2 += -8; r3 = "
	"r10; r3 += -24; r4 = 0; call bpf_map_update_elem; r0 = 0; exit",
	"r1 = map[queue]; r2 = r10; r2 += -16; call bpf_map_pop_elem; r0 = "
	"*(u64 *)(r10 - 16); exit",
	"r1 = map[read_queue]; r2 = r10; r2 += -16; call bpf_map_pop_elem; r0 "
	"= 0; exit",
	"r1 = map[read_queue]; r2 = r10; r2 += -16; call bpf_map_peek_elem; r0 "
	"= 0; exit",
	"r1 = map[bloom]; r2 = map[thawed]+0; call bpf_map_peek_elem; r0 = 0; "
	"exit",
	"r1 = map[queue]; r2 = map[thawed]+0; call bpf_map_peek_elem; r0 = 0; "
	"exit",
	"r1 = map[read_hash]; r2 = r10; r2 += -4; call bpf_map_lookup_elem; if "
	"r0 == 0 goto out; *(u8 *)(r0 + 0) = 1\nout:\nr0 = 0; exit",
	"r6 = r1; r1 = map[hash]; r2 = r10; r2 += -4; call "
	"bpf_map_lookup_elem; r7 = r0; r1 = r6; r2 = map[progs]; r3 = 0; call "
	"bpf_tail_call; if r7 == 0 goto out; *(u8 *)(r7 + 0) = 1\nout:\nr0 = "
	"0; exit",
	"call bpf_get_prandom_u32; r6 = r0; r6 &= 1; r1 = map[ring]; r2 = 16; "
	"r3 = 0; call bpf_ringbuf_reserve; if r0 == 0 goto out; r1 = r0; r2 = "
	"0; if r6 == 0 goto dis; call bpf_ringbuf_submit; goto out\ndis:\ncall "
	"bpf_ringbuf_discard\nout:\nr0 = 0; exit",
	"call bpf_get_prandom_u32; r6 = r0; r6 &= 1; r1 = map[ring]; r2 = 16; "
	"r3 = 0; call bpf_ringbuf_reserve; if r0 == 0 goto out; r1 = r0; r2 = "
	"0; if r6 == 0 goto out; call bpf_ringbuf_submit; goto out\nout:\nr0 = "
	"0; exit",
	"r6 = 0\nagain:\nr1 = map[ring]; r2 = 16; r3 = 0; call "
	"bpf_ringbuf_reserve; if r0 == 0 goto out; r1 = r0; r2 = 0; call "
	"bpf_ringbuf_submit; r6 += 1; if r6 < 10 goto again\nout:\nr0 = 0; "
	"exit",
	"r6 = 0\nagain:\nr1 = map[ring]; r2 = 16; r3 = 0; call "
	"bpf_ringbuf_reserve; if r0 == 0 goto out; r6 += 1; if r6 < 3 goto "
	"again\nout:\nr0 = 0; exit",
	"r1 = map[locks]+0; call bpf_spin_lock\nagain:\ncall "
	"bpf_get_prandom_u32; r1 = map[locks]+0; call bpf_spin_unlock; r0 = 0; "
	"exit",
	"call bpf_get_prandom_u32; if r0 == 0 goto +3; r1 = map[locks]+0; call "
	"bpf_spin_lock; r1 = map[locks]+0; call bpf_spin_unlock; r0 = 0; exit",
	"r1 = map[ring]; r2 = 0; r3 = 0; call bpf_ringbuf_reserve; if r0 == 0 "
	"goto out; r1 = r0; r2 = 0; call bpf_ringbuf_submit\nout:\nr0 = 0; "
	"exit",
	"r1 = map[ring]; r2 = -1; r3 = 0; call bpf_ringbuf_reserve; if r0 == 0 "
	"goto out; *(u64 *)(r0 + 4096) = 1; r1 = r0; r2 = 0; call "
	"bpf_ringbuf_submit\nout:\nr0 = 0; exit",
	"r1 = map[ring]; r2 = 4294967304 ll; r3 = 0; call bpf_ringbuf_reserve; "
	"if r0 == 0 goto out; *(u64 *)(r0 + 8) = 1; r1 = r0; r2 = 0; call "
	"bpf_ringbuf_submit\nout:\nr0 = 0; exit",
	"r1 = map[ring]; r2 = 4294967304 ll; r3 = 0; call bpf_ringbuf_reserve; "
	"if r0 == 0 goto out; *(u64 *)(r0 + 0) = 1; r1 = r0; r2 = 0; call "
	"bpf_ringbuf_submit\nout:\nr0 = 0; exit",
};

int main(int argc, char **argv)
{
	u32 only = argc > 1 ? (u32)atoi(argv[1]) : 0;

	all = argc > 1; /* --all, or a helper's number */
	verdict_init();
	for (size_t i = 0; i < ARRAY_SIZE(progs); i++) {
		/* new ones: a prog array is for one type of program */
		make_maps();
		for (u32 id = 1; id < HELPER_IDS; id++)
			if (helper_by_id(id) && (!only || id == only) &&
			    has_helper(&progs[i], id))
				try_helper(&progs[i], helper_by_id(id));
	}
	make_maps();
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		verdict_load(BPF_PROG_TYPE_SCHED_CLS, 0, programs[i]);
	verdict_exit();
	printf("%u programs, %u accepted by the kernel: %u verdicts, %u "
	       "errnos, %u reasons differ\n",
	       verdict_count.loads, verdict_count.accepted, verdict_count.wrong,
	       verdict_count.errnos, verdict_count.reasons);
	return verdict_count.wrong || verdict_count.errnos ||
	       verdict_count.reasons;
}
