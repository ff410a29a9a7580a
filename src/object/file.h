/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An open file description: what an fd refers to, here as in the kernel.
 * dup'ed and inherited fds share one; the last reference closes it.
 */
#ifndef CGBPF_OBJECT_FILE_H
#define CGBPF_OBJECT_FILE_H

#include "base/rcu.h"
#include "base/types.h"

#define FILE_READ 1u
#define FILE_WRITE 2u

struct file;

/* One constant table for each kind; its address tells the kind. */
struct file_ops {
	const char *name; /* as in "anon_inode:bpf-map" */
	void (*release)(struct file *file);
};

struct file {
	const struct file_ops *ops;
	void *priv; /* the map, prog, btf, link or cgroup: one reference */
	long refs;
	u32 mode; /* FILE_READ | FILE_WRITE */
	struct rcu_cb rcu;
};

/* Takes over the caller's reference on @priv only if it succeeds. */
int file_new(struct file **out, const struct file_ops *ops, void *priv,
	     u32 mode);
void file_get(struct file *file);
/* The last one gives priv up at once; the memory goes after a grace period. */
void file_put(struct file *file);

#endif
