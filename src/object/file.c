/* SPDX-License-Identifier: BSD-2-Clause */
#include "object/file.h"

#include "base/alloc.h"

int file_new(struct file **out, const struct file_ops *ops, void *priv,
	     u32 mode)
{
	struct file *file = mem_alloc(sizeof(*file));

	if (!file)
		return -ENOMEM;
	*file = (struct file){
		.ops = ops, .priv = priv, .refs = 1, .mode = mode
	};
	*out = file;
	return 0;
}

void file_get(struct file *file)
{
	__atomic_add_fetch(&file->refs, 1, __ATOMIC_RELAXED);
}

static void file_free_rcu(struct rcu_cb *cb)
{
	mem_free(container_of(cb, struct file, rcu));
}

void file_put(struct file *file)
{
	if (!file || __atomic_sub_fetch(&file->refs, 1, __ATOMIC_ACQ_REL))
		return;
	file->ops->release(file);
	rcu_defer(&file->rcu, file_free_rcu);
}
