/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lockstep: the same bpf(2) calls on two worlds, answers compared.
 *
 * 1. What calls name (maps, programs, links, BTF, cgroups) are *handles*:
 *    numbers of this library's own, which stand for an fd in each world.  They
 *    may be given wherever an attr has an fd, wherever it has an id (the
 *    object's), in a program's map instructions, and as the cgroup of a
 *    storage key.  Other values go to both worlds as they are: -1 is no fd
 *    anywhere, and neither is 0.
 * 2. Every call is made in both worlds, and the results have to be equal:
 *    return value or errno, and all that was written.  Ids that appear must
 *    be those of the same object; which, the library learns when objects are
 *    made.  A difference goes to ls->diff, then the call returns LS_DIFF.
 * 3. Calls return the common result: a handle, another value, or -errno.
 *
 * Kernels free some things later than they return: ls_settle() waits.
 */
#ifndef LOCKSTEP_LOCKSTEP_H
#define LOCKSTEP_LOCKSTEP_H

#include <limits.h>
#include <stdbool.h>

#include "insn.h"
#include "world.h"

#define LS_DIFF INT_MIN
#define LS_HANDLE 0x5e000000
#define LS_MAX_HANDLES 0x10000
#define LS_MAX_PROGS 80 /* that a query can tell of */
#define LS_MAX_VALUE 4096

enum ls_kind {
	LS_MAP,
	LS_PROG,
	LS_LINK,
	LS_BTF,
	LS_CGROUP,
	LS_OTHER,
	LS_KINDS,
};

struct ls_handle {
	bool used;
	enum ls_kind kind;
	int fd[2];
	u64 id[2];
	/* maps: what they were made with */
	u32 type, key_size, value_size;
	u32 attach_type; /* programs: expected */
	char *path;	 /* cgroups */
};

struct ls_idmap;

struct lockstep {
	struct world *world[2]; /* [0] ours, [1] the live kernel's */
	u32 cpus;
	struct ls_handle *handles;
	u32 nr_handles;
	struct ls_idmap *ids[LS_KINDS][2];
	/* what is being done, for messages */
	char doing[512];
	void (*diff)(struct lockstep *ls, const char *message);
	void *data;
	u64 calls;
	bool quiet; /* cleaning up: differences do not matter */
};

/*
 * ls_open() - two worlds: an environment and the live kernel, or, if @self,
 * the live kernel twice.  NULL: not here, *why says what is missing.
 */
struct lockstep *ls_open(bool self, const char **why);
void ls_close(struct lockstep *ls);
/* Closes all handles and removes all cgroups: a new start. */
void ls_reset(struct lockstep *ls);

static inline bool ls_is_handle(u64 value)
{
	return value >= LS_HANDLE && value < LS_HANDLE + LS_MAX_HANDLES;
}

/* NULL if there is no such handle (any more) */
struct ls_handle *ls_handle(struct lockstep *ls, u64 handle);
/* The handle of an object by its id in world @which, or -1 */
int ls_handle_by_id(struct lockstep *ls, enum ls_kind kind, int which, u64 id);

/* Says what comes next, for messages. */
void ls_doing(struct lockstep *ls, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Reports a difference: LS_DIFF */
int ls_differ(struct lockstep *ls, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * ls_bpf() - any command: fds and ids translated, results that are fds become
 * handles.  Pointers go to both worlds as they are, so commands that write
 * through pointers have functions of their own below.  With @back, what the
 * worlds wrote into the attr is handed back (never fds).
 */
int ls_bpf(struct lockstep *ls, int cmd, const union attr *attr, u32 size);
int ls_bpf_back(struct lockstep *ls, int cmd, const union attr *attr, u32 size,
		union attr back[2]);

int ls_close_handle(struct lockstep *ls, int handle);
int ls_dup(struct lockstep *ls, int handle);
void ls_settle(struct lockstep *ls);

/* cgroups: a handle */
int ls_cgroup(struct lockstep *ls, const char *path);
int ls_cgroup_remove(struct lockstep *ls, int cgroup);

/* maps */
int ls_map_create(struct lockstep *ls, const struct attr_map_create *attr);
int ls_map(struct lockstep *ls, u32 type, u32 key_size, u32 value_size,
	   u32 max_entries, u32 flags);
/* one storage value size everywhere: u64; @shared: the key is the cgroup */
int ls_storage_map(struct lockstep *ls, bool percpu, bool shared);
/* bytes of a value as bpf(2) passes it */
u32 ls_value_size(struct lockstep *ls, int map);
int ls_lookup(struct lockstep *ls, int map, const void *key, void *value,
	      u64 flags);
int ls_take(struct lockstep *ls, int map, const void *key, void *value,
	    u64 flags); /* LOOKUP_AND_DELETE */
int ls_update(struct lockstep *ls, int map, const void *key, const void *value,
	      u64 flags);
int ls_update_handle(struct lockstep *ls, int map, const void *key, int handle,
		     u64 flags);
int ls_delete(struct lockstep *ls, int map, const void *key);
/* @next and cgroups in it: as handles.  Maps whose order is theirs alone
 * (hash tables) are compared by ls_dump(), and here by errno only. */
int ls_next_key(struct lockstep *ls, int map, const void *key, void *next);
/* All elements, order included where it is defined: how many */
int ls_dump(struct lockstep *ls, int map);
int ls_freeze(struct lockstep *ls, int map);

struct bpf_cgroup_storage_key ls_key(int cgroup, u32 attach_type);
int ls_storage_get(struct lockstep *ls, int map, int cgroup, u32 attach_type,
		   u64 *value); /* per-CPU: the sum */
int ls_storage_set(struct lockstep *ls, int map, int cgroup, u32 attach_type,
		   u64 value);

/* programs */
int ls_prog_load(struct lockstep *ls, const struct attr_prog_load *attr,
		 const struct bpf_insn *insns, u32 cnt);
int ls_prog(struct lockstep *ls, u32 type, u32 attach_type,
	    const struct bpf_insn *insns, u32 cnt);
#define LS_PROG(ls, type, attach_type, ...)                        \
	ls_prog(ls, type, attach_type,                             \
		(const struct bpf_insn[]){ __VA_ARGS__ },          \
		sizeof((const struct bpf_insn[]){ __VA_ARGS__ }) / \
			sizeof(struct bpf_insn))
/* One that just returns @ret, of the type that fits @attach_type */
int ls_prog_return(struct lockstep *ls, u32 attach_type, int ret);
/* The same, adding 1 to the u64 in the storage of @map on its way */
int ls_prog_count(struct lockstep *ls, u32 attach_type, int map, int ret);

struct ls_run {
	const void *data_in, *ctx_in;
	u32 data_size_in, data_size_out, ctx_size_in, ctx_size_out;
	u32 repeat, flags, cpu, batch_size;
	bool no_data_out; /* NULL */
	u32 retval;	  /* results */
	u8 data_out[LS_MAX_VALUE], ctx_out[512];
};
int ls_test_run(struct lockstep *ls, int prog, struct ls_run *run);

/* attach: everything but the obvious 0 */
int ls_attach(struct lockstep *ls, int cgroup, int prog, u32 attach_type,
	      u32 flags);
int ls_attach_at(struct lockstep *ls, const struct attr_prog_attach *attr);
int ls_detach(struct lockstep *ls, int cgroup, int prog, u32 attach_type);
int ls_detach_at(struct lockstep *ls, const struct attr_prog_attach *attr);
int ls_link(struct lockstep *ls, int cgroup, int prog, u32 attach_type);
int ls_link_at(struct lockstep *ls, const struct attr_link_create *attr);
int ls_link_update(struct lockstep *ls, int link, int prog, u32 flags,
		   int old_prog);
/* Only in world 0, for what the live kernel must not be asked: CS-21 */
int ls_ours_link_update(struct lockstep *ls, int link, int prog);
int ls_link_detach(struct lockstep *ls, int link);

struct ls_query {
	u32 attach_flags, prog_cnt;
	u64 revision;
	int progs[LS_MAX_PROGS]; /* handles, -1 if closed */
	int links[LS_MAX_PROGS];
	u32 prog_flags[LS_MAX_PROGS], link_flags[LS_MAX_PROGS];
};

#define LS_QUERY_FLAGS 1u /* give arrays for flags */
#define LS_QUERY_LINKS 2u
#define LS_QUERY_NOIDS 4u /* no array at all */
/* room for @room programs; @out may be NULL */
int ls_query(struct lockstep *ls, int cgroup, u32 attach_type, u32 flags,
	     u32 what, u32 room, struct ls_query *out);
/* Direct and effective, all arrays: for whole-world observation */
int ls_observe(struct lockstep *ls, int cgroup, u32 attach_type);

/* objects */
int ls_map_info(struct lockstep *ls, int map, struct info_map *out);
int ls_prog_info(struct lockstep *ls, int prog, struct info_prog *out);
/* out->prog_id and out->cgroup.cgroup_id are handles (-1: none of ours) */
int ls_link_info(struct lockstep *ls, int link, struct info_link *out);
int ls_btf_info(struct lockstep *ls, int btf);
int ls_info(struct lockstep *ls, int handle); /* of whatever kind */
int ls_pin(struct lockstep *ls, const char *path, int handle, u32 flags);
int ls_obj_get(struct lockstep *ls, const char *path, u32 flags,
	       enum ls_kind kind);
int ls_pin_remove(struct lockstep *ls, const char *path);
/* The same for the pin that is a link's last holder, by its id in world 1:
 * returns when the link is gone. */
int ls_pin_remove_link(struct lockstep *ls, const char *path, u64 id);
int ls_pin_mkdir(struct lockstep *ls, const char *path);
/* A pinned map as text: its length or -errno */
int ls_pin_read(struct lockstep *ls, const char *path, char *text, size_t size);
int ls_by_id(struct lockstep *ls, enum ls_kind kind, int handle, u32 flags);
/* Is that object gone from both worlds, perhaps after some waiting? */
bool ls_gone(struct lockstep *ls, enum ls_kind kind, int handle);
/* Ids of this kind in order, ours only, of both worlds: how many */
int ls_walk_ids(struct lockstep *ls, enum ls_kind kind);

#endif
