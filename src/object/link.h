/* SPDX-License-Identifier: BSD-2-Clause */
/* A link: an attachment that is an object, and ends with its last holder. */
#ifndef CGBPF_OBJECT_LINK_H
#define CGBPF_OBJECT_LINK_H

#include "base/uapi.h"
#include "object/file.h"
#include "object/object.h"

struct link;
struct prog;

struct link_ops {
	enum bpf_link_type type;
	/* Undo the attachment; the link stays, defunct.  Idempotent. */
	int (*detach)(struct link *link);
	/*
	 * Free the memory: after a detach, when nobody holds it.  The
	 * reference on link->prog is dropped by the caller, after this.
	 */
	void (*dealloc)(struct link *link);
	/* Run @new_prog in place of the present one, which must be @old_prog
	 * unless that is NULL.  Takes over no reference unless it succeeds. */
	int (*update_prog)(struct link *link, struct prog *new_prog,
			   struct prog *old_prog);
	/* prog_id too: only the link's own lock keeps its program. */
	void (*fill_info)(const struct link *link, struct info_link *info);
};

struct link {
	struct object obj;
	const struct link_ops *ops;
	struct prog *prog; /* a reference */
};

extern const struct file_ops link_file_ops;

/* fd->priv of a link's file is its struct object.  Takes @prog's reference. */
void link_init(struct link *link, struct cgbpf_env *env,
	       const struct link_ops *ops, struct prog *prog);

static inline struct link *link_of(struct object *obj)
{
	return container_of(obj, struct link, obj);
}

#endif
