/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log, byte for byte but for addresses and times: at each level, of
 * programs that are accepted and refused, and cut to sizes that do not do.
 */
#include <stdio.h>

#include "base/uapi.h"
#include "verdict.h"

#define LOOKUP                                               \
	"*(u32 *)(r10 - 4) = 0; r1 = map[array]; r2 = r10\n" \
	"r2 += -4; call bpf_map_lookup_elem\n"

static const char *const texts[] = {
	"r0 = 0; exit\n",
	"exit\n",
	"r0 = *(u32 *)(r1 + 0); r2 = *(u32 *)(r1 + 4); r0 &= 1; exit\n",
	/* branches, what is known on them, and where they meet */
	"r0 = *(u32 *)(r1 + 0); if r0 > 7 goto big\nr0 += 1; goto out\n"
	"big:\nr0 = 7; if r0 == 8 goto big\nout:\nexit\n",
	"r6 = r1; call bpf_get_prandom_u32; if r0 s< 5 goto low\n"
	"r1 = r0; r1 <<= 32; r1 s>>= 32; goto out\nlow:\nr1 = -1\n"
	"out:\nr0 = r1; r0 &= 1; exit\n",
	"r6 = *(u32 *)(r1 + 0); r0 = 0; if r6 == 0 goto one\nr0 = 1\n"
	"one:\nif r6 == 1 goto two\nr0 = 0\ntwo:\nexit\n",
	/* maps, values, the stack */
	LOOKUP "if r0 == 0 goto out\nr1 = *(u64 *)(r0 + 8)\n"
	       "*(u64 *)(r0 + 0) = r1\nout:\nr0 = 0; exit\n",
	LOOKUP "r1 = *(u64 *)(r0 + 8); r0 = 0; exit\n",
	LOOKUP "if r0 == 0 goto out\nr1 = *(u64 *)(r0 + 16)\n"
	       "out:\nr0 = 0; exit\n",
	"r1 = map[array]+8; r0 = *(u32 *)(r1 + 0); r0 = 0; exit\n",
	"*(u64 *)(r10 - 8) = r1; *(u32 *)(r10 - 12) = 7; r2 = 0\n"
	"*(u8 *)(r10 - 13) = r2; r3 = *(u64 *)(r10 - 8)\n"
	"r0 = *(u32 *)(r3 + 0); r4 = *(u8 *)(r10 - 13); r0 = 1; exit\n",
	"r0 = 0; *(u64 *)(r10 - 520) = r0; exit\n",
	/* packets */
	"r2 = *(u32 *)(r1 + 76); r3 = *(u32 *)(r1 + 80); r4 = r2; r4 += 8\n"
	"r0 = 0; if r4 > r3 goto out\nr5 = *(u64 *)(r2 + 0)\nout:\nexit\n",
	"r2 = *(u32 *)(r1 + 76); r0 = *(u8 *)(r2 + 0); exit\n",
	"r0 = 0\nagain:\ngoto again\nexit\n",
	/* functions */
	"r1 = 1; call one; exit\none:\nr0 = r1; r0 += 1; exit\n",
	"r1 = 1; call one; exit\none:\nr6 = 2; call two; r0 += r6; exit\n"
	"two:\nr0 = 1; exit\n",
	"call one; exit\none:\nr0 = *(u32 *)(r10 - 4); r0 = r7; exit\n",
	"r1 = 1; call global_a; r1 = r0; call global_b; r0 = 0; exit\n"
	"global_a:\nr0 = r1; exit\nglobal_b:\nr0 = 3; exit\n",
	/* the second and the third global function are refused */
	"r1 = 1; call global_a; r1 = r0; call global_b; r0 = 0; exit\n"
	"global_a:\nr0 = r1; exit\nglobal_b:\nr0 = r2; exit\n",
	"r1 = 1; call global_a; r1 = r0; call global_b; r0 = 0; exit\n"
	"global_a:\nr0 = r1; exit\nglobal_b:\ncall global_c; r0 = 0; exit\n"
	"global_c:\nr0 = *(u8 *)(r1 + 0); exit\n",
	"r1 = r10; call global_a; r0 = 0; exit\n"
	"global_a:\nr0 = r1; exit\n",
	/* what is precise already is not looked for further back */
	"r6 = *(u32 *)(r1 + 0); r6 &= 7; r0 = 0; *(u64 *)(r10 - 8) = r6\n"
	"if r6 > 3 goto one\nr0 = 1\none:\nr7 = *(u64 *)(r10 - 8)\n"
	"if r7 > 5 goto two\nr0 = 1\ntwo:\nr1 = r10; r1 += -16; r1 += r7\n"
	"*(u8 *)(r1 + 0) = 1; if r0 == 0 goto three\nr0 = 0\n"
	"three:\nr1 = r10; r1 += -16; r1 += r6; *(u8 *)(r1 + 0) = 2; exit\n",
	/* references */
	"r1 = map[ring]; r2 = 8; r3 = 0; call bpf_ringbuf_reserve\n"
	"if r0 == 0 goto out\nr1 = r0; r2 = 0; call bpf_ringbuf_submit\n"
	"out:\nr0 = 0; exit\n",
	"r1 = map[ring]; r2 = 8; r3 = 0; call bpf_ringbuf_reserve\n"
	"r0 = 0; exit\n",
	/* not even walked */
	"r0 = 0\n",
	"r0 = 0; goto +5; exit\n",
	"r0 = 0; exit; r0 = 1; exit\n",
	"call 9999; exit\n",
	".raw 0xff 0 0 0 0; exit\n",
};

/*
 * Loops and callbacks, up to level 1: at level 2 Linux also tells when states
 * enter and leave a cycle, and how far back it takes what has to be precise.
 */
static const char *const loops[] = {
	"r0 = 0; r1 = 0\nagain:\nr1 += 1; if r1 != 5 goto again\nexit\n",
	"r0 = 0\nagain:\nr0 += 1; if r0 != 0 goto again\nexit\n",
	"r1 = 3; r2 = func[each]; r3 = 0; r4 = 0; call bpf_loop\n"
	"r0 = 0; exit\neach:\nr0 = 7; exit\n",
};

static void make_maps(void)
{
	const struct attr_map_create array = { .map_type = BPF_MAP_TYPE_ARRAY,
					       .key_size = 4,
					       .value_size = 16,
					       .max_entries = 1 },
				     ring = { .map_type = BPF_MAP_TYPE_RINGBUF,
					      .max_entries = 4096 };

	verdict_map("array", &array, 0, NULL);
	verdict_map("ring", &ring, 0, NULL);
}

/* Of the last bytes, and of the first ones. */
static void cut(const char *text, u32 level)
{
	static const u32 sizes[] = { 1, 2, 64, 100, 128, 200, 333, 512, 1000 };

	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		verdict_log(BPF_PROG_TYPE_SCHED_CLS, 0, text, level, sizes[i]);
		verdict_log(BPF_PROG_TYPE_SCHED_CLS, 0, text, level | 8,
			    sizes[i]);
	}
}

int main(void)
{
	/* what BPF_LOG_FIXED changes shows in cut() */
	static const u32 levels[] = { 1, 2, 3, 4, 5, 6, 7, 9 };

	verdict_init();
	make_maps();
	for (u32 i = 0; i < ARRAY_SIZE(texts); i++)
		for (u32 j = 0; j < ARRAY_SIZE(levels); j++)
			verdict_log(BPF_PROG_TYPE_SCHED_CLS, 0, texts[i],
				    levels[j], VERDICT_LOG_SIZE);
	for (u32 i = 0; i < ARRAY_SIZE(loops); i++)
		verdict_log(BPF_PROG_TYPE_SCHED_CLS, 0, loops[i], 1,
			    VERDICT_LOG_SIZE);
	/* none of these says an address or a time */
	for (u32 level = 1; level <= 2; level++) {
		cut(texts[1], level);
		cut(texts[2], level);
		cut(texts[3], level);
		cut(texts[5], level);
	}
	cut(texts[10], 1);
	verdict_exit();
	printf("%u loads, %u accepted by the kernel: %u errnos, %u logs "
	       "differ\n",
	       verdict_count.loads, verdict_count.accepted,
	       verdict_count.errnos, verdict_count.reasons);
	return verdict_count.errnos || verdict_count.reasons;
}
