/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hierarchy: cgroups, from mkdir to the release of what BPF holds on them.
 *
 * Everything below takes env->cgroup_mutex itself unless its name ends in
 * _locked.  Nothing here waits for RCU with the mutex held.
 */
#ifndef CGBPF_CGROUP_CGROUP_H
#define CGBPF_CGROUP_CGROUP_H

#include "base/rcu.h"
#include "object/attach_type.h"
#include "object/env.h"
#include "object/file.h"
#include "object/task.h"

struct attach_points;

/*
 * Lifecycle
 *	ONLINE		attach, children, sockets: all may come
 *	DYING		rmdir was called: nothing new comes; sockets made before
 *			still run its programs (it has holders: sockets, or
 *			children that are not released)
 *	RELEASED	its BPF state is gone: programs put, links defunct,
 *			storages freed; only name and id remain, for references
 */
enum cgroup_state {
	CGROUP_ONLINE,
	CGROUP_DYING,
	CGROUP_RELEASED,
};

struct cgbpf_cgroup {
	struct cgbpf_env *env;
	struct cgbpf_cgroup *parent; /* a reference; NULL: the root */
	u64 id;
	struct attach_points *points;  /* RCU; NULL: nothing ever attached */
	struct cds_list_head storages; /* of_cgroup */
	long refs;		       /* of the memory: atomic */
	long holders; /* sockets, unreleased children, ONLINE itself: atomic */
	u32 level;    /* the root's is 0 */
	enum cgroup_state state; /* atomic; written with the mutex */
	/* under the mutex: online children, tables by id and by name */
	struct cds_list_head children, sibling;
	struct cgbpf_cgroup *same_id, *same_name;
	struct rcu_cb rcu;
	u32 name_hash;
	char name[]; /* "" for the root; never changes */
};

extern const struct file_ops cgroup_file_ops; /* priv: a cgroup reference */

/* Called by cgbpf_env_new() and _free(), with the object room ready. */
int cgroup_init(struct cgbpf_env *env);
void cgroup_exit(struct cgbpf_env *env);

void cgroup_get(struct cgbpf_cgroup *cgroup);
void cgroup_put(struct cgbpf_cgroup *cgroup);
/* With a reference: -EBADF if @fd is no cgroup, -ENOENT if it was removed. */
int cgroup_get_by_fd(struct cgbpf_task *task, int fd,
		     struct cgbpf_cgroup **out);
/* With a reference, removed or not; NULL once nothing refers to it. */
struct cgbpf_cgroup *cgroup_get_by_id(struct cgbpf_env *env, u64 id);
/* Sockets hold a cgroup's BPF state; -ENOENT when it is DYING already (the
 * accept path, whose listener holds it, uses cgroup_hold_more()).  What holds
 * the state holds the memory too. */
int cgroup_hold(struct cgbpf_cgroup *cgroup);
void cgroup_hold_more(struct cgbpf_cgroup *cgroup);
void cgroup_unhold(struct cgbpf_cgroup *cgroup);
/* The ancestor at @level, or NULL below it; borrowed.  Its own at its level. */
struct cgbpf_cgroup *cgroup_ancestor(struct cgbpf_cgroup *cgroup, u32 level);
bool cgroup_is_descendant(const struct cgbpf_cgroup *cgroup,
			  const struct cgbpf_cgroup *ancestor);

static inline bool cgroup_is_online(const struct cgbpf_cgroup *cgroup)
{
	return __atomic_load_n(&cgroup->state, __ATOMIC_ACQUIRE) ==
	       CGROUP_ONLINE;
}

#endif
