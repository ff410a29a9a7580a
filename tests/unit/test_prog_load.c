/* SPDX-License-Identifier: BSD-2-Clause */
/* PROG_LOAD: every allocation of it may fail, and nothing stays behind. */
#include "unit.h"

#include <string.h>

#include "base/rcu.h"
#include "cgbpf.h"
#include "object/prog.h"
#include "object/task.h"
#include "verifier/verifier.h"
#include "vm/insn.h"

struct world {
	struct cgbpf_env *env;
	struct cgbpf_task *task;
	int map_fd;
};

#define INSN(code_, dst_, src_, off_, imm_)       \
	((struct bpf_insn){ .code = (code_),      \
			    .dst_reg = (dst_)&15, \
			    .src_reg = (src_)&15, \
			    .off = (off_),        \
			    .imm = (imm_) })

static int setup(void **state)
{
	static struct world world;
	struct attr_map_create attr = {
		.map_type = BPF_MAP_TYPE_CGROUP_STORAGE,
		.key_size = 16,
		.value_size = 8,
	};

	assert_int_equal(cgbpf_env_new(&world.env, NULL), 0);
	world.task = cgbpf_env_task(world.env);
	world.map_fd = cgbpf_bpf(world.task, BPF_MAP_CREATE, (void *)&attr,
				 sizeof(attr));
	assert_true(world.map_fd >= 0);
	*state = &world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	cgbpf_close(world->task, world->map_fd);
	cgbpf_env_free(world->env);
	return 0;
}

/* A storage, a loop, a function: some of every table that loading makes. */
static int load(struct world *world)
{
	const struct bpf_insn insns[] = {
		INSN(0xbf, 6, 1, 0, 0),
		INSN(0xb7, 2, 0, 0, 0),
		INSN(0x18, 1, BPF_PSEUDO_MAP_FD, 0, world->map_fd),
		INSN(0, 0, 0, 0, 0),
		INSN(0x85, 0, 0, 0, BPF_FUNC_get_local_storage),
		INSN(0xb7, 7, 0, 0, 3),
		INSN(0x79, 1, 0, 0, 0),
		INSN(0x07, 7, 0, 0, -1),
		INSN(0x55, 7, 0, -2, 0),
		INSN(0x85, 0, BPF_PSEUDO_CALL, 0, 1),
		INSN(0x95, 0, 0, 0, 0),
		INSN(0xb7, 0, 0, 0, 1),
		INSN(0x95, 0, 0, 0, 0),
	};
	struct attr_prog_load attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_SKB,
		.insns = ptr_to_u64(insns),
		.insn_cnt = ARRAY_SIZE(insns),
		.license = ptr_to_u64("GPL"),
		.prog_name = "all_of_it",
	};

	return cgbpf_bpf(world->task, BPF_PROG_LOAD, (void *)&attr,
			 sizeof(attr));
}

static int load_and_close(void *arg)
{
	struct world *world = arg;
	int fd = load(world);

	if (fd >= 0)
		fd = cgbpf_close(world->task, fd);
	/* programs are freed after a grace period */
	rcu_barrier();
	return fd;
}

static void test_faults(void **state)
{
	/* tables that grow once have grown */
	assert_int_equal(load_and_close(*state), 0);
#ifdef CGBPF_FAULTS
	assert_true(unit_each_fault(load_and_close, *state) > 8);
#else
	unit_each_fault(load_and_close, *state);
#endif
}

/* What was found out by checking is there, and it runs unchecked. */
static void test_checked(void **state)
{
	struct world *world = *state;
	struct prog *prog;
	int fd = load(world);

	assert_true(fd >= 0);
	assert_int_equal(prog_get_by_fd(world->task, fd, &prog), 0);
	assert_false(prog->checked);
	assert_null(prog->aux);
	assert_int_equal(prog->nr_subprogs, 2);
	assert_non_null(prog->storage_map[STORAGE_SHARED]);
	prog_put(prog);
	assert_int_equal(cgbpf_close(world->task, fd), 0);
}

/* No line of the table is hidden by another, and each decodes to itself. */
static void test_table(void **state)
{
	(void)state;
	for (int i = 0; i < NR_INSNS; i++) {
		const struct insn_desc *desc = &insn_descs[i];
		struct bpf_insn insn = { .code = desc->code };
		u8 op = BPF_OP(desc->code), class = BPF_CLASS(desc->code);

		if (class == BPF_STX || op == BPF_END)
			insn.imm = desc->variant;
		else
			insn.off = (s16)desc->variant;
		assert_int_equal(insn_decode(&insn), i);
		assert_true(insn_code_known(desc->code));
	}
}

/* What no instruction is: other variants of bytes that are. */
static void test_not_in_table(void **state)
{
	static const struct bpf_insn none[] = {
		{ .code = 0x37, .off = 2 },  /* neither div nor sdiv */
		{ .code = 0xbf, .off = 7 },  /* sign extension of 7 bits */
		{ .code = 0xbc, .off = 32 }, /* 32 bits of 32 */
		{ .code = 0xb7, .off = 8 },  /* of an immediate */
		{ .code = 0xd4, .imm = 8 },
		{ .code = 0xd7, .imm = 0 },
		{ .code = 0xdf, .imm = 16 },
		{ .code = 0xdb, .imm = BPF_SUB },
		{ .code = 0xcb, .imm = BPF_ADD }, /* of two bytes */
		{ .code = 0x8d },
		{ .code = 0x99 }, /* a sign-extending load of 8 bytes */
		{ .code = 0x00 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_int_equal(insn_decode(&none[i]), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_checked),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_not_in_table),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
