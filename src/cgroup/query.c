/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is attached (AT-10).
 *
 * The answer is taken under the mutex and written after it: whose memory the
 * caller's is, and how slow, is no matter of the hierarchy.
 */
#include "base/alloc.h"
#include "cgroup/attach.h"
#include "cgroup/effective.h"
#include "object/prog.h"

static void query_direct(struct cgroup_query *query,
			 const struct attach_point *point)
{
	struct attach_entry *entry;
	u32 i = 0;

	if (!point)
		return;
	cds_list_for_each_entry (entry, &point->entries, of_point) {
		if (i == query->nr)
			break;
		query->prog_ids[i++] = attach_entry_prog(entry)->obj.id;
	}
}

static void query_effective(struct cgroup_query *query,
			    const struct effective *effective)
{
	u32 n = 0;

	for (u32 i = 0; effective && i < effective->nr; i++) {
		const struct prog *prog = effective_prog(&effective->items[i]);

		if (prog && n < query->nr)
			query->prog_ids[n++] = prog->obj.id;
	}
}

static u32 effective_count(const struct effective *effective)
{
	u32 n = 0;

	for (u32 i = 0; effective && i < effective->nr; i++)
		n += effective_prog(&effective->items[i]) != NULL;
	return n;
}

static int query_locked(struct cgroup_query *query,
			const struct cgbpf_cgroup *cgroup,
			enum cgroup_atype atype,
			const struct attr_prog_query *attr)
{
	const struct attach_point *point = attach_point_of(cgroup, atype);
	const struct effective *effective = cgroup_effective(cgroup, atype);
	bool is_effective = attr->query_flags & BPF_F_QUERY_EFFECTIVE;

	if (is_effective) {
		query->prog_cnt = effective_count(effective);
	} else {
		query->prog_cnt = point ? point->nr : 0;
		query->mode = point ? point->mode : 0;
		query->revision = point ? point->revision : 1;
		query->attach_flags = query->mode;
	}
	if (!attr->prog_ids)
		return 0;
	query->nr = min(attr->prog_cnt, query->prog_cnt);
	if (!query->nr)
		return 0;
	query->prog_ids = mem_alloc(query->nr * sizeof(query->prog_ids[0]));
	if (!query->prog_ids)
		return -ENOMEM;
	if (query->nr < query->prog_cnt)
		query->result = -ENOSPC;
	if (is_effective)
		query_effective(query, effective);
	else
		query_direct(query, point);
	return 0;
}

int cgroup_prog_query(struct cgbpf_task *task,
		      const struct attr_prog_query *attr,
		      struct cgroup_query *out)
{
	struct cgroup_query query = { 0 };
	struct cgbpf_cgroup *cgroup;
	int atype, err;

	err = cgroup_get_by_fd(task, (int)attr->target_fd, &cgroup);
	if (err)
		return err;
	atype = attach_type_index(attr->attach_type);
	if (attr->query_flags & BPF_F_QUERY_EFFECTIVE &&
	    attr->prog_attach_flags)
		err = -EINVAL;
	else if (atype < 0)
		err = atype;
	if (err)
		goto put;
	pthread_mutex_lock(&task->env->cgroup_mutex);
	err = -ENOENT;
	if (cgroup_is_online(cgroup))
		err = query_locked(&query, cgroup, (enum cgroup_atype)atype,
				   attr);
	pthread_mutex_unlock(&task->env->cgroup_mutex);
	if (!err)
		*out = query;
put:
	cgroup_put(cgroup);
	return err;
}
