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

struct attach_point;

/*
 * Lifecycle
 *	ONLINE		attach, children, sockets: all may come
 *	DYING		rmdir was called: nothing new comes; sockets made before
 *			still run its programs (it has holders, or children do)
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
	struct cgbpf_cgroup *parent; /* a reference, until RELEASED and after */
	u64 id;
	u64 own; /* attach types with an attach point here: RCU readers load it
		  */
	struct attach_point *
		*points; /* one for each bit of own, in bit order */
	struct cds_list_head storages; /* of_cgroup */
	long refs;		       /* memory: atomic */
	long holders; /* sockets, children not yet released, ONLINE itself */
	u32 level;    /* the root's is 0 */
	enum cgroup_state state;
	/* tree links, name and whatever else this room needs follow here */
	struct cds_list_head children, sibling;
	struct rcu_cb rcu;
	const char *name;
};

extern const struct file_ops cgroup_file_ops; /* priv: a cgroup reference */

/* Called by cgbpf_env_new() and _free(), with the object room ready. */
int cgroup_init(struct cgbpf_env *env);
void cgroup_exit(struct cgbpf_env *env);

void cgroup_get(struct cgbpf_cgroup *cgroup);
void cgroup_put(struct cgbpf_cgroup *cgroup);
/* With a reference: -EBADF if @fd is no cgroup. */
int cgroup_get_by_fd(struct cgbpf_task *task, int fd,
		     struct cgbpf_cgroup **out);
struct cgbpf_cgroup *cgroup_get_by_id(struct cgbpf_env *env, u64 id);
/* Sockets hold a cgroup's BPF state; -ENOENT when it is DYING already (the
 * accept path, whose listener holds it, uses cgroup_hold_more()). */
int cgroup_hold(struct cgbpf_cgroup *cgroup);
void cgroup_hold_more(struct cgbpf_cgroup *cgroup);
void cgroup_unhold(struct cgbpf_cgroup *cgroup);
/* The ancestor at @level, or NULL below it; borrowed.  Its own at its level. */
struct cgbpf_cgroup *cgroup_ancestor(struct cgbpf_cgroup *cgroup, u32 level);

#endif
