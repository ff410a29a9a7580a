/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PROG_ATTACH, PROG_DETACH, PROG_QUERY and the LINK commands: which subsystem
 * an attach type belongs to, what fits it, and who carries it out.
 *
 * Only cgroups are here.  For other attach types the checks are made in the
 * kernel's order, and the answer is then that of a kernel that was built
 * without the subsystem.
 */
#include "base/alloc.h"
#include "cgroup/attach.h"
#include "object/link.h"
#include "object/prog.h"
#include "syscall/syscall.h"

#define FLAGS_BASE                                                  \
	(BPF_F_ALLOW_OVERRIDE | BPF_F_ALLOW_MULTI | BPF_F_REPLACE | \
	 BPF_F_PREORDER)
#define FLAGS_ORDER \
	(BPF_F_REPLACE | BPF_F_BEFORE | BPF_F_AFTER | BPF_F_ID | UAPI_F_LINK)
#define FLAGS_LINK \
	(BPF_F_ID | BPF_F_BEFORE | BPF_F_AFTER | BPF_F_PREORDER | UAPI_F_LINK)

/* The program types of attach types that are not cgroups'. */
static u32 foreign_prog_type(u32 attach_type)
{
	switch (attach_type) {
	case BPF_SK_SKB_STREAM_PARSER:
	case BPF_SK_SKB_STREAM_VERDICT:
	case BPF_SK_SKB_VERDICT:
		return BPF_PROG_TYPE_SK_SKB;
	case BPF_SK_MSG_VERDICT:
		return BPF_PROG_TYPE_SK_MSG;
	case BPF_LIRC_MODE2:
		return BPF_PROG_TYPE_LIRC_MODE2;
	case BPF_FLOW_DISSECTOR:
		return BPF_PROG_TYPE_FLOW_DISSECTOR;
	case BPF_TRACE_RAW_TP:
	case BPF_TRACE_FENTRY:
	case BPF_TRACE_FEXIT:
	case BPF_MODIFY_RETURN:
	case BPF_TRACE_ITER:
		return BPF_PROG_TYPE_TRACING;
	case BPF_LSM_MAC:
	case BPF_LSM_CGROUP:
		return BPF_PROG_TYPE_LSM;
	case BPF_SK_LOOKUP:
		return BPF_PROG_TYPE_SK_LOOKUP;
	case BPF_XDP:
		return BPF_PROG_TYPE_XDP;
	case BPF_TCX_INGRESS:
	case BPF_TCX_EGRESS:
	case BPF_NETKIT_PRIMARY:
	case BPF_NETKIT_PEER:
		return BPF_PROG_TYPE_SCHED_CLS;
	default:
		return BPF_PROG_TYPE_UNSPEC;
	}
}

/* What type of program an attach type takes; _UNSPEC: there is none. */
static u32 prog_type_of(u32 attach_type)
{
	int atype = attach_type_index(attach_type);

	return atype < 0 ? foreign_prog_type(attach_type)
			 : attach_types[atype].prog_type;
}

/* Are programs of this type attached to cgroups (some of them, for LSM)? */
static bool cgroup_prog_type(u32 prog_type)
{
	if (prog_type == BPF_PROG_TYPE_LSM)
		return true;
	for (int i = 0; i < NR_ATYPES; i++)
		if (attach_types[i].prog_type == prog_type)
			return true;
	return false;
}

/* AT-4: in PROG_ATTACH and LINK_CREATE alike (KB-12). */
static int fits_check(const struct prog *prog, u32 attach_type)
{
	switch (prog->type) {
	case BPF_PROG_TYPE_CGROUP_SOCK:
	case BPF_PROG_TYPE_CGROUP_SOCK_ADDR:
	case BPF_PROG_TYPE_CGROUP_SOCKOPT:
		return prog->expected_attach_type == attach_type ? 0 : -EINVAL;
	case BPF_PROG_TYPE_CGROUP_SKB:
		if (prog_type_of(attach_type) != prog->type)
			return -EINVAL;
		/* it may return what only its expected attach type takes */
		return prog->enforce_attach_type &&
				       prog->expected_attach_type != attach_type
			       ? -EINVAL
			       : 0;
	default:
		return prog_type_of(attach_type) == prog->type ? 0 : -EINVAL;
	}
}

static int prog_get_typed(struct cgbpf_task *task, u32 fd, u32 type,
			  struct prog **out)
{
	struct prog *prog;
	int err;

	err = prog_get_by_fd(task, (int)fd, &prog);
	if (err)
		return err;
	if (prog->type != type) {
		prog_put(prog);
		return -EINVAL;
	}
	*out = prog;
	return 0;
}

static int attach_flags_check(const struct attr_prog_attach *attr, u32 type)
{
	if (type == BPF_PROG_TYPE_UNSPEC)
		return -EINVAL;
	if (type == BPF_PROG_TYPE_SCHED_CLS)
		return attr->attach_flags & ~FLAGS_ORDER ? -EINVAL : 0;
	if (cgroup_prog_type(type))
		return attr->attach_flags & ~(FLAGS_BASE | FLAGS_ORDER)
			       ? -EINVAL
			       : 0;
	if (attr->attach_flags & ~FLAGS_BASE || attr->relative_fd ||
	    attr->expected_revision)
		return -EINVAL;
	return 0;
}

int sys_prog_attach(struct call *call)
{
	const struct attr_prog_attach *attr = &call->attr.prog_attach;
	u32 type = prog_type_of(attr->attach_type);
	struct prog *prog;
	int err;

	err = attach_flags_check(attr, type);
	if (err)
		return err;
	err = prog_get_typed(call->task, attr->attach_bpf_fd, type, &prog);
	if (err)
		return err;
	err = fits_check(prog, attr->attach_type);
	if (!err) {
		err = -EINVAL;
		if (attach_type_index(attr->attach_type) >= 0)
			err = cgroup_prog_attach(call->task, attr, prog);
	}
	prog_put(prog);
	return err;
}

/* No program can be attached for it; what remains are the checks. */
static int foreign_detach(struct call *call, u32 type)
{
	const struct attr_prog_attach *attr = &call->attr.prog_attach;
	struct cgbpf_cgroup *cgroup;
	struct prog *prog;
	int err;

	if (type == BPF_PROG_TYPE_SCHED_CLS && attr->attach_bpf_fd &&
	    !(attr->attach_flags & ~FLAGS_ORDER)) {
		err = prog_get_typed(call->task, attr->attach_bpf_fd, type,
				     &prog);
		if (err)
			return err;
		prog_put(prog);
	}
	if (type == BPF_PROG_TYPE_LSM && !attr->attach_flags &&
	    !attr->relative_fd) {
		err = cgroup_get_by_fd(call->task, (int)attr->target_fd,
				       &cgroup);
		if (err)
			return err;
		cgroup_put(cgroup);
		if (attr->attach_type == BPF_LSM_CGROUP)
			return -ENOENT;
	}
	return -EINVAL;
}

int sys_prog_detach(struct call *call)
{
	const struct attr_prog_attach *attr = &call->attr.prog_attach;
	u32 type = prog_type_of(attr->attach_type);
	struct prog *prog;
	int err;

	if (attach_type_index(attr->attach_type) < 0)
		return foreign_detach(call, type);
	if (attr->attach_flags || attr->relative_fd)
		return -EINVAL;
	/* in the modes of one program any fd will do (AT-12) */
	if (prog_get_typed(call->task, attr->attach_bpf_fd, type, &prog))
		prog = NULL;
	err = cgroup_prog_detach(call->task, attr, prog);
	prog_put(prog);
	return err;
}

/* ------------------------------------------------------------------- queries
 */

static int query_put(struct call *call, const struct cgroup_query *query)
{
	const struct attr_prog_query *attr = &call->attr.prog_query;
	struct cgbpf_task *task = call->task;

	if (CALL_PUT(call, prog_query.attach_flags, query->attach_flags) ||
	    CALL_PUT(call, prog_query.prog_cnt, query->prog_cnt))
		return -EFAULT;
	/* callers of before 6.6 have no room for it */
	if (call->size >= offsetof(struct attr_prog_query, revision) +
				  sizeof(attr->revision) &&
	    CALL_PUT(call, prog_query.revision, query->revision))
		return -EFAULT;
	if (task_copy_out(task, attr->prog_ids, query->prog_ids,
			  query->nr * sizeof(u32)))
		return -EFAULT;
	for (u32 i = 0; attr->prog_attach_flags && i < query->nr; i++)
		if (task_copy_out(task,
				  attr->prog_attach_flags + i * sizeof(u32),
				  &query->mode, sizeof(u32)))
			return -EFAULT;
	return query->result;
}

/* No program is attached for BPF_LSM_CGROUP, and none ever was. */
static int query_lsm(struct call *call, struct cgroup_query *query)
{
	const struct attr_prog_query *attr = &call->attr.prog_query;
	bool effective = attr->query_flags & BPF_F_QUERY_EFFECTIVE;
	struct cgbpf_cgroup *cgroup;
	int err;

	err = cgroup_get_by_fd(call->task, (int)attr->target_fd, &cgroup);
	if (err)
		return err;
	cgroup_put(cgroup);
	if (effective ? attr->prog_attach_flags != 0
		      : attr->prog_cnt && attr->prog_ids &&
				!attr->prog_attach_flags)
		return -EINVAL;
	*query = (struct cgroup_query){ 0 };
	return 0;
}

int sys_prog_query(struct call *call)
{
	const struct attr_prog_query *attr = &call->attr.prog_query;
	struct cgroup_query query;
	int err;

	if (attr->query_flags & ~BPF_F_QUERY_EFFECTIVE)
		return -EINVAL;
	if (attr->attach_type == BPF_LSM_CGROUP)
		err = query_lsm(call, &query);
	else if (attach_type_index(attr->attach_type) < 0)
		err = -EINVAL;
	else
		err = cgroup_prog_query(call->task, attr, &query);
	if (err)
		return err;
	err = query_put(call, &query);
	mem_free(query.prog_ids);
	return err;
}

/* --------------------------------------------------------------------- links
 */

int sys_link_create(struct call *call)
{
	const struct attr_link_create *attr = &call->attr.link_create;
	struct prog *prog;
	int fd;

	fd = prog_get_by_fd(call->task, (int)attr->prog_fd, &prog);
	if (fd)
		return fd;
	fd = fits_check(prog, attr->attach_type);
	if (!fd) {
		fd = -EINVAL;
		if (attach_type_index(attr->attach_type) >= 0 &&
		    !(attr->flags & ~FLAGS_LINK))
			fd = cgroup_link_create(call->task, attr, prog);
	}
	prog_put(prog);
	return fd;
}

static int link_get_by_fd(struct cgbpf_task *task, u32 fd, struct link **out)
{
	struct file *file;
	int err;

	err = task_file(task, (int)fd, &link_file_ops, &file);
	if (err)
		return err;
	object_get(file->priv);
	*out = link_of(file->priv);
	file_put(file);
	return 0;
}

static int update_progs_get(struct call *call, struct prog **new_prog,
			    struct prog **old_prog)
{
	const struct attr_link_update *attr = &call->attr.link_update;
	int err;

	*old_prog = NULL;
	err = prog_get_by_fd(call->task, (int)attr->new_prog_fd, new_prog);
	if (err)
		return err;
	if (attr->flags & BPF_F_REPLACE)
		err = prog_get_by_fd(call->task, (int)attr->old_prog_fd,
				     old_prog);
	else if (attr->old_prog_fd)
		err = -EINVAL;
	if (err)
		prog_put(*new_prog);
	return err;
}

int sys_link_update(struct call *call)
{
	const struct attr_link_update *attr = &call->attr.link_update;
	struct prog *new_prog, *old_prog;
	struct link *link;
	int err;

	if (attr->flags & ~BPF_F_REPLACE)
		return -EINVAL;
	err = link_get_by_fd(call->task, attr->link_fd, &link);
	if (err)
		return err;
	err = update_progs_get(call, &new_prog, &old_prog);
	if (err)
		goto put_link;
	err = link->ops->update_prog(link, new_prog, old_prog);
	if (err)
		prog_put(new_prog);
	prog_put(old_prog);
put_link:
	object_put(&link->obj);
	return err;
}

int sys_link_detach(struct call *call)
{
	struct link *link;
	int err;

	err = link_get_by_fd(call->task, call->attr.link_detach.link_fd, &link);
	if (err)
		return err;
	err = link->ops->detach(link);
	object_put(&link->obj);
	return err;
}
