/* SPDX-License-Identifier: BSD-2-Clause */
/* Attach, detach, replace, query: the rules of docs/attach.md, AT-1 to AT-14.
 */
#ifndef CGBPF_CGROUP_ATTACH_H
#define CGBPF_CGROUP_ATTACH_H

#include "base/uapi.h"
#include "cgroup/cgroup.h"

struct link;
struct prog;

/* BPF_PROG_ATTACH, _DETACH and _QUERY, BPF_LINK_CREATE for cgroups: @attr has
 * passed the dispatcher (size, tail); everything after that is here. */
int cgroup_prog_attach(struct cgbpf_task *task,
		       const struct attr_prog_attach *attr);
int cgroup_prog_detach(struct cgbpf_task *task,
		       const struct attr_prog_attach *attr);
/* @uattr: where the caller's attr is, for the members that are results */
int cgroup_prog_query(struct cgbpf_task *task,
		      const struct attr_prog_query *attr, u64 uattr);
/* the link's fd, or -errno */
int cgroup_link_create(struct cgbpf_task *task,
		       const struct attr_link_create *attr);

#endif
