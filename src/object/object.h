/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The base of map, prog, BTF and link: counted references, an id, one way to
 * go.
 *
 * 1. object_init() leaves one reference, the maker's.
 * 2. Having an id (object_publish()) is no reference: object_get_by_id()
 *    finds only what somebody else still holds.
 * 3. The last object_put() takes the id away, then calls ops->release().
 */
#ifndef CGBPF_OBJECT_OBJECT_H
#define CGBPF_OBJECT_OBJECT_H

#include "base/types.h"

struct cgbpf_env;
struct object;

enum object_kind {
	OBJECT_MAP,
	OBJECT_PROG,
	OBJECT_BTF,
	OBJECT_LINK,
	OBJECT_KINDS,
};

struct object_ops {
	enum object_kind kind;
	/* Nobody holds it any more: free it, after a grace period if needed. */
	void (*release)(struct object *obj);
};

struct object {
	const struct object_ops *ops;
	struct cgbpf_env *env;
	long refs;
	u32 id; /* 0: not published */
};

void object_init(struct object *obj, struct cgbpf_env *env,
		 const struct object_ops *ops);
/* Give it an id: the last step of making one that may fail (-ENOMEM). */
int object_publish(struct object *obj);
void object_get(struct object *obj);
bool object_get_unless_zero(struct object *obj);
void object_put(struct object *obj);
struct object *object_get_by_id(struct cgbpf_env *env, enum object_kind kind,
				u32 id);

#endif
