/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BPF_PROG_LOAD: attributes, bytes, checks, translation, an id, an fd; in the
 * order in which Linux finds fault.
 */
#include "syscall/syscall.h"

#include <string.h>
#include <time.h>

#include "hook/hook.h"
#include "object/attach_type.h"
#include "object/map.h"
#include "object/map_prog_array.h"
#include "object/prog.h"
#include "syscall/log.h"
#include "verifier/verifier.h"
#include "vm/ctx.h"
#include "vm/vm.h"

#define LICENSE_MAX 128
#define MAX_SIGNATURE 8192u
#define LAST_SYSTEM_KEYRING 2u

#define PROG_FLAGS                                                            \
	(BPF_F_STRICT_ALIGNMENT | BPF_F_ANY_ALIGNMENT | BPF_F_TEST_RND_HI32 | \
	 BPF_F_TEST_STATE_FREQ | BPF_F_SLEEPABLE | BPF_F_XDP_HAS_FRAGS |      \
	 UAPI_F_XDP_DEV_BOUND_ONLY | UAPI_F_TEST_REG_INVARIANTS |             \
	 UAPI_F_TOKEN_FD)

/* Programs of before there were expected attach types. */
static void fix_attach_type(struct attr_prog_load *attr)
{
	if (attr->prog_type == BPF_PROG_TYPE_CGROUP_SOCK &&
	    !attr->expected_attach_type)
		attr->expected_attach_type = BPF_CGROUP_INET_SOCK_CREATE;
}

/*
 * Types that are loaded for one attach type; the others, of which cgroups
 * have only one, take whatever is written there.
 */
static bool attach_type_matters(u32 prog_type)
{
	return prog_type == BPF_PROG_TYPE_CGROUP_SOCK ||
	       prog_type == BPF_PROG_TYPE_CGROUP_SOCK_ADDR ||
	       prog_type == BPF_PROG_TYPE_CGROUP_SKB ||
	       prog_type == BPF_PROG_TYPE_CGROUP_SOCKOPT;
}

/* No type of ours attaches to a function of a kernel or of a program. */
static int check_attach_target(struct call *call)
{
	const struct attr_prog_load *attr = &call->attr.prog_load;
	struct file *file;
	bool ours;

	if (attr->attach_prog_fd) {
		file = call->task->ops->fd_get(call->task,
					       (int)attr->attach_prog_fd);
		ours = file && file->ops == &btf_file_ops;
		file_put(file);
		return ours ? -ENOTSUPP : -EINVAL;
	}
	return attr->attach_btf_id ? -EINVAL : 0;
}

static int check_attach_type(const struct attr_prog_load *attr)
{
	int atype;

	if (!attach_type_matters(attr->prog_type))
		return 0;
	atype = attach_type_index(attr->expected_attach_type);
	if (atype < 0 || attach_types[atype].prog_type != attr->prog_type)
		return -EINVAL;
	return 0;
}

static int check_attr(struct call *call)
{
	struct attr_prog_load *attr = &call->attr.prog_load;
	int err;

	if (attr->prog_flags & ~PROG_FLAGS)
		return -EINVAL;
	fix_attach_type(attr);
	if (attr->prog_flags & UAPI_F_TOKEN_FD)
		return call_check_token(call->task, attr->prog_token_fd);
	if (!attr->insn_cnt || attr->insn_cnt > PROG_MAX_INSNS)
		return -E2BIG;
	err = check_attach_target(call);
	return err ? err : check_attach_type(attr);
}

/* The licenses that may call helpers that are for the GPL only. */
static bool license_is_gpl(const char *license)
{
	static const char *const gpl[] = {
		"GPL",		"GPL v2",	"GPL and additional rights",
		"Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL",
	};

	for (size_t i = 0; i < ARRAY_SIZE(gpl); i++)
		if (!strcmp(license, gpl[i]))
			return true;
	return false;
}

/* What is too long is cut, as by strncpy(). */
static int copy_license(struct call *call, struct prog *prog)
{
	char license[LICENSE_MAX] = "";
	int err;

	err = task_copy_string(call->task, license,
			       call->attr.prog_load.license,
			       sizeof(license) - 1);
	if (err && err != -E2BIG)
		return -EFAULT;
	prog->gpl = license_is_gpl(license);
	return 0;
}

static u64 now_boottime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (u64)now.tv_sec * 1000000000u + (u64)now.tv_nsec;
}

/* There are the system's keyrings, and nothing that verifies by them. */
static int signature_check(const struct attr_prog_load *attr)
{
	if (!attr->signature)
		return 0;
	if (attr->signature_size > MAX_SIGNATURE ||
	    (u32)attr->keyring_id > LAST_SYSTEM_KEYRING)
		return -EINVAL;
	return -EOPNOTSUPP;
}

/* The caller's part of a program: what can be told without looking into it. */
static int prog_copy_in(struct call *call, struct prog *prog)
{
	const struct attr_prog_load *attr = &call->attr.prog_load;
	int err;

	prog->type = attr->prog_type;
	prog->expected_attach_type = attr->expected_attach_type;
	prog->prog_flags = attr->prog_flags;
	prog->uid = call->task->cred.uid;
	if (task_copy_in(call->task, prog->insns, attr->insns,
			 prog->len * sizeof(*prog->insns)))
		return -EFAULT;
	err = copy_license(call, prog);
	if (err)
		return err;
	err = signature_check(attr);
	if (err)
		return err;
	if (attr->prog_ifindex)
		return -EINVAL; /* no device to run on */
	if (!ctx_type_of(attr->prog_type))
		return -EINVAL;
	prog->load_time = now_boottime();
	err = object_name_check(attr->prog_name);
	if (err)
		return err;
	memcpy(prog->name, attr->prog_name,
	       strnlen(attr->prog_name, sizeof(prog->name)));
	return 0;
}

/* The arrays it may tail call through take programs like it only (KB-1..3). */
static int prog_check_tail_calls(const struct prog *prog)
{
	for (u32 i = 0; i < prog->nr_maps; i++)
		if (prog->used_maps[i]->type == BPF_MAP_TYPE_PROG_ARRAY &&
		    !map_prog_compatible(prog->used_maps[i], prog))
			return -EINVAL;
	return 0;
}

/* Like the kernel, a log that was cut fails even a good program: -ENOSPC. */
static int prog_verify(struct call *call, struct prog *prog)
{
	const struct attr_prog_load *attr = &call->attr.prog_load;
	struct log log;
	u32 true_size;
	int err, log_err;

	err = log_attr_check(attr->log_level, attr->log_buf, attr->log_size);
	if (err)
		return err;
	log_init(&log, attr->log_level, attr->log_size);
	err = verifier_check(prog, call->task, attr, call->uattr, &log);
	log_err = log_finish(&log, call->task, attr->log_buf, &true_size);
	if (log_err)
		err = log_err;
	if (call->size >= offsetof(struct attr_prog_load, log_true_size) +
				  sizeof(true_size) &&
	    CALL_PUT(call, prog_load.log_true_size, true_size))
		err = -EFAULT;
	log_destroy(&log);
	return err;
}

int sys_prog_load(struct call *call)
{
	struct prog *prog;
	int err;

	err = check_attr(call);
	if (err)
		return err;
	err = prog_alloc(&prog, call->task->env, call->attr.prog_load.insn_cnt);
	if (err)
		return err;
	err = prog_copy_in(call, prog);
	if (!err)
		err = prog_verify(call, prog);
	if (!err)
		err = prog_calc_tag(prog);
	if (!err)
		err = vm_translate(prog);
	if (!err) /* late: an array keeps its owner whatever comes of it */
		err = prog_check_tail_calls(prog);
	if (!err)
		err = object_publish(&prog->obj);
	if (!err)
		err = task_install(call->task, &prog_file_ops, prog,
				   FILE_READ | FILE_WRITE);
	if (err < 0)
		prog_put(prog);
	return err;
}

int sys_prog_test_run(struct call *call)
{
	const struct attr_test_run *attr = &call->attr.test_run;
	struct prog *prog;
	int err;

	if (!attr->ctx_size_in != !attr->ctx_in ||
	    !attr->ctx_size_out != !attr->ctx_out)
		return -EINVAL;
	err = prog_get_by_fd(call->task, (int)attr->prog_fd, &prog);
	if (err)
		return err;
	err = hook_test_run(prog, call->task, attr, call->uattr);
	prog_put(prog);
	return err;
}

/* The program keeps the map from now on, as if it used it. */
int sys_prog_bind_map(struct call *call)
{
	const struct attr_prog_bind_map *attr = &call->attr.prog_bind_map;
	struct prog *prog;
	struct map *map;
	int err;
	u32 mode;

	if (attr->flags)
		return -EINVAL;
	err = prog_get_by_fd(call->task, (int)attr->prog_fd, &prog);
	if (err)
		return err;
	err = map_get_by_fd(call->task, (int)attr->map_fd, &map, &mode);
	if (!err) {
		err = prog_use_map(prog, map);
		map_put(map);
	}
	prog_put(prog);
	return err;
}
