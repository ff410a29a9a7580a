/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <string.h>

#include "base/alloc.h"
#include "btf_text.h"
#include "object/env.h"
#include "object/task.h"
#include "verifier/btf_info.h"

/* r0 = 0 ll; call 4; exit; 4: r0 = 0; exit */
static struct bpf_insn insns[] = {
	{ .code = BPF_LD | BPF_DW | BPF_IMM },
	{ .code = 0 },
	{ .code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_CALL, .imm = 1 },
	{ .code = BPF_JMP | BPF_EXIT },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
	{ .code = BPF_JMP | BPF_EXIT },
};

static struct subprog subprogs[2];
static struct cgbpf_task *task;
static struct attr_prog_load attr;
static struct log text;
static u32 funcs[8], lines[32];

/* The result for @attr; what is read is thrown away. */
static int check(void)
{
	struct prog prog = { .len = ARRAY_SIZE(insns), .insns = insns };
	int err;

	log_destroy(&text);
	log_init(&text, LOG_LEVEL1, 4096);
	err = verifier_check_btf_info_early(&prog, task, &attr, 0, &text);
	prog.subprogs = subprogs;
	prog.nr_subprogs = ARRAY_SIZE(subprogs);
	if (!err)
		err = verifier_check_btf_info(&prog, task, &attr, 0, &text);
	if (!err) {
		assert_int_equal(prog.nr_func_info, attr.func_info_cnt);
		assert_int_equal(prog.nr_line_info, attr.line_info_cnt);
	}
	mem_free(prog.func_info);
	mem_free(prog.line_info);
	btf_put(prog.btf);
	return err;
}

static void refused(int err, const char *why)
{
	assert_int_equal(check(), err);
	assert_non_null(text.buf);
	assert_non_null(strstr(text.buf, why));
}

/* 1 int, 2 its proto, 3 and 4 funcs, 5 void proto, 6 its func */
static int set_up(void **state)
{
	static const u32 good_funcs[] = { 0, 3, 4, 4 };
	static const u32 good_lines[] = { 0, 1, 1, 0, 2, 1, 1, 0, 4, 1, 1, 0 };
	static struct cgbpf_env env;
	static struct blob b;
	struct btf *btf;

	(void)state;
	blob_init(&b);
	blob_text(&b, "INT int 0 0 4 0x01000020\nFUNC_PROTO - 0 0 1\n"
		      "FUNC f 1 0 2\nFUNC g 0 0 2\n"
		      "FUNC_PROTO - 0 0 0\nFUNC h 0 0 5\n");
	blob_finish(&b);
	if (task_local_new(&task, &env) ||
	    btf_new(&btf, &env, b.data, b.size, NULL))
		return -1;
	free(b.data);
	memcpy(funcs, good_funcs, sizeof(good_funcs));
	memcpy(lines, good_lines, sizeof(good_lines));
	memset(subprogs, 0, sizeof(subprogs));
	subprogs[1].start = 4;
	attr = (struct attr_prog_load){
		.prog_btf_fd = (u32)task_install(task, &btf_file_ops, btf, 0),
		.func_info = ptr_to_u64(funcs),
		.func_info_cnt = 2,
		.func_info_rec_size = 8,
		.line_info = ptr_to_u64(lines),
		.line_info_cnt = 3,
		.line_info_rec_size = 16,
	};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	log_destroy(&text);
	log_init(&text, 0, 0);
	task_local_free(task);
	return 0;
}

static void good(void **state)
{
	(void)state;
	assert_int_equal(check(), 0);
	attr.func_info_cnt = 0;
	assert_int_equal(check(), 0);
	attr.line_info_cnt = 0;
	attr.prog_btf_fd = (u32)-1; /* not looked at */
	assert_int_equal(check(), 0);
}

static void wrong_fd(void **state)
{
	(void)state;
	attr.prog_btf_fd = (u32)-1;
	assert_int_equal(check(), -EBADF);
}

static void wrong_funcs(void **state)
{
	(void)state;
	funcs[0] = 1;
	refused(-EINVAL, "nonzero insn_off 1 for the first func info record");
	funcs[0] = 0;
	funcs[2] = 0;
	refused(-EINVAL, "same or smaller insn offset (0)");
	funcs[2] = 3;
	refused(-EINVAL, "doesn't match subprog layout");
	funcs[2] = 4;
	funcs[3] = 2;
	refused(-EINVAL, "invalid type id 2 in func info");
	funcs[3] = 4;
	attr.func_info_cnt = 1;
	refused(-EINVAL, "doesn't match number of subprogs");
}

static void record_sizes(void **state)
{
	static const u32 bad[] = { 0, 4, 10, 256 };
	static u32 longer[] = { 0, 3, 0, 4, 4, 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		attr.func_info_rec_size = bad[i];
		refused(-EINVAL, "invalid func info rec size");
	}
	attr.func_info = ptr_to_u64(longer);
	attr.func_info_rec_size = 12;
	assert_int_equal(check(), 0);
	longer[5] = 1;
	refused(-E2BIG, "nonzero tailing record in func info");
	longer[5] = 0;
	attr.line_info_rec_size = 12;
	assert_int_equal(check(), -EINVAL);
	attr.line_info_rec_size = 18;
	assert_int_equal(check(), -EINVAL);
	attr.line_info_rec_size = 16;
	attr.func_info = 16;
	assert_int_equal(check(), -EFAULT);
}

static void wrong_lines(void **state)
{
	(void)state;
	lines[4] = 0;
	refused(-EINVAL, "Invalid line_info[1].insn_off:0");
	lines[4] = 6;
	refused(-EINVAL, "prog->len:6");
	lines[4] = 1;
	refused(-EINVAL, "Invalid insn code at line_info[1].insn_off");
	lines[4] = 2;
	lines[6] = 1000;
	refused(-EINVAL, "Invalid line_info[1].line_off or .file_name_off");
	lines[6] = 1;
	lines[8] = 5;
	refused(-EINVAL, "missing bpf_line_info for func#1");
	lines[8] = 3;
	refused(-EINVAL, "missing bpf_line_info for 1 funcs starting from "
			 "func#1");
}

/* What ends a function early needs it to return an int. */
static void early_ends(void **state)
{
	(void)state;
	subprogs[0].has_tail_call = true;
	subprogs[1].has_tail_call = true;
	assert_int_equal(check(), 0);
	funcs[3] = 6;
	refused(-EINVAL, "tail_call is only allowed in functions that return "
			 "'int'");
	subprogs[1].has_ld_abs = true;
	refused(-EINVAL, "LD_ABS is only allowed");
	attr.func_info_cnt = 0;
	refused(-EINVAL, "LD_ABS is not allowed in subprogs without BTF");
	subprogs[1].has_ld_abs = false;
	attr.line_info_cnt = 0;
	refused(-EINVAL, "tail_call is not allowed in subprogs without BTF");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(good, set_up, tear_down),
		cmocka_unit_test_setup_teardown(wrong_fd, set_up, tear_down),
		cmocka_unit_test_setup_teardown(wrong_funcs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(record_sizes, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(wrong_lines, set_up, tear_down),
		cmocka_unit_test_setup_teardown(early_ends, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
