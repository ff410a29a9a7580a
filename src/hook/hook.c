/* SPDX-License-Identifier: BSD-2-Clause */
#include "hook/hook.h"

#include <string.h>

#include "vm/skb.h"

void hook_init(struct hook *hook, struct cgbpf_cgroup *cgroup,
	       enum cgroup_atype atype, void *ctx,
	       const struct cgbpf_actor *actor, struct cgbpf_verdict *verdict)
{
	*verdict = (struct cgbpf_verdict){ 0 };
	hook->run = (struct run){
		.env = cgroup->env,
		.ctx = ctx,
		.cgroup = cgroup,
		.attach_type = attach_types[atype].uapi,
	};
	hook->atype = atype;
	hook->flags = 0;
	hook->takes_flags = false;
	hook->skb = NULL;
	hook->verdict = verdict;
	if (!actor)
		return;
	hook->cred.pid = actor->pid;
	hook->cred.tgid = actor->tgid;
	hook->cred.uid = actor->uid;
	hook->cred.gid = actor->gid;
	memcpy(hook->cred.comm, actor->comm, sizeof(hook->cred.comm));
	hook->cred.comm[sizeof(hook->cred.comm) - 1] = 0;
	hook->run.cred = &hook->cred;
}

bool hook_enabled(const struct cgbpf_cgroup *cgroup, enum cgroup_atype atype)
{
	bool any;

	rcu_read_lock();
	any = cgroup_effective(cgroup, atype);
	rcu_read_unlock();
	return any;
}

static void run_item(struct hook *hook, const struct effective_item *item)
{
	const struct prog *prog = effective_prog(item);
	struct run *run = &hook->run;
	u32 ret;

	if (!prog)
		return; /* detached, and there was no memory for new arrays */
	hook->verdict->ran++;
	if (hook->skb)
		memset(hook->skb->cb, 0, sizeof(hook->skb->cb));
	ret = prog_run(run, prog, item->storage);
	if (hook->takes_flags) {
		hook->flags |= ret >> 1;
		ret &= 1;
	}
	if (!ret && !is_error(run->retval))
		run->retval = -EPERM;
}

static int final_retval(const struct hook *hook)
{
	int retval = hook->run.retval;

	if (!retval || is_error(retval) || hook->atype == ATYPE_GETSOCKOPT)
		return retval;
	return -EPERM;
}

bool hook_enter(struct hook *hook)
{
	rcu_read_lock();
	hook->effective = cgroup_effective(hook->run.cgroup, hook->atype);
	if (!hook->effective)
		rcu_read_unlock();
	return hook->effective;
}

int hook_finish(struct hook *hook, int retval)
{
	const struct effective *effective = hook->effective;
	struct run *run = &hook->run;
	u32 cb[5];

	run->retval = retval;
	if (hook->skb)
		memcpy(cb, hook->skb->cb, sizeof(cb));
	hook->verdict->ran = 0;
	run->cpu = cpu_enter(run->env->cpus);
	for (u32 i = 0; i < effective->nr; i++)
		run_item(hook, &effective->items[i]);
	cpu_leave(run->env->cpus, run->cpu);
	if (hook->skb)
		memcpy(hook->skb->cb, cb, sizeof(cb));
	rcu_read_unlock();
	return final_retval(hook);
}

int hook_run(struct hook *hook, int retval)
{
	return hook_enter(hook) ? hook_finish(hook, retval) : retval;
}
