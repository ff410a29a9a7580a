/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Function and line records of BPF_PROG_LOAD, here and in the live kernel: one
 * good program, and records that fit it or not.
 * Usage: test_btf_info [SEED [COUNT]].
 */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "btf_random.h"
#include "object/env.h"
#include "object/task.h"
#include "verifier/btf_info.h"

#define RECORDS 8
#define RECORD_WORDS 10
#define LOG_ROOM 65536

/* r0 = 0 ll; call 2f; exit; 2: r0 = 0; exit; */
static struct bpf_insn insns[] = {
	{ .code = BPF_LD | BPF_DW | BPF_IMM },
	{ .code = 0 },
	{ .code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_CALL, .imm = 1 },
	{ .code = BPF_JMP | BPF_EXIT },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
	{ .code = BPF_JMP | BPF_EXIT },
};
static struct subprog subprogs[] = { { .start = 0 }, { .start = 4 } };

/* 1 int, 2 proto, 3 func, 4 func, 5 struct, 6 proto of void, 7 its func */
static const char types[] = "INT int 0 0 4 0x01000020\n"
			    "FUNC_PROTO - 0 0 1\n"
			    "FUNC f 1 0 2\nFUNC g 0 0 2\nSTRUCT s 0 0 4\n"
			    "FUNC_PROTO - 0 0 0\nFUNC h 0 0 6\n";

static struct cgbpf_task *task;
static int kernel_btf, own_btf;
static char kernel_log[LOG_ROOM];
static unsigned int compared, good, differences;

static int theirs(struct attr_prog_load attr, u32 sizes[2])
{
	long fd;

	attr.prog_btf_fd = (u32)kernel_btf;
	attr.log_level = 1;
	attr.log_buf = ptr_to_u64(kernel_log);
	attr.log_size = LOG_ROOM;
	kernel_log[0] = '\0';
	fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	sizes[0] = attr.func_info_rec_size;
	sizes[1] = attr.line_info_rec_size;
	if (fd < 0)
		return -errno;
	close((int)fd);
	return 0;
}

static int ours(struct attr_prog_load attr, struct log *log, u32 sizes[2])
{
	struct prog prog = { .len = ARRAY_SIZE(insns), .insns = insns };
	int err;

	attr.prog_btf_fd = (u32)own_btf;
	log_init(log, LOG_LEVEL1, LOG_ROOM);
	err = verifier_check_btf_info_early(&prog, task, &attr,
					    ptr_to_u64(&attr), log);
	prog.subprogs = subprogs;
	prog.nr_subprogs = ARRAY_SIZE(subprogs);
	if (!err)
		err = verifier_check_btf_info(&prog, task, &attr,
					      ptr_to_u64(&attr), log);
	mem_free(prog.func_info);
	mem_free(prog.line_info);
	btf_put(prog.btf);
	sizes[0] = attr.func_info_rec_size;
	sizes[1] = attr.line_info_rec_size;
	return err;
}

static void compare(const struct attr_prog_load *attr, u64 seed)
{
	struct log log;
	u32 their_sizes[2], our_sizes[2];
	int a = theirs(*attr, their_sizes), b = ours(*attr, &log, our_sizes);
	const char *text = log.buf ? log.buf : "";

	compared++;
	good += !a;
	/* theirs goes on with statistics */
	if (a != b || memcmp(their_sizes, our_sizes, sizeof(our_sizes)) ||
	    strncmp(kernel_log, text, strlen(text))) {
		printf("seed %llu: kernel %d, ours %d\n--- kernel\n%s\n--- "
		       "ours\n%s\n",
		       (unsigned long long)seed, a, b, kernel_log, text);
		differences++;
	}
	log_destroy(&log);
}

/* Mostly right records of @words words, of which the first are @good's. */
static u32 fill(u32 *out, u64 *seed, const u32 *right, u32 known, u32 words,
		u32 nr)
{
	u32 n = rnd_one_in(seed, 4) ? rnd_below(seed, RECORDS) : nr;

	for (u32 i = 0; i < n; i++) {
		for (u32 w = 0; w < words; w++) {
			u32 *at = &out[i * words + w];

			*at = i < nr && w < known ? right[i * known + w] : 0;
			if (rnd_one_in(seed, 40))
				*at += rnd_below(seed, 5) - 2;
		}
	}
	return n;
}

static void round_of(u64 start)
{
	static const u32 funcs[] = { 0, 3, 4, 4 };
	static const u32 lines[] = { 0, 1, 1, 1024, 2, 1, 1, 0,
				     4, 0, 5, 99,   5, 0, 0, 1 };
	static const u32 sizes[] = { 4, 7, 9, 12, 32, 252, 256, 0 };
	static u32 func_records[128 * RECORDS], line_records[128 * RECORDS];
	u64 seed = start;
	u32 fw = rnd_one_in(&seed, 4) ? 2 + rnd_below(&seed, RECORD_WORDS) : 2;
	u32 lw = rnd_one_in(&seed, 4) ? 4 + rnd_below(&seed, RECORD_WORDS) : 4;
	struct attr_prog_load attr = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insn_cnt = ARRAY_SIZE(insns),
		.insns = ptr_to_u64(insns),
		.license = ptr_to_u64("GPL"),
		.func_info = ptr_to_u64(func_records),
		.line_info = ptr_to_u64(line_records),
	};

	attr.func_info_rec_size = fw * 4;
	attr.line_info_rec_size = lw * 4;
	attr.func_info_cnt = fill(func_records, &seed, funcs, 2, fw, 2);
	attr.line_info_cnt = fill(line_records, &seed, lines, 4, lw, 4);
	if (rnd_one_in(&seed, 20))
		attr.func_info_rec_size =
			sizes[rnd_below(&seed, ARRAY_SIZE(sizes))];
	if (rnd_one_in(&seed, 20))
		attr.line_info_rec_size =
			sizes[rnd_below(&seed, ARRAY_SIZE(sizes))];
	if (rnd_one_in(&seed, 20))
		attr.func_info_cnt = 0;
	if (rnd_one_in(&seed, 20))
		attr.line_info_cnt = 0;
	if (rnd_one_in(&seed, 50))
		attr.func_info = 16;
	if (rnd_one_in(&seed, 50))
		attr.line_info = 16;
	compare(&attr, start);
}

static int load_btf(void)
{
	static struct blob b;
	struct attr_btf_load attr = { 0 };
	struct btf *btf;
	long fd;
	int err;

	blob_init(&b);
	blob_text(&b, types);
	blob_finish(&b);
	attr.btf = ptr_to_u64(b.data);
	attr.btf_size = b.size;
	fd = syscall(SYS_bpf, BPF_BTF_LOAD, &attr, sizeof(attr));
	err = fd < 0 ? -errno : btf_new(&btf, NULL, b.data, b.size, NULL);
	free(b.data);
	if (err)
		return err;
	kernel_btf = (int)fd;
	own_btf = task_install(task, &btf_file_ops, btf, 0);
	return own_btf < 0 ? own_btf : 0;
}

int main(int argc, char **argv)
{
	static struct cgbpf_env env;
	u64 seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	u64 count = argc > 2 ? strtoull(argv[2], NULL, 0) : 5000;

	if (task_local_new(&task, &env))
		return 1;
	if (load_btf()) {
		task_local_free(task);
		printf("skipped: the kernel does not let us load BTF\n");
		return 77;
	}
	for (u64 i = 0; i < count && differences < 5; i++)
		round_of(seed + i);
	task_local_free(task);
	close(kernel_btf);
	printf("%u programs, %u good, %u differences\n", compared, good,
	       differences);
	return differences || !good;
}
