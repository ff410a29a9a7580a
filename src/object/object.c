/* SPDX-License-Identifier: BSD-2-Clause */
#include "object/object.h"

#include "base/idtable.h"
#include "object/env.h"

void object_init(struct object *obj, struct cgbpf_env *env,
		 const struct object_ops *ops)
{
	obj->ops = ops;
	obj->env = env;
	obj->refs = 1;
	obj->id = 0;
}

int object_publish(struct object *obj)
{
	return idtable_add(&obj->env->ids[obj->ops->kind], obj, &obj->id);
}

void object_get(struct object *obj)
{
	long refs = __atomic_fetch_add(&obj->refs, 1, __ATOMIC_RELAXED);

	ASSERT(refs > 0);
	(void)refs;
}

bool object_get_unless_zero(struct object *obj)
{
	long refs = __atomic_load_n(&obj->refs, __ATOMIC_RELAXED);

	while (refs > 0)
		if (__atomic_compare_exchange_n(&obj->refs, &refs, refs + 1,
						false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return true;
	return false;
}

void object_put(struct object *obj)
{
	long refs;

	if (!obj)
		return;
	refs = __atomic_sub_fetch(&obj->refs, 1, __ATOMIC_ACQ_REL);
	ASSERT(refs >= 0);
	if (refs)
		return;
	if (obj->id)
		idtable_remove(&obj->env->ids[obj->ops->kind], obj->id);
	obj->ops->release(obj);
}

static bool object_get_item(void *item)
{
	return object_get_unless_zero(item);
}

struct object *object_get_by_id(struct cgbpf_env *env, enum object_kind kind,
				u32 id)
{
	return idtable_get(&env->ids[kind], id, object_get_item);
}
