/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tree of nodes under one mutex.  A node is a directory (obj is NULL) or a
 * pin, which holds a reference on its object and, for a map, a user.
 *
 * 1. Nodes of a directory are kept sorted by name.
 * 2. References are dropped after the mutex: dropping the last one may free
 *    an object, which must not find the file system locked.
 */
#include "object/bpffs.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <urcu/list.h>

#include "base/alloc.h"
#include "object/map.h"

struct node {
	struct node *parent; /* NULL: the root */
	struct cds_list_head sibling;
	struct cds_list_head children; /* of a directory */
	struct object *obj;
	char name[];
};

struct bpffs {
	pthread_mutex_t lock;
	struct node *root;
};

static int node_new(struct node **out, const char *name, struct object *obj)
{
	size_t len = strlen(name);
	struct node *node = mem_zalloc(sizeof(*node) + len + 1);

	if (!node)
		return -ENOMEM;
	CDS_INIT_LIST_HEAD(&node->children);
	node->obj = obj;
	memcpy(node->name, name, len);
	*out = node;
	return 0;
}

static void pin_hold(struct object *obj)
{
	object_get(obj);
	if (obj->ops->kind == OBJECT_MAP)
		map_user_get(map_of(obj));
}

static void pin_drop(struct object *obj)
{
	if (!obj)
		return;
	if (obj->ops->kind == OBJECT_MAP)
		map_user_put(map_of(obj));
	object_put(obj);
}

int bpffs_new(struct bpffs **out)
{
	struct bpffs *fs = mem_zalloc(sizeof(*fs));

	if (!fs)
		return -ENOMEM;
	if (node_new(&fs->root, "", NULL)) {
		mem_free(fs);
		return -ENOMEM;
	}
	pthread_mutex_init(&fs->lock, NULL);
	*out = fs;
	return 0;
}

/* Frees leaf after leaf: paths may be deep, the stack is not. */
static void node_free_tree(struct node *root)
{
	struct cds_list_head todo;

	CDS_INIT_LIST_HEAD(&todo);
	cds_list_add(&root->sibling, &todo);
	while (!cds_list_empty(&todo)) {
		struct node *node =
			cds_list_first_entry(&todo, struct node, sibling);

		cds_list_del(&node->sibling);
		cds_list_splice(&node->children, &todo);
		pin_drop(node->obj);
		mem_free(node);
	}
}

void bpffs_free(struct bpffs *fs)
{
	if (!fs)
		return;
	node_free_tree(fs->root);
	pthread_mutex_destroy(&fs->lock);
	mem_free(fs);
}

static struct node *node_child(struct node *dir, const char *name)
{
	struct node *node;

	cds_list_for_each_entry (node, &dir->children, sibling)
		if (!strcmp(node->name, name))
			return node;
	return NULL;
}

static void node_insert(struct node *dir, struct node *new)
{
	struct cds_list_head *before = &dir->children;
	struct node *node;

	cds_list_for_each_entry (node, &dir->children, sibling) {
		if (strcmp(node->name, new->name) > 0) {
			before = &node->sibling;
			break;
		}
	}
	cds_list_add_tail(&new->sibling, before);
	new->parent = dir;
}

/*
 * Where a walk ended: @dir holds @node, or would hold @name.  An empty @name
 * is the root itself.
 */
struct place {
	struct node *dir, *node;
	bool slash; /* the path ends with one: it means a directory */
	char name[NAME_MAX + 1];
};

/* Takes the next component of *path; its length, or -ENAMETOOLONG. */
static int path_next(const char **path, char name[NAME_MAX + 1])
{
	size_t len;

	*path += strspn(*path, "/");
	len = strcspn(*path, "/");
	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, *path, len);
	name[len] = '\0';
	*path += len;
	return (int)len;
}

/* Dots in names are reserved, as in the kernel. */
static int name_check(const char *name)
{
	return strchr(name, '.') ? -EPERM : 0;
}

/* "." and "..": 1 if @name was one of them.  Above the root is outside. */
static int path_dots(struct place *place, const char *name)
{
	if (strcmp(name, ".") && strcmp(name, ".."))
		return 0;
	if (name[1])
		place->node = place->node->parent;
	if (!place->node)
		return -EPERM;
	place->dir = place->node->parent;
	return 1;
}

/* Finds the last component of @path below the root; fs->lock held. */
static int path_walk(struct bpffs *fs, const char *path, struct place *place)
{
	size_t root = strlen(BPFFS_ROOT);
	int err;

	if (strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	if (!*path)
		return -ENOENT;
	if (strncmp(path, BPFFS_ROOT, root) ||
	    (path[root] && path[root] != '/'))
		return -EPERM;
	path += root;
	*place = (struct place){ .node = fs->root };
	for (;;) {
		char name[NAME_MAX + 1];

		err = path_next(&path, name);
		if (err <= 0)
			return err;
		if (!place->node)
			return -ENOENT;
		if (place->node->obj)
			return -ENOTDIR;
		err = path_dots(place, name);
		if (err < 0)
			return err;
		if (err)
			continue;
		err = name_check(name);
		if (err)
			return err;
		place->dir = place->node;
		place->node = node_child(place->dir, name);
		memcpy(place->name, name, sizeof(name));
		place->slash = *path;
	}
}

/* Makes an entry for @obj, or a directory when that is NULL. */
static int bpffs_add(struct bpffs *fs, const char *path, struct object *obj)
{
	struct place place;
	struct node *node;
	int err;

	pthread_mutex_lock(&fs->lock);
	err = path_walk(fs, path, &place);
	if (!err && place.node)
		err = -EEXIST;
	else if (!err && obj && place.slash)
		err = -ENOENT;
	if (!err)
		err = node_new(&node, place.name, obj);
	if (!err) {
		if (obj)
			pin_hold(obj);
		node_insert(place.dir, node);
	}
	pthread_mutex_unlock(&fs->lock);
	return err;
}

int bpffs_mkdir(struct bpffs *fs, const char *path)
{
	return bpffs_add(fs, path, NULL);
}

int bpffs_pin(struct bpffs *fs, const char *path, struct object *obj)
{
	return bpffs_add(fs, path, obj);
}

int bpffs_get(struct bpffs *fs, const char *path, struct object **out)
{
	struct place place;
	int err;

	pthread_mutex_lock(&fs->lock);
	err = path_walk(fs, path, &place);
	if (!err && !place.node)
		err = -ENOENT;
	else if (!err && !place.node->obj)
		err = -EACCES; /* a directory */
	else if (!err && place.slash)
		err = -ENOTDIR;
	if (!err) {
		object_get(place.node->obj);
		*out = place.node->obj;
	}
	pthread_mutex_unlock(&fs->lock);
	return err;
}

int bpffs_remove(struct bpffs *fs, const char *path)
{
	struct object *obj = NULL;
	struct place place;
	int err;

	pthread_mutex_lock(&fs->lock);
	err = path_walk(fs, path, &place);
	if (!err && !place.node)
		err = -ENOENT;
	else if (!err && !place.dir)
		err = -EBUSY; /* the root */
	else if (!err && place.node->obj && place.slash)
		err = -ENOTDIR;
	else if (!err && !cds_list_empty(&place.node->children))
		err = -ENOTEMPTY;
	if (!err) {
		obj = place.node->obj;
		cds_list_del(&place.node->sibling);
		mem_free(place.node);
	}
	pthread_mutex_unlock(&fs->lock);
	pin_drop(obj);
	return err;
}

int bpffs_list(struct bpffs *fs, const char *path,
	       void (*each)(void *data, const char *name, struct object *obj),
	       void *data)
{
	struct place place;
	struct node *node;
	int err;

	pthread_mutex_lock(&fs->lock);
	err = path_walk(fs, path, &place);
	if (!err && !place.node)
		err = -ENOENT;
	else if (!err && place.node->obj)
		err = -ENOTDIR;
	if (!err)
		cds_list_for_each_entry (node, &place.node->children, sibling)
			each(data, node->name, node->obj);
	pthread_mutex_unlock(&fs->lock);
	return err;
}
