/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small world for tests of the hierarchy: an environment, programs that are
 * made without the verifier, and bpf(2) in one line each.  Whatever can be
 * seen of it goes into one text (world_state()), so that a test can say that
 * nothing has changed.
 */
#ifndef TESTS_CGROUP_WORLD_H
#define TESTS_CGROUP_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/rcu.h"
#include "base/uapi.h"
#include "cgbpf.h"
#include "cgroup/attach.h"
#include "cgroup/effective.h"
#include "object/env.h"
#include "object/map_storage.h"
#include "object/prog.h"
#include "object/task.h"

#define EGRESS BPF_CGROUP_INET_EGRESS
#define INGRESS BPF_CGROUP_INET_INGRESS
#define MULTI BPF_F_ALLOW_MULTI
#define OVERRIDE BPF_F_ALLOW_OVERRIDE

struct world {
	struct cgbpf_env *env;
	struct cgbpf_task *task;
};

static inline int world_bpf(struct world *w, int cmd, union attr *attr)
{
	return cgbpf_bpf(w->task, cmd, (union bpf_attr *)attr, sizeof(*attr));
}

static inline void world_new(struct world *w, enum cgbpf_storage_mode mode)
{
	struct cgbpf_env_opts opts = {
		.size = sizeof(opts),
		.cpus = 3,
		.storage_mode = mode,
	};

	assert_int_equal(cgbpf_env_new(&w->env, &opts), 0);
	w->task = cgbpf_env_task(w->env);
}

static inline void world_free(struct world *w)
{
	cgbpf_env_free(w->env);
}

static inline struct cgbpf_cgroup *world_cgroup(struct world *w,
						const char *path)
{
	struct cgbpf_cgroup *cgroup;

	assert_int_equal(cgbpf_cgroup_new(w->env, path, &cgroup), 0);
	return cgroup;
}

static inline int world_open(struct world *w, const char *path)
{
	struct cgbpf_cgroup *cgroup;
	int fd;

	assert_int_equal(cgbpf_cgroup_get(w->env, path, &cgroup), 0);
	fd = cgbpf_cgroup_open(w->task, cgroup);
	assert_true(fd >= 0);
	cgbpf_cgroup_put(cgroup);
	return fd;
}

/* A new cgroup and an fd of it, in one. */
static inline int world_mkdir(struct world *w, const char *path)
{
	cgbpf_cgroup_put(world_cgroup(w, path));
	return world_open(w, path);
}

static inline int world_rmdir(struct world *w, const char *path)
{
	struct cgbpf_cgroup *cgroup;
	int err;

	err = cgbpf_cgroup_get(w->env, path, &cgroup);
	if (err)
		return err;
	err = cgbpf_cgroup_remove(cgroup);
	cgbpf_cgroup_put(cgroup);
	return err;
}

/* ---------------------------------------------------------- maps, programs */

static inline int try_map(struct world *w, u32 type, u32 key, u32 value,
			  u32 max_entries, u32 flags)
{
	union attr attr = { .map_create = {
				    .map_type = type,
				    .key_size = key,
				    .value_size = value,
				    .max_entries = max_entries,
				    .map_flags = flags,
			    } };

	return world_bpf(w, BPF_MAP_CREATE, &attr);
}

static inline int world_map(struct world *w, u32 type, u32 key, u32 value)
{
	int fd = try_map(w, type, key, value, 0, 0);

	assert_true(fd >= 0);
	return fd;
}

static inline struct map *map_at(struct world *w, int fd)
{
	struct map *map;
	u32 mode;

	assert_int_equal(map_get_by_fd(w->task, fd, &map, &mode), 0);
	map_put(map); /* the fd has a reference */
	return map;
}

/*
 * A program of @type with storage maps (or -1): as if loaded, but it cannot
 * run: these tests look at what would.
 */
static inline int world_prog(struct world *w, u32 type, u32 expected,
			     int shared_fd, int percpu_fd)
{
	int fds[STORAGE_TYPES] = { shared_fd, percpu_fd };
	struct prog *prog;
	int fd;

	assert_int_equal(prog_alloc(&prog, w->env, 2), 0);
	prog->type = type;
	prog->expected_attach_type = expected;
	for (int i = 0; i < STORAGE_TYPES; i++) {
		struct map *map;

		if (fds[i] < 0)
			continue;
		map = map_at(w, fds[i]);
		assert_int_equal(prog_use_map(prog, map), 0);
		prog->storage_map[map_storage_type(map)] = map;
	}
	assert_int_equal(object_publish(&prog->obj), 0);
	fd = task_install(w->task, &prog_file_ops, prog,
			  FILE_READ | FILE_WRITE);
	assert_true(fd >= 0);
	return fd;
}

static inline int world_skb(struct world *w)
{
	return world_prog(w, BPF_PROG_TYPE_CGROUP_SKB, INGRESS, -1, -1);
}

static inline u32 prog_id(struct world *w, int fd)
{
	struct prog *prog;
	u32 id;

	assert_int_equal(prog_get_by_fd(w->task, fd, &prog), 0);
	id = prog->obj.id;
	prog_put(prog);
	return id;
}

/* ----------------------------------------------------------- attach, detach */

/* What an attach or link may say beyond the usual. */
struct how {
	u32 replace, relative;
	u64 revision;
};

static inline int attach_how(struct world *w, int cgroup, int prog, u32 type,
			     u32 flags, struct how how)
{
	union attr attr = { .prog_attach = {
				    .target_fd = (u32)cgroup,
				    .attach_bpf_fd = (u32)prog,
				    .attach_type = type,
				    .attach_flags = flags,
				    .replace_bpf_fd = how.replace,
				    .relative_fd = how.relative,
				    .expected_revision = how.revision,
			    } };

	return world_bpf(w, BPF_PROG_ATTACH, &attr);
}

static inline int attach(struct world *w, int cgroup, int prog, u32 type,
			 u32 flags)
{
	return attach_how(w, cgroup, prog, type, flags, (struct how){ 0 });
}

static inline int detach_rev(struct world *w, int cgroup, int prog, u32 type,
			     u64 revision)
{
	union attr attr = { .prog_attach = {
				    .target_fd = (u32)cgroup,
				    .attach_bpf_fd = (u32)prog,
				    .attach_type = type,
				    .expected_revision = revision,
			    } };

	return world_bpf(w, BPF_PROG_DETACH, &attr);
}

static inline int detach(struct world *w, int cgroup, int prog, u32 type)
{
	return detach_rev(w, cgroup, prog, type, 0);
}

static inline int link_how(struct world *w, int cgroup, int prog, u32 type,
			   u32 flags, struct how how)
{
	union attr attr = { 0 };

	attr.link_create.prog_fd = (u32)prog;
	attr.link_create.target_fd = (u32)cgroup;
	attr.link_create.attach_type = type;
	attr.link_create.flags = flags;
	attr.link_create.cgroup.relative_fd = how.relative;
	attr.link_create.cgroup.expected_revision = how.revision;
	return world_bpf(w, BPF_LINK_CREATE, &attr);
}

static inline int link_to(struct world *w, int cgroup, int prog, u32 type)
{
	return link_how(w, cgroup, prog, type, 0, (struct how){ 0 });
}

static inline int link_update(struct world *w, int link, int new_prog,
			      u32 flags, int old_prog)
{
	union attr attr = { .link_update = {
				    .link_fd = (u32)link,
				    .new_prog_fd = (u32)new_prog,
				    .flags = flags,
				    .old_prog_fd = (u32)old_prog,
			    } };

	return world_bpf(w, BPF_LINK_UPDATE, &attr);
}

static inline int link_detach(struct world *w, int link)
{
	union attr attr = { .link_detach.link_fd = (u32)link };

	return world_bpf(w, BPF_LINK_DETACH, &attr);
}

static inline struct info_link link_info(struct world *w, int link)
{
	struct info_link info = { 0 };
	union attr attr = { .info = {
				    .bpf_fd = (u32)link,
				    .info_len = sizeof(info),
				    .info = ptr_to_u64(&info),
			    } };

	assert_int_equal(world_bpf(w, BPF_OBJ_GET_INFO_BY_FD, &attr), 0);
	return info;
}

/* ------------------------------------------------------------------ queries */

struct query {
	int result;
	u32 flags, nr;
	u64 revision;
	u32 ids[128], prog_flags[128];
};

static inline struct query query_n(struct world *w, int cgroup, u32 type,
				   u32 query_flags, u32 room, bool want_flags)
{
	struct query q = { 0 };
	union attr attr = { .prog_query = {
				    .target_fd = (u32)cgroup,
				    .attach_type = type,
				    .query_flags = query_flags,
				    .prog_ids = ptr_to_u64(q.ids),
				    .prog_cnt = room,
				    .revision = 99,
			    } };

	if (want_flags)
		attr.prog_query.prog_attach_flags = ptr_to_u64(q.prog_flags);
	q.result = world_bpf(w, BPF_PROG_QUERY, &attr);
	q.flags = attr.prog_query.attach_flags;
	q.nr = attr.prog_query.prog_cnt;
	q.revision = attr.prog_query.revision;
	return q;
}

static inline struct query query(struct world *w, int cgroup, u32 type)
{
	struct query q = query_n(w, cgroup, type, 0, 128, false);

	assert_int_equal(q.result, 0);
	return q;
}

/* The programs (as fds, -1 after the last) of a list or an effective array. */
#define assert_progs(w, cgroup, type, effective, ...) \
	check_progs(w, cgroup, type, effective,       \
		    (const int[]){ __VA_ARGS__, -1 }, __FILE__, __LINE__)
#define assert_no_progs(w, cgroup, type, effective)                            \
	check_progs(w, cgroup, type, effective, (const int[]){ -1 }, __FILE__, \
		    __LINE__)

static inline void check_progs(struct world *w, int cgroup, u32 type,
			       bool effective, const int *fds, const char *file,
			       int line)
{
	struct query q = query_n(w, cgroup, type,
				 effective ? BPF_F_QUERY_EFFECTIVE : 0, 128,
				 false);
	u32 nr = 0;

	_assert_int_equal((LargestIntegralType)q.result, 0, file, line);
	while (fds[nr] >= 0)
		nr++;
	_assert_int_equal(q.nr, nr, file, line);
	for (u32 i = 0; i < nr; i++)
		_assert_int_equal(q.ids[i], prog_id(w, fds[i]), file, line);
}

/* ----------------------------------------------------------------- storages */

static inline int map_read(struct world *w, int map, const void *key,
			   void *value)
{
	union attr attr = { .map_elem = { .map_fd = (u32)map,
					  .key = ptr_to_u64(key),
					  .value = ptr_to_u64(value) } };

	return world_bpf(w, BPF_MAP_LOOKUP_ELEM, &attr);
}

static inline int map_write(struct world *w, int map, const void *key,
			    const void *value, u64 flags)
{
	union attr attr = { .map_elem = { .map_fd = (u32)map,
					  .key = ptr_to_u64(key),
					  .value = ptr_to_u64(value),
					  .flags = flags } };

	return world_bpf(w, BPF_MAP_UPDATE_ELEM, &attr);
}

static inline int map_next(struct world *w, int map, const void *key,
			   void *next)
{
	union attr attr = { .map_elem = { .map_fd = (u32)map,
					  .key = ptr_to_u64(key),
					  .next_key = ptr_to_u64(next) } };

	return world_bpf(w, BPF_MAP_GET_NEXT_KEY, &attr);
}

static inline struct bpf_cgroup_storage_key key_of(struct world *w,
						   const char *path, u32 type)
{
	struct bpf_cgroup_storage_key key = { 0 };
	struct cgbpf_cgroup *cgroup;

	assert_int_equal(cgbpf_cgroup_get(w->env, path, &cgroup), 0);
	key.cgroup_inode_id = cgbpf_cgroup_id(cgroup);
	key.attach_type = type;
	cgbpf_cgroup_put(cgroup);
	return key;
}

/* How many storages a map lists, and that each of them can be looked up. */
static inline u32 map_count(struct world *w, int map)
{
	struct bpf_cgroup_storage_key key = { 0 }, next;
	static u8 value[1 << 17];
	u32 nr = 0;
	int err;

	err = map_next(w, map, NULL, &next);
	while (!err) {
		nr++;
		assert_int_equal(map_read(w, map, &next, value), 0);
		key = next;
		err = map_next(w, map, &key, &next);
	}
	assert_int_equal(err, -ENOENT);
	return nr;
}

/* ---------------------------------------------------------- all that is seen
 */

struct state {
	char *text;
	size_t len;
	FILE *stream;
	struct world *w;
};

static inline void state_map(struct state *s, int fd)
{
	struct bpf_cgroup_storage_key key = { 0 }, next = { 0 };
	u8 value[512] = { 0 };
	int err;

	fprintf(s->stream, "map %d:", fd);
	err = map_next(s->w, fd, NULL, &next);
	while (!err) {
		assert_int_equal(map_read(s->w, fd, &next, value), 0);
		fprintf(s->stream,
			" %llu/%u=", (unsigned long long)next.cgroup_inode_id,
			next.attach_type);
		for (size_t i = 0; i < sizeof(value); i++)
			if (value[i])
				fprintf(s->stream, "%zu:%02x", i, value[i]);
		key = next;
		err = map_next(s->w, fd, &key, &next);
	}
	fprintf(s->stream, "\n");
}

static inline int state_cgroup(void *data, struct cgbpf_cgroup *cgroup)
{
	struct state *s = data;
	char path[256];
	int fd;

	cgbpf_cgroup_path(cgroup, path, sizeof(path));
	fd = cgbpf_cgroup_open(s->w->task, cgroup);
	assert_true(fd >= 0);
	fprintf(s->stream, "%s #%llu\n", path,
		(unsigned long long)cgbpf_cgroup_id(cgroup));
	for (int i = 0; i < NR_ATYPES; i++) {
		struct query own = query(s->w, fd, attach_types[i].uapi);
		struct query all = query_n(s->w, fd, attach_types[i].uapi,
					   BPF_F_QUERY_EFFECTIVE, 128, false);

		if (own.revision == 1 && !all.nr)
			continue;
		fprintf(s->stream, " %d mode %u revision %llu:", i, own.flags,
			(unsigned long long)own.revision);
		for (u32 j = 0; j < own.nr; j++)
			fprintf(s->stream, " %u", own.ids[j]);
		fprintf(s->stream, " effective:");
		for (u32 j = 0; j < all.nr; j++)
			fprintf(s->stream, " %u", all.ids[j]);
		fprintf(s->stream, "\n");
	}
	cgbpf_close(s->w->task, fd);
	return 0;
}

/* The caller frees the text.  @maps: storage map fds, -1 after the last. */
static inline char *world_state(struct world *w, const int *maps)
{
	struct state s = { .w = w };

	s.stream = open_memstream(&s.text, &s.len);
	assert_non_null(s.stream);
	assert_int_equal(cgbpf_cgroup_each(w->env, state_cgroup, &s), 0);
	for (; maps && *maps >= 0; maps++)
		state_map(&s, *maps);
	fclose(s.stream);
	return s.text;
}

#endif
