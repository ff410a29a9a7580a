/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree of cgroups: names, ids, lives.
 *
 * Two counts, since two things end at different times:
 *
 *	refs	whoever has a pointer: the object's memory, name and id, and
 *		through the parent's reference those of all ancestors
 *	holders	whoever may still run its programs: ONLINE itself, sockets
 *		made in it, children that are not released
 *
 * Guarantees
 * 1. holders > 0 until the cgroup is released; holders > 0 holds one
 *    reference.  Once it is zero it stays zero: cgroup_hold() only adds to a
 *    count that is not.
 * 2. A cgroup is released after all its descendants (KB-13), in the thread
 *    that drops the last holder; nothing is queued, so nothing piles up
 *    (KB-16).
 * 3. An id is given once.  A name is free again with rmdir.
 * 4. Creating and removing cost no more in a directory of a million; a new
 *    cgroup has no array of its own and so inherits what is effective before
 *    anyone can see it (AT-15).
 * 5. A failed creation leaves nothing (KB-14): the one allocation it makes is
 *    its last step that can fail.
 */
#include "cgroup/cgroup.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "cgroup/attach.h"
#include "cgroup/hierarchy.h"
#include "cgroup/storage.h"
#include "cgroup/tree.h"

#define TABLE_MIN_BUCKETS 16u

/* ------------------------------------------------------------------ tables */

static u32 id_hash(u64 id)
{
	return (u32)id; /* ids are consecutive: perfect as they are */
}

static u32 name_hash(const struct cgbpf_cgroup *parent, const char *name,
		     size_t len)
{
	u64 hash = parent->id * 0x9e3779b97f4a7c15ull;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (u8)name[i]) * 0x100000001b3ull;
	return (u32)(hash ^ (hash >> 32));
}

static int table_init(struct cgroup_table *table)
{
	table->buckets = mem_calloc(TABLE_MIN_BUCKETS, sizeof(void *));
	table->mask = TABLE_MIN_BUCKETS - 1;
	table->nr = 0;
	return table->buckets ? 0 : -ENOMEM;
}

/*
 * The two tables differ in the hash and in the chain's pointer only: @by_id
 * says which, and is a constant where these are inlined.
 */
static inline struct cgbpf_cgroup **chain_next(struct cgbpf_cgroup *cgroup,
					       bool by_id)
{
	return by_id ? &cgroup->same_id : &cgroup->same_name;
}

static inline struct cgbpf_cgroup **bucket_of(const struct cgroup_table *table,
					      const struct cgbpf_cgroup *cgroup,
					      bool by_id)
{
	u32 hash = by_id ? id_hash(cgroup->id) : cgroup->name_hash;

	return &table->buckets[hash & table->mask];
}

/* Twice the buckets; without memory for them the chains are just longer. */
static inline void table_grow(struct cgroup_table *table, bool by_id)
{
	struct cgroup_table wide = { .mask = table->mask * 2 + 1 };

	wide.buckets = mem_calloc((size_t)wide.mask + 1, sizeof(void *));
	if (!wide.buckets)
		return;
	for (u32 i = 0; i <= table->mask; i++) {
		struct cgbpf_cgroup *cgroup = table->buckets[i], *next;

		for (; cgroup; cgroup = next) {
			struct cgbpf_cgroup **bucket;

			next = *chain_next(cgroup, by_id);
			bucket = bucket_of(&wide, cgroup, by_id);
			*chain_next(cgroup, by_id) = *bucket;
			*bucket = cgroup;
		}
	}
	mem_free(table->buckets);
	table->buckets = wide.buckets;
	table->mask = wide.mask;
}

static inline void table_add(struct cgroup_table *table,
			     struct cgbpf_cgroup *cgroup, bool by_id)
{
	struct cgbpf_cgroup **bucket;

	if (table->nr > table->mask)
		table_grow(table, by_id);
	bucket = bucket_of(table, cgroup, by_id);
	*chain_next(cgroup, by_id) = *bucket;
	*bucket = cgroup;
	table->nr++;
}

static inline void table_remove(struct cgroup_table *table,
				struct cgbpf_cgroup *cgroup, bool by_id)
{
	struct cgbpf_cgroup **at = bucket_of(table, cgroup, by_id);

	while (*at != cgroup)
		at = chain_next(*at, by_id);
	*at = *chain_next(cgroup, by_id);
	table->nr--;
}

static struct cgbpf_cgroup *child_find(struct cgbpf_cgroup *parent,
				       const char *name, size_t len)
{
	const struct cgroup_table *table = &hierarchy_of(parent->env)->by_name;
	u32 hash = name_hash(parent, name, len);
	struct cgbpf_cgroup *c = table->buckets[hash & table->mask];

	for (; c; c = c->same_name)
		if (c->name_hash == hash && c->parent == parent &&
		    !strncmp(c->name, name, len) && !c->name[len])
			return c;
	return NULL;
}

/* --------------------------------------------------------------- references */

static void hierarchy_put(struct hierarchy *hierarchy)
{
	if (__atomic_sub_fetch(&hierarchy->users, 1, __ATOMIC_ACQ_REL))
		return;
	mem_free(hierarchy->by_id.buckets);
	mem_free(hierarchy->by_name.buckets);
	mem_free(hierarchy);
}

static void cgroup_free_rcu(struct rcu_cb *cb)
{
	struct cgbpf_cgroup *cgroup =
		container_of(cb, struct cgbpf_cgroup, rcu);

	hierarchy_put(hierarchy_of(cgroup->env));
	mem_free(cgroup);
}

void cgroup_get(struct cgbpf_cgroup *cgroup)
{
	__atomic_add_fetch(&cgroup->refs, 1, __ATOMIC_RELAXED);
}

static bool count_unless_zero(long *count)
{
	long old = __atomic_load_n(count, __ATOMIC_RELAXED);

	while (old > 0)
		if (__atomic_compare_exchange_n(count, &old, old + 1, false,
						__ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return true;
	return false;
}

static bool count_drop(long *count)
{
	long left = __atomic_sub_fetch(count, 1, __ATOMIC_ACQ_REL);

	ASSERT(left >= 0);
	return !left;
}

/* Each that goes drops its parent: a chain may go, however long. */
static void cgroup_put_locked(struct cgbpf_cgroup *cgroup)
{
	while (cgroup && count_drop(&cgroup->refs)) {
		struct cgbpf_cgroup *parent = cgroup->parent;

		table_remove(&hierarchy_of(cgroup->env)->by_id, cgroup, true);
		rcu_defer(&cgroup->rcu, cgroup_free_rcu);
		cgroup = parent;
	}
}

void cgroup_put(struct cgbpf_cgroup *cgroup)
{
	pthread_mutex_t *mutex;
	long refs;

	if (!cgroup)
		return;
	/* without the mutex as long as it is not the last one */
	refs = __atomic_load_n(&cgroup->refs, __ATOMIC_RELAXED);
	while (refs > 1)
		if (__atomic_compare_exchange_n(&cgroup->refs, &refs, refs - 1,
						false, __ATOMIC_RELEASE,
						__ATOMIC_RELAXED))
			return;
	mutex = &cgroup->env->cgroup_mutex;
	pthread_mutex_lock(mutex);
	cgroup_put_locked(cgroup);
	pthread_mutex_unlock(mutex);
}

/* ------------------------------------------------------------------- holders
 */

int cgroup_hold(struct cgbpf_cgroup *cgroup)
{
	if (!cgroup_is_online(cgroup) || !count_unless_zero(&cgroup->holders))
		return -ENOENT;
	return 0;
}

void cgroup_hold_more(struct cgbpf_cgroup *cgroup)
{
	bool held = count_unless_zero(&cgroup->holders);

	ASSERT(held);
	(void)held;
}

static void cgroup_release_locked(struct cgbpf_cgroup *cgroup)
{
	attach_release_cgroup(cgroup);
	storage_release_cgroup(cgroup);
	__atomic_store_n(&cgroup->state, CGROUP_RELEASED, __ATOMIC_RELEASE);
}

/* The last holder of @cgroup is gone; its going may be its parent's last. */
static void cgroup_holders_gone_locked(struct cgbpf_cgroup *cgroup)
{
	struct cgbpf_cgroup *parent;

	do {
		parent = cgroup->parent;
		cgroup_release_locked(cgroup);
		/* @cgroup's reference kept @parent until here */
		if (parent && !count_drop(&parent->holders))
			parent = NULL;
		cgroup_put_locked(cgroup);
		cgroup = parent;
	} while (cgroup);
}

void cgroup_unhold(struct cgbpf_cgroup *cgroup)
{
	pthread_mutex_t *mutex = &cgroup->env->cgroup_mutex;

	if (!count_drop(&cgroup->holders))
		return;
	pthread_mutex_lock(mutex);
	cgroup_holders_gone_locked(cgroup);
	pthread_mutex_unlock(mutex);
}

/* ----------------------------------------------------------- make and remove
 */

static struct cgbpf_cgroup *cgroup_alloc(struct cgbpf_env *env,
					 const char *name, size_t len)
{
	struct cgbpf_cgroup *cgroup = mem_alloc(sizeof(*cgroup) + len + 1);

	if (!cgroup)
		return NULL;
	memset(cgroup, 0, sizeof(*cgroup));
	memcpy(cgroup->name, name, len);
	cgroup->name[len] = '\0';
	cgroup->env = env;
	cgroup->id = ++hierarchy_of(env)->last_id;
	cgroup->refs = 1;
	cgroup->holders = 1;
	cgroup->state = CGROUP_ONLINE;
	CDS_INIT_LIST_HEAD(&cgroup->storages);
	CDS_INIT_LIST_HEAD(&cgroup->children);
	CDS_INIT_LIST_HEAD(&cgroup->sibling);
	__atomic_add_fetch(&hierarchy_of(env)->users, 1, __ATOMIC_RELAXED);
	return cgroup;
}

static int name_check(const char *name, size_t len)
{
	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	if (!len || memchr(name, '\n', len) || (len == 1 && name[0] == '.') ||
	    (len == 2 && name[0] == '.' && name[1] == '.'))
		return -EINVAL;
	return 0;
}

int cgroup_new_locked(struct cgbpf_cgroup *parent, const char *name, size_t len,
		      struct cgbpf_cgroup **out)
{
	struct hierarchy *hierarchy = hierarchy_of(parent->env);
	struct cgbpf_cgroup *cgroup;
	int err;

	err = name_check(name, len);
	if (err)
		return err;
	if (!cgroup_is_online(parent))
		return -ENOENT;
	if (child_find(parent, name, len))
		return -EEXIST;
	cgroup = cgroup_alloc(parent->env, name, len);
	if (!cgroup)
		return -ENOMEM;
	cgroup->parent = parent;
	cgroup->level = parent->level + 1;
	cgroup->name_hash = name_hash(parent, name, len);
	cgroup_get(parent);
	cgroup_hold_more(parent);
	cds_list_add_tail(&cgroup->sibling, &parent->children);
	table_add(&hierarchy->by_id, cgroup, true);
	table_add(&hierarchy->by_name, cgroup, false);
	*out = cgroup;
	return 0;
}

/* ONLINE to DYING, and on if nothing else holds it. */
static void cgroup_kill_locked(struct cgbpf_cgroup *cgroup)
{
	__atomic_store_n(&cgroup->state, CGROUP_DYING, __ATOMIC_RELEASE);
	if (cgroup->parent) {
		cds_list_del(&cgroup->sibling);
		table_remove(&hierarchy_of(cgroup->env)->by_name, cgroup,
			     false);
	}
	if (count_drop(&cgroup->holders))
		cgroup_holders_gone_locked(cgroup);
}

int cgroup_remove_locked(struct cgbpf_cgroup *cgroup)
{
	if (!cgroup_is_online(cgroup))
		return -ENOENT;
	if (!cgroup->parent || !cds_list_empty(&cgroup->children))
		return -EBUSY;
	cgroup_kill_locked(cgroup);
	return 0;
}

/* ------------------------------------------------------------------- finding
 */

int cgroup_find_locked(struct cgbpf_cgroup *from, const char *path, size_t len,
		       struct cgbpf_cgroup **out)
{
	const char *end = path + len;

	while (path < end) {
		const char *slash = memchr(path, '/', (size_t)(end - path));
		const char *stop = slash ? slash : end;

		if (stop > path) {
			from = child_find(from, path, (size_t)(stop - path));
			if (!from)
				return -ENOENT;
		}
		path = stop + 1;
	}
	*out = from;
	return 0;
}

struct cgbpf_cgroup *cgroup_get_by_id(struct cgbpf_env *env, u64 id)
{
	const struct cgroup_table *table = &hierarchy_of(env)->by_id;
	struct cgbpf_cgroup *c;

	pthread_mutex_lock(&env->cgroup_mutex);
	c = table->buckets[id_hash(id) & table->mask];
	while (c && c->id != id)
		c = c->same_id;
	if (c)
		cgroup_get(c); /* the last put is under the mutex too */
	pthread_mutex_unlock(&env->cgroup_mutex);
	return c;
}

struct cgbpf_cgroup *cgroup_ancestor(struct cgbpf_cgroup *cgroup, u32 level)
{
	while (cgroup && cgroup->level > level)
		cgroup = cgroup->parent;
	return cgroup && cgroup->level == level ? cgroup : NULL;
}

bool cgroup_is_descendant(const struct cgbpf_cgroup *cgroup,
			  const struct cgbpf_cgroup *ancestor)
{
	while (cgroup->level > ancestor->level)
		cgroup = cgroup->parent;
	return cgroup == ancestor;
}

static void cgroup_file_release(struct file *file)
{
	cgroup_put(file->priv);
}

const struct file_ops cgroup_file_ops = {
	.name = "cgroup",
	.release = cgroup_file_release,
};

int cgroup_get_by_fd(struct cgbpf_task *task, int fd, struct cgbpf_cgroup **out)
{
	struct cgbpf_cgroup *cgroup;
	struct file *file;

	if (task_file(task, fd, &cgroup_file_ops, &file))
		return -EBADF;
	cgroup = file->priv;
	cgroup_get(cgroup);
	file_put(file);
	if (!cgroup_is_online(cgroup)) {
		cgroup_put(cgroup);
		return -ENOENT;
	}
	*out = cgroup;
	return 0;
}

/* --------------------------------------------------------- beginning and end
 */

static u64 ops_id(const struct cgbpf_cgroup *cgroup)
{
	return cgroup->id;
}

static u64 ops_ancestor_id(const struct cgbpf_cgroup *cgroup, u32 level)
{
	while (cgroup && cgroup->level > level)
		cgroup = cgroup->parent;
	return cgroup && cgroup->level == level ? cgroup->id : 0;
}

static int ops_get_by_file(struct file *file, struct cgbpf_cgroup **out)
{
	struct cgbpf_cgroup *cgroup = file->priv;

	if (file->ops != &cgroup_file_ops)
		return -EBADF;
	if (!cgroup_is_online(cgroup))
		return -ENOENT;
	cgroup_get(cgroup);
	*out = cgroup;
	return 0;
}

static const struct cgroup_ops cgroup_ops = {
	.storage_map_free = storage_release_map,
	.id = ops_id,
	.ancestor_id = ops_ancestor_id,
	.is_descendant = cgroup_is_descendant,
	.get_by_file = ops_get_by_file,
	.put = cgroup_put,
};

int cgroup_init(struct cgbpf_env *env)
{
	struct hierarchy *hierarchy = mem_zalloc(sizeof(*hierarchy));

	if (!hierarchy)
		return -ENOMEM;
	hierarchy->users = 1;
	for (int i = 0; i < NR_ATYPES; i++)
		CDS_INIT_LIST_HEAD(&hierarchy->points[i]);
	if (table_init(&hierarchy->by_id) || table_init(&hierarchy->by_name))
		goto nomem;
	env->cgroup_priv = hierarchy;
	env->root = cgroup_alloc(env, "", 0);
	if (!env->root)
		goto nomem;
	table_add(&hierarchy->by_id, env->root, true);
	env->cgroup_ops = &cgroup_ops;
	return 0;

nomem:
	env->cgroup_priv = NULL;
	hierarchy_put(hierarchy);
	return -ENOMEM;
}

/* What maps of cgroups still refer to goes with them, and the tables last. */
void cgroup_exit(struct cgbpf_env *env)
{
	struct cgbpf_cgroup *cgroup = env->root;

	pthread_mutex_lock(&env->cgroup_mutex);
	while (cgroup) {
		struct cgbpf_cgroup *parent = cgroup->parent;

		if (!cds_list_empty(&cgroup->children)) {
			cgroup = cds_list_first_entry(&cgroup->children,
						      struct cgbpf_cgroup,
						      sibling);
			continue;
		}
		cgroup_kill_locked(cgroup);
		cgroup = parent;
	}
	pthread_mutex_unlock(&env->cgroup_mutex);
	hierarchy_put(hierarchy_of(env));
}
