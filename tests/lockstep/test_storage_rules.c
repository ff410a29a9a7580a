/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Storage maps in programs: CS-8 to CS-11, as the live kernel decides them.
 * Programs are loaded and never run.
 */
#include <stdio.h>

#include "base/uapi.h"
#include "verdict.h"

#define STORAGE(map) "r1 = map[" map "]; r2 = 0; call bpf_get_local_storage\n"
#define LOCK(map) STORAGE(map) "r6 = r0; r1 = r6; call bpf_spin_lock\n"
#define UNLOCK "r1 = r6; call bpf_spin_unlock\n"
#define END "r0 = 1; exit\n"

static const char *const texts[] = {
	/* CS-8 */
	STORAGE("isolated") STORAGE("isolated") END,
	STORAGE("isolated") STORAGE("percpu") END,
	STORAGE("isolated") STORAGE("shared") END,
	STORAGE("percpu") STORAGE("percpu_shared") END,
	STORAGE("locked") STORAGE("shared") END,
	/* CS-9 */
	"r1 = map[isolated]; r2 = 1; call bpf_get_local_storage\n" END,
	"r2 = *(u32 *)(r1 + 0); r1 = map[isolated]\n"
	"call bpf_get_local_storage\n" END,
	"r2 = r1; r1 = map[isolated]; call bpf_get_local_storage\n" END,
	"r1 = map[array]; r2 = 0; call bpf_get_local_storage\n" END,
	"r1 = 0; r2 = 0; call bpf_get_local_storage\n" END,
	"*(u64 *)(r10 - 16) = 0; *(u64 *)(r10 - 8) = 0; r2 = r10; r2 += -16\n"
	"r1 = map[isolated]; call bpf_map_lookup_elem\n" END,
	/* CS-10 */
	STORAGE("isolated") "r1 = *(u64 *)(r0 + 8); *(u64 *)(r0 + 8) = "
			    "r1\n" END,
	STORAGE("isolated") "r1 = *(u64 *)(r0 + 9)\n" END,
	STORAGE("percpu") "*(u8 *)(r0 + 16) = 1\n" END,
	STORAGE("read") "r1 = *(u64 *)(r0 + 0)\n" END,
	STORAGE("read") "*(u64 *)(r0 + 0) = 1\n" END,
	STORAGE("write") "r1 = *(u64 *)(r0 + 0)\n" END,
	STORAGE("write") "*(u64 *)(r0 + 0) = 1\n" END,
	/* CS-11 */
	LOCK("locked") "*(u64 *)(r6 + 8) = 1\n" UNLOCK END,
	LOCK("locked_shared") "*(u64 *)(r6 + 8) = 1\n" UNLOCK END,
	LOCK("locked") END,
	LOCK("locked") LOCK("locked") UNLOCK END,
	LOCK("locked") "call bpf_get_prandom_u32\n" UNLOCK END,
	STORAGE("locked") "*(u32 *)(r0 + 0) = 0\n" END,
	STORAGE("locked") "r1 = *(u32 *)(r0 + 0)\n" END,
	STORAGE("locked") "r1 = *(u64 *)(r0 + 8); *(u64 *)(r0 + 8) = 1\n" END,
	STORAGE("locked") "r1 = r0; call bpf_spin_unlock\n" END,
	STORAGE("locked") "r1 = r0; r1 += 8; call bpf_spin_lock\n" END,
	/* what it is not: a lock, without BTF that says so */
	LOCK("isolated") UNLOCK END,
	LOCK("percpu") UNLOCK END,
};

/* By type: these have the helper, or have not. */
static const struct {
	u32 type, attach_type;
} types[] = {
	{ BPF_PROG_TYPE_CGROUP_SKB, 0 },
	{ BPF_PROG_TYPE_CGROUP_SOCK, 0 },
	{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT },
	{ BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_SETSOCKOPT },
	{ BPF_PROG_TYPE_CGROUP_DEVICE, 0 },
	{ BPF_PROG_TYPE_CGROUP_SYSCTL, 0 },
	{ BPF_PROG_TYPE_SOCKET_FILTER, 0 },
	{ BPF_PROG_TYPE_SCHED_CLS, 0 },
	{ BPF_PROG_TYPE_XDP, 0 },
};

static void make_map(const char *name, u32 type, u32 key, u32 flags, char value)
{
	const struct attr_map_create attr = { .map_type = type,
					      .key_size = key,
					      .value_size = 16,
					      .map_flags = flags };

	verdict_map(name, &attr, value, NULL);
}

static void make_maps(void)
{
	const struct attr_map_create array = { .map_type = BPF_MAP_TYPE_ARRAY,
					       .key_size = 4,
					       .value_size = 16,
					       .max_entries = 1 };
	const u32 one = BPF_MAP_TYPE_CGROUP_STORAGE,
		  percpu = BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;

	verdict_map("array", &array, 0, NULL);
	make_map("isolated", one, 16, 0, 0);
	make_map("shared", one, 8, 0, 0);
	make_map("read", one, 16, BPF_F_RDONLY_PROG, 0);
	make_map("write", one, 16, BPF_F_WRONLY_PROG, 0);
	make_map("locked", one, 16, 0, 'l');
	make_map("locked_shared", one, 8, 0, 'l');
	make_map("percpu", percpu, 16, 0, 0);
	make_map("percpu_shared", percpu, 8, 0, 0);
}

int main(void)
{
	verdict_init();
	make_maps();
	for (u32 i = 0; i < ARRAY_SIZE(types); i++)
		for (u32 j = 0; j < ARRAY_SIZE(texts); j++)
			verdict_load(types[i].type, types[i].attach_type,
				     texts[j]);
	verdict_exit();
	printf("%u programs, %u accepted by the kernel: %u verdicts, %u "
	       "errnos, %u reasons differ\n",
	       verdict_count.loads, verdict_count.accepted, verdict_count.wrong,
	       verdict_count.errnos, verdict_count.reasons);
	return verdict_count.wrong || verdict_count.errnos ||
	       verdict_count.reasons;
}
