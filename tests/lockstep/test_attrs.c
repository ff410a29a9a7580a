/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Odd attributes: every command, as it works and with one word of it replaced,
 * in every length of attr that callers have had.
 *
 * Pointers are followed in this process: those that can come about here, by
 * one bit in a word, have memory behind them.
 */
#include <stddef.h>
#include <sys/mman.h>

#include "btf_text.h"
#include "directed.h"

#define WORDS (sizeof(union attr) / sizeof(u32))
#define EGRESS BPF_CGROUP_INET_EGRESS
#define SKB BPF_PROG_TYPE_CGROUP_SKB

static const struct bpf_insn insns[] = { MOVI(R0, 1), EXIT() };
static const u64 fixed = 0x12340000; /* what commands read and write */
static u8 *const memory = (u8 *)0x12340000;

static void map_memory(u64 at, size_t size)
{
	void *p = mmap((void *)at, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
			       MAP_FIXED_NOREPLACE,
		       -1, 0);

	assert_ptr_equal(p, (void *)at);
}

/* Low words with one bit; high words that are 1 or 2, with and without them */
static int with_memory(void **state)
{
	(void)state;
	map_memory(0x10000, 0x80020000 - 0x10000);
	map_memory(1ul << 32, 0x20000);
	map_memory(2ul << 32, 0x20000);
	return 0;
}

/* What a word becomes: small numbers, single bits, no fd, no handle */
static const u32 values[] = {
	0,	 1,	  2,	   3,	    4,	      7,    8,
	1 << 4,	 1 << 5,  1 << 6,  1 << 7,  1 << 8,   1000, 1 << 16,
	1 << 17, 1 << 20, 1 << 24, 1 << 30, 1u << 31,
};

/*
 * Not asked: a high word that makes a pointer of what was one; numbers that
 * are fds in one of the worlds where fds are; types that are not here.
 */
static bool may_have(int cmd, const u32 *words, u32 word, u32 value)
{
	if (ls_is_handle(words[word]))
		return value > 512 && value < 1 << 30;
	if (!word && (cmd == BPF_MAP_CREATE || cmd == BPF_PROG_LOAD))
		return false;
	if (word == 1 && cmd == BPF_TOKEN_CREATE)
		return value > 512 && value < 1 << 30;
	/* paths beside the bpf file system, and devices: the kernel has some */
	if (!word && cmd == BPF_OBJ_GET)
		return false;
	if (cmd == BPF_MAP_CREATE && word < 4)
		return value <= 1 << 17; /* memory that is then there */
	/* repetitions, which are carried out */
	if (cmd == BPF_PROG_TEST_RUN &&
	    word == offsetof(struct attr_test_run, repeat) / 4)
		return value <= 1000;
	if (cmd == BPF_MAP_UPDATE_BATCH &&
	    word == offsetof(struct attr_map_batch, count) / 4)
		return value <= 1000;
	if (cmd == BPF_MAP_CREATE &&
	    word == offsetof(struct attr_map_create, map_ifindex) / 4)
		return value <= 1;
	if (!(word & 1) || !value)
		return true;
	return value <= 2 && words[word - 1] < fixed;
}

static void memory_fill(void)
{
	struct blob blob;

	memset(memory, 0, 65536);
	memcpy(memory, insns, sizeof(insns));
	strcpy((char *)memory + 4096, "GPL");
	strcpy((char *)memory + 8192, "/sys/fs/bpf/attrs");
	blob_init(&blob);
	blob_text(&blob, "INT u32 0 0 4 0x20\n");
	blob_finish(&blob);
	memcpy(memory + 12288, blob.data, blob.size);
	free(blob.data);
}

static u32 btf_size(void)
{
	return sizeof(struct btf_header) + 16 + 5;
}

struct things {
	int cgroup, map, prog, link;
};

/* One command as it works. */
static void attr_fill(union attr *attr, int cmd, const struct things *t)
{
	u64 key = fixed + 16384, value = fixed + 20480, text = fixed + 24576;

	memset(attr, 0, sizeof(*attr));
	switch (cmd) {
	case BPF_MAP_CREATE:
		attr->map_create = (struct attr_map_create){
			.map_type = BPF_MAP_TYPE_ARRAY,
			.key_size = 4,
			.value_size = 8,
			.max_entries = 4,
		};
		break;
	case BPF_MAP_LOOKUP_ELEM:
	case BPF_MAP_UPDATE_ELEM:
	case BPF_MAP_GET_NEXT_KEY:
	case BPF_MAP_LOOKUP_AND_DELETE_ELEM:
		attr->map_elem.value = value;
		/* fall through */
	case BPF_MAP_DELETE_ELEM:
		attr->map_elem.key = key;
		/* fall through */
	case BPF_MAP_FREEZE:
		attr->map_elem.map_fd = (u32)t->map;
		break;
	case BPF_MAP_LOOKUP_BATCH:
	case BPF_MAP_LOOKUP_AND_DELETE_BATCH:
		attr->map_batch.out_batch = text;
		/* fall through */
	case BPF_MAP_UPDATE_BATCH:
	case BPF_MAP_DELETE_BATCH:
		attr->map_batch.keys = key;
		attr->map_batch.values = value;
		attr->map_batch.count = 1;
		attr->map_batch.map_fd = (u32)t->map;
		break;
	case BPF_PROG_LOAD:
		attr->prog_load = (struct attr_prog_load){
			.prog_type = SKB,
			.insn_cnt = ARRAY_SIZE(insns),
			.insns = fixed,
			.license = fixed + 4096,
			.expected_attach_type = EGRESS,
		};
		break;
	case BPF_OBJ_PIN:
		attr->obj.bpf_fd = (u32)t->map;
		/* fall through */
	case BPF_OBJ_GET:
		attr->obj.pathname = fixed + 8192;
		break;
	case BPF_PROG_ATTACH:
	case BPF_PROG_DETACH:
		attr->prog_attach = (struct attr_prog_attach){
			.target_fd = (u32)t->cgroup,
			.attach_bpf_fd = (u32)t->prog,
			.attach_type = EGRESS,
			.attach_flags =
				cmd == BPF_PROG_ATTACH ? BPF_F_ALLOW_MULTI : 0,
		};
		break;
	case BPF_PROG_QUERY:
		attr->prog_query = (struct attr_prog_query){
			.target_fd = (u32)t->cgroup,
			.attach_type = EGRESS,
			.prog_ids = value,
			.prog_cnt = 8,
		};
		break;
	case BPF_PROG_TEST_RUN:
		attr->test_run = (struct attr_test_run){
			.prog_fd = (u32)t->prog,
			.data_size_in = 64,
			.data_in = key,
		};
		break;
	case BPF_OBJ_GET_INFO_BY_FD:
		attr->info = (struct attr_info){
			.bpf_fd = (u32)t->prog,
			.info_len = 16,
			.info = text,
		};
		break;
	case BPF_BTF_LOAD:
		attr->btf_load.btf = fixed + 12288;
		attr->btf_load.btf_size = btf_size();
		break;
	case BPF_LINK_CREATE:
		attr->link_create.prog_fd = (u32)t->prog;
		attr->link_create.target_fd = (u32)t->cgroup;
		attr->link_create.attach_type = EGRESS;
		break;
	case BPF_LINK_UPDATE:
		attr->link_update.link_fd = (u32)t->link;
		attr->link_update.new_prog_fd = (u32)t->prog;
		break;
	case BPF_LINK_DETACH:
		attr->link_detach.link_fd = (u32)t->link;
		break;
	case BPF_PROG_BIND_MAP:
		attr->prog_bind_map.prog_fd = (u32)t->prog;
		attr->prog_bind_map.map_fd = (u32)t->map;
		break;
	case BPF_RAW_TRACEPOINT_OPEN:
		attr->raw_tracepoint.prog_fd = (u32)t->prog;
		break;
	case BPF_ITER_CREATE:
		attr->iter_create.link_fd = (u32)t->link;
		break;
	case BPF_PROG_STREAM_READ_BY_FD:
		attr->prog_stream_read.prog_fd = (u32)t->prog;
		attr->prog_stream_read.stream_id = 1;
		break;
	}
}

/* What there is in the kernel besides ours: its own BTF, other tasks */
static bool not_ours(int cmd)
{
	return cmd == BPF_TASK_FD_QUERY || cmd == BPF_BTF_GET_FD_BY_ID ||
	       cmd == BPF_PROG_GET_FD_BY_ID || cmd == BPF_MAP_GET_FD_BY_ID ||
	       cmd == BPF_LINK_GET_FD_BY_ID || cmd == BPF_PROG_GET_NEXT_ID ||
	       cmd == BPF_MAP_GET_NEXT_ID || cmd == BPF_BTF_GET_NEXT_ID ||
	       cmd == BPF_LINK_GET_NEXT_ID;
}

static struct things things_make(void)
{
	struct things t;

	t.cgroup = MUST(ls_cgroup(ls, "/attrs"));
	t.map = MUST(ls_map(ls, BPF_MAP_TYPE_ARRAY, 4, 8, 4, 0));
	t.prog = MUST(ls_prog_return(ls, EGRESS, 1));
	t.link = MUST(ls_link(ls, t.cgroup, t.prog, EGRESS));
	return t;
}

static void ask(int cmd, const union attr *attr, u32 size)
{
	int ret;

	memory_fill();
	ret = ls_bpf(ls, cmd, attr, size);
	assert_int_not_equal(ret, LS_DIFF);
	if (ls_is_handle((u64)ret))
		OK(ls_close_handle(ls, ret));
}

static void one_word_replaced(void **state)
{
	(void)state;
	for (int cmd = 0; cmd < UAPI_NR_CMDS; cmd++) {
		struct things t;

		if (not_ours(cmd))
			continue;
		t = things_make();
		for (u32 word = 0; word < WORDS; word++) {
			for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
				union {
					union attr attr;
					u32 words[WORDS];
				} u = { .words = { 0 } };

				attr_fill(&u.attr, cmd, &t);
				if (!may_have(cmd, u.words, word, values[i]))
					continue;
				u.words[word] = values[i];
				ls_doing(ls, "cmd %d word %u value %#x", cmd,
					 word, values[i]);
				ask(cmd, &u.attr, sizeof(u.attr));
			}
		}
		ls_reset(ls);
		ls_pin_remove(ls, "/sys/fs/bpf/attrs");
	}
}

static void every_length(void **state)
{
	(void)state;
	for (int cmd = 0; cmd < UAPI_NR_CMDS; cmd++) {
		struct things t;

		if (not_ours(cmd))
			continue;
		t = things_make();
		for (u32 size = 0; size <= sizeof(union attr); size += 4) {
			union attr attr;

			attr_fill(&attr, cmd, &t);
			ls_doing(ls, "cmd %d size %u", cmd, size);
			ask(cmd, &attr, size);
		}
		ls_reset(ls);
		ls_pin_remove(ls, "/sys/fs/bpf/attrs");
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(every_length, with_memory),
	cmocka_unit_test(one_word_replaced),
};

#ifdef __SANITIZE_ADDRESS__
#define SANITIZED true
#else
#define SANITIZED false
#endif

int main(void)
{
	if (SANITIZED) {
		puts("skipped: the sanitizer has the addresses this needs");
		return 77;
	}
	return directed_run("attrs", tests, ARRAY_SIZE(tests));
}
