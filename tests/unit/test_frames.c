/* SPDX-License-Identifier: BSD-2-Clause */
/* Graphs of calls with more chains than anyone can follow one by one. */
#include "unit.h"

#include <string.h>

#include "base/alloc.h"
#include "insn_macros.h"
#include "verifier/checks.h"

#define MAX_LAYERS 10u
#define WIDTH 24u
#define STACK 64u /* of each function */

static struct bpf_insn insns[1 + MAX_LAYERS * WIDTH * (WIDTH + 1)];
static struct subprog subprogs[1 + MAX_LAYERS * WIDTH];
static struct prog prog = { .insns = insns, .subprogs = subprogs };

/* Layer 0 is main alone; where function @i of layer @layer is in subprogs */
static u32 place(u32 layer, u32 i)
{
	return layer ? 1 + (layer - 1) * WIDTH + i : 0;
}

/* Everyone in a layer calls everyone in the next; then calls are filled in. */
static void layers(u32 nr, u32 stack)
{
	u32 calls[ARRAY_SIZE(insns)];

	prog.len = prog.nr_subprogs = 0;
	for (u32 layer = 0; layer < nr; layer++) {
		for (u32 i = 0; i < (layer ? WIDTH : 1); i++) {
			subprogs[prog.nr_subprogs++] = (struct subprog){
				.start = prog.len,
				.stack_depth = stack,
			};
			for (u32 j = 0; layer + 1 < nr && j < WIDTH; j++) {
				calls[prog.len] = place(layer + 1, j);
				insns[prog.len++] =
					(struct bpf_insn)I_CALL_REL(0);
			}
			insns[prog.len++] = (struct bpf_insn)I_EXIT();
		}
	}
	for (u32 i = 0; i < prog.len; i++)
		if (insns[i].src_reg == BPF_PSEUDO_CALL)
			insns[i].imm =
				(s32)subprogs[calls[i]].start - (s32)i - 1;
}

/* With @text in the log. */
static int check(const char *text)
{
	struct verifier v = { .prog = &prog };
	struct log log;
	int err;

	log_init(&log, 1, 4096);
	v.log = &log;
	err = check_frames(&v);
	if (text)
		assert_non_null(strstr(log.buf ? log.buf : "", text));
	else
		assert_null(log.buf);
	log_destroy(&log);
	return err;
}

/* 24^7 chains of eight functions, of exactly as much stack as there is */
static void test_as_much_as_allowed(void **state)
{
	(void)state;
	layers(MAX_FRAMES, STACK);
	assert_int_equal(check(NULL), 0);
}

static void test_too_deep(void **state)
{
	(void)state;
	layers(MAX_FRAMES + 1, 0);
	assert_int_equal(check("the call stack of 8 frames is too deep !"),
			 -E2BIG);
}

/* Of all chains only those through one function have too much. */
static void test_too_large(void **state)
{
	(void)state;
	layers(MAX_FRAMES, STACK);
	subprogs[place(7, WIDTH - 1)].stack_depth = STACK + 1;
	assert_int_equal(check("combined stack size of 8 calls is 528. "
			       "Too large"),
			 -EACCES);
}

static void test_tail_call(void **state)
{
	(void)state;
	layers(5, STACK);
	subprogs[place(4, WIDTH - 1)].has_tail_call = true;
	assert_int_equal(check("tail_calls are not allowed when call stack of "
			       "previous frames is 256 bytes. Too large"),
			 -EACCES);
	layers(4, STACK);
	subprogs[place(3, WIDTH - 1)].has_tail_call = true;
	assert_int_equal(check(NULL), 0);
}

/* The last function calls the first layer: all are in one cycle. */
static void test_endless(void **state)
{
	u32 last;

	(void)state;
	layers(4, 0);
	last = prog.len - 1;
	insns[last] = (struct bpf_insn)I_CALL_REL(0);
	insns[last].imm = (s32)subprogs[place(1, 0)].start - (s32)last - 1;
	insns[prog.len++] = (struct bpf_insn)I_EXIT();
	assert_int_equal(check("the call stack of 8 frames is too deep !"),
			 -E2BIG);
}

static void test_no_memory(void **state)
{
	(void)state;
#ifdef CGBPF_FAULTS
	long live = mem_live();

	layers(3, STACK);
	mem_fault_set(1);
	assert_int_equal(check(NULL), -ENOMEM);
	assert_true(mem_fault_fired());
	assert_int_equal(mem_live(), live);
#else
	skip();
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_much_as_allowed),
		cmocka_unit_test(test_too_deep),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_tail_call),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
