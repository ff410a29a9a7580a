/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attach points: the lists of programs of one cgroup for one attach type, and
 * what changes them: the rules of docs/attach.md, AT-1 to AT-14.
 */
#ifndef CGBPF_CGROUP_ATTACH_H
#define CGBPF_CGROUP_ATTACH_H

#include "base/uapi.h"
#include "cgroup/cgroup.h"
#include "cgroup/storage.h"

struct effective;
struct cgroup_link;
struct prog;

#define ATTACH_MAX_PROGS 64u

/* One program in a list: attached directly, or by a link. */
struct attach_entry {
	struct cds_list_head of_point;
	struct prog *prog;	  /* direct: a reference; else NULL */
	struct cgroup_link *link; /* no reference: its end ends the entry */
	u32 flags;		  /* as given: BPF_F_PREORDER counts */
	struct storage_set storages;
};

/*
 * 1. Made with the first attach for its type, there until the cgroup is
 *    released: it remembers the revision (AT-9) when its list is empty.
 * 2. effective is NULL if and only if the list is empty: the cgroup then uses
 *    its ancestors'.
 * 3. Only effective is seen by readers; all else is under the mutex.
 * 4. The points of one attach type are a tree, as their cgroups are: up is that
 *    of the nearest ancestor that has one, below are those that say so.
 */
struct attach_point {
	struct cgbpf_cgroup *cgroup;
	enum cgroup_atype atype;
	u32 mode; /* BPF_F_ALLOW_OVERRIDE, BPF_F_ALLOW_MULTI or 0 */
	u32 nr;
	u64 revision;
	struct cds_list_head entries;
	struct attach_point *up;
	struct cds_list_head below, beside;
	struct effective *effective; /* RCU */
	struct effective *next;	     /* prepared, not published */
	struct rcu_cb rcu;
};

/* The points of one cgroup, replaced as a whole when one is added. */
struct attach_points {
	struct rcu_cb rcu;
	u32 nr;
	u8 at[NR_ATYPES]; /* 1 + the place of its point; 0: none */
	struct attach_point *point[];
};

/* With the mutex held, or in a read side of RCU.  NULL: none yet. */
static inline struct attach_point *
attach_point_of(const struct cgbpf_cgroup *cgroup, enum cgroup_atype atype)
{
	struct attach_points *points = rcu_dereference(cgroup->points);

	if (!points || !points->at[atype])
		return NULL;
	return points->point[points->at[atype] - 1];
}

/* What a new attachment is to be: exactly one of prog and link. */
struct attach_request {
	struct cgbpf_task *task; /* whose fds anchor is among */
	struct cgbpf_cgroup *cgroup;
	enum cgroup_atype atype;
	struct prog *prog;
	struct cgroup_link *link;
	struct prog *replace; /* with BPF_F_REPLACE */
	u32 flags;
	u32 anchor; /* fd or id, by the flags */
	u64 revision;
	struct object *anchor_obj; /* attach_anchor_get() */
	int anchor_err;
};

/* Finds the anchor of a request, and drops it: without the mutex. */
void attach_anchor_get(struct attach_request *request);
void attach_anchor_put(struct attach_request *request);

/* What attach_prepare() did, for attach_commit() or attach_abort(). */
struct attach_change {
	struct attach_point *point;
	struct attach_entry *entry;    /* in the list already */
	struct attach_entry *replaced; /* out of the list already, or NULL */
	struct attach_points *before;  /* when the point is new */
	bool new_point;
	u32 mode; /* of before */
};

/* All with the mutex held; commit and abort cannot fail. */
int attach_prepare(const struct attach_request *request,
		   struct attach_change *change);
void attach_commit(struct attach_change *change);
void attach_abort(struct attach_change *change);
/* Takes an entry out and frees it: cannot fail (AT-11). */
void attach_remove(struct attach_point *point, struct attach_entry *entry);
/* All attachments of a cgroup that is being released. */
void attach_release_cgroup(struct cgbpf_cgroup *cgroup);
/* The program an entry runs. */
struct prog *attach_entry_prog(const struct attach_entry *entry);

/*
 * BPF_PROG_ATTACH, _DETACH and BPF_LINK_CREATE for cgroups, once the caller
 * has checked flags and that @prog fits the attach type.  @prog is borrowed;
 * NULL for detach: none was given, or not one of the right type.
 */
int cgroup_prog_attach(struct cgbpf_task *task,
		       const struct attr_prog_attach *attr, struct prog *prog);
int cgroup_prog_detach(struct cgbpf_task *task,
		       const struct attr_prog_attach *attr, struct prog *prog);
/* the link's fd, or -errno */
int cgroup_link_create(struct cgbpf_task *task,
		       const struct attr_link_create *attr, struct prog *prog);

/* BPF_PROG_QUERY: what is to be written, after the mutex was dropped. */
struct cgroup_query {
	u32 attach_flags;
	u32 prog_cnt;
	u64 revision;
	u32 mode; /* of each program, for prog_attach_flags */
	u32 nr;	  /* ids in prog_ids: what the caller wants, has room for */
	u32 *prog_ids; /* the caller frees it with mem_free() */
	int result;    /* 0 or -ENOSPC, after all was written */
};

int cgroup_prog_query(struct cgbpf_task *task,
		      const struct attr_prog_query *attr,
		      struct cgroup_query *query);

#endif
