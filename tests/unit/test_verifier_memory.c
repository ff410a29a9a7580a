/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What checking loads and stores tells the rooms that run the program: fields
 * of the context, depths of stacks, and which of them show what was there.
 * Verdicts are tested as text (tests/prog).
 */
#include "unit.h"

#include <string.h>

#include "cgbpf.h"
#include "lockstep/insn.h"
#include "object/object.h"
#include "object/prog.h"
#include "object/task.h"
#include "verifier/verifier.h"
#include "vm/ctx.h"

struct world {
	struct cgbpf_env *env;
	struct cgbpf_task *task;
	int hash, constants; /* maps */
	struct prog *prog;   /* checked last */
};

static int make_map(struct world *world, u32 type, u32 flags)
{
	struct attr_map_create attr = {
		.map_type = type,
		.key_size = 4,
		.value_size = 8,
		.max_entries = 1,
		.map_flags = flags,
	};

	return cgbpf_bpf(world->task, BPF_MAP_CREATE, (void *)&attr,
			 sizeof(attr));
}

static void fill_and_freeze(struct world *world)
{
	const u8 bytes[8] = { 8, 0xf0, 0xff, 0xff, 0xff };
	u32 key = 0;
	struct attr_map_elem attr = {
		.map_fd = (u32)world->constants,
		.key = ptr_to_u64(&key),
		.value = ptr_to_u64(bytes),
	};

	assert_int_equal(cgbpf_bpf(world->task, BPF_MAP_UPDATE_ELEM,
				   (void *)&attr, sizeof(attr)),
			 0);
	assert_int_equal(cgbpf_bpf(world->task, BPF_MAP_FREEZE, (void *)&attr,
				   sizeof(attr.map_fd)),
			 0);
}

static int setup(void **state)
{
	static struct world world;

	assert_int_equal(cgbpf_env_new(&world.env, NULL), 0);
	world.task = cgbpf_env_task(world.env);
	world.hash = make_map(&world, BPF_MAP_TYPE_HASH, 0);
	world.constants =
		make_map(&world, BPF_MAP_TYPE_ARRAY, BPF_F_RDONLY_PROG);
	assert_true(world.hash >= 0 && world.constants >= 0);
	fill_and_freeze(&world);
	*state = &world;
	return 0;
}

static void drop(struct world *world)
{
	if (world->prog)
		prog_put(world->prog);
	world->prog = NULL;
}

static int teardown(void **state)
{
	struct world *world = *state;

	drop(world);
	cgbpf_close(world->task, world->hash);
	cgbpf_close(world->task, world->constants);
	cgbpf_env_free(world->env);
	return 0;
}

static int check(struct world *world, u32 flags, const struct bpf_insn *insns,
		 u32 nr)
{
	struct attr_prog_load attr = { .prog_flags = flags };
	struct log log;
	int err;

	drop(world);
	assert_int_equal(prog_alloc(&world->prog, world->env, nr), 0);
	world->prog->type = BPF_PROG_TYPE_SOCKET_FILTER;
	world->prog->gpl = true;
	memcpy(world->prog->insns, insns, nr * sizeof(*insns));
	log_init(&log, 0, 0);
	err = verifier_check(world->prog, world->task, &attr, 0, &log);
	log_destroy(&log);
	return err;
}

#define CHECK(world, ...)                                         \
	check(world, 0, (const struct bpf_insn[]){ __VA_ARGS__ }, \
	      ARRAY_SIZE(((const struct bpf_insn[]){ __VA_ARGS__ })))
/* each state is remembered */
#define CHECK_STATES(world, ...)                        \
	check(world, BPF_F_TEST_STATE_FREQ,             \
	      (const struct bpf_insn[]){ __VA_ARGS__ }, \
	      ARRAY_SIZE(((const struct bpf_insn[]){ __VA_ARGS__ })))

/* ---- how deep ---- */

static void depth_of_stores(void **state)
{
	struct world *world = *state;

	assert_int_equal(CHECK(world, MOVI(R0, 0), EXIT()), 0);
	assert_int_equal(world->prog->subprogs[0].stack_depth, 0);
	assert_int_equal(
		CHECK(world, STOREI(BPF_B, FP, -1, 0), MOVI(R0, 0), EXIT()), 0);
	assert_int_equal(world->prog->subprogs[0].stack_depth, 8);
	assert_int_equal(CHECK(world, STOREI(BPF_DW, FP, -512, 0),
			       STOREI(BPF_W, FP, -20, 0), MOVI(R0, 0), EXIT()),
			 0);
	assert_int_equal(world->prog->subprogs[0].stack_depth, 512);
}

/* The caller's stack is the caller's, whoever writes it. */
static void depth_of_callers(void **state)
{
	struct world *world = *state;

	assert_int_equal(CHECK(world, MOVR(R1, FP), OPI(BPF_ADD, R1, -40),
			       INSN(BPF_JMP | BPF_CALL, 0, 1, 0, 2),
			       MOVI(R0, 0), EXIT(), STOREI(BPF_DW, R1, 0, 1),
			       STOREI(BPF_DW, FP, -16, 1), MOVI(R0, 0), EXIT()),
			 0);
	assert_int_equal(world->prog->subprogs[0].stack_depth, 40);
	assert_int_equal(world->prog->subprogs[1].stack_depth, 16);
}

/* What a helper may be given, wherever in its range the pointer is. */
static void depth_of_regions(void **state)
{
	struct world *world = *state;

	assert_int_equal(CHECK(world, LOAD(BPF_W, R2, R1, 0),
			       OPI(BPF_AND, R2, 8), OPR(BPF_ADD, R2, FP),
			       OPI(BPF_ADD, R2, -32), LDMAP(R1, world->hash),
			       CALL(map_lookup_elem), MOVI(R0, 0), EXIT()),
			 0);
	assert_int_equal(world->prog->subprogs[0].stack_depth, 32);
}

/* ---- what was there ---- */

static void written_first(void **state)
{
	struct world *world = *state;

	assert_int_equal(CHECK(world, STORE(BPF_DW, FP, -8, R1),
			       LOAD(BPF_DW, R2, FP, -8),
			       STOREI(BPF_W, FP, -16, 5),
			       LOAD(BPF_H, R2, FP, -14), MOVI(R0, 0), EXIT()),
			 0);
	assert_false(world->prog->subprogs[0].reads_uninit);
}

static void never_written(void **state)
{
	struct world *world = *state;

	assert_int_equal(CHECK(world, STOREI(BPF_W, FP, -8, 5),
			       LOAD(BPF_DW, R0, FP, -8), MOVI(R0, 0), EXIT()),
			 0);
	assert_true(world->prog->subprogs[0].reads_uninit);
	/* the other half of a spill */
	assert_int_equal(CHECK(world, STOREI(BPF_W, FP, -8, 5),
			       LOAD(BPF_W, R0, FP, -4), MOVI(R0, 0), EXIT()),
			 0);
	assert_true(world->prog->subprogs[0].reads_uninit);
	/* by a helper */
	assert_int_equal(CHECK(world, MOVR(R2, FP), OPI(BPF_ADD, R2, -8),
			       LDMAP(R1, world->hash), CALL(map_lookup_elem),
			       MOVI(R0, 0), EXIT()),
			 0);
	assert_true(world->prog->subprogs[0].reads_uninit);
	/* somewhere */
	assert_int_equal(CHECK(world, LOAD(BPF_W, R2, R1, 0),
			       OPI(BPF_AND, R2, 8), OPR(BPF_ADD, R2, FP),
			       STOREI(BPF_DW, FP, -8, 1),
			       LOAD(BPF_DW, R0, R2, -16), MOVI(R0, 0), EXIT()),
			 0);
	assert_true(world->prog->subprogs[0].reads_uninit);
}

/* It is the caller's stack that must be cleared. */
static void never_written_by_caller(void **state)
{
	struct world *world = *state;

	assert_int_equal(CHECK(world, MOVR(R1, FP), OPI(BPF_ADD, R1, -8),
			       INSN(BPF_JMP | BPF_CALL, 0, 1, 0, 2),
			       MOVI(R0, 0), EXIT(), LOAD(BPF_DW, R0, R1, 0),
			       EXIT()),
			 0);
	assert_true(world->prog->subprogs[0].reads_uninit);
	assert_false(world->prog->subprogs[1].reads_uninit);
}

/* The path that wrote it is walked, and the other ends as that one did. */
static void written_on_one_path(void **state)
{
	struct world *world = *state;

	for (u8 op = BPF_JEQ;; op = BPF_JNE) {
		assert_int_equal(CHECK_STATES(world, LOAD(BPF_W, R2, R1, 0),
					      MOVI(R0, 0), JMPI(op, R2, 0, 1),
					      STORE(BPF_B, FP, -7, R2),
					      MOVI(R2, 0), MOVI(R3, 0),
					      LOAD(BPF_B, R4, FP, -7), EXIT()),
				 0);
		assert_true(world->prog->subprogs[0].reads_uninit);
		if (op == BPF_JNE)
			break;
	}
	/* nobody reads it */
	assert_int_equal(CHECK_STATES(world, LOAD(BPF_W, R2, R1, 0),
				      MOVI(R0, 0), JMPI(BPF_JEQ, R2, 0, 1),
				      STORE(BPF_B, FP, -7, R2), MOVI(R2, 0),
				      MOVI(R3, 0), EXIT()),
			 0);
	assert_false(world->prog->subprogs[0].reads_uninit);
}

/* ---- constants, fields ---- */

/* The byte is known, so that one offset is in the stack and no other. */
static int use_as_offset(struct world *world, u8 size, bool sign, s16 off,
			 s16 at)
{
	struct bpf_insn load = LOAD(size, R2, R1, off);

	if (sign)
		load.code = (u8)(load.code & 0x1f) | 0x80;
	return CHECK(world, LDVALUE(R1, world->constants, 0), load,
		     OPR(BPF_ADD, R2, FP), STOREI(BPF_B, R2, at, 1),
		     MOVI(R0, 0), EXIT());
}

static void constants_of_frozen_maps(void **state)
{
	struct world *world = *state;

	assert_int_equal(use_as_offset(world, BPF_B, false, 0, -9), 0);
	assert_int_equal(world->prog->subprogs[0].stack_depth, 8);
	assert_int_equal(use_as_offset(world, BPF_B, false, 0, -8), -EACCES);
	assert_int_equal(use_as_offset(world, BPF_B, true, 1, 15), 0);
	assert_int_equal(use_as_offset(world, BPF_B, true, 1, 16), -EACCES);
	assert_int_equal(use_as_offset(world, BPF_B, false, 1, -241), 0);
	assert_int_equal(use_as_offset(world, BPF_H, false, 0, 4087), -EACCES);
}

static void fields_of_the_context(void **state)
{
	struct world *world = *state;
	const struct prog *prog;

	assert_int_equal(CHECK(world, LOAD(BPF_W, R2, R1, 0),
			       LOAD(BPF_DW, R1, R1, 168),
			       JMPI(BPF_JEQ, R1, 0, 1), LOAD(BPF_W, R2, R1, 4),
			       MOVI(R0, 0), EXIT()),
			 0);
	prog = world->prog;
	assert_string_equal(prog->aux[0].ctx->name, "len");
	assert_string_equal(prog->aux[1].ctx->name, "sk");
	assert_null(prog->aux[2].ctx);
	assert_string_equal(prog->aux[3].ctx->name, "family");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(depth_of_stores),
		cmocka_unit_test(depth_of_callers),
		cmocka_unit_test(depth_of_regions),
		cmocka_unit_test(written_first),
		cmocka_unit_test(never_written),
		cmocka_unit_test(never_written_by_caller),
		cmocka_unit_test(written_on_one_path),
		cmocka_unit_test(constants_of_frozen_maps),
		cmocka_unit_test(fields_of_the_context),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
