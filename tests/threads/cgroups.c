/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hierarchy under fire: events run while programs come, go and are
 * replaced, links are updated, cgroups are removed under their sockets and
 * maps are freed under their cgroups (CS-23, CS-25, CS-27, AT-11).
 *
 * An event is what a hook does, less the program: it walks the effective
 * array and reads what the program would.  User space keeps the words of each
 * value equal, so a mixture of two values is seen (CS-29); a storage of a
 * cgroup that is not the event's or an ancestor's is seen (CS-18); memory that
 * was freed is the sanitizers', and what is left over at the end is counted.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rcu.h"
#include "base/uapi.h"
#include "cgbpf.h"
#include "cgroup/cgroup.h"
#include "cgroup/effective.h"
#include "object/env.h"
#include "object/map_storage.h"
#include "object/prog.h"
#include "object/task.h"

#define ROUNDS 3000
#define WORDS 4
#define NR_SLOTS 3
#define EGRESS BPF_CGROUP_INET_EGRESS
#define MULTI BPF_F_ALLOW_MULTI

static struct cgbpf_env *env;
static struct cgbpf_task *task;
static int shared_map;
static int wrong, running;

/* Cgroups that come and go; under the lock only to take a hold or a turn. */
static struct {
	pthread_mutex_t lock;
	struct cgbpf_cgroup *cgroup;
} slots[NR_SLOTS];

#define CHECK(cond)                                                        \
	do {                                                               \
		if (!(cond)) {                                             \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, \
				#cond);                                    \
			__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);   \
		}                                                          \
	} while (0)

static int bpf(int cmd, union attr *attr)
{
	return cgbpf_bpf(task, cmd, (union bpf_attr *)attr, sizeof(*attr));
}

static int map_new(void)
{
	union attr attr = { .map_create = {
				    .map_type = BPF_MAP_TYPE_CGROUP_STORAGE,
				    .key_size = 8,
				    .value_size = WORDS * sizeof(u64),
			    } };

	return bpf(BPF_MAP_CREATE, &attr);
}

/* A program with a storage map, made without the verifier: never run. */
static int prog_new(int map_fd)
{
	struct prog *prog;
	struct map *map;
	u32 mode;

	if (prog_alloc(&prog, env, 2))
		abort();
	prog->type = BPF_PROG_TYPE_CGROUP_SKB;
	if (map_get_by_fd(task, map_fd, &map, &mode) ||
	    prog_use_map(prog, map) || object_publish(&prog->obj))
		abort();
	prog->storage_map[STORAGE_SHARED] = map;
	map_put(map);
	return task_install(task, &prog_file_ops, prog, FILE_READ | FILE_WRITE);
}

static int attach(int cgroup, int prog, u32 flags, int replace)
{
	union attr attr = { .prog_attach = {
				    .target_fd = (u32)cgroup,
				    .attach_bpf_fd = (u32)prog,
				    .attach_type = EGRESS,
				    .attach_flags = MULTI | flags,
				    .replace_bpf_fd = (u32)replace,
			    } };

	return bpf(BPF_PROG_ATTACH, &attr);
}

static int detach(int cgroup, int prog)
{
	union attr attr = { .prog_attach = {
				    .target_fd = (u32)cgroup,
				    .attach_bpf_fd = (u32)prog,
				    .attach_type = EGRESS,
			    } };

	return bpf(BPF_PROG_DETACH, &attr);
}

static int link_new(int cgroup, int prog, u32 flags)
{
	union attr attr = { .link_create = {
				    .prog_fd = (u32)prog,
				    .target_fd = (u32)cgroup,
				    .attach_type = EGRESS,
				    .flags = flags,
			    } };

	return bpf(BPF_LINK_CREATE, &attr);
}

static int link_update(int link, int prog)
{
	union attr attr = { .link_update = { .link_fd = (u32)link,
					     .new_prog_fd = (u32)prog } };

	return bpf(BPF_LINK_UPDATE, &attr);
}

static void value_check(const u64 *value)
{
	for (int i = 1; i < WORDS; i++)
		CHECK(value[i] == value[0]);
}

static void event(struct cgbpf_cgroup *cgroup)
{
	const struct effective *effective;

	rcu_read_lock();
	effective = cgroup_effective(cgroup, ATYPE_INET_EGRESS);
	for (u32 i = 0; effective && i < effective->nr; i++) {
		const struct effective_item *item = &effective->items[i];
		const struct prog *prog = effective_prog(item);
		const struct storage *storage;
		const struct cgbpf_cgroup *c = cgroup;

		if (!prog)
			continue;
		storage = item->storage[STORAGE_SHARED];
		CHECK(prog->type == BPF_PROG_TYPE_CGROUP_SKB);
		CHECK(prog->storage_map[STORAGE_SHARED] == storage->map);
		value_check(rcu_dereference(storage->value));
		while (c && c->id != storage->key.cgroup_id)
			c = c->parent;
		CHECK(c);
	}
	rcu_read_unlock();
}

static struct cgbpf_cgroup *cgroup_at(const char *path)
{
	struct cgbpf_cgroup *cgroup;

	if (cgbpf_cgroup_new(env, path, &cgroup))
		abort();
	return cgroup;
}

static void *run_events(void *arg)
{
	struct cgbpf_cgroup *fixed = arg, *held;
	u32 n = 0;

	while (__atomic_load_n(&running, __ATOMIC_RELAXED)) {
		int i = (int)(n++ % NR_SLOTS);

		event(fixed);
		pthread_mutex_lock(&slots[i].lock);
		held = slots[i].cgroup;
		if (held && cgroup_hold(held))
			held = NULL;
		pthread_mutex_unlock(&slots[i].lock);
		if (!held)
			continue;
		event(held);
		cgroup_unhold(held); /* it may be released here */
	}
	return NULL;
}

/* Programs and links on fixed cgroups: all that changes what is effective. */
static void *change_programs(void *arg)
{
	static const char *const paths[] = { "/", "/a", "/a/b" };
	unsigned int seed = (unsigned int)(uintptr_t)arg;
	int fds[3], progs[4], links[3] = { -1, -1, -1 };

	for (int i = 0; i < 3; i++) {
		struct cgbpf_cgroup *cgroup;

		if (cgbpf_cgroup_get(env, paths[i], &cgroup))
			abort();
		fds[i] = cgbpf_cgroup_open(task, cgroup);
		cgbpf_cgroup_put(cgroup);
	}
	for (int i = 0; i < 4; i++)
		progs[i] = prog_new(shared_map);
	for (int n = 0; n < ROUNDS; n++) {
		int c = rand_r(&seed) % 3, p = rand_r(&seed) % 4;
		int q = rand_r(&seed) % 4;

		switch (rand_r(&seed) % 6) {
		case 0:
			attach(fds[c], progs[p], BPF_F_PREORDER, 0);
			break;
		case 1:
			attach(fds[c], progs[p], BPF_F_BEFORE, 0);
			break;
		case 2:
			attach(fds[c], progs[p], BPF_F_REPLACE, progs[q]);
			break;
		case 3:
			detach(fds[c], progs[p]);
			break;
		case 4:
			if (links[c] >= 0)
				CHECK(!link_update(links[c], progs[p]));
			break;
		case 5:
			if (links[c] >= 0)
				CHECK(!cgbpf_close(task, links[c]));
			links[c] = link_new(fds[c], progs[p],
					    q % 2 ? BPF_F_PREORDER : 0);
			CHECK(links[c] >= 0);
			break;
		}
	}
	for (int i = 0; i < 3; i++) {
		if (links[i] >= 0)
			cgbpf_close(task, links[i]);
		for (int j = 0; j < 4; j++)
			detach(fds[i], progs[j]);
		cgbpf_close(task, fds[i]);
	}
	for (int i = 0; i < 4; i++)
		cgbpf_close(task, progs[i]);
	return NULL;
}

/*
 * A cgroup with a program, a link and a map of its own; then all go: which is
 * first, the cgroup or the map, is a matter of luck (CS-25).
 */
static void *change_cgroups(void *arg)
{
	int i = (int)(uintptr_t)arg;
	char path[16];

	snprintf(path, sizeof(path), "/a/n%d", i);
	for (int n = 0; n < ROUNDS / 3; n++) {
		struct cgbpf_cgroup *cgroup = cgroup_at(path);
		int fd = cgbpf_cgroup_open(task, cgroup);
		int map = map_new(), own = prog_new(map);
		int common = prog_new(shared_map), link;

		CHECK(!attach(fd, own, 0, 0));
		link = link_new(fd, common, 0);
		CHECK(link >= 0);
		pthread_mutex_lock(&slots[i].lock);
		slots[i].cgroup = cgroup;
		pthread_mutex_unlock(&slots[i].lock);
		if (n % 3 == 0)
			CHECK(!detach(fd, own));
		cgbpf_close(task, own);
		cgbpf_close(task, map);
		if (n % 2)
			cgbpf_close(task, link);
		CHECK(!cgbpf_cgroup_remove(cgroup));
		pthread_mutex_lock(&slots[i].lock);
		slots[i].cgroup = NULL;
		pthread_mutex_unlock(&slots[i].lock);
		if (!(n % 2))
			cgbpf_close(task, link);
		cgbpf_close(task, common);
		cgbpf_close(task, fd);
		cgbpf_cgroup_put(cgroup);
	}
	return NULL;
}

/* User space reads, writes and iterates what others make and free. */
static void *use_storages(void *arg)
{
	struct cgbpf_cgroup *fixed = arg;
	u64 value[WORDS], n = 0;

	while (__atomic_load_n(&running, __ATOMIC_RELAXED)) {
		u64 key[2], next[2];
		union attr attr = { .map_elem = { .map_fd = (u32)shared_map,
						  .next_key =
							  ptr_to_u64(next) } };
		int steps = 0;

		for (int i = 0; i < WORDS; i++)
			value[i] = n;
		n++;
		cgbpf_storage_write(task, shared_map, fixed, 0, value);
		if (!cgbpf_storage_read(task, shared_map, fixed, 0, value))
			value_check(value);
		while (!bpf(BPF_MAP_GET_NEXT_KEY, &attr) && steps++ < 20) {
			union attr read = { .map_elem = {
						    .map_fd = (u32)shared_map,
						    .key = ptr_to_u64(next),
						    .value = ptr_to_u64(value),
					    } };

			if (!bpf(BPF_MAP_LOOKUP_ELEM, &read))
				value_check(value);
			if (!bpf(BPF_MAP_UPDATE_ELEM, &read))
				value_check(value);
			key[0] = next[0];
			attr.map_elem.key = ptr_to_u64(key);
		}
	}
	return NULL;
}

static void start(pthread_t *thread, void *(*run)(void *arg), void *arg)
{
	if (pthread_create(thread, NULL, run, arg))
		abort();
}

int main(void)
{
	struct cgbpf_env_opts opts = { .size = sizeof(opts), .cpus = 4 };
	pthread_t changers[2 + NR_SLOTS], users[3];
	struct cgbpf_cgroup *a, *b;

	for (int i = 0; i < NR_SLOTS; i++)
		pthread_mutex_init(&slots[i].lock, NULL);
	if (cgbpf_env_new(&env, &opts))
		return 1;
	task = cgbpf_env_task(env);
	shared_map = map_new();
	a = cgroup_at("/a");
	b = cgroup_at("/a/b");
	running = 1;
	start(&users[0], run_events, b);
	start(&users[1], run_events, a);
	start(&users[2], use_storages, b);
	for (int i = 0; i < 2; i++)
		start(&changers[i], change_programs,
		      (void *)(uintptr_t)(i + 1));
	for (int i = 0; i < NR_SLOTS; i++)
		start(&changers[2 + i], change_cgroups, (void *)(uintptr_t)i);
	for (int i = 0; i < 2 + NR_SLOTS; i++)
		pthread_join(changers[i], NULL);
	__atomic_store_n(&running, 0, __ATOMIC_RELAXED);
	for (int i = 0; i < 3; i++)
		pthread_join(users[i], NULL);
	/* nothing is attached any more */
	rcu_read_lock();
	CHECK(!cgroup_effective(b, ATYPE_INET_EGRESS));
	rcu_read_unlock();
	CHECK(!cgbpf_cgroup_remove(b));
	CHECK(!cgbpf_cgroup_remove(a));
	cgbpf_cgroup_put(b);
	cgbpf_cgroup_put(a);
	cgbpf_env_free(env);
#ifdef CGBPF_FAULTS
	CHECK(!mem_live()); /* each storage was freed, and once */
#endif
	return wrong != 0;
}
