/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SK_STORAGE: a value for each socket that asked for one.
 *
 * The map never sees a socket: whoever wants storages embeds a struct
 * sk_storage_owner, and ends it before its own memory goes.
 */
#ifndef CGBPF_OBJECT_MAP_SK_STORAGE_H
#define CGBPF_OBJECT_MAP_SK_STORAGE_H

#include "object/map_types.h"

struct sk_storage_owner {
	struct cds_list_head storages; /* RCU list, changed under env's lock */
};

void sk_storage_owner_init(struct sk_storage_owner *owner);
/* Nobody asks for @owner's storages any more. */
void sk_storage_owner_end(struct sk_storage_owner *owner,
			  struct cgbpf_env *env);
/*
 * An accepted socket gets copies of those storages of the listener whose maps
 * have BPF_F_CLONE.  -ENOMEM: none.
 */
int sk_storage_clone(struct sk_storage_owner *to,
		     const struct sk_storage_owner *from,
		     struct cgbpf_env *env);

/* In a read side of RCU: the value, or NULL. */
void *sk_storage_get(struct map *map, const struct sk_storage_owner *owner);
/* The same, made if it is not there: from @init, or zeroed.  NULL: no memory */
void *sk_storage_get_or_make(struct map *map, struct sk_storage_owner *owner,
			     const void *init);
/* -ENOENT */
int sk_storage_delete(struct map *map, struct sk_storage_owner *owner);

#endif
