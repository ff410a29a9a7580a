/* SPDX-License-Identifier: BSD-2-Clause */
/* BPF_BTF_LOAD. */
#include "base/alloc.h"
#include "object/btf.h"
#include "syscall/log.h"
#include "syscall/syscall.h"

static int load(struct call *call, struct log *log, struct btf **out)
{
	const struct attr_btf_load *attr = &call->attr.btf_load;
	void *data = mem_alloc(attr->btf_size);
	int err;

	if (!data)
		return -ENOMEM;
	err = task_copy_in(call->task, data, attr->btf, attr->btf_size);
	if (!err)
		err = btf_new(out, call->task->env, data, attr->btf_size, log);
	mem_free(data);
	return err;
}

/* The log goes to the caller whatever came of the load. */
static int put_log(struct call *call, const struct log *log)
{
	u32 true_size;
	int err = log_finish(log, call->task, call->attr.btf_load.btf_log_buf,
			     &true_size);

	if (call->size >= offsetof(struct attr_btf_load, btf_log_true_size) +
				  sizeof(true_size) &&
	    CALL_PUT(call, btf_load.btf_log_true_size, true_size))
		err = -EFAULT;
	return err;
}

int sys_btf_load(struct call *call)
{
	const struct attr_btf_load *attr = &call->attr.btf_load;
	struct btf *btf = NULL;
	struct log log;
	int err, log_err;

	if (attr->btf_flags & ~UAPI_F_TOKEN_FD)
		return -EINVAL;
	if (attr->btf_flags & UAPI_F_TOKEN_FD)
		return call_check_token(call->task, attr->btf_token_fd);
	if (attr->btf_size > BTF_MAX_SIZE)
		return -E2BIG;
	err = log_attr_check(attr->btf_log_level, attr->btf_log_buf,
			     attr->btf_log_size);
	if (err)
		return err;

	log_init(&log, attr->btf_log_level, attr->btf_log_size);
	err = load(call, &log, &btf);
	log_err = put_log(call, &log);
	log_destroy(&log);
	if (log_err)
		err = log_err;
	if (!err)
		err = object_publish(&btf->obj);
	if (!err)
		err = task_install(call->task, &btf_file_ops, btf, 0);
	if (err < 0)
		btf_put(btf);
	return err;
}
