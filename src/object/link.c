/* SPDX-License-Identifier: BSD-2-Clause */
#include "object/link.h"

#include "object/prog.h"

static void link_release(struct object *obj)
{
	struct link *link = link_of(obj);
	struct prog *prog;

	link->ops->detach(link);
	prog = link->prog;
	link->ops->dealloc(link);
	prog_put(prog);
}

static const struct object_ops link_object_ops = {
	.kind = OBJECT_LINK,
	.release = link_release,
};

static void link_file_release(struct file *file)
{
	object_put(file->priv);
}

const struct file_ops link_file_ops = {
	.name = "bpf_link",
	.release = link_file_release,
};

void link_init(struct link *link, struct cgbpf_env *env,
	       const struct link_ops *ops, struct prog *prog)
{
	object_init(&link->obj, env, &link_object_ops);
	link->ops = ops;
	link->prog = prog;
}
