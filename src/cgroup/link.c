/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cgroup links.
 *
 * Lifecycle
 *	made		attached, id and fd given, all in one hold of the mutex
 *	attached	entry is its entry in a point's list
 *	defunct		entry is NULL, for ever: after LINK_DETACH, or when its
 *			cgroup was released
 *	freed		after its last holder; that detaches it first
 *
 * 1. A link and its entry refer to each other, without references: whichever
 *    ends first tells the other, under the mutex.
 * 2. The program changes under the mutex, and in all arrays in place, so an
 *    update needs no memory (AT-14).
 */
#include "cgroup/link.h"

#include "base/alloc.h"
#include "cgroup/effective.h"
#include "object/prog.h"

static int cgroup_link_detach(struct link *link)
{
	struct cgroup_link *cgroup_link = cgroup_link_of(link);
	pthread_mutex_t *mutex = &link->obj.env->cgroup_mutex;

	pthread_mutex_lock(mutex);
	if (cgroup_link->entry)
		attach_remove(cgroup_link->point, cgroup_link->entry);
	pthread_mutex_unlock(mutex);
	return 0;
}

static void cgroup_link_dealloc(struct link *link)
{
	mem_free(cgroup_link_of(link));
}

/*
 * CS-21: storages are bound at attach, so an update may not bring maps that
 * the attachment has no storages of.  Without any it needs none.
 */
static bool storages_fit(const struct prog *old_prog,
			 const struct prog *new_prog)
{
	for (int i = 0; i < STORAGE_TYPES; i++)
		if (new_prog->storage_map[i] &&
		    new_prog->storage_map[i] != old_prog->storage_map[i])
			return false;
	return true;
}

static int update_check(const struct cgroup_link *link,
			const struct prog *new_prog,
			const struct prog *old_prog)
{
	const struct prog *prog = link->link.prog;

	if (!link->entry)
		return -ENOLINK;
	if (old_prog && prog != old_prog)
		return -EPERM;
	if (prog->type != new_prog->type || !storages_fit(prog, new_prog))
		return -EINVAL;
	return 0;
}

static void update(struct cgroup_link *link, struct prog *new_prog)
{
	struct attach_point *point = link->point;

	point->revision++;
	link->link.prog = new_prog;
	effective_replace(point, link->entry, new_prog);
	storage_set_trim(&link->entry->storages, new_prog);
}

static int cgroup_link_update_prog(struct link *link, struct prog *new_prog,
				   struct prog *old_prog)
{
	struct cgroup_link *cgroup_link = cgroup_link_of(link);
	pthread_mutex_t *mutex = &link->obj.env->cgroup_mutex;
	struct prog *present;
	int err;

	pthread_mutex_lock(mutex);
	present = link->prog;
	err = update_check(cgroup_link, new_prog, old_prog);
	if (!err)
		update(cgroup_link, new_prog);
	pthread_mutex_unlock(mutex);
	if (!err)
		prog_put(present);
	return err;
}

static void cgroup_link_fill_info(const struct link *link,
				  struct info_link *info)
{
	const struct cgroup_link *cgroup_link =
		container_of(link, struct cgroup_link, link);
	pthread_mutex_t *mutex = &link->obj.env->cgroup_mutex;

	pthread_mutex_lock(mutex);
	info->prog_id = link->prog->obj.id;
	info->cgroup.attach_type = attach_types[cgroup_link->atype].uapi;
	info->cgroup.cgroup_id =
		cgroup_link->entry ? cgroup_link->point->cgroup->id : 0;
	pthread_mutex_unlock(mutex);
}

static const struct link_ops cgroup_link_ops = {
	.type = BPF_LINK_TYPE_CGROUP,
	.detach = cgroup_link_detach,
	.dealloc = cgroup_link_dealloc,
	.update_prog = cgroup_link_update_prog,
	.fill_info = cgroup_link_fill_info,
};

/*
 * Everything that may fail comes before attach_commit(): the id, and the fd,
 * whose new owner can do nothing with the link until the mutex is free.
 */
static int link_attach(struct attach_request *request)
{
	struct link *link = &request->link->link;
	struct attach_change change;
	int fd;

	if (!cgroup_is_online(request->cgroup))
		return -ENOENT;
	fd = attach_prepare(request, &change);
	if (fd)
		return fd;
	fd = object_publish(&link->obj);
	if (!fd)
		fd = task_install(request->task, &link_file_ops, &link->obj,
				  FILE_READ | FILE_WRITE);
	if (fd < 0)
		attach_abort(&change);
	else
		attach_commit(&change);
	return fd;
}

static int link_new(struct cgroup_link **out, struct cgbpf_env *env,
		    struct prog *prog, enum cgroup_atype atype)
{
	struct cgroup_link *link = mem_zalloc(sizeof(*link));

	if (!link)
		return -ENOMEM;
	prog_get(prog);
	link_init(&link->link, env, &cgroup_link_ops, prog);
	link->atype = atype;
	*out = link;
	return 0;
}

int cgroup_link_create(struct cgbpf_task *task,
		       const struct attr_link_create *attr, struct prog *prog)
{
	struct attach_request request = {
		.task = task,
		.flags = BPF_F_ALLOW_MULTI | attr->flags,
		.anchor = attr->cgroup.relative_fd,
		.revision = attr->cgroup.expected_revision,
	};
	int fd;

	fd = attach_type_index(attr->attach_type);
	if (fd < 0)
		return fd;
	request.atype = (enum cgroup_atype)fd;
	fd = cgroup_get_by_fd(task, (int)attr->target_fd, &request.cgroup);
	if (fd)
		return fd;
	fd = link_new(&request.link, task->env, prog, request.atype);
	if (fd)
		goto put_cgroup;
	attach_anchor_get(&request);
	pthread_mutex_lock(&task->env->cgroup_mutex);
	fd = link_attach(&request);
	pthread_mutex_unlock(&task->env->cgroup_mutex);
	attach_anchor_put(&request);
	if (fd < 0) /* never attached: this only frees it */
		object_put(&request.link->link.obj);
put_cgroup:
	cgroup_put(request.cgroup);
	return fd;
}
