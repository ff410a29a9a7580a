/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers on the moment and place of the run: time, CPU, task, cgroup. */
#include "vm/helper_fn.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "object/map.h"
#include "object/map_cgroup_array.h"

#define NSEC_PER_SEC 1000000000ull

static u64 clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

HELPER(ktime_get_ns)
{
	return clock_ns(CLOCK_MONOTONIC);
}

HELPER(ktime_get_boot_ns)
{
	return clock_ns(CLOCK_BOOTTIME);
}

HELPER(ktime_get_coarse_ns)
{
	return clock_ns(CLOCK_MONOTONIC_COARSE);
}

HELPER(ktime_get_tai_ns)
{
	return clock_ns(CLOCK_TAI);
}

/* Of 4 ms each (Debian's HZ is 250), starting 5 minutes before 32 bits wrap */
HELPER(jiffies64)
{
	const u64 hz = 250, start = (u32)(-300 * (s32)hz);

	return start + clock_ns(CLOCK_MONOTONIC) / (NSEC_PER_SEC / hz);
}

/* A splitmix sequence for each run, from a seed nobody can guess. */
HELPER(get_prandom_u32)
{
	u64 z;

	if (!run->random && getrandom(&run->random, sizeof(run->random),
				      GRND_NONBLOCK) != sizeof(run->random))
		run->random = clock_ns(CLOCK_MONOTONIC) ^ ptr_to_u64(run);
	z = run->random += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (u32)(z ^ z >> 31);
}

HELPER(get_smp_processor_id)
{
	return run->cpu;
}

/* CPU slots are on one node. */
HELPER(get_numa_node_id)
{
	return 0;
}

/* Who acts: told with the event, or this thread, asked in @self. */
static const struct task_cred *current_cred(const struct run *run,
					    struct task_cred *self)
{
	if (run->cred)
		return run->cred;
	self->pid = gettid();
	self->tgid = getpid();
	self->uid = getuid();
	self->gid = getgid();
	memset(self->comm, 0, sizeof(self->comm));
	prctl(PR_GET_NAME, self->comm);
	return self;
}

u32 run_uid(const struct run *run)
{
	return run->cred ? run->cred->uid : getuid();
}

HELPER(get_current_pid_tgid)
{
	struct task_cred self;
	const struct task_cred *cred = current_cred(run, &self);

	return (u64)(u32)cred->tgid << 32 | (u32)cred->pid;
}

HELPER(get_current_uid_gid)
{
	struct task_cred self;
	const struct task_cred *cred = current_cred(run, &self);

	return (u64)cred->gid << 32 | cred->uid;
}

HELPER(get_current_comm)
{
	struct task_cred self;
	const struct task_cred *cred = current_cred(run, &self);
	char *buf = u64_to_ptr(r1);
	size_t size = (u32)r2, len;

	len = strnlen(cred->comm, min(size - 1, sizeof(cred->comm)));
	memcpy(buf, cred->comm, len);
	memset(buf + len, 0, size - len);
	return 0;
}

/* Who acts is in the event's cgroup; a test run's caller in the root. */
static struct cgbpf_cgroup *current_cgroup(const struct run *run)
{
	return run->cgroup ? run->cgroup : run->env->root;
}

HELPER(get_current_cgroup_id)
{
	return run->env->cgroup_ops->id(current_cgroup(run));
}

HELPER(get_current_ancestor_cgroup_id)
{
	s32 level = r1;

	if (level < 0)
		return 0;
	return run->env->cgroup_ops->ancestor_id(current_cgroup(run), level);
}

HELPER(current_task_under_cgroup)
{
	struct map *map = u64_to_ptr(r1);
	u32 index = r2;
	struct cgbpf_cgroup *cgroup;

	if (index >= map->max_entries)
		return -E2BIG;
	cgroup = map_cgroup_at(map, index);
	if (!cgroup)
		return -EAGAIN;
	return run->env->cgroup_ops->is_descendant(current_cgroup(run), cgroup);
}

/* There is no net_cls controller here. */
HELPER(get_cgroup_classid)
{
	return 0;
}

HELPER(get_retval)
{
	return run->retval;
}

HELPER(set_retval)
{
	run->retval = r1;
	run->set_retval = true;
	return 0;
}
