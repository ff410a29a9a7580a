/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attaching and detaching.
 *
 * A change has three phases, all in one hold of the mutex:
 *
 *	check		the rules AT-1 to AT-9, in the kernel's order
 *	prepare		memory, storages, the list and the new effective arrays
 *	commit		stores that cannot fail; or abort, which puts all back
 *
 * 1. Nothing outside the mutex sees a prepared change: the lists are the
 *    mutex's, and readers know only published arrays and storages.
 * 2. attach_abort() leaves lists, modes, revisions, points, arrays and maps as
 *    they were (CS-17, AT-11).
 * 3. attach_remove() allocates nothing that it needs (AT-11): see effective.c.
 *    It then tries to make arrays without the empty slots; if there is no
 *    memory for that, the slots stay until the next change.
 * 4. Programs are put last, after no array that can be reached has them.
 */
#include "cgroup/attach.h"

#include <string.h>

#include "base/alloc.h"
#include "cgroup/effective.h"
#include "cgroup/hierarchy.h"
#include "cgroup/link.h"
#include "object/prog.h"

#define ATTACH_MODE (BPF_F_ALLOW_OVERRIDE | BPF_F_ALLOW_MULTI)

struct prog *attach_entry_prog(const struct attach_entry *entry)
{
	return entry->link ? entry->link->link.prog : entry->prog;
}

/* ----------------------------------------------------------------- points */

static void points_free_rcu(struct rcu_cb *cb)
{
	mem_free(container_of(cb, struct attach_points, rcu));
}

static void point_free_rcu(struct rcu_cb *cb)
{
	mem_free(container_of(cb, struct attach_point, rcu));
}

static struct attach_point *point_alloc(struct cgbpf_cgroup *cgroup,
					enum cgroup_atype atype)
{
	struct attach_point *point = mem_zalloc(sizeof(*point));

	if (!point)
		return NULL;
	point->cgroup = cgroup;
	point->atype = atype;
	point->revision = 1;
	CDS_INIT_LIST_HEAD(&point->entries);
	CDS_INIT_LIST_HEAD(&point->below);
	return point;
}

/* Where the points below @up are listed; NULL: those with none above. */
static struct cds_list_head *points_below(const struct attach_point *point,
					  struct attach_point *up)
{
	return up ? &up->below
		  : &hierarchy_of(point->cgroup->env)->points[point->atype];
}

static void point_move(struct attach_point *point, struct attach_point *up)
{
	cds_list_move(&point->beside, points_below(point, up));
	point->up = up;
}

/*
 * Between the point above and those of its points that are below @point's
 * cgroup.  Only one with children, even dying ones, can have such, so the many
 * leaves of a large directory need not look at each other.
 */
static void point_insert(struct attach_point *point)
{
	const struct cgbpf_cgroup *c = point->cgroup;
	struct cds_list_head *list;
	struct attach_point *p, *tmp;

	while (!point->up && (c = c->parent))
		point->up = attach_point_of(c, point->atype);
	list = points_below(point, point->up);
	if (__atomic_load_n(&point->cgroup->holders, __ATOMIC_RELAXED) > 1)
		cds_list_for_each_entry_safe (p, tmp, list, beside)
			if (cgroup_is_descendant(p->cgroup, point->cgroup))
				point_move(p, point);
	cds_list_add_tail(&point->beside, list);
}

static void point_remove(struct attach_point *point)
{
	struct attach_point *p, *tmp;

	cds_list_for_each_entry_safe (p, tmp, &point->below, beside)
		point_move(p, point->up);
	cds_list_del(&point->beside);
}

/* @old, if any, and @point */
static struct attach_points *points_with(const struct attach_points *old,
					 struct attach_point *point)
{
	struct attach_points *points;
	u32 nr = old ? old->nr : 0;

	points = mem_zalloc(sizeof(*points) +
			    (nr + 1) * sizeof(points->point[0]));
	if (!points)
		return NULL;
	if (old) {
		memcpy(points->at, old->at, sizeof(points->at));
		memcpy(points->point, old->point,
		       nr * sizeof(points->point[0]));
	}
	points->nr = nr + 1;
	points->point[nr] = point;
	points->at[point->atype] = (u8)points->nr;
	return points;
}

/* The point, made if need be: without programs nobody sees it. */
static int point_get(struct attach_change *change, struct cgbpf_cgroup *cgroup,
		     enum cgroup_atype atype)
{
	struct attach_points *points;
	struct attach_point *point;

	change->point = attach_point_of(cgroup, atype);
	if (change->point)
		return 0;
	point = point_alloc(cgroup, atype);
	if (!point)
		return -ENOMEM;
	points = points_with(cgroup->points, point);
	if (!points) {
		mem_free(point);
		return -ENOMEM;
	}
	change->point = point;
	change->new_point = true;
	change->before = cgroup->points;
	point_insert(point);
	rcu_assign_pointer(cgroup->points, points);
	return 0;
}

/* Takes a new point back: readers may be looking at it. */
static void point_unget(struct attach_change *change)
{
	struct attach_point *point = change->point;
	struct attach_points *points = point->cgroup->points;

	if (!change->new_point)
		return;
	point_remove(point);
	rcu_assign_pointer(point->cgroup->points, change->before);
	rcu_defer(&points->rcu, points_free_rcu);
	rcu_defer(&point->rcu, point_free_rcu);
}

/* ------------------------------------------------------------------ checks */

/* AT-2: the nearest ancestor that has programs, or MULTI, decides. */
static bool ancestors_allow(const struct attach_request *request)
{
	const struct cgbpf_cgroup *c = request->cgroup->parent;

	for (; c; c = c->parent) {
		const struct attach_point *point =
			attach_point_of(c, request->atype);

		if (point && point->nr)
			return point->mode & ATTACH_MODE;
	}
	return true;
}

static int flags_check(u32 flags)
{
	if ((flags & ATTACH_MODE) == ATTACH_MODE)
		return -EINVAL;
	if ((flags & BPF_F_REPLACE) && !(flags & BPF_F_ALLOW_MULTI))
		return -EINVAL;
	if ((flags & BPF_F_REPLACE) && (flags & (BPF_F_BEFORE | BPF_F_AFTER)))
		return -EINVAL;
	return 0;
}

/* The entry that the new one takes the place of, or NULL: it is added. */
static int replaced_find(const struct attach_request *request,
			 const struct attach_point *point,
			 struct attach_entry **out)
{
	struct attach_entry *entry;

	*out = NULL;
	if (!point || !point->nr)
		return request->replace ? -ENOENT : 0;
	if (!(request->flags & BPF_F_ALLOW_MULTI)) {
		*out = cds_list_first_entry(&point->entries,
					    struct attach_entry, of_point);
		return 0;
	}
	cds_list_for_each_entry (entry, &point->entries, of_point)
		if (request->prog && entry->prog == request->prog &&
		    request->prog != request->replace)
			return -EINVAL;
	if (!request->replace)
		return 0;
	cds_list_for_each_entry (entry, &point->entries, of_point) {
		if (entry->prog == request->replace) {
			*out = entry;
			return 0;
		}
	}
	return -ENOENT;
}

static int attach_check(const struct attach_request *request,
			struct attach_entry **replaced)
{
	const struct attach_point *point =
		attach_point_of(request->cgroup, request->atype);
	u64 revision = point ? point->revision : 1;
	int err;

	err = flags_check(request->flags);
	if (err)
		return err;
	if (request->revision && request->revision != revision)
		return -ESTALE;
	if (!ancestors_allow(request))
		return -EPERM;
	if (point && point->nr) {
		if (point->mode != (request->flags & ATTACH_MODE))
			return -EPERM;
		if (point->nr >= ATTACH_MAX_PROGS)
			return -E2BIG;
	}
	return replaced_find(request, point, replaced);
}

/* ------------------------------------------------------------------ anchors */

static int anchor_object(const struct attach_request *request,
			 struct object **out)
{
	bool link = request->flags & UAPI_F_LINK;
	struct cgbpf_task *task = request->task;
	struct prog *prog;
	struct file *file;
	int err;

	if (request->flags & BPF_F_ID) {
		*out = object_get_by_id(task->env,
					link ? OBJECT_LINK : OBJECT_PROG,
					request->anchor);
		return *out ? 0 : -ENOENT;
	}
	if (!request->anchor)
		return -EINVAL;
	if (!link) {
		err = prog_get_by_fd(task, (int)request->anchor, &prog);
		if (!err)
			*out = &prog->obj;
		return err;
	}
	err = task_file(task, (int)request->anchor, &link_file_ops, &file);
	if (err)
		return err;
	*out = file->priv;
	object_get(*out);
	file_put(file);
	return 0;
}

static bool has_anchor(const struct attach_request *request)
{
	return (request->flags & (UAPI_F_LINK | BPF_F_ID)) || request->anchor;
}

/*
 * Without the mutex, since the last put of a link takes it.  An error counts
 * only if the anchor turns out to be wanted.
 */
void attach_anchor_get(struct attach_request *request)
{
	if (has_anchor(request))
		request->anchor_err =
			anchor_object(request, &request->anchor_obj);
}

void attach_anchor_put(struct attach_request *request)
{
	object_put(request->anchor_obj);
}

static bool entry_is(const struct attach_entry *entry, const struct object *obj)
{
	if (entry->link)
		return &entry->link->link.obj == obj;
	return &entry->prog->obj == obj;
}

/*
 * The list position that a new entry is added behind (AT-8): an entry, or the
 * list's head to be the first.
 */
static int anchor_find(const struct attach_request *request,
		       struct attach_point *point, struct cds_list_head **out)
{
	u32 flags = request->flags;
	bool before = flags & BPF_F_BEFORE, after = flags & BPF_F_AFTER;
	struct attach_entry *entry, *found = NULL;

	if (!has_anchor(request)) {
		if (point->nr && before && after)
			return -EINVAL;
		*out = before ? &point->entries : point->entries.prev;
		return 0;
	}
	if (before == after)
		return -EINVAL;
	if ((flags & UAPI_F_LINK) ? !request->link : !request->prog)
		return -EINVAL;
	if (request->anchor_err)
		return request->anchor_err;
	cds_list_for_each_entry (entry, &point->entries, of_point)
		if (!found && entry_is(entry, request->anchor_obj))
			found = entry;
	if (!found)
		return -ENOENT;
	if ((found->flags ^ flags) & BPF_F_PREORDER)
		return -EINVAL;
	*out = before ? found->of_point.prev : &found->of_point;
	return 0;
}

/* ------------------------------------------------------------------ changes */

static int entry_new(struct attach_entry **out,
		     const struct attach_request *request)
{
	struct attach_entry *entry = mem_zalloc(sizeof(*entry));
	const struct prog *prog;
	int err;

	if (!entry)
		return -ENOMEM;
	entry->prog = request->prog;
	entry->link = request->link;
	entry->flags = request->flags;
	prog = attach_entry_prog(entry);
	err = storage_set_prepare(&entry->storages, request->cgroup, prog,
				  attach_types[request->atype].uapi);
	if (err) {
		mem_free(entry);
		return err;
	}
	*out = entry;
	return 0;
}

/* Puts the new entry where it belongs, and takes the replaced one out. */
static int list_change(const struct attach_request *request,
		       struct attach_change *change)
{
	struct attach_point *point = change->point;
	struct cds_list_head *behind;
	int err;

	if (change->replaced) {
		cds_list_replace(&change->replaced->of_point,
				 &change->entry->of_point);
	} else {
		err = anchor_find(request, point, &behind);
		if (err)
			return err;
		cds_list_add(&change->entry->of_point, behind);
		point->nr++;
	}
	change->mode = point->mode;
	point->mode = request->flags & ATTACH_MODE;
	return 0;
}

static void list_change_back(struct attach_change *change)
{
	struct attach_point *point = change->point;

	if (change->replaced) {
		cds_list_replace(&change->entry->of_point,
				 &change->replaced->of_point);
	} else {
		cds_list_del(&change->entry->of_point);
		point->nr--;
	}
	point->mode = change->mode;
}

int attach_prepare(const struct attach_request *request,
		   struct attach_change *change)
{
	int err;

	memset(change, 0, sizeof(*change));
	err = attach_check(request, &change->replaced);
	if (err)
		return err;
	err = point_get(change, request->cgroup, request->atype);
	if (err)
		return err;
	err = entry_new(&change->entry, request);
	if (err)
		goto unget_point;
	err = list_change(request, change);
	if (err)
		goto free_entry;
	err = effective_prepare(change->point);
	if (err)
		goto change_back;
	return 0;

change_back:
	list_change_back(change);
free_entry:
	storage_set_abort(&change->entry->storages);
	mem_free(change->entry);
unget_point:
	point_unget(change);
	return err;
}

void attach_abort(struct attach_change *change)
{
	effective_abort(change->point);
	list_change_back(change);
	storage_set_abort(&change->entry->storages);
	mem_free(change->entry);
	point_unget(change);
}

static void entry_free(struct attach_entry *entry)
{
	storage_set_end(&entry->storages);
	prog_put(entry->prog);
	mem_free(entry);
}

void attach_commit(struct attach_change *change)
{
	struct attach_point *point = change->point;
	struct attach_entry *entry = change->entry;

	if (entry->prog)
		prog_get(entry->prog);
	if (entry->link) {
		entry->link->entry = entry;
		entry->link->point = point;
	}
	point->revision++;
	effective_publish(point);
	storage_set_publish(&entry->storages, point->cgroup);
	if (change->replaced)
		entry_free(change->replaced);
	if (change->before)
		rcu_defer(&change->before->rcu, points_free_rcu);
}

void attach_remove(struct attach_point *point, struct attach_entry *entry)
{
	cds_list_del(&entry->of_point);
	point->nr--;
	if (!point->nr)
		point->mode = 0;
	point->revision++;
	effective_remove(point, entry);
	if (!effective_prepare(point))
		effective_publish(point);
	if (entry->link)
		entry->link->entry = NULL;
	entry_free(entry);
}

static void point_release(struct attach_point *point)
{
	struct attach_entry *entry, *tmp;
	struct effective *effective = point->effective;

	point_remove(point);
	rcu_assign_pointer(point->effective, NULL);
	cds_list_for_each_entry_safe (entry, tmp, &point->entries, of_point) {
		if (entry->link)
			entry->link->entry = NULL;
		entry_free(entry);
	}
	effective_free(effective);
	rcu_defer(&point->rcu, point_free_rcu);
}

/* No cgroup below has holders: nobody uses these arrays from below. */
void attach_release_cgroup(struct cgbpf_cgroup *cgroup)
{
	struct attach_points *points = cgroup->points;

	if (!points)
		return;
	rcu_assign_pointer(cgroup->points, NULL);
	for (u32 i = 0; i < points->nr; i++)
		point_release(points->point[i]);
	rcu_defer(&points->rcu, points_free_rcu);
}

/* -------------------------------------------------------------- system calls
 */

int cgroup_prog_attach(struct cgbpf_task *task,
		       const struct attr_prog_attach *attr, struct prog *prog)
{
	struct attach_request request = {
		.task = task,
		.prog = prog,
		.flags = attr->attach_flags,
		.anchor = attr->relative_fd,
		.revision = attr->expected_revision,
	};
	u32 replace_multi = BPF_F_REPLACE | BPF_F_ALLOW_MULTI;
	struct attach_change change;
	int err;

	err = attach_type_index(attr->attach_type);
	if (err < 0)
		return err;
	request.atype = (enum cgroup_atype)err;
	err = cgroup_get_by_fd(task, (int)attr->target_fd, &request.cgroup);
	if (err)
		return err;
	if ((attr->attach_flags & replace_multi) == replace_multi) {
		err = prog_get_by_fd(task, (int)attr->replace_bpf_fd,
				     &request.replace);
		if (!err && request.replace->type != prog->type)
			err = -EINVAL;
		if (err)
			goto put;
	}
	attach_anchor_get(&request);
	pthread_mutex_lock(&task->env->cgroup_mutex);
	err = cgroup_is_online(request.cgroup)
		      ? attach_prepare(&request, &change)
		      : -ENOENT;
	if (!err)
		attach_commit(&change);
	pthread_mutex_unlock(&task->env->cgroup_mutex);
	attach_anchor_put(&request);
put:
	prog_put(request.replace);
	cgroup_put(request.cgroup);
	return err;
}

/* AT-12: which entry a PROG_DETACH means. */
static int detach_find(const struct attach_point *point,
		       const struct prog *prog, struct attach_entry **out)
{
	bool multi = point && (point->mode & BPF_F_ALLOW_MULTI);
	struct attach_entry *entry;

	if (multi && !prog)
		return -EINVAL;
	if (!point)
		return -ENOENT;
	cds_list_for_each_entry (entry, &point->entries, of_point) {
		if (!multi || entry->prog == prog) {
			*out = entry;
			return 0;
		}
	}
	return -ENOENT;
}

int cgroup_prog_detach(struct cgbpf_task *task,
		       const struct attr_prog_attach *attr, struct prog *prog)
{
	struct attach_point *point;
	struct attach_entry *entry;
	struct cgbpf_cgroup *cgroup;
	int atype, err;

	atype = attach_type_index(attr->attach_type);
	if (atype < 0)
		return atype;
	err = cgroup_get_by_fd(task, (int)attr->target_fd, &cgroup);
	if (err)
		return err;
	pthread_mutex_lock(&task->env->cgroup_mutex);
	point = attach_point_of(cgroup, (enum cgroup_atype)atype);
	if (!cgroup_is_online(cgroup))
		err = -ENOENT;
	else if (attr->expected_revision &&
		 attr->expected_revision != (point ? point->revision : 1))
		err = -ESTALE;
	else
		err = detach_find(point, prog, &entry);
	if (!err)
		attach_remove(point, entry);
	pthread_mutex_unlock(&task->env->cgroup_mutex);
	cgroup_put(cgroup);
	return err;
}
