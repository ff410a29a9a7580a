/* SPDX-License-Identifier: BSD-2-Clause */
/* Cgroup links: an attachment that is an object (AT-13, AT-14). */
#ifndef CGBPF_CGROUP_LINK_H
#define CGBPF_CGROUP_LINK_H

#include "cgroup/attach.h"
#include "object/link.h"

struct cgroup_link {
	struct link link;
	struct attach_entry *entry; /* under the mutex; NULL: defunct */
	struct attach_point *point; /* with entry */
	enum cgroup_atype atype;
};

static inline struct cgroup_link *cgroup_link_of(struct link *link)
{
	return container_of(link, struct cgroup_link, link);
}

#endif
